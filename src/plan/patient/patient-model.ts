/**
 * The patient as planning sees it: masks of every structure on the dose grid, the voxels that carry dose, the names of
 * target, cord and external.
 */

import { checkBytes } from '../../core/budget.js';
import { InvalidInputError } from '../../core/errors.js';
import { type Executor, serialExecutor } from '../../core/executor.js';
import { toDecimals, toDigits } from '../../core/rounding.js';
import type { DoseVoxels } from '../../dose/beam-view.js';
import { ForwardDose } from '../../dose/forward-dose.js';
import { fallOffReach } from '../../evaluate/fall-off.js';
import { StructureCells } from '../../evaluate/structure-cells.js';
import type { StructureLines } from '../../evaluate/structure-lines.js';
import { whyUnfit } from '../../evaluate/structure-name.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import { distanceMap } from '../../geometry/distance-map.js';
import {
  describeGrid,
  type Grid,
  gridBox,
  gridCovering,
  isSameGrid,
  placeOf,
  type Vec3,
  voxelCount,
  voxelOf,
  voxelVolume,
} from '../../geometry/grid.js';
import type { Patient } from '../../geometry/patient.js';
import { type SurfaceGap, surfaceGap } from '../../geometry/separation.js';
import type { Structure } from '../../geometry/structure.js';
import { occupiedFrom, type Volume } from '../../geometry/volume.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';
import type { AskedFields } from '../asked/asked-structures.js';
import { targetsOf } from '../asked/asked-target.js';
import { checkStructureNames } from '../input/case-names.js';
import type { PlanCase } from '../input/plan-case.js';
import { bodyPoints } from './body-points.js';
import { checkHasDose, type DrawnFraction, drawnFraction, fractionNote, linesOf } from './drawn-share.js';
import {
  NEAR_TARGET,
  type PlanningGrid,
  planningGridOf,
  pointsInCord,
  SURFACE_LATTICES,
  surfacePointsOf,
  touching,
  voxelAt,
} from './planning-grid.js';
import { type SeveralTargets, severalTargets } from './several-targets.js';

/** Told the name of each stage of a plan as it begins, and again with each round of one that has rounds. */
export type StageListener = (stage: string) => void;

/** The patient as planning sees it: masks on the dose grid, the voxels that carry dose, and which structure is what. */
export interface PatientModel {
  readonly patient: Patient;
  readonly grid: Grid;
  /** @internal Where the dose grid is coarse: the grid of target and cord. */
  readonly fine?: PlanningGrid;
  /**
   * Points on the cord's surface, see {@link SURFACE_LATTICES}; x, y, z triples in LPS, mm.
   *
   * @internal
   */
  readonly surface: Float64Array;
  /** @internal Voxels of the planning grid that hold any cord, near the target. */
  readonly fineCord: Int32Array;
  readonly structures: ReadonlyMap<string, Structure>;
  readonly masks: ReadonlyMap<string, Volume<'mask'>>;
  /** @internal Of every mask: which voxels hold any of it. */
  readonly cells: ReadonlyMap<string, StructureCells>;
  /** @internal Through every structure as it is drawn, for the DVHs of all plans. */
  readonly lines: ReadonlyMap<string, StructureLines>;
  /** @internal How much of every structure lies where there is dose. */
  readonly drawnFractions: ReadonlyMap<string, DrawnFraction>;
  /** What a reader must know of the structures before any number of a plan. */
  readonly notes: readonly string[];
  /** @internal The voxels of dose and planning grid with their centre in the cord and the points of its surface; found when first asked for. */
  cordPoints(): Int32Array;
  /** @internal Of every voxel centre from the nearest one in a target, mm; found when first asked for. */
  targetDistance(): Float32Array;
  /** @internal Whether a place is so near a target that the cord's maxima hold on the planning grid there, on which that is measured. */
  isNearTarget(place: ArrayLike<number>): boolean;
  /** @internal Between target and cord; found when first asked for. */
  cordGap(): SurfaceGap;
  readonly body: DoseVoxels;
  /** @internal Of `bodyDose`, x, y, z triples in LPS, mm. */
  readonly points: Float64Array;
  /** @internal Which voxel, of dose or planning grid, every point of `bodyDose` is; the isocentre is -1. */
  readonly voxelOfPoint: Int32Array;
  /** The target that the level follows. */
  readonly target: string;
  /** @internal All targets, where the case has more than one. */
  readonly several?: SeveralTargets;
  /** Structure under the cap; `SpinalCord`, or `CaudaEquina` where the cord has ended. */
  readonly cord: string;
  readonly external: string;
  /** LPS, mm. */
  readonly isocenter: Vec3;
  /** @internal Who does the work. */
  readonly executor: Executor;
  /** @internal Told what begins. */
  readonly onStage: StageListener;
  /**
   * Dose of fields at the body's voxels, as one point more at the isocentre, then at those of the planning grid and at points of the cord's surface; beams are traced once per pose, for the optimiser's
   * rows and the doses of all techniques.
   *
   * @internal
   */
  readonly bodyDose: ForwardDose;
}

/** What a model of the patient rests on. */
export type ModelledCase = AskedFields &
  Pick<
    PlanCase,
    | 'target'
    | 'targets'
    | 'prescription'
    | 'cord'
    | 'isocenter'
    | 'doseGrid'
    | 'doseModel'
    | 'prior'
    | 'retreatment'
    | 'goals'
  >;

/**
 * @param executor who does the work of beams and dose on this patient
 * @throws {InvalidInputError} for an unknown target or cord, a missing external contour, an isocentre outside the body, or where
 *   more than a hundredth of target, cord or a bounded structure is off the dose grid, or of target or cord outside the body
 */
export function modelPatient(
  patient: Patient,
  planCase: ModelledCase,
  executor: Executor = serialExecutor,
  onStage: StageListener = () => undefined,
): PatientModel {
  onStage('structures and voxels');
  const structures = new Map(patient.structures.map((s) => [s.name, s]));
  checkStructureNames(planCase, [...structures.keys()], patient.name, patient.unfit);
  const { target } = planCase;
  const targets = targetsOf(planCase).map(({ name }) => name);
  const cord = planCase.cord ?? (structures.has('SpinalCord') ? 'SpinalCord' : 'CaudaEquina');
  if (!structures.has(cord)) {
    const why = planCase.cord === undefined ? whyUnfit('SpinalCord', patient.unfit) : undefined;
    if (why !== undefined) throw new InvalidInputError(`case: cord ${why}. Draw it anew, or name another as cord.`);
    const known = [...structures.keys()].join(', ');
    throw new InvalidInputError(`case: cord "${cord}" is not a structure of ${patient.name}. It has ${known}.`);
  }
  const external = patient.structures.find((s) => s.role === 'external')?.name;
  if (external === undefined) {
    throw new InvalidInputError(
      `${patient.name} has no external contour. Give one the role "external", or set findExternal.`,
    );
  }

  const wanted = planCase.doseGrid.spacing;
  const ct = patient.hounsfield.grid;
  const covering = gridCovering(gridBox(ct), wanted);
  const grid =
    ct.spacing.every((s, axis) => Math.abs(s - wanted[axis]!) < 1e-6) || isSameGrid(ct, covering) ? ct : covering;
  checkBytes(
    `case: a dose grid ${describeGrid(grid)} and ${structures.size} structures`,
    voxelCount(grid) * (60 + 4 * structures.size),
  );
  const lines = new Map(patient.structures.map((s) => [s.name, linesOf(s, grid)]));
  const fractions = new Map(
    [...lines].map(([name, own]) => [
      name,
      drawnFraction(own, grid, structures.get(external)!, targets.includes(name) || name === cord ? 4 : 2),
    ]),
  );
  for (const name of targets) checkHasDose('target', fractions.get(name)!, external);
  checkHasDose('cord', fractions.get(cord)!, external);
  for (const { structure } of planCase.retreatment.bounds ?? []) checkBounded(fractions.get(structure), external);
  const notes = [...fractions.values()].flatMap((fraction) => fractionNote(fraction, external) ?? []);
  const masks = new Map(patient.structures.map((s) => [s.name, voxelizeStructure(s, grid)]));
  const boxOf = (name: string) => solidOfStructure(structures.get(name)!).box;
  const cells = new Map([...masks].map(([name, mask]) => [name, new StructureCells(mask, name, boxOf(name))]));
  const several = severalTargets(planCase, {
    structures,
    masks,
    grid,
    volumeOf: (name) => fractions.get(name)!.volumeCc,
  });
  const targetMask = several?.mask ?? masks.get(target)!;
  const isocenter = planCase.isocenter ?? centroid(targetMask, target);
  checkInside(isocenter, masks.get(external)!, external);
  const fine = planningGridOf(
    grid,
    {
      target: several?.union ?? structures.get(target)!,
      cord: structures.get(cord)!,
      external: structures.get(external)!,
    },
    planCase.doseGrid.planning,
  );
  if (fine !== undefined) {
    for (const name of [...targets, cord]) lines.set(name, linesOf(structures.get(name)!, fine.grid));
  }
  let distance: Float32Array | undefined;
  const targetDistance = (): Float32Array => {
    distance ??= several?.nearest().distance ?? distanceMap(targetMask, occupiedFrom(targetMask));
    return distance;
  };
  // On a coarse dose grid half a voxel would decide which points of the cord are near.
  const nearby =
    fine === undefined
      ? { grid, distance: targetDistance() }
      : { grid: fine.grid, distance: distanceMap(fine.target, occupiedFrom(fine.target)) };
  const distanceAt = (place: ArrayLike<number>): number => nearby.distance[voxelAt(nearby.grid, place)]!;
  const isNearTarget = (place: ArrayLike<number>): boolean => distanceAt(place) <= NEAR_TARGET;
  const isInBody = (place: ArrayLike<number>): boolean => masks.get(external)!.data[voxelAt(grid, place)]! >= 0.5;
  const surface = Float64Array.from(
    SURFACE_LATTICES.flatMap(({ from, to, spacing }) => {
      const isWanted = (...place: Vec3): boolean =>
        isInBody(place) && distanceAt(place) >= from && distanceAt(place) <= to;
      return Array.from(surfacePointsOf(structures.get(cord)!, spacing, gridBox(grid), isWanted));
    }),
  );
  const fineCord = (fine?.voxels ?? new Int32Array(0)).filter(
    (voxel) => fine!.cord.data[voxel]! > 0 && isNearTarget(placeOf(fine!.grid, voxel)),
  );
  const points = bodyPoints(masks.get(external)!, { isocenter, fine, surface }, executor);
  const bodyDose = new ForwardDose(patient.density, points, { executor, ...planCase.doseModel });
  let inCord: Int32Array | undefined;
  const cordPoints = (): Int32Array => {
    inCord ??= pointsInCord({ grid, ...(fine ? { fine } : {}), surface, fineCord, masks, cord }, structures.get(cord)!);
    return inCord;
  };
  let gap: SurfaceGap | undefined;
  const cordGap = (): SurfaceGap => {
    gap ??= surfaceGap(structures.get(cord)!, structures.get(target)!, grid, fallOffReach);
    return gap;
  };
  const names = { target, cord, external };
  return {
    patient,
    grid,
    structures,
    masks,
    cells,
    lines,
    drawnFractions: fractions,
    notes: [...notes, ...(several?.notes ?? []), ...coarseNote(grid, [...targets, cord])],
    ...(several && { several }),
    ...(fine ? { fine } : {}),
    surface,
    fineCord,
    cordPoints,
    targetDistance,
    isNearTarget,
    cordGap,
    body: points.body,
    get points() {
      return points.make();
    },
    voxelOfPoint: points.voxelOfPoint,
    ...names,
    isocenter,
    executor,
    onStage,
    bodyDose,
  };
}

/** From so much on, mm, a dose between voxel centres is mostly guessed. */
const COARSE = 10;

/** What is said of a dose grid that is too coarse for what lies between its voxels. */
function coarseNote({ spacing }: Grid, fine: readonly string[]): string[] {
  if (spacing.every((s) => s <= COARSE)) return [];
  return [
    `The dose grid has voxels of ${spacing.map((s) => toDigits(s, 4)).join(' x ')} mm: but for ${fine.join(', ')} doses are read, and tissue is spared, at points so far apart, and say little of what lies between. Let doseGrid.spacing be 5 mm or less.`,
  ];
}

/** Of a bounded structure every voxel must be known; one that there is not is told where bounds are read. */
function checkBounded(fraction: DrawnFraction | undefined, external: string): void {
  if (fraction !== undefined) checkHasDose('bounded structure', { ...fraction, inBody: 1 }, external);
}

/** Volume of a mask, cc. */
export function maskVolume(mask: Volume<'mask'>): number {
  return mask.data.reduce((a, b) => a + b, 0) * voxelVolume(mask.grid);
}

/** @internal The mask of all targets. */
export const targetMaskOf = ({
  masks,
  target,
  several,
}: Pick<PatientModel, 'masks' | 'target' | 'several'>): Volume<'mask'> => several?.mask ?? masks.get(target)!;

/** @internal All targets by name, the one that the level follows first. */
export const targetNames = ({ target, several }: Pick<PatientModel, 'target' | 'several'>): readonly string[] =>
  several?.all.map(({ name }) => name) ?? [target];

/** @internal Of every voxel, whether it holds any target or touches one that does: what a target's dose is interpolated from. */
export function besideTarget(model: PatientModel): Uint8Array {
  const { data } = targetMaskOf(model);
  return touching(data, model.grid, new Uint8Array(data.length));
}

/** Centre of mass of a mask, rounded to 0.1 mm, as an isocentre is set. */
function centroid(mask: Volume<'mask'>, name: string): Vec3 {
  const [nz, ny, nx] = mask.grid.shape;
  const sum = [0, 0, 0, 0];
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const f = mask.data[i + nx * (j + ny * k)]!;
        if (f === 0) continue;
        sum[0]! += f;
        sum[1]! += f * i;
        sum[2]! += f * j;
        sum[3]! += f * k;
      }
    }
  }
  if (sum[0] === 0) {
    throw new InvalidInputError(
      `case: target "${name}" occupies no voxel of the dose grid. Check its contours or its crop.`,
    );
  }
  const at = (axis: number): number =>
    Math.round(10 * (mask.grid.origin[axis]! + (mask.grid.spacing[axis]! * sum[axis + 1]!) / sum[0]!)) / 10;
  return [at(0), at(1), at(2)];
}

function checkInside(point: Vec3, external: Volume<'mask'>, name: string): void {
  const { grid, data } = external;
  const voxel = voxelOf(grid, point);
  if (voxel === undefined || data[voxel]! < 0.5) {
    throw new InvalidInputError(
      `case: isocenter (${point.map((c) => toDecimals(c, 1)).join(', ')}) mm lies outside the patient (${name}). Give a point inside in LPS mm, or leave it out for the target's centre.`,
    );
  }
}

/**
 * The remaining dose as maxima by voxel of the new course: what the optimiser must hold in every voxel of the cord,
 * or of any organ that the case names.
 */
import {
  type PriorAtVoxels,
  remainingDose,
  type ToleranceExcess,
  type VoxelTolerance,
} from '../../biology/remaining-dose.js';
import { InvalidInputError } from '../../core/errors.js';
import { type Vec3, voxelCount } from '../../geometry/grid.js';
import { createDose, type DoseVolume } from '../../geometry/volume.js';
import type { PlanCase } from '../input/plan-case.js';
import { conventionOf } from '../input/recovery-convention.js';
import { levelOf } from '../input/spine-level.js';
import type { PatientModel } from '../patient/patient-model.js';
import { cordVoxels, occupiedVoxels, placeOfVoxel } from '../patient/planning-grid.js';
import { priorsAtCord } from '../patient/prior-around.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { type AskedTolerances, defaultTolerances, tolerancesByStructure } from './tolerances-of-case.js';

/** Voxels where the prior course alone uses up a limit or is above it, and where it is so by most. */
export interface PriorExcess extends ToleranceExcess {
  readonly structure: string;
  /** LPS, mm */
  readonly place: Vec3;
}

/** The most that the new course may give to each voxel of a structure, and which limit says so. */
export interface StructureTolerance {
  readonly structure: string;
  /** Whether the case asks for them, or they apply because it says nothing else. */
  readonly origin: 'case' | 'default';
  readonly tolerances: readonly VoxelTolerance[];
  /** Every voxel with any of the structure in it; of the cord those of the planning grid and points of its surface too, see `planning-grid.ts`. */
  readonly voxels: Int32Array;
  /** Physical Gy of the new course, one per voxel. */
  readonly maxima: Float64Array;
  /** Which limit binds, one per voxel. */
  readonly binding: Uint8Array;
  readonly exceeded: readonly PriorExcess[];
}

/** What the bounds of voxels rest on. */
export type ToleranceCase = Pick<PlanCase, 'patient' | 'prescription' | 'prior' | 'retreatment' | 'alphaBeta'>;

/** Where bounds are not those of the case. */
export interface ToleranceOptions {
  /** @default the case's `retreatment.bounds` */
  readonly asked?: AskedTolerances | undefined;
  /** What holds where none are asked for. @default {@link defaultTolerances} */
  readonly defaults?: AskedTolerances;
  /** Of this course. @default the case's */
  readonly fractions?: number;
}

/**
 * Bounds of every structure that the case bounds; by default, and only after a prior course, the cord under HyTEC's 25 Gy of
 * the retreatment and 70 Gy of both courses, EQD2.
 *
 * @throws {InvalidInputError} for an unknown structure or convention, or a prior dose that is unknown in one of its voxels
 */
export function structureTolerances(
  model: PatientModel,
  planCase: ToleranceCase,
  prior: PriorExposure | undefined,
  {
    asked = planCase.retreatment.bounds,
    defaults = defaultTolerances(model, planCase),
    fractions = planCase.prescription.fractions,
  }: ToleranceOptions = {},
): StructureTolerance[] {
  const recovery = conventionOf(planCase.retreatment.recovery);
  const origin = asked === undefined ? 'default' : 'case';
  return [...tolerancesByStructure(asked, defaults, fractions, levelOf(planCase))].map(([structure, tolerances]) => {
    const mask = model.masks.get(structure);
    if (mask === undefined) {
      throw new InvalidInputError(
        `case: retreatment.bounds names "${structure}", which is not a structure. There are ${[...model.masks.keys()].join(', ')}.`,
      );
    }
    const occupied = occupiedVoxels(mask);
    const voxels = structure === model.cord ? cordVoxels(model) : Int32Array.from(occupied);
    const unknown = prior === undefined ? 0 : occupied.filter((v) => Number.isNaN(prior.dose.data[v]!)).length;
    if (unknown > 0) {
      throw new InvalidInputError(
        `case: retreatment.bounds: the prior dose is unknown in ${unknown} of ${occupied.length} voxels of ${structure}, beyond its grid. Say that the course gave nothing there (prior.beyond: "zero"), or bound another structure.`,
      );
    }
    const atCord = structure === model.cord && prior ? priorsAtCord(prior, model) : [];
    const priors = (prior?.courses ?? []).map((course, c) =>
      atVoxels(course, atCord[c] ?? ((voxel) => course.dose.data[voxel]!), voxels),
    );
    const { dose, binding, exceeded } = remainingDose(priors, voxels.length, tolerances, fractions, { recovery });
    return {
      structure,
      origin,
      tolerances,
      voxels,
      maxima: dose,
      binding,
      exceeded: exceeded.map((e) => ({ ...e, structure, place: placeOfVoxel(model, voxels[e.at]!) })),
    };
  });
}

function atVoxels(
  { dose, months }: PriorExposure['courses'][number],
  doseOf: (voxel: number) => number,
  voxels: Int32Array,
): PriorAtVoxels {
  const values = Float64Array.from(voxels, doseOf);
  return dose.quantity === 'physical'
    ? { dose: values, fractions: dose.fractions!, months }
    : { eqd2: values, alphaBeta: dose.alphaBeta!, months };
}

/**
 * Bounds of some voxels of the structure, Gy: what the optimiser takes as maxima, row by row.
 *
 * @param voxels of the grid
 * @param maximum an upper limit on all of them, Gy. @default none
 * @throws {InvalidInputError} for a voxel without any of the structure
 */
export function maximaOfVoxels(
  tolerances: StructureTolerance,
  voxels: ArrayLike<number>,
  maximum = Infinity,
): Float64Array {
  const of = new Map<number, number>();
  for (let v = 0; v < tolerances.voxels.length; v++) of.set(tolerances.voxels[v]!, tolerances.maxima[v]!);
  return Float64Array.from(voxels, (voxel) => {
    const own = of.get(voxel);
    if (own === undefined) {
      throw new InvalidInputError(
        `bounds of ${tolerances.structure}: voxel ${voxel} is none of it. Give its own voxels.`,
      );
    }
    return Math.min(maximum, own);
  });
}

/** The remaining dose of each voxel as a volume, physical Gy of the new course; NaN where no tolerance is set. */
export function remainingDoseVolume(
  tolerances: readonly StructureTolerance[],
  model: PatientModel,
  { prescription: { fractions } }: Pick<PlanCase, 'prescription'>,
): DoseVolume {
  const volume = createDose(model.grid, { quantity: 'physical', fractions });
  volume.data.fill(Number.NaN);
  const count = voxelCount(model.grid);
  for (const { voxels, maxima: dose } of tolerances) {
    for (let v = 0; v < voxels.length; v++) {
      if (voxels[v]! >= count) continue;
      const known = volume.data[voxels[v]!]!;
      if (!(known <= dose[v]!)) volume.data[voxels[v]!] = dose[v]!;
    }
  }
  return volume;
}

/** `exceeds LIMIT in 12 voxels, by up to 8.0 Gy EQD2 at (0, 40, 3) mm`, or `uses up LIMIT in 12 voxels, at ...` */
export function excessInWords({ limit, voxels, largest, place }: PriorExcess, of = ''): string {
  const at = `at (${place.map((c) => c.toFixed(0)).join(', ')}) mm`;
  return largest < 0.05
    ? `uses up ${limit} in ${voxels} voxels${of}, ${at}`
    : `exceeds ${limit} in ${voxels} voxels${of}, by up to ${largest.toFixed(1)} Gy EQD2 ${at}`;
}

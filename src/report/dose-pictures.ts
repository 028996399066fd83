/**
 * Pictures of any dose on any CT with any structures: planes, contact sheets, two plans side by side or in one panel, differences.
 */
import { eqd2, quadraticOf } from '../biology/linear-quadratic.js';
import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import { doseDifference } from '../evaluate/dose-difference.js';
import type { AnyStructure } from '../evaluate/roi-dvh.js';
import { type Box, coordinateAt, createGrid, type Grid, gridBox, type Vec3 } from '../geometry/grid.js';
import { createDose, type DoseVolume, type Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { structureColor } from '../render/colour.js';
import { compareDrawing } from '../render/compare-figure.js';
import { differenceDrawing } from '../render/difference-figure.js';
import { doseDrawing } from '../render/dose-figure.js';
import { doseUnits } from '../render/dose-legend.js';
import type { Drawing } from '../render/drawing.js';
import type { InsetOptions } from '../render/inset.js';
import type { FigureStructure, PanelOptions } from '../render/panel-view.js';
import { sheetDrawing } from '../render/sheet-figure.js';
import { type Plane, planeAxes } from '../render/slice.js';
import { cropAround } from './crop.js';

/** A dose with the name that its pictures give it. */
export interface NamedDose {
  readonly label: string;
  readonly dose: DoseVolume;
}

/** How two doses are shown. */
export type PairView = 'panels' | 'lines' | 'difference';

export interface DosePicturesRequest
  extends Pick<PanelOptions, 'hounsfield' | 'levels' | 'window' | 'washFrom' | 'washOpacity' | 'colors' | 'crop'> {
  readonly structures: readonly AnyStructure[];
  readonly plan: NamedDose;
  /** A second plan, and how the two are shown. */
  readonly other?: NamedDose & { readonly view: PairView };
  /** Gy, 100 % of the isodoses. @default the maximum of the dose */
  readonly prescription?: number;
  readonly planes: readonly Plane[];
  /** Where the planes cross, LPS, mm. */
  readonly point: Vec3;
  /** Of one dose, or of two in one panel: what is drawn again, larger. @default none */
  readonly inset?: InsetOptions;
  /** Planes of a contact sheet of each kind; 0 for none. @default 0 */
  readonly sheet?: number;
}

/** @throws {InvalidInputError} if a plane misses CT or dose, or the dose is zero everywhere or not a number in a plane */
export function dosePictures(request: DosePicturesRequest): Map<string, Drawing> {
  const {
    plan,
    other,
    structures,
    hounsfield,
    point,
    planes,
    sheet = 0,
    prescription: asked,
    inset,
    ...look
  } = request;
  const prescription = asked ?? maximumOf(plan.dose);
  const subtitle = asked === undefined ? '100 % is the maximum of the dose' : `100 % is ${asked} Gy`;
  const out = new Map<string, Drawing>();
  for (const plane of planes) {
    const common = { ...look, hounsfield, point, prescription, plane, subtitle };
    const at = point[planeAxes(plane).through];
    const shown = structuresIn(structures, plane, at, hounsfield.grid);
    if (sheet > 0) {
      const positions = evenPositions(hounsfield.grid, plan.dose.grid, common, sheet);
      const all = sheetStructures(structures, plane, positions, hounsfield.grid);
      out.set(
        `sheet_${plane}`,
        sheetDrawing({ ...common, structures: all, dose: plan.dose, positions, title: plan.label }),
      );
      continue;
    }
    const figure = { ...common, structures: shown, ...(inset && { inset }) };
    if (other === undefined) out.set(plane, doseDrawing({ ...figure, dose: plan.dose, title: plan.label }));
    else out.set(`${other.view}_${plane}`, pairDrawing(figure, plan, other));
  }
  if (inset !== undefined && [...out.values()].every(({ images }) => images.length < 2)) {
    throw new InvalidInputError(
      `--inset: "${inset.structure}" is in none of the planes (${planes.join(', ')}), or as large there as an inset. Name another structure, or other planes.`,
    );
  }
  return out;
}

function pairDrawing(
  figure: PanelOptions & { readonly subtitle: string; readonly inset?: InsetOptions },
  plan: NamedDose,
  other: NamedDose & { readonly view: PairView },
): Drawing {
  const title = `${plan.label} and ${other.label}`;
  if (other.view === 'panels') return compareDrawing({ ...figure, plans: [plan, other], title });
  if (other.view === 'lines')
    return doseDrawing({ ...figure, dose: plan.dose, title, label: plan.label, dashed: other });
  const { subtitle: _, ...rest } = figure;
  return differenceDrawing({
    ...rest,
    difference: doseDifference(plan.dose, other.dose).map,
    evaluated: other.label,
    reference: plan.label,
    units: doseUnits(plan.dose),
    title: `${other.label} less ${plan.label}`,
  });
}

/** A physical dose as EQD2, voxel by voxel. @throws {InvalidInputError} if it is none, or its fractions are not known */
export function asEqd2(dose: DoseVolume, alphaBeta: number): DoseVolume {
  const { quantity, fractions, grid, data } = dose;
  if (quantity !== 'physical' || fractions === undefined) {
    throw new InvalidInputError(
      `--eqd2 is of a physical dose in known fractions, but this one is in ${doseUnits(dose)}. Leave it out, or give --fractions.`,
    );
  }
  const { linear, quadratic } = quadraticOf('eqd2', fractions, alphaBeta);
  const meaning = { quantity: 'eqd2', fractions, alphaBeta } as const;
  return createDose(
    grid,
    meaning,
    data.map((gray) => gray * (linear + quadratic * gray)),
  );
}

/** What the prescription is in EQD2. */
export const prescriptionEqd2 = (prescription: number, fractions: number, alphaBeta: number): number =>
  toDecimals(eqd2(prescription, fractions, alphaBeta), 2);

/** Middle of the voxels that get half of the maximum or more, LPS, mm. @throws {InvalidInputError} if there is no dose */
export function middleOfDose({ data, grid }: DoseVolume): Vec3 {
  const half = maximumOf({ data }) / 2;
  return middle(grid, (voxel) => (data[voxel]! >= half ? 1 : 0))!;
}

/** Middle of a structure, LPS, mm; undefined where it has no volume on the grid. */
export function middleOfStructure(structure: AnyStructure, grid: Grid): Vec3 | undefined {
  const mask = maskOf(structure, grid);
  return mask && middle(mask.grid, (voxel) => mask.data[voxel]!);
}

/** @throws {InvalidInputError} where the structure has no volume on the grid */
export function cropAroundStructure(structure: AnyStructure, grid: Grid, within: Box, margin: number): Box {
  const mask = maskOf(structure, grid);
  if (mask === undefined || mask.data.every((part) => part === 0)) {
    throw new InvalidInputError(`--crop: "${structure.name}" has no volume in the dose grid. Name another structure.`);
  }
  return cropAround(mask, within, margin);
}

function maskOf(structure: AnyStructure, grid: Grid): Volume<'mask'> | undefined {
  if ('mask' in structure) return structure.mask;
  return 'shape' in structure ? voxelizeStructure(structure, grid) : undefined;
}

function middle(grid: Grid, weightOf: (voxel: number) => number): Vec3 | undefined {
  const [nz, ny, nx] = grid.shape;
  const sums = [0, 0, 0];
  let total = 0;
  for (let k = 0, voxel = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, voxel++) {
        const weight = weightOf(voxel);
        if (weight === 0) continue;
        total += weight;
        sums[0]! += weight * i;
        sums[1]! += weight * j;
        sums[2]! += weight * k;
      }
  if (total === 0) return undefined;
  const at = (axis: number): number => coordinateAt(grid, axis, sums[axis]! / total);
  return [at(0), at(1), at(2)];
}

function maximumOf({ data }: Pick<DoseVolume, 'data'>): number {
  let largest = 0;
  for (const dose of data) if (dose > largest) largest = dose;
  if (largest === 0) throw new InvalidInputError('render: the dose is zero everywhere. Give the dose of a plan.');
  return largest;
}

/** As a plane needs them: what is drawn becomes voxels of the CT next to the plane only. */
function structuresIn(structures: readonly AnyStructure[], plane: Plane, at: number, grid: Grid): FigureStructure[] {
  const near = gridNear(grid, planeAxes(plane).through, [at, at]);
  return masksOn(structures, near);
}

function masksOn(structures: readonly AnyStructure[], grid: Grid): FigureStructure[] {
  return structures.flatMap((structure) => {
    const mask = maskOf(structure, grid);
    const color = ('color' in structure && structure.color) || structureColor(structure.name);
    return mask ? [{ name: structure.name, color, mask }] : [];
  });
}

/** Of the planes of a sheet: of each structure the voxels between the first and the last. */
const sheetStructures = (
  structures: readonly AnyStructure[],
  plane: Plane,
  positions: readonly number[],
  grid: Grid,
): FigureStructure[] =>
  masksOn(structures, gridNear(grid, planeAxes(plane).through, [positions[0]!, positions.at(-1)!]));

/** The layers of a grid around a part of an axis, mm, two more to both sides where there are any. */
function gridNear(grid: Grid, axis: 0 | 1 | 2, [from, to]: readonly [number, number]): Grid {
  const count = [grid.shape[2], grid.shape[1], grid.shape[0]][axis]!;
  const layerOf = (mm: number): number => (mm - grid.origin[axis]) / grid.spacing[axis];
  const clamped = (layer: number): number => Math.min(count - 1, Math.max(0, layer));
  const first = clamped(Math.floor(layerOf(from)) - 2);
  const last = clamped(Math.ceil(layerOf(to)) + 2);
  const shape = [...grid.shape] as [number, number, number];
  shape[2 - axis] = last - first + 1;
  const origin = [...grid.origin] as [number, number, number];
  origin[axis] = coordinateAt(grid, axis, first);
  return createGrid(shape, grid.spacing, origin);
}

/** Layers of the CT, evenly through what CT, dose and crop have in common. */
function evenPositions(
  ct: Grid,
  dose: Grid,
  { plane, crop }: Pick<PanelOptions, 'plane' | 'crop'>,
  wanted: number,
): number[] {
  const { through } = planeAxes(plane);
  const boxes = [gridBox(ct), gridBox(dose), ...(crop ? [crop] : [])];
  const from = Math.max(...boxes.map(({ min }) => min[through]));
  const to = Math.min(...boxes.map(({ max }) => max[through]));
  const count = [ct.shape[2], ct.shape[1], ct.shape[0]][through]!;
  const layers = Array.from({ length: count }, (_, layer) => coordinateAt(ct, through, layer)).filter(
    (mm) => mm >= from && mm <= to,
  );
  if (layers.length === 0) {
    throw new InvalidInputError(
      `render: CT and dose share no ${plane} plane (${from.toFixed(1)} to ${to.toFixed(1)} mm). Give the dose of this CT.`,
    );
  }
  const n = Math.min(wanted, layers.length);
  // The middle of each of n equal parts.
  return Array.from({ length: n }, (_, i) => layers[Math.floor(((i + 0.5) * layers.length) / n)]!);
}

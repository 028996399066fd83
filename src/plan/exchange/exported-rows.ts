/** The rows of an exported influence: points of the patient, what each of them is, and how much of which structure it holds. */
import { checkCount } from '../../core/budget.js';
import { InvalidInputError } from '../../core/errors.js';
import { missingStructure } from '../../evaluate/structure-name.js';
import { placeOf, voxelCount } from '../../geometry/grid.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';
import type { PatientModel } from '../patient/patient-model.js';
import { fineVoxel, surfaceVoxel } from '../patient/planning-grid.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';

/** What a row is: a voxel of the dose grid or of the planning grid, a point of the cord's surface, or the isocentre. */
export type RowGrid = 'dose' | 'planning' | 'surface' | 'isocenter';

export interface ExportedRows {
  /** x, y, z triples, LPS, mm. */
  readonly points: Float64Array;
  /** What each row is; points of a surface and the isocentre have no volume. */
  gridOf(row: number): RowGrid;
  /** Which voxel of that grid, x-fastest; for a point of the surface its number. */
  voxelOf(row: number): number;
  /** By structure the fraction of each row's voxel that lies in it; NaN where the row has no volume. */
  readonly fractions: ReadonlyMap<string, Float32Array>;
}

/** A file of voxels beyond it is no table that anyone reads. */
const MOST_ROWS = 2e6;

/** The optimiser's rows. */
export function rowsOfPlanning(model: PatientModel, { points, places }: PlanningVoxels): ExportedRows {
  return describeRows(
    model,
    points,
    Int32Array.from(places, (place) => model.voxelOfPoint[place]!),
  );
}

/**
 * Every voxel of the dose grid within the body that holds any of some structures; or every voxel within the body.
 *
 * @param names of structures, or `body`
 * @throws {InvalidInputError} for a structure that there is not, or none with a voxel, or more than 2 million voxels
 */
export function rowsOfStructures(model: PatientModel, names: 'body' | readonly string[]): ExportedRows {
  const { body, grid, masks } = model;
  const known = [...masks.keys()];
  if (names !== 'body') {
    const missing = names.find((name) => !masks.has(name));
    if (missing !== undefined) throw new InvalidInputError(`influence: voxels: ${missingStructure(missing, known)}`);
  }
  const wanted = names === 'body' ? undefined : names.map((name) => masks.get(name)!.data);
  const isWanted = (voxel: number): boolean => wanted === undefined || wanted.some((data) => data[voxel]! > 0);
  const own: number[] = [];
  body.index.forEach((voxel, p) => {
    if (isWanted(voxel)) own.push(p);
  });
  if (own.length === 0) {
    throw new InvalidInputError(
      `influence: no voxel of the dose grid within the body holds any of ${names === 'body' ? 'it' : names.join(', ')}. Name structures of the patient.`,
    );
  }
  checkCount('influence: voxels', own.length, MOST_ROWS, 'Name fewer structures, or use a coarser dose grid.');
  const points = new Float64Array(3 * own.length);
  own.forEach((p, row) => {
    points.set(placeOf(grid, body.index[p]!), 3 * row);
  });
  return describeRows(
    model,
    points,
    Int32Array.from(own, (p) => body.index[p]!),
  );
}

/** @param numbers of the rows in the numbering of voxels and surface points; the isocentre is -1 */
function describeRows(model: PatientModel, points: Float64Array, numbers: Int32Array): ExportedRows {
  const between = voxelCount(model.grid);
  const onSurface = surfaceVoxel(model, 0);
  const gridOf = (row: number): RowGrid => {
    const number = numbers[row]!;
    if (number < 0) return 'isocenter';
    return number < between ? 'dose' : number < onSurface ? 'planning' : 'surface';
  };
  const first = { dose: 0, planning: fineVoxel(model, 0), surface: onSurface, isocenter: -1 };
  return {
    points,
    gridOf,
    voxelOf: (row) => Math.max(0, numbers[row]! - first[gridOf(row)]),
    fractions: fractionsOf(model, numbers, between, onSurface),
  };
}

function fractionsOf(
  { structures, masks, fine }: PatientModel,
  numbers: Int32Array,
  between: number,
  onSurface: number,
): Map<string, Float32Array> {
  const isFine = numbers.some((number) => number >= between && number < onSurface);
  return new Map(
    [...structures].map(([name, structure]) => {
      const coarse = masks.get(name)!.data;
      const finer = isFine ? voxelizeStructure(structure, fine!.grid).data : undefined;
      const fractionOf = (number: number): number => {
        if (number < 0 || number >= onSurface) return Number.NaN;
        return number < between ? coarse[number]! : finer![number - between]!;
      };
      return [name, Float32Array.from(numbers, fractionOf)];
    }),
  );
}

/**
 * Rows that stand for a structure which objectives or constraints name.
 *
 * Target and cord have theirs. Of any other structure the voxels on the lattice of `sampling-lattice.ts` count, those of one
 * stride with all the volume that the structure has there, whatever part of it the lattice happens to meet; where that would leave a small structure far from the target few of them, a finer lattice. What a constraint is
 * held to is the structure as it is drawn: the plan's dose is read there, and what sampling is off by is taken off the bound.
 */
import { InvalidInputError } from '../../core/errors.js';
import { placeOf, type Vec3 } from '../../geometry/grid.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import { type AskedRows, namedStructures } from '../asked/asked-structures.js';
import type { PatientModel } from '../patient/patient-model.js';
import { voxelAt } from '../patient/planning-grid.js';
import { isOnLattice, strideAt } from './sampling-lattice.js';

/** Voxels that a structure is to have on its lattice, where it has as many. */
const ENOUGH = 400;

/** The row of a voxel of the grid, made where there is none. */
export type RowOfVoxel = (point: Vec3, place: number, voxel: number) => number;

/** @throws {InvalidInputError} for a structure without a voxel in the body */
export function structureRows(
  model: PatientModel,
  asked: AskedRows | undefined,
  known: { readonly targets: ReadonlyMap<string, VoxelSet>; readonly cord: VoxelSet },
  rowOf: RowOfVoxel,
): ReadonlyMap<string, VoxelSet> {
  const sets = new Map<string, VoxelSet>();
  for (const name of asked === undefined ? [] : namedStructures(asked)) {
    const target = known.targets.get(name);
    if (target !== undefined) sets.set(name, target);
    else if (name === model.cord) sets.set(name, withVolume(known.cord));
    else sets.set(name, sampled(model, name, rowOf));
  }
  return sets;
}

/** The rows that stand for any volume: points of a surface stand for none, and count in no mean. */
export function withVolume({ rows, volumes }: VoxelSet): VoxelSet {
  const has = (_: number, q: number): boolean => volumes[q]! > 0;
  return { rows: rows.filter(has), volumes: volumes.filter(has) };
}

function sampled(model: PatientModel, name: string, rowOf: RowOfVoxel): VoxelSet {
  const { body, grid, masks } = model;
  const mask = masks.get(name)!.data;
  const distance = model.targetDistance();
  const [, ny, nx] = grid.shape;
  let count = 0;
  for (const voxel of body.index) if (mask[voxel]! > 0) count++;
  if (count === 0) {
    throw new InvalidInputError(
      `case: ${name} has no voxel in ${model.external}, where there is dose. Take it out of objectives and constraints, or check its contours.`,
    );
  }
  const widest = 2 ** Math.max(0, Math.floor(Math.log2(Math.cbrt(count / ENOUGH))));
  const collect = (largest: number): VoxelSet => {
    const rows: number[] = [];
    const volumes: number[] = [];
    const strides: number[] = [];
    // Of every stride: what the structure holds there, and what of it lies on the lattice.
    const all = new Map<number, [held: number, listed: number]>();
    for (let p = 0; p < body.index.length; p++) {
      const voxel = body.index[p]!;
      const volume = mask[voxel]!;
      if (!(volume > 0)) continue;
      const stride = Math.min(largest, strideAt(distance[voxel]!));
      const line = Math.floor(voxel / nx);
      const isListed = ((voxel - nx * line) & (stride - 1)) === 0 && isOnLattice(line, ny, stride);
      const [held, listed] = all.get(stride) ?? [0, 0];
      all.set(stride, [held + volume, listed + (isListed ? volume : 0)]);
      if (!isListed) continue;
      rows.push(rowOf(placeOf(grid, voxel), p, voxel));
      volumes.push(volume);
      strides.push(stride);
    }
    const each = volumes.map((volume, q) => {
      const [held, listed] = all.get(strides[q]!)!;
      return (volume * held) / listed;
    });
    return { rows: Int32Array.from(rows), volumes: Float64Array.from(each) };
  };
  const set = collect(widest);
  // A lattice may pass by what is thin.
  return set.rows.length > 0 ? set : collect(1);
}

/**
 * The rows of structures as objectives see them: of what several structures of `overlap` hold, each the part that no earlier one has.
 * Among several targets it is settled already.
 *
 * @param points of the rows; `targets`: what belongs to each of several targets
 * @throws {InvalidInputError} for a structure of which nothing is left
 */
export function ownedRows(
  { masks, grid }: Pick<PatientModel, 'masks' | 'grid'>,
  asked: AskedRows | undefined,
  structures: ReadonlyMap<string, VoxelSet>,
  { points, targets }: { readonly points: Float64Array; readonly targets: ReadonlyMap<string, VoxelSet> },
): ReadonlyMap<string, VoxelSet> {
  const order = asked?.overlap ?? [];
  const owned = new Map([...structures].map(([name, set]) => [name, targets.get(name) ?? set]));
  const fractionOf = (name: string, row: number): number =>
    masks.get(name)!.data[voxelAt(grid, points.subarray(3 * row, 3 * row + 3))]!;
  order.forEach((name, at) => {
    const { rows, volumes } = owned.get(name)!;
    const earlier = order.slice(0, at).filter((other) => !(targets.has(name) && targets.has(other)));
    const left = volumes.map((volume, q) => {
      const taken = earlier.reduce((sum, other) => sum + fractionOf(other, rows[q]!), 0);
      const own = fractionOf(name, rows[q]!);
      return own > 0 ? volume * Math.min(1, Math.max(0, 1 - taken) / own) : volume;
    });
    const set = withVolume({ rows, volumes: left });
    if (set.rows.length === 0) {
      throw new InvalidInputError(
        `case: overlap: ${earlier.join(', ')} leave nothing of ${name} to objectives. Change the order, or leave ${name} out.`,
      );
    }
    owned.set(name, set);
  });
  return owned;
}

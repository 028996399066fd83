/**
 * Who owns a voxel that lies in several structures.
 *
 *   all        every structure keeps all of its voxels: objectives add up, and of two bounds the stricter holds
 *   priority   a voxel belongs to the structure of the smallest priority number alone, as in clinical systems; structures of
 *              equal priority share it
 */
import { checkFinite } from '../core/check.js';
import type { VoxelSet } from './objective/objective.js';

/** Rows of a structure with its priority. */
export interface PrioritisedSet {
  readonly name: string;
  readonly set: VoxelSet;
  /** 1 before 2. */
  readonly priority: number;
}

/** Every structure with the rows that are left to it, and what was taken from whom. */
export interface ResolvedOverlap {
  /** In the order given. A set may be left without voxels. */
  readonly sets: readonly VoxelSet[];
  /** What was taken from whom, by how many voxels: for the report, so that it is never silent. */
  readonly taken: readonly { readonly from: string; readonly by: string; readonly voxels: number }[];
}

/** Who owns the voxels that lie in several structures: all of them, or the one of the first priority. */
export function resolveOverlap(structures: readonly PrioritisedSet[], policy: 'all' | 'priority'): ResolvedOverlap {
  for (const { name, priority } of structures) checkFinite(`priority of "${name}"`, priority);
  if (policy === 'all') return { sets: structures.map(({ set }) => set), taken: [] };
  const owner = new Map<number, PrioritisedSet>();
  for (const structure of structures) {
    for (const row of structure.set.rows) {
      const known = owner.get(row);
      if (known === undefined || structure.priority < known.priority) owner.set(row, structure);
    }
  }
  const taken = new Map<string, { from: string; by: string; voxels: number }>();
  const sets = structures.map((structure): VoxelSet => {
    const { rows, volumes } = structure.set;
    const kept: number[] = [];
    rows.forEach((row, q) => {
      const first = owner.get(row)!;
      if (first.priority === structure.priority) {
        kept.push(q);
        return;
      }
      const key = `${structure.name}\n${first.name}`;
      const entry = taken.get(key) ?? { from: structure.name, by: first.name, voxels: 0 };
      entry.voxels++;
      taken.set(key, entry);
    });
    return { rows: Int32Array.from(kept, (q) => rows[q]!), volumes: Float64Array.from(kept, (q) => volumes[q]!) };
  });
  return { sets, taken: [...taken.values()] };
}

/**
 * Monte Carlo pencil kernels of the reference set as tables for commissioning.
 */
import type { PencilKernelTable } from '../machine/commission-kernel.js';
import { parseCsv } from './csv.js';

/**
 * @param columns names of depth bin edges, ring edges and dose in the file
 * @param toMillimetres factor on depths and radii; the dose per area falls with its square
 */
export function readPencilKernel(
  bytes: Uint8Array,
  path: string,
  columns: {
    readonly depth: readonly [string, string];
    readonly radius: readonly [string, string];
    readonly dose: string;
  },
  toMillimetres: number,
): PencilKernelTable {
  const depths: number[] = [];
  const radii: number[] = [];
  const values: number[][] = [];
  for (const row of parseCsv(bytes, path)) {
    const depth = ((Number(row[columns.depth[0]]) + Number(row[columns.depth[1]])) / 2) * toMillimetres;
    if (depths[depths.length - 1] !== depth) {
      depths.push(depth);
      values.push([]);
    }
    if (depths.length === 1) radii.push(Number(row[columns.radius[1]]) * toMillimetres);
    values[values.length - 1]!.push(Number(row[columns.dose]) / toMillimetres ** 2);
  }
  return { depths, radii, values };
}

/**
 * Where in a structure the dose is too low: of every cell between eight voxel centres the lowest place that was met, with what each centre
 * has in its trilinear dose. So a minimum on a structure as it is drawn can be asked of voxels.
 */
import { solidOfStructure } from '../geometry/contour-solid.js';
import type { DoseVolume } from '../geometry/volume.js';
import { extremeDose } from './extreme.js';
import type { StructureLines } from './structure-lines.js';

/** A place, as what voxels have in its dose: sum parts dose[voxel]. */
export interface PlaceOfVoxels {
  readonly voxels: Int32Array;
  /** > 0, their sum is 1. */
  readonly parts: Float64Array;
  /** Gy */
  readonly dose: number;
}

/** Of the lines that are looked along: those of a DVH's finest scan at least, which its minimum is never above. */
const DIVISIONS = [4, 8];
/** Gy, to which the lowest place of all is searched, fraction of the dose asked for. */
const SEARCHED = 2e-5;

/**
 * Places below a dose, the lowest first, one for each cell at most; as long as there is one, the lowest of the structure is among them.
 *
 * @param least Gy, > 0
 * @param largestCount of places that are returned
 */
export function lowPlaces(
  dose: DoseVolume,
  lines: StructureLines,
  least: number,
  largestCount: number,
): PlaceOfVoxels[] {
  const { grid } = dose;
  const lowest = new Map<string, PlaceOfVoxels>();
  const look = (x: number, y: number, z: number): void => {
    const place = placeAt(dose, [x, y, z]);
    if (!(place.dose < least)) return;
    const cell = place.voxels.join();
    if (!(lowest.get(cell)! !== undefined && lowest.get(cell)!.dose <= place.dose)) lowest.set(cell, place);
  };
  const [origin, step] = [grid.origin[0], grid.spacing[0]];
  for (const { count, first, end, x, y, z } of DIVISIONS.map((division) => lines.at(division))) {
    for (let l = 0; l < count; l++) {
      for (let c = first[l]!; c < end[l]!; c += 2) {
        look(x[c]!, y[l]!, z[l]!);
        look(x[c + 1]!, y[l]!, z[l]!);
        // Between two planes of voxel centres the dose along the line is straight.
        const last = Math.floor((x[c + 1]! - origin) / step);
        for (let i = Math.ceil((x[c]! - origin) / step); i <= last; i++) look(origin + i * step, y[l]!, z[l]!);
      }
    }
  }
  const { place } = extremeDose(dose, solidOfStructure(lines.structure), {
    extreme: 'min',
    tolerance: SEARCHED * least,
  });
  if (place !== undefined) look(...place);
  return [...lowest.values()].sort((a, b) => a.dose - b.dose).slice(0, largestCount);
}

/** Beyond the outermost voxel centres the dose is that of the border. */
function placeAt({ grid, data }: DoseVolume, at: readonly [number, number, number]): PlaceOfVoxels {
  const { shape, spacing, origin } = grid;
  const [, ny, nx] = shape;
  const along = at.map((coordinate, a) => {
    const n = shape[2 - a]!;
    const index = Math.max(0, Math.min(n - 1, (coordinate - origin[a]!) / spacing[a]!));
    const low = Math.min(Math.floor(index), Math.max(0, n - 2));
    return { low, part: index - low };
  });
  const [i, j, k] = along as [(typeof along)[0], (typeof along)[0], (typeof along)[0]];
  const voxels: number[] = [];
  const parts: number[] = [];
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [a, b, c] = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const part = (a ? i.part : 1 - i.part) * (b ? j.part : 1 - j.part) * (c ? k.part : 1 - k.part);
    if (!(part > 0)) continue;
    const voxel = i.low + a + nx * (j.low + b + ny * (k.low + c));
    voxels.push(voxel);
    parts.push(part);
    sum += part * data[voxel]!;
  }
  return { voxels: Int32Array.from(voxels), parts: Float64Array.from(parts), dose: sum };
}

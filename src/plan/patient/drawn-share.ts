/**
 * How much of a drawn structure lies where a plan has dose: on the dose grid, and in the body.
 *
 * Metrics are of the structure as it is drawn, so a target or a cord of which a part has no dose is refused before planning; of
 * other structures it is said.
 */

import { InvalidInputError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';
import { StructureLines } from '../../evaluate/structure-lines.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import type { Grid } from '../../geometry/grid.js';
import type { ScanLines } from '../../geometry/scan-lines.js';
import type { Solid } from '../../geometry/solid.js';
import type { Structure } from '../../geometry/structure.js';

export interface DrawnFraction {
  readonly structure: string;
  /** As it is drawn, cc. */
  readonly volumeCc: number;
  /** Of it within the voxels' faces, 0 to 1; of nothing, 0. */
  readonly onGrid: number;
  /** Of the part on the grid what lies in the external, 0 to 1. */
  readonly inBody: number;
}

/** As in `roi-dvh.ts`: what misses less than this keeps its values, and the miss is said. */
export const NEARLY_WHOLE = 0.99;
/** A share within this of all counts as all: lines and coordinates are rounded. */
const ROUNDING = 1e-4;

/** Pieces of line that a DVH of a plan may take from a structure, and the finest of its scans: finer ones of a solid take seconds. */
const PIECES = 200_000;
const FINEST = 4;

/** Points along a line are no further apart than this, mm. */
const STEP = 0.5;

/** The lines of a structure on a plan's grid. */
export const linesOf = (structure: Structure, grid: Grid): StructureLines =>
  new StructureLines(structure, grid, PIECES, FINEST);

/**
 * @param body the external
 * @param division of the lines: 2, or 4 where the share decides
 */
export function drawnFraction(lines: StructureLines, grid: Grid, body: Structure, division: 2 | 4 = 2): DrawnFraction {
  const { structure } = lines;
  const scan = lines.at(division);
  const solid = structure === body ? undefined : solidOfStructure(body);
  const faces = facesOf(grid);
  const sum = { all: 0, onGrid: 0, inBody: 0 };
  for (let l = 0; l < scan.count; l++) addLine(scan, l, faces, solid, sum);
  const { all, onGrid, inBody } = sum;
  return {
    structure: structure.name,
    volumeCc: all / 1000,
    onGrid: all > 0 ? onGrid / all : 0,
    inBody: onGrid > 0 ? inBody / onGrid : 0,
  };
}

type Range = readonly [low: number, high: number];

/** Of the outermost voxels, along x, y, z, mm. */
function facesOf({ shape, spacing, origin }: Grid): readonly [Range, Range, Range] {
  const along = (a: number): Range => {
    const low = origin[a]! - spacing[a]! / 2;
    return [low, low + shape[2 - a]! * spacing[a]!];
  };
  return [along(0), along(1), along(2)];
}

/** Fraction of `size` around `at` that lies in a range. */
const fractionIn = ([low, high]: Range, at: number, size: number): number =>
  Math.max(0, Math.min(high, at + size / 2) - Math.max(low, at - size / 2)) / size;

function addLine(
  { x, y, z, height, depth, weight, first, end }: ScanLines,
  l: number,
  [along, across, up]: readonly [Range, Range, Range],
  body: Solid | undefined,
  sum: { all: number; onGrid: number; inBody: number },
): void {
  // A line stands for a rectangle, which may lie across a face.
  const fraction = fractionIn(across, y[l]!, height[l]!) * fractionIn(up, z[l]!, depth[l]!);
  for (let c = first[l]!; c < end[l]!; c += 2) {
    sum.all += weight[l]! * (x[c + 1]! - x[c]!);
    const from = Math.max(along[0], x[c]!);
    const to = Math.min(along[1], x[c + 1]!);
    if (!(fraction > 0 && to > from)) continue;
    const part = fraction * weight[l]! * (to - from);
    sum.onGrid += part;
    const n = body === undefined ? 0 : Math.ceil((to - from) / STEP);
    let inside = 0;
    for (let i = 0; i < n; i++) {
      if (body!.distance(from + ((i + 0.5) / n) * (to - from), y[l]!, z[l]!, STEP) <= 0) inside++;
    }
    sum.inBody += n === 0 ? part : (part * inside) / n;
  }
}

/**
 * @param role as the case calls it: `target`
 * @param external its name
 * @throws {InvalidInputError} where more than a hundredth of a structure that the plan rests on has no dose
 */
export function checkHasDose(role: string, fraction: DrawnFraction, external: string): void {
  const { structure, volumeCc, onGrid, inBody } = fraction;
  const isOff = onGrid < NEARLY_WHOLE;
  if (!isOff && inBody >= NEARLY_WHOLE) return;
  const drawn = `${role} "${structure}" (${toDigits(volumeCc, 4)} cc as drawn)`;
  if (!(volumeCc > 0)) throw new InvalidInputError(`case: ${role} "${structure}" is empty. Draw it, or name another.`);
  throw new InvalidInputError(
    isOff
      ? `case: only ${percent(onGrid)} of the ${drawn} lies on the CT and its dose grid, and there is no dose for the rest. Load the whole CT, or crop the structure to it.`
      : `case: only ${percent(inBody)} of the ${drawn} lies inside the body (${external}), and there is no dose outside. Crop it to the body, or correct ${external}.`,
  );
}

/** What is said of a structure that has dose in a part only; undefined where it has it everywhere. */
export function fractionNote(
  { structure, volumeCc, onGrid, inBody }: DrawnFraction,
  external: string,
): string | undefined {
  if (volumeCc > 0 && onGrid < 1 - ROUNDING) {
    const follows = onGrid < NEARLY_WHOLE ? 'it has no metrics' : 'its metrics are of that part';
    return `Only ${percent(onGrid)} of ${structure} (${toDigits(volumeCc, 4)} cc as drawn) lies on the dose grid: ${follows}.`;
  }
  if (volumeCc > 0 && inBody < NEARLY_WHOLE) {
    return `Only ${percent(inBody)} of ${structure} (${toDigits(volumeCc, 4)} cc as drawn) lies inside ${external}: outside it no dose is computed, and its metrics take none there.`;
  }
  return undefined;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

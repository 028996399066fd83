/**
 * Blocks: shadows of poured metal in the isocentre plane, with what they let through.
 *
 * The shadow is a ring of horizontal and vertical lines, so that pixels with its edges hold it exactly; sides follow the diverging
 * beam. It need not reach the field's edge: on a tray, an island is shielded too, which leaves cannot do.
 */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import type { Volume } from '../geometry/volume.js';
import { checkTransmission } from '../machine/mlc.js';
import type { PixelFluence } from './pixel-fluence.js';
import { risingEdges } from './pixel-fluence.js';
import { projectSilhouette } from './projection.js';

/** A block in a field. */
export interface Block {
  readonly name: string;
  /** Corners in the collimator's axes, mm in the isocentre plane; lines between them run along x and y. */
  readonly corners: readonly (readonly [number, number])[];
  /** Fraction of the open fluence behind it. */
  readonly transmission: number;
}

/** Height of a step of the outline, mm. */
const STEP = 2;

/**
 * The block over the shadow of a structure.
 *
 * @param margin grown around the shadow, mm in the isocentre plane
 * @throws {InvalidInputError} for an empty structure, or a transmission that is no fraction below 1
 */
export function shadowBlock(
  frame: BeamFrame,
  structure: Volume<'mask'>,
  { name, margin, transmission }: { readonly name: string; readonly margin: number; readonly transmission: number },
): Block {
  checkNonNegative(`block ${name}: margin`, margin);
  checkTransmission(`block ${name}: transmission`, transmission);
  const { x0, y0, spacing, nx, ny, pixels } = projectSilhouette(frame, structure, margin);
  const rows: { y: number; left: number; right: number }[] = [];
  const perStep = Math.max(1, Math.round(STEP / spacing));
  for (let j = 0; j < ny; j += perStep) {
    let [left, right] = [Infinity, -Infinity];
    for (let q = j; q < Math.min(ny, j + perStep); q++) {
      for (let i = 0; i < nx; i++) {
        if (pixels[i + nx * q] === 0) continue;
        left = Math.min(left, x0 + (i - 0.5) * spacing);
        right = Math.max(right, x0 + (i + 0.5) * spacing);
      }
    }
    rows.push({ y: y0 + (j - 0.5) * spacing, left, right });
  }
  const isUsed = ({ left, right }: (typeof rows)[number]): boolean => left < right;
  const filled: typeof rows = [];
  // A block is one piece: rows between parts of a structure are covered as the row before.
  for (const row of rows.slice(rows.findIndex(isUsed), rows.findLastIndex(isUsed) + 1)) {
    filled.push(isUsed(row) ? row : { ...filled.at(-1)!, y: row.y });
  }
  const top = (n: number): number => filled[n + 1]?.y ?? filled[n]!.y + perStep * spacing;
  const right = filled.flatMap((row, n): [number, number][] => [
    [row.right, row.y],
    [row.right, top(n)],
  ]);
  const left = filled.flatMap((row, n): [number, number][] => [
    [row.left, row.y],
    [row.left, top(n)],
  ]);
  return { name, corners: withoutStraights([...right, ...left.reverse()]), transmission };
}

/** Corners that lie on the line between their neighbours are none. */
function withoutStraights(corners: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const count = corners.length;
  return corners.filter(([x, y], n) => {
    const [[px, py], [qx, qy]] = [corners[(n + count - 1) % count]!, corners[(n + 1) % count]!];
    return !((px === x && qx === x) || (py === y && qy === y));
  });
}

/** @throws {InvalidInputError} unless a ring of lines along x and y, with a transmission below 1 */
export function checkBlock(block: Block): Block {
  const { name, corners, transmission } = block;
  checkTransmission(`block ${name}: transmission`, transmission);
  const count = corners.length;
  const slanted = corners.findIndex(([x, y], n) => {
    const [qx, qy] = corners[(n + 1) % count]!;
    return x !== qx && y !== qy;
  });
  if (count < 4 || slanted >= 0) {
    throw new InvalidInputError(
      `block ${name}: its outline ${count < 4 ? `has ${count} corners` : `is slanted after corner ${slanted + 1}`}, but must be a ring of lines along x and y. Draw it in steps.`,
    );
  }
  return block;
}

/** The same fluence behind a block; the block's edges become edges of pixels. */
export function blockedFluence({ grid, weights }: PixelFluence, block: Block): PixelFluence {
  const { corners, transmission } = block;
  const cut = (edges: Float64Array, axis: 0 | 1): Float64Array => {
    const [low, high] = [edges[0]!, edges.at(-1)!];
    return risingEdges([...edges, ...corners.map((corner) => corner[axis]).filter((c) => c > low && c < high)]);
  };
  const [x, y] = [cut(grid.x, 0), cut(grid.y, 1)];
  const nx = x.length - 1;
  const out = new Float64Array(nx * (y.length - 1));
  const parentsOf = (edges: Float64Array, old: Float64Array): Int32Array =>
    Int32Array.from({ length: edges.length - 1 }, (_, i) => {
      const middle = (edges[i]! + edges[i + 1]!) / 2;
      return old.findLastIndex((edge) => edge <= middle);
    });
  const [columns, rows] = [parentsOf(x, grid.x), parentsOf(y, grid.y)];
  for (let j = 0; j < y.length - 1; j++) {
    for (let i = 0; i < nx; i++) {
      const isBehind = isInRing(corners, (x[i]! + x[i + 1]!) / 2, (y[j]! + y[j + 1]!) / 2);
      out[i + nx * j] = weights[columns[i]! + (grid.x.length - 1) * rows[j]!]! * (isBehind ? transmission : 1);
    }
  }
  return { grid: { x, y }, weights: out };
}

/** Whether a place lies within a ring, by the upright lines to the right of it. */
function isInRing(corners: Block['corners'], x: number, y: number): boolean {
  let isInside = false;
  corners.forEach(([ax, ay], n) => {
    const [bx, by] = corners[(n + 1) % corners.length]!;
    if (ay > y !== by > y && x < Math.min(ax, bx)) isInside = !isInside;
  });
  return isInside;
}

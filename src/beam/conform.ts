/**
 * Conforming an aperture to the target's beam's-eye view, leaf by leaf.
 *
 * The contour is the silhouette of the target grown by the margin. Within the strip of one leaf pair its left edge runs
 * through a range of x; where in this range the leaf end stands is the strategy:
 *
 *   outside   out of field: at the outermost point, so the leaf covers none of the silhouette
 *   midway    cross-boundary: at the mean of the edge over the strip, so as much is covered within as is open without
 *   touching  in field: at the innermost point, so nothing outside the silhouette is open
 *
 * At the two ends of the silhouette, where it fills a strip in part, `outside` opens the pair, `midway` opens it if half
 * of the strip is filled, `touching` only if all of it is. A leaf pair has one opening: where the cord is to be shielded,
 * it keeps the larger part of what lies beside the cord's shadow. The jaws follow the rectangle around the opening.
 */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import type { Volume } from '../geometry/volume.js';
import { type LeafBank, uniformLeaves } from '../machine/mlc.js';
import { type Aperture, apertureBounds, createAperture } from './aperture.js';
import { projectSilhouette, type Silhouette } from './projection.js';

export type ConformMode = 'outside' | 'midway' | 'touching';

export interface ConformOptions {
  /** From the target's edge to the contour, mm: room for the penumbra. @default 6 */
  readonly margin?: number;
  /** @default leaves of `leafWidth` */
  readonly bank?: LeafBank;
  /** Width of uniform leaves, mm, where no bank is given. @default 5 */
  readonly leafWidth?: number;
  /** Where the leaf ends stand. @default 'outside': the target is never cut */
  readonly mode?: ConformMode;
  /** Structure to shield, usually the cord. */
  readonly shield?: Volume<'mask'>;
  /** Growth of the shield's shadow, mm. @default 0 */
  readonly shieldMargin?: number;
}

/**
 * The silhouette has cells of 1 mm, of 0.5 mm under leaves narrower than 5 mm; leaf ends are that exact.
 *
 * @returns the aperture on the silhouette of the target plus margin, with its jaws
 * @throws {InvalidInputError} if the target is empty or larger than the leaf bank, or nothing stays open
 */
export function conformAperture(frame: BeamFrame, target: Volume<'mask'>, options: ConformOptions = {}): Aperture {
  const { leafWidth = 5, bank = uniformLeaves(leafWidth), mode = 'outside' } = options;
  const margin = checkNonNegative('aperture: margin', options.margin ?? 6);
  const { boundaries } = bank;
  const isNarrow = boundaries.some((y, n) => n > 0 && y - boundaries[n - 1]! < 5 - 1e-6);
  const pixel = isNarrow ? 0.5 : 1;
  const edges = rowEdges(projectSilhouette(frame, target, margin, pixel));
  const shade = options.shield && rowEdges(projectSilhouette(frame, options.shield, options.shieldMargin ?? 0, pixel));
  checkCovered(edges, bank, margin);
  const leaves = Array.from({ length: boundaries.length - 1 }, (_, n): [number, number] => {
    const ends = leafEnds(edges, boundaries[n]!, boundaries[n + 1]!, mode);
    const blocked = shade && leafEnds(shade, boundaries[n]!, boundaries[n + 1]!, 'outside');
    return (ends && (blocked ? beside(ends, blocked) : ends)) ?? [0, 0];
  });
  const bounds = apertureBounds(createAperture(bank, leaves));
  if (bounds === undefined) {
    throw new InvalidInputError(
      options.shield
        ? 'aperture: nothing stays open beside the shielded structure. Use no shield for this beam.'
        : `aperture: no leaf pair of ${bank.name} opens with the leaf ends ${mode} the silhouette. Use narrower leaves or "outside".`,
    );
  }
  return createAperture(bank, leaves, bounds);
}

/** Left and right edge of a silhouette, row by row, mm; left > right where a row is empty. */
interface RowEdges {
  readonly bottom: number;
  readonly height: number;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

function rowEdges({ x0, y0, spacing, nx, ny, pixels }: Silhouette): RowEdges {
  const left = new Float64Array(ny).fill(Infinity);
  const right = new Float64Array(ny).fill(-Infinity);
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      if (pixels[i + nx * j] === 0) continue;
      left[j] = Math.min(left[j]!, x0 + (i - 0.5) * spacing);
      right[j] = x0 + (i + 0.5) * spacing;
    }
  }
  return { bottom: y0 - spacing / 2, height: spacing, left, right };
}

/** Where the pair between y0 and y1 opens, or undefined where it stays closed. */
function leafEnds(edges: RowEdges, y0: number, y1: number, mode: ConformMode): [number, number] | undefined {
  const { bottom, height, left, right } = edges;
  let outer = [Infinity, -Infinity];
  let inner = [-Infinity, Infinity];
  let sumLeft = 0;
  let sumRight = 0;
  let filled = 0;
  for (let j = 0; j < left.length; j++) {
    const low = bottom + j * height;
    const fraction = Math.min(low + height, y1) - Math.max(low, y0);
    if (fraction < 1e-9 || left[j]! > right[j]!) continue;
    outer = [Math.min(outer[0]!, left[j]!), Math.max(outer[1]!, right[j]!)];
    inner = [Math.max(inner[0]!, left[j]!), Math.min(inner[1]!, right[j]!)];
    sumLeft += fraction * left[j]!;
    sumRight += fraction * right[j]!;
    filled += fraction;
  }
  if (filled === 0) return undefined;
  if (mode === 'outside') return [outer[0]!, outer[1]!];
  if (mode === 'midway') return filled < (y1 - y0) / 2 - 1e-9 ? undefined : [sumLeft / filled, sumRight / filled];
  return filled < y1 - y0 - 1e-9 || inner[0]! >= inner[1]! ? undefined : [inner[0]!, inner[1]!];
}

/** The larger part of an opening beside what is blocked. */
function beside([x0, x1]: [number, number], [from, to]: [number, number]): [number, number] | undefined {
  if (from >= x1 || to <= x0) return [x0, x1];
  if (from - x0 <= 0 && x1 - to <= 0) return undefined;
  return from - x0 >= x1 - to ? [x0, from] : [to, x1];
}

function checkCovered(edges: RowEdges, bank: LeafBank, margin: number): void {
  const { boundaries, reach, name } = bank;
  const used = Array.from(edges.left.keys()).filter((j) => edges.left[j]! < edges.right[j]!);
  const y = [edges.bottom + used[0]! * edges.height, edges.bottom + (used[used.length - 1]! + 1) * edges.height];
  const x = [Math.min(...edges.left), Math.max(...edges.right)];
  const last = boundaries[boundaries.length - 1]!;
  if (y[0]! < boundaries[0]! || y[1]! > last || x[0]! < -reach || x[1]! > reach) {
    throw new InvalidInputError(
      `aperture: the target with its margin of ${margin} mm spans x ${x[0]} to ${x[1]}, y ${y[0]} to ${y[1]} mm, but ${name} covers x ${-reach} to ${reach}, y ${boundaries[0]} to ${last} mm. Use a larger leaf bank, another collimator angle or isocentre.`,
    );
  }
}

/**
 * The fluence of an aperture whose leaves and jaws move: what leaf sequences deliver between control points.
 *
 * Leaf ends move evenly with the monitor units. The mean over pixel and time of what a leaf pair leaves open then has a closed form,
 *
 *     mean over t of (clamp(x2(t)) - clamp(x1(t))) / (b - a),      clamp into the pixel's [a, b],
 *
 * as the leaves of a pair never cross, so that a sliding window is summed exactly, not sampled in time. Jaws that move are taken to
 * stand still over steps of at most 1 mm. An aperture that stands still all along is `apertureFluence` or `jawFluence` to the last bit;
 * several that stand still have all their edges as pixel edges, which is exact too, as long as there are not too many of them.
 */
import { InvalidInputError } from '../core/errors.js';
import { checkTransmission, type LeafBank } from '../machine/mlc.js';
import { createAperture, type JawField } from './aperture.js';
import { apertureFluence, type CollimatedFluenceOptions, jawFluence } from './collimated-fluence.js';
import { mergePixels, type PixelFluence, risingEdges, splitPixels } from './pixel-fluence.js';

/** Where leaves and jaws stand; leaves from -Y upward. */
export interface ApertureShape {
  readonly leaves?: readonly (readonly [number, number])[] | undefined;
  readonly jaws?: JawField | undefined;
}

/** An even move from one shape to another, with the monitor units that are given during it. */
export interface ApertureMotion {
  readonly from: ApertureShape;
  readonly to: ApertureShape;
  readonly monitorUnits: number;
}

export interface MovingFluenceOptions extends CollimatedFluenceOptions {
  /** Pixel along the leaves' travel where leaf ends move, mm. @default 0.5 */
  readonly travelPixel?: number | undefined;
}

/** Distinct places of leaf ends up to which they are pixel edges themselves. */
const MOST_EDGES = 400;
/** The same of jaws. */
const MOST_JAW_EDGES = 50;
/** Farthest that a jaw moves in a step in which it is taken to stand still, mm. */
const JAW_STEP = 1;

/**
 * Monitor units per pixel of all motions together.
 *
 * @param bank undefined: jaws alone
 * @throws {InvalidInputError} as `createAperture` and `jawFluence`, for the first shape that is none
 */
export function movingFluence(
  bank: LeafBank | undefined,
  motions: readonly ApertureMotion[],
  options: MovingFluenceOptions = {},
): PixelFluence {
  const [first] = motions;
  if (first === undefined)
    throw new InvalidInputError('aperture: no monitor units are given. Give at least one motion.');
  const total = motions.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0);
  if (motions.every(({ from, to }) => isSameShape(from, first.from) && isSameShape(to, first.from))) {
    const open = shapeFluence(bank, first.from, options);
    return { grid: open.grid, weights: open.weights.map((w) => w * total) };
  }
  for (const { from, to } of motions) for (const shape of [from, to]) checkShape(bank, shape);
  return new MotionPainter(bank, motions.flatMap(steps), options).paint();
}

function checkShape(bank: LeafBank | undefined, { leaves, jaws }: ApertureShape): void {
  if (bank) createAperture(bank, leaves!, jaws);
  else jawFluence(jaws!);
}

function shapeFluence(
  bank: LeafBank | undefined,
  { leaves, jaws }: ApertureShape,
  options: MovingFluenceOptions,
): PixelFluence {
  return bank ? apertureFluence(createAperture(bank, leaves!, jaws), options) : jawFluence(jaws!, options);
}

export function isSameShape(a: ApertureShape, b: ApertureShape): boolean {
  if (a === b) return true;
  const { jaws: p, leaves: l } = a;
  const { jaws: q, leaves: m } = b;
  if (p !== q && !(p && q && p.x1 === q.x1 && p.x2 === q.x2 && p.y1 === q.y1 && p.y2 === q.y2)) return false;
  return l === m || (l?.length === m?.length && l!.every(([x1, x2], n) => x1 === m![n]![0] && x2 === m![n]![1]));
}

const between = (a: number, b: number, t: number): number => (a === b ? a : a + (b - a) * t);

/** The shape at the fraction t of a motion. */
export function shapeAt({ from, to }: Pick<ApertureMotion, 'from' | 'to'>, t: number): ApertureShape {
  if (t === 0) return from;
  if (t === 1) return to;
  const { jaws: p, leaves: l } = from;
  const { jaws: q, leaves: m } = to;
  return {
    leaves: l && m && (l === m ? l : l.map(([x1, x2], n) => [between(x1, m[n]![0], t), between(x2, m[n]![1], t)])),
    jaws: p &&
      q && {
        x1: between(p.x1, q.x1, t),
        x2: between(p.x2, q.x2, t),
        y1: between(p.y1, q.y1, t),
        y2: between(p.y2, q.y2, t),
      },
  };
}

/** A motion in steps in which the jaws stand still, in the middle of where they move. */
function steps(motion: ApertureMotion): ApertureMotion[] {
  const { from, to, monitorUnits } = motion;
  const [p, q] = [from.jaws, to.jaws];
  if (!(p && q) || isSameShape({ jaws: p }, { jaws: q })) return [motion];
  const farthest = Math.max(...(['x1', 'x2', 'y1', 'y2'] as const).map((key) => Math.abs(p[key] - q[key])));
  const count = Math.ceil(farthest / JAW_STEP);
  return Array.from({ length: count }, (_, s) => {
    const { jaws } = shapeAt(motion, (s + 0.5) / count);
    const [leavesFrom, leavesTo] = [shapeAt(motion, s / count).leaves, shapeAt(motion, (s + 1) / count).leaves];
    return { from: { jaws, leaves: leavesFrom }, to: { jaws, leaves: leavesTo }, monitorUnits: monitorUnits / count };
  });
}

/** Paints steps on one lattice whose rows lie within leaf pairs. */
class MotionPainter {
  private readonly x: Float64Array;
  private readonly y: Float64Array;
  /** Leaf pair of each row; -1 where there is none. */
  private readonly pairs: Int32Array;
  private readonly jawTransmission: number;
  private readonly leafTransmission: number;
  private readonly pixel: number;
  private readonly isAtRest: boolean;

  constructor(
    private readonly bank: LeafBank | undefined,
    private readonly motions: readonly ApertureMotion[],
    options: MovingFluenceOptions,
  ) {
    const { jawTransmission = 0, leafTransmission = bank?.transmission ?? 0, largestField = 400, pixel = 5 } = options;
    this.jawTransmission = checkTransmission('jaw transmission', jawTransmission);
    this.leafTransmission = checkTransmission('leaf transmission', leafTransmission);
    this.pixel = pixel;
    const half = largestField / 2;
    const jaws = motions.flatMap(({ from }) => from.jaws ?? []);
    const limit = {
      x1: Math.min(-half, ...jaws.map((j) => j.x1)),
      x2: Math.max(half, ...jaws.map((j) => j.x2)),
      y1: Math.min(-half, ...jaws.map((j) => j.y1)),
      y2: Math.max(half, ...jaws.map((j) => j.y2)),
    };
    const boundaries = (bank?.boundaries ?? []).filter((y) => y > limit.y1 && y < limit.y2);
    const rows = axisEdges(
      jaws.flatMap((j) => [j.y1, j.y2]),
      MOST_JAW_EDGES,
      JAW_STEP,
    );
    this.y = risingEdges([limit.y1, limit.y2, ...boundaries, ...rows]);
    const isAtRest = motions.every(({ from, to }) => isSameShape(from, to));
    this.isAtRest = isAtRest;
    const travel = options.travelPixel ?? 0.5;
    const ends = motions.flatMap(({ from, to }) =>
      [from, to].flatMap((shape) => shape.leaves?.filter(([a, b]) => a < b).flat() ?? []),
    );
    this.x = risingEdges([
      limit.x1,
      limit.x2,
      ...axisEdges(
        jaws.flatMap((j) => [j.x1, j.x2]),
        MOST_JAW_EDGES,
        JAW_STEP,
      ),
      ...axisEdges(ends, isAtRest ? MOST_EDGES : 0, travel).filter((x) => x > limit.x1 && x < limit.x2),
    ]);
    const all = bank?.boundaries;
    this.pairs = Int32Array.from({ length: this.y.length - 1 }, (_, j) => {
      const middle = (this.y[j]! + this.y[j + 1]!) / 2;
      return all === undefined ? -1 : all.findIndex((y, n) => n + 1 < all.length && y < middle && middle < all[n + 1]!);
    });
  }

  paint(): PixelFluence {
    const nx = this.x.length - 1;
    const weights = new Float64Array(nx * (this.y.length - 1));
    for (const motion of this.motions) if (motion.monitorUnits > 0) this.add(motion, weights);
    if (!this.isAtRest) snap(weights, nx);
    return splitPixels(mergePixels({ grid: { x: this.x, y: this.y }, weights }), this.pixel);
  }

  /** Adds jaws x leaves, each 1 where open and its transmission where closed, averaged over pixel and time. */
  private add({ from, to, monitorUnits }: ApertureMotion, weights: Float64Array): void {
    const { x, y, jawTransmission, leafTransmission } = this;
    const nx = x.length - 1;
    const jaws = from.jaws;
    for (let j = 0; j < y.length - 1; j++) {
      const height = y[j + 1]! - y[j]!;
      const inY = jaws ? overlap(y[j]!, y[j + 1]!, jaws.y1, jaws.y2) / height : 1;
      const pair = this.pairs[j]!;
      const a = this.bank ? (from.leaves![pair] ?? [0, 0]) : undefined;
      const b = this.bank ? (to.leaves![pair] ?? [0, 0]) : undefined;
      const leaves = (low: number, high: number): number => {
        if (!(high > low)) return 0;
        if (a === undefined || b === undefined) return high - low;
        const open = meanClamp(a[1], b[1], low, high) - meanClamp(a[0], b[0], low, high);
        return leafTransmission * (high - low) + (1 - leafTransmission) * Math.max(0, open);
      };
      for (let i = 0; i < nx; i++) {
        const [low, high] = [x[i]!, x[i + 1]!];
        const within = leaves(jaws ? Math.max(low, jaws.x1) : low, jaws ? Math.min(high, jaws.x2) : high);
        const around = jawTransmission === 0 ? 0 : jawTransmission * leaves(low, high);
        weights[i + nx * j]! += (monitorUnits * (around + (1 - jawTransmission) * inY * within)) / (high - low);
      }
    }
  }
}

/** Sums that differ by rounding alone, fraction of the largest. */
const ROUNDING = 1e-12;

/** Neighbours that differ by rounding are made equal, so that which of them become one pixel does not hang on the last digit of a file. */
function snap(weights: Float64Array, nx: number): void {
  const tolerance = ROUNDING * weights.reduce((a, b) => Math.max(a, b), 0);
  const follow = (c: number, before: number): void => {
    if (Math.abs(weights[c]! - weights[before]!) <= tolerance) weights[c] = weights[before]!;
  };
  for (let c = 1; c < weights.length; c++) if (c % nx > 0) follow(c, c - 1);
  for (let c = nx; c < weights.length; c++) follow(c, c - nx);
}

/** The values themselves where they are few, else equal steps from the least to the largest. */
function axisEdges(values: readonly number[], largest: number, step: number): number[] {
  const own = risingEdges(values);
  if (own.length <= largest || own.length < 2) return Array.from(own);
  const [low, high] = [own[0]!, own[own.length - 1]!];
  const count = Math.ceil((high - low) / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => (i === count ? high : low + (i * (high - low)) / count));
}

const overlap = (a0: number, a1: number, b0: number, b1: number): number =>
  Math.max(0, Math.min(a1, b1) - Math.max(a0, b0));

/** Mean over an even move from p to q of the place, held within [a, b]. */
export function meanClamp(p: number, q: number, a: number, b: number): number {
  const low = Math.min(p, q);
  const high = Math.max(p, q);
  if (high <= a) return a;
  if (low >= b) return b;
  if (high - low < 1e-9) return Math.min(b, Math.max(a, (low + high) / 2));
  const before = Math.max(0, a - low) * a;
  const from = Math.max(low, a);
  const to = Math.min(high, b);
  const after = Math.max(0, high - b) * b;
  return (before + ((to - from) * (from + to)) / 2 + after) / (high - low);
}

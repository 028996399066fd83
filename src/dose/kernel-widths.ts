/**
 * A scale of Gaussian widths in the isocentre plane, on which a Gaussian of any width is expressed.
 *
 * The dose under a Gaussian is a smooth function of the logarithm of its standard deviation. Widths are placed along
 * `t = ln sqrt(s0^2 + w^2)` (s0: the source's blur, w: the width without it), closely where the penumbra is decided and a
 * factor of 1.5 apart beyond, and a Gaussian between two widths becomes the cubic Lagrange combination of the four around
 * it. Random on-off beamlets of 5 mm come out within 0.1 % of the field's maximum (`test/dose/direct.test.ts`).
 */
import { blurVariance, type Machine } from '../machine/machine.js';

export interface KernelWidths {
  /** Standard deviations of the widths along X and Y with the source's blur included, mm. */
  readonly sigmasX: Float64Array;
  readonly sigmasY: Float64Array;
  /** Blur variances that are part of every width, mm^2. */
  readonly base: readonly [number, number];
  /** t of each width, rising. */
  readonly positions: Float64Array;
  readonly count: number;
}

/** From one width to the next; the last is repeated. */
const RATIOS = [1.2, 1.2, 1.2, 1.25, 1.3, 1.4, 1.5];
/** A point source gets this much blur, mm^2 (0.25 mm): sharper edges than any collimator's. */
const LEAST_VARIANCE = 0.0625;

/**
 * The blur of the source differs along X and Y, and differently so at every distance. A width has the two widths of a point source at
 * the distance whose mean blur it is, as far as there is one, and grows alike along both beyond.
 *
 * @param nearest smallest distance from the source, mm: its blur is the least, and part of every width
 * @param farthest largest distance, mm
 * @param widest largest width without blur that must be expressed, mm in the isocentre plane
 */
export function createKernelWidths(machine: Machine, nearest: number, farthest: number, widest: number): KernelWidths {
  const base = [
    Math.max(LEAST_VARIANCE, blurVariance(machine, 0, nearest)),
    Math.max(LEAST_VARIANCE, blurVariance(machine, 1, nearest)),
  ] as const;
  const s2 = Math.sqrt(base[0] * base[1]);
  const last = 0.5 * Math.log(s2 + widest * widest);
  const positions = [0.5 * Math.log(s2)];
  while (positions.length < 4 || positions[positions.length - 1]! < last) {
    const ratio = RATIOS[Math.min(RATIOS.length, positions.length) - 1]!;
    positions.push(positions[positions.length - 1]! + Math.log(ratio));
  }
  const excess = (axis: 0 | 1, distance: number): number =>
    Math.max(0, blurVariance(machine, axis, distance) - base[axis]);
  const mean = (distance: number): number => (excess(0, distance) + excess(1, distance)) / 2;
  const sigmas = (axis: 0 | 1): Float64Array =>
    Float64Array.from(positions, (t) => {
      const added = Math.exp(2 * t) - s2;
      let [low, high] = [nearest, farthest];
      for (let i = 0; i < 50; i++) {
        const middle = (low + high) / 2;
        if (mean(middle) < added) low = middle;
        else high = middle;
      }
      return Math.sqrt(base[axis] + excess(axis, high) + added - mean(high));
    });
  return {
    sigmasX: sigmas(0),
    sigmasY: sigmas(1),
    base,
    positions: Float64Array.from(positions),
    count: positions.length,
  };
}

/** Blur beyond the widths's base at distance `toSource`, mean of both axes, mm^2. */
export function excessBlur(widths: KernelWidths, machine: Machine, toSource: number): number {
  const excess = (axis: 0 | 1): number => Math.max(0, blurVariance(machine, axis, toSource) - widths.base[axis]);
  return (excess(0) + excess(1)) / 2;
}

/** Adds `amount` of a Gaussian of variance `w2` (mm^2, without the base) to the widths out[offset ..]. */
export function addGaussian(widths: KernelWidths, w2: number, amount: number, out: Float64Array, offset: number): void {
  const { base, positions, count } = widths;
  const t = 0.5 * Math.log(Math.sqrt(base[0] * base[1]) + w2);
  let i = 0;
  while (i < count - 4 && positions[i + 2]! <= t) i++;
  for (let k = i; k < i + 4; k++) {
    let fraction = amount;
    for (let other = i; other < i + 4; other++) {
      if (other !== k) fraction *= (t - positions[other]!) / (positions[k]! - positions[other]!);
    }
    out[offset + k]! += fraction;
  }
}

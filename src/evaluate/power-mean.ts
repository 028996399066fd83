/**
 * Means over a DVH: of a power of a function of the dose, which gEUD and the mean EQD2 are.
 *
 *     M_a = ( 1/V integral f(D)^a dV )^(1/a)
 *
 * V(D) is piecewise linear, so between two corners dV is uniform in D, and each piece is integrated by Gauss-Legendre of
 * four points over panels so narrow that the power is a low polynomial there: to some 1e-8, also for a of 100 and a wide piece.
 *
 * @see Niemierko, Med. Phys. 26 (1999) 1100 (abstract): the generalised equivalent uniform dose
 */
import type { Dvh } from './dvh.js';

// Abramowitz and Stegun, table 25.4.
const NODES = [-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526];
const WEIGHTS = [0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538];

/** Below this fraction of the maximum a piece contributes nothing to a mean with a > 0 that doubles would show. */
const NEGLIGIBLE = 1e-5;

/**
 * @param exponent a, not 0
 * @param f        rising, >= 0 for a dose >= 0
 * @returns 0 where `exponent` is negative and part of the structure has no dose
 */
export function powerMean(dvh: Dvh, exponent: number, f: (dose: number) => number = (dose) => dose): number {
  const { dose, volume, volumeCc } = dvh;
  const top = f(dose[0]!);
  if (!(top > 0) || (exponent < 0 && !(f(dose[dose.length - 1]!) > 0))) return 0;
  const power = (d: number): number => {
    const fraction = f(d) / top;
    return fraction > 0 ? fraction ** exponent : 0;
  };
  const step = Math.min(0.1, 2 / Math.abs(exponent));
  let sum = 0;
  for (let i = 1; i < dose.length; i++) {
    const part = volume[i]! - volume[i - 1]!;
    if (!(part > 0)) continue;
    sum += part * pieceMean(power, dose[i]!, dose[i - 1]!, step);
  }
  return top * (sum / volumeCc) ** (1 / exponent);
}

/** Mean of a function over low..high, in panels of at most the relative width `step`. */
function pieceMean(power: (dose: number) => number, low: number, high: number, step: number): number {
  if (!(high > low)) return power(high);
  let total = 0;
  for (let upper = high; upper > low; ) {
    const lower = upper > NEGLIGIBLE * high ? Math.max(low, upper * (1 - step)) : low;
    const half = (upper - lower) / 2;
    const middle = (upper + lower) / 2;
    for (let n = 0; n < 4; n++) total += WEIGHTS[n]! * half * power(middle + half * NODES[n]!);
    upper = lower;
  }
  return total / (high - low);
}

/**
 * Smooth maximum and minimum by log-sum-exp, Gy:
 *
 *     max:  t log( sum v_i exp( d_i / t) / sum v_i)           from max - t log(N) up to max
 *     min:  t log( sum v_i exp(-d_i / t) / sum v_i)           minus the minimum, so that minimising it raises it
 *
 * Convex; the smaller the temperature t, the closer to the extreme and the harder to minimise. The maximum is not negative
 * for doses >= 0; the other is negative by construction, so that a relative gap says little where it stands alone.
 */
import { checkPositive } from '../../core/check.js';
import { checkObjective, type Objective, shown, type VoxelSet } from './objective.js';

/**
 * Smooth maximum of a structure: `t log(sum v_i exp(d_i / t) / sum v_i)`, Gy; below the maximum by at most t log(voxels) for equal
 * volumes, and never above. Convex.
 *
 * @param temperature t, Gy, > 0: the smaller, the closer to the maximum
 * @param weight importance relative to the others, > 0; per Gy
 * @see Boyd and Vandenberghe, Convex Optimization (2004), section 3.1.5
 */
export function smoothMaximum(name: string, set: VoxelSet, temperature: number, weight: number): Objective {
  return logSumExp(name, set, temperature, weight, 1);
}

/**
 * Minus the smooth minimum of a structure: `t log(sum v_i exp(-d_i / t) / sum v_i)`, Gy, so that minimising it raises the lowest dose.
 * Convex. Negative, so that a relative gap says little where it stands alone, and dose is never enough: use it beside others.
 *
 * @param temperature t, Gy, > 0: the smaller, the closer to the minimum
 * @param weight importance relative to the others, > 0; per Gy
 * @see Boyd and Vandenberghe, Convex Optimization (2004), section 3.1.5
 */
export function smoothMinimum(name: string, set: VoxelSet, temperature: number, weight: number): Objective {
  return logSumExp(name, set, temperature, weight, -1);
}

function logSumExp(name: string, set: VoxelSet, temperature: number, weight: number, sign: 1 | -1): Objective {
  const total = checkObjective(name, set, weight);
  checkPositive(`objective "${name}": temperature`, temperature);
  const { rows, volumes } = set;
  /** Weight of each row in the sum. */
  const fraction = new Float64Array(rows.length);
  const sumUp = (dose: Float64Array): number => {
    let extreme = -Infinity;
    for (const row of rows) extreme = Math.max(extreme, sign * dose[row]!);
    let sum = 0;
    for (let q = 0; q < rows.length; q++) {
      fraction[q] = volumes[q]! * Math.exp((sign * dose[rows[q]!]! - extreme) / temperature);
      sum += fraction[q]!;
    }
    for (let q = 0; q < rows.length; q++) fraction[q]! /= sum;
    return extreme + temperature * Math.log(sum / total);
  };
  return {
    name,
    weight,
    isConvex: true,
    isRising: sign > 0,
    rows,
    describe: () =>
      `${shown(weight * temperature)} log(mean[exp(${sign < 0 ? '-' : ''}d / ${shown(temperature)})]) over ${name}`,
    evaluate(dose, gradient) {
      const value = sumUp(dose);
      for (let q = 0; q < rows.length; q++) gradient[rows[q]!]! += sign * weight * fraction[q]!;
      return weight * value;
    },
    addCurvature(dose, out) {
      sumUp(dose);
      for (let q = 0; q < rows.length; q++) out[rows[q]!]! += (weight * fraction[q]!) / temperature;
    },
    addCoupling(dose, direction, out) {
      sumUp(dose);
      let along = 0;
      for (let q = 0; q < rows.length; q++) along += fraction[q]! * direction[rows[q]!]!;
      for (let q = 0; q < rows.length; q++) out[rows[q]!]! -= (weight * fraction[q]! * along) / temperature;
    },
  };
}

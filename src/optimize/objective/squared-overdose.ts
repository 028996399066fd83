/**
 * Squared overdose above a bound per row: `sum v_i max(0, d_i - b_i)^2 / sum v_i`. Convex.
 *
 * With bounds that fall with the distance from the target it is the dose fall-off objective.
 */
import type { Objective, RowSet } from './objective.js';

/** @param bounds Gy, one per row of the set */
export function squaredOverdose(name: string, set: RowSet, bounds: Float64Array, weight: number): Objective {
  const total = set.volumes.reduce((a, b) => a + b, 0);
  return {
    name,
    weight,
    evaluate(dose, gradient) {
      const { rows, volumes } = set;
      const scale = weight / total;
      let sum = 0;
      for (let q = 0; q < rows.length; q++) {
        const i = rows[q]!;
        const over = dose[i]! - bounds[q]!;
        if (over <= 0) continue;
        sum += volumes[q]! * over * over;
        gradient[i]! += 2 * scale * volumes[q]! * over;
      }
      return scale * sum;
    },
  };
}

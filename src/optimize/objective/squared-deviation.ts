/**
 * Squared deviation from a level: `sum v_i (d_i - p)^2 / sum v_i`. Convex; asks for a homogeneous target.
 */
import type { Level, Objective, RowSet } from './objective.js';

export function squaredDeviation(name: string, set: RowSet, level: Level, weight: number): Objective {
  const total = set.volumes.reduce((a, b) => a + b, 0);
  return {
    name,
    weight,
    evaluate(dose, gradient) {
      const { rows, volumes } = set;
      const p = level.value;
      const scale = weight / total;
      let sum = 0;
      for (let q = 0; q < rows.length; q++) {
        const i = rows[q]!;
        const miss = dose[i]! - p;
        sum += volumes[q]! * miss * miss;
        gradient[i]! += 2 * scale * volumes[q]! * miss;
      }
      return scale * sum;
    },
  };
}

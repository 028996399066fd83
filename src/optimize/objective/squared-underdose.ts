/**
 * Squared underdose below a level: `sum v_i max(0, f p - d_i)^2 / sum v_i`. Convex; defends the target's coverage.
 */
import type { Level, Objective, RowSet } from './objective.js';

/** @param fraction the bound is this fraction of the level */
export function squaredUnderdose(name: string, set: RowSet, level: Level, fraction: number, weight: number): Objective {
  const total = set.volumes.reduce((a, b) => a + b, 0);
  return {
    name,
    weight,
    evaluate(dose, gradient) {
      const { rows, volumes } = set;
      const bound = fraction * level.value;
      const scale = weight / total;
      let sum = 0;
      for (let q = 0; q < rows.length; q++) {
        const i = rows[q]!;
        const under = bound - dose[i]!;
        if (under <= 0) continue;
        sum += volumes[q]! * under * under;
        gradient[i]! -= 2 * scale * volumes[q]! * under;
      }
      return scale * sum;
    },
  };
}

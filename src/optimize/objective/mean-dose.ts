/**
 * Mean dose: `sum v_i d_i / sum v_i`, Gy. Linear; keeps dose out of organs without a bound.
 */
import type { Objective, RowSet } from './objective.js';

export function meanDose(name: string, set: RowSet, weight: number): Objective {
  const total = set.volumes.reduce((a, b) => a + b, 0);
  return {
    name,
    weight,
    evaluate(dose, gradient) {
      const { rows, volumes } = set;
      const scale = weight / total;
      let sum = 0;
      for (let q = 0; q < rows.length; q++) {
        sum += volumes[q]! * dose[rows[q]!]!;
        gradient[rows[q]!]! += scale * volumes[q]!;
      }
      return scale * sum;
    },
  };
}

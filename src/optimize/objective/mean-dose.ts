/**
 * Mean dose: `sum v_i d_i / sum v_i`, Gy. Linear; keeps dose out of organs without a bound.
 */
import { checkObjective, type Objective, shown, type VoxelSet } from './objective.js';

/**
 * Mean dose of a structure: `sum v_i d_i / sum v_i`, Gy.
 *
 * @param weight importance relative to the others, > 0; per Gy
 */
export function meanDose(name: string, set: VoxelSet, weight: number): Objective {
  const total = checkObjective(name, set, weight);
  const { rows, volumes } = set;
  const scale = weight / total;
  return {
    name,
    weight,
    isConvex: true,
    isRising: true,
    isLinear: true,
    rows,
    describe: () => `${shown(weight)} mean[d] over ${name}`,
    evaluate: (dose, gradient) => evaluate(set, scale, dose, gradient),
    addCurvature() {
      // It is linear.
    },
    terms: () => ({ form: 'linear', rows, factors: volumes.map((v) => scale * v), doses: 0 }),
  };
}

function evaluate({ rows, volumes }: VoxelSet, scale: number, dose: Float64Array, gradient: Float64Array): number {
  let sum = 0;
  for (let q = 0; q < rows.length; q++) {
    sum += volumes[q]! * dose[rows[q]!]!;
    gradient[rows[q]!]! += scale * volumes[q]!;
  }
  return scale * sum;
}

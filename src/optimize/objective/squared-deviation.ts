/**
 * Squared deviation from a level: `sum v_i (d_i - p)^2 / sum v_i`. Convex; asks for a homogeneous target.
 */
import { checkObjective, type Level, type Objective, shown, type VoxelSet } from './objective.js';

/**
 * Squared deviation from a level, mean over a structure: `sum v_i (d_i - p)^2 / sum v_i`, Gy^2.
 *
 * @param weight importance relative to the others, > 0
 * @param fraction of the level that is asked for. @default 1
 */
export function squaredDeviation(name: string, set: VoxelSet, level: Level, weight: number, fraction = 1): Objective {
  const total = checkObjective(name, set, weight);
  const { rows, volumes } = set;
  const scale = weight / total;
  return {
    name,
    weight,
    isConvex: true,
    rows,
    describe: () => `${shown(weight)} mean[(d - ${shown(fraction * level.value)})^2] over ${name}`,
    evaluate: (dose, gradient) => evaluate(set, fraction * level.value, scale, dose, gradient),
    addCurvature: (_, out) => addCurvature(set, scale, out),
    terms: () => {
      const factors = volumes.map((v) => scale * v);
      return { form: 'deviation', rows, factors, doses: fraction * level.value, ofLevel: fraction };
    },
    withLevel: (from, to) => squaredDeviation(name, set, from === level ? to : level, weight, fraction),
    askedDose: () => fraction * level.value,
  };
}

function evaluate(
  { rows, volumes }: VoxelSet,
  p: number,
  scale: number,
  dose: Float64Array,
  gradient: Float64Array,
): number {
  let sum = 0;
  for (let q = 0; q < rows.length; q++) {
    const i = rows[q]!;
    const miss = dose[i]! - p;
    sum += volumes[q]! * miss * miss;
    gradient[i]! += 2 * scale * volumes[q]! * miss;
  }
  return scale * sum;
}

function addCurvature({ rows, volumes }: VoxelSet, scale: number, out: Float64Array): void {
  for (let q = 0; q < rows.length; q++) out[rows[q]!]! += 2 * scale * volumes[q]!;
}

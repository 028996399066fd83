/**
 * Squared underdose below a level: `sum v_i max(0, f p - d_i)^2 / sum v_i`. Convex; defends the target's coverage.
 */
import { checkObjective, type Level, type Objective, shown, type VoxelSet } from './objective.js';

/**
 * Squared underdose below a fraction of a level, mean over a structure: `sum v_i max(0, f p - d_i)^2 / sum v_i`, Gy^2.
 *
 * @param fraction the bound is this fraction of the level
 * @param weight importance relative to the others, > 0
 */
export function squaredUnderdose(
  name: string,
  set: VoxelSet,
  level: Level,
  fraction: number,
  weight: number,
): Objective {
  const total = checkObjective(name, set, weight);
  const { rows, volumes } = set;
  const scale = weight / total;
  return {
    name,
    weight,
    isConvex: true,
    rows,
    describe: () => `${shown(weight)} mean[max(0, ${shown(fraction * level.value)} - d)^2] over ${name}`,
    evaluate: (dose, gradient) => evaluate(set, fraction * level.value, scale, dose, gradient),
    addCurvature: (dose, out) => addCurvature(set, fraction * level.value, scale, dose, out),
    terms: () => {
      const factors = volumes.map((v) => scale * v);
      return { form: 'underdose', rows, factors, doses: fraction * level.value, ofLevel: fraction };
    },
    withLevel: (from, to) => squaredUnderdose(name, set, from === level ? to : level, fraction, weight),
    askedDose: () => fraction * level.value,
  };
}

function evaluate(
  { rows, volumes }: VoxelSet,
  bound: number,
  scale: number,
  dose: Float64Array,
  gradient: Float64Array,
): number {
  let sum = 0;
  for (let q = 0; q < rows.length; q++) {
    const i = rows[q]!;
    const under = bound - dose[i]!;
    if (under <= 0) continue;
    sum += volumes[q]! * under * under;
    gradient[i]! -= 2 * scale * volumes[q]! * under;
  }
  return scale * sum;
}

function addCurvature(
  { rows, volumes }: VoxelSet,
  bound: number,
  scale: number,
  dose: Float64Array,
  out: Float64Array,
): void {
  for (let q = 0; q < rows.length; q++) {
    if (dose[rows[q]!]! < bound) out[rows[q]!]! += 2 * scale * volumes[q]!;
  }
}

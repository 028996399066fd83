/**
 * Squared overdose above a bound per row: `sum v_i max(0, d_i - b_i)^2 / sum v_i`. Convex.
 */
import { InvalidInputError } from '../../core/errors.js';
import { checkObjective, type Objective, shown, type VoxelSet } from './objective.js';

/**
 * Squared overdose above a bound, mean over a structure: `sum v_i max(0, d_i - b_i)^2 / sum v_i`, Gy^2.
 *
 * @param bounds Gy; one for all rows of the set, or one for each
 * @param weight importance relative to the others, > 0
 */
export function squaredOverdose(name: string, set: VoxelSet, bounds: number | Float64Array, weight: number): Objective {
  const total = checkObjective(name, set, weight);
  const { rows, volumes } = set;
  const maximum = typeof bounds === 'number' ? new Float64Array(rows.length).fill(bounds) : bounds;
  if (maximum.length !== rows.length || maximum.some((b) => !Number.isFinite(b))) {
    throw new InvalidInputError(
      `objective "${name}": ${maximum.length} bounds for ${rows.length} voxels, or one that is not finite. Give one bound in Gy per voxel.`,
    );
  }
  const scale = weight / total;
  return {
    name,
    weight,
    isConvex: true,
    isRising: true,
    rows,
    describe: () =>
      `${shown(weight)} mean[max(0, d - ${typeof bounds === 'number' ? shown(bounds) : 'b'})^2] over ${name}`,
    evaluate: (dose, gradient) => evaluate(set, maximum, scale, dose, gradient),
    addCurvature: (dose, out) => addCurvature(set, maximum, scale, dose, out),
    terms: () => ({ form: 'overdose', rows, factors: volumes.map((v) => scale * v), doses: bounds }),
  };
}

function evaluate(
  { rows, volumes }: VoxelSet,
  maximum: Float64Array,
  scale: number,
  dose: Float64Array,
  gradient: Float64Array,
): number {
  let sum = 0;
  for (let q = 0; q < rows.length; q++) {
    const i = rows[q]!;
    const over = dose[i]! - maximum[q]!;
    if (over <= 0) continue;
    sum += volumes[q]! * over * over;
    gradient[i]! += 2 * scale * volumes[q]! * over;
  }
  return scale * sum;
}

function addCurvature(
  { rows, volumes }: VoxelSet,
  maximum: Float64Array,
  scale: number,
  dose: Float64Array,
  out: Float64Array,
): void {
  for (let q = 0; q < rows.length; q++) {
    if (dose[rows[q]!]! > maximum[q]!) out[rows[q]!]! += 2 * scale * volumes[q]!;
  }
}

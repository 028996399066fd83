/**
 * Dose-volume objectives: no more than a fraction of a structure above a dose (max-DVH), or no less (min-DVH).
 *
 *     max:  sum v_i (d_i - p)^2 / sum v_i   over the voxels with p < d_i < D_V
 *     min:  the same                        over the voxels with D_V < d_i < p
 *
 * D_V is the dose that the fraction V of the volume receives at present: only what is closest to the level is asked to give
 * way. Not convex: which voxels these are changes with the plan, and a minimum is only local. The value is never negative, so
 * that what the other objectives prove remains a lower bound with this term left out.
 *
 * @see Wu and Mohan, Med. Phys. 27 (2000) 701, doi:10.1118/1.598944
 */
import { checkFinite } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import { weightedUpperQuantile } from '../../core/quantile.js';
import { checkObjective, type Objective, shown, type VoxelSet } from './objective.js';

/**
 * At most the fraction `volume` of the structure shall get more than `dose` Gy.
 *
 * @param dose Gy
 * @param volume fraction of the structure, 0 to 1
 * @param weight importance relative to the others, > 0
 */
export function maximumDvh(name: string, set: VoxelSet, dose: number, volume: number, weight: number): Objective {
  return doseVolume(name, set, dose, volume, weight, 1);
}

/**
 * At least the fraction `volume` of the structure shall get `dose` Gy.
 *
 * @param dose Gy
 * @param volume fraction of the structure, 0 to 1
 * @param weight importance relative to the others, > 0
 */
export function minimumDvh(name: string, set: VoxelSet, dose: number, volume: number, weight: number): Objective {
  return doseVolume(name, set, dose, volume, weight, -1);
}

function doseVolume(
  name: string,
  set: VoxelSet,
  level: number,
  volume: number,
  weight: number,
  sign: 1 | -1,
): Objective {
  const total = checkObjective(name, set, weight);
  checkFinite(`objective "${name}": dose`, level);
  if (!(volume >= 0 && volume <= 1)) {
    throw new InvalidInputError(`objective "${name}": volume is ${volume}, but must be a fraction from 0 to 1.`);
  }
  const { rows, volumes } = set;
  const scale = weight / total;
  const own = new Float64Array(rows.length);
  const edge = (dose: Float64Array): number => {
    for (let q = 0; q < rows.length; q++) own[q] = dose[rows[q]!]!;
    return weightedUpperQuantile(own, volumes, volume);
  };
  /** Whether a voxel lies between the level and D_V. */
  const counts = (d: number, at: number): boolean => sign * (d - level) > 0 && sign * (at - d) > 0;
  return {
    name,
    weight,
    isConvex: false,
    rows,
    describe: () =>
      `${shown(weight)} mean[(d - ${shown(level)})^2 where ${sign > 0 ? `${shown(level)} < d < D` : `D`}${shown(100 * volume)}%${sign > 0 ? '' : ` < d < ${shown(level)}`}] over ${name}`,
    evaluate(dose, gradient) {
      const at = edge(dose);
      let sum = 0;
      for (let q = 0; q < rows.length; q++) {
        if (!counts(own[q]!, at)) continue;
        const miss = own[q]! - level;
        sum += volumes[q]! * miss * miss;
        gradient[rows[q]!]! += 2 * scale * volumes[q]! * miss;
      }
      return scale * sum;
    },
    addCurvature(dose, out) {
      const at = edge(dose);
      for (let q = 0; q < rows.length; q++) if (counts(own[q]!, at)) out[rows[q]!]! += 2 * scale * volumes[q]!;
    },
  };
}

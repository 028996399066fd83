/**
 * The gamma index: how far an evaluated dose is from a reference, in dose and in distance at once.
 *
 *     gamma(p) = min over q of sqrt( |q - p|^2 / distance^2 + (De(q) - Dr(p))^2 / dD^2 )
 *
 * p are the reference's voxel centres, q all points between the evaluated dose's voxel centres, where De is trilinear: not
 * a lattice of a tenth of the distance, whose steps make steep gradients fail. dD is a percentage of the reference's maximum
 * (global) or of Dr(p) (local). A voxel passes at gamma <= 1.
 *
 * @see Low et al., Med. Phys. 25 (1998) 656, doi:10.1118/1.598248
 */

import { checkAllFinite, checkPositive, checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { axisCentres } from '../geometry/grid.js';
import { createVolume, type DoseVolume, type Volume } from '../geometry/volume.js';
import { checkSameMeaning } from './dose-meaning.js';
import { GammaSearch } from './gamma-search.js';

/** The histogram has ten bins for each. */
const LARGEST_CAP = 100;

/** What counts as agreement, and which voxels are judged. */
export interface GammaCriteria {
  /** Dose criterion, percent of the reference maximum, or of the reference dose of each voxel where `local`. */
  readonly dose: number;
  /** Distance to agreement, mm. */
  readonly distance: number;
  /** @default false */
  readonly local?: boolean;
  /** Reference voxels below this percentage of the reference maximum are not evaluated. @default 10 */
  readonly threshold?: number;
  /** Gamma is not followed above this value, and reported as it; above 1, at most 100. @default 2 */
  readonly cap?: number;
}

/** Gamma of every judged voxel, and how many pass. */
export interface GammaResult {
  /** Gamma on the reference's grid, 0 to cap; NaN where the reference is below the threshold. */
  readonly map: Volume<'gamma'>;
  /** Percent of the evaluated voxels. */
  readonly passRate: number;
  /** Voxels at or above the threshold, and those of them with gamma <= 1 in the map. */
  readonly evaluated: number;
  readonly passed: number;
  /** Of the evaluated voxels, values above the cap counted as the cap. */
  readonly mean: number;
  readonly maximum: number;
  /** Evaluated voxels outside the evaluated dose's voxel centres: compared with its border, as nothing is extrapolated. */
  readonly outside: number;
  /** Evaluated voxels with gamma in (b/10, (b+1)/10], the first with its 0: the first ten hold `passed`. */
  readonly histogram: readonly number[];
}

/**
 * Gamma of every reference voxel at or above the threshold.
 *
 * The minimum over the continuous dose is proven to 1e-5 in gamma, and never reported too low. The grids may differ in
 * everything; grids of one slice or one row give the 2-D and the 1-D gamma.
 *
 * @param reference total dose, Gy, whose voxels are judged
 * @param evaluated total dose, Gy, in which agreement is searched; same quantity and fractions
 * @throws {InvalidInputError} if the doses differ in meaning, a value is not finite, the reference has no dose, a criterion
 * is not positive, the cap is not above 1, the threshold is not from 0 to 100 (above 0 where local), or the grids do not
 * overlap where there is dose
 */
export function gammaIndex(reference: DoseVolume, evaluated: DoseVolume, criteria: GammaCriteria): GammaResult {
  const { local = false, threshold = 10, cap = 2 } = criteria;
  checkPositive('gamma: dose criterion (percent)', criteria.dose);
  const dose = checkRange('gamma: dose criterion (percent)', criteria.dose, 1e-3, 100) / 100;
  checkPositive('gamma: distance criterion (mm)', criteria.distance);
  const distance = checkRange('gamma: distance criterion (mm)', criteria.distance, 1e-3, 100);
  if (!(cap > 1 && cap <= LARGEST_CAP)) {
    throw new InvalidInputError(
      `gamma: cap is ${cap}, but must be above 1, or every voxel would pass, and at most ${LARGEST_CAP}. Use 2.`,
    );
  }
  if (!(threshold >= 0 && threshold <= 100) || (local && threshold === 0)) {
    throw new InvalidInputError(
      `gamma: threshold is ${threshold}, but must be ${local ? 'above 0 (a percentage of no dose is no local criterion)' : 'from 0'} to 100 percent of the reference maximum. Use 10.`,
    );
  }
  checkSameMeaning('gamma', reference, evaluated);
  checkAllFinite('gamma: reference dose', reference.data);
  checkAllFinite('gamma: evaluated dose', evaluated.data);
  let largest = 0;
  for (const value of reference.data) if (value > largest) largest = value;
  if (!(largest > 0)) throw new InvalidInputError('gamma: the reference holds no dose above 0 Gy. Give a dose.');

  const { grid, data } = reference;
  const [nz, ny, nx] = grid.shape;
  const least = (threshold / 100) * largest;
  const search = new GammaSearch(evaluated, distance, cap);
  const isInside = insideOf(evaluated);
  const map = new Float32Array(data.length).fill(NaN);
  const histogram = new Array<number>(Math.ceil(cap * 10)).fill(0);
  const count = { evaluated: 0, passed: 0, outside: 0 };
  let sum = 0;
  let maximum = 0;
  const [xs, ys, zs] = [axisCentres(grid, 0), axisCentres(grid, 1), axisCentres(grid, 2)];
  for (let k = 0, at = 0; k < nz; k++) {
    const z = zs[k]!;
    for (let j = 0; j < ny; j++) {
      const y = ys[j]!;
      search.restart();
      for (let i = 0; i < nx; i++, at++) {
        const value = data[at]!;
        if (value < least) continue;
        const x = xs[i]!;
        // The stored value decides, so that the map and the counts cannot disagree.
        map[at] = search.at(x, y, z, value, dose * (local ? value : largest));
        const gamma = map[at]!;
        count.evaluated++;
        if (gamma <= 1) count.passed++;
        if (!isInside(x, y, z)) count.outside++;
        histogram[Math.max(0, Math.ceil(gamma * 10) - 1)]!++;
        sum += gamma;
        if (gamma > maximum) maximum = gamma;
      }
    }
  }
  if (count.outside === count.evaluated) {
    throw new InvalidInputError(
      'gamma: the grids do not overlap where there is dose. Are both doses of one patient, in one frame of reference?',
    );
  }
  return {
    map: createVolume('gamma', grid, map),
    passRate: (100 * count.passed) / count.evaluated,
    ...count,
    mean: sum / count.evaluated,
    maximum,
    histogram,
  };
}

/** Within the voxel centres, up to the rounding of header numbers. */
function insideOf({ grid }: DoseVolume): (x: number, y: number, z: number) => boolean {
  const { shape, spacing, origin } = grid;
  const isBetween = (value: number, axis: 0 | 1 | 2): boolean => {
    const p = (value - origin[axis]) / spacing[axis];
    return p >= -1e-4 && p <= shape[2 - axis]! - 1 + 1e-4;
  };
  return (x, y, z) => isBetween(x, 0) && isBetween(y, 1) && isBetween(z, 2);
}

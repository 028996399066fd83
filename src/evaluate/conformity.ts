/**
 * How well the high dose fits the target: conformity, homogeneity, spillage, gradient.
 *
 *     TV       volume of the target             PIV   volume of the whole region at or above the isodose
 *     TV_PIV   volume of the target at or above the isodose
 *
 *     Paddick CI    TV_PIV^2 / (TV PIV)         van 't Riet CN = (TV_PIV / TV)(TV_PIV / PIV): the same number, both kept by name
 *     RTOG CI       PIV / TV                    coverage TV_PIV / TV, selectivity TV_PIV / PIV
 *     HI (ICRU 83)  (D2% - D98%) / D50%         R50 = V(50 % of prescription) / TV
 *     GI (Paddick & Lippitz)                    V(50 % of prescription) / V(100 % of prescription)
 *     gradient distance (Wagner)                r50 - r100, r = (3 V / 4 pi)^(1/3): radii of spheres of these volumes
 *
 * Volumes are read from exact DVHs of the region, not from voxel counts. The isodose of the conformity indices is 95 %
 * of the prescription by default (the level of ICRU 83 plans normalised to D50%); R50 and GI always use 50 % and 100 %.
 *
 * @see Paddick, J. Neurosurg. 93 Suppl. 3 (2000) 219, doi:10.3171/jns.2000.93.supplement_3.0219
 * @see van 't Riet et al., IJROBP 37 (1997) 731, doi:10.1016/S0360-3016(96)00601-3
 * @see Paddick and Lippitz, J. Neurosurg. 105 Suppl. (2006) 194, doi:10.3171/sup.2006.105.7.194
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { createVolume, type DoseVolume, type Volume } from '../geometry/volume.js';
import { createDvh, type Dvh, doseAtVolume, volumeAtDose, volumesAtDoses } from './dvh.js';
import type { StructureCells } from './structure-cells.js';

/**
 * Conformity indices of a target.
 *
 * Every number is null where it does not exist (no dose reaches the isodose): never NaN, never a zero in its place.
 */
export interface Conformity {
  /** Isodose of CI, CN, coverage and selectivity, Gy. */
  readonly isodose: number;
  /** cc */
  readonly targetVolume: number;
  /** PIV, cc */
  readonly isodoseVolume: number;
  /** TV_PIV, cc */
  readonly coveredVolume: number;
  /** TV_PIV / TV, 0 to 1. */
  readonly coverage: number;
  /** TV_PIV / PIV, 0 to 1. */
  readonly selectivity: number | null;
  /** TV_PIV^2 / (TV PIV), 0 to 1. */
  readonly paddick: number | null;
  /** The same number under van 't Riet's name. */
  readonly conformationNumber: number | null;
  /** PIV / TV. */
  readonly rtog: number;
  /** (D2% - D98%) / D50%. */
  readonly homogeneity: number | null;
  /** Volume at half the prescription / TV. */
  readonly r50: number;
  /** Volume at half the prescription / volume at the prescription. */
  readonly gradientIndex: number | null;
  /** Mean distance from the prescription's isodose to that of its half, mm. */
  readonly gradientDistance: number | null;
}

/** Which isodose the indices are of, and where isodose volumes are counted. */
export interface ConformityOptions {
  /** Isodose of the conformity indices as a fraction of the prescription. @default 0.95 */
  readonly isodose?: number;
  /**
   * Region in which isodose volumes are counted, e.g. the external structure: its mask on the same grid, the cells of that, or its
   * DVH of this dose. @default the whole grid
   */
  readonly region?: Volume<'mask'> | StructureCells | Dvh;
}

/**
 * Conformity indices of one target.
 *
 * @param dose         total dose, Gy
 * @param target       mask of the target, same grid, or its DVH of this dose
 * @param prescription total prescribed dose, Gy, > 0
 * @throws {InvalidInputError} if grids differ, the target is empty, or prescription or isodose are not positive
 */
export function conformity(
  dose: DoseVolume,
  target: Volume<'mask'> | Dvh,
  prescription: number,
  options: ConformityOptions = {},
): Conformity {
  checkPositive('conformity: prescription', prescription);
  const fraction = checkPositive('conformity: isodose', options.isodose ?? 0.95);
  if (fraction > 2) {
    throw new InvalidInputError(
      `conformity: isodose is ${fraction}, but it is a fraction of the prescription. Give 0.95 for 95 %.`,
    );
  }
  const region = options.region ?? createVolume('mask', dose.grid, new Float32Array(dose.data.length).fill(1));
  const targetDvh = 'grid' in target ? createDvh(dose, target, { name: 'target' }) : target;
  const level = fraction * prescription;
  const tv = targetDvh.volumeCc;
  const levels = [level, 0.5 * prescription, prescription];
  const [piv, v50, v100] = (
    'mean' in region
      ? levels.map((gy) => volumeAtDose(region, gy))
      : volumesAtDoses(dose, region, levels, { name: 'region' })
  ) as [number, number, number];
  // The region's cells are coarser than the target's, so that its isodose volume may come out a trace below the target's part.
  const covered = volumeAtDose(targetDvh, level);
  const enclosed = Math.max(piv, covered);
  const d = (percent: number): number => doseAtVolume(targetDvh, (percent / 100) * tv).value;
  const median = d(50);
  const paddick = enclosed > 0 ? (covered / tv) * (covered / enclosed) : null;
  return {
    isodose: level,
    targetVolume: tv,
    isodoseVolume: enclosed,
    coveredVolume: covered,
    coverage: covered / tv,
    selectivity: enclosed > 0 ? covered / enclosed : null,
    paddick,
    conformationNumber: paddick,
    rtog: enclosed / tv,
    homogeneity: median > 0 ? (d(2) - d(98)) / median : null,
    r50: v50 / tv,
    gradientIndex: v100 > 0 ? v50 / v100 : null,
    gradientDistance: v100 > 0 ? sphereRadius(v50) - sphereRadius(v100) : null,
  };
}

/** Radius of the sphere of a volume in cc, mm. */
const sphereRadius = (cc: number): number => Math.cbrt((3000 * cc) / (4 * Math.PI));

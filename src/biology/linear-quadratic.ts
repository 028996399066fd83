/**
 * The linear-quadratic model: the same damage from another fractionation.
 *
 *     BED  = D (1 + d / r)          d = D / n,  r = alpha/beta
 *     EQD2 = D (d + r) / (2 + r) = BED / (1 + 2 / r)
 *     D    = (n r / 2) (-1 + sqrt(1 + 4 BED / (n r)))
 *
 * All doses are totals over the course. The formulas are not linear in D: they hold voxel by voxel, never for a mean or
 * for a sum of courses. Incomplete repair, overall time and recovery are not in them.
 *
 * @see Fowler, Br. J. Radiol. 62 (1989) 679, doi:10.1259/0007-1285-62-740-679
 */
import { checkInteger, checkNonNegative, checkPositive } from '../core/check.js';

/**
 * Biologically effective dose, Gy.
 *
 * @param totalDose  physical dose of the whole course, Gy, >= 0
 * @param fractions  number of equal fractions, >= 1
 * @param alphaBeta  alpha/beta of the tissue, Gy, > 0; no default, because the choice decides the answer
 * @throws {InvalidInputError} if an argument is outside its range
 */
export function bed(totalDose: number, fractions: number, alphaBeta: number): number {
  checkNonNegative('bed: totalDose', totalDose);
  checkCourse('bed', fractions, alphaBeta);
  return totalDose * (1 + totalDose / (fractions * alphaBeta));
}

/**
 * Equivalent dose in 2 Gy fractions, Gy; arguments and errors as for {@link bed}.
 */
export function eqd2(totalDose: number, fractions: number, alphaBeta: number): number {
  checkNonNegative('eqd2: totalDose', totalDose);
  checkCourse('eqd2', fractions, alphaBeta);
  return (totalDose * (totalDose / fractions + alphaBeta)) / (2 + alphaBeta);
}

/**
 * Total physical dose, Gy, that has the given BED when delivered in `fractions`.
 *
 * @param bedDose  Gy, >= 0
 * @throws {InvalidInputError} if an argument is outside its range
 */
export function doseFromBed(bedDose: number, fractions: number, alphaBeta: number): number {
  checkNonNegative('doseFromBed: bed', bedDose);
  checkCourse('doseFromBed', fractions, alphaBeta);
  // 2 BED / (1 + sqrt(1 + 4 BED / (n r))) is the formula above without its cancellation at small doses.
  return (2 * bedDose) / (1 + Math.sqrt(1 + (4 * bedDose) / (fractions * alphaBeta)));
}

/**
 * Total physical dose, Gy, that has the given EQD2 when delivered in `fractions`: the inverse of {@link eqd2}.
 *
 * @param eqd2Dose  Gy, >= 0
 * @throws {InvalidInputError} if an argument is outside its range
 */
export function doseFromEqd2(eqd2Dose: number, fractions: number, alphaBeta: number): number {
  checkNonNegative('doseFromEqd2: eqd2', eqd2Dose);
  checkCourse('doseFromEqd2', fractions, alphaBeta);
  return doseFromBed(eqd2Dose * (1 + 2 / alphaBeta), fractions, alphaBeta);
}

function checkCourse(what: string, fractions: number, alphaBeta: number): void {
  checkInteger(`${what}: fractions`, fractions, 1);
  checkPositive(`${what}: alphaBeta`, alphaBeta);
}

/**
 * The linear-quadratic model: the same damage from another fractionation.
 *
 *     BED  = D (1 + d / r)          d = D / n,  r = alpha/beta
 *     EQD2 = D (d + r) / (2 + r) = BED / (1 + 2 / r)
 *     D    = (n r / 2) (-1 + sqrt(1 + 4 BED / (n r)))
 *
 * All doses are totals over the course. The formulas are not linear in D: they hold voxel by voxel, never for a mean or
 * for a sum of courses. Incomplete repair between fractions, overall time and recovery between courses are not in them.
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
 *
 * @param totalDose physical dose of the whole course, Gy, >= 0
 * @param fractions number of equal fractions, >= 1
 * @param alphaBeta alpha/beta of the tissue, Gy, > 0
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
 * @param fractions number of equal fractions, >= 1
 * @param alphaBeta alpha/beta of the tissue, Gy, > 0
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
 * @param fractions number of equal fractions, >= 1
 * @param alphaBeta alpha/beta of the tissue, Gy, > 0
 * @throws {InvalidInputError} if an argument is outside its range
 */
export function doseFromEqd2(eqd2Dose: number, fractions: number, alphaBeta: number): number {
  checkNonNegative('doseFromEqd2: eqd2', eqd2Dose);
  checkCourse('doseFromEqd2', fractions, alphaBeta);
  return doseFromBed(eqd2Dose * (1 + 2 / alphaBeta), fractions, alphaBeta);
}

/**
 * Total physical dose, Gy, in `fractions` that does what `totalDose` does in `given` fractions.
 *
 * @throws {InvalidInputError} if an argument is outside its range
 */
export function isoeffectiveDose(totalDose: number, given: number, fractions: number, alphaBeta: number): number {
  return doseFromBed(bed(totalDose, given, alphaBeta), fractions, alphaBeta);
}

/**
 * Number of fractions of `dosePerFraction` that add up to the given BED: real, not rounded.
 *
 * @param dosePerFraction  Gy, > 0
 * @throws {InvalidInputError} if an argument is outside its range
 */
export function fractionsFromBed(bedDose: number, dosePerFraction: number, alphaBeta: number): number {
  checkNonNegative('fractionsFromBed: bed', bedDose);
  checkPositive('fractionsFromBed: dosePerFraction', dosePerFraction);
  checkPositive('fractionsFromBed: alphaBeta', alphaBeta);
  return bedDose / (dosePerFraction * (1 + dosePerFraction / alphaBeta));
}

/**
 * BED of an EQD2 with the same alpha/beta, Gy: `EQD2 (1 + 2 / r)`; EQD2 of a BED is its inverse.
 *
 * @throws {InvalidInputError} if alpha/beta is not > 0
 */
export function bedFromEqd2(eqd2Dose: number, alphaBeta: number): number {
  return eqd2Dose * (1 + 2 / checkPositive('bedFromEqd2: alphaBeta', alphaBeta));
}

/** The inverse of {@link bedFromEqd2}. */
export function eqd2FromBed(bedDose: number, alphaBeta: number): number {
  return bedDose / (1 + 2 / checkPositive('eqd2FromBed: alphaBeta', alphaBeta));
}

/** Quantities of the linear-quadratic model. */
export type BiologicalQuantity = 'eqd2' | 'bed';

/**
 * Coefficients of `q = a D + b D^2`, the quantity of a course per voxel: what kernels use.
 *
 * @throws {InvalidInputError} if fractions or alpha/beta are outside their range
 */
export function quadraticOf(
  quantity: BiologicalQuantity,
  fractions: number,
  alphaBeta: number,
): { readonly linear: number; readonly quadratic: number } {
  checkCourse(quantity, fractions, alphaBeta);
  const scale = quantity === 'bed' ? 1 : alphaBeta / (2 + alphaBeta);
  return { linear: scale, quadratic: scale / (fractions * alphaBeta) };
}

function checkCourse(what: string, fractions: number, alphaBeta: number): void {
  checkInteger(`${what}: fractions`, fractions, 1);
  checkPositive(`${what}: alphaBeta`, alphaBeta);
}

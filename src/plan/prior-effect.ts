/**
 * What all prior courses together did to a place, in any quantity of the linear-quadratic model.
 *
 *     E(v) = sum_k EQD2(D_k(v), n_k, r)      BED likewise
 *
 * An EQD2 or BED that was read is what it is: it tells its own alpha/beta, and nothing of another.
 */
import { bed, bedFromEqd2, eqd2 } from '../biology/linear-quadratic.js';
import type { DoseVolume } from '../geometry/volume.js';
import type { PatientModel } from './patient-model.js';
import type { PriorExposure } from './prior.js';

type Quantity = 'eqd2' | 'bed';

/** Why it cannot be told; undefined where it can. */
export function whyNoEffect({ courses }: Pick<PriorExposure, 'courses'>, alphaBeta: number): string | undefined {
  const other = courses.find(({ dose }) => dose.quantity !== 'physical' && dose.alphaBeta !== alphaBeta);
  if (other === undefined) return undefined;
  return `a prior dose is given as EQD2 with alpha/beta ${other.dose.alphaBeta} Gy, which tells nothing of alpha/beta ${alphaBeta} Gy`;
}

/** Of one voxel, Gy; NaN where a course is unknown. Ask {@link whyNoEffect} before. */
export function effectAt(
  { courses }: Pick<PriorExposure, 'courses'>,
  voxel: number,
  quantity: Quantity,
  alphaBeta: number,
): number {
  let sum = 0;
  for (const { dose } of courses) sum += effectOf(dose, voxel, quantity, alphaBeta);
  return sum;
}

/**
 * The largest in a structure, where it is known, Gy: of the sum of all courses, and of any one of them.
 *
 * @returns the reason where it cannot be told
 */
export function largestEffect(
  prior: Pick<PriorExposure, 'courses'>,
  model: PatientModel,
  structure: string,
  quantity: Quantity,
  alphaBeta: number,
): { readonly all: number; readonly each: readonly number[] } | string {
  const reason = whyNoEffect(prior, alphaBeta);
  if (reason !== undefined) return reason;
  const { voxels } = model.cells.get(structure)!;
  const each = prior.courses.map(({ dose }) => largestOf(voxels, (v) => effectOf(dose, v, quantity, alphaBeta)));
  const all = each.length === 1 ? each[0]! : largestOf(voxels, (v) => effectAt(prior, v, quantity, alphaBeta));
  return { all, each };
}

function effectOf(dose: DoseVolume, voxel: number, quantity: Quantity, alphaBeta: number): number {
  const value = dose.data[voxel]!;
  if (Number.isNaN(value)) return value;
  if (dose.quantity !== 'physical') return quantity === 'eqd2' ? value : bedFromEqd2(value, alphaBeta);
  return (quantity === 'eqd2' ? eqd2 : bed)(value, dose.fractions!, alphaBeta);
}

function largestOf(voxels: ArrayLike<number>, of: (voxel: number) => number): number {
  let most = 0;
  for (let v = 0; v < voxels.length; v++) {
    const value = of(voxels[v]!);
    if (value > most) most = value;
  }
  return most;
}

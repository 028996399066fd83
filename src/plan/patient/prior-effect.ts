/**
 * What all prior courses together did to a place, in any quantity of the linear-quadratic model.
 *
 *     E(v) = sum_k EQD2(D_k(v), n_k, r)      BED likewise
 *
 * An EQD2 or BED that was read is what it is: it tells its own alpha/beta, and nothing of another.
 */
import { bed, bedFromEqd2, eqd2 } from '../../biology/linear-quadratic.js';
import type { DoseField } from '../../evaluate/dose-field.js';
import { extremeDose } from '../../evaluate/extreme.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import type { DoseVolume } from '../../geometry/volume.js';
import { courseTerm } from './course-term.js';
import type { PatientModel } from './patient-model.js';
import { priorsOnGrid } from './prior-around.js';
import type { PriorExposure } from './prior-exposure.js';

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
 * The largest in a structure as it is drawn, Gy: of the sum of all courses, each interpolated and then converted, and of any one of
 * them. Where a course is unknown in the structure it counts as nothing.
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
  const spans = prior.courses.map(({ dose }) => spanOf(dose, voxels));
  const terms = prior.courses.map(({ dose }) => courseTerm(dose, quantity, alphaBeta));
  // Nothing to look for where it is even, as a uniform course is.
  if (spans.every(({ isEven }) => isEven))
    return together(spans.map(({ largest: maximum }, c) => terms[c]!.convert(maximum)));
  const courses = priorsOnGrid(prior, model, structure, model.grid);
  const largest = (dose: DoseVolume | DoseField, about: number): number => {
    const solid = solidOfStructure(model.structures.get(structure)!);
    return Math.max(0, extremeDose(dose, solid, { extreme: 'max', tolerance: SHARE * about }).value);
  };
  const each = spans.map(({ largest: maximum, isEven }, c) =>
    terms[c]!.convert(isEven ? maximum : largest(courses[c]!, maximum)),
  );
  const { all: sum } = together(each);
  if (spans.filter(({ isEven }) => !isEven).length < 2) return { all: sum, each };
  const around = courses.map((dose) => courseTerm(dose, quantity, alphaBeta));
  const all = largest({ grid: model.grid, quantity, alphaBeta, terms: around }, sum);
  return { all: Math.min(sum, Math.max(all, ...each)), each };
}

const together = (each: readonly number[]): { readonly all: number; readonly each: readonly number[] } => ({
  all: each.reduce((a, b) => a + b, 0),
  each,
});

/**
 * What all courses did to a structure wherever in it, Gy; undefined where that is not the same everywhere, or cannot be told. Only
 * of a course that is uniform by definition is it known beyond the voxels' centres.
 */
export function evenEffect(
  prior: Pick<PriorExposure, 'courses'>,
  model: PatientModel,
  structure: string,
  quantity: Quantity,
  alphaBeta: number,
): number | undefined {
  if (whyNoEffect(prior, alphaBeta) !== undefined) return undefined;
  const { voxels } = model.cells.get(structure)!;
  const spans = prior.courses.map(({ dose }) => spanOf(dose, voxels));
  if (!prior.courses.every(({ origin }, c) => origin === 'uniform' && spans[c]!.isEven)) return undefined;
  return prior.courses.reduce(
    (sum, { dose }, c) => sum + courseTerm(dose, quantity, alphaBeta).convert(spans[c]!.largest),
    0,
  );
}

/** To how much of its value a maximum is searched. */
const SHARE = 2e-4;

/** Where it is known. */
function spanOf(
  { data }: DoseVolume,
  voxels: ArrayLike<number>,
): { readonly largest: number; readonly isEven: boolean } {
  let least = Infinity;
  let largest = 0;
  for (let v = 0; v < voxels.length; v++) {
    const here = data[voxels[v]!]!;
    if (here > largest) largest = here;
    if (here < least) least = here;
  }
  return { largest, isEven: !(largest > least) };
}

function effectOf(dose: DoseVolume, voxel: number, quantity: Quantity, alphaBeta: number): number {
  const value = dose.data[voxel]!;
  if (Number.isNaN(value)) return value;
  if (dose.quantity !== 'physical') return quantity === 'eqd2' ? value : bedFromEqd2(value, alphaBeta);
  return (quantity === 'eqd2' ? eqd2 : bed)(value, dose.fractions!, alphaBeta);
}

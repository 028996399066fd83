/**
 * Every constraint that a plan was made under, with where it comes from: the cap on the cord and the maxima by voxel.
 *
 * What holds without being asked for is a default, and says so; a number that the case gives is the case's, whatever a default
 * of the same kind rests on. A constraint that another one keeps everywhere is listed too, and said to hold nothing back.
 */
import { eqd2 } from '../../biology/linear-quadratic.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { DEFAULT_CORD_CAP, type PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { cordVoxels } from '../patient/planning-grid.js';
import type { TechniquePlan } from '../technique/technique-plan.js';

/** One maximum that a plan was made under, with where its number comes from. */
export interface ListedConstraint {
  readonly structure: string;
  /** Of which every voxel keeps it. */
  readonly metric: 'Max';
  /** Gy in `quantity`. */
  readonly limit: number;
  readonly quantity: 'physical' | 'eqd2';
  /** Gy, of an EQD2 */
  readonly alphaBeta?: number;
  /** Of this course alone, or of all together. */
  readonly courses: 'this' | 'all';
  /** `hard`: kept whatever it costs; `soft`: as far as the prescription allows. */
  readonly force: 'hard' | 'soft';
  /** Field of CASE.json that sets it. */
  readonly field: 'cordCap' | 'retreatment.bounds';
  /** Whether the case sets it, or it holds because the case says nothing. */
  readonly origin: 'case' | 'default';
  /** What the number rests on, in words. */
  readonly basis: string;
  /** Voxels of the structure on the dose grid. */
  readonly voxels: number;
  /** Those in which it is the strictest of its structure. */
  readonly strictest: number;
  /** What it leaves of this course in those, physical Gy; null where it is the strictest in none. */
  readonly leaves: readonly [least: number, most: number] | null;
  /** Shifts of the patient under which it holds besides the nominal place; 0 but for the cap of a robust plan. */
  readonly shifts: number;
}

/** What the constraints of a plan are told from, besides the maxima by voxel. */
type ConstraintCase = Pick<PlanCase, 'cordCap' | 'cordCapOrigin' | 'prescription'>;

/** @internal All of a plan, the cap first. */
export function constraintsOf(
  tolerances: readonly StructureTolerance[],
  model: PatientModel,
  planCase: ConstraintCase,
  { hold, voxels }: Pick<TechniquePlan, 'hold' | 'voxels'>,
): ListedConstraint[] {
  const force = hold === 'cord' ? 'hard' : 'soft';
  const shifts = voxels.scenarios?.length ?? 0;
  return [
    { ...capConstraint(tolerances, model, planCase, force), shifts },
    ...toleranceConstraints(tolerances, model, force, planCase.cordCap),
  ];
}

function capConstraint(
  tolerances: readonly StructureTolerance[],
  model: PatientModel,
  planCase: ConstraintCase,
  force: ListedConstraint['force'],
): ListedConstraint {
  const { cord } = model;
  const { cordCap: limit, cordCapOrigin } = planCase;
  // A case that was changed in code may carry another number than the default that it was read with.
  const origin = limit === DEFAULT_CORD_CAP ? cordCapOrigin : 'case';
  const own = tolerances.find(({ structure }) => structure === cord);
  const voxels = own?.voxels.length ?? cordVoxels(model).length;
  const strictest = own === undefined ? voxels : own.maxima.reduce((sum, bound) => sum + (bound < limit ? 0 : 1), 0);
  return {
    structure: cord,
    metric: 'Max',
    limit,
    quantity: 'physical',
    courses: 'this',
    force,
    field: 'cordCap',
    origin,
    basis: origin === 'case' ? 'set by the case' : defaultCap(cord, planCase),
    voxels,
    strictest,
    leaves: strictest === 0 ? null : [limit, limit],
    shifts: 0,
  };
}

/** What the default number is, and what it is worth in the case's fractions. */
function defaultCap(cord: string, { prescription: { fractions } }: Pick<PlanCase, 'prescription'>): string {
  const stated = "HyTEC's point maximum of a retreatment, stated for the thecal sac and 1 to 5 fractions";
  const worth = eqd2(DEFAULT_CORD_CAP, fractions, 2);
  const here = fractions === 22 ? '' : `; in ${fractions} fractions it is ${worth.toFixed(1)} Gy EQD2/2`;
  const other = /cord|cauda|thecal|canal/i.test(cord) ? '' : `; ${cord} is another organ than it is stated for`;
  return `by default, as the case sets none: 25 Gy EQD2/2 in 22 fractions, ${stated}${here}${other}`;
}

/** The maxima by voxel. @param maximum on the cord, Gy. @default none */
export function toleranceConstraints(
  tolerances: readonly StructureTolerance[],
  model: Pick<PatientModel, 'cord'>,
  force: ListedConstraint['force'],
  maximum = Infinity,
): ListedConstraint[] {
  return tolerances.flatMap(({ structure, origin, tolerances: limits, binding, maxima: dose, voxels }) =>
    limits.map(({ courses, eqd2: limit, alphaBeta, source }, l): ListedConstraint => {
      const greatest = structure === model.cord ? maximum : Infinity;
      const left = dose.filter((bound, v) => binding[v] === l && bound < greatest);
      const cited = source === undefined ? '' : `: ${source.citation}`;
      const why =
        origin === 'case' ? 'set by the case' : 'by default, as there was a prior course and the case sets none';
      return {
        structure,
        metric: 'Max',
        limit,
        quantity: 'eqd2',
        alphaBeta,
        courses,
        force,
        field: 'retreatment.bounds',
        origin,
        basis: why + cited,
        voxels: voxels.length,
        strictest: left.length,
        leaves: left.length === 0 ? null : [least(left), largest(left)],
        shifts: 0,
      };
    }),
  );
}
const least = (values: Float64Array): number => values.reduce((a, b) => Math.min(a, b), Infinity);
const largest = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);

/**
 * Fields whose fluence was given, by another optimiser, a network or by hand, as a finished plan: the engine's dose of them, the
 * case's objective at that dose, and which constraints it breaks. Nothing of it is changed unless that is asked for.
 *
 * What is proven of it is its objective's value. How far that is from the best one is proven where the case's own problem is solved
 * beside it: the lower bound is one on every plan of the same beamlets that keeps the constraints.
 */
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { Certificate } from '../../optimize/certificate.js';
import { type Constraint, violationOf } from '../../optimize/constraint.js';
import { evaluateAll } from '../../optimize/half-spaces.js';
import type { Solution } from '../../optimize/solver.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { checkTolerancesLeaveDose } from '../constraint/voxel-maximum.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlanJob } from '../patient/plan-job.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import { finish } from '../technique/finish-plan.js';
import type { planWithinConstraints } from '../technique/plan-within-constraints.js';
import { isProven } from '../technique/proof.js';
import type { GivenFluence, PlannedField, SolvedPlan, TechniquePlan } from '../technique/technique-plan.js';
import { type PosedRows, planningRows, poseRows } from './posed-case.js';

/** What is done with fields that were given. */
export interface GivenFields {
  readonly of: GivenFluence['of'];
  readonly fields: readonly PlannedField[];
  /** One per beamlet of the case, where that is what they are made of. */
  readonly weights?: Float64Array;
  /** Whether the whole plan is scaled down until every hard constraint holds. */
  readonly isScaled: boolean;
  /** Solves the case's own problem on some rows. @default not compared */
  readonly solve?:
    | ((options: Pick<Parameters<typeof planWithinConstraints>[4], 'tolerances' | 'rows'>) => SolvedPlan)
    | undefined;
}

/** A dose is above its maximum from this fraction of it on: it is rounded, and so is what it was optimised with. */
const ROUNDING = 1e-6;

/**
 * The plan of given fields.
 *
 * @throws {InvalidInputError} where it is to be scaled, but the case's caps are soft or the prior course leaves nothing
 * @throws {UnsupportedError} for a robust case
 */
export function planOfGiven(
  model: PatientModel,
  { case: planCase, machine }: Pick<PlanJob, 'case' | 'machine'>,
  tolerances: readonly StructureTolerance[],
  given: GivenFields,
): TechniquePlan {
  const { of, fields, isScaled } = given;
  const { hold } = planCase.imrt;
  checkGiven(planCase.imrt, tolerances, given);
  const rows = planningRows(model, planCase, machine, tolerances);
  const solved = given.solve?.({ tolerances, rows });
  const posed = poseRows(model, planCase, tolerances, rows, solved?.voxels ?? rows.choose());
  model.onStage('imrt: the plan that was given');
  const { dose: total } = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
  const solution = solutionOf(posed, total, planCase.prescription.dose, given, solved?.solution);
  const made = finish(
    model,
    planCase,
    { technique: 'imrt', hold, fields, ...posed, solution },
    { isAsGiven: !isScaled },
  );
  const settled = settledProblem(posed.problem, solution);
  const broken = hold === 'cord' ? brokenBy(model, posed, settled, total, made) : [];
  const { weights: _, ...known } = made.solution;
  const told = { of, isCompared: solved !== undefined, broken };
  const ended = { ...known, ...judged(made.solution, broken.length > 0), given: told };
  return { ...made, solution: given.weights === undefined ? ended : { ...ended, weights: made.solution.weights } };
}

function checkGiven(
  { hold, robust }: PlanJob['case']['imrt'],
  tolerances: readonly StructureTolerance[],
  { isScaled, solve }: Pick<GivenFields, 'isScaled' | 'solve'>,
): void {
  if (robust !== undefined) {
    throw new UnsupportedError(
      'plan: a fluence that is given is judged where the patient lies, but the case has imrt.robust. Leave that out of the case.',
    );
  }
  if (isScaled && hold !== 'cord') {
    throw new InvalidInputError(
      `plan: scaleIntoConstraints is asked for, but the case's imrt.hold is "${hold}", under which its caps give way. Let it be "cord", or leave the scaling out.`,
    );
  }
  if ((isScaled || solve !== undefined) && hold === 'cord') checkTolerancesLeaveDose(tolerances);
}

/** What an optimiser would have ended with: here nothing but the objective's value is known, unless the problem was solved beside it. */
function solutionOf(
  { voxels, problem }: PosedRows,
  total: Float64Array,
  prescribed: number,
  { weights }: Pick<GivenFields, 'weights'>,
  solved: Solution | undefined,
): Solution {
  const level = solved?.level ?? prescribed;
  const { objectives } = settledProblem(problem, { level });
  const dose = Float64Array.from(voxels.places, (place) => total[place]!);
  const value = evaluateAll(objectives, dose, new Float64Array(dose.length));
  const certificate: Certificate = {
    objective: objectives.map((objective) => objective.describe()).join(' + '),
    value,
    lowerBound: solved?.certificate.lowerBound ?? null,
    gap: null,
    isConvex: objectives.every(({ isConvex }) => isConvex),
    violation: null,
    prices: [],
  };
  return {
    weights: weights ?? new Float64Array(0),
    dose,
    status: 'unproven',
    objective: value,
    evaluations: solved?.evaluations ?? 0,
    prescriptionDose: dose[voxels.isocenterRow]!,
    level,
    certificate,
    uncovered: solved?.uncovered ?? new Int32Array(0),
  };
}

/** Status and certificate as they may be told: no bound is one on a plan that breaks what it is a bound under. */
function judged({ status, certificate }: Solution, isBroken: boolean): Pick<Solution, 'status' | 'certificate'> {
  if (isBroken) return { status: 'constraints-broken', certificate: { ...certificate, lowerBound: null, gap: null } };
  return { status: status === 'unproven' && isProven(certificate) ? 'reached' : status, certificate };
}

/** The constraints that the engine's dose breaks: maxima in every voxel, whether a row or not, and those over volumes. */
function brokenBy(
  { cord, voxelOfPoint }: PatientModel,
  { voxels, maxima, organs }: PosedRows,
  { constraints }: Pick<PlanningProblem, 'constraints'>,
  total: Float64Array,
  { scale, solution }: Pick<SolvedPlan, 'scale' | 'solution'>,
): GivenFluence['broken'] {
  const doseOf = new Map<number, number>();
  for (let p = 0; p < total.length; p++) doseOf.set(voxelOfPoint[p]!, scale * total[p]!);
  const sets = [{ structure: cord, voxels: voxels.cord.voxels, maxima }, ...organs];
  const byVoxel = sets.map(({ structure, voxels: own, maxima: largest }) => {
    let excess = 0;
    let count = 0;
    own.forEach((voxel, v) => {
      const over = (doseOf.get(voxel) ?? 0) - largest[v]!;
      if (over <= ROUNDING * largest[v]!) return;
      count++;
      excess = Math.max(excess, over);
    });
    return { constraint: structure, voxels: count, excess };
  });
  // Their rows are a part of the voxels above.
  const known = ['cord', ...organs.map(({ structure }) => structure)];
  const others = constraints.filter(
    ({ name, ...own }) => !(own.kind === 'voxels' && own.sign > 0 && known.includes(name)),
  );
  return [...byVoxel.filter(({ excess }) => excess > 0), ...brokenConstraints(others, solution.dose)];
}

/** Those of some constraints that a dose of the rows breaks by more than rounding. */
export function brokenConstraints(constraints: readonly Constraint[], dose: Float64Array): GivenFluence['broken'] {
  return constraints.flatMap((constraint): GivenFluence['broken'] => {
    const { amount } = violationOf(constraint, dose);
    if (constraint.kind !== 'voxels') {
      const isBroken = amount > ROUNDING * Math.abs(constraint.bound);
      return isBroken ? [{ constraint: constraint.name, voxels: null, excess: amount }] : [];
    }
    const { name, rows, bounds, sign } = constraint;
    const isAbove = (row: number, q: number): boolean => sign * (dose[row]! - bounds[q]!) > ROUNDING * bounds[q]!;
    const voxels = rows.reduce((count, row, q) => count + (isAbove(row, q) ? 1 : 0), 0);
    return voxels > 0 ? [{ constraint: name, voxels, excess: amount }] : [];
  });
}

/**
 * A problem whose dose is what the weights give and a dose that is there whatever they are: A w + b.
 *
 * Objectives and constraints of the whole dose are functions of A w as convex as before; their values stay those of the whole.
 */
import { weightedUpperQuantile } from '../core/quantile.js';
import type { Constraint } from './constraint.js';
import type { Level, Objective } from './objective/objective.js';
import type { Prescription, Problem } from './problem.js';

/**
 * The problem in the weights' own dose.
 *
 * @param background Gy, one per row of the operator
 */
export function withBackground<P extends Pick<Problem, 'objectives' | 'constraints' | 'prescription'>>(
  problem: P,
  background: Float64Array,
): P {
  const whole = new Float64Array(background.length);
  const add = (dose: Float64Array): Float64Array => {
    for (let r = 0; r < whole.length; r++) whole[r] = dose[r]! + background[r]!;
    return whole;
  };
  const { objectives, constraints, prescription } = problem;
  return {
    ...problem,
    objectives: objectives.map((one) => objectiveOn(one, add)),
    ...(constraints && { constraints: constraints.map((one) => constraintOn(one, add, background)) }),
    ...(prescription && { prescription: prescriptionOn(prescription, add) }),
  };
}

type Add = (dose: Float64Array) => Float64Array;

function objectiveOn(one: Objective, add: Add): Objective {
  const { name, weight, isConvex, isRising, isLinear, rows } = one;
  return {
    name,
    weight,
    isConvex,
    ...(isRising !== undefined && { isRising }),
    ...(isLinear !== undefined && { isLinear }),
    ...(rows && { rows }),
    describe: () => one.describe(),
    evaluate: (dose, gradient) => one.evaluate(add(dose), gradient),
    addCurvature: (dose, out) => one.addCurvature(add(dose), out),
    ...(one.addCoupling && {
      addCoupling: (dose: Float64Array, direction: Float64Array, out: Float64Array) =>
        one.addCoupling!(add(dose), direction, out),
    }),
    ...(one.withLevel && { withLevel: (from: Level, to: Level) => objectiveOn(one.withLevel!(from, to), add) }),
    ...(one.askedDose && { askedDose: () => one.askedDose!() }),
  };
}

function constraintOn(one: Constraint, add: Add, background: Float64Array): Constraint {
  const { rows } = one;
  if (one.kind === 'voxels') return { ...one, bounds: one.bounds.map((bound, q) => bound - background[rows[q]!]!) };
  if (one.kind === 'linear') {
    return { ...one, bound: rows.reduce((left, row, q) => left - one.coefficients[q]! * background[row]!, one.bound) };
  }
  return {
    ...one,
    withoutDose: one.evaluate(background, new Float64Array(background.length)),
    evaluate: (dose, gradient) => one.evaluate(add(dose), gradient),
  };
}

/** Read from the whole dose. */
function prescriptionOn(prescription: Prescription, add: Add): Prescription {
  const { rows, volumes, fraction } = prescription;
  const quantile = (dose: Float64Array): number =>
    weightedUpperQuantile(
      Float64Array.from(rows, (row) => dose[row]!),
      volumes,
      fraction,
    );
  const read = prescription.read ?? quantile;
  return { ...prescription, read: (dose) => read(add(dose)) };
}

/**
 * Can the limits be kept at all? The smallest violation t that any plan reaches, by the solver's own method:
 *
 *     minimise u    subject to   w >= 0,  u >= 0,  sign_i (A w)_i - u <= bound_i - T,  a_p' A w - u <= bound_p - T
 *
 * with t = u - T and T the largest bound. Where t falls below zero the plan is a start for the problem itself; where the
 * proven lower bound of t is above zero, no plan keeps the limits.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import { BorderedNormal } from './bordered-normal.js';
import { MOST_COLUMNS } from './exact-normal.js';
import { addForces, changesOf, type HalfSpaces, halfSpaceCount, type Multipliers } from './half-spaces.js';
import { InteriorPoint } from './interior-point.js';
import { lowerBound, tangentAt } from './lower-bound.js';
import { NormalMatrix, type VoxelSample } from './normal-matrix.js';
import { meanDose } from './objective/mean-dose.js';
import type { Preconditioner } from './preconditioner.js';
import type { StartingPoint } from './start.js';

export interface FeasibilityResult extends StartingPoint {
  /** Largest violation of the plan found, Gy; negative where it keeps all limits with room. */
  readonly violation: number;
  /** Proven: no plan does better, Gy. */
  readonly leastViolation: number;
  /** Of the half-spaces at the end, summing up to about 1: those that stand in each other's way have them. */
  readonly multipliers: Multipliers;
  readonly evaluations: number;
}

const STEPS = 60;
/** Relative gap at which a violation is taken for the smallest. */
const TOLERANCE = 1e-3;
/** How well Newton systems are solved where their factor is Float64. */
const FINE = { maxProducts: 60, accuracy: 1e-8 };
const COARSE = { maxProducts: 40, accuracy: 1e-2 };

/** Where a search begins, and when it ends. */
export interface FeasibilityOptions {
  readonly start: StartingPoint;
  /** Asked between products: once true, what is found is returned. @default never */
  readonly isOver?: () => boolean;
  /** Of the operator, for many columns: then no matrix of the limits is made. @default one of the sample */
  readonly preconditioner?: Preconditioner | undefined;
  /** Whether systems are solved in Float64 where columns are few: what limits leave may be little. @default false */
  readonly isFine?: boolean;
}

export function searchFeasible(
  operator: LinearOperator,
  constraints: HalfSpaces,
  sample: VoxelSample,
  { start, isOver = () => false, preconditioner, isFine = false }: FeasibilityOptions,
): FeasibilityResult {
  const m = halfSpaceCount(constraints);
  const n = operator.columns;
  const bounds = new Float64Array(m);
  bounds.set(constraints.bounds);
  constraints.planes.forEach(({ bound }, p) => {
    bounds[constraints.rows.length + p] = bound;
  });
  const T = bounds.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
  const worstOf = (sides: Float64Array): number =>
    sides.reduce((a, side, k) => Math.max(a, side - bounds[k]!), -Infinity);
  const everyRow = Int32Array.from({ length: m }, (_, k) => k);
  const isMany = n > MOST_COLUMNS && preconditioner !== undefined;
  const own = isMany ? undefined : sampleWithSlack(sample, constraints, m, n);
  // What nothing but limits curves is solved in Float64.
  const isPatient = isFine && own?.isExact === true && n < MOST_COLUMNS;
  const problem = {
    operator: withSlack(operator, constraints, m),
    objectives: [meanDose('violation', { rows: Int32Array.of(m), volumes: Float64Array.of(1) }, 1)],
    constraints: { rows: everyRow, signs: new Float64Array(m).fill(1), bounds: bounds.map((b) => b - T), planes: [] },
    ...(own && isPatient && { sample: own, isPatient }),
  };
  const weights = new Float64Array(n + 1);
  weights.set(start.weights);
  weights[n] = T + Math.max(-0.5 * T, worstOf(changesOf(constraints, start.dose, new Float64Array(m))) + 0.1 * T);
  const normal = own ? new NormalMatrix(own, n + 1) : new BorderedNormal(preconditioner!, operator, constraints);
  const point = new InteriorPoint(problem, normal, {
    weights,
    dose: problem.operator.apply(weights, new Float64Array(m + 1)),
  });
  let bound = -Infinity;
  for (let step = 0; step < STEPS && !isOver(); step++) {
    const isEnough = (reduced: Float64Array): boolean => reduced.every((h) => h >= 0);
    const before = point.weights.slice();
    const taken = point.step({ leastMu: 0, ...(isPatient ? FINE : COARSE), isEnough, isOver });
    if (Number.isNaN(point.value)) {
      // A factor that rounding has spoilt, as of columns that are alike.
      point.weights.set(before);
      break;
    }
    const t = point.value - T;
    if (t < 0 && point.complementarity < -0.5 * t) break;
    const tangent = tangentAt(problem.operator, problem.objectives, problem.constraints, point.dose, point.multipliers);
    bound = Math.max(bound, lowerBound(tangent, [], point.value) - T);
    if (taken === 0 || (t > 0 && t - bound < TOLERANCE * t)) break;
  }
  const found = Float64Array.from(point.weights.subarray(0, n));
  const dose = operator.apply(found, new Float64Array(operator.rows));
  return {
    weights: found,
    dose,
    violation: worstOf(changesOf(constraints, dose, new Float64Array(m))),
    leastViolation: bound,
    multipliers: point.multipliers,
    evaluations: point.evaluations,
  };
}

/** Rows: the left side of every half-space less u, then u itself. */
function withSlack(operator: LinearOperator, constraints: HalfSpaces, m: number): LinearOperator {
  const n = operator.columns;
  const dose = new Float64Array(operator.rows);
  return {
    rows: m + 1,
    columns: n + 1,
    apply(weights, out) {
      operator.apply(weights.subarray(0, n), dose);
      changesOf(constraints, dose, out);
      const u = weights[n]!;
      for (let k = 0; k < m; k++) out[k]! -= u;
      out[m] = u;
      return out;
    },
    applyTranspose(values, out) {
      addForces(constraints, values, dose.fill(0));
      operator.applyTranspose(dose, out.subarray(0, n));
      let u = values[m]!;
      for (let k = 0; k < m; k++) u -= values[k]!;
      out[n] = u;
      return out;
    },
  };
}

/** Every half-space is a row of its own in the sample: signs of the same dose differ. */
function sampleWithSlack(sample: VoxelSample, constraints: HalfSpaces, m: number, n: number): VoxelSample {
  const matrix = new Float32Array(m * (n + 1));
  const memberOf = Int32Array.from({ length: m + 1 }, (_, k) => (k < m ? k : -1));
  const members = new Int32Array(sample.count);
  for (const group of sample.memberOf) if (group >= 0) members[group]!++;
  let isExact = sample.isExact === true;
  const add = (k: number, row: number, coefficient: number): void => {
    const s = sample.memberOf[row]!;
    isExact &&= s >= 0 && members[s] === 1;
    if (s < 0) return;
    for (let c = 0; c < n; c++) matrix[k * (n + 1) + c]! += coefficient * sample.matrix[s * n + c]!;
  };
  constraints.rows.forEach((row, k) => {
    add(k, row, constraints.signs[k]!);
  });
  constraints.planes.forEach(({ column }, p) => {
    matrix.set(column, (constraints.rows.length + p) * (n + 1));
  });
  for (let k = 0; k < m; k++) matrix[k * (n + 1) + n] = -1;
  return { matrix, count: m, memberOf, isExact };
}

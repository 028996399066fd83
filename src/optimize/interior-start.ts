/**
 * A plan that keeps every constraint with a margin, or the proof that none keeps them: where several solves on the same constraints start.
 *
 * Convex constraints enter the search as planes that touch them, as many as it takes; each is kept by every permitted plan, so that what
 * is proven with them holds for the constraints.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import { type Constraint, violationOf } from './constraint.js';
import { searchFeasible } from './feasibility.js';
import { boundOf } from './goal.js';
import { createPlane, type HalfSpaces, type Multipliers, type Plane, rowHalfSpaces } from './half-spaces.js';
import type { VoxelSample } from './normal-matrix.js';
import type { Preconditioner } from './preconditioner.js';
import type { StartingPoint } from './start.js';
import { tangentPlane } from './touching-planes.js';

export interface Interior extends StartingPoint {
  /** Largest violation of a constraint, Gy: below zero where all are kept with a margin. */
  readonly violation: number;
  /** Proven: no plan breaks the constraints by less, Gy; null where nothing was to be proven. */
  readonly leastViolation: number | null;
  /** What each constraint has in the proof, summing up to about 1; empty where there is none. */
  readonly parts: readonly number[];
  readonly evaluations: number;
}

/** Rounds of planes for convex constraints, at most. */
const ROUNDS = 60;
/** Of the depth that the search reached, a convex constraint must have this fraction. */
const DEPTH = 0.1;
/** Margins that equal weights should have, fractions of the bounds: the largest first. */
const MARGINS = [0.1, 0.01, 1e-3];
/** Scales of equal weights that are tried. */
const SCALES = Array.from({ length: 40 }, (_, q) => 0.8 ** q);

/** A weight that the search starts from, at least. */
const LEAST_WEIGHT = 1e-3;

/** Where a search for an interior point begins, and what solves its systems. */
export interface InteriorOptions {
  /** Weights of a plan near what is looked for: planes of convex constraints touch at its dose. @default equal weights */
  readonly from?: Float64Array;
  /** Of the operator, for many columns. @default one of the sample */
  readonly preconditioner?: Preconditioner | undefined;
  /** As that of {@link searchFeasible}. @default false */
  readonly isFine?: boolean;
}

/** Largest violation, Gy; -Infinity without constraints. */
export const violationOfAll = (constraints: readonly Constraint[], dose: Float64Array): number =>
  constraints.reduce((worst, constraint) => Math.max(worst, violationOf(constraint, dose).amount), -Infinity);

/**
 * Equal weights whose largest dose is `largest` Gy, or as much of it as keeps all constraints with a margin.
 *
 * @returns undefined where no scale does
 */
export function equalWeights(
  operator: LinearOperator,
  constraints: readonly Constraint[],
  largest: number,
): StartingPoint | undefined {
  const dose = operator.apply(new Float64Array(operator.columns).fill(1), new Float64Array(operator.rows));
  const highest = dose.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (!(highest > 0)) return undefined;
  for (const margin of MARGINS) {
    for (const part of SCALES) {
      const scale = (part * largest) / highest;
      const scaled = dose.map((d) => scale * d);
      if (constraints.every((constraint) => violationOf(constraint, scaled).amount < -margin * boundOf(constraint))) {
        return { weights: new Float64Array(operator.columns).fill(scale), dose: scaled };
      }
    }
  }
  return undefined;
}

/** Searches a plan that keeps the constraints with as large a margin as is soon found; at least one constraint. */
export function findInterior(
  operator: LinearOperator,
  constraints: readonly Constraint[],
  sample: VoxelSample,
  isOver: () => boolean = () => false,
  { from, ...options }: InteriorOptions = {},
): Interior {
  const first = from?.map((w) => Math.max(w, LEAST_WEIGHT)) ?? new Float64Array(operator.columns).fill(1);
  let start: StartingPoint = { weights: first, dose: operator.apply(first, new Float64Array(operator.rows)) };
  let evaluations = 0.5;
  const plane = (constraint: Constraint, dose: Float64Array): Plane[] => {
    if (constraint.kind === 'voxels') return [];
    evaluations += 0.5;
    return [constraint.kind === 'linear' ? planeOf(operator, constraint) : tangentPlane(operator, constraint, dose)];
  };
  let halfSpaces: HalfSpaces = {
    ...rowHalfSpaces(constraints),
    planes: constraints.flatMap((constraint) => plane(constraint, start.dose)),
  };
  for (let round = 1; ; round++) {
    const found = searchFeasible(operator, halfSpaces, sample, { start, isOver, ...options });
    evaluations += found.evaluations;
    const violation = violationOfAll(constraints, found.dose);
    const shallow = constraints.filter(
      (c) => c.kind === 'convex' && violationOf(c, found.dose).amount > DEPTH * Math.min(0, found.violation),
    );
    const isEnd = found.violation >= 0 || shallow.length === 0 || round >= ROUNDS || isOver();
    if (isEnd || found.leastViolation > 0) {
      return {
        weights: found.weights,
        dose: found.dose,
        violation,
        leastViolation: found.leastViolation,
        parts: partsOf(constraints, halfSpaces, found.multipliers),
        evaluations,
      };
    }
    halfSpaces = { ...halfSpaces, planes: [...halfSpaces.planes, ...shallow.flatMap((c) => plane(c, found.dose))] };
    start = found;
  }
}

const planeOf = (
  operator: LinearOperator,
  { name, rows, coefficients, bound }: Extract<Constraint, { kind: 'linear' }>,
): Plane => createPlane(operator, name, rows, coefficients, bound);

function partsOf(constraints: readonly Constraint[], { rows, planes }: HalfSpaces, multipliers: Multipliers): number[] {
  let offset = 0;
  return constraints.map((constraint) => {
    if (constraint.kind !== 'voxels') {
      const own = planes.map((p, q) => (p.name === constraint.name ? multipliers[rows.length + q]! : 0));
      return own.reduce((a, b) => a + b, 0);
    }
    const end = offset + constraint.rows.length;
    const sum = multipliers.subarray(offset, end).reduce((a, b) => a + b, 0);
    offset = end;
    return sum;
  });
}

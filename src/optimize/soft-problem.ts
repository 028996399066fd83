/**
 * A problem with constraints that may be missed at a price: one more column t_g >= 0 for each, one more row for each of its voxels.
 *
 *     minimise F(A w) + sum_g (c_g + p_g t_g / scale_g)    subject to   w >= 0, t >= 0, the hard constraints, and
 *     sign d_i - t_g <= sign bound_i,   a'd - t_g <= bound,   f(d) - t_g <= bound
 *
 * The rows of the operator come first and keep their numbers, then one for each voxel of a soft constraint, sign d - t, then one for each
 * t. Where F and the constraints are convex, so is the whole. With t large enough every w is permitted: a start is no search.
 *
 * Above its shadow price p_g is a penalty that is exact: t_g is 0 at the optimum. Any p_g >= 0 leaves a lower bound that holds for the
 * plans that keep the constraint, as those have t_g = 0.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { Certificate } from './certificate.js';
import { type Constraint, violationOf } from './constraint.js';
import type { VoxelSample } from './normal-matrix.js';
import { type Objective, shown } from './objective/objective.js';
import type { Problem } from './problem.js';
import type { StartingPoint } from './start.js';

/** A constraint that may be missed at a price. */
export interface SoftConstraint {
  readonly constraint: Constraint;
  /** Gy that it is measured in. */
  readonly scale: number;
  /** What missing it by its scale adds to the objective. */
  readonly price: number;
  /** What it adds anyhow, so that a relative gap means something where nothing is missed. */
  readonly constant: number;
}

export interface SoftProblem extends Problem {
  readonly sample: VoxelSample;
  readonly constraints: readonly Constraint[];
  /** Weights > 0 that keep all constraints with a margin. */
  readonly interior: Float64Array;
}

/** Of its scale and of its shortfall, what a column starts above it. */
const ABOVE = 0.1;

/**
 * @param problem  its constraints are the hard ones
 * @param soft     a column each
 * @param interior keeps the hard constraints with a margin
 */
export function softProblem(
  problem: Problem & { readonly sample: VoxelSample },
  soft: readonly SoftConstraint[],
  interior: StartingPoint,
): SoftProblem {
  const { operator, objectives, constraints = [] } = problem;
  const { rows, columns } = operator;
  const weight = interior.weights.reduce((a, b) => a + b, 0) / columns;
  const units = soft.map(({ scale }) => scale / weight);
  const softRows = soft.flatMap(({ constraint }, g) =>
    constraint.kind === 'voxels' ? Array.from(constraint.rows, (row) => ({ row, sign: constraint.sign, g })) : [],
  );
  const first = rows + softRows.length;
  const starts = soft.map(({ constraint, scale }, g) => {
    const missed = Math.max(0, violationOf(constraint, interior.dose).amount);
    return (missed * (1 + ABOVE) + ABOVE * scale) / units[g]!;
  });
  const { prescription } = problem;
  return {
    operator: softOperator(operator, softRows, units),
    objectives: [...objectives, sumOfShortfalls(soft, first)],
    constraints: [...constraints, ...softened(soft, rows, first)],
    sample: softSample(problem, softRows, units),
    interior: Float64Array.from([...interior.weights, ...starts]),
    ...(prescription && { prescription }),
  };
}

/**
 * The certificate of a soft problem with rows of the operator in place of its own.
 *
 * @param rows of the operator
 */
export function softCertificate(
  certificate: Certificate,
  soft: readonly Pick<SoftConstraint, 'constraint'>[],
  rows: number,
): Certificate {
  const ownRows = new Map<string, { readonly rows: Int32Array; readonly first: number }>();
  let first = rows;
  for (const { constraint } of soft) {
    if (constraint.kind !== 'voxels') continue;
    ownRows.set(constraint.name, { rows: constraint.rows, first });
    first += constraint.rows.length;
  }
  const prices = certificate.prices.map((price) => {
    const own = ownRows.get(price.limit);
    if (own === undefined) return price;
    return { ...price, active: price.active.map((one) => ({ ...one, row: own.rows[one.row - own.first]! })) };
  });
  return { ...certificate, prices };
}

/** A row that only a soft constraint has. */
interface SoftRow {
  /** Of the operator. */
  readonly row: number;
  readonly sign: 1 | -1;
  /** Which soft constraint it is of. */
  readonly g: number;
}

function softened(soft: readonly SoftConstraint[], rows: number, first: number): Constraint[] {
  let next = rows;
  return soft.map(({ constraint }, g): Constraint => {
    const { name, tightening = 0 } = constraint;
    if (constraint.kind === 'voxels') {
      const own = Int32Array.from(constraint.rows, () => next++);
      const bounds = constraint.bounds.map((bound) => constraint.sign * bound);
      return { kind: 'voxels', name, sign: 1, rows: own, bounds, tightening };
    }
    const own = Int32Array.from([...constraint.rows, first + g]);
    if (constraint.kind === 'linear') {
      return { ...constraint, rows: own, coefficients: Float64Array.from([...constraint.coefficients, -1]) };
    }
    return {
      ...constraint,
      rows: own,
      evaluate(dose, gradient) {
        gradient[first + g]! -= 1;
        return constraint.evaluate(dose, gradient) - dose[first + g]!;
      },
    };
  });
}

function softOperator(
  operator: LinearOperator,
  softRows: readonly SoftRow[],
  units: readonly number[],
): LinearOperator {
  const { rows, columns } = operator;
  const first = rows + softRows.length;
  const dose = new Float64Array(rows);
  return {
    rows: first + units.length,
    columns: columns + units.length,
    apply(weights, out) {
      out.set(operator.apply(weights.subarray(0, columns), dose));
      for (const [g, unit] of units.entries()) out[first + g] = unit * weights[columns + g]!;
      for (let k = 0; k < softRows.length; k++) {
        const { row, sign, g } = softRows[k]!;
        out[rows + k] = sign * dose[row]! - out[first + g]!;
      }
      return out;
    },
    applyTranspose(values, out) {
      dose.set(values.subarray(0, rows));
      const forces = Float64Array.from(units, (_, g) => values[first + g]!);
      for (let k = 0; k < softRows.length; k++) {
        const { row, sign, g } = softRows[k]!;
        const value = values[rows + k]!;
        dose[row]! += sign * value;
        forces[g]! -= value;
      }
      operator.applyTranspose(dose, out.subarray(0, columns));
      for (const [g, unit] of units.entries()) out[columns + g] = unit * forces[g]!;
      return out;
    },
  };
}

/** sum over all of constant + price t / scale */
function sumOfShortfalls(soft: readonly SoftConstraint[], first: number): Objective {
  const constant = soft.reduce((sum, own) => sum + own.constant, 0);
  const terms = soft.map(({ constraint, scale, price }) => `${shown(price / scale)} shortfall[${constraint.name}]`);
  return {
    name: 'shortfall',
    weight: 1,
    isConvex: true,
    isLinear: true,
    rows: Int32Array.from(soft, (_, g) => first + g),
    describe: () => [...(constant > 0 ? [shown(constant)] : []), ...terms].join(' + '),
    evaluate(dose, gradient) {
      let value = constant;
      soft.forEach(({ scale, price }, g) => {
        value += (price * dose[first + g]!) / scale;
        gradient[first + g]! += price / scale;
      });
      return value;
    },
    addCurvature() {
      // It is linear.
    },
  };
}

/** Rows of their own for soft constraints; without objectives nothing but constraints curves, and rows of others are left out. */
function softSample(
  { sample, operator, objectives, constraints = [] }: Problem & { readonly sample: VoxelSample },
  softRows: readonly SoftRow[],
  units: readonly number[],
): VoxelSample {
  const { matrix, memberOf, isExact = false } = sample;
  const { columns } = operator;
  const held = new Uint8Array(memberOf.length).fill(objectives.length > 0 ? 1 : 0);
  const constrained = new Uint8Array(memberOf.length);
  for (const constraint of constraints) {
    if (constraint.kind === 'voxels') for (const row of constraint.rows) held[row] = constrained[row] = 1;
  }
  const members = new Map<number, number>();
  for (const member of memberOf) members.set(member, (members.get(member) ?? 0) + 1);
  const isAlone = (row: number): boolean => memberOf[row]! >= 0 && members.get(memberOf[row]!) === 1;
  const numbers = new Map<number, number>();
  const extended = new Int32Array(memberOf.length + softRows.length + units.length).fill(-1);
  memberOf.forEach((member, row) => {
    if (held[row] === 0 || member < 0) return;
    if (!numbers.has(member)) numbers.set(member, numbers.size);
    extended[row] = numbers.get(member)!;
  });
  const width = columns + units.length;
  const count = numbers.size + softRows.length;
  const out = new Float32Array(count * width);
  for (const [member, number] of numbers) {
    out.set(matrix.subarray(member * columns, (member + 1) * columns), number * width);
  }
  softRows.forEach(({ row, sign, g }, k) => {
    const number = numbers.size + k;
    extended[memberOf.length + k] = number;
    const member = memberOf[row]!;
    if (member >= 0) for (let c = 0; c < columns; c++) out[number * width + c] = sign * matrix[member * columns + c]!;
    out[number * width + columns + g] = -units[g]!;
  });
  const isOwn =
    isExact && constrained.every((is, row) => is === 0 || isAlone(row)) && softRows.every(({ row }) => isAlone(row));
  return { matrix: out, count, memberOf: extended, isExact: isOwn };
}

/**
 * A preconditioner of the operator's, for the search of the least violation: one column more, which every half-space sees with -1.
 *
 *     N = [ A'C'DCA + E   -v  ]        v = A'C'D 1,   c = sum D + e
 *         [     -v'        c  ]
 *
 * The inner one stands for A'C'DCA + E; the border is exact. Where the inner one is off, the corner that is left, c - v' N^-1 v, could
 * fall below zero: it keeps a part of c, so that the whole stays positive definite.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import { addForces, type HalfSpaces, halfSpaceCount } from './half-spaces.js';
import type { Preconditioner, RankOne } from './preconditioner.js';

/** Of the corner, what is left of it at least. */
const LEAST_CORNER = 1e-6;

export class BorderedNormal implements Preconditioner {
  private readonly border: Float64Array;
  private readonly along: Float64Array;
  private corner = 1;

  /** @param inner is its owner's, and not closed */
  constructor(
    private readonly inner: Preconditioner,
    private readonly operator: LinearOperator,
    private readonly constraints: HalfSpaces,
  ) {
    this.border = new Float64Array(operator.columns);
    this.along = new Float64Array(operator.columns);
  }

  update(
    rowDiagonal: Float64Array,
    columnDiagonal: Float64Array,
    _terms?: readonly RankOne[],
    roughness?: number,
    isOver?: () => boolean,
  ): boolean {
    const { inner, operator, constraints, border, along } = this;
    const { rows, planes } = constraints;
    const m = halfSpaceCount(constraints);
    const stiffness = rowDiagonal.subarray(0, m);
    const ofRows = new Float64Array(operator.rows);
    for (let k = 0; k < rows.length; k++) ofRows[rows[k]!]! += stiffness[k]!;
    const terms = planes.map(({ column }, p) => ({ vector: column, scale: stiffness[rows.length + p]! }));
    const n = operator.columns;
    if (!inner.update(ofRows, columnDiagonal.subarray(0, n), terms, roughness, isOver)) return false;
    const forces = new Float64Array(operator.rows);
    addForces(constraints, stiffness, forces);
    operator.applyTranspose(forces, border);
    inner.solve(border, along);
    const whole = stiffness.reduce((sum, d) => sum + d, columnDiagonal[n]!);
    this.corner = Math.max(LEAST_CORNER * whole, whole - dot(border, along));
    return true;
  }

  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { inner, border, along, corner } = this;
    const n = border.length;
    const last = right[n]!;
    const own = inner.solve(right.slice(0, n), new Float64Array(n));
    const u = (last + dot(border, own)) / corner;
    for (let c = 0; c < n; c++) out[c] = own[c]! + u * along[c]!;
    out[n] = u;
    return out;
  }

  close(): void {}
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

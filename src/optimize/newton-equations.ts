/**
 * The linear equations of an interior-point step, by conjugate gradients with the operator itself,
 *
 *     (A' D A + E + terms) dw = right,
 *
 * preconditioned by a factor of something near. Where constraints alone curve and their rows are at hand, these are asked in place of the operator.
 */

import type { ConstraintProducts } from './constraint-products.js';
import { complementarityOf, type Unknowns } from './direction.js';
import { ExactNormal, MOST_COLUMNS } from './exact-normal.js';
import type { InteriorProblem, StepOptions } from './interior-problem.js';
import type { Preconditioner, RankOne } from './preconditioner.js';

/** The matrix A' D A + E + terms. */
interface NewtonSystem {
  readonly rowDiagonal: Float64Array;
  readonly columnDiagonal: Float64Array;
  readonly terms: readonly RankOne[];
  /** Of all half-spaces, where nothing else curves and their rows are at hand: then the operator is not asked. */
  readonly stiffness?: Float64Array;
}

/** Where a system is made: the unknowns, their dose, and what the objectives are there. */
export interface NewtonPoint extends Unknowns {
  readonly dose: Float64Array;
  readonly value: number;
}

/** How well a prediction is solved where products cost little. */
const PREVIEW_PRODUCTS = 3;
const PREVIEW_ACCURACY = 0.1;
/** Relative residual from which on the system is not what stands between the plan and its proof. */
const SOLVED = 3e-3;
/** How much the preconditioner may leave out, per gap that is left as a fraction of the objective, and at most. */
const ROUGH = 0.01;
const MOST_ROUGH = 0.2;

export class NewtonEquations {
  /** Products with the operator and its transpose, half each. */
  products = 0;
  private system: NewtonSystem;
  private dose: Float64Array;
  private exact: ExactNormal | undefined;
  private readonly scratchRows: Float64Array;
  private readonly scratchColumns: Float64Array;

  constructor(
    private readonly problem: InteriorProblem,
    private readonly normal: Preconditioner,
    private readonly constraintProducts: ConstraintProducts,
  ) {
    const { rows, columns } = problem.operator;
    this.scratchRows = new Float64Array(rows);
    this.scratchColumns = new Float64Array(columns);
    this.dose = this.scratchRows;
    this.system = { rowDiagonal: this.scratchRows, columnDiagonal: this.scratchColumns, terms: [] };
  }

  /** Whether the inverse is that of the system itself, to Float64. */
  get isExact(): boolean {
    return this.exact !== undefined;
  }

  private get inverse(): Preconditioner {
    return this.exact ?? this.normal;
  }

  /** Whether the operator is not asked. */
  get isOfRows(): boolean {
    return this.system.stiffness !== undefined;
  }

  /** The system at a point; the preconditioner is made for it. False where time was over before it was made. */
  update(at: NewtonPoint, isOver?: () => boolean): boolean {
    const { problem } = this;
    const { weights, reduced, slacks, multipliers, dose, value } = at;
    const rowDiagonal = new Float64Array(dose.length);
    for (const objective of problem.objectives) objective.addCurvature(dose, rowDiagonal);
    const isFlat = problem.isPatient && this.constraintProducts.isCheap && rowDiagonal.every((d) => d === 0);
    const stiffness = quotients(multipliers, slacks);
    const { rows, planes } = problem.constraints;
    for (let i = 0; i < rows.length; i++) rowDiagonal[rows[i]!]! += stiffness[i]!;
    const columnDiagonal = quotients(reduced, weights);
    const terms = planes.map(({ column }, p) => ({ vector: column, scale: stiffness[rows.length + p]! }));
    const roughness = problem.isPatient
      ? 0
      : Math.min(MOST_ROUGH, (ROUGH * complementarityOf(at)) / (Math.abs(value) || 1e-9));
    if (problem.isPatient && this.normal instanceof ExactNormal) this.exact = this.normal;
    else if (isFlat && weights.length <= MOST_COLUMNS) this.exact ??= new ExactNormal(problem.sample!, weights.length);
    const isMade = this.inverse.update(rowDiagonal, columnDiagonal, terms, roughness, isOver);
    if (!isMade) return false;
    this.system = { rowDiagonal, columnDiagonal, terms, ...(isFlat && { stiffness }) };
    this.dose = dose;
    return true;
  }

  /** The change that answers a right side: as the preconditioner sees it, or, where that costs little, as it is. */
  approximate(right: Float64Array): Float64Array {
    const { system } = this;
    const out = new Float64Array(right.length);
    if (!system.stiffness) return this.inverse.solve(right, out);
    const options = { leastMu: 0, maxProducts: PREVIEW_PRODUCTS, accuracy: PREVIEW_ACCURACY };
    return this.solve(right, options, () => true).change;
  }

  solve(
    right: Float64Array,
    options: StepOptions,
    isEnough: (x: Float64Array, residual: Float64Array) => boolean,
  ): { change: Float64Array; doseChange: Float64Array } {
    const n = right.length;
    const x = new Float64Array(n);
    const doseOfX = new Float64Array(this.dose.length);
    const residual = right.slice();
    const { inverse } = this;
    const z = inverse.solve(residual, new Float64Array(n));
    const direction = z.slice();
    const image = new Float64Array(n);
    const doseOfDirection = new Float64Array(this.dose.length);
    let rz = dot(residual, z);
    const enough = options.accuracy ** 2 * rz;
    const solved = Math.min(this.normal.solved ?? SOLVED, options.accuracy) ** 2 * rz;
    for (let q = 0; q < options.maxProducts && rz > 0; q++) {
      this.product(direction, doseOfDirection, image);
      const curvature = dot(direction, image);
      if (!(curvature > 0)) break;
      const step = rz / curvature;
      for (let c = 0; c < n; c++) {
        x[c]! += step * direction[c]!;
        residual[c]! -= step * image[c]!;
      }
      for (let i = 0; i < doseOfX.length; i++) doseOfX[i]! += step * doseOfDirection[i]!;
      if (options.isOver?.()) break;
      inverse.solve(residual, z);
      const next = dot(residual, z);
      if (next <= enough && (next <= solved || isEnough(x, residual))) break;
      for (let c = 0; c < n; c++) direction[c] = z[c]! + (next / rz) * direction[c]!;
      rz = next;
    }
    return { change: x, doseChange: doseOfX };
  }

  /** out = (A' D A + E + terms) direction; the dose of the direction on the way, where the operator is asked. */
  private product(direction: Float64Array, doseChange: Float64Array, out: Float64Array): void {
    const { rowDiagonal, columnDiagonal, terms, stiffness } = this.system;
    if (stiffness) {
      const forces = this.constraintProducts.changes(direction);
      for (let k = 0; k < forces.length; k++) forces[k]! *= stiffness[k]!;
      out.set(this.constraintProducts.constraintGradient(forces));
      for (let c = 0; c < out.length; c++) out[c]! += columnDiagonal[c]! * direction[c]!;
      return;
    }
    const { operator, objectives } = this.problem;
    operator.apply(direction, doseChange);
    this.products += 0.5;
    const values = this.scratchRows;
    for (let i = 0; i < values.length; i++) values[i] = rowDiagonal[i]! * doseChange[i]!;
    for (const objective of objectives) objective.addCoupling?.(this.dose, doseChange, values);
    out.set(operator.applyTranspose(values, this.scratchColumns));
    this.products += 0.5;
    for (let c = 0; c < out.length; c++) out[c]! += columnDiagonal[c]! * direction[c]!;
    for (const { vector, scale } of terms) {
      const along = scale * dot(vector, direction);
      for (let c = 0; c < out.length; c++) out[c]! += along * vector[c]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function quotients(over: Float64Array, under: Float64Array): Float64Array {
  const out = new Float64Array(under.length);
  for (let i = 0; i < out.length; i++) out[i] = over[i]! / under[i]!;
  return out;
}

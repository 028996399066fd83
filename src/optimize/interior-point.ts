/**
 * A primal-dual interior-point method for dose problems, matrix-free.
 *
 *     minimise F(A w)   subject to   w >= 0,  C A w <= b
 *
 * Weights w and slacks s = b - C A w stay positive, so every iterate keeps every limit. One step solves, for a falling mu,
 *
 *     (A' D A + Z / W) dw = mu / w - A' (F' + C' mu / s),     D = F'' + C' (L / S) C
 *
 * by conjugate gradients with the operator itself, preconditioned by a Cholesky factor from a sample of its rows. At mu the
 * multipliers are z = mu / w and l = mu / s: all positive, so the reduced costs A' (F' + C' l) = z prove a lower bound, and
 * what is left of the gap is mu times the number of unknowns and limits. That is why this method is here: quasi-Newton
 * iterations in an augmented Lagrangian reach good plans as soon, and prove nothing about them.
 *
 * @see Nocedal and Wright, Numerical Optimization (2nd ed.), chapter 19
 * @see Mehrotra, SIAM J. Optim. 2 (1992) 575, doi:10.1137/0802028
 */
import type { LinearOperator } from '../core/linear-operator.js';
import {
  addForces,
  changesOf,
  evaluateAll,
  type HalfSpaces,
  halfSpaceCount,
  type Multipliers,
  slacksOf,
} from './half-spaces.js';
import { LimitProducts } from './limit-products.js';
import type { NormalMatrix, RankOne, RowSample } from './normal-matrix.js';
import type { Objective } from './objective/objective.js';

export interface InteriorProblem {
  readonly operator: LinearOperator;
  readonly objectives: readonly Objective[];
  readonly limits: HalfSpaces;
  /** Where the rows of the limits stand by themselves, steps cost less. @default the operator is asked */
  readonly sample?: RowSample;
}

export interface StepOptions {
  /** mu is not lowered below this. */
  readonly leastMu: number;
  /** Products of the operator per step, at most. */
  readonly maxProducts: number;
  /** Residual of the linear system, relative, in the preconditioner's norm. */
  readonly accuracy: number;
  /** Asked in steps to the least mu with what the reduced costs would be then; more products are made until it is true. */
  readonly isEnough?: (reducedCosts: Float64Array) => boolean;
}

/** The matrix A' D A + E + terms. */
interface NewtonSystem {
  readonly rowDiagonal: Float64Array;
  readonly columnDiagonal: Float64Array;
  readonly terms: readonly RankOne[];
}

/** Fractions to which mu may fall in one step. */
const LEAST_CENTRING = 0.02;
const MOST_CENTRING = 0.5;
/** No weight and no slack loses more than this fraction in one step. */
const BOUNDARY = 0.99;
/** How much the preconditioner may leave out, per gap that is left as a fraction of the objective, and at most. */
const ROUGH = 0.01;
const MOST_ROUGH = 0.2;
/** Halvings of a step before the method gives up. */
const HALVINGS = 30;

export class InteriorPoint {
  readonly weights: Float64Array;
  readonly dose: Float64Array;
  readonly multipliers: Multipliers;
  /** Multipliers z of w >= 0. */
  readonly reduced: Float64Array;
  value = 0;
  private products = 0;
  private readonly limitProducts: LimitProducts;
  /** A' F' at the present dose, once it is known. */
  private gradient: Float64Array | undefined;
  private readonly slacks: Float64Array;
  private readonly rowGradient: Float64Array;
  private readonly scratchRows: Float64Array;
  private readonly scratchColumns: Float64Array;

  /** @param start weights > 0 at which every slack is > 0, and their dose */
  constructor(
    private readonly problem: InteriorProblem,
    private readonly normal: NormalMatrix,
    start: { readonly weights: Float64Array; readonly dose: Float64Array },
  ) {
    const { operator, limits, sample } = problem;
    this.limitProducts = new LimitProducts(operator, limits, sample);
    this.weights = start.weights.slice();
    this.dose = start.dose.slice();
    this.multipliers = new Float64Array(halfSpaceCount(limits));
    this.slacks = new Float64Array(halfSpaceCount(limits));
    this.reduced = new Float64Array(operator.columns);
    this.rowGradient = new Float64Array(operator.rows);
    this.scratchRows = new Float64Array(operator.rows);
    this.scratchColumns = new Float64Array(operator.columns);
    this.refresh();
    this.startMultipliers();
  }

  /** sum z w + sum l s: the gap, once the reduced costs are z. */
  get complementarity(): number {
    const { weights, reduced, slacks, multipliers } = this;
    let sum = 0;
    for (let c = 0; c < weights.length; c++) sum += weights[c]! * reduced[c]!;
    for (let k = 0; k < slacks.length; k++) sum += slacks[k]! * multipliers[k]!;
    return sum;
  }

  /** Applications of the operator and of its transpose, half each. */
  get evaluations(): number {
    return this.products + this.limitProducts.evaluations;
  }

  get count(): number {
    return this.weights.length + this.slacks.length;
  }

  /** Takes in objectives whose levels have moved. */
  refresh(): void {
    this.value = evaluateAll(this.problem.objectives, this.dose, this.rowGradient.fill(0));
    slacksOf(this.problem.limits, this.dose, this.slacks);
    this.gradient = undefined;
  }

  /** A' F' at the present dose. */
  private currentGradient(): Float64Array {
    this.gradient ??= this.transpose(this.rowGradient).slice();
    return this.gradient;
  }

  /** A' (F' + C' l): the slopes of the tangent that proves the bound, by the operator itself. */
  proofSlopes(): Float64Array {
    const force = this.rowGradient.slice();
    addForces(this.problem.limits, this.multipliers, force);
    const slopes = this.transpose(force).slice();
    if (this.gradient === undefined && this.limitProducts.isCheap) {
      const pull = this.limitProducts.pull(this.multipliers);
      this.gradient = slopes.map((h, c) => h - pull[c]!);
    }
    return slopes;
  }

  /** Multipliers of equal products with their weights and slacks, of the size that the objective's pull on them has. */
  private startMultipliers(): void {
    const { weights, reduced, slacks, multipliers } = this;
    const gradient = this.currentGradient();
    let pull = 0;
    for (let c = 0; c < weights.length; c++) pull += Math.abs(gradient[c]! * weights[c]!);
    const mu = (0.1 * Math.max(pull, 1e-3 * Math.abs(this.value), 1e-12)) / weights.length;
    for (let c = 0; c < weights.length; c++) reduced[c] = mu / weights[c]!;
    for (let k = 0; k < slacks.length; k++) multipliers[k] = mu / slacks[k]!;
  }

  /**
   * One step: a predictor from the preconditioner alone says how far mu may fall and how the products of the pairs bend, then
   * the Newton system is solved with the operator.
   *
   * @returns the part of the step that was taken; 0 where none was possible
   */
  step(options: StepOptions): number {
    const { weights, reduced, slacks } = this;
    const columns = weights.length;
    const system = this.newtonSystem();
    const { mu, weightBend, slackBend } = this.predict(options);
    const gradient = this.currentGradient();
    const right = this.limitProducts.pull(Float64Array.from(slacks, (s, k) => (mu - slackBend[k]!) / s));
    for (let c = 0; c < columns; c++) right[c] = (mu - weightBend[c]!) / weights[c]! - gradient[c]! - right[c]!;
    const after = new Float64Array(columns);
    const { change, doseChange } = this.conjugateGradients(system, right, options, (x, residual) => {
      if (!options.isEnough || mu > options.leastMu) return true;
      for (let c = 0; c < columns; c++) {
        after[c] = (mu - weightBend[c]! - reduced[c]! * x[c]!) / weights[c]! - residual[c]!;
      }
      return options.isEnough(after);
    });
    return this.move(change, doseChange, mu, weightBend, slackBend);
  }

  /** The system at the present point; the preconditioner is made for it. */
  private newtonSystem(): NewtonSystem {
    const { weights, reduced, slacks, multipliers, problem, dose } = this;
    const rowDiagonal = new Float64Array(dose.length);
    for (const objective of problem.objectives) objective.addCurvature(dose, rowDiagonal);
    const stiffness = Float64Array.from(slacks, (s, k) => multipliers[k]! / s);
    const { rows, planes } = problem.limits;
    for (let i = 0; i < rows.length; i++) rowDiagonal[rows[i]!]! += stiffness[i]!;
    const columnDiagonal = Float64Array.from(weights, (w, c) => reduced[c]! / w);
    const terms = planes.map(({ column }, p) => ({ vector: column, scale: stiffness[rows.length + p]! }));
    const roughness = Math.min(MOST_ROUGH, (ROUGH * this.complementarity) / (Math.abs(this.value) || 1e-9));
    this.normal.update(rowDiagonal, columnDiagonal, terms, roughness);
    return { rowDiagonal, columnDiagonal, terms };
  }

  /**
   * How the best plan's dose changes per unit by which the bounds of some half-spaces give way: the derivative of the present
   * optimum, from one more Newton system. Right to about a percent at gaps of 0.1 to 1 %; far below, limits are so stiff that
   * the preconditioner's Float32 hides the rest.
   *
   * @param first the half-spaces [first, end)
   */
  response(first: number, end: number): Float64Array {
    const { slacks, multipliers } = this;
    const system = this.newtonSystem();
    const give = Float64Array.from(slacks, (s, k) => (k >= first && k < end ? multipliers[k]! / s : 0));
    const options = { leastMu: 0, maxProducts: 60, accuracy: 1e-4 };
    return this.conjugateGradients(system, this.limitProducts.pull(give), options, () => true).doseChange;
  }

  /** Change of the objective per unit of a change of dose. */
  slopeAlong(doseChange: Float64Array): number {
    return dot(this.rowGradient, doseChange);
  }

  /** Mehrotra's predictor: the step towards mu = 0, as the preconditioner sees it. */
  private predict({ leastMu }: StepOptions): { mu: number; weightBend: Float64Array; slackBend: Float64Array } {
    const { weights, reduced, slacks, multipliers } = this;
    const right = this.currentGradient().map((g) => -g);
    const change = this.normal.solve(right, right);
    const slackChange = this.limitProducts.changes(change).map((d) => -d);
    const reducedChange = reduced.map((z, c) => -z - (z / weights[c]!) * change[c]!);
    const multiplierChange = multipliers.map((l, k) => -l - (l / slacks[k]!) * slackChange[k]!);
    const length = Math.min(largestStep(weights, change), largestStep(slacks, slackChange));
    const dualLength = Math.min(largestStep(reduced, reducedChange), largestStep(multipliers, multiplierChange));
    let left = 0;
    for (let c = 0; c < weights.length; c++) {
      left += (weights[c]! + length * change[c]!) * (reduced[c]! + dualLength * reducedChange[c]!);
    }
    for (let k = 0; k < slacks.length; k++) {
      left += (slacks[k]! + length * slackChange[k]!) * (multipliers[k]! + dualLength * multiplierChange[k]!);
    }
    const now = this.complementarity;
    const centring = Math.min(MOST_CENTRING, Math.max(LEAST_CENTRING, (left / now) ** 3));
    // A predictor that could go only so far says only so much of how the pairs bend.
    const trust = length * dualLength;
    return {
      mu: Math.max(leastMu, (centring * now) / this.count),
      weightBend: change.map((d, c) => trust * d * reducedChange[c]!),
      slackBend: slackChange.map((d, k) => trust * d * multiplierChange[k]!),
    };
  }

  /** out = (A' D A + E + terms) direction; the dose of the direction on the way. */
  private product(system: NewtonSystem, direction: Float64Array, doseChange: Float64Array, out: Float64Array): void {
    const { rowDiagonal, columnDiagonal, terms } = system;
    this.apply(direction, doseChange);
    const values = this.scratchRows;
    for (let i = 0; i < values.length; i++) values[i] = rowDiagonal[i]! * doseChange[i]!;
    for (const objective of this.problem.objectives) objective.addCoupling?.(this.dose, doseChange, values);
    out.set(this.transpose(values));
    for (let c = 0; c < out.length; c++) out[c]! += columnDiagonal[c]! * direction[c]!;
    for (const { vector, scale } of terms) {
      const along = scale * dot(vector, direction);
      for (let c = 0; c < out.length; c++) out[c]! += along * vector[c]!;
    }
  }

  private conjugateGradients(
    system: NewtonSystem,
    right: Float64Array,
    options: StepOptions,
    isEnough: (x: Float64Array, residual: Float64Array) => boolean,
  ): { change: Float64Array; doseChange: Float64Array } {
    const n = right.length;
    const x = new Float64Array(n);
    const doseOfX = new Float64Array(this.dose.length);
    const residual = right.slice();
    const z = this.normal.solve(residual, new Float64Array(n));
    const direction = z.slice();
    const image = new Float64Array(n);
    const doseOfDirection = new Float64Array(this.dose.length);
    let rz = dot(residual, z);
    const enough = options.accuracy ** 2 * rz;
    for (let q = 0; q < options.maxProducts && rz > 0; q++) {
      this.product(system, direction, doseOfDirection, image);
      const bend = dot(direction, image);
      if (!(bend > 0)) break;
      const step = rz / bend;
      for (let c = 0; c < n; c++) {
        x[c]! += step * direction[c]!;
        residual[c]! -= step * image[c]!;
      }
      for (let i = 0; i < doseOfX.length; i++) doseOfX[i]! += step * doseOfDirection[i]!;
      this.normal.solve(residual, z);
      const next = dot(residual, z);
      if (next <= enough && isEnough(x, residual)) break;
      for (let c = 0; c < n; c++) direction[c] = z[c]! + (next / rz) * direction[c]!;
      rz = next;
    }
    return { change: x, doseChange: doseOfX };
  }

  /** As far along the step as weights, slacks and multipliers stay positive and the barrier function falls. */
  private move(
    change: Float64Array,
    doseChange: Float64Array,
    mu: number,
    weightBend: Float64Array,
    slackBend: Float64Array,
  ): number {
    const { weights, reduced, slacks, multipliers, dose } = this;
    const slackChange = changesOf(this.problem.limits, doseChange, new Float64Array(slacks.length));
    for (let k = 0; k < slacks.length; k++) slackChange[k] = -slackChange[k]!;
    const reducedChange = Float64Array.from(
      weights,
      (w, c) => (mu - weightBend[c]! - reduced[c]! * change[c]!) / w - reduced[c]!,
    );
    const multiplierChange = Float64Array.from(
      slacks,
      (s, k) => (mu - slackBend[k]! - multipliers[k]! * slackChange[k]!) / s - multipliers[k]!,
    );
    let length = Math.min(largestStep(weights, change), largestStep(slacks, slackChange));
    const dualLength = Math.min(largestStep(reduced, reducedChange), largestStep(multipliers, multiplierChange));

    const trial = this.scratchRows;
    const ignored = new Float64Array(dose.length);
    const barrier = (t: number): number => {
      for (let i = 0; i < trial.length; i++) trial[i] = dose[i]! + t * doseChange[i]!;
      let logs = 0;
      for (let c = 0; c < weights.length; c++) logs += Math.log(1 + (t * change[c]!) / weights[c]!);
      for (let k = 0; k < slacks.length; k++) logs += Math.log(1 + (t * slackChange[k]!) / slacks[k]!);
      return evaluateAll(this.problem.objectives, trial, ignored) - mu * logs;
    };
    // The corrector may climb by what mu leaves open; rounding of the value is no reason to shorten a step either.
    const most = this.value + mu * this.count + 1e-10 * Math.abs(this.value);
    let halvings = 0;
    while (!(barrier(length) <= most)) {
      if (++halvings > HALVINGS) return 0;
      length /= 2;
    }
    for (let c = 0; c < weights.length; c++) {
      weights[c]! += length * change[c]!;
      reduced[c]! += dualLength * reducedChange[c]!;
    }
    for (let i = 0; i < dose.length; i++) dose[i]! += length * doseChange[i]!;
    for (let k = 0; k < slacks.length; k++) multipliers[k]! += dualLength * multiplierChange[k]!;
    this.refresh();
    return Math.min(length, dualLength);
  }

  /** The dose once more from the weights: steps leave rounding behind. */
  recompute(): void {
    this.apply(this.weights, this.dose);
    this.refresh();
  }

  private apply(weights: Float64Array, out: Float64Array): void {
    this.problem.operator.apply(weights, out);
    this.products += 0.5;
  }

  /** Overwrites a scratch array of the instance. */
  private transpose(rowValues: Float64Array): Float64Array {
    this.products += 0.5;
    return this.problem.operator.applyTranspose(rowValues, this.scratchColumns);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The largest step up to 1 that leaves every value above (1 - BOUNDARY) of itself. */
function largestStep(values: Float64Array, changes: Float64Array): number {
  let step = 1;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! + step * changes[i]! < (1 - BOUNDARY) * values[i]!) step = (-BOUNDARY * values[i]!) / changes[i]!;
  }
  return step;
}

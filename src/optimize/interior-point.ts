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
 * @see Gondzio, Comput. Optim. Appl. 6 (1996) 137, doi:10.1007/BF00249643
 */
import type { LinearOperator } from '../core/linear-operator.js';
import { centredCurvatures, LEAST_GAIN, LONG, LONGER } from './centrality.js';
import { ConstraintProducts } from './constraint-products.js';
import { type Curvatures, complementarityAfter, complementarityOf, type Direction, directionOf } from './direction.js';
import { ExactNormal, MOST_COLUMNS } from './exact-normal.js';
import {
  addForces,
  changesOf,
  evaluateAll,
  type HalfSpaces,
  halfSpaceCount,
  type Multipliers,
  slacksOf,
} from './half-spaces.js';
import type { VoxelSample } from './normal-matrix.js';
import type { Objective } from './objective/objective.js';
import type { Preconditioner, RankOne } from './preconditioner.js';

export interface InteriorProblem {
  readonly operator: LinearOperator;
  readonly objectives: readonly Objective[];
  readonly constraints: HalfSpaces;
  /** Where the rows of the limits stand by themselves, steps cost less. @default the operator is asked */
  readonly sample?: VoxelSample;
  /**
   * Whether mu waits for the multipliers: it is not lowered below what the reduced costs are off, and no step is judged by the objective.
   * Linear objectives need that, as nothing but the constraints curves. @default false
   */
  readonly isPatient?: boolean;
}

export interface StepOptions {
  /** mu is not lowered below this. */
  readonly leastMu: number;
  /** Products of the operator per step, at most. */
  readonly maxProducts: number;
  /** Residual of the linear system, relative, in the preconditioner's norm. */
  readonly accuracy: number;
  /** Asked in steps to the least mu with what the reduced costs would be then; more products are made until it is true. */
  readonly isEnough?: ((reducedCosts: Float64Array) => boolean) | undefined;
  /** Asked between products: once true, the step is taken as far as it is solved. */
  readonly isOver?: (() => boolean) | undefined;
}

/** The matrix A' D A + E + terms. */
interface NewtonSystem {
  readonly rowDiagonal: Float64Array;
  readonly columnDiagonal: Float64Array;
  readonly terms: readonly RankOne[];
  /** Of all half-spaces, where nothing else curves and their rows are at hand: then the operator is not asked. */
  readonly stiffness?: Float64Array;
}

/** Fractions to which mu may fall in one step. */
const LEAST_CENTRING = 0.02;
const MOST_CENTRING = 0.5;
/** The same where the last step was taken wholly, and where half of it was. */
const FAST_CENTRING = 0.1;
const SLOW_CENTRING = 0.3;
/** How well a prediction is solved where products cost little. */
const PREVIEW_PRODUCTS = 3;
const PREVIEW_ACCURACY = 0.1;
/** Power of what a predictor would leave of the gap that mu falls by: with centred pairs steps are long, and 5 asks for more than Mehrotra's 3. */
const CENTRING_POWER = 5;
/** Centrality corrections per step, at most. */
const CORRECTIONS = 4;
/** After the first step the multipliers' part of the gap is at most this many times the objective. */
const FIRST_GAP = 4;
/** Of what the objective's pull on the weights is, the first multipliers' part. */
const FIRST_PART = 0.1;
/** Where mu waits, the first multipliers' part of the gap is at most this many times the objective. */
const PATIENT_GAP = 10;
/** Relative residual from which on the system is not what stands between the plan and its proof. */
const SOLVED = 3e-3;
/** How much the preconditioner may leave out, per gap that is left as a fraction of the objective, and at most. */
const ROUGH = 0.01;
const MOST_ROUGH = 0.2;
/** Part of the complementarity that residuals may add to the gap. */
const EXCESS = 0.5;
/** Halvings of a step before the method gives up. */
const HALVINGS = 30;

export class InteriorPoint {
  readonly weights: Float64Array;
  readonly dose: Float64Array;
  readonly multipliers: Multipliers;
  /** Multipliers z of w >= 0. */
  readonly reduced: Float64Array;
  value = 0;
  private isFirst = true;
  private lastLength = 0;
  private system: NewtonSystem | undefined;
  private exact: ExactNormal | undefined;
  private products = 0;
  private readonly constraintProducts: ConstraintProducts;
  /** A' F' at the present dose, once it is known. */
  private gradient: Float64Array | undefined;
  readonly slacks: Float64Array;
  private readonly rowGradient: Float64Array;
  private readonly scratchRows: Float64Array;
  private readonly scratchColumns: Float64Array;

  /** @param start weights > 0 at which every slack is > 0, and their dose */
  constructor(
    private readonly problem: InteriorProblem,
    private readonly normal: Preconditioner,
    start: { readonly weights: Float64Array; readonly dose: Float64Array },
  ) {
    const { operator, constraints, sample } = problem;
    this.constraintProducts = new ConstraintProducts(operator, constraints, sample);
    this.weights = start.weights.slice();
    this.dose = start.dose.slice();
    this.multipliers = new Float64Array(halfSpaceCount(constraints));
    this.slacks = new Float64Array(halfSpaceCount(constraints));
    this.reduced = new Float64Array(operator.columns);
    this.rowGradient = new Float64Array(operator.rows);
    this.scratchRows = new Float64Array(operator.rows);
    this.scratchColumns = new Float64Array(operator.columns);
    this.refresh();
    this.startMultipliers();
  }

  /** sum z w + sum l s: the gap, once the reduced costs are z. */
  get complementarity(): number {
    return complementarityOf(this);
  }

  /** The complementarity; where mu waits for the multipliers, with what these are off. */
  get distance(): number {
    return this.complementarity + (this.normal instanceof ExactNormal ? this.dualResidual() : 0);
  }

  /** Applications of the operator and of its transpose, half each. */
  get evaluations(): number {
    return this.products + this.constraintProducts.evaluations;
  }

  get count(): number {
    return this.weights.length + this.slacks.length;
  }

  /** Takes in objectives whose levels have moved. */
  refresh(): void {
    this.value = evaluateAll(this.problem.objectives, this.dose, this.rowGradient.fill(0));
    slacksOf(this.problem.constraints, this.dose, this.slacks);
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
    addForces(this.problem.constraints, this.multipliers, force);
    const slopes = this.transpose(force).slice();
    if (this.gradient === undefined && this.constraintProducts.isCheap) {
      const constraintGradient = this.constraintProducts.constraintGradient(this.multipliers);
      this.gradient = slopes.map((h, c) => h - constraintGradient[c]!);
    }
    return slopes;
  }

  /** Multipliers of equal products with their weights and slacks, of the size that the objective's pull on them has. */
  private startMultipliers(): void {
    const { weights, reduced, slacks, multipliers } = this;
    const gradient = this.currentGradient();
    let constraintGradient = 0;
    for (let c = 0; c < weights.length; c++) constraintGradient += Math.abs(gradient[c]! * weights[c]!);
    const isExact = this.problem.isPatient && this.normal instanceof ExactNormal;
    const largest = Math.max(constraintGradient, 1e-3 * Math.abs(this.value), 1e-12) / weights.length;
    const least = Math.max(1e-12, (PATIENT_GAP * Math.abs(this.value)) / this.count);
    const mu = isExact ? Math.min(largest, least) : (this.problem.isPatient ? 1 : FIRST_PART) * largest;
    for (let c = 0; c < weights.length; c++) reduced[c] = mu / weights[c]!;
    for (let k = 0; k < slacks.length; k++) multipliers[k] = mu / slacks[k]!;
  }

  /**
   * One step: a predictor from the preconditioner alone says how far mu may fall and how the products of the pairs curvature, then
   * the Newton system is solved with the operator.
   *
   * @returns the part of the step that was taken; 0 where none was possible
   */
  step(options: StepOptions): number {
    const { weights, reduced } = this;
    const columns = weights.length;
    const system = this.newtonSystem(options.isOver);
    if (system === undefined) return 0;
    this.system = system;
    const { mu, curvatures } =
      this.problem.isPatient && !this.exact && !system.stiffness ? this.patientTarget(options) : this.target(options);
    const right = this.rightSide(mu, curvatures);
    const after = new Float64Array(columns);
    const { change, doseChange } = this.conjugateGradients(system, right, options, (x, residual) => {
      if (!options.isEnough || mu > options.leastMu) return true;
      if (this.normal.solved !== undefined && excessOf(weights, x, residual) > EXCESS * mu * this.count) return false;
      for (let c = 0; c < columns; c++) {
        after[c] = (mu - curvatures.weights[c]! - reduced[c]! * x[c]!) / weights[c]! - residual[c]!;
      }
      return options.isEnough(after);
    });
    if (system.stiffness) this.apply(change, doseChange);
    const taken = this.move(change, doseChange, mu, curvatures);
    this.lastLength = taken;
    if (this.isFirst && !this.problem.isPatient) this.lowerMultipliers();
    return taken;
  }

  /** mu / w - A' (F' + C' mu / s), less what the curvatures ask for. */
  private rightSide(mu: number, curvatures: Curvatures): Float64Array {
    const { weights, slacks } = this;
    const gradient = this.currentGradient();
    const right = this.constraintProducts.constraintGradient(
      Float64Array.from(slacks, (s, k) => (mu - curvatures.slacks[k]!) / s),
    );
    for (let c = 0; c < right.length; c++)
      right[c] = (mu - curvatures.weights[c]!) / weights[c]! - gradient[c]! - right[c]!;
    return right;
  }

  /** The step to mu and curvatures as the preconditioner alone sees it. */
  private preview(mu: number, curvatures: Curvatures): Direction {
    const right = this.rightSide(mu, curvatures);
    const change = this.solved(right);
    return directionOf(this, change, this.constraintProducts.changes(change), mu, curvatures);
  }

  /** Curvatures that allow a longer step: as long as the preconditioner sees one get longer, pairs that would stray are pulled back. */
  private centre(mu: number, given: Curvatures): Curvatures {
    const { weights, reduced, slacks, multipliers } = this;
    let curvatures = given;
    let best = this.preview(mu, curvatures);
    for (let correction = 0; correction < CORRECTIONS; correction++) {
      if (best.length > LONG && best.dualLength > LONG) break;
      const length = Math.min(1, best.length + LONGER);
      const dualLength = Math.min(1, best.dualLength + LONGER);
      const next = {
        weights: centredCurvatures(
          curvatures.weights,
          { values: weights, step: best.weights, length },
          { values: reduced, step: best.reduced, length: dualLength },
          mu,
        ),
        slacks: centredCurvatures(
          curvatures.slacks,
          { values: slacks, step: best.slacks, length },
          { values: multipliers, step: best.multipliers, length: dualLength },
          mu,
        ),
      };
      const direction = this.preview(mu, next);
      const gained = direction.length + direction.dualLength - best.length - best.dualLength;
      if (gained <= 0) break;
      [curvatures, best] = [next, direction];
      if (gained < LEAST_GAIN) break;
    }
    return curvatures;
  }

  /**
   * Lowers the multipliers after the first step. It leads from equal weights to nearly the best plan without limits, but its multipliers
   * were chosen for the pull at the start, which is far larger.
   */
  private lowerMultipliers(): void {
    this.isFirst = false;
    const { weights, reduced, slacks, multipliers } = this;
    const largest = FIRST_GAP * Math.abs(this.value);
    if (!(this.complementarity > largest && largest > 0)) return;
    const mu = largest / this.count;
    for (let c = 0; c < weights.length; c++) reduced[c] = mu / weights[c]!;
    for (let k = 0; k < slacks.length; k++) multipliers[k] = mu / slacks[k]!;
  }

  /** sum w |A' (F' + C' l) - z|: what of the gap the complementarity does not show. */
  private dualResidual(): number {
    const { weights, reduced } = this;
    const gradient = this.currentGradient();
    const constraintGradient = this.constraintProducts.constraintGradient(this.multipliers);
    let sum = 0;
    for (let c = 0; c < weights.length; c++) {
      sum += weights[c]! * Math.abs(gradient[c]! + constraintGradient[c]! - reduced[c]!);
    }
    return sum;
  }

  /** The system at the present point; the preconditioner is made for it. Undefined where time was over before it was made. */
  private newtonSystem(isOver?: () => boolean): NewtonSystem | undefined {
    const { weights, reduced, slacks, multipliers, problem, dose } = this;
    const rowDiagonal = new Float64Array(dose.length);
    for (const objective of problem.objectives) objective.addCurvature(dose, rowDiagonal);
    const isFlat = problem.isPatient && this.constraintProducts.isCheap && rowDiagonal.every((d) => d === 0);
    const stiffness = Float64Array.from(slacks, (s, k) => multipliers[k]! / s);
    const { rows, planes } = problem.constraints;
    for (let i = 0; i < rows.length; i++) rowDiagonal[rows[i]!]! += stiffness[i]!;
    const columnDiagonal = Float64Array.from(weights, (w, c) => reduced[c]! / w);
    const terms = planes.map(({ column }, p) => ({ vector: column, scale: stiffness[rows.length + p]! }));
    const roughness = this.problem.isPatient
      ? 0
      : Math.min(MOST_ROUGH, (ROUGH * this.complementarity) / (Math.abs(this.value) || 1e-9));
    if (this.normal instanceof ExactNormal) this.exact = this.normal;
    else if (isFlat && weights.length <= MOST_COLUMNS) this.exact ??= new ExactNormal(problem.sample!, weights.length);
    const isMade = (this.exact ?? this.normal).update(rowDiagonal, columnDiagonal, terms, roughness, isOver);
    return isMade ? { rowDiagonal, columnDiagonal, terms, ...(isFlat && { stiffness }) } : undefined;
  }

  /** What the multipliers are off is part of the gap, and mu is not to fall below it. */
  private leastMu(asked: number): number {
    return this.problem.isPatient ? Math.max(asked, this.dualResidual() / this.count) : asked;
  }

  /** The change that answers a right side: as the preconditioner sees it, or, where that costs little, as it is. */
  private solved(right: Float64Array): Float64Array {
    const { system } = this;
    const out = new Float64Array(right.length);
    if (!system?.stiffness) return (this.exact ?? this.normal).solve(right, out);
    const options = { leastMu: 0, maxProducts: PREVIEW_PRODUCTS, accuracy: PREVIEW_ACCURACY };
    return this.conjugateGradients(system, right, options, () => true).change;
  }

  private target(options: StepOptions): { mu: number; curvatures: Curvatures } {
    const { mu, curvatures } = this.predict(options);
    return { mu, curvatures: this.centre(mu, curvatures) };
  }

  /** Where constraints alone curve, the preconditioner's rounding is all that a prediction would show: the last step has to say how far mu may fall. */
  private patientTarget({ leastMu }: StepOptions): { mu: number; curvatures: Curvatures } {
    const { weights, slacks } = this;
    const fraction = this.lastLength > LONG ? FAST_CENTRING : this.lastLength > 0.5 ? SLOW_CENTRING : MOST_CENTRING;
    return {
      mu: Math.max(this.leastMu(leastMu), (fraction * this.complementarity) / this.count),
      curvatures: { weights: new Float64Array(weights.length), slacks: new Float64Array(slacks.length) },
    };
  }

  /** Mehrotra's predictor: the step towards mu = 0, as the preconditioner sees it. */
  private predict({ leastMu }: StepOptions): { mu: number; curvatures: Curvatures } {
    const { weights, slacks } = this;
    const change = this.solved(this.currentGradient().map((g) => -g));
    const none = { weights: new Float64Array(weights.length), slacks: new Float64Array(slacks.length) };
    const step = directionOf(this, change, this.constraintProducts.changes(change), 0, none);
    const left = complementarityAfter(this, step);
    const now = this.complementarity;
    const centring = Math.min(MOST_CENTRING, Math.max(LEAST_CENTRING, (left / now) ** CENTRING_POWER));
    // A predictor that could go only so far says only so much of how the pairs curvature.
    const trust = step.length * step.dualLength;
    return {
      mu: Math.max(this.leastMu(leastMu), (centring * now) / this.count),
      curvatures: {
        weights: change.map((d, c) => trust * d * step.reduced[c]!),
        slacks: step.slacks.map((d, k) => trust * d * step.multipliers[k]!),
      },
    };
  }

  /** out = (A' D A + E + terms) direction; the dose of the direction on the way, where the operator is asked. */
  private product(system: NewtonSystem, direction: Float64Array, doseChange: Float64Array, out: Float64Array): void {
    const { rowDiagonal, columnDiagonal, terms, stiffness } = system;
    if (stiffness) {
      const forces = this.constraintProducts.changes(direction);
      for (let k = 0; k < forces.length; k++) forces[k]! *= stiffness[k]!;
      out.set(this.constraintProducts.constraintGradient(forces));
      for (let c = 0; c < out.length; c++) out[c]! += columnDiagonal[c]! * direction[c]!;
      return;
    }
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
    const inverse = this.exact ?? this.normal;
    const z = inverse.solve(residual, new Float64Array(n));
    const direction = z.slice();
    const image = new Float64Array(n);
    const doseOfDirection = new Float64Array(this.dose.length);
    let rz = dot(residual, z);
    const enough = options.accuracy ** 2 * rz;
    const solved = Math.min(this.normal.solved ?? SOLVED, options.accuracy) ** 2 * rz;
    for (let q = 0; q < options.maxProducts && rz > 0; q++) {
      this.product(system, direction, doseOfDirection, image);
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

  /** As far along the step as weights, slacks and multipliers stay positive and the barrier function falls. */
  private move(change: Float64Array, doseChange: Float64Array, mu: number, curvatures: Curvatures): number {
    const { weights, reduced, slacks, multipliers, dose } = this;
    // Where the system was solved with the rows at hand, multipliers fit what these see; the operator differs by rounding.
    const sides = this.system?.stiffness
      ? this.constraintProducts.changes(change)
      : changesOf(this.problem.constraints, doseChange, new Float64Array(slacks.length));
    const step = directionOf(this, change, sides, mu, curvatures);
    const { slacks: slackChange, dualLength } = step;
    let { length } = step;

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
    const largest = this.value + mu * this.count + 1e-10 * Math.abs(this.value);
    let halvings = 0;
    while (!this.problem.isPatient && !(barrier(length) <= largest)) {
      if (++halvings > HALVINGS) return 0;
      length /= 2;
    }
    for (let c = 0; c < weights.length; c++) {
      weights[c]! += length * change[c]!;
      reduced[c]! += dualLength * step.reduced[c]!;
    }
    for (let i = 0; i < dose.length; i++) dose[i]! += length * doseChange[i]!;
    for (let k = 0; k < slacks.length; k++) multipliers[k]! += dualLength * step.multipliers[k]!;
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

/** By how much reduced costs that are off by a residual put the bound below what the complementarity says. */
function excessOf(weights: Float64Array, change: Float64Array, residual: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < weights.length; c++) sum -= residual[c]! * (weights[c]! + change[c]!);
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

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
 * Where no start within the limits is at hand, it starts outside: slacks are positive all the same, s = b - C A w + e with an excess e
 * that every step lessens by its own length (`outside.ts`). From the first whole step on every iterate keeps every limit.
 *
 * @see Nocedal and Wright, Numerical Optimization (2nd ed.), chapter 19
 * @see Mehrotra, SIAM J. Optim. 2 (1992) 575, doi:10.1137/0802028
 * @see Gondzio, Comput. Optim. Appl. 6 (1996) 137, doi:10.1007/BF00249643
 */
import { ConstraintProducts } from './constraint-products.js';
import { type Curvatures, complementarityOf, type Direction, directionOf, isPossible } from './direction.js';
import { ExactNormal } from './exact-normal.js';
import { firstMu, loweredMu, setProducts } from './first-multipliers.js';
import { addForces, changesOf, evaluateAll, halfSpaceCount, type Multipliers, slacksOf } from './half-spaces.js';
import type { InteriorProblem, StepOptions } from './interior-problem.js';
import { NewtonEquations } from './newton-equations.js';
import { Outside } from './outside.js';
import type { Preconditioner } from './preconditioner.js';
import { centred, noCurvatures, patientFraction, predicted } from './step-target.js';

export type { InteriorProblem, StepOptions } from './interior-problem.js';

/** Part of the complementarity that residuals may add to the gap. */
const EXCESS = 0.5;
/** Halvings of a step before the method gives up. */
const HALVINGS = 30;

/** Where the method starts. */
export interface InteriorStart {
  readonly weights: Float64Array;
  readonly dose: Float64Array;
  /** Whether limits may be broken there. @default false */
  readonly isOutside?: boolean;
  /** What is known of the multipliers: of the weights, and of the first half-spaces. @default chosen anew */
  readonly known?:
    | { readonly reduced: Float64Array; readonly multipliers: Multipliers; readonly mu: number }
    | undefined;
}

export class InteriorPoint {
  readonly weights: Float64Array;
  readonly dose: Float64Array;
  readonly multipliers: Multipliers;
  /** Multipliers z of w >= 0. */
  readonly reduced: Float64Array;
  value = 0;
  private isFirst = true;
  private lastLength = 0;
  private products = 0;
  private readonly constraintProducts: ConstraintProducts;
  private readonly newton: NewtonEquations;
  /** Of a start outside the limits, until a step has led inside. */
  private outside: Outside | undefined;
  /** A' F' at the present dose, once it is known. */
  private gradient: Float64Array | undefined;
  readonly slacks: Float64Array;
  private readonly rowGradient: Float64Array;
  private readonly scratchRows: Float64Array;
  private readonly scratchColumns: Float64Array;

  /** @param start weights > 0 at which every slack is > 0, or which say that they are outside, and their dose */
  constructor(
    private readonly problem: InteriorProblem,
    private readonly normal: Preconditioner,
    start: InteriorStart,
  ) {
    const { operator, constraints, sample } = problem;
    this.constraintProducts = new ConstraintProducts(operator, constraints, sample);
    this.newton = new NewtonEquations(problem, normal, this.constraintProducts);
    this.weights = start.weights.slice();
    this.dose = start.dose.slice();
    this.multipliers = new Float64Array(halfSpaceCount(constraints));
    this.slacks = new Float64Array(halfSpaceCount(constraints));
    this.reduced = new Float64Array(operator.columns);
    this.rowGradient = new Float64Array(operator.rows);
    this.scratchRows = new Float64Array(operator.rows);
    this.scratchColumns = new Float64Array(operator.columns);
    this.refresh();
    if (start.isOutside) {
      this.outside = new Outside(constraints, this.slacks);
      this.refresh();
    }
    if (start.known) this.takeMultipliers(start.known);
    else this.startMultipliers();
  }

  /** Whether limits are broken still. */
  get isOutside(): boolean {
    return this.outside !== undefined;
  }

  /** Whether nothing but constraints curves, and systems are solved in Float64. */
  private get isExact(): boolean {
    return this.problem.isPatient === true && this.normal instanceof ExactNormal;
  }

  /** sum z w + sum l s: the gap, once the reduced costs are z. */
  get complementarity(): number {
    return complementarityOf(this);
  }

  /** The complementarity; where mu waits for the multipliers, with what these are off. */
  get distance(): number {
    return this.complementarity + (this.isExact ? this.dualResidual() : 0);
  }

  /** Applications of the operator and of its transpose, half each. */
  get evaluations(): number {
    return this.products + this.newton.products + this.constraintProducts.evaluations;
  }

  get count(): number {
    return this.weights.length + this.slacks.length;
  }

  /** Takes in objectives whose levels have moved. */
  refresh(): void {
    this.value = evaluateAll(this.problem.objectives, this.dose, this.rowGradient.fill(0));
    slacksOf(this.problem.constraints, this.dose, this.slacks);
    this.gradient = undefined;
    if (this.outside?.widen(this.slacks) === false) this.outside = undefined;
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

  /** Those of a point before, and of half-spaces that are new. */
  private takeMultipliers({ reduced, multipliers, mu }: NonNullable<InteriorStart['known']>): void {
    this.isFirst = false;
    this.reduced.set(reduced);
    for (let k = 0; k < this.slacks.length; k++)
      this.multipliers[k] = k < multipliers.length ? multipliers[k]! : mu / this.slacks[k]!;
  }

  /** Multipliers of equal products with their weights and slacks, of the size that the objective's pull on them has. */
  private startMultipliers(): void {
    const { problem, isExact } = this;
    setProducts(this, firstMu(this, this.currentGradient(), { isPatient: problem.isPatient === true, isExact }));
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
    const { newton } = this;
    if (!newton.update(this, options.isOver)) return 0;
    const { mu, curvatures } =
      this.problem.isPatient && !newton.isExact && !newton.isOfRows
        ? this.patientTarget(options)
        : this.target(options);
    const right = this.rightSide(mu, curvatures);
    const after = new Float64Array(columns);
    const { change, doseChange } = newton.solve(right, options, (x, residual) => {
      if (!options.isEnough || mu > options.leastMu) return true;
      if (this.normal.solved !== undefined && excessOf(weights, x, residual) > EXCESS * mu * this.count) return false;
      for (let c = 0; c < columns; c++) {
        after[c] = (mu - curvatures.weights[c]! - reduced[c]! * x[c]!) / weights[c]! - residual[c]!;
      }
      return options.isEnough(after);
    });
    if (newton.isOfRows) this.apply(change, doseChange);
    const taken = this.move(change, doseChange, mu, curvatures);
    this.lastLength = taken;
    if (this.isFirst && !this.problem.isPatient) this.lowerMultipliers();
    return taken;
  }

  /** mu / w - A' (F' + C' mu / s), less what the curvatures ask for. */
  private rightSide(mu: number, curvatures: Curvatures): Float64Array {
    const { weights, slacks } = this;
    const gradient = this.currentGradient();
    const forces = Float64Array.from(slacks, (s, k) => (mu - curvatures.slacks[k]!) / s);
    this.outside?.addForces(this, forces);
    const right = this.constraintProducts.constraintGradient(forces);
    for (let c = 0; c < right.length; c++)
      right[c] = (mu - curvatures.weights[c]!) / weights[c]! - gradient[c]! - right[c]!;
    return right;
  }

  /** The step to mu and curvatures as the preconditioner alone sees it. */
  private preview(mu: number, curvatures: Curvatures): Direction {
    const right = this.rightSide(mu, curvatures);
    const change = this.newton.approximate(right);
    return directionOf(this, change, this.sidesOf(change), mu, curvatures);
  }

  /** What the half-spaces see of a change, and of what is left of the excess. */
  private sidesOf(change: Float64Array): Float64Array {
    const sides = this.constraintProducts.changes(change);
    this.outside?.addTo(sides);
    return sides;
  }

  /**
   * Lowers the multipliers after the first step. It leads from equal weights to nearly the best plan without limits, but its multipliers
   * were chosen for the pull at the start, which is far larger.
   */
  private lowerMultipliers(): void {
    this.isFirst = false;
    const lower = loweredMu(this, this.complementarity);
    if (lower !== undefined) setProducts(this, lower);
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

  /** What the multipliers are off is part of the gap, and mu is not to fall below it. */
  private leastMu(asked: number): number {
    return this.problem.isPatient ? Math.max(asked, this.dualResidual() / this.count) : asked;
  }

  private target({ leastMu }: StepOptions): { mu: number; curvatures: Curvatures } {
    const none = noCurvatures(this);
    const change = this.newton.approximate(
      this.outside ? this.rightSide(0, none) : this.currentGradient().map((g) => -g),
    );
    const step = directionOf(this, change, this.sidesOf(change), 0, none);
    const { mu: asked, curvatures } = predicted(this, step);
    const mu = Math.max(this.leastMu(leastMu), asked);
    return { mu, curvatures: centred(this, mu, curvatures, (...to) => this.preview(...to)) };
  }

  /** Where constraints alone curve, the preconditioner's rounding is all that a prediction would show: the last step has to say how far mu may fall. */
  private patientTarget({ leastMu }: StepOptions): { mu: number; curvatures: Curvatures } {
    const asked = (patientFraction(this.lastLength) * this.complementarity) / this.count;
    return { mu: Math.max(this.leastMu(leastMu), asked), curvatures: noCurvatures(this) };
  }

  /** As far along the step as weights, slacks and multipliers stay positive and the barrier function falls. */
  private move(change: Float64Array, doseChange: Float64Array, mu: number, curvatures: Curvatures): number {
    const { weights, reduced, slacks, multipliers, dose } = this;
    // Where the system was solved with the rows at hand, multipliers fit what these see; the operator differs by rounding.
    const sides = this.newton.isOfRows
      ? this.constraintProducts.changes(change)
      : changesOf(this.problem.constraints, doseChange, new Float64Array(slacks.length));
    this.outside?.addTo(sides);
    const step = directionOf(this, change, sides, mu, curvatures);
    // The point stays as it is, which is a plan with its bound.
    if (!isPossible(step)) return 0;
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
    while (!this.problem.isPatient && this.outside === undefined && !(barrier(length) <= largest)) {
      if (++halvings > HALVINGS) return 0;
      length /= 2;
    }
    for (let c = 0; c < weights.length; c++) {
      weights[c]! += length * change[c]!;
      reduced[c]! += dualLength * step.reduced[c]!;
    }
    for (let i = 0; i < dose.length; i++) dose[i]! += length * doseChange[i]!;
    for (let k = 0; k < slacks.length; k++) multipliers[k]! += dualLength * step.multipliers[k]!;
    this.outside?.lessen(length);
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

/** The multipliers of a point, for one that goes on from it. */
export const knownOf = ({ reduced, multipliers, complementarity, count }: InteriorPoint): InteriorStart['known'] => ({
  reduced,
  multipliers,
  mu: complementarity / count,
});

/**
 * The best lower bound of a problem so far: the tangents of `lower-bound.ts` at the plans of an interior-point method.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { HalfSpaces } from './half-spaces.js';
import type { InteriorPoint } from './interior-point.js';
import { type Cut, cutsOf, findCuts, lowerBound, tangentAt } from './lower-bound.js';
import type { Objective } from './objective/objective.js';

export class Proof {
  /** -Infinity where nothing is proven yet. */
  bound = -Infinity;
  /** Tangents at higher doses and limits, which make up for slopes below zero. */
  cuts: readonly Cut[] = [];
  /** Products with the operator and its transpose, half each. */
  evaluations = 0;
  private readonly convexObjectives: readonly Objective[];

  constructor(
    private readonly operator: LinearOperator,
    private readonly objectives: readonly Objective[],
  ) {
    this.convexObjectives = objectives.filter((o) => o.isConvex);
  }

  /** A lower bound of a problem says nothing of another. */
  forget(): void {
    this.bound = -Infinity;
    this.cuts = [];
  }

  /** Once for a problem. */
  findCuts({ dose, multipliers }: InteriorPoint, halfSpaces: HalfSpaces): void {
    if (this.cuts.length > 0) return;
    const tangents = findCuts(this.operator, this.convexObjectives, halfSpaces, dose, multipliers);
    this.evaluations += tangents.length / 2;
    this.cuts = [...tangents, ...cutsOf(halfSpaces)];
  }

  /** What is proven at a plan. */
  take(point: InteriorPoint, halfSpaces: HalfSpaces): void {
    this.findCuts(point, halfSpaces);
    const { operator, convexObjectives } = this;
    const { dose, multipliers, weights } = point;
    const isConvex = convexObjectives.length === this.objectives.length;
    const slopes = isConvex ? point.proofSlopes() : undefined;
    if (!isConvex) this.evaluations += 0.5;
    const tangent = tangentAt(operator, convexObjectives, halfSpaces, dose, multipliers, { weights, known: slopes });
    this.bound = Math.max(this.bound, lowerBound(tangent, this.cuts, point.value));
  }
}

/**
 * The certificate of a plan: how far it can be from the best one, which limits cost what, and by how much any is broken.
 */

import { type Constraint, violationOf } from './constraint.js';
import { evaluateAll, type HalfSpaces, type Multipliers } from './half-spaces.js';
import type { Objective } from './objective/objective.js';

/** What a limit costs. */
export type ShadowPrice = Certificate['prices'][number];

/** The proof of a plan: how far it can be from the best one, what each limit costs, and by how much any is broken. */
export interface Certificate {
  /** The objective written out; it carries no additive constant. */
  readonly objective: string;
  /** Its value at the plan. */
  readonly value: number;
  /** No permitted plan has a smaller value; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** (value - lowerBound) / value */
  readonly gap: number | null;
  /** False: terms that are not convex are in the objective; the bound holds with these left out, as they are never negative. */
  readonly isConvex: boolean;
  /** The limit that is broken most, or nearest to it; `amount` in Gy is <= 0 where all are kept. Null without limits. */
  readonly violation: { readonly limit: string; readonly amount: number; readonly row: number } | null;
  /** Proven for limits that no plan keeps: none breaks them by less, Gy. */
  readonly leastViolation?: number;
  /** What each limit costs. */
  readonly prices: readonly {
    readonly limit: string;
    /** By how much the objective would fall per Gy that the limit gave way, in all of its voxels together. */
    readonly price: number;
    /** Voxels that the constraint holds back, the dearest first, with their part of the price; none for constraints over volumes. */
    readonly active: readonly { readonly row: number; readonly price: number }[];
  }[];
}

/** Below this fraction of a limit's dearest voxel one is not called active: interior points hold no multiplier at zero. */
const ACTIVE = 0.02;
/** Nor one with more room than this fraction of its bound: where no voxel holds, all multipliers are small alike. */
const HELD = 0.01;

export interface SolvedState {
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
  readonly halfSpaces: HalfSpaces;
  readonly multipliers: Multipliers;
  readonly dose: Float64Array;
  readonly value: number;
  readonly lowerBound: number;
  readonly leastViolation?: number | undefined;
}

export function certify(state: SolvedState): Certificate {
  const { objectives, value, lowerBound, leastViolation } = state;
  const isProven = Number.isFinite(lowerBound);
  return {
    objective: objectives.map((o) => o.describe()).join(' + '),
    value,
    lowerBound: isProven ? lowerBound : null,
    gap: gapOf(value, isProven ? lowerBound : null),
    isConvex: objectives.every((o) => o.isConvex),
    violation: worstViolation(state.constraints, state.dose),
    ...(leastViolation === undefined ? {} : { leastViolation }),
    prices: shadowPrices(state),
  };
}

/**
 * The certificate of the same problem at another dose, e.g. of a plan that was scaled afterwards: the lower bound stands, the
 * value moves.
 */
export function certifyAt(
  certificate: Certificate,
  objectives: readonly Objective[],
  constraints: readonly Constraint[],
  dose: Float64Array,
): Certificate {
  const value = evaluateAll(objectives, dose, new Float64Array(dose.length));
  const { lowerBound } = certificate;
  return { ...certificate, value, gap: gapOf(value, lowerBound), violation: worstViolation(constraints, dose) };
}

const gapOf = (value: number, bound: number | null): number | null =>
  bound !== null && value !== 0 ? (value - bound) / Math.abs(value) : null;

/** The limit that a dose breaks most, or comes nearest to breaking. */
export function worstViolation(constraints: readonly Constraint[], dose: Float64Array): Certificate['violation'] {
  let worst: Certificate['violation'] = null;
  for (const constraint of constraints) {
    const { amount, row } = violationOf(constraint, dose);
    if (worst === null || amount > worst.amount) worst = { limit: constraint.name, amount, row };
  }
  return worst;
}

function shadowPrices({ constraints, halfSpaces, multipliers, dose }: SolvedState): ShadowPrice[] {
  let offset = 0;
  const { rows, planes } = halfSpaces;
  const ofPlanes = (name: string): number =>
    planes.reduce((sum, p, q) => (p.name === name ? sum + multipliers[rows.length + q]! : sum), 0);
  const each = constraints.map((constraint): ShadowPrice => {
    if (constraint.kind !== 'voxels') return { limit: constraint.name, price: 0, active: [] };
    const own = multipliers.subarray(offset, offset + constraint.rows.length);
    offset += constraint.rows.length;
    const dearest = own.reduce((a, b) => Math.max(a, b), 0);
    const active = Array.from(constraint.rows, (row, q) => ({
      row,
      price: own[q]!,
      bound: constraint.bounds[q]!,
    })).filter((v) => v.price > ACTIVE * dearest && constraint.sign * (v.bound - dose[v.row]!) <= HELD * v.bound);
    return {
      limit: constraint.name,
      price: own.reduce((a, b) => a + b, 0),
      active: active.sort((a, b) => b.price - a.price || a.row - b.row).map(({ row, price }) => ({ row, price })),
    };
  });
  // Constraints of one name are one.
  const names = [...new Set(each.map(({ limit }) => limit))];
  return names.map((limit) => {
    const own = each.filter((one) => one.limit === limit);
    const price = own.reduce((sum, one) => sum + one.price, 0);
    return { limit, price: price + ofPlanes(limit), active: own.flatMap(({ active }) => active) };
  });
}

/**
 * The literature's limits on the cord's maximum, told as physical doses of a course in n fractions.
 *
 * A limit keeps its EQD2 at every n, tables by number of fractions their own row; where that is not what the source states it
 * for, a warning says so. What the prior course took off is its maximum in the cord, so that no registration enters.
 */

import { type CordTolerance, cordTolerances, toleranceEqd2 } from '../../biology/cord-tolerances.js';
import { doseOfRemainingEqd2 } from '../../biology/remaining-dose.js';
import { InvalidInputError } from '../../core/errors.js';
import { ownLimits } from '../evaluation/retreatment.js';
import { manyFractions } from '../evaluation/tolerance-rows.js';
import type { PlanCase } from '../input/plan-case.js';
import { levelOf } from '../input/spine-level.js';
import type { PatientModel } from '../patient/patient-model.js';
import { largestEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';

/** A limit of the literature on the cord's maximum, at one number of fractions. */
export interface FractionationLimit {
  readonly name: string;
  readonly title: string;
  readonly role: CordTolerance['role'];
  /** Physical Gy of this course that meets it, after the prior course's maximum. */
  readonly allowed: number;
  /** Where it is stated for another structure or other numbers of fractions. */
  readonly warnings: readonly string[];
}

/** Built-in limits and those of the case on a point of the cord, criteria first; no recovery is credited. */
export function literatureLimits(
  n: number,
  model: PatientModel,
  planCase: PlanCase,
  prior: PriorExposure | undefined,
): FractionationLimit[] {
  const found = new Map<number, number>();
  const before = (alphaBeta: number): number => {
    if (!found.has(alphaBeta)) found.set(alphaBeta, largestBefore(alphaBeta));
    return found.get(alphaBeta)!;
  };
  const largestBefore = (alphaBeta: number): number => {
    const known = prior === undefined ? undefined : largestEffect(prior, model, model.cord, 'eqd2', alphaBeta);
    if (typeof known === 'string') {
      throw new InvalidInputError(`fractionation: ${known}, and limits have several. Give the physical dose.`);
    }
    return known?.all ?? 0;
  };
  const context = {
    fractions: n,
    level: levelOf(planCase),
    ...(prior === undefined ? {} : { priorEqd2: before(2) }),
    tissue: /cauda/i.test(model.cord) ? 'cauda' : 'cord',
  } as const;
  const ofPoint = ({ metric, structure }: CordTolerance): boolean =>
    metric === 'Max' && ['cord', 'ThecalSac', model.cord].includes(structure);
  const builtIn = cordTolerances(context).filter(({ name }) => !planCase.retreatment.omit.includes(name));
  return [...builtIn, ...ownLimits(planCase, model)].filter(ofPoint).map((limit) => {
    const { name, title, role, structure, alphaBeta, fractions } = limit;
    return {
      name,
      title,
      role,
      allowed: doseOfRemainingEqd2(eqd2Left(limit, before(alphaBeta)), n, alphaBeta),
      warnings: [
        ...(structure === 'ThecalSac' ? [`stated for ThecalSac, applied to ${model.cord}: an extrapolation`] : []),
        ...(fractions === undefined ? [] : manyFractions(fractions, n)),
      ],
    };
  });
}

/** EQD2 that a limit leaves this course, Gy. */
function eqd2Left(limit: CordTolerance, before: number): number {
  if (limit.courses === 'share') return (before * limit.limit) / (100 - limit.limit);
  const largest = toleranceEqd2(limit)!;
  if (limit.courses === 'each') return before > largest ? 0 : largest;
  return limit.courses === 'all' ? largest - before : largest;
}

/**
 * A plan judged as a retreatment: every limit of the literature against this course and against both, what it leaves, and
 * which one binds; conventions of recovery and estimates of risk beside them, never in place of them.
 *
 * Doses of both courses are converted point by point in the structures as they are drawn, and added there; the sum of the maxima,
 * which needs no registration, stands beside the maximum of the sum. Where the prior dose is uniform the two are one.
 */

import { type CordTolerance, cordToleranceNames, cordTolerances } from '../../biology/cord-tolerances.js';
import type { Source } from '../../biology/evidence.js';
import { eqd2 } from '../../biology/linear-quadratic.js';
import type { SpineLevel } from '../../biology/risk.js';
import { InvalidInputError } from '../../core/errors.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import {
  type PriorExcess,
  type StructureTolerance,
  structureTolerances,
  type ToleranceCase,
} from '../constraint/structure-tolerance.js';
import type { PlanCase } from '../input/plan-case.js';
import { levelOf } from '../input/spine-level.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import type { DoseIn } from '../technique/drawn-dvh.js';
import { type RecoveryRow, type RiskEstimates, recoveryRows, riskOf } from './cord-estimates.js';
import { CumulativeDvhs } from './cumulative-dvhs.js';
import { type AssessmentRow, bindingRow, intervalRows, limitRows } from './tolerance-rows.js';

/** A plan judged as a retreatment: limits on both courses, what they leave, and what recovery and risk models say. */
export interface RetreatmentAssessment {
  readonly cord: string;
  readonly level: SpineLevel;
  readonly prior: PriorExposure;
  /** Largest dose of the cord: this course in physical Gy; the rest EQD2 with `alphaBeta`, no recovery, Gy. */
  readonly maximum: {
    readonly thisCourse: number;
    readonly alphaBeta: number;
    readonly thisEqd2: number;
    readonly priorEqd2: number;
    readonly cumulative: number;
    readonly sumOfMaxima: number;
  };
  /** D0.03cc of both courses, EQD2, no recovery, Gy. */
  readonly cumulativeNearMax: number;
  readonly rows: readonly AssessmentRow[];
  /** Of the criteria on the cord the one that leaves least. */
  readonly binding: AssessmentRow | undefined;
  /** Of the criteria on all structures. */
  readonly strictest: AssessmentRow | undefined;
  /** `none` first. */
  readonly recovery: readonly RecoveryRow[];
  readonly risk: RiskEstimates;
  /** Where the prior course alone is above a tolerance by voxel. */
  readonly exceeded: readonly PriorExcess[];
}

/** The dose of this course, as it is asked for. */
export interface CourseDose {
  /** By structure. */
  readonly doseIn: DoseIn;
  /** Physical. */
  readonly dvhs: ReadonlyMap<string, Dvh>;
  /** At the cord's points, Gy, as `planning-grid.ts` numbers them. */
  readonly doseOf?: (voxel: number) => number;
}

/**
 * @param tolerances of the case, where they are known already
 * @returns undefined where there was no prior course, or the cord lies outside the dose
 * @throws {InvalidInputError} if the prior dose is unknown in part of the cord
 */
export function assessRetreatment(
  model: PatientModel,
  planCase: ToleranceCase,
  prior: PriorExposure | undefined,
  { doseIn, dvhs, doseOf }: CourseDose,
  tolerances: readonly StructureTolerance[] = structureTolerances(model, planCase, prior),
): RetreatmentAssessment | undefined {
  const cord = dvhs.get(model.cord);
  if (prior === undefined || cord === undefined) return undefined;
  const both = new CumulativeDvhs(model, prior, doseIn, dvhs, doseOf);
  const alphaBeta = planCase.alphaBeta.cord;
  const sum = both.of(model.cord, 'eqd2', alphaBeta);
  if (typeof sum === 'string') throw new InvalidInputError(`retreatment: ${sum}.`);
  const level = levelOf(planCase);
  const { fractions } = planCase.prescription;
  const tissue = /cauda/i.test(model.cord) ? 'cauda' : 'cord';
  const before = both.largestPrior(model.cord, 'eqd2', 2);
  // Where it cannot be told, no row of a table by prior dose applies.
  const priorEqd2 = typeof before === 'string' ? Number.MAX_VALUE : before.all;
  const limits = [
    ...cordTolerances({ fractions, level, priorEqd2, tissue }).filter(
      ({ name }) => !planCase.retreatment.omit.includes(name),
    ),
    ...ownLimits(planCase, model),
  ];
  const rows = [
    ...limitRows(limits, { model, dvhs, both, fractions }),
    ...intervalRows(prior.months, level, fractions),
  ];
  const thisEqd2 = eqd2(cord.max, fractions, alphaBeta);
  // The courses were refused where they do not tell the cord's own alpha/beta.
  const { all: priorOwn } = both.largestPrior(model.cord, 'eqd2', alphaBeta) as { all: number };
  return {
    cord: model.cord,
    level,
    prior,
    maximum: {
      thisCourse: cord.max,
      alphaBeta,
      thisEqd2,
      priorEqd2: priorOwn,
      cumulative: sum.max,
      sumOfMaxima: priorOwn + thisEqd2,
    },
    cumulativeNearMax: evaluateMetric(parseMetric('D0.03cc'), sum).value,
    rows,
    binding: bindingRow(rows.filter(({ structure }) => structure === model.cord)),
    strictest: bindingRow(rows),
    recovery: recoveryRows(model, planCase, prior, doseIn(model.cord), { cord, sum }),
    risk: riskOf({ structure: model.cord, cord, both, fractions, level, alphaBeta, months: prior.months }),
    exceeded: tolerances.flatMap(({ exceeded }) => exceeded),
  };
}

/**
 * The limits that the case brings itself.
 *
 * @throws {InvalidInputError} for one on an unknown structure, or where it omits one that there is not
 */
export function ownLimits(
  planCase: Pick<PlanCase, 'retreatment'>,
  model: Pick<PatientModel, 'masks'>,
): CordTolerance[] {
  const known = cordToleranceNames();
  const typo = planCase.retreatment.omit.find((name) => !known.includes(name));
  if (typo !== undefined) {
    throw new InvalidInputError(
      `case: retreatment.omit names "${typo}", which is no limit. There are ${known.join(', ')}.`,
    );
  }
  return planCase.retreatment.limits.map((limit): CordTolerance => {
    if (!model.masks.has(limit.structure)) {
      throw new InvalidInputError(
        `case: retreatment.limits names "${limit.structure}", which is not a structure. There are ${[...model.masks.keys()].join(', ')}.`,
      );
    }
    const { fractions, source, ...rest } = limit;
    return { ...rest, title: limit.name, source: source as Source, ...(fractions === undefined ? {} : { fractions }) };
  });
}

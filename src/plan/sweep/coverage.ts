/**
 * The few numbers that a point of a sweep carries: coverage of the target, and the cord's maximum, of this course and of both.
 *
 * They are those of a plan's tables: of the engine's dose, in the structures as they are drawn.
 */
import { eqd2 } from '../../biology/linear-quadratic.js';
import { InvalidInputError } from '../../core/errors.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import { CumulativeDvhs } from '../evaluation/cumulative-dvhs.js';
import type { PatientModel } from '../patient/patient-model.js';
import { doseOfVoxel } from '../patient/planning-grid.js';
import { largestEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { cordDvh, type DoseIn, doseOfPlan, drawnDvh } from '../technique/drawn-dvh.js';
import type { TechniquePlan } from '../technique/technique-plan.js';

export interface Coverage {
  /** Of the target, Gy */
  readonly d95: number;
  readonly d98: number;
  /** Volume that receives 95 % of the prescription, percent of the target */
  readonly v95: number;
  /** Dose of what the prescription is to, Gy */
  readonly prescriptionDose: number;
}

/** Of the target of a finished plan. */
export function coverageOf(done: TechniquePlan, model: PatientModel, prescription: number): Coverage {
  const dvh = drawnDvh(model, model.target, doseOfPlan(done, model));
  const of = (metric: string): number => evaluateMetric(parseMetric(metric), dvh, { prescription }).value;
  return { d95: of('D95%'), d98: of('D98%'), v95: of('V95%'), prescriptionDose: done.solution.prescriptionDose };
}

/** Largest dose of a finished plan in the cord, Gy. */
export function cordMaximum(done: TechniquePlan, model: PatientModel): number {
  return cordDvh(model, doseOfPlan(done, model), doseOfVoxel(model, done)).max;
}

/** Largest EQD2 of the prior course in the cord, Gy. */
export function priorCordMaximum(model: PatientModel, prior: PriorExposure, alphaBeta: number): number {
  const known = largestEffect(prior, model, model.cord, 'eqd2', alphaBeta);
  if (typeof known === 'string') throw new InvalidInputError(`cord: ${known}.`);
  return known.all;
}

/**
 * Largest EQD2 of prior and new course in the cord, added point by point, without recovery, Gy.
 *
 * @param fractions of the new course
 * @param scale what its dose is multiplied by
 */
export function cumulativeMaximum(
  done: TechniquePlan,
  model: PatientModel,
  prior: PriorExposure | undefined,
  fractions: number,
  alphaBeta: number,
  scale = 1,
): number {
  if (prior === undefined) return eqd2(scale * cordMaximum(done, model), fractions, alphaBeta);
  const doseIn: DoseIn = (structure) => {
    const dose = doseOfPlan(done, model)(structure);
    return { ...dose, fractions, data: scale === 1 ? dose.data : dose.data.map((gray) => scale * gray) };
  };
  // What is unknown of the prior courses in the cord is refused before planning, as is an EQD2 of another alpha/beta.
  const atPoint = doseOfVoxel(model, done);
  const doseOf = (voxel: number): number => scale * atPoint(voxel);
  const own = new Map([[model.cord, cordDvh(model, doseIn, doseOf)]]);
  const both = new CumulativeDvhs(model, prior, doseIn, own, doseOf).of(model.cord, 'eqd2', alphaBeta);
  if (typeof both === 'string') throw new InvalidInputError(`cord: ${both}.`);
  return both.max;
}

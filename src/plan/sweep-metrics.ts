/**
 * The few numbers that a point of a sweep carries: coverage of the target, and the cord's maximum, of this course and of both.
 */
import { eqd2 } from '../biology/linear-quadratic.js';
import { createDvh } from '../evaluate/dvh.js';
import { parseMetric } from '../evaluate/metric-parser.js';
import { evaluateMetric } from '../evaluate/metric-value.js';
import type { DoseVolume } from '../geometry/volume.js';
import type { PatientModel } from './patient-model.js';
import type { PriorExposure } from './prior.js';
import { effectAt } from './prior-effect.js';
import type { TechniquePlan } from './technique.js';

export interface Coverage {
  /** Of the target, Gy */
  readonly d95: number;
  readonly d98: number;
  /** Volume that receives 95 % of the prescription, percent of the target */
  readonly v95: number;
  /** Dose of what the prescription is to, Gy */
  readonly prescriptionDose: number;
}

/** Of the engine's dose, as in every table of metrics. */
export function coverageOf(done: TechniquePlan, model: PatientModel, prescription: number): Coverage {
  const dvh = createDvh(done.dose, model.masks.get(model.target)!, { name: model.target });
  const of = (metric: string): number => evaluateMetric(parseMetric(metric), dvh, { prescription }).value;
  return { d95: of('D95%'), d98: of('D98%'), v95: of('V95%'), prescriptionDose: done.solution.prescriptionDose };
}

/** Largest dose of a voxel with any of the cord in it, Gy. */
export function cordMaximum(dose: DoseVolume, model: PatientModel): number {
  return largestInCord(model, (voxel) => dose.data[voxel]!);
}

/**
 * Largest EQD2 of prior and new course in the cord, added voxel by voxel, without recovery, Gy.
 *
 * @param now the new course, physical; undefined for the prior one alone
 * @param scale what its dose is multiplied by
 */
export function cumulativeMaximum(
  now: DoseVolume | undefined,
  model: PatientModel,
  prior: PriorExposure | undefined,
  fractions: number,
  alphaBeta: number,
  scale = 1,
): number {
  return largestInCord(model, (voxel) => {
    const before = prior === undefined ? 0 : effectAt(prior, voxel, 'eqd2', alphaBeta);
    return before + (now === undefined ? 0 : eqd2(scale * now.data[voxel]!, fractions, alphaBeta));
  });
}

function largestInCord(model: PatientModel, doseIn: (voxel: number) => number): number {
  const mask = model.masks.get(model.cord)!.data;
  let most = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i]! > 0) most = Math.max(most, doseIn(i));
  return most;
}

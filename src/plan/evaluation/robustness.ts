/**
 * What a robust plan is worth: cord and target in every scenario, recomputed by the engine, beside the nominal plan of the
 * same case, and what robustness costs in coverage.
 */
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { doseOfVoxel } from '../patient/planning-grid.js';
import { scenarioShifts } from '../problem/scenario.js';
import { worstCordShift } from '../technique/cord-shifts.js';
import { cordDvh, type DoseIn, doseOfPlan, drawnDvh } from '../technique/drawn-dvh.js';
import { ScenarioDose } from '../technique/scenario-dose.js';
import type { BallOfShifts, TechniquePlan } from '../technique/technique-plan.js';

/** One plan with the patient off by one shift. */
export interface ScenarioOutcome {
  /** Of the patient against the beams, LPS, mm; zero: the nominal place. */
  readonly shift: Vec3;
  /** Of the cord, Gy */
  readonly cordMax: number;
  /** D0.03cc of the cord, Gy */
  readonly cordNearMax: number;
  /** Least difference between a cord voxel's maximum and its dose, Gy; negative where a maximum is broken. */
  readonly capMargin: number;
  /** Of the target, Gy */
  readonly targetD95: number;
  /** Volume that receives 95 % of the prescription, percent of the target */
  readonly targetV95: number;
}

/** A robust plan and the nominal one of the same case, in every scenario of the patient off its place. */
export interface RobustReport {
  readonly cord: string;
  readonly target: string;
  readonly settings: NonNullable<PlanCase['imrt']['robust']>;
  readonly hold: 'cord' | 'prescription';
  /** The nominal place first. */
  readonly scenarios: readonly ScenarioOutcome[];
  /** The plan of the same case without robustness, in the same scenarios. */
  readonly nominalPlan: readonly ScenarioOutcome[];
  /** Gy */
  readonly prescription: number;
  readonly worstCase?: TechniquePlan['worstCase'];
  /** @internal Where a distance is given: both plans at their own worst shift of that ball. */
  readonly ball?: BallReport;
}

/** The worst of a ball of shifts, searched continuously by the dose of the cord's voxels against their caps. */
export interface BallReport {
  /** mm */
  readonly distance: number;
  readonly worst: ScenarioOutcome;
  readonly nominalWorst: ScenarioOutcome;
  /** Shifts that the dose was computed at for the robust plan's. */
  readonly searched: number;
  /** How the caps came to hold; none where nothing is hard. */
  readonly held?: BallOfShifts;
}

/**
 * A robust plan and the nominal one of the same case in every scenario.
 *
 * @param maxima Gy, one per cord voxel
 */
export function compareRobust(
  model: PatientModel,
  planCase: Pick<PlanCase, 'prescription' | 'doseModel' | 'imrt'>,
  maxima: Float64Array,
  { robust, nominal }: { readonly robust: TechniquePlan; readonly nominal: TechniquePlan },
): RobustReport {
  const settings = planCase.imrt.robust!;
  const cord = robust.voxels.cord.voxels;
  const outcomeOf = (doseIn: DoseIn, doseOf: (voxel: number) => number, shift: Vec3): ScenarioOutcome => ({
    shift,
    capMargin: cord.reduce((least, voxel, q) => Math.min(least, maxima[q]! - doseOf(voxel)), Infinity),
    ...metricsOf(doseIn, doseOf, model, planCase.prescription.dose),
  });
  const nominalOf = (technique: TechniquePlan): ScenarioOutcome => {
    return outcomeOf(doseOfPlan(technique, model), doseOfVoxel(model, technique), [0, 0, 0]);
  };
  const shiftedOf = (all: ScenarioDose, dose: Float64Array, shift: Vec3): ScenarioOutcome => {
    const volume = all.volume(dose);
    const of = new Map(Array.from(all.voxels, (voxel, q) => [voxel, dose[q]!]));
    return outcomeOf(
      () => volume,
      // Beyond the body there is none.
      (voxel) => of.get(voxel) ?? 0,
      shift,
    );
  };
  const worstWithin = (technique: TechniquePlan, distance: number): { outcome: ScenarioOutcome; searched: number } => {
    const { worst, evaluated } = worstCordShift(model, planCase, technique.fields, { voxels: cord, maxima }, distance);
    const at = new ScenarioDose(model, planCase, [worst.shift]);
    try {
      const [dose] = at.of(technique.fields);
      return { outcome: shiftedOf(at, dose!, worst.shift), searched: evaluated };
    } finally {
      at.close();
    }
  };
  const ballOf = (distance: number): BallReport => {
    const own = worstWithin(robust, distance);
    const held = robust.ball ? { held: robust.ball } : {};
    return {
      distance,
      worst: own.outcome,
      nominalWorst: worstWithin(nominal, distance).outcome,
      searched: own.searched,
      ...held,
    };
  };
  const { distance } = settings;
  const scenarios = new ScenarioDose(model, planCase, scenarioShifts(settings));
  try {
    const outcomesOf = (technique: TechniquePlan): ScenarioOutcome[] => {
      const shifted = scenarios.of(technique.fields);
      return [nominalOf(technique), ...shifted.map((dose, s) => shiftedOf(scenarios, dose, scenarios.shifts[s]!))];
    };
    return {
      cord: model.cord,
      target: model.target,
      settings,
      hold: planCase.imrt.hold,
      scenarios: outcomesOf(robust),
      nominalPlan: outcomesOf(nominal),
      prescription: planCase.prescription.dose,
      ...(robust.worstCase ? { worstCase: robust.worstCase } : {}),
      ...(distance !== undefined && cord.length > 0 ? { ball: ballOf(distance) } : {}),
    };
  } finally {
    scenarios.close();
  }
}

function metricsOf(doseIn: DoseIn, doseOf: (voxel: number) => number, model: PatientModel, prescription: number) {
  const { target } = model;
  const ofCord = cordDvh(model, doseIn, doseOf);
  const ofTarget = drawnDvh(model, target, doseIn);
  const value = (metric: string, dvh: typeof ofCord): number =>
    evaluateMetric(parseMetric(metric), dvh, { prescription }).value;
  return {
    cordMax: ofCord.max,
    cordNearMax: value('D0.03cc', ofCord),
    targetD95: value('D95%', ofTarget),
    targetV95: value('V95%', ofTarget),
  };
}

export interface Worst {
  readonly cordMax: number;
  readonly cordNearMax: number;
  readonly capMargin: number;
  readonly targetD95: number;
  readonly targetV95: number;
}

/** The worst of every number over all scenarios, each by itself. */
export function worstOf(outcomes: readonly ScenarioOutcome[]): Worst {
  const largest = (key: keyof Worst): number => Math.max(...outcomes.map((o) => o[key]));
  const least = (key: keyof Worst): number => Math.min(...outcomes.map((o) => o[key]));
  return {
    cordMax: largest('cordMax'),
    cordNearMax: largest('cordNearMax'),
    capMargin: least('capMargin'),
    targetD95: least('targetD95'),
    targetV95: least('targetV95'),
  };
}

/** The worst of both plans in all that was computed: the scenarios, and the worst shift of the ball where there is one. */
export function worstOfReport(report: RobustReport): { own: Worst; nominal: Worst } {
  const { scenarios, nominalPlan, ball } = report;
  return {
    own: worstOf([...scenarios, ...(ball ? [ball.worst] : [])]),
    nominal: worstOf([...nominalPlan, ...(ball ? [ball.nominalWorst] : [])]),
  };
}

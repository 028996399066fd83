/**
 * The two techniques: conformal fields whose weights are fitted (FCRT), and fields of beamlets (IMRT).
 *
 * Both pose the same planning problem to the same solver; what differs is the operator's columns.
 */
import type { Aperture } from '../beam/aperture.js';
import { arrangementAngles, type BeamAngles } from '../beam/arrangement.js';
import { type Beam, createBeam } from '../beam/beam.js';
import { conformAperture } from '../beam/conform.js';
import { beamletsCovering, fluenceOfBeamlets } from '../beam/fluence.js';
import { apertureFluence } from '../beam/opening.js';
import type { FluenceField } from '../dose/forward.js';
import { ForwardDose } from '../dose/forward-dose.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import { DividedOperator } from '../influence/divided-operator.js';
import { ColumnOperator } from '../influence/field-operator.js';
import type { ModulatedBeam } from '../influence/operator.js';
import type { Machine } from '../machine/machine.js';
import { uniformLeaves } from '../machine/mlc.js';
import { certifyAt } from '../optimize/certificate.js';
import { evaluateAll } from '../optimize/half-spaces.js';
import { NormalMatrix } from '../optimize/normal-matrix.js';
import type { Objective } from '../optimize/objective/objective.js';
import { type Solution, type SolveProgress, solve } from '../optimize/solver.js';
import type { PlanCase } from './case.js';
import { type CoverageGain, coverageGains } from './certificate-report.js';
import { engineCaps, engineCordDose, shareWithin } from './engine-caps.js';
import { sampleInfluence } from './influence-sample.js';
import { resolveLeafBank } from './json-check.js';
import type { PatientModel } from './patient-model.js';
import { type PlanningProblem, type PlanningVoxels, posePlanningProblem } from './planning-voxels.js';
import { groupRows } from './row-groups.js';
import { groupScenarios, scenarioShifts, withScenarios } from './scenario.js';
import { ScenarioDose } from './scenario-dose.js';

export type Technique = 'fcrt' | 'imrt';

/** Gap at which a plan is near enough to the best one to show how engine and optimiser differ. */
const ROUGH = 0.05;
/** By how much the smooth worst case may lie below the worst scenario, fraction of it. */
const SMOOTHING = 0.05;

/** One field of a finished plan. */
export interface PlannedField {
  readonly beam: Beam;
  /** Total over the course. FCRT: of the aperture; IMRT: mean over the beamlets that carry weight. */
  readonly monitorUnits: number;
  readonly aperture?: Aperture;
  /** Total monitor units per cell. */
  readonly fluence: FluenceField;
}

export interface TechniquePlan {
  readonly technique: Technique;
  readonly hold: 'cord' | 'prescription';
  readonly fields: readonly PlannedField[];
  readonly dose: DoseVolume;
  readonly solution: Solution;
  /** The voxels that the solution's rows are. */
  readonly voxels: PlanningVoxels;
  /** What one more Gy on each hard limit buys in the target. */
  readonly gains: readonly CoverageGain[];
  /** Where the target counts in the worst scenario: that of the plan, not smoothed, and how far it is proven to be from the best. */
  readonly worstCase?: { readonly value: number; readonly gap: number | null };
  /** Body voxels deeper than the machine was commissioned for, in the worst beam. */
  readonly beyondRange: number;
  /** Body voxels whose effective density lies outside the model's tested range, in the worst beam. */
  readonly beyondDensity: number;
}

export type ProgressListener = (technique: Technique, progress: SolveProgress) => void;

/** The beams of an arrangement on a patient. */
export function beamsOf(named: string | readonly BeamAngles[], model: PatientModel, machine: Machine): Beam[] {
  const angles = typeof named === 'string' ? arrangementAngles(named) : named;
  return angles.map(({ gantry, collimator = 0, couch = 0 }) =>
    createBeam(machine, { isocenter: model.isocenter, gantry, collimator, couch, position: model.patient.position }),
  );
}

/** FCRT: one aperture per beam, conformed to the target; the weights of the fields are fitted. */
export function planConformal(
  model: PatientModel,
  voxels: PlanningVoxels,
  plan: PlanCase,
  machine: Machine,
  onProgress?: ProgressListener,
  caps: Float64Array = evenCaps(voxels, plan),
): TechniquePlan {
  const { margin, leafWidth, mlc, conform: mode, transmission, cordShield, hold } = plan.fcrt;
  const bank = mlc === undefined ? uniformLeaves(leafWidth) : resolveLeafBank(mlc);
  const opening = {
    jawTransmission: transmission.jaws,
    leafTransmission: transmission.leaves,
    largestField: machine.range.fieldSide[1],
  };
  const target = model.masks.get(model.target)!;
  const shield = cordShield ? model.masks.get(model.cord)! : undefined;
  const fields = beamsOf(plan.fcrt.beams, model, machine).map((beam) => {
    const aperture = conformAperture(beam.frame, target, { margin, bank, mode, ...(shield ? { shield } : {}) });
    const { grid, weights: open } = apertureFluence(aperture, opening);
    return { beam, aperture, grid, open };
  });
  const dose = new ForwardDose(model.patient.density, voxels.points, {
    executor: model.executor,
    ...plan.doseModel,
  });
  let columns: Float64Array[];
  try {
    columns = dose.columns(fields.map(({ beam, grid, open }) => ({ beam, fluence: { grid, weights: open } })));
  } finally {
    dose.close();
  }
  const problem = { operator: new ColumnOperator(columns), ...posePlanningProblem(voxels, plan, hold, caps) };
  const solution = solve(problem, { responses: true, onProgress: (p) => onProgress?.('fcrt', p) });
  const planned = fields.map(({ beam, aperture, grid, open }, f): PlannedField => {
    const monitorUnits = solution.weights[f]!;
    return { beam, aperture, monitorUnits, fluence: { grid, weights: open.map((o) => o * monitorUnits) } };
  });
  return finish('fcrt', hold, planned, model, plan, voxels, caps, problem, solution);
}

/** The beams of a case's IMRT, with beamlets over the target's view from each. */
export function modulatedBeams(model: PatientModel, plan: PlanCase, machine: Machine): ModulatedBeam[] {
  const { beams, beamlet, margin } = plan.imrt;
  const target = model.masks.get(model.target)!;
  return beamsOf(beams, model, machine).map((beam) => ({
    beam,
    beamlets: beamletsCovering(beam.frame, target, beamlet, margin),
  }));
}

/**
 * IMRT: beamlets over the target's view from every beam; their weights are the fluence.
 *
 * With the case's `imrt.robust` the cap holds in every scenario, and the solution's rows are those of {@link withScenarios}.
 *
 * @param given the nominal voxels
 * @param caps  Gy, one per cord voxel
 */
export function planModulated(
  model: PatientModel,
  given: PlanningVoxels,
  plan: PlanCase,
  machine: Machine,
  onProgress?: ProgressListener,
  caps: Float64Array = evenCaps(given, plan),
): TechniquePlan {
  const { hold, robust } = plan.imrt;
  const shifts = robust ? scenarioShifts(robust) : [];
  const voxels = robust ? withScenarios(given, shifts, robust.target) : given;
  const shifted = voxels.scenarios?.map(({ shift, from, to }) => ({ shift, from, to })) ?? [];
  const beams = modulatedBeams(model, plan, machine);
  const operator = new DividedOperator(beams, model.patient.density, voxels.points, {
    executor: model.executor,
    ...plan.doseModel,
    shifted,
  });
  const groups = groupScenarios(groupRows(given.points, given.zones, given.spacing, operator.columns), voxels);
  const fieldsOf = (weights: Float64Array): PlannedField[] => modulatedFields(beams, weights);
  const scenarios = robust ? new ScenarioDose(model, plan, shifts) : undefined;
  let problem = { operator, ...posePlanningProblem(voxels, plan, hold, caps) };
  let solution: Solution;
  try {
    const sample = sampleInfluence(beams, model.patient.density, groups, model.executor, plan.doseModel);
    const preconditioner = new NormalMatrix(sample, operator.columns);
    const rows = { sample, preconditioner };
    const options = { responses: true, onProgress: (p: SolveProgress) => onProgress?.('imrt', p) };
    const isWorst = robust?.target === 'worst';
    if (problem.limits.length === 0 && !isWorst) solution = solve({ ...problem, ...rows }, options);
    else {
      const rough = solve({ ...problem, ...rows }, { ...options, responses: false, gap: ROUGH });
      let moved = caps;
      if (problem.limits.length > 0) {
        const fields = fieldsOf(rough.weights);
        const { dose: total } = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
        const engine = engineCordDose(model, given, total, scenarios, scenarios?.of(fields));
        moved = engineCaps(voxels, caps, rough.dose, engine);
      }
      const temperature = isWorst ? smoothing(problem.targets, rough.dose) : Infinity;
      problem = { operator, ...posePlanningProblem(voxels, plan, hold, moved, temperature) };
      const finer = solve({ ...problem, ...rows }, { ...options, start: rough.weights });
      solution = { ...finer, evaluations: rough.evaluations + finer.evaluations };
    }
    return finish('imrt', hold, fieldsOf(solution.weights), model, plan, voxels, caps, problem, solution, scenarios);
  } finally {
    operator.close();
    scenarios?.close();
  }
}

/**
 * The objective with the worst scenario's target in place of the smooth worst case, which never exceeds it: the lower bound of
 * the one holds for the other.
 */
function worstCaseOf(
  { dose, certificate }: Solution,
  [smooth]: readonly Objective[],
  targets: readonly (readonly Objective[])[],
): { value: number; gap: number | null } {
  const ignored = new Float64Array(dose.length);
  const worst = Math.max(...targets.map((own) => evaluateAll(own, dose, ignored)));
  const value = certificate.value - smooth!.evaluate(dose, ignored) + worst;
  const { lowerBound } = certificate;
  return { value, gap: lowerBound === null ? null : (value - lowerBound) / value };
}

/** The temperature of a smooth worst case, from a plan near the best one. */
function smoothing(targets: readonly (readonly Objective[])[], dose: Float64Array): number {
  const ignored = new Float64Array(dose.length);
  const values = targets.map((own) => evaluateAll(own, dose, ignored));
  const most = Math.max(...values);
  // Where nothing is missed anywhere, mean and worst case are the same.
  return most > 0 ? (SMOOTHING * most) / Math.log(values.length) : Number.POSITIVE_INFINITY;
}

function modulatedFields(beams: readonly ModulatedBeam[], weights: Float64Array): PlannedField[] {
  let offset = 0;
  return beams.map(({ beam, beamlets }): PlannedField => {
    const fluence = fluenceOfBeamlets(beamlets, weights, offset);
    offset += beamlets.cells.length;
    const shining = fluence.filter((w) => w > 0);
    const monitorUnits = shining.length === 0 ? 0 : shining.reduce((a, b) => a + b, 0) / shining.length;
    return { beam, monitorUnits, fluence: { grid: beamlets.grid, weights: fluence } };
  });
}

/**
 * Forward dose of the finished fluences on every voxel of the body.
 *
 * Where the engine's dose still takes the cord over a cap that was to hold, in any scenario, the whole plan is scaled *down* by the difference,
 * never up; the certificate is that of the scaled plan.
 */
function finish(
  technique: Technique,
  hold: 'cord' | 'prescription',
  fields: readonly PlannedField[],
  model: PatientModel,
  plan: PlanCase,
  voxels: PlanningVoxels,
  caps: Float64Array,
  { objectives, limits, targets }: PlanningProblem,
  solution: Solution,
  scenarios?: ScenarioDose,
): TechniquePlan {
  const {
    dose: total,
    beyondRange,
    beyondDensity,
  } = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
  const cord = hold === 'cord' ? engineCordDose(model, voxels, total, scenarios, scenarios?.of(fields)) : [];
  const shrink = shareWithin(cord, caps);
  const dose = createDose(model.grid, {
    quantity: 'physical',
    fractions: plan.prescription.fractions,
    medium: plan.doseModel.medium,
  });
  for (let p = 0; p < total.length; p++) dose.data[model.body.index[p]!] = Math.max(0, shrink * total[p]!);
  const held = fields.map((field) => ({
    ...field,
    monitorUnits: shrink * field.monitorUnits,
    fluence: { grid: field.fluence.grid, weights: field.fluence.weights.map((w) => shrink * w) },
  }));
  const planned = solution.dose.map((d) => shrink * d);
  const certificate = certifyAt(solution.certificate, objectives, limits, planned);
  const final: Solution = {
    ...solution,
    weights: solution.weights.map((w) => shrink * w),
    dose: planned,
    objective: certificate.value,
    prescriptionDose: shrink * solution.prescriptionDose,
    certificate,
  };
  const gains = coverageGains(final, voxels.target, plan.prescription.dose);
  const worst = plan.imrt.robust?.target === 'worst' && technique === 'imrt';
  return {
    technique,
    hold,
    fields: held,
    dose,
    solution: final,
    voxels,
    gains,
    beyondRange,
    beyondDensity,
    ...(worst ? { worstCase: worstCaseOf(final, objectives, targets) } : {}),
  };
}

/** The case's cap in every voxel of the cord. */
function evenCaps(voxels: PlanningVoxels, plan: PlanCase): Float64Array {
  return new Float64Array(voxels.cord.rows.length).fill(plan.cordCap);
}

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
import { NormalMatrix } from '../optimize/normal-matrix.js';
import { type Solution, type SolveProgress, solve } from '../optimize/solver.js';
import type { PlanCase } from './case.js';
import { type CoverageGain, coverageGains } from './certificate-report.js';
import { sampleInfluence } from './influence-sample.js';
import { resolveLeafBank } from './json-check.js';
import type { PatientModel } from './patient-model.js';
import { type PlanningProblem, type PlanningVoxels, posePlanningProblem } from './planning-voxels.js';
import { groupRows } from './row-groups.js';

export type Technique = 'fcrt' | 'imrt';

/** Gap at which a plan is near enough to the best one to show how engine and optimiser differ. */
const ROUGH = 0.05;
/** Most that a voxel's cap is moved for it, fraction. */
const MISMATCH = 0.005;

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

/** IMRT: beamlets over the target's view from every beam; their weights are the fluence. */
export function planModulated(
  model: PatientModel,
  voxels: PlanningVoxels,
  plan: PlanCase,
  machine: Machine,
  onProgress?: ProgressListener,
  caps: Float64Array = evenCaps(voxels, plan),
): TechniquePlan {
  const { hold } = plan.imrt;
  const beams = modulatedBeams(model, plan, machine);
  const operator = new DividedOperator(beams, model.patient.density, voxels.points, {
    executor: model.executor,
    ...plan.doseModel,
  });
  const groups = groupRows(voxels.points, voxels.zones, voxels.spacing, operator.columns);
  const fieldsOf = (weights: Float64Array): PlannedField[] => modulatedFields(beams, weights);
  let problem = { operator, ...posePlanningProblem(voxels, plan, hold, caps) };
  let solution: Solution;
  try {
    const sample = sampleInfluence(beams, model.patient.density, groups, model.executor, plan.doseModel);
    const preconditioner = new NormalMatrix(sample, operator.columns);
    const given = { sample, preconditioner };
    const options = { responses: true, onProgress: (p: SolveProgress) => onProgress?.('imrt', p) };
    if (problem.limits.length === 0) solution = solve({ ...problem, ...given }, options);
    else {
      const rough = solve({ ...problem, ...given }, { ...options, responses: false, gap: ROUGH });
      const moved = engineCaps(voxels, model, caps, rough.dose, fieldsOf(rough.weights));
      problem = { operator, ...posePlanningProblem(voxels, plan, hold, moved) };
      const finer = solve({ ...problem, ...given }, { ...options, start: rough.weights });
      solution = { ...finer, evaluations: rough.evaluations + finer.evaluations };
    }
  } finally {
    operator.close();
  }
  return finish('imrt', hold, fieldsOf(solution.weights), model, plan, voxels, caps, problem, solution);
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
 * The cord's caps in terms of the optimiser's dose.
 *
 * The engine's maps of the whole body lie on other nodes than the optimiser's, so that the two differ by some 0.1 % from voxel
 * to voxel, and hardly with the fluence. What a plan near the best one shows of it moves each voxel's cap, so that the cap
 * holds in the dose that is reported without the whole plan giving way.
 */
function engineCaps(
  voxels: PlanningVoxels,
  model: PatientModel,
  caps: Float64Array,
  dose: Float64Array,
  fields: readonly PlannedField[],
): Float64Array {
  const isCord = new Set(voxels.cord.voxels);
  const { index } = model.body;
  const at = Int32Array.from(index.keys()).filter((p) => isCord.has(index[p]!));
  const there = model.bodyDose.totalAt(
    fields.map(({ beam, fluence }) => ({ beam, fluence })),
    at,
  );
  const engine = new Map(Array.from(at, (p, q) => [index[p]!, there[q]!]));
  return Float64Array.from(voxels.cord.rows, (row, q) => {
    const ratio = dose[row]! / (engine.get(voxels.cord.voxels[q]!) ?? 0);
    return caps[q]! * Math.min(1 + MISMATCH, Math.max(1 - MISMATCH, ratio));
  });
}

/**
 * Forward dose of the finished fluences on every voxel of the body.
 *
 * Where the engine's dose still takes the cord over a cap that was to hold, the whole plan is scaled *down* by the difference,
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
  { objectives, limits }: PlanningProblem,
  solution: Solution,
): TechniquePlan {
  const {
    dose: total,
    beyondRange,
    beyondDensity,
  } = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
  const shrink = hold === 'cord' ? shareWithin(total, model, voxels, caps) : 1;
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
  return { technique, hold, fields: held, dose, solution: final, voxels, gains, beyondRange, beyondDensity };
}

/** The case's cap in every voxel of the cord. */
function evenCaps(voxels: PlanningVoxels, plan: PlanCase): Float64Array {
  return new Float64Array(voxels.cord.rows.length).fill(plan.cordCap);
}

/** The share of a dose, at most 1, that keeps every voxel of the cord under its cap. */
function shareWithin(total: Float64Array, model: PatientModel, voxels: PlanningVoxels, caps: Float64Array): number {
  const capOf = new Map<number, number>();
  voxels.cord.voxels.forEach((voxel, q) => {
    capOf.set(voxel, caps[q]!);
  });
  let share = 1;
  for (let p = 0; p < total.length; p++) {
    const cap = capOf.get(model.body.index[p]!);
    if (cap !== undefined && total[p]! * share > cap) share = cap / total[p]!;
  }
  return share;
}

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
import { checkCount } from '../core/budget.js';
import { forever, type TimeLeft } from '../core/deadline.js';
import type { FluenceField } from '../dose/forward.js';
import { doseAtVolume } from '../evaluate/dvh.js';
import type { Vec3 } from '../geometry/grid.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import type { ShiftSearch, ShiftValue } from '../geometry/worst-shift.js';
import { ColumnOperator } from '../influence/field-operator.js';
import type { ModulatedBeam } from '../influence/operator.js';
import type { Machine } from '../machine/machine.js';
import { uniformLeaves } from '../machine/mlc.js';
import { certifyAt } from '../optimize/certificate.js';
import { type Solution, type SolveProgress, solve } from '../optimize/solver.js';
import type { PlanCase } from './case.js';
import { isProven, largestDifference } from './certificate-report.js';
import { worstCordShift } from './cord-shifts.js';
import { posePrescribed } from './drawn-prescription.js';
import { resolveLeafBank } from './json-check.js';
import type { PatientModel } from './patient-model.js';
import type { PlanningProblem, PlanningVoxels } from './planning-voxels.js';
import { prepareInfluence } from './prepared-influence.js';
import { scenarioShifts, withScenarios } from './scenario.js';
import { scenarioShare } from './scenario-caps.js';
import { ScenarioDose } from './scenario-dose.js';
import { cappedRows, evenCaps, type Hold, type StructureCaps, shareWithin } from './structure-caps.js';
import { doseOfPlan, drawnDvh } from './structure-evaluation.js';
import { smoothing, worstCaseOf } from './worst-case-plan.js';

export type Technique = 'fcrt' | 'imrt';

/** Gap at which a plan is near enough to the best one to show how far its worst case may be smoothed. */
export const ROUGH = 0.05;
/** Gap of the optimiser's plan; what scaling the plan into its caps costs comes on top, and all stays within 1 %. */
export const FINE = 0.008;

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
  readonly hold: Hold;
  readonly fields: readonly PlannedField[];
  readonly dose: DoseVolume;
  /** Around target and cord on the planning grid, where the dose grid is coarse; zero elsewhere. */
  readonly fineDose?: DoseVolume;
  /** At the points of the model's `surface`, Gy. */
  readonly surfaceDose: Float64Array;
  readonly solution: Solution;
  /** The voxels that the solution's rows are. */
  readonly voxels: PlanningVoxels;
  /** By which the whole plan was scaled, at most 1, so that every cap holds in the engine's dose. */
  readonly share: number;
  /** Largest difference of the optimiser's dose from the reported one, over the optimiser's voxels, Gy. */
  readonly largestDifference: number;
  /** Where the target counts in the worst scenario: that of the plan, not smoothed, and how far it is proven to be from the best. */
  readonly worstCase?: { readonly value: number; readonly gap: number | null };
  /** Where the cord's caps hold under every shift of a ball: how they came to. */
  readonly ball?: BallHold;
  /** Body voxels deeper than the machine was commissioned for, in the worst beam. */
  readonly beyondRange: number;
  /** Body voxels whose effective density lies outside the model's tested range, in the worst beam. */
  readonly beyondDensity: number;
}

/** How the cord's caps were brought to hold under every shift of a ball. */
export interface BallHold {
  /** Shifts that were found to break a cap and became scenarios of the problem, LPS, mm. */
  readonly added: readonly Vec3[];
  /** The optimiser's last plan held the cord's caps times this, at most 1: between scenarios the dose rises above them. */
  readonly margin: number;
  /** Of the optimiser's last plan: the worst shift of the ball, and the largest dose there as a multiple of its cap. */
  readonly found: ShiftValue;
  /** By which the whole plan was scaled for that, at most 1. */
  readonly share: number;
}

/** Plans made with the worst shifts of the one before, at most: after the last one the scaling stands. */
const BALL_ROUNDS = 5;
/** From this round on no shift is added, which would leave less and less between them: the optimiser's caps are lowered by what is left. */
const LOWER_FROM = 3;
/** A cap that is exceeded by less than this fraction somewhere in the ball is met by scaling. */
const BALL_TOLERANCE = 1e-3;

/** Of all beams: the optimiser holds a matrix of their number squared, in Float64 0.5 GB. */
const MOST_BEAMLETS = 8000;

export type ProgressListener = (technique: Technique, progress: SolveProgress) => void;

/** The beams of an arrangement on a patient. */
export function beamsOf(named: string | readonly BeamAngles[], model: PatientModel, machine: Machine): Beam[] {
  const angles = typeof named === 'string' ? arrangementAngles(named) : named;
  return angles.map(({ gantry, collimator = 0, couch = 0 }) =>
    createBeam(machine, { isocenter: model.isocenter, gantry, collimator, couch, position: model.patient.position }),
  );
}

/** A conformal field before it has a weight. */
export interface ConformalField {
  readonly beam: Beam;
  readonly aperture: Aperture;
  /** Of the open aperture, per monitor unit. */
  readonly open: FluenceField;
}

/** The fields of a case's FCRT: one aperture per beam, conformed to the target. */
export function conformalFields(model: PatientModel, plan: PlanCase, machine: Machine): ConformalField[] {
  const { margin, leafWidth, mlc, conform: mode, transmission, cordShield } = plan.fcrt;
  const bank = mlc === undefined ? uniformLeaves(leafWidth) : resolveLeafBank(mlc);
  const opening = {
    jawTransmission: transmission.jaws,
    leafTransmission: transmission.leaves,
    largestField: machine.range.fieldSide[1],
  };
  const target = model.masks.get(model.target)!;
  const shield = cordShield ? model.masks.get(model.cord)! : undefined;
  return beamsOf(plan.fcrt.beams, model, machine).map((beam) => {
    const aperture = conformAperture(beam.frame, target, { margin, bank, mode, ...(shield ? { shield } : {}) });
    return { beam, aperture, open: apertureFluence(aperture, opening) };
  });
}

/** Dose of every field at the optimiser's voxels, per monitor unit. */
export function conformalColumns(
  model: PatientModel,
  voxels: PlanningVoxels,
  fields: readonly ConformalField[],
): Float64Array[] {
  return model.bodyDose.columnsAt(
    fields.map(({ beam, open }) => ({ beam, fluence: open })),
    voxels.places,
  );
}

/** Conformal fields with their monitor units. */
export function weighedFields(fields: readonly ConformalField[], weights: Float64Array): PlannedField[] {
  return fields.map(({ beam, aperture, open: { grid, weights: open } }, f): PlannedField => {
    const monitorUnits = weights[f]!;
    return { beam, aperture, monitorUnits, fluence: { grid, weights: open.map((o) => o * monitorUnits) } };
  });
}

/**
 * FCRT: one aperture per beam, conformed to the target; the weights of the fields are fitted.
 *
 * @param caps   Gy, one per cord voxel
 * @param organs caps of the structures besides the cord of which `voxels` holds rows
 * @param timeLeft when it is 0 the plan so far is taken, as `time-limit`. @default no limit
 */
export function planConformal(
  model: PatientModel,
  voxels: PlanningVoxels,
  plan: PlanCase,
  machine: Machine,
  onProgress?: ProgressListener,
  caps: Float64Array = evenCaps(voxels, plan),
  organs: readonly StructureCaps[] = [],
  timeLeft: TimeLeft = forever,
): TechniquePlan {
  const { hold } = plan.fcrt;
  model.onStage('fcrt: apertures, beams, columns');
  const fields = conformalFields(model, plan, machine);
  const columns = conformalColumns(model, voxels, fields);
  model.onStage('fcrt: weights');
  const [, ...others] = cappedRows(voxels, caps, organs).map((set) => set.caps);
  const problem = { operator: new ColumnOperator(columns), ...posePrescribed(model, voxels, plan, hold, caps, others) };
  const solution = solve(problem, { onProgress: (p) => onProgress?.('fcrt', p), timeLimit: timeLeft() });
  const planned = weighedFields(fields, solution.weights);
  return finish('fcrt', hold, planned, model, plan, voxels, caps, organs, problem, solution);
}

/** The beams of a case's IMRT, with beamlets over the target's view from each. */
export function modulatedBeams(model: PatientModel, plan: PlanCase, machine: Machine): ModulatedBeam[] {
  const { beams, beamlet, margin } = plan.imrt;
  const target = model.masks.get(model.target)!;
  const modulated: ModulatedBeam[] = [];
  let count = 0;
  for (const beam of beamsOf(beams, model, machine)) {
    const beamlets = beamletsCovering(beam.frame, target, beamlet, margin);
    modulated.push({ beam, beamlets });
    count += beamlets.cells.length;
    checkCount(
      `case: imrt: beamlets of the first ${modulated.length} beams`,
      count,
      MOST_BEAMLETS,
      `Use fewer beams, or beamlets larger than ${beamlet} mm.`,
    );
  }
  return modulated;
}

/**
 * IMRT: beamlets over the target's view from every beam; their weights are the fluence.
 *
 * With the case's `imrt.robust` the cord's caps hold in every scenario, and the solution's rows are those of {@link withScenarios}. Where
 * a distance is given they hold under every shift of that ball: after each plan the worst shift is searched, and as long as a cap is
 * broken there it becomes a scenario of the next; what is left is scaled away.
 *
 * @param given  the nominal voxels
 * @param caps   Gy, one per cord voxel
 * @param organs caps of the structures besides the cord of which `given` holds rows; they hold at the nominal place
 * @param timeLeft when it is 0 the plan so far is taken, as `time-limit`. @default no limit
 */
export function planModulated(
  model: PatientModel,
  given: PlanningVoxels,
  plan: PlanCase,
  machine: Machine,
  onProgress?: ProgressListener,
  caps: Float64Array = evenCaps(given, plan),
  organs: readonly StructureCaps[] = [],
  timeLeft: TimeLeft = forever,
): TechniquePlan {
  const { hold, robust } = plan.imrt;
  const shifts = robust ? scenarioShifts(robust) : [];
  model.onStage('imrt: beamlets, rows');
  const beams = modulatedBeams(model, plan, machine);
  const ball = hold === 'cord' && given.cord.rows.length > 0 ? robust?.distance : undefined;
  const added: Vec3[] = [];
  let solved = solveModulated(model, given, plan, beams, added, caps, organs, onProgress, timeLeft);
  let found: ShiftSearch | undefined;
  let margin = 1;
  for (let round = 1; ball !== undefined; round++) {
    model.onStage('imrt: worst shift');
    const fields = modulatedFields(beams, solved.solution.weights);
    found = worstCordShift(model, plan, fields, { voxels: given.cord.voxels, caps }, ball);
    const { value } = found.worst;
    if (value <= 1 + BALL_TOLERANCE || round === BALL_ROUNDS || timeLeft() === 0) break;
    if (round < LOWER_FROM)
      added.push(...found.peaks.filter((peak) => peak.value > 1 + BALL_TOLERANCE).map(({ shift }) => shift));
    else margin /= value;
    const { solution } = solved;
    const held = caps.map((cap) => margin * cap);
    solved = solveModulated(model, given, plan, beams, added, held, organs, onProgress, timeLeft, solution.weights);
    solved = {
      ...solved,
      solution: { ...solved.solution, evaluations: solution.evaluations + solved.solution.evaluations },
    };
  }
  const { voxels, problem, solution } = solved;
  const ballShare = Math.min(1, 1 / (found?.worst.value ?? 1));
  const scenarios = robust ? new ScenarioDose(model, plan, [...shifts, ...added]) : undefined;
  try {
    const fields = modulatedFields(beams, solution.weights);
    const made = finish(
      'imrt',
      hold,
      fields,
      model,
      plan,
      voxels,
      caps,
      organs,
      problem,
      solution,
      scenarios,
      ballShare,
    );
    return found === undefined ? made : { ...made, ball: { added, margin, found: found.worst, share: ballShare } };
  } finally {
    scenarios?.close();
  }
}

/** The best fluence under the caps at the nominal place, in the case's scenarios and, for the cord, under further shifts. */
function solveModulated(
  model: PatientModel,
  given: PlanningVoxels,
  plan: PlanCase,
  beams: readonly ModulatedBeam[],
  further: readonly Vec3[],
  caps: Float64Array,
  organs: readonly StructureCaps[],
  onProgress: ProgressListener | undefined,
  timeLeft: TimeLeft,
  start?: Float64Array,
): { voxels: PlanningVoxels; problem: PlanningProblem; solution: Solution } {
  const { hold, robust } = plan.imrt;
  const voxels = robust ? withScenarios(given, scenarioShifts(robust), robust.target, further) : given;
  const prepared = prepareInfluence(beams, model, voxels, plan);
  model.onStage('imrt: fluence');
  const { operator, sample, preconditioner } = prepared;
  const sets = cappedRows(voxels, caps, organs);
  const pose = ([cord, ...others]: readonly Float64Array[], temperature?: number) => ({
    operator,
    ...posePrescribed(model, voxels, plan, hold, cord!, others, temperature),
  });
  const even = sets.map((set) => set.caps);
  let problem = pose(even);
  const best = (): Solution => {
    const rows = { sample, preconditioner };
    const options = {
      onProgress: (p: SolveProgress) => onProgress?.('imrt', p),
      ...(start ? { start } : {}),
    };
    const isWorst = robust?.target === 'worst';
    if (!isWorst) return solve({ ...problem, ...rows }, { ...options, gap: FINE, timeLimit: timeLeft() });
    // How far the worst case may be smoothed is seen on a plan near the best one.
    const rough = solve({ ...problem, ...rows }, { ...options, gap: ROUGH, timeLimit: timeLeft() });
    problem = pose(even, smoothing(problem.targets, rough.dose));
    const finer = solve(
      { ...problem, ...rows },
      {
        ...options,
        gap: FINE,
        start: rough.weights,
        timeLimit: timeLeft(),
      },
    );
    return { ...finer, evaluations: rough.evaluations + finer.evaluations };
  };
  try {
    const solution = best();
    return { voxels, problem, solution };
  } finally {
    prepared.close();
  }
}

/** Fields of beamlets with their fluence. */
export function modulatedFields(beams: readonly ModulatedBeam[], weights: Float64Array): PlannedField[] {
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
 * The prescription's dose is read from the DVH of the report, and the status holds for that. The optimiser's dose and this one are the same function, to the last bit of a field's dose, so that the certificate is that of the
 * reported dose. Where rounding of the sum, or a voxel that is no row, takes the cord or a bounded organ over a cap that was to hold, the
 * cord in any scenario, the whole plan is scaled *down* by the difference, never up; the certificate is that of the scaled plan.
 */
export function finish(
  technique: Technique,
  hold: Hold,
  fields: readonly PlannedField[],
  model: PatientModel,
  plan: PlanCase,
  voxels: PlanningVoxels,
  caps: Float64Array,
  organs: readonly StructureCaps[],
  { objectives, limits, targets }: PlanningProblem,
  solution: Solution,
  scenarios?: ScenarioDose,
  ballShare = 1,
): TechniquePlan {
  model.onStage(`${technique}: dose`);
  const {
    dose: total,
    beyondRange,
    beyondDensity,
  } = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
  const shareOf = (): number => {
    const own = shareWithin({ index: model.voxelOfPoint, dose: total }, [
      { voxels: voxels.cord.voxels, caps },
      ...organs,
    ]);
    return scenarios ? Math.min(own, ballShare, scenarioShare(voxels, caps, scenarios, fields)) : own;
  };
  const shrink = hold === 'cord' ? shareOf() : 1;
  const { fractions } = plan.prescription;
  const { medium } = plan.doseModel;
  const doses = reportedDoses(model, total, shrink, { quantity: 'physical', fractions, medium });
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
    ...prescribedOf(
      { ...solution, prescriptionDose: shrink * solution.prescriptionDose, certificate },
      doses,
      model,
      plan,
    ),
    certificate,
  };
  const result = { technique, hold, fields: held, ...doses, solution: final, voxels, share: shrink };
  const isWorst = scenarios !== undefined && plan.imrt.robust?.target === 'worst';
  const worstCase = isWorst ? { worstCase: worstCaseOf(final, objectives, targets) } : {};
  const difference = largestDifference(planned, voxels.places, model, doses);
  return { ...result, largestDifference: difference, beyondRange, beyondDensity, ...worstCase };
}

/**
 * A dose at the points of `bodyDose` as volumes: on the dose grid, and on the planning grid where there is one; and on the cord's surface.
 *
 * @param share what it is multiplied by
 */
export function reportedDoses(
  { grid, fine, surface, voxelOfPoint }: Pick<PatientModel, 'grid' | 'fine' | 'surface' | 'voxelOfPoint'>,
  total: Float64Array,
  share: number,
  meaning: Parameters<typeof createDose>[1],
): Pick<TechniquePlan, 'dose' | 'fineDose' | 'surfaceDose'> {
  const dose = createDose(grid, meaning);
  const surfaceDose = new Float64Array(surface.length / 3);
  const fineDose = fine === undefined ? undefined : createDose(fine.grid, meaning);
  const count = dose.data.length;
  const between = count + (fineDose?.data.length ?? 0);
  for (let p = 0; p < voxelOfPoint.length; p++) {
    const voxel = voxelOfPoint[p]!;
    if (voxel < 0) continue;
    // The separable kernel can fall below zero by its residual, far from the field.
    const gray = Math.max(0, share * total[p]!);
    if (voxel < count) dose.data[voxel] = gray;
    else if (voxel < between) fineDose!.data[voxel - count] = gray;
    else surfaceDose[voxel - between] = gray;
  }
  return { dose, ...(fineDose ? { fineDose } : {}), surfaceDose };
}

/** The dose that target and cord are read from, where they have a grid of their own: NaN where it was not computed. */
export function planningDose(
  { fine }: Pick<PatientModel, 'fine'>,
  { fineDose }: Pick<TechniquePlan, 'fineDose'>,
): DoseVolume | undefined {
  if (fine === undefined || fineDose === undefined) return undefined;
  const data = new Float32Array(fineDose.data.length).fill(Number.NaN);
  for (const voxel of fine.voxels) data[voxel] = fineDose.data[voxel]!;
  return { ...fineDose, data };
}

/** What the report's DVH may miss the prescribed dose by: the optimiser's tolerance and the sampling of both. */
const MET = 2e-3;

/** The dose of the prescription in a finished plan, as its DVH tells it, whether it is met, and whether the plan as it now is is proven. */
function prescribedOf(
  { status, prescriptionDose, certificate }: Solution,
  doses: Pick<TechniquePlan, 'dose' | 'fineDose'>,
  model: PatientModel,
  { prescription: { dose: wanted, to } }: PlanCase,
): Pick<Solution, 'status' | 'prescriptionDose'> {
  let given = prescriptionDose;
  if (to !== 'isocenter') {
    const dvh = drawnDvh(model, model.target, doseOfPlan(doses, model));
    given = doseAtVolume(dvh, (to === 'D95' ? 0.95 : 0.5) * dvh.volumeCc).value;
  }
  const isEnded = status === 'reached' || status === 'unproven';
  if (isEnded && Math.abs(given / wanted - 1) > MET) return { status: 'prescription-missed', prescriptionDose: given };
  // What the scaling into the caps costs may be more than the proof allows.
  const isFar = status === 'reached' && !isProven(certificate);
  return { status: isFar ? 'unproven' : status, prescriptionDose: given };
}

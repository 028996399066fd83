/** IMRT: fields of beamlets, whose fluence is optimised; with a ball of shifts, until the cord keeps its maxima under all of them. */
import { beamletOffsets, beamletsCovering, fluenceOfBeamlets } from '../../beam/fluence.js';
import { checkCount } from '../../core/budget.js';
import { forever, type TimeLeft } from '../../core/deadline.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { ShiftSearch } from '../../geometry/worst-shift.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import { type Solution, type SolveProgress, solve } from '../../optimize/solver.js';
import { smoothing } from '../../optimize/worst-scenario.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { constrainedVoxels, uniformMaxima } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { type RobustSettings, scenarioShifts, withScenarios } from '../problem/scenario.js';
import { worstCordShift } from './cord-shifts.js';
import { FINE, finish, ROUGH } from './finish-plan.js';
import { prepareInfluence } from './prepared-influence.js';
import { ScenarioDose } from './scenario-dose.js';
import {
  beamsOf,
  type PlannedField,
  type PlanningOptions,
  type PosedCase,
  type ProgressListener,
  type SolvedPlan,
} from './technique-plan.js';

/** Plans made with the worst shifts of the one before, at most: after the last one the scaling stands. */
const BALL_ROUNDS = 5;
/** From this round on no shift is added, which would leave less and less between them: the optimiser's maxima are lowered by what is left. */
const LOWER_FROM = 3;
/** A maximum that is exceeded by less than this fraction somewhere in the ball is met by scaling. */
const BALL_TOLERANCE = 1e-3;

/** Of all beams: the optimiser holds three upper halves of a matrix of their number squared, in Float32 0.6 GB. */
const MOST_BEAMLETS = 10_000;

/** The beams of an IMRT plan, with beamlets over the target's view from each. */
export function modulatedBeams(
  model: PatientModel,
  { beams, beamlet, margin }: Pick<PlanCase['imrt'], 'beams' | 'beamlet' | 'margin'>,
  machine: Machine,
): ModulatedBeam[] {
  const target = model.masks.get(model.target)!;
  const modulated: ModulatedBeam[] = [];
  let count = 0;
  for (const beam of beamsOf(beams, model, machine)) {
    const beamlets = beamletsCovering(beam.frame, target, beamlet, margin);
    modulated.push({ beam, beamlets });
    count += beamlets.pixels.length;
    checkCount(
      `case: imrt: beamlets of the first ${modulated.length} beams`,
      count,
      MOST_BEAMLETS,
      `Use fewer beams, or beamlets larger than ${beamlet} mm.`,
    );
  }
  return modulated;
}

export type ModulatedCase = PosedCase & Pick<PlanCase, 'imrt'>;

export interface ModulatedOptions extends PlanningOptions {
  /** Whether the case's `imrt.robust` is left out: the nominal plan of a robust case. @default false */
  readonly isNominal?: boolean;
}

/**
 * IMRT: beamlets over the target's view from every beam; their weights are the fluence.
 *
 * With the case's `imrt.robust` the cord's maxima hold in every scenario, and the solution's rows are those of {@link withScenarios}. Where
 * a distance is given they hold under every shift of that ball: after each plan the worst shift is searched, and as long as a maximum is
 * broken there it becomes a scenario of the next; what is left is scaled away.
 *
 * @param given the nominal voxels, with rows of the structures besides the cord that have maxima
 */
export function planModulated(
  model: PatientModel,
  given: PlanningVoxels,
  planCase: ModulatedCase,
  machine: Machine,
  options: ModulatedOptions = {},
): SolvedPlan {
  const {
    onProgress,
    maxima = uniformMaxima(given, planCase),
    organs = [],
    timeLeft = forever,
    isNominal = false,
  } = options;
  const { hold } = planCase.imrt;
  const robust = isNominal ? undefined : planCase.imrt.robust;
  const shifts = robust ? scenarioShifts(robust) : [];
  model.onStage('imrt: beamlets, rows');
  const beams = modulatedBeams(model, planCase.imrt, machine);
  const job: ModulatedJob = { model, given, planCase, robust, beams, organs, onProgress, timeLeft };
  const ball = hold === 'cord' && given.cord.rows.length > 0 ? robust?.distance : undefined;
  const added: Vec3[] = [];
  let solved = solveModulated(job, maxima, added);
  let found: ShiftSearch | undefined;
  let margin = 1;
  for (let round = 1; ball !== undefined; round++) {
    model.onStage('imrt: worst shift');
    const fields = modulatedFields(beams, solved.solution.weights);
    found = worstCordShift(model, planCase, fields, { voxels: given.cord.voxels, maxima }, ball);
    const { value } = found.worst;
    if (value <= 1 + BALL_TOLERANCE || round === BALL_ROUNDS || timeLeft() === 0) break;
    if (round < LOWER_FROM)
      added.push(...found.peaks.filter((peak) => peak.value > 1 + BALL_TOLERANCE).map(({ shift }) => shift));
    else margin /= value;
    const { solution } = solved;
    const held = maxima.map((maximum) => margin * maximum);
    solved = solveModulated(job, held, added, solution.weights);
    solved = {
      ...solved,
      solution: { ...solved.solution, evaluations: solution.evaluations + solved.solution.evaluations },
    };
  }
  const { voxels, problem, solution } = solved;
  const ballScale = Math.min(1, 1 / (found?.worst.value ?? 1));
  const scenarios = robust ? new ScenarioDose(model, planCase, [...shifts, ...added]) : undefined;
  try {
    const fields = modulatedFields(beams, solution.weights);
    const optimised = { technique: 'imrt', hold, fields, voxels, maxima, organs, problem, solution } as const;
    const isWorst = robust?.target === 'worst';
    const made = finish(model, planCase, optimised, scenarios && { scenarios, ballScale, isWorst });
    return found === undefined ? made : { ...made, ball: { added, margin, found: found.worst, scale: ballScale } };
  } finally {
    scenarios?.close();
  }
}

/** What stays between the rounds of a plan. */
interface ModulatedJob {
  readonly model: PatientModel;
  readonly given: PlanningVoxels;
  readonly planCase: ModulatedCase;
  readonly robust: RobustSettings | undefined;
  readonly beams: readonly ModulatedBeam[];
  readonly organs: readonly VoxelMaxima[];
  readonly onProgress: ProgressListener | undefined;
  readonly timeLeft: TimeLeft;
}

/** The best fluence under the maxima at the nominal place, in the case's scenarios and, for the cord, under further shifts. */
function solveModulated(
  { model, given, planCase, robust, beams, organs, onProgress, timeLeft }: ModulatedJob,
  maxima: Float64Array,
  further: readonly Vec3[],
  start?: Float64Array,
): { voxels: PlanningVoxels; problem: PlanningProblem; solution: Solution } {
  const { hold } = planCase.imrt;
  const voxels = robust ? withScenarios(given, scenarioShifts(robust), robust.target, further) : given;
  const prepared = prepareInfluence(beams, model, voxels, planCase);
  model.onStage('imrt: fluence');
  const { operator, sample, preconditioner } = prepared;
  const sets = constrainedVoxels(voxels, maxima, organs);
  const [cord, ...organMaxima] = sets.map((set) => set.maxima);
  const pose = (temperature?: number) => ({
    operator,
    ...posePrescribed(model, voxels, planCase, hold, { maxima: cord!, organMaxima, temperature }),
  });
  let problem = pose();
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
    problem = pose(smoothing(settledProblem(problem, rough).targets, rough.dose));
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
  const offsets = beamletOffsets(beams);
  return beams.map(({ beam, beamlets }, b): PlannedField => {
    const fluence = fluenceOfBeamlets(beamlets, weights, offsets[b]!);
    const shining = fluence.filter((w) => w > 0);
    const monitorUnits = shining.length === 0 ? 0 : shining.reduce((a, b) => a + b, 0) / shining.length;
    return { beam, monitorUnits, fluence: { grid: beamlets.grid, weights: fluence } };
  });
}

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
import { inDeliveryOrder } from '../../sequence/segment-order.js';
import { smoothnessOf } from '../asked/asked-objective.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import { deliverMoving, type MovingDelivery, movesLeaves } from '../delivery/moving-delivery.js';
import { ofDelivery, type PlannedSegments, planSegments } from '../delivery/plan-segments.js';
import { fluenceOfSegments, type SegmentSettings, segmentSettings } from '../delivery/segment-fields.js';
import type { PlanCase } from '../input/plan-case.js';
import { type PatientModel, targetMaskOf } from '../patient/patient-model.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { constrainedVoxels, uniformMaxima } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { HeldConstraint } from '../problem/held-constraint.js';
import { type FurtherObjectives, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { AskedLists } from '../problem/posed-goal.js';
import { rowMaxima } from '../problem/row-maxima.js';
import { type RobustSettings, scenarioShifts, withScenarios } from '../problem/scenario.js';
import { worstCordShift } from './cord-shifts.js';
import { FINE, finish, type OptimisedPlan, ROUGH } from './finish-plan.js';
import { posedGoals, settleConstraints, solveByPriorities } from './ordered-plan.js';
import { type KeptInfluence, type KeptRows, prepareInfluence } from './prepared-influence.js';
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

/** The beams of an IMRT plan, with beamlets over the view of all targets from each. */
export function modulatedBeams(
  model: PatientModel,
  { beams, beamlet, margin, onAxis }: Pick<PlanCase['imrt'], 'beams' | 'beamlet' | 'margin' | 'onAxis'>,
  machine: Machine,
): ModulatedBeam[] {
  const target = targetMaskOf(model);
  const modulated: ModulatedBeam[] = [];
  let count = 0;
  for (const beam of beamsOf(beams, model, machine)) {
    const beamlets = beamletsCovering(beam.frame, target, beamlet, margin, onAxis);
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
  /** What is prepared for the same voxels stays from round to round. @default prepared and freed for each */
  readonly kept?: KeptInfluence | undefined;
  /** Where operator and rows stay for the next plan. @default freed with this one */
  readonly keptRows?: KeptRows | undefined;
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
    held = [],
    further,
    aims,
    lists,
    prior,
    start,
    kept,
    keptRows,
    timeLeft = forever,
    isNominal = false,
  } = options;
  const { hold } = planCase.imrt;
  const robust = isNominal ? undefined : planCase.imrt.robust;
  const shifts = robust ? scenarioShifts(robust) : [];
  model.onStage('imrt: beamlets, rows');
  const beams = modulatedBeams(model, planCase.imrt, machine);
  const shared = { held, further, aims, lists, prior, kept, keptRows };
  const job: ModulatedJob = { model, given, planCase, machine, robust, beams, organs, onProgress, timeLeft, ...shared };
  const ball = hold === 'cord' && given.cord.rows.length > 0 ? robust?.distance : undefined;
  const added: Vec3[] = [];
  let solved = solveModulated(job, maxima, added, start);
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
    const lowered = maxima.map((maximum) => margin * maximum);
    solved = solveModulated(job, lowered, added, solution.weights);
    solved = {
      ...solved,
      solution: { ...solved.solution, evaluations: solution.evaluations + solved.solution.evaluations },
    };
  }
  const { solution } = solved;
  const ballScale = Math.min(1, 1 / (found?.worst.value ?? 1));
  const scenarios = robust ? new ScenarioDose(model, planCase, [...shifts, ...added]) : undefined;
  try {
    const { segmented, moving, ...own } = solved;
    const shared = { technique: 'imrt', hold, maxima, organs, held, aims } as const;
    if (moving !== undefined) {
      const { operator, solution: weighed, delivery } = moving;
      const problem = { ...own.problem, operator };
      const made = finish(model, planCase, {
        ...shared,
        ...own,
        fields: moving.planned,
        problem,
        solution: ofDelivery(weighed),
      });
      const arc = delivery.arc?.map((point) => ({ ...point, monitorUnits: made.scale * point.monitorUnits }));
      return { ...made, fluence: solution.weights, delivery: { ...delivery, ...(arc && { arc }) } };
    }
    if (segmented !== undefined) {
      const { operator, solution: weighed, delivery } = segmented;
      const fields = segmentedFields(segmented, beams, segmentSettings(planCase.imrt)!, machine);
      const problem = { ...own.problem, operator };
      const made = finish(model, planCase, { ...shared, ...own, fields, problem, solution: ofDelivery(weighed) });
      return { ...made, fluence: solution.weights, delivery };
    }
    const fields = modulatedFields(beams, solution.weights);
    const optimised = { ...shared, fields, ...own };
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
  readonly machine: Machine;
  readonly beams: readonly ModulatedBeam[];
  readonly organs: readonly VoxelMaxima[];
  readonly held: readonly HeldConstraint[];
  readonly aims: ReadonlyMap<string, number> | undefined;
  readonly further: FurtherObjectives | undefined;
  readonly lists: AskedLists | undefined;
  readonly prior: PriorExposure | undefined;
  readonly onProgress: ProgressListener | undefined;
  readonly timeLeft: TimeLeft;
  readonly kept: KeptInfluence | undefined;
  readonly keptRows: KeptRows | undefined;
}

/** What the optimiser made of a modulated job. */
type SolvedModulated = Pick<OptimisedPlan, 'voxels' | 'problem' | 'solution' | 'priorities' | 'conflict'> & {
  /** Where the plan is delivered in segments. */
  readonly segmented?: PlannedSegments;
  /** Where it is delivered by leaves that move. */
  readonly moving?: MovingDelivery;
};

/** The best fluence under the maxima at the nominal place, in the case's scenarios and, for the cord, under further shifts. */
function solveModulated(
  {
    model,
    given,
    planCase,
    machine,
    robust,
    beams,
    organs,
    onProgress,
    timeLeft,
    kept,
    keptRows,
    ...job
  }: ModulatedJob,
  maxima: Float64Array,
  added: readonly Vec3[],
  start?: Float64Array,
): SolvedModulated {
  const { hold, gap } = planCase.imrt;
  const fine = gap === undefined ? FINE : Number.parseFloat(gap) / 100;
  const voxels = robust ? withScenarios(given, scenarioShifts(robust), robust.target, added) : given;
  const prepare = () => prepareInfluence(beams, model, voxels, planCase, smoothnessOf(planCase.objectives), keptRows);
  const prepared = kept === undefined ? prepare() : kept.of(voxels, prepare);
  model.onStage('imrt: fluence');
  const { smooth, sample, preconditioner } = prepared;
  const sets = constrainedVoxels(voxels, maxima, organs);
  const [cord, ...organMaxima] = sets.map((set) => set.maxima);
  const { held, further, aims, lists, prior } = job;
  const pose = (temperature?: number) => {
    const options = { maxima: cord!, organMaxima, temperature, held, further, aims, prior };
    const posed = posePrescribed(model, voxels, planCase, hold, options);
    if (smooth === undefined) return { operator: prepared.operator, ...posed };
    return { ...posed, operator: smooth.operator, objectives: [...posed.objectives, smooth.objective] };
  };
  let problem = pose();
  const best = (): Solution => {
    const rows = { sample, preconditioner };
    const options = {
      onProgress: (p: SolveProgress) => onProgress?.('imrt', p),
      ...(start ? { start } : {}),
    };
    const isWorst = robust?.target === 'worst';
    if (!isWorst) return solve({ ...problem, ...rows }, { ...options, gap: fine, timeLimit: timeLeft() });
    // How far the worst case may be smoothed is seen on a plan near the best one.
    const rough = solve({ ...problem, ...rows }, { ...options, gap: ROUGH, timeLimit: timeLeft() });
    problem = pose(smoothing(settledProblem(problem, rough).targets, rough.dose));
    const finer = solve(
      { ...problem, ...rows },
      {
        ...options,
        gap: fine,
        start: rough.weights,
        timeLimit: timeLeft(),
      },
    );
    return { ...finer, evaluations: rough.evaluations + finer.evaluations };
  };
  try {
    const { solution: first, priorities } =
      lists === undefined
        ? { solution: best(), priorities: undefined }
        : solveByPriorities(
            problem,
            posedGoals(lists, voxels, model, planCase, rowMaxima(voxels, model.cord, maxima, organs)),
            {
              sample,
              start,
              executor: model.executor,
              gap: fine,
              timeLimit: timeLeft(),
              onProgress: (p) => onProgress?.('imrt', p),
            },
          );
    const again = (interior: Float64Array): Solution =>
      solve({ ...problem, sample, preconditioner }, { gap: fine, timeLimit: timeLeft(), interior });
    const { solution, conflict } = settleConstraints({ ...problem, preconditioner }, first, again, timeLeft, sample);
    const made = { voxels, problem, solution, priorities, conflict };
    const settings = segmentSettings(planCase.imrt);
    const told = { gap: fine, onProgress: (p: SolveProgress) => onProgress?.('imrt', p) };
    if (movesLeaves(planCase.imrt) && solution.certificate.lowerBound !== null) {
      const fluence = { prepared, beams, ...made };
      return { ...made, moving: deliverMoving(fluence, planCase, model, machine, { ...told, timeLeft }) };
    }
    if (settings === undefined || solution.certificate.lowerBound === null) return made;
    const { operator } = prepared;
    const { fractions } = planCase.prescription;
    const own = { ...settings, fractions };
    const segmented = planSegments({ operator, beams, ...made }, own, model, machine, timeLeft, told);
    return { ...made, segmented };
  } finally {
    if (kept === undefined) prepared.close();
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

/** Fields in segments: their fluence is the sum of what the apertures let through. */
function segmentedFields(
  { fields, solution }: PlannedSegments,
  beams: readonly ModulatedBeam[],
  settings: SegmentSettings,
  machine: Machine,
): PlannedField[] {
  return beams.flatMap(({ beam }, b): PlannedField[] => {
    const own = fields.flatMap(({ of, aperture }, n) =>
      of === b && solution.weights[n]! > 0 ? [{ aperture, monitorUnits: solution.weights[n]! }] : [],
    );
    const segments = inDeliveryOrder(own, settings);
    if (segments.length === 0) return [];
    const monitorUnits = segments.reduce((sum, segment) => sum + segment.monitorUnits, 0);
    return [{ beam, monitorUnits, fluence: fluenceOfSegments(segments, settings, machine), segments }];
  });
}

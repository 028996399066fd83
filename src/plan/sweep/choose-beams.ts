/**
 * Beam angles: n of a set of candidates, and how far any choice can be from the best.
 *
 * A choice is a plan in which all other candidates have weight zero. So what is proven of the plan with all candidates open is a bound for
 * every choice of any number of them, and the plan of a choice lies above it by a distance that is known. How large the part of that
 * distance is that better angles could make up, and how large what only more beams can, the bound does not say.
 *
 * Objectives must be the same for all that is compared. The level that the target's objectives ask for moves until a plan meets its
 * prescription; here it stands still, at the level where nine evenly spread candidates meet it. A plan of other beams at that
 * level misses the prescription by a few hundredths of a Gy; `plan` of the chosen case then meets it.
 */
import { anglesOnPatient, type BeamAngles } from '../../beam/arrangement.js';
import { checkInteger, checkPositive } from '../../core/check.js';
import { timeLimit as startClock } from '../../core/deadline.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { Executor } from '../../core/executor.js';
import { weightedUpperQuantile } from '../../core/quantile.js';
import type { ColumnPlan } from '../../optimize/open-columns.js';
import type { Prescription } from '../../optimize/problem.js';
import type { SolutionStatus } from '../../optimize/solver.js';
import { structureTolerances } from '../constraint/structure-tolerance.js';
import { checkTolerancesLeaveDose, cordMaxima, organMaxima } from '../constraint/voxel-maximum.js';
import { modelPatient, type StageListener } from '../patient/patient-model.js';
import { checkJob, type PlanJob } from '../patient/plan-job.js';
import { exposeToPrior } from '../patient/prior-course.js';
import { constrainedVoxels } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { refuseConstraints, refuseRobust } from '../problem/scenario.js';
import { readBeams } from '../technique/beam-pool.js';
import { modulatedBeams } from '../technique/imrt.js';
import { WorkingSet } from '../technique/working-set.js';
import { anglesInWords, equispacedCandidates, orderedCandidates } from './beam-candidates.js';
import { BeamChoosing, type PrescribedProblem } from './beam-choosing.js';
import type { BeamSet } from './beam-search.js';

/** The best set of beams that was found of one number, as the case's own rows and beamlets see it. */
export interface BeamPoint {
  /** In the order of the candidates. */
  readonly beams: readonly BeamAngles[];
  readonly status: SolutionStatus;
  /** Of the objectives at the common level. */
  readonly objective: number;
  /** No plan of these beams has a smaller one; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** By how much the objective is above what no choice of any number of the candidates can go below, fraction of that; null where nothing is proven. */
  readonly distance: number | null;
  /** Volume of the target that receives 95 % of the prescription, percent, in the optimiser's rows. */
  readonly v95: number;
  /** Largest dose of the cord's rows, Gy; null without any. */
  readonly cordMaximum: number | null;
  /** What the prescribed dose is at the common level, Gy. */
  readonly prescriptionDose: number;
}

/** What was chosen of which candidates, and what is proven of every choice. */
export interface BeamChoice {
  /** In their order: by couch, gantry and collimator. */
  readonly candidates: readonly BeamAngles[];
  /** At which all objectives are compared, Gy. */
  readonly level: number;
  /** The plan with all candidates open: its objective, and what no choice can go below. */
  readonly all: { readonly objective: number; readonly lowerBound: number | null };
  /** Rows of the problem, and on how many of their own the numbers were computed; fewer where all would not fit into memory. */
  readonly rows: { readonly all: number; readonly computed: number };
  /** By rising number of beams. */
  readonly points: readonly BeamPoint[];
  /** Of sets that were asked for by name, in their order. */
  readonly compared: readonly BeamPoint[];
  /** Whether time was over before the search was. */
  readonly isCutShort: boolean;
}

/** What beams are chosen from, how many, and who is told. */
export interface ChooseBeamsOptions {
  /** How many, or several numbers for a curve. @default 9 */
  readonly choose?: number | readonly number[];
  /** Number of equally spaced gantry angles, or a list of beams. @default 36 */
  readonly candidates?: number | readonly BeamAngles[];
  /** Couch angles at each of which there are as many, degrees. @default [0] */
  readonly couch?: readonly number[];
  /** Sets of candidates that are planned beside the chosen ones, at the same level. @default none */
  readonly compare?: readonly (readonly BeamAngles[])[];
  /** At which the objectives of the target stand, Gy, > 0. @default where nine evenly spread candidates meet the prescription */
  readonly level?: number;
  /** Seconds that the search may take, > 0: then the best sets so far. Their plans and the bound come on top. @default none */
  readonly timeLimit?: number;
  /** @default serialExecutor */
  readonly executor?: Executor;
  /** Told what begins. */
  readonly onStage?: StageListener;
}

function prescribed(problem: PlanningProblem): PrescribedProblem {
  const { prescription } = problem;
  if (prescription !== undefined) return { ...problem, prescription };
  throw new UnsupportedError(
    'beams: no objective of the case follows the prescription (isLevel), so that its choices have no level in common. Add "spine-default" to objectives.',
  );
}

/**
 * Chooses beams for the IMRT plan of a case.
 *
 * @param job whose `imrt.beams` are one start of the search where they are candidates and as many as are to be chosen
 * @throws {InvalidInputError} for more beams than candidates, fewer than one, or a candidate that is there twice
 * @throws {UnsupportedError} for a robust case
 */
export function chooseBeams(job: PlanJob, options: ChooseBeamsOptions = {}): BeamChoice {
  const { choose = 9, candidates: given = 36, couch, compare = [], level, executor, onStage } = options;
  checkJob(job);
  const { case: planCase, patient, machine, prior } = job;
  refuseRobust('beams', planCase);
  refuseConstraints('beams', planCase);
  if (level !== undefined) checkPositive('beams: level in Gy', level);
  const counts = countsOf(choose);
  const candidates = candidatesOf(given, couch);
  checkCounts(counts, candidates.length);
  const compared = compare.map((set) => indicesOf(set, candidates));
  if (options.timeLimit !== undefined) checkPositive('beams: time limit in seconds', options.timeLimit);
  const model = modelPatient(patient, planCase, executor, onStage);
  try {
    const tolerances = structureTolerances(model, planCase, exposeToPrior(model, planCase, machine, prior));
    const { hold } = planCase.imrt;
    if (hold === 'cord') checkTolerancesLeaveDose(tolerances);
    const rows = new WorkingSet(model, planCase, machine, organMaxima(tolerances, model), ['imrt']);
    const voxels = rows.choose();
    const maxima = cordMaxima(tolerances, model, planCase.cordCap, voxels.cord.voxels);
    const [, ...others] = constrainedVoxels(voxels, maxima, rows.organs);
    const posed = posePrescribed(model, voxels, planCase, hold, {
      maxima,
      organMaxima: others.map((organ) => organ.maxima),
    });
    const problem = prescribed(posed);
    const own = indicesIn(anglesOnPatient(planCase.imrt.beams, patient.position), candidates);
    const starts = own === undefined ? [] : [own];
    model.onStage('beams: influence of all candidates');
    const beams = candidates.flatMap((angles) => modulatedBeams(model, { ...planCase.imrt, beams: [angles] }, machine));
    const pool = readBeams(beams, model, voxels, planCase);
    const clock = startClock(options.timeLimit);
    const work = new BeamChoosing(pool, problem, voxels, {
      executor,
      timeLeft: clock,
      stage: model.onStage,
      level,
      starts,
    });
    const prescription = planCase.prescription.dose;
    const { all, points, rest } = work.run(counts, compared);
    const tell = (set: BeamSet): BeamPoint => pointOf(set, all.plan, { candidates, problem, voxels, prescription });
    return {
      candidates,
      level: work.level,
      all: { objective: all.plan.value, lowerBound: provenOf(all.plan) },
      rows: { all: voxels.zones.length, computed: pool.fine.count },
      points: points.map(tell),
      compared: rest.map(tell),
      isCutShort: work.isCutShort,
    };
  } finally {
    model.bodyDose.close();
  }
}

/** The numbers of beams, rising. */
function countsOf(choose: number | readonly number[]): number[] {
  const counts = typeof choose === 'number' ? [choose] : [...choose];
  if (counts.length === 0) throw new InvalidInputError('beams: no number of beams is given. Give at least one, as 9.');
  for (const count of counts) checkInteger('beams: number of beams to choose', count, 1);
  return [...new Set(counts)].sort((a, b) => a - b);
}

function checkCounts(counts: readonly number[], there: number): void {
  const largest = counts.at(-1)!;
  if (largest <= there) return;
  throw new InvalidInputError(
    `beams: ${largest} beams are to be chosen, but there are only ${there} candidates. Choose fewer, or give more candidates.`,
  );
}

function candidatesOf(given: number | readonly BeamAngles[], couch: readonly number[] | undefined): BeamAngles[] {
  if (typeof given === 'number') return orderedCandidates(equispacedCandidates(given, couch));
  if (couch !== undefined) {
    throw new InvalidInputError(
      'beams: couch angles go with a number of candidates; a list has its own. Leave one of them out.',
    );
  }
  return orderedCandidates(given);
}

function indicesOf(set: readonly BeamAngles[], candidates: readonly BeamAngles[]): number[] {
  const found = indicesIn(orderedCandidates(set), candidates);
  if (found !== undefined) return found;
  const other = set.find((angles) => indicesIn([angles], candidates) === undefined)!;
  throw new InvalidInputError(
    `beams: ${anglesInWords(other)} of a set that is to be compared is none of the ${candidates.length} candidates. Give it as one.`,
  );
}

/** Which candidates a set is made of; undefined where one of it is none. */
function indicesIn(set: readonly BeamAngles[], candidates: readonly BeamAngles[]): number[] | undefined {
  const names = candidates.map(anglesInWords);
  const indices = set.map((angles) => names.indexOf(anglesInWords(angles)));
  return indices.includes(-1) ? undefined : indices;
}

const provenOf = ({ lowerBound }: ColumnPlan): number | null => (Number.isFinite(lowerBound) ? lowerBound : null);

/** Of the volume, what has at least a value. */
function fractionFrom(least: number, values: Float64Array, volumes: Float64Array): number {
  let [above, all] = [0, 0];
  values.forEach((value, q) => {
    all += volumes[q]!;
    if (value >= least) above += volumes[q]!;
  });
  return above / all;
}

interface Told {
  readonly candidates: readonly BeamAngles[];
  readonly problem: { readonly prescription: Prescription };
  readonly voxels: PlanningVoxels;
  /** Gy */
  readonly prescription: number;
}

function pointOf(
  { beams, plan }: BeamSet,
  all: ColumnPlan,
  { candidates, problem, voxels, prescription }: Told,
): BeamPoint {
  const { dose, value, status } = plan;
  const { target, cord } = voxels;
  const ofTarget = Float64Array.from(target.rows, (row) => dose[row]!);
  const { read, rows, volumes, fraction } = problem.prescription;
  const ofPrescription = Float64Array.from(rows, (row) => dose[row]!);
  const least = provenOf(all);
  return {
    beams: beams.map((b) => candidates[b]!),
    status,
    objective: value,
    lowerBound: provenOf(plan),
    distance: least === null || least <= 0 ? null : value / least - 1,
    v95: 100 * fractionFrom(0.95 * prescription, ofTarget, target.volumes),
    cordMaximum: cord.rows.length === 0 ? null : cord.rows.reduce((largest, row) => Math.max(largest, dose[row]!), 0),
    prescriptionDose: read?.(dose) ?? weightedUpperQuantile(ofPrescription, volumes, fraction),
  };
}

/**
 * A modulated plan by sliding windows: leaf ways that deliver the optimised fluence, and the dose of what they deliver.
 *
 * Leaves let through more than they are asked for: closed ones leak as long as the field is on, a gap stays open, control points
 * cut corners. What the engine finds of that beyond the beamlets' dose is a dose that is there anyway; the fluence is optimised again
 * on top of it, under the same constraints and to the same prescription, and sequenced again. At last the leaves stay on their way, and how
 * many units are given on each part of it is optimised on the engine's dose of that part: what holds, holds in the dose of what is
 * delivered. Where that needs fewer units than leaves at full speed leave time for, the dose rate is lower.
 */
import { movingFluence } from '../../beam/moving-aperture.js';
import type { TimeLeft } from '../../core/deadline.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import { evaluateAll } from '../../optimize/half-spaces.js';
import type { Problem } from '../../optimize/problem.js';
import { type Solution, type SolveOptions, solve } from '../../optimize/solver.js';
import { withBackground } from '../../optimize/with-background.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { throughOf } from './leaf-settings.js';
import { fluenceOfPoints, type LeafPoint, motionsOf, windowSeconds } from './moving-leaves.js';
import { type WindowField, type WindowSettings, windowFields } from './window-fields.js';

/** The fluence that leaves should deliver, and what it was optimised with. */
export interface PreparedFluence {
  readonly prepared: Required<Pick<Problem, 'operator' | 'sample' | 'preconditioner'>>;
  readonly beams: readonly ModulatedBeam[];
  readonly voxels: PlanningVoxels;
  readonly problem: PlanningProblem;
  readonly solution: Solution;
}

/** What moving leaves cost. */
export interface MovingPrice {
  readonly kind: 'sliding-window' | 'arc';
  /** Control points of all fields. */
  readonly segments: number;
  /** Beam-on time of one fraction, s. */
  readonly seconds: number;
  readonly value: number;
  readonly lowerBound: number | null;
  readonly price: number | null;
}

/** Windows with their units, as a solution of the problem on their own doses. */
export interface PlannedWindows {
  readonly fields: readonly WindowField[];
  readonly operator: LinearOperator;
  readonly solution: Solution;
  readonly delivery: MovingPrice;
}

/** Fluences that are optimised on top of what leaves let through besides. */
const ROUNDS = 2;
/** A change of that dose by less than this fraction of the largest is none. */
const SETTLED = 5e-4;

/** What the optimiser is told each time. */
type Told = Pick<SolveOptions, 'gap' | 'onProgress'>;

export function planWindows(
  fluence: PreparedFluence,
  settings: WindowSettings,
  { prescription: { fractions } }: Pick<PlanCase, 'prescription'>,
  model: PatientModel,
  machine: Machine,
  { timeLeft, ...told }: Told & { readonly timeLeft: TimeLeft },
): PlannedWindows {
  const { prepared, beams, voxels, problem } = fluence;
  const sequence = (weights: Float64Array) => {
    const fields = windowFields(beams, weights, settings, machine, fractions);
    return { fields, columns: model.bodyDose.columnsAt(fields, voxels.places) };
  };
  model.onStage('imrt: sliding windows');
  let { weights } = fluence.solution;
  let made = sequence(weights);
  let known: Float64Array | undefined;
  for (let round = 0; round < ROUNDS && timeLeft() > 0; round++) {
    const background = beyond(made.columns, prepared.operator.apply(weights, new Float64Array(prepared.operator.rows)));
    if (known !== undefined && isSettled(known, background)) break;
    known = background;
    const start = weights.map((w) => Math.max(w, 0));
    const solved = solve(
      { ...withBackground(problem, background), ...prepared },
      { ...told, start, timeLimit: timeLeft() },
    );
    if (solved.status !== 'reached' && solved.status !== 'unproven') break;
    weights = solved.weights;
    made = sequence(weights);
  }
  model.onStage('imrt: weights along the way');
  const parts = made.fields.flatMap((field) => partsOf(field, settings, machine));
  const operator = new ColumnOperator(model.bodyDose.columnsAt(parts, voxels.places));
  const start = new Float64Array(parts.length).fill(1);
  const solution = solve({ ...problem, operator }, { ...told, start, timeLimit: timeLeft() });
  let next = 0;
  const fields = made.fields.map(({ beam, points }): WindowField => {
    const count = partCount(points);
    const weighed = weighedPoints(points, solution.weights.subarray(next, next + count));
    next += count;
    return { beam, points: weighed, fluence: fluenceOfPoints(weighed, settings, machine) };
  });
  return {
    fields,
    operator,
    solution,
    delivery: {
      kind: 'sliding-window',
      segments: fields.reduce((sum, { points }) => sum + points.length, 0),
      seconds: fields.reduce((sum, { points }) => sum + windowSeconds(points, settings, fractions), 0),
      ...priceOf(fluence, solution),
    },
  };
}

/** Intervals between control points that are weighed as one. */
const TOGETHER = 4;

const partCount = (points: readonly LeafPoint[]): number => Math.ceil((points.length - 1) / TOGETHER);

/** What a field gives on each part of its way, all on the pixels of the whole. */
function partsOf({ beam, points }: WindowField, settings: WindowSettings, machine: Machine): FluencePart[] {
  const motions = motionsOf(points);
  const through = throughOf(settings, machine);
  return Array.from({ length: partCount(points) }, (_, part) => {
    const own = motions.map((motion, m) =>
      Math.floor(m / TOGETHER) === part ? motion : { ...motion, monitorUnits: 0 },
    );
    return { beam, fluence: movingFluence(settings.bank, own, through) };
  });
}

type FluencePart = Pick<WindowField, 'beam' | 'fluence'>;

/** The same places, each part of the way with its units times its weight. */
function weighedPoints(points: readonly LeafPoint[], weights: Float64Array): LeafPoint[] {
  let given = 0;
  return points.map(({ aperture, monitorUnits }, p) => {
    if (p > 0) given += weights[Math.floor((p - 1) / TOGETHER)]! * (monitorUnits - points[p - 1]!.monitorUnits);
    return { aperture, monitorUnits: given };
  });
}

/** What a delivered dose costs above the best fluence, at the level of the fluence's objectives. */
export function priceOf(
  { problem, solution: fluence }: Pick<PreparedFluence, 'problem' | 'solution'>,
  { dose }: Pick<Solution, 'dose'>,
): Pick<MovingPrice, 'value' | 'lowerBound' | 'price'> {
  const { objectives } = settledProblem(problem, fluence);
  const value = evaluateAll(objectives, dose, new Float64Array(dose.length));
  const { lowerBound } = fluence.certificate;
  return { value, lowerBound, price: lowerBound === null || !(lowerBound > 0) ? null : value / lowerBound - 1 };
}

/** The dose of all fields less another. */
function beyond(columns: readonly Float64Array[], dose: Float64Array): Float64Array {
  return dose.map((gray, r) => columns.reduce((sum, column) => sum + column[r]!, -gray));
}

function isSettled(a: Float64Array, b: Float64Array): boolean {
  const largest = a.reduce((far, gray) => Math.max(far, Math.abs(gray)), 0);
  return a.every((gray, r) => Math.abs(gray - b[r]!) <= SETTLED * largest);
}

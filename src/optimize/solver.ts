/**
 * The solver: an interior-point method that stops when it has proven how good its plan is.
 *
 * Between two steps the level of the target objectives moves by prescribed / reached, so that limits and prescription are met
 * together; nothing is scaled up afterwards. Once the prescription is met the level stands still, the problem is convex, and
 * the lower bound of `lower-bound.ts` counts from there. Only a plan without limits is scaled to its prescription.
 */
import { InvalidInputError } from '../core/errors.js';
import { weightedUpperQuantile } from '../core/quantile.js';
import { type Certificate, certify, worstViolation } from './certificate.js';
import { type Constraint, type ConvexConstraint, violationOf } from './constraint.js';
import { ExactNormal, MOST_COLUMNS } from './exact-normal.js';
import { searchFeasible } from './feasibility.js';
import {
  createPlane,
  evaluateAll,
  type HalfSpaces,
  halfSpaceCount,
  type Multipliers,
  type Plane,
  rowHalfSpaces,
} from './half-spaces.js';
import { InteriorPoint, type StepOptions } from './interior-point.js';
import { findCuts, lowerBound, restorationCost, type Tangent, tangentAt } from './lower-bound.js';
import { NormalMatrix, type VoxelSample } from './normal-matrix.js';
import { followLevel, type Objective } from './objective/objective.js';
import type { Preconditioner } from './preconditioner.js';
import { checkProblem, type Problem } from './problem.js';
import { mixedStart, type StartingPoint, scaledStart } from './start.js';
import { darken, unreachedColumns } from './unreached.js';
import { sampleVoxels } from './voxel-sample.js';

/** When a solve ends, and who is told. */
export interface SolveOptions {
  /** Starting weights, e.g. of a similar plan; default: equal weights. */
  readonly start?: Float64Array;
  /** Stop at this gap, fraction of the objective. @default 0.01 */
  readonly gap?: number;
  /** Newton steps, at most. @default 60 */
  readonly maxSteps?: number;
  /**
   * Seconds, >= 0, after which the plan so far is returned as `time-limit`, with the gap that is proven by then. Looked at between
   * products of the operator. @default Infinity
   */
  readonly timeLimit?: number;
  /** Relative error of the prescription at which its level stands still. @default 0.0005 */
  readonly prescriptionTolerance?: number;
  /** Called after every step. */
  readonly onProgress?: (progress: SolveProgress) => void;
  /** Looked at between steps; an AbortSignal fits. */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Weights > 0 whose dose keeps every constraint with a margin: the method starts there, and falls back on it where new planes cut a
   * plan off. Nothing is searched for then. @default searched for
   *
   * @internal
   */
  readonly interior?: Float64Array;
  /** @internal Called after every step with the weights, > 0; they are not to be kept. */
  readonly onPoint?: (weights: Float64Array) => void;
  /** @internal Told at the end what prices a column that the problem does not have. */
  readonly onDual?: (dual: Dual) => void;
}

/** @internal All limits as half-spaces, and what each of them costs. */
export interface Dual {
  readonly halfSpaces: HalfSpaces;
  readonly multipliers: Multipliers;
}

/** Where a solve is after one of its steps. */
export interface SolveProgress {
  readonly step: number;
  readonly evaluations: number;
  readonly objective: number;
  /** Largest violation of a constraint, Gy; negative where all are kept. */
  readonly violation: number;
  /** Proven, fraction of the objective; Infinity as long as nothing is. */
  readonly gap: number;
  /** Gy */
  readonly prescriptionDose: number;
}

/**
 * How a solve ended. `reached`: the limits hold, the prescription is met, and the plan is proven to be within the gap asked for of
 * the best one; `unproven`: the first two, but steps no longer brought the proof nearer; `prescription-missed`: the limits hold, the
 * prescribed dose was not met under them (`certificate.gap` says how far that plan is proven); `infeasible`: no plan keeps the
 * limits, this one breaks them least; `time-limit`: the plan when time was over, which keeps the limits unless the certificate
 * says otherwise; `stopped`: on request; `constraints-broken`: of weights that were given, not solved for: they break the limits.
 */
export type SolutionStatus =
  | 'reached'
  | 'unproven'
  | 'prescription-missed'
  | 'infeasible'
  | 'time-limit'
  | 'stopped'
  | 'constraints-broken';

/** Weights, their dose, how the solve ended, and the proof. */
export interface Solution {
  /** Zero for columns that reach no row of the problem. */
  readonly weights: Float64Array;
  /** A w */
  readonly dose: Float64Array;
  readonly status: SolutionStatus;
  /** Value of the objectives at the plan. */
  readonly objective: number;
  /** Products with the operator and with its transpose, half each. */
  readonly evaluations: number;
  /** The dose that was prescribed, as the plan has it, Gy. */
  readonly prescriptionDose: number;
  /** Where the level of the target objectives stood at the end, Gy: the certificate is for that. Absent without a prescription. */
  readonly level?: number;
  readonly certificate: Certificate;
  /** Rows of the prescription that hardly any weight reaches: a target outside all beams. */
  readonly uncovered: Int32Array;
}

/**
 * Weights >= 0 that minimise the objectives under the limits, by a primal-dual interior-point method, with their proof. The problem is left as it was.
 *
 * @throws {InvalidInputError} for a malformed problem or a negative time limit; not converging is a status, not an
 *   error
 */
export function solve(problem: Problem, options: SolveOptions = {}): Solution {
  checkProblem(problem);
  const { timeLimit = Number.POSITIVE_INFINITY } = options;
  if (!(timeLimit >= 0)) {
    throw new InvalidInputError(`optimise: timeLimit is ${timeLimit} s, but must be >= 0. Leave it out for none.`);
  }
  const { prescription, objectives } = problem;
  if (prescription === undefined) return new Session(problem, undefined, options).run();
  const level = { value: prescription.level.value };
  const own = followLevel(objectives, prescription.level, level);
  return new Session({ ...problem, objectives: own }, level, options).run();
}

/** With equal weights a voxel in the beams receives more than this fraction of the largest dose. */
const UNCOVERED = 0.02;
/** How often a level that stood still may be set right. */
const LEVEL_CHANGES = 8;
/** Planes that stand for convex limits, at most. */
const MOST_PLANES = 200;
/** Planes ask for this fraction of what a convex limit's bound leaves to the plan more, times the gap to be proven: so a few of them keep the limit itself. */
const TIGHTENING = 2e-3;
/** Halvings that find where a multiple of a dose meets a convex limit. */
const HALVINGS = 40;
/** So many steps may bring neither complementarity nor gap down by the fraction of {@link PROGRESS} before the solver gives up. */
const PATIENCE = 8;
const PROGRESS = 0.05;
/** Of Newton systems where constraints alone curve: what is left of them would be taken for multipliers that do not fit. */
const PATIENT_ACCURACY = 1e-8;
/** Rounds of steps that may end without a proof; planes that stand for convex limits are added between them. */
const UNPROVEN_ROUNDS = 2;
/** A level stays within these fractions of the prescribed dose. */
const LEVELS = [0.8, 1.2] as const;

class Session {
  private readonly constraints: readonly Constraint[];
  private readonly convexObjectives: readonly Objective[];
  private readonly sample: VoxelSample;
  private readonly normal: Preconditioner;
  private halfSpaces: HalfSpaces;
  /** Gap to be proven in the present round; limits that are convex only start with a wider one. */
  private gap: number;
  private evaluations = 0;
  private steps = 0;
  private bound = -Infinity;
  private cuts: readonly Tangent[] = [];
  private isLevelFixed: boolean;
  private levelChanges = 0;
  private levelMoves = 0;
  private isProven = false;
  private readonly end: number;
  private uncovered: Int32Array = new Int32Array(0);
  private unreached: Uint8Array = new Uint8Array(0);
  /** The dose of a step, and what it is at the prescription: it is asked for several times. */
  private known: { readonly dose: Float64Array; readonly step: number; readonly value: number } | undefined;

  constructor(
    private readonly problem: Problem,
    /** That its objectives follow, which moves; there is one where there is a prescription. */
    private readonly level: { value: number } | undefined,
    private readonly options: SolveOptions,
  ) {
    const { operator, objectives, constraints = [], sample, prescription } = problem;
    this.constraints = constraints;
    this.end = Date.now() + 1000 * (options.timeLimit ?? Number.POSITIVE_INFINITY);
    this.convexObjectives = objectives.filter((o) => o.isConvex);
    if (!sample) this.evaluations += operator.columns / 2;
    this.sample = sample ?? sampleVoxels(operator);
    this.normal = problem.preconditioner ?? this.ownNormal();
    this.isLevelFixed = prescription === undefined;
    const linear = constraints.filter((constraint) => constraint.kind === 'linear');
    this.evaluations += linear.length / 2;
    const planes = linear.map((l): Plane => {
      const { tightening = 0 } = l;
      return { ...createPlane(operator, l.name, l.rows, l.coefficients, l.bound - tightening), tightening };
    });
    this.halfSpaces = { ...rowHalfSpaces(constraints), planes };
    this.gap = constraints.some((constraint) => constraint.kind === 'convex') ? 0.1 : this.finalGap;
  }

  /** Where nothing but constraints curves, multipliers come first. */
  private get isPatient(): boolean {
    return this.options.interior !== undefined || this.problem.objectives.every(({ isLinear = false }) => isLinear);
  }

  /** Where constraints alone decide, rows differ by more than Float32 holds. */
  private ownNormal(): Preconditioner {
    const { columns } = this.problem.operator;
    const isExact = this.isPatient && columns <= MOST_COLUMNS;
    return isExact ? new ExactNormal(this.sample, columns) : new NormalMatrix(this.sample, columns);
  }

  private get finalGap(): number {
    return this.options.gap ?? 0.01;
  }

  run(): Solution {
    const { operator, objectives } = this.problem;
    let given = this.options.start;
    let unproven = 0;
    this.uncovered = this.findUncovered();
    this.unreached = unreachedColumns(this.problem);
    this.evaluations += 0.5;
    for (;;) {
      const start = this.start(given);
      if ('status' in start) return start;
      const constraints = this.halfSpaces;
      const { isPatient } = this;
      const problem = { operator, objectives, constraints, sample: this.sample, isPatient };
      const point = new InteriorPoint(problem, this.normal, start);
      const end = this.iterate(point);
      this.evaluations += point.evaluations;
      if (end !== 'proven' && end !== 'stuck') return this.finish(point, end);
      this.isProven = end === 'proven';
      const broken = this.planesOf(point.dose);
      if (broken.length === 0 && this.gap <= this.finalGap) return this.finish(point);
      if (end === 'stuck' && (broken.length === 0 || ++unproven >= UNPROVEN_ROUNDS)) return this.finish(point);
      const planes = [...this.halfSpaces.planes, ...broken];
      if (planes.length > MOST_PLANES) {
        this.isProven = false;
        return this.finish(point);
      }
      this.gap = Math.max(this.finalGap, broken.length === 0 ? 0 : 0.4 * this.gap);
      this.halfSpaces = { ...this.halfSpaces, planes: this.tightened(planes) };
      given = point.weights;
    }
  }

  /** @throws {InvalidInputError} if no voxel of the prescription is covered */
  private findUncovered(): Int32Array {
    const { operator, prescription } = this.problem;
    if (!prescription) return new Int32Array(0);
    const dose = operator.apply(new Float64Array(operator.columns).fill(1), new Float64Array(operator.rows));
    this.evaluations += 0.5;
    const least = UNCOVERED * dose.reduce((a, b) => Math.max(a, b), 0);
    const rows = prescription.rows.filter((row) => dose[row]! < least);
    if (rows.length === prescription.rows.length) {
      throw new InvalidInputError(
        `optimise: none of the prescription's ${rows.length} voxels lies in a beam. Move the isocentre, or give beamlets that cover them.`,
      );
    }
    return rows;
  }

  private start(given: Float64Array | undefined): StartingPoint | Solution {
    const { operator, objectives } = this.problem;
    this.evaluations += 0.5;
    const { interior } = this.options;
    const mixed = interior && mixedStart(operator, this.halfSpaces, interior, given);
    if (mixed !== undefined) return mixed;
    const scaled = scaledStart(operator, objectives, this.halfSpaces, given);
    if (scaled !== undefined) return scaled;
    const weights = given?.map((w) => Math.max(w, 1e-3)) ?? new Float64Array(operator.columns).fill(1);
    const dose = operator.apply(weights, new Float64Array(operator.rows));
    const isOver = (): boolean => this.isTimeOver;
    const found = searchFeasible(operator, this.halfSpaces, this.sample, { weights, dose }, isOver);
    this.evaluations += 0.5 + found.evaluations;
    if (found.violation < 0) return found;
    const value = evaluateAll(objectives, found.dose, new Float64Array(operator.rows));
    const none = new Float64Array(halfSpaceCount(this.halfSpaces));
    darken(found.weights, this.unreached);
    return {
      ...this.solution(found.weights, found.dose, value, none, -Infinity, found.leastViolation),
      // Not found in time is not proven to be nowhere.
      status: this.isTimeOver && !(found.leastViolation > 0) ? 'time-limit' : 'infeasible',
    };
  }

  private get isTimeOver(): boolean {
    return Date.now() >= this.end;
  }

  private iterate(point: InteriorPoint): 'proven' | 'stuck' | 'time-limit' | 'stopped' {
    const { signal, maxSteps = 60 } = this.options;
    this.forget();
    const progress = new Progress();
    let last = 1;
    for (let step = 1; step <= maxSteps; step++) {
      if (signal?.aborted) return 'stopped';
      if (this.isTimeOver) return 'time-limit';
      const wanted = this.gap * (Math.abs(point.value) || 1e-9);
      const isLate = point.complementarity < 3 * wanted;
      if (isLate && this.cuts.length === 0) this.findCuts(point);
      last = point.step(this.stepOptions(point, wanted, isLate));
      if (last === 0 && this.isTimeOver) return 'time-limit';
      this.steps++;
      if (!this.isLevelFixed) this.moveLevel(point, point.complementarity < 4 * wanted);
      if (isLate) this.prove(point);
      const gap = (point.value - this.bound) / (Math.abs(point.value) || 1e-9);
      this.tell(point, gap);
      if (this.isLevelFixed && gap <= this.gap && !this.isLevelOff(point)) return 'proven';
      if (last === 0 || progress.hasEnded(point.distance, gap, this.levelMoves)) return 'stuck';
    }
    return 'stuck';
  }

  private stepOptions({ count, value }: InteriorPoint, wanted: number, isLate: boolean): StepOptions {
    return {
      leastMu: (0.5 * wanted) / count,
      maxProducts: this.isPatient ? 60 : isLate ? 30 : 12,
      accuracy: this.isPatient ? PATIENT_ACCURACY : 0.1,
      isOver: () => this.isTimeOver,
      isEnough: isLate ? (h) => restorationCost(h, this.cuts, value) < 0.25 * wanted : undefined,
    };
  }

  private tell(point: InteriorPoint, gap: number): void {
    this.options.onPoint?.(point.weights);
    this.options.onProgress?.({
      step: this.steps,
      evaluations: this.evaluations + point.evaluations,
      objective: point.value,
      violation: worstViolation(this.constraints, point.dose)?.amount ?? -Infinity,
      gap,
      prescriptionDose: this.reached(point),
    });
  }

  /** A lower bound of a problem says nothing of another. */
  private forget(): void {
    this.bound = -Infinity;
    this.cuts = [];
  }

  private findCuts(point: InteriorPoint): void {
    const { operator } = this.problem;
    this.cuts = findCuts(operator, this.convexObjectives, this.halfSpaces, point.dose, point.multipliers);
    this.evaluations += this.cuts.length / 2;
  }

  private prove(point: InteriorPoint): void {
    if (this.cuts.length === 0) this.findCuts(point);
    const { operator, objectives } = this.problem;
    const { dose, multipliers, weights } = point;
    const isConvex = this.convexObjectives.length === objectives.length;
    const slopes = isConvex ? point.proofSlopes() : undefined;
    if (!isConvex) this.evaluations += 0.5;
    const tangent = tangentAt(operator, this.convexObjectives, this.halfSpaces, dose, multipliers, {
      weights,
      known: slopes,
    });
    this.bound = Math.max(this.bound, lowerBound(tangent, this.cuts, point.value));
  }

  /** Gy; NaN without a prescription. */
  private prescribed(dose: Float64Array): number {
    const { prescription } = this.problem;
    if (!prescription) return Number.NaN;
    const { rows, volumes, fraction, read } = prescription;
    if (read !== undefined) return read(dose);
    return weightedUpperQuantile(
      Float64Array.from(rows, (row) => dose[row]!),
      volumes,
      fraction,
    );
  }

  /** The same of the present plan, sorted once a step. */
  private reached({ dose }: InteriorPoint): number {
    if (this.known?.dose !== dose || this.known.step !== this.steps) {
      this.known = { dose, step: this.steps, value: this.prescribed(dose) };
    }
    return this.known.value;
  }

  private isMet(reached: number): boolean {
    const { prescription } = this.problem;
    const tolerance = this.options.prescriptionTolerance ?? 0.0005;
    return !prescription || Math.abs(reached / prescription.dose - 1) < tolerance;
  }

  /** Moves the level by prescribed / reached; near the end it stays where the prescription is met, or as high as it may be. */
  private moveLevel(point: InteriorPoint, isNearEnd: boolean): void {
    const { dose } = this.problem.prescription!;
    const level = this.level!;
    if (isNearEnd && this.isMet(this.reached(point))) {
      this.isLevelFixed = true;
      return;
    }
    const ratio = Math.min(1.25, Math.max(0.8, dose / this.reached(point)));
    const next = Math.min(LEVELS[1] * dose, Math.max(LEVELS[0] * dose, level.value * ratio));
    if (isNearEnd && (next === level.value || ++this.levelChanges > LEVEL_CHANGES)) this.isLevelFixed = true;
    if (next === level.value) return;
    level.value = next;
    this.levelMoves++;
    point.refresh();
    this.forget();
  }

  /** Whether a level that stood still has to move once more, as the plan has moved since. */
  private isLevelOff(point: InteriorPoint): boolean {
    if (this.isMet(this.reached(point)) || this.levelChanges >= LEVEL_CHANGES) return false;
    const before = this.level!.value;
    this.isLevelFixed = false;
    this.moveLevel(point, true);
    return this.level!.value !== before;
  }

  /** Planes that touch the convex limits which the dose breaks. */
  private planesOf(dose: Float64Array): Plane[] {
    const { operator } = this.problem;
    const planes: Plane[] = [];
    for (const constraint of this.constraints) {
      if (constraint.kind !== 'convex') continue;
      if (constraint.evaluate(dose, new Float64Array(dose.length)) <= constraint.bound) continue;
      const touched = constraint.withoutDose === undefined ? dose : scaledOnto(constraint, dose);
      const slope = new Float64Array(dose.length);
      const value = constraint.evaluate(touched, slope);
      const rows = constraint.rows.filter((row) => slope[row] !== 0);
      const coefficients = Float64Array.from(rows, (row) => slope[row]!);
      const along = rows.reduce((sum, row, q) => sum + coefficients[q]! * touched[row]!, 0);
      this.evaluations += 0.5;
      planes.push({
        ...createPlane(operator, constraint.name, rows, coefficients, constraint.bound - value + along),
        of: constraint,
      });
    }
    return planes;
  }

  /** Planes of convex limits, held to as much more as the gap asked for allows. */
  private tightened(planes: readonly Plane[]): Plane[] {
    return planes.map((plane) => {
      if (plane.of === undefined) return plane;
      const { bound, withoutDose = 0, tightening: least = 0 } = plane.of;
      const tightening = Math.max(least, TIGHTENING * this.gap * Math.abs(bound - withoutDose));
      return { ...plane, bound: plane.bound + (plane.tightening ?? 0) - tightening, tightening };
    });
  }

  private finish(point: InteriorPoint, stopped?: 'stopped' | 'time-limit'): Solution {
    const { operator, objectives, prescription } = this.problem;
    // What can be proven of a plan that was not made to the end is said too.
    if (this.bound === -Infinity) this.prove(point);
    const weights = point.weights.slice();
    darken(weights, this.unreached);
    const dose = operator.apply(weights, new Float64Array(operator.rows));
    this.evaluations += 0.5;
    let scale = 1;
    if (this.constraints.length === 0 && prescription && this.prescribed(dose) > 0) {
      // Nothing stands against it: the prescription is met exactly.
      scale = prescription.dose / this.prescribed(dose);
    }
    for (const constraint of this.constraints) scale = Math.min(scale, scaleToKeep(constraint, dose));
    if (scale === 1) scale = scaleToReach(this.constraints, dose);
    for (let c = 0; c < weights.length; c++) weights[c]! *= scale;
    for (let i = 0; i < dose.length; i++) dose[i]! *= scale;
    const value = evaluateAll(objectives, dose, new Float64Array(dose.length));
    const solution = this.solution(weights, dose, value, point.multipliers, this.bound);
    return stopped ? { ...solution, status: stopped } : solution;
  }

  private solution(
    weights: Float64Array,
    dose: Float64Array,
    value: number,
    multipliers: Multipliers,
    bound: number,
    leastViolation?: number,
  ): Solution {
    const { objectives } = this.problem;
    this.options.onDual?.({ halfSpaces: this.halfSpaces, multipliers });
    const prescriptionDose = this.prescribed(dose);
    const certificate = certify({
      objectives,
      constraints: this.constraints,
      halfSpaces: this.halfSpaces,
      multipliers,
      dose,
      value,
      lowerBound: bound,
      leastViolation,
    });
    return {
      weights,
      dose,
      status: this.isMet(prescriptionDose) ? (this.isProven ? 'reached' : 'unproven') : 'prescription-missed',
      objective: value,
      evaluations: this.evaluations,
      prescriptionDose,
      ...(this.level && { level: this.level.value }),
      certificate,
      uncovered: this.uncovered,
    };
  }
}

/** Whether steps still bring a plan nearer to its proof. */
class Progress {
  private complementarity = Infinity;
  private gap = Infinity;
  private moves = 0;
  private idle = 0;

  /** After a step; a level that has moved begins anew. */
  hasEnded(complementarity: number, gap: number, levelMoves: number): boolean {
    if (levelMoves !== this.moves) {
      this.moves = levelMoves;
      this.complementarity = this.gap = Infinity;
    }
    const falls = (now: number, least: number): boolean => now < (now > 0 ? 1 - PROGRESS : 1) * least;
    const isNearer = falls(complementarity, this.complementarity) || falls(gap, this.gap);
    this.complementarity = Math.min(this.complementarity, complementarity);
    this.gap = Math.min(this.gap, gap);
    this.idle = isNearer ? 0 : this.idle + 1;
    return this.idle >= PATIENCE;
  }
}

/** The multiple of a dose at which a convex limit is just broken: a plane that touches it there cuts off as much as one can. */
function scaledOnto(constraint: ConvexConstraint, dose: Float64Array): Float64Array {
  const ignored = new Float64Array(dose.length);
  const scaled = dose.slice();
  let [kept, broken] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (kept + broken) / 2;
    for (const row of constraint.rows) scaled[row] = middle * dose[row]!;
    if (constraint.evaluate(scaled, ignored) <= constraint.bound) kept = middle;
    else broken = middle;
  }
  for (const row of constraint.rows) scaled[row] = broken * dose[row]!;
  return scaled;
}

/** The factor <= 1 on a dose that keeps a limit from above exactly; 1 where the limit is kept, or is not from above. */
function scaleToKeep(constraint: Constraint, dose: Float64Array): number {
  if (constraint.kind === 'voxels' && constraint.sign > 0) {
    let scale = 1;
    constraint.rows.forEach((row, q) => {
      if (dose[row]! > constraint.bounds[q]!) scale = Math.min(scale, constraint.bounds[q]! / dose[row]!);
    });
    return scale;
  }
  const { amount } = violationOf(constraint, dose);
  if (constraint.kind === 'voxels' || amount <= 0 || constraint.bound <= 0) return 1;
  // A convex value lies, on the way down to no dose, below the straight line between both ends.
  const least = constraint.kind === 'convex' ? (constraint.withoutDose ?? 0) : 0;
  return (constraint.bound - least) / (constraint.bound + amount - least);
}

/** The factor >= 1 on a dose that a gEUD from below asks for, where planes have left it a little short and nothing stands against it. */
function scaleToReach(constraints: readonly Constraint[], dose: Float64Array): number {
  let scale = 1;
  for (const constraint of constraints) {
    if (constraint.kind !== 'convex' || constraint.bound >= 0) continue;
    const { amount } = violationOf(constraint, dose);
    if (amount > 0) scale = Math.max(scale, constraint.bound / (constraint.bound + amount));
  }
  if (scale === 1) return 1;
  const raised = dose.map((d) => scale * d);
  const isBroken = (constraint: Constraint): boolean => violationOf(constraint, raised).amount > 1e-9;
  return constraints.some(isBroken) ? 1 : scale;
}

/**
 * The solver: an interior-point method that stops when it has proven how good its plan is.
 *
 * Between two steps the level of the target objectives moves by prescribed / reached, so that limits and prescription are met
 * together; nothing is scaled up afterwards. Once the prescription is met the level stands still, the problem is convex, and
 * the lower bound of `lower-bound.ts` counts from there. Only a plan without limits is scaled to its prescription.
 */
import { InvalidInputError } from '../core/errors.js';
import { certify, worstViolation } from './certificate.js';
import type { Constraint } from './constraint.js';
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
import { InteriorPoint, type InteriorStart, knownOf, type StepOptions } from './interior-point.js';
import { restorationCost } from './lower-bound.js';
import { NormalMatrix, type VoxelSample } from './normal-matrix.js';
import { followLevel } from './objective/objective.js';
import type { Preconditioner } from './preconditioner.js';
import { PrescribedLevel } from './prescribed-level.js';
import { checkProblem, type Problem } from './problem.js';
import { AIM, PATIENCE, Progress } from './progress.js';
import { Proof } from './proof.js';
import { scaleToKeep, scaleToReach } from './scale-to-keep.js';
import type { Solution, SolveOptions } from './solution.js';
import { mixedStart, outsideStart, scaledStart } from './start.js';
import { tightenedPlanes, touchingPlanes } from './touching-planes.js';
import { darken, uncoveredRows, unreachedColumns } from './unreached.js';
import { sampleVoxels } from './voxel-sample.js';

export type { Solution, SolutionStatus, SolveOptions, SolveProgress } from './solution.js';

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

/** Planes that stand for convex limits, at most. */
const MOST_PLANES = 200;
/** Of Newton systems where constraints alone curve: what is left of them would be taken for multipliers that do not fit. */
const PATIENT_ACCURACY = 1e-8;
/** Rounds of steps that may end without a proof; planes that stand for convex limits are added between them. */
const UNPROVEN_ROUNDS = 2;
/** Steps that a start outside the limits may take to get inside, and how many of them may be shorter than which part. */
const MOST_OUTSIDE = 40;
const SHORT = 0.05;
/** Near the end, a step of at least this length follows a level that goals hold back. */
const FOLLOWED = 0.5;
const MOST_SHORT = 6;

/** How steps end: with the proof asked for, or without; `outside`: the start's limits are still broken. */
type IterationEnd = 'proven' | 'stuck' | 'used up' | 'outside' | 'time-limit' | 'stopped';

class Session {
  private readonly constraints: readonly Constraint[];
  private readonly sample: VoxelSample;
  private normal: Preconditioner;
  private halfSpaces: HalfSpaces;
  /** Gap to be proven in the present round; limits that are convex only start with a wider one. */
  private gap: number;
  private evaluations = 0;
  private steps = 0;
  private readonly proof: Proof;
  private readonly level: PrescribedLevel;
  private isProven = false;
  private readonly end: number;
  private uncovered: Int32Array = new Int32Array(0);
  private unreached: Uint8Array = new Uint8Array(0);
  /** The dose of a step, and what it is at the prescription: it is asked for several times. */
  private known: { readonly dose: Float64Array; readonly step: number; readonly value: number } | undefined;

  constructor(
    private readonly problem: Problem,
    /** That its objectives follow, which moves; there is one where there is a prescription. */
    level: { value: number } | undefined,
    private readonly options: SolveOptions,
  ) {
    const { operator, objectives, constraints = [], sample, prescription } = problem;
    this.constraints = constraints;
    this.end = Date.now() + 1000 * (options.timeLimit ?? Number.POSITIVE_INFINITY);
    this.proof = new Proof(operator, objectives);
    if (!sample) this.evaluations += operator.columns / 2;
    this.sample = sample ?? sampleVoxels(operator);
    this.normal = problem.preconditioner ?? this.ownNormal();
    this.level = new PrescribedLevel(prescription, level, options.prescriptionTolerance ?? 0.0005, options.isHeldBack);
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
    const { operator, prescription } = this.problem;
    let given = this.options.start;
    let before: InteriorPoint | undefined;
    let unproven = 0;
    if (prescription) {
      this.uncovered = uncoveredRows(operator, prescription);
      this.evaluations += 0.5;
    }
    this.unreached = unreachedColumns(this.problem);
    this.evaluations += 0.5;
    for (;;) {
      const begun = this.start(given, before);
      if ('status' in begun) return begun;
      let { point, end } = this.iterateFrom(begun);
      if (end === 'stuck' && this.stiffen()) {
        const { weights, dose } = point;
        ({ point, end } = this.iterateFrom({ weights, dose, known: knownOf(point) }));
      }
      if (end === 'stuck' && begun.isOutside) {
        // Multipliers that led inside need not fit there.
        const { weights, dose } = point;
        ({ point, end } = this.iterateFrom({ weights, dose }));
      }
      if (end === 'outside') {
        // From where steps have led the limits look less far.
        const start = this.searchedStart(point.weights);
        if ('status' in start) return start;
        ({ point, end } = this.iterateFrom(start));
      }
      if (end === 'time-limit' || end === 'stopped') return this.finish(point, end);
      this.isProven = end === 'proven';
      const broken = this.planesOf(point);
      if (broken.length === 0 && this.gap <= this.finalGap) return this.finish(point);
      if (end !== 'proven' && (broken.length === 0 || ++unproven >= UNPROVEN_ROUNDS)) return this.finish(point);
      const planes = [...this.halfSpaces.planes, ...broken];
      if (planes.length > MOST_PLANES) {
        this.isProven = false;
        return this.finish(point);
      }
      this.gap = Math.max(this.finalGap, broken.length === 0 ? 0 : 0.4 * this.gap);
      this.halfSpaces = { ...this.halfSpaces, planes: tightenedPlanes(planes, this.gap) };
      given = point.weights;
      before = point;
    }
  }

  /** Goes on with a preconditioner for limits that can just be kept. @returns whether that is another one */
  private stiffen(): boolean {
    const { normal, sample } = this;
    const { columns } = this.problem.operator;
    const isPossible = normal instanceof NormalMatrix && sample.isExact && columns <= MOST_COLUMNS;
    if (!isPossible || this.isPatient) return false;
    this.normal = new ExactNormal(sample, columns, { sums: normal });
    return true;
  }

  private iterateFrom(start: InteriorStart): { point: InteriorPoint; end: IterationEnd } {
    const { operator, objectives } = this.problem;
    const { isPatient, sample } = this;
    const problem = { operator, objectives, constraints: this.halfSpaces, sample, isPatient };
    const point = new InteriorPoint(problem, this.normal, start);
    const end = this.iterate(point);
    this.evaluations += point.evaluations;
    return { point, end };
  }

  /** Within the limits where scaling leads there; else outside, and with what is known of a point that new planes have cut off. */
  private start(given: Float64Array | undefined, before: InteriorPoint | undefined): InteriorStart | Solution {
    const { operator, objectives } = this.problem;
    this.evaluations += 0.5;
    const { interior } = this.options;
    const mixed = interior && mixedStart(operator, this.halfSpaces, interior, given);
    if (mixed !== undefined) return mixed;
    const scaled = scaledStart(operator, objectives, this.halfSpaces, given);
    if (scaled !== undefined) return scaled;
    // Multipliers come first: a start outside has none that fit.
    if (this.isPatient) return this.searchedStart(given ?? new Float64Array(operator.columns).fill(1));
    if (before !== undefined) {
      this.stiffen();
      const { weights, dose } = before;
      return { weights, dose, isOutside: true, known: knownOf(before) };
    }
    this.stiffen();
    this.evaluations += 0.5;
    return { ...outsideStart(operator, objectives, given), isOutside: true };
  }

  /** A start within the limits, which may be far from any good plan; or what is known where none is found. */
  private searchedStart(from: Float64Array): InteriorStart | Solution {
    const { operator, objectives } = this.problem;
    const weights = from.map((w) => Math.max(w, 1e-3));
    const dose = operator.apply(weights, new Float64Array(operator.rows));
    const isOver = (): boolean => this.isTimeOver;
    const found = searchFeasible(operator, this.halfSpaces, this.sample, {
      start: { weights, dose },
      isOver,
      preconditioner: this.problem.preconditioner,
      isFine: !this.isPatient,
    });
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

  /** From a start outside the limits to within: as many steps as it takes, unless they get nowhere. */
  private enter(point: InteriorPoint): 'inside' | 'outside' | 'time-limit' | 'stopped' {
    const { signal, maxSteps = 60 } = this.options;
    let short = 0;
    for (let step = 1; point.isOutside; step++) {
      if (signal?.aborted) return 'stopped';
      if (this.isTimeOver) return 'time-limit';
      const taken = point.step(this.stepOptions(point, this.gap * (Math.abs(point.value) || 1e-9), false));
      this.steps++;
      if (!this.level.isFixed) this.moveLevel(point, false);
      this.tell(point, Infinity);
      if (taken < SHORT) short++;
      if (taken === 0 || short > MOST_SHORT || step >= Math.min(MOST_OUTSIDE, maxSteps)) break;
    }
    return point.isOutside ? 'outside' : 'inside';
  }

  private iterate(point: InteriorPoint): IterationEnd {
    const { signal, maxSteps = 60 } = this.options;
    const entered = this.enter(point);
    if (entered !== 'inside') return entered;
    this.proof.forget();
    const progress = new Progress(this.isPatient ? 2 * PATIENCE : PATIENCE);
    let last = 1;
    for (let step = 1; step <= maxSteps; step++) {
      if (signal?.aborted) return 'stopped';
      if (this.isTimeOver) return 'time-limit';
      const wanted = this.gap * (Math.abs(point.value) || 1e-9);
      const isLate = point.complementarity < 3 * wanted;
      if (isLate) this.proof.findCuts(point, this.halfSpaces);
      if (this.isPatient) progress.lowerAim(last, point.complementarity / wanted);
      last = point.step(this.stepOptions(point, wanted, isLate, progress.aim));
      if (last === 0 && this.isTimeOver) return 'time-limit';
      this.steps++;
      const isNearEnd = point.complementarity < 4 * wanted;
      // A plan that has not followed the level says nothing of where it belongs.
      const hasFollowed = !(this.options.isHeldBack && isNearEnd && last < FOLLOWED);
      if (!this.level.isFixed && hasFollowed) this.moveLevel(point, isNearEnd);
      if (isLate) this.proof.take(point, this.halfSpaces);
      const gap = (point.value - this.proof.bound) / (Math.abs(point.value) || 1e-9);
      this.tell(point, gap);
      if (this.level.isFixed && gap <= this.gap && !this.isLevelOff(point)) return 'proven';
      if (last === 0 || progress.hasEnded(point.distance, gap, this.level.moves)) return 'stuck';
    }
    return 'used up';
  }

  private stepOptions({ count, value }: InteriorPoint, wanted: number, isLate: boolean, aim = AIM): StepOptions {
    return {
      leastMu: (aim * wanted) / count,
      maxProducts: this.isPatient ? 60 : isLate ? 30 : 12,
      accuracy: this.isPatient ? PATIENT_ACCURACY : 0.1,
      isOver: () => this.isTimeOver,
      isEnough: isLate ? (h) => restorationCost(h, this.proof.cuts, value) < 0.25 * wanted : undefined,
    };
  }

  private tell(point: InteriorPoint, gap: number): void {
    this.options.onPoint?.(point.weights);
    this.options.onProgress?.({
      step: this.steps,
      evaluations: this.evaluations + this.proof.evaluations + point.evaluations,
      objective: point.value,
      violation: worstViolation(this.constraints, point.dose)?.amount ?? -Infinity,
      gap,
      prescriptionDose: this.reached(point),
    });
  }

  /** The dose that was prescribed, of the present plan: sorted once a step. */
  private reached({ dose }: InteriorPoint): number {
    if (this.known?.dose !== dose || this.known.step !== this.steps) {
      this.known = { dose, step: this.steps, value: this.level.doseOf(dose) };
    }
    return this.known.value;
  }

  private moveLevel(point: InteriorPoint, isNearEnd: boolean): boolean {
    if (!this.level.move(this.reached(point), isNearEnd)) return false;
    point.refresh();
    this.proof.forget();
    return true;
  }

  /** Whether a level that stood still has to move once more, as the plan has moved since. */
  private isLevelOff(point: InteriorPoint): boolean {
    if (!this.level.isOff(this.reached(point))) return false;
    this.level.isFixed = false;
    return this.moveLevel(point, true);
  }

  /** Planes that touch the convex limits which the plan breaks. */
  private planesOf({ dose }: InteriorPoint): Plane[] {
    const planes = touchingPlanes(this.problem.operator, this.constraints, dose);
    this.evaluations += planes.length / 2;
    return planes;
  }

  private finish(point: InteriorPoint, stopped?: 'stopped' | 'time-limit'): Solution {
    const { operator, objectives, prescription } = this.problem;
    // What can be proven of a plan that was not made to the end is said too.
    if (this.proof.bound === -Infinity) this.proof.take(point, this.halfSpaces);
    const weights = point.weights.slice();
    darken(weights, this.unreached);
    const dose = operator.apply(weights, new Float64Array(operator.rows));
    this.evaluations += 0.5;
    let scale = 1;
    if (this.constraints.length === 0 && prescription && this.level.doseOf(dose) > 0) {
      // Nothing stands against it: the prescription is met exactly.
      scale = prescription.dose / this.level.doseOf(dose);
    }
    for (const constraint of this.constraints) scale = Math.min(scale, scaleToKeep(constraint, dose));
    if (scale === 1) scale = scaleToReach(this.constraints, dose);
    for (let c = 0; c < weights.length; c++) weights[c]! *= scale;
    for (let i = 0; i < dose.length; i++) dose[i]! *= scale;
    const value = evaluateAll(objectives, dose, new Float64Array(dose.length));
    const solution = this.solution(weights, dose, value, point.multipliers, this.proof.bound);
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
    const prescriptionDose = this.level.doseOf(dose);
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
      status: this.level.isMet(prescriptionDose) ? (this.isProven ? 'reached' : 'unproven') : 'prescription-missed',
      objective: value,
      evaluations: this.evaluations + this.proof.evaluations,
      prescriptionDose,
      ...(this.level.value !== undefined && { level: this.level.value }),
      certificate,
      uncovered: this.uncovered,
    };
  }
}

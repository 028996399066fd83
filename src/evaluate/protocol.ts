/**
 * Protocols: goals with priorities, acceptable variations and sources, for this course and for all courses together.
 *
 *     this    metric of this course                        each   the larger of metric and prior dose
 *     all     metric + prior dose                          share  metric / (metric + prior dose), in percent
 *
 * A prior course enters by one dose, taken as uniform in every structure: the sum of both is the sum of maxima, an upper
 * bound that needs no registration. Nothing recovers. Doses of two courses are added as EQD2 or BED only.
 * A limit that its source states for another structure or number of fractions is applied with a warning that says so.
 */
import type { Evidence, Source } from '../biology/evidence.js';
import { bed, eqd2 } from '../biology/linear-quadratic.js';
import { checkInteger, checkNonNegative, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { Dvh } from './dvh.js';
import {
  evaluateGoal,
  type Goal,
  type GoalContext,
  type GoalResult,
  judge,
  notEvaluable,
  parseGoal,
  type Verdict,
} from './goal.js';
import type { DoseScale, MetricUnit } from './metric.js';

export type { Evidence, Source as GoalSource };

/** What a limit is on: this course, the sum of all, the largest of each, or the share of this one in all. */
export type Courses = ProtocolRow['courses'];

/** One line of a protocol as it is written: a goal's text, or the text with what belongs to it, or the interval. */
export type ProtocolItemInput = string | GoalItemInput | IntervalItemInput;

interface ItemInput {
  /** 1 is the most important. */
  readonly priority?: number;
  readonly source?: Source;
  /** What the source states the limit for; elsewhere it is extrapolated. */
  readonly statedFor?: { readonly structure?: string; readonly fractions?: readonly [number, number] };
}

export interface GoalItemInput extends ItemInput {
  readonly goal: string;
  /** Limit of the acceptable variation, as `31Gy`, or a number in the goal's unit. */
  readonly variation?: string | number;
  /** @default 'this' */
  readonly courses?: Courses;
}

export interface IntervalItemInput extends ItemInput {
  /** Least months between the end of the prior course and this one. */
  readonly intervalMonths: number;
}

export interface ProtocolItem extends ItemInput {
  /** Undefined for the interval. */
  readonly goal?: Goal;
  readonly courses: Courses;
  readonly intervalMonths?: number;
}

export interface Protocol {
  readonly name: string;
  readonly title: string;
  /** Printed with every result. */
  readonly warning?: string;
  readonly items: readonly ProtocolItem[];
}

export interface ProtocolInput extends Omit<Protocol, 'items'> {
  readonly items: readonly ProtocolItemInput[];
}

export interface PriorCourse {
  /** Total physical dose, Gy, uniform in every structure that `doseIn` does not name. */
  readonly dose: number;
  /** Largest dose by structure, where it is not uniform, Gy. */
  readonly doseIn?: ReadonlyMap<string, number> | undefined;
  readonly fractions: number;
  /** Since its end. */
  readonly months?: number | undefined;
  /**
   * Where there were several courses, or an EQD2 that was read: the largest sum of all in a structure, or largest of any one, Gy
   * on the scale; the reason where it cannot be told. Takes the place of the doses.
   */
  readonly effectIn?:
    | ((structure: string, scale: DoseScale) => { readonly all: number; readonly each: readonly number[] } | string)
    | undefined;
}

export interface ProtocolContext extends GoalContext {
  readonly prior?: PriorCourse;
}

/** A goal's result, with its priority, its source and what is stretched. */
export interface ProtocolRow extends Omit<GoalResult, 'unit'> {
  readonly unit: MetricUnit | 'months';
  /** This course, the sum of all, the largest of each, or the share of this one in all. */
  readonly courses: 'this' | 'all' | 'each' | 'share';
  readonly priority?: number;
  readonly source?: Source;
  /** Where the limit is extrapolated from what its source states. */
  readonly warnings: readonly string[];
}

/** @throws {InvalidInputError} naming the goal that cannot be read, or the priority or interval that cannot be */
export function createProtocol(input: ProtocolInput): Protocol {
  return { ...input, items: input.items.map(createProtocolItem) };
}

/** @throws {InvalidInputError} naming the goal that cannot be read, or the priority or interval that cannot be */
export function createProtocolItem(input: ProtocolItemInput): ProtocolItem {
  if (typeof input === 'string') return { goal: parseGoal(input), courses: 'this' };
  if (input.priority !== undefined) checkInteger('goal: priority', input.priority, 1);
  const { priority, source, statedFor } = input;
  const common = {
    ...(priority === undefined ? {} : { priority }),
    ...(source === undefined ? {} : { source }),
    ...(statedFor === undefined ? {} : { statedFor }),
  };
  if ('intervalMonths' in input) {
    const intervalMonths = checkNonNegative('goal: intervalMonths', input.intervalMonths);
    return { ...common, courses: 'all', intervalMonths };
  }
  const { courses = 'this', variation } = input;
  const goal = parseGoal(input.goal, { acceptable: variation, isShare: courses === 'share' });
  if (courses !== 'this' && !isShiftedByPrior(goal)) {
    throw new InvalidInputError(
      `goal "${input.goal}": a prior course adds to Max, Min, Mean, D and DC in EQD2 or BED only. Write for example "SpinalCord Max[EQD2/2] <= 70Gy".`,
    );
  }
  return { ...common, goal, courses };
}

/** A uniform dose of its own adds to these, and only biological doses of two courses add. */
function isShiftedByPrior({ metric }: Goal): boolean {
  return metric.scale !== undefined && ['Max', 'Min', 'Mean', 'D', 'DC'].includes(metric.kind);
}

/**
 * Evaluates every line, in order.
 *
 * @param dvhs this course, by structure name
 * @param context prescription in Gy (total) for percent of dose; the prior course for limits on both
 * @returns rows; one that lacks something is `not evaluable` and says what
 * @throws {InvalidInputError} if the prior course makes no sense
 */
export function evaluateProtocol(
  items: readonly ProtocolItem[],
  dvhs: ReadonlyMap<string, Dvh>,
  context: ProtocolContext = {},
): ProtocolRow[] {
  const { prior } = context;
  if (prior !== undefined) {
    checkNonNegative('prior course: dose', prior.dose);
    checkInteger('prior course: fractions', prior.fractions, 1);
    if (prior.months !== undefined) checkNonNegative('prior course: months', prior.months);
  }
  return items.map((item) => {
    const { goal, courses, priority, source } = item;
    const result = goal === undefined ? evaluateInterval(item.intervalMonths!, prior) : inCourses(item, dvhs, context);
    return {
      ...result,
      courses,
      ...(priority === undefined ? {} : { priority }),
      ...(source === undefined ? {} : { source }),
      warnings: result.value === null ? [] : extrapolations(item, dvhs),
    };
  });
}

/** The worst of the rows: fail, then not evaluable, then variation; pass where all pass. */
export function worstVerdict(rows: readonly { readonly result: Verdict }[]): Verdict {
  const order: readonly Verdict[] = ['fail', 'not evaluable', 'variation'];
  return order.find((verdict) => rows.some(({ result }) => result === verdict)) ?? 'pass';
}

function inCourses(
  { goal, courses }: ProtocolItem,
  dvhs: ReadonlyMap<string, Dvh>,
  context: ProtocolContext,
): GoalResult {
  const alone = evaluateGoal(goal!, dvhs, context);
  if (courses === 'this' || alone.value === null) return alone;
  const { prior } = context;
  if (prior === undefined) return notEvaluable(goal!, 'no prior course is given: give its dose and fractions');
  const known = priorDose(prior, goal!.structure, goal!.metric.scale!);
  if (typeof known === 'string') return notEvaluable(goal!, known);
  const { all: before, each } = known;
  const all = alone.value + before;
  if (courses === 'share' && !(all > 0)) return notEvaluable(goal!, 'no course has any dose there');
  const value = { all, each: Math.max(alone.value, ...each), share: (100 * alone.value) / all }[courses];
  // The bound of this course's metric is that of a sum, and of the larger one where that is this course's; not of a share.
  const { errorBound = null, reason } = alone;
  return {
    ...judge(goal!, value),
    errorBound: courses === 'all' || value === alone.value ? errorBound : null,
    ...(reason === undefined || reason.includes('error bound') ? {} : { reason }),
  };
}

function priorDose(
  { dose, doseIn, fractions, effectIn }: PriorCourse,
  structure: string,
  scale: DoseScale,
): ReturnType<NonNullable<PriorCourse['effectIn']>> {
  checkPositive('goal: alpha/beta', scale.alphaBeta);
  if (effectIn !== undefined) return effectIn(structure, scale);
  const all = (scale.quantity === 'eqd2' ? eqd2 : bed)(doseIn?.get(structure) ?? dose, fractions, scale.alphaBeta);
  return { all, each: [all] };
}

function evaluateInterval(least: number, prior: PriorCourse | undefined): Omit<ProtocolRow, 'courses' | 'warnings'> {
  const months = prior?.months;
  const head = {
    goal: `interval >= ${least} months`,
    structure: '',
    metric: 'interval',
    limit: least,
    unit: 'months' as const,
  };
  if (months === undefined) {
    const reason = prior === undefined ? 'no prior course is given' : 'the prior course does not tell the months since';
    return { ...head, value: null, result: 'not evaluable', margin: null, reason };
  }
  return { ...head, value: months, result: months >= least ? 'pass' : 'fail', margin: months - least };
}

function extrapolations({ goal, statedFor }: ProtocolItem, dvhs: ReadonlyMap<string, Dvh>): string[] {
  const warnings: string[] = [];
  if (goal === undefined || statedFor === undefined) return warnings;
  if (statedFor.structure !== undefined && statedFor.structure !== goal.structure) {
    warnings.push(`stated for ${statedFor.structure}, applied to ${goal.structure}: an extrapolation`);
  }
  if (statedFor.fractions !== undefined) {
    const [few, many] = statedFor.fractions;
    const fractions = dvhs.get(goal.structure)?.fractions;
    const stated = `stated for ${few} to ${many} fractions`;
    if (fractions === undefined) warnings.push(`${stated}; the dose does not tell its fractions`);
    else if (fractions < few || fractions > many) warnings.push(`${stated}, applied to ${fractions}: an extrapolation`);
  }
  return warnings;
}

export interface CheckedProtocol {
  readonly name: string;
  readonly title: string;
  readonly warning?: string;
  /** The worst of its goals. */
  readonly result: Verdict;
  readonly goals: readonly ProtocolRow[];
}

/** Evaluates protocols in order; goals of one keep the order of the file. */
export function checkProtocols(
  protocols: readonly Protocol[],
  dvhs: ReadonlyMap<string, Dvh>,
  context: ProtocolContext,
): CheckedProtocol[] {
  return protocols.map(({ name, title, warning, items }) => {
    const goals = evaluateProtocol(items, dvhs, context);
    return { name, title, ...(warning === undefined ? {} : { warning }), result: worstVerdict(goals), goals };
  });
}

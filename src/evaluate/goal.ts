/**
 * Clinical goals: `PTV D95% >= 95%`, `SpinalCord Max <= 29.8Gy`, and whether a plan meets them.
 *
 * A goal is a structure, a metric, a comparison and a limit with its unit. The unit of the limit is the unit of the
 * metric, so `D95% >= 95%` is percent of the prescription, `V95% >= 90%` percent of the structure. A biological scale
 * stands in the metric: `ThecalSac Max[EQD2/2] <= 25Gy`.
 * The margin is what is left: positive when the goal is met, in the unit of the limit. A goal may have an acceptable
 * variation, a second limit: what misses the first and meets the second is neither passed nor failed.
 */
import { checkText } from '../core/budget.js';
import { InvalidInputError } from '../core/errors.js';
import type { Dvh } from './dvh.js';
import { formatMetric, isVolume, type Metric, type MetricUnit } from './metric.js';
import { metricBound } from './metric-bound.js';
import { parseMetric } from './metric-parser.js';
import { evaluateMetric, type MetricContext, whyNoValue } from './metric-value.js';
import { missingStructure } from './structure-name.js';

export type Comparison = Goal['comparison'];

/** One clinical criterion: a metric of a structure, and its limit. */
export interface Goal {
  /** As it was written, with single spaces. */
  readonly text: string;
  readonly structure: string;
  /** Its unit is that of the limit. */
  readonly metric: Metric;
  readonly comparison: '<=' | '>=' | '<' | '>';
  /** In `unit`. */
  readonly limit: number;
  readonly unit: MetricUnit;
  /** Limit of what is still acceptable, in `unit`; weaker than `limit`. */
  readonly acceptable?: number;
}

/** How a goal ended; `variation` is within what is still acceptable. */
export type Verdict = GoalResult['result'];

/** A goal, the value that it met, and the verdict. */
export interface GoalResult {
  readonly goal: string;
  readonly structure: string;
  /** Canonical notation, e.g. `D95%[%]`. */
  readonly metric: string;
  readonly limit: number;
  /** Limit of the acceptable variation, where there is one. */
  readonly acceptable?: number;
  /** null where it could not be evaluated: never a zero in place of a number. */
  readonly value: number | null;
  readonly unit: MetricUnit;
  /** `variation` is within what is still acceptable. */
  readonly result: 'pass' | 'variation' | 'fail' | 'not evaluable';
  /** Margin to `limit`, in `unit`; negative by how much it is missed; null where there is no value. */
  readonly margin: number | null;
  /** How far off `value` may be, in `unit`; null where no bound is known, as for masks; absent where there is no value. */
  readonly errorBound?: number | null;
  /** Why it is not evaluable, or what the value is instead of what was asked for. */
  readonly reason?: string;
}

/** What a goal needs besides the DVHs. */
export interface GoalContext extends MetricContext {
  /** Of structures that are asked for a dose of their own, total Gy: percent of dose in them is of that. */
  readonly prescriptions?: ReadonlyMap<string, number>;
  /** Structures that are known but have no DVH, with the reason: for the message of a goal on one of them. */
  readonly absent?: ReadonlyMap<string, string>;
}

/** Limits hold to this relative tolerance: doses are Float32, whose rounding is 6e-8. */
const TOLERANCE = 1e-6;

const QUANTITY = /^\s*(-?(?:\d+\.?\d*|\.\d+))\s*(cGy|Gy|%|cc|cm3)?\s*$/i;

/**
 * Reads one goal.
 *
 * @param text `STRUCTURE METRIC COMPARISON LIMIT`; the structure's name may hold spaces; comparisons <=, >=, <, >, and the signs for them
 * @param options.acceptable limit of the acceptable variation, as `31Gy`, or a number in the unit of the limit
 * @param options.isShare the limit is a percentage of something else than the metric's own, as of the dose of all courses
 * @throws {InvalidInputError} naming the part, and its position, that does not fit
 */
export function parseGoal(
  text: string,
  options: { readonly acceptable?: string | number | undefined; readonly isShare?: boolean | undefined } = {},
): Goal {
  const fail = (what: string): never => {
    throw new InvalidInputError(
      `goal "${text}": ${what}. Write for example "PTV D95% >= 95%" or "SpinalCord Max <= 29.8Gy".`,
    );
  };
  checkText('goal', text);
  const comparison = /<=|>=|≤|≥|<|>/.exec(text);
  if (comparison === null) return fail('it has no comparison (<=, >=, < or >)');
  const right = text.slice(comparison.index + comparison[0].length);
  const [structure, metric] = splitSubject(text.slice(0, comparison.index), fail);
  const limit = QUANTITY.exec(right);
  if (limit === null) {
    return fail(
      `at character ${comparison.index + comparison[0].length + 1} a number with Gy, % or cc is expected, but found "${right.trim()}"`,
    );
  }
  const [unit, value] = unitOfLimit(limit[2], Number(limit[1]), metric);
  if (options.isShare) {
    if (isVolume(metric) || limit[2] !== '%') fail('the share of a course is a dose metric with a limit in %');
  } else checkUnits(metric, unit, fail);
  const sign = comparison[0] === '≤' ? '<=' : comparison[0] === '≥' ? '>=' : (comparison[0] as Comparison);
  const goal: Goal = {
    text: text.trim().replace(/\s+/g, ' '),
    structure,
    metric: options.isShare ? metric : { ...metric, unit },
    comparison: sign,
    limit: value,
    unit,
  };
  const { acceptable } = options;
  return acceptable === undefined ? goal : { ...goal, acceptable: weakerLimit(goal, acceptable, fail) };
}

/**
 * Evaluates one goal.
 *
 * @param dvhs DVH per structure name (exact, case-sensitive)
 * @param context.prescription total Gy, for percent of dose
 * @returns `not evaluable`, with the reason, where the structure has no DVH, percent has no prescription or a biological
 *   dose no fractions; never throws for those
 */
export function evaluateGoal(goal: Goal, dvhs: ReadonlyMap<string, Dvh>, context: GoalContext = {}): GoalResult {
  const dvh = dvhs.get(goal.structure);
  if (dvh === undefined) {
    const { absent = new Map<string, string>() } = context;
    const reason = absent.get(goal.structure);
    return notEvaluable(goal, reason ?? missingStructure(goal.structure, [...dvhs.keys(), ...absent.keys()]));
  }
  const prescription = context.prescriptions?.get(goal.structure);
  const own = prescription === undefined ? context : { ...context, prescription };
  const reason = whyNoValue(goal.metric, dvh, own);
  if (reason !== undefined) return notEvaluable(goal, reason);
  const { value, flag } = evaluateMetric(goal.metric, dvh, own);
  const judged = judge(goal, value);
  const bound = metricBound(goal.metric, dvh, own)?.total;
  const isClose = bound !== undefined && Math.abs(judged.margin!) < bound;
  const remarks = [...(flag === undefined ? [] : [flag]), ...(isClose ? ['the margin is within the error bound'] : [])];
  return {
    ...judged,
    errorBound: bound ?? null,
    ...(remarks.length === 0 ? {} : { reason: remarks.join('; ') }),
  };
}

/** The verdict on a value that was found. */
export function judge(goal: Goal, value: number): GoalResult {
  const meets = (limit: number): boolean => {
    const margin = marginTo(goal, limit, value);
    return goal.comparison.endsWith('=') ? margin >= -TOLERANCE * Math.abs(limit) : margin > 0;
  };
  const isAcceptable = goal.acceptable !== undefined && meets(goal.acceptable);
  return {
    ...headOf(goal),
    value,
    result: meets(goal.limit) ? 'pass' : isAcceptable ? 'variation' : 'fail',
    margin: marginTo(goal, goal.limit, value),
  };
}

export function notEvaluable(goal: Goal, reason: string): GoalResult {
  return { ...headOf(goal), value: null, result: 'not evaluable', margin: null, reason };
}

function headOf(goal: Goal): Pick<GoalResult, 'goal' | 'structure' | 'metric' | 'limit' | 'acceptable' | 'unit'> {
  return {
    goal: goal.text,
    structure: goal.structure,
    metric: formatMetric(goal.metric),
    limit: goal.limit,
    ...(goal.acceptable === undefined ? {} : { acceptable: goal.acceptable }),
    unit: goal.unit,
  };
}

const marginTo = ({ comparison }: Goal, limit: number, value: number): number =>
  comparison.startsWith('<') ? limit - value : value - limit;

/** Structure and metric: the metric is the shortest end that reads as one, so that names with spaces survive. */
function splitSubject(left: string, fail: (what: string) => never): readonly [string, Metric] {
  let failure: unknown;
  for (const space of [...left.trimEnd().matchAll(/\s+/g)].reverse()) {
    const structure = left.slice(0, space.index).trim();
    if (structure === '') break;
    try {
      return [structure, parseMetric(left.slice(space.index).trim())];
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure === undefined) return fail('a structure and a metric are expected before the comparison');
  return fail((failure as Error).message.split('. Write')[0]!.replace(/\.$/, ''));
}

function checkUnits(metric: Metric, unit: MetricUnit, fail: (what: string) => never): void {
  if (metric.isUnitGiven && metric.unit !== unit) {
    fail(`the metric is in ${metric.unit}, but the limit in ${unit}; use one unit for both`);
  }
  const allowed = metric.kind === 'Volume' ? ['cc'] : isVolume(metric) ? ['%', 'cc'] : ['Gy', '%'];
  if (!allowed.includes(unit)) {
    fail(`${metric.kind} is measured in ${allowed.join(' or ')}, but the limit is in ${unit}`);
  }
}

function weakerLimit(goal: Goal, acceptable: string | number, fail: (what: string) => never): number {
  const read = QUANTITY.exec(String(acceptable));
  if (read === null) return fail(`its variation "${acceptable}" is no number with Gy, % or cc`);
  const [unit, value] = unitOfLimit(read[2], Number(read[1]), goal.metric);
  if (unit !== goal.unit) fail(`its limit is in ${goal.unit}, but the variation in ${unit}`);
  if (!(marginTo(goal, value, goal.limit) > 0)) {
    fail(`its variation ${value} ${unit} must be weaker than its limit of ${goal.limit} ${unit}`);
  }
  return value;
}

function unitOfLimit(text: string | undefined, value: number, metric: Metric): readonly [MetricUnit, number] {
  switch (text?.toLowerCase()) {
    case undefined:
      return [metric.unit, value];
    case 'cgy':
      return ['Gy', value / 100];
    case 'gy':
      return ['Gy', value];
    case '%':
      return ['%', value];
    default:
      return ['cc', value];
  }
}

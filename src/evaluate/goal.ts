/**
 * Clinical goals: `PTV D95% >= 95%`, `SpinalCord Max <= 29.8Gy`, and whether a plan meets them.
 *
 * A goal is a structure, a metric, a comparison and a limit with its unit. The unit of the limit is the unit of the
 * metric, so `D95% >= 95%` is percent of the prescription, `V95% >= 90%` percent of the structure.
 * The margin is what is left: positive when the goal is met, in the unit of the limit.
 */
import { InvalidInputError } from '../core/errors.js';
import type { Dvh } from './dvh.js';
import {
  evaluateMetric,
  formatMetric,
  type Metric,
  type MetricContext,
  type MetricUnit,
  parseMetric,
} from './metric.js';

export type Comparison = '<=' | '>=' | '<' | '>';

export interface Goal {
  /** As it was written, with single spaces. */
  readonly text: string;
  readonly structure: string;
  /** Its unit is that of the limit. */
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly limit: number;
  readonly unit: MetricUnit;
}

export interface GoalResult {
  readonly goal: string;
  readonly structure: string;
  /** Canonical notation, e.g. `D95%[%]`. */
  readonly metric: string;
  readonly limit: number;
  /** null where it could not be evaluated: never a zero in place of a number. */
  readonly value: number | null;
  readonly unit: MetricUnit;
  readonly result: 'pass' | 'fail' | 'not evaluable';
  /** Room left, in `unit`; negative by how much the goal is missed; null where there is no value. */
  readonly margin: number | null;
  /** Why it is not evaluable, or what the value is instead of what was asked for. */
  readonly reason?: string;
}

/** Limits hold to this relative tolerance: doses are Float32, whose rounding is 6e-8. */
const TOLERANCE = 1e-6;

/**
 * Reads one goal.
 *
 * @param text `STRUCTURE METRIC COMPARISON LIMIT`; the structure's name may hold spaces; comparisons <=, >=, <, >, and the signs for them
 * @throws {InvalidInputError} naming the part, and its position, that does not fit
 */
export function parseGoal(text: string): Goal {
  const fail = (what: string): never => {
    throw new InvalidInputError(
      `goal "${text}": ${what}. Write for example "PTV D95% >= 95%" or "SpinalCord Max <= 29.8Gy".`,
    );
  };
  const comparison = /<=|>=|≤|≥|<|>/.exec(text);
  if (comparison === null) return fail('it has no comparison (<=, >=, < or >)');
  const left = text.slice(0, comparison.index);
  const right = text.slice(comparison.index + comparison[0].length);
  // The metric is the last word before the comparison, so that names with spaces survive.
  const words = /^\s*(.*\S)\s+(\S+)\s*$/.exec(left);
  if (words === null) return fail('a structure and a metric are expected before the comparison');
  const limit = /^\s*(-?(?:\d+\.?\d*|\.\d+))\s*(cGy|Gy|%|cc|cm3)?\s*$/i.exec(right);
  if (limit === null) {
    return fail(
      `at character ${comparison.index + comparison[0].length + 1} a number with Gy, % or cc is expected, but found "${right.trim()}"`,
    );
  }
  let metric: Metric;
  try {
    metric = parseMetric(words[2]!);
  } catch (error) {
    return fail((error as Error).message.split('. Write')[0]!);
  }
  const [unit, value] = unitOfLimit(limit[2], Number(limit[1]), metric);
  if (metric.isUnitGiven && metric.unit !== unit) {
    fail(`the metric is in ${metric.unit}, but the limit in ${unit}; use one unit for both`);
  }
  const dosed = metric.kind !== 'V' && metric.kind !== 'CV' && metric.kind !== 'Volume';
  const allowed = metric.kind === 'Volume' ? ['cc'] : dosed ? ['Gy', '%'] : ['%', 'cc'];
  if (!allowed.includes(unit))
    fail(`${metric.kind} is measured in ${allowed.join(' or ')}, but the limit is in ${unit}`);
  const sign = comparison[0] === '≤' ? '<=' : comparison[0] === '≥' ? '>=' : (comparison[0] as Comparison);
  return {
    text: text.trim().replace(/\s+/g, ' '),
    structure: words[1]!,
    metric: { ...metric, unit },
    comparison: sign,
    limit: value,
    unit,
  };
}

/**
 * Evaluates one goal.
 *
 * @param dvhs DVH per structure name (exact, case-sensitive)
 * @param context.prescription total Gy, for percent of dose
 * @returns `not evaluable`, with the reason, where the structure has no DVH or percent has no prescription; never throws for those
 */
export function evaluateGoal(goal: Goal, dvhs: ReadonlyMap<string, Dvh>, context: MetricContext = {}): GoalResult {
  const head = { goal: goal.text, structure: goal.structure, metric: formatMetric(goal.metric), limit: goal.limit };
  const none = (reason: string): GoalResult => ({
    ...head,
    value: null,
    unit: goal.unit,
    result: 'not evaluable',
    margin: null,
    reason,
  });
  const dvh = dvhs.get(goal.structure);
  if (dvh === undefined) {
    return none(`no structure ${goal.structure}; there are ${[...dvhs.keys()].join(', ') || 'none'}`);
  }
  const usesPrescription =
    (goal.metric.at?.unit === '%' && (goal.metric.kind === 'V' || goal.metric.kind === 'CV')) ||
    (goal.unit === '%' && goal.metric.kind !== 'V' && goal.metric.kind !== 'CV');
  if (usesPrescription && context.prescription === undefined) return none('percent of dose needs a prescription');
  const { value, flag } = evaluateMetric(goal.metric, dvh, context);
  const margin = goal.comparison.startsWith('<') ? goal.limit - value : value - goal.limit;
  const tolerance = TOLERANCE * Math.abs(goal.limit);
  const passes = goal.comparison.endsWith('=') ? margin >= -tolerance : margin > 0;
  return {
    ...head,
    value,
    unit: goal.unit,
    result: passes ? 'pass' : 'fail',
    margin,
    ...(flag === undefined ? {} : { reason: flag }),
  };
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

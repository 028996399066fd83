/**
 * Which constraints cannot be held together: a smallest set of them, in that none of it can be left out.
 *
 * A deletion filter: each constraint in turn is left out, and the rest is either proven not to be held by any plan, then it stays out, or
 * held by a plan, then it is necessary. Both answers are certificates of `feasibility.ts`: a lower bound of the violation above zero, or a
 * plan. What is necessary in a set is necessary in each of its subsets that still conflict, so one pass is enough. Constraints without a
 * part in the first proof are left out at once, if the rest can be proven without them.
 *
 * Another conflict may remain once this one is mended: irreducible is not least in number.
 *
 * @see Chinneck and Dravnieks, ORSA J. Comput. 3 (1991) 157, doi:10.1287/ijoc.3.2.157 (deletion filter)
 */
import { InvalidInputError } from '../core/errors.js';
import { boundOf } from './goal.js';
import { equalWeights, findInterior } from './interior-start.js';
import { checkRows, type Problem } from './problem.js';
import { sampleVoxels } from './voxel-sample.js';

/** Constraints that cannot be held together. */
export interface Conflict {
  /**
   * `conflict`: no plan holds the constraints that are named, and a plan holds them without any one of them; `open`: no plan holds them,
   * but it is not proven that all of them are needed, see `unproven`; `none`: a plan holds all constraints; `undecided`: neither a plan was
   * found nor a proof that there is none, as where the constraints can just be held.
   */
  readonly status: 'conflict' | 'open' | 'none' | 'undecided';
  /** Names, in the order of the problem; empty unless there is a conflict. */
  readonly constraints: readonly string[];
  /** Those of them of which it is not proven that the others can be held without. */
  readonly unproven: readonly string[];
  /** Proven: no plan breaks the worst of these constraints by less, Gy, > 0 where there is a conflict; null where nothing is proven. */
  readonly leastViolation: number | null;
  /** Products with operator and transpose, half each. */
  readonly evaluations: number;
}

/** When the search ends. */
export interface ConflictOptions {
  /** Seconds after which what is found is returned, as `open` or `undecided`. @default Infinity */
  readonly timeLimit?: number;
  /**
   * Weights near which the least violation is looked for. @default equal ones
   *
   * @internal
   */
  readonly from?: Float64Array;
}

/** Of the multipliers of a proof, a constraint with less than this fraction has no part in it. */
const NO_PART = 1e-4;
/** Of the largest bound, a violation below this fraction is rounding. */
const ROUNDING = 1e-9;

/**
 * A smallest set of constraints that no plan holds together: without any one of them the rest can be held. Constraints of one name count
 * as one. The order of the problem decides which set where there are several: what comes first is left out first.
 *
 * @throws {InvalidInputError} for no constraint, rows outside the operator, or a negative time limit
 */
export function conflictOf(problem: Omit<Problem, 'objectives'>, options: ConflictOptions = {}): Conflict {
  const { timeLimit = Number.POSITIVE_INFINITY, from } = options;
  const { operator, constraints = [] } = problem;
  if (!(timeLimit >= 0)) throw new InvalidInputError(`conflict: timeLimit is ${timeLimit} s, but must be >= 0.`);
  if (constraints.length === 0) {
    throw new InvalidInputError('conflict: there is no constraint, so none stands against another. Give at least one.');
  }
  checkRows(operator, constraints);
  const end = Date.now() + 1000 * timeLimit;
  const isOver = (): boolean => Date.now() >= end;
  const sample = problem.sample ?? sampleVoxels(operator);
  let evaluations = problem.sample ? 0 : operator.columns / 2;
  const largest = constraints.map(boundOf).reduce((a, b) => Math.max(a, b), 0);

  const test = (names: readonly string[]): Tested => {
    const own = constraints.filter(({ name }) => names.includes(name));
    if (own.length === 0 || equalWeights(operator, own, largest || 1))
      return { is: 'held', names, leastViolation: null, parts: [] };
    if (isOver()) return { is: 'undecided', names, leastViolation: null, parts: [] };
    const found = findInterior(operator, own, sample, isOver, { isFine: true, ...(from && { from }) });
    evaluations += found.evaluations;
    const { leastViolation, violation } = found;
    const parts = names.map((name) =>
      found.parts.reduce((sum, part, k) => (own[k]!.name === name ? sum + part : sum), 0),
    );
    const isBroken = leastViolation !== null && leastViolation > ROUNDING * largest;
    return { is: isBroken ? 'broken' : violation < 0 ? 'held' : 'undecided', names, leastViolation, parts };
  };

  const names = [...new Set(constraints.map(({ name }) => name))];
  let broken = test(names);
  if (broken.is !== 'broken') {
    const status = broken.is === 'held' ? 'none' : 'undecided';
    return { status, constraints: [], unproven: [], leastViolation: null, evaluations };
  }
  const whole = broken.parts.reduce((a, b) => a + b, 0);
  const having = names.filter((_, k) => broken.parts[k]! > NO_PART * whole);
  if (having.length < names.length) {
    const fewer = test(having);
    if (fewer.is === 'broken') broken = fewer;
  }
  const unproven: string[] = [];
  for (const name of broken.names) {
    const rest = test(broken.names.filter((other) => other !== name));
    if (rest.is === 'broken') broken = rest;
    else if (rest.is === 'undecided') unproven.push(name);
  }
  return {
    status: unproven.length > 0 ? 'open' : 'conflict',
    constraints: broken.names,
    unproven,
    leastViolation: broken.leastViolation,
    evaluations,
  };
}

/** What is proven of some constraints: a plan holds them, none does, or neither. */
interface Tested {
  readonly is: 'held' | 'broken' | 'undecided';
  readonly names: readonly string[];
  readonly leastViolation: number | null;
  /** Of the proof, in the order of the names. */
  readonly parts: readonly number[];
}

/**
 * Plans under constraints on partial volumes, which are not convex, with a bound that holds for all of them.
 *
 * Without these constraints the problem is convex, and what is proven of it no plan with them beats. Where the plan without breaks one, the
 * voxels that may lie beyond its dose are chosen, and all others held; then the same with the tail's mean held in place of a choice, from
 * whose plan voxels are chosen anew, which never loses; then from the better of both once or twice more, as long as that gains. The plan
 * keeps every constraint. That the choice is the best is not proven: the bracket from the bound to the plan's value holds for every choice.
 */
import { InvalidInputError } from '../core/errors.js';
import { type Constraint, checkAgreement } from './constraint.js';
import { checkProblem, checkRows, type Problem } from './problem.js';
import { type Solution, type SolutionStatus, type SolveOptions, solve } from './solver.js';
import { chosenVoxels, fractionBeyond, heldTail, keepsVolume, type VolumeConstraint } from './volume-constraint.js';

/** A problem with constraints on partial volumes. */
export interface VolumeProblem extends Problem {
  readonly volumes: readonly VolumeConstraint[];
}

/** A plan under constraints on partial volumes. */
export interface VolumeSolution {
  /** The plan; its lower bound holds whatever voxels are chosen. Its prices are those of the choice. */
  readonly solution: Solution;
  /**
   * As of `solve`, and `no-choice`: no plan was found that keeps the volumes under the constraints, the solution breaks what `volumes`
   * says, and it is not proven that there is none.
   */
  readonly status: SolutionStatus | 'no-choice';
  /** No plan that keeps the constraints has a smaller objective, with the volumes or without; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** One for each constraint on a volume, in their order. */
  readonly volumes: readonly VolumeResult[];
  /** Products with operator and transpose, half each. */
  readonly evaluations: number;
}

/** What became of a constraint on a volume. */
export interface VolumeResult {
  readonly name: string;
  /** Fraction of the volume beyond the dose. */
  readonly beyond: number;
  readonly isKept: boolean;
  /**
   * `itself`: the best plan keeps it unasked; `choice`: the voxels that lie beyond are chosen by the program; `tail`: the mean of the tail is
   * held, which is more than was asked for.
   */
  readonly by: 'itself' | 'choice' | 'tail';
}

/** Choices that are made anew, at most. */
const CHOICES = 2;
/** Gain of the objective, fraction, below which a choice was the last. */
const GAIN = 1e-3;

/**
 * Weights >= 0 that minimise objectives under constraints, partial volumes among them.
 *
 * @throws {InvalidInputError} for a malformed problem, or two constraints on volumes of one name
 */
export function solveWithVolumes(problem: VolumeProblem, options: SolveOptions = {}): VolumeSolution {
  const { volumes, constraints = [], operator } = problem;
  checkProblem(problem);
  checkRows(
    operator,
    volumes.map(({ rows, name }) => ({ rows, name })),
  );
  if (new Set(volumes.map(({ name }) => name)).size < volumes.length) {
    throw new InvalidInputError('optimise: two constraints on volumes have one name. Give each its own.');
  }
  const end = Date.now() + 1000 * (options.timeLimit ?? Number.POSITIVE_INFINITY);
  let evaluations = 0;
  const attempt = (more: readonly Constraint[], start?: Float64Array): Solution | undefined => {
    const all = [...constraints, ...more];
    if (contradict(all)) return undefined;
    const timeLimit = Math.max(0, (end - Date.now()) / 1000);
    const solution = solve({ ...problem, constraints: all }, { ...options, timeLimit, ...(start && { start }) });
    evaluations += solution.evaluations;
    return solution;
  };
  const isGood = (solution: Solution): boolean =>
    solution.status !== 'infeasible' &&
    (solution.certificate.violation?.amount ?? 0) <= 0 &&
    volumes.every((volume) => keepsVolume(volume, solution.dose));
  const choiceFrom = (dose: Float64Array): Constraint[] =>
    volumes.flatMap((volume) => chosenVoxels(volume, dose) ?? []);

  const free = attempt([])!;
  const ended = (solution: Solution): boolean => solution.status === 'stopped' || solution.status === 'time-limit';
  const result = (solution: Solution, by: VolumeResult['by'] | 'none'): VolumeSolution => {
    const results = volumes.map((volume): VolumeResult => {
      const isUnasked = by === 'none' || by === 'itself' || keepsVolume(volume, free.dose);
      const beyond = fractionBeyond(volume, solution.dose);
      return { name: volume.name, beyond, isKept: keepsVolume(volume, solution.dose), by: isUnasked ? 'itself' : by };
    });
    // A level that has moved is another problem: nothing is proven of it by the first.
    const lowerBound = solution.level === free.level ? free.certificate.lowerBound : null;
    const { value } = solution.certificate;
    const gap = lowerBound === null || value === 0 ? null : (value - lowerBound) / Math.abs(value);
    const isProven = gap !== null && gap <= (options.gap ?? 0.01);
    const { status: own } = solution;
    const status = own === 'reached' || own === 'unproven' ? (isProven ? 'reached' : 'unproven') : own;
    return {
      solution: { ...solution, status, certificate: { ...solution.certificate, lowerBound, gap, isConvex: false } },
      status: by === 'none' && !ended(free) && free.status !== 'infeasible' ? 'no-choice' : status,
      lowerBound,
      volumes: results,
      evaluations,
    };
  };
  if (free.status === 'infeasible' || ended(free)) return result(free, isGood(free) ? 'itself' : 'none');
  if (isGood(free)) return result(free, 'itself');

  const found: { solution: Solution; by: 'choice' | 'tail' }[] = [];
  /** Keeps the best so far in front. */
  const consider = (solution: Solution | undefined, by: 'choice' | 'tail'): void => {
    if (solution === undefined || !isGood(solution)) return;
    if (found[0] === undefined || solution.objective < found[0].solution.objective) found.unshift({ solution, by });
  };
  const first = attempt(choiceFrom(free.dose), free.weights);
  consider(first, 'choice');
  const tail = attempt(
    volumes.flatMap((volume) => heldTail(volume) ?? chosenVoxels(volume, free.dose) ?? []),
    free.weights,
  );
  consider(tail, 'tail');
  // Where neither can be kept, the plans that break them least say which voxels to let go.
  for (const broken of [first, tail]) {
    let dose = broken?.dose;
    for (let choice = 0; choice < CHOICES && found.length === 0 && dose !== undefined; choice++) {
      const next = attempt(choiceFrom(dose));
      consider(next, 'choice');
      dose = next?.dose;
    }
  }
  for (let choice = 0; choice < CHOICES && found[0] !== undefined; choice++) {
    const before = found[0].solution;
    consider(attempt(choiceFrom(before.dose), before.weights), 'choice');
    if (!(before.objective - found[0].solution.objective > GAIN * Math.abs(before.objective))) break;
  }
  return found[0] === undefined ? result(free, 'none') : result(found[0].solution, found[0].by);
}

function contradict(constraints: readonly Constraint[]): boolean {
  try {
    checkAgreement(constraints);
    return false;
  } catch (error) {
    if (error instanceof InvalidInputError) return true;
    throw error;
  }
}

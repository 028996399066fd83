/**
 * The last step of goals in order: objectives under everything that the lists have reached.
 *
 * What lists leave is thin: all plans within a slack of the best one of each. A start amid it is hard to find, and one at its edge has
 * multipliers that fit nothing. So the goals are soft here, each at a price beyond its shadow price: the penalty is exact, what it is missed
 * by ends at nothing, and the start is any plan that keeps the hard constraints. Where a goal is missed all the same, prices rise and the
 * step goes on. The bound is of objectives and penalties, which no plan that keeps the goals exceeds: one of the objectives under the goals.
 */
import { type Certificate, certifyAt } from './certificate.js';
import { type Constraint, violationOf } from './constraint.js';
import type { VoxelSample } from './normal-matrix.js';
import { followLevel } from './objective/objective.js';
import type { Problem } from './problem.js';
import { softCertificate, softProblem } from './soft-problem.js';
import type { Solution, SolveOptions } from './solution.js';
import type { StartingPoint } from './start.js';

/** A goal that had its turn, as a constraint; its tightening is what the step aims beyond it. */
export interface KeptGoal {
  readonly constraint: Constraint;
  /** Gy */
  readonly scale: number;
}

/** What missing a goal by its scale costs, in values of the objectives at the start: at first, and how often and by what that rises. */
const FIRST_PRICE = 100;
const DEARER = 4;
const RISES = 5;

/** Relative error of the prescription that is left to the goals: what a report may miss it by. */
const PRESCRIBED = 2e-3;

/** A problem with its goals, and how it is solved. */
export interface LastStep {
  readonly problem: Problem & { readonly sample: VoxelSample };
  readonly goals: readonly KeptGoal[];
  /** Keeps the hard constraints. */
  readonly start: StartingPoint;
  readonly solve: (problem: Problem & { readonly sample: VoxelSample }, options: SolveOptions) => Solution;
  readonly gap: number;
}

/** @returns the plan, its value and bound those of the objectives under goals and hard constraints */
export function solveLast({ problem, goals, start, solve, gap }: LastStep): Solution {
  const { operator, objectives, constraints = [] } = problem;
  const held = [...constraints, ...goals.map(({ constraint }) => constraint)];
  const judged = ({ dose, level }: Pick<Solution, 'dose' | 'level'>, certificate: Certificate): Certificate => {
    return certifyAt(certificate, atLevel(problem, level).objectives, held.map(withoutTightening), dose);
  };
  const first = objectives.reduce((sum, own) => sum + own.evaluate(start.dose, new Float64Array(operator.rows)), 0);
  const prices = goals.map(() => FIRST_PRICE * (Math.abs(first) || 1));
  let now = { problem, from: start };
  for (let rise = 0; ; rise++) {
    const own = goals.map(({ constraint, scale }, g) => ({ constraint, scale, price: prices[g]!, constant: 0 }));
    const soft = softProblem(now.problem, own, now.from);
    const found = solve(soft, { gap, start: soft.interior, isHeldBack: true, prescriptionTolerance: PRESCRIBED });
    const dose = found.dose.slice(0, operator.rows);
    const weights = found.weights.slice(0, operator.columns);
    const made = { ...found, dose, weights };
    const certificate = judged(made, softCertificate(found.certificate, own, operator.rows));
    const solution = { ...made, certificate, objective: certificate.value };
    const missed = goals.map(({ constraint }) => violationOf(withoutTightening(constraint), dose).amount > 0);
    const isOver = found.status === 'time-limit' || found.status === 'stopped' || found.status === 'infeasible';
    if (!missed.includes(true) || isOver || rise === RISES) {
      return missed.includes(true) && found.status === 'reached' ? { ...solution, status: 'unproven' } : solution;
    }
    missed.forEach((is, g) => {
      if (is) prices[g]! *= DEARER;
    });
    now = { problem: atLevel(problem, found.level), from: { weights, dose } };
  }
}

/** The problem with its level where a solution left it. */
function atLevel<T extends Problem>(problem: T, value: number | undefined): T {
  const { objectives, prescription } = problem;
  if (value === undefined || prescription === undefined) return problem;
  const level = { value };
  return {
    ...problem,
    objectives: followLevel(objectives, prescription.level, level),
    prescription: { ...prescription, level },
  };
}

export function withoutTightening(constraint: Constraint): Constraint {
  const { tightening: _, ...plain } = constraint;
  return plain;
}

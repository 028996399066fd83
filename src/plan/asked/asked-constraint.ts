/**
 * Constraints as CASE.json asks for them: goals, in the notation of goals, that hold whatever they cost.
 *
 * What each asks of the dose is one of four forms, all of them doses in Gy:
 *
 *     extreme   no voxel above, or none below
 *     mean      of the structure, at most or at least
 *     gEUD      at most (a >= 1), or at least (a < 1)
 *     volume    at most so much of the structure above a dose, or at least so much at it: `V20Gy <= 20%` is `D20% <= 20Gy`
 */
import * as z from 'zod/mini';
import { doseFromBed, doseFromEqd2 } from '../../biology/linear-quadratic.js';
import { InvalidInputError } from '../../core/errors.js';
import { type Goal, parseGoal } from '../../evaluate/goal.js';
import { type DoseScale, isVolume } from '../../evaluate/metric.js';
import { prescribedIn, type TargetsCase } from './asked-target.js';

const constraint = z.string().check(
  z.superRefine((text, context) => {
    try {
      parseConstraint(text);
    } catch (error) {
      const message = (error as Error).message.replace(/^goal /, 'constraint ').replace(/\.$/, '');
      context.addIssue({ code: 'custom', message });
    }
  }),
);

/** `constraints` of CASE.json. */
export const askedConstraints = z.array(constraint).check(
  z.maxLength(200),
  z.superRefine((list, context) => {
    const twice = list.findIndex((text, i) => list.map(plainText).indexOf(plainText(text)) < i);
    if (twice < 0) return;
    context.addIssue({ code: 'custom', path: [twice], message: `names "${list[twice]}" twice: once is enough` });
  }),
);

/** A text with single spaces. */
export const plainText = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** What a constraint asks of the dose. */
export type ConstraintForm =
  | { readonly kind: 'extreme' | 'mean' }
  | { readonly kind: 'gEUD'; readonly a: number }
  | {
      readonly kind: 'volume';
      /** Of the hottest part: in `%` of the structure or cc. */
      readonly volume: number;
      readonly unit: '%' | 'cc';
      /** Whether it is what is left of the structure without that. */
      readonly isRest: boolean;
    };

/** One constraint as it is asked for, in total Gy of the course. */
export interface AskedConstraint {
  /** As it was written, with single spaces: its name. */
  readonly text: string;
  readonly structure: string;
  /** The goal that judges it. */
  readonly goal: Goal;
  readonly form: ConstraintForm;
  /** 1: at most; -1: at least. */
  readonly sign: 1 | -1;
  /** Gy in `scale`. */
  readonly dose: number;
  /** Of the dose; physical where absent. */
  readonly scale?: DoseScale;
}

/** Gy: what is beyond is a slip of the pen. */
const MOST = 1000;

/** What a dose in percent, and a biological one, rest on. */
export interface AskedCourse {
  /** Total, Gy; of a structure `doseIn`, where there is any: a target's own, else this. */
  readonly dose: number;
  readonly doseIn?: (structure: string) => number;
  readonly fractions: number;
}

/**
 * Reads a constraint.
 *
 * @param course of which doses in percent are, and in whose fractions biological ones; without it only the form is checked
 * @throws {InvalidInputError} for what is no goal, or cannot be held with a proof
 */
export function parseConstraint(text: string, course: AskedCourse = { dose: 1, fractions: 1 }): AskedConstraint {
  const goal = parseGoal(text);
  const refuse = (why: string): never => {
    throw new InvalidInputError(`constraint "${goal.text}": ${why}`);
  };
  const { structure, metric, limit, unit, comparison } = goal;
  const asked = comparison.startsWith('<') ? 1 : -1;
  const form = formOf(goal, asked, refuse);
  const at = isVolume(metric) ? metric.at! : { value: limit, unit };
  const gray = at.unit === '%' ? (at.value / 100) * (course.doseIn?.(structure) ?? course.dose) : at.value;
  // Less than a dose in at most v is at least that dose in the rest.
  const sign = metric.kind === 'CV' ? (-asked as 1 | -1) : asked;
  if (!(sign > 0 ? gray > 0 : gray >= 0)) {
    refuse(`its dose is ${gray} Gy, but must be ${sign > 0 ? '> 0: every field gives some dose everywhere' : '>= 0'}.`);
  }
  if (gray > MOST) refuse(`its dose is ${gray} Gy, but must be at most ${MOST} Gy.`);
  const head = { text: goal.text, structure, goal, form, sign } as const;
  const { scale } = metric;
  if (scale === undefined) return { ...head, dose: gray };
  // A conversion that rises from voxel to voxel leaves extremes and volumes where they are.
  if (form.kind === 'extreme' || form.kind === 'volume') {
    const physical = scale.quantity === 'eqd2' ? doseFromEqd2 : doseFromBed;
    return { ...head, dose: physical(gray, course.fractions, scale.alphaBeta) };
  }
  if (sign < 0) refuse('a biological mean or gEUD from below is not convex. Give it as a physical dose.');
  return { ...head, dose: gray, scale };
}

/** What a course is read from. */
type CourseCase = TargetsCase & { readonly prescription: { readonly fractions: number } };

/** What the doses of a case's constraints and priorities rest on. */
export const askedCourse = (planCase: CourseCase): AskedCourse => ({
  ...planCase.prescription,
  doseIn: prescribedIn(planCase),
});

/** @throws {InvalidInputError} as {@link parseConstraint} */
export const parseConstraints = (texts: readonly string[], course: AskedCourse): AskedConstraint[] =>
  texts.map((text) => parseConstraint(text, course));

function formOf({ metric, limit, unit }: Goal, sign: 1 | -1, refuse: (why: string) => never): ConstraintForm {
  const { kind, at, exponent } = metric;
  if (kind === 'Mean') return { kind: 'mean' };
  if (kind === 'Volume') return refuse('a plan does not change the volume of a structure. Leave it out.');
  if (kind === 'Max' || kind === 'Min') {
    if ((kind === 'Max') === sign > 0) return { kind: 'extreme' };
    const [what, instead] = kind === 'Max' ? ['the maximum from below', 'D2%'] : ['the minimum from above', 'D98%'];
    return refuse(`${what} asks for one voxel, whichever it is, which is not convex. Bound ${instead} or the mean.`);
  }
  if (kind === 'gEUD') {
    if (exponent! >= 1 === sign > 0) return { kind: 'gEUD', a: exponent! };
    const [side, rule] = sign > 0 ? ['above', '>= 1'] : ['below', '< 1'];
    return refuse(`gEUD with a = ${exponent} from ${side} is not convex. From ${side} a must be ${rule}.`);
  }
  const volume = isVolume(metric) ? { value: limit, unit } : at!;
  if (!(volume.value >= 0) || (volume.unit === '%' && volume.value > 100)) {
    const range = volume.unit === '%' ? 'from 0 to 100 %' : '>= 0';
    return refuse(`its volume is ${volume.value} ${volume.unit}, but must be ${range}.`);
  }
  return {
    kind: 'volume',
    volume: volume.value,
    unit: volume.unit as '%' | 'cc',
    isRest: kind === 'DC' || kind === 'CV',
  };
}

/**
 * Priorities as CASE.json asks for them: lists of goals, of which each is met as far as the lists before it leave room.
 *
 * A goal is written as a constraint is, or without a limit: then the metric is to be as low as it can be.
 */
import * as z from 'zod/mini';
import { InvalidInputError } from '../../core/errors.js';
import { type AskedConstraint, type AskedCourse, parseConstraint, plainText } from './asked-constraint.js';

const goal = z.string().check(
  z.superRefine((text, context) => {
    try {
      parsePriority(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message.replace(/\.$/, '') });
    }
  }),
);

/** `priorities` of CASE.json. */
export const askedPriorities = z
  .array(z.array(goal).check(z.minLength(1, { error: 'is an empty list: give a goal, or leave it out' })))
  .check(
    z.maxLength(30),
    z.superRefine((lists, context) => {
      const seen = new Set<string>();
      lists.forEach((list, l) => {
        list.forEach((text, g) => {
          const name = plainText(text);
          if (seen.has(name)) {
            const message = `names "${name}" twice: name each goal once, at the place where it counts`;
            context.addIssue({ code: 'custom', path: [l, g], message });
          }
          seen.add(name);
        });
      });
    }),
  );

/** One goal of a list. */
export interface AskedPriority {
  readonly asked: AskedConstraint;
  /** As low as it can be: `asked` has no limit of its own. */
  readonly isLeast: boolean;
}

/** @throws {InvalidInputError} as `parseConstraint` does, and for a volume that is to be as low as it can be */
export function parsePriority(text: string, course?: AskedCourse): AskedPriority {
  if (/[<>≤≥]/.test(text)) return { asked: parseConstraint(text, course), isLeast: false };
  // A limit that is not looked at.
  const any = `${plainText(text)} <= 1Gy`;
  let asked: AskedConstraint;
  try {
    asked = parseConstraint(any, course);
  } catch (error) {
    throw new InvalidInputError(
      `priority "${plainText(text)}": without a limit it must be a dose that is to be as low as it can be, such as "Heart Mean": ${(error as Error).message.replace(any, plainText(text))}`,
    );
  }
  return { asked: { ...asked, text: plainText(text) }, isLeast: true };
}

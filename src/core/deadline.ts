/**
 * A time limit over several computations: what is left of it is asked for, not counted.
 */
import { checkPositive } from './check.js';

/** Seconds that are left, >= 0; Infinity without a limit. */
export type TimeLeft = () => number;

/** No limit. */
export const forever: TimeLeft = () => Number.POSITIVE_INFINITY;

/**
 * The clock of a limit that begins now.
 *
 * @param seconds > 0. @default none
 * @throws {InvalidInputError} unless it is > 0
 */
export function timeLimit(seconds?: number): TimeLeft {
  if (seconds === undefined) return forever;
  checkPositive('time limit in seconds', seconds);
  const end = Date.now() + 1000 * seconds;
  return () => Math.max(0, (end - Date.now()) / 1000);
}

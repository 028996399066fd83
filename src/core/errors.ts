/**
 * The three ways in which respine refuses.
 *
 * A message is one sentence that says what is wrong, with the value and the rule, and a second that names the remedy:
 * `margin: radius is -3 mm, but must be >= 0. Use crop() to shrink a structure.`
 * Messages are one line of at most 400 characters, whatever they quote. Anything else that is thrown is a bug of ours.
 */

import { elided, shortSentence } from './sentence.js';

/** The caller's value breaks a rule: wrong shape, range, unit or combination. */
export class InvalidInputError extends Error {
  readonly _tag = 'InvalidInputError';
  override name = 'InvalidInputError';
  constructor(message: string) {
    super(shortSentence(message));
  }
}

/** Bytes or text are not what their format promises. */
export class FormatError extends Error {
  readonly _tag = 'FormatError';
  override name = 'FormatError';
  /**
   * @param message what is wrong and the remedy
   * @param path file or field in which it was found, as far as it is known
   * @param offset byte offset, as far as it is known
   */
  constructor(
    message: string,
    readonly path?: string,
    readonly offset?: number,
  ) {
    super(shortSentence(path === undefined ? message : `${shownPath(path)}: ${message}`));
  }
}

/** Valid, but outside what respine does. */
export class UnsupportedError extends Error {
  readonly _tag = 'UnsupportedError';
  override name = 'UnsupportedError';
  constructor(message: string) {
    super(shortSentence(message));
  }
}

/** A path as messages show it: of a long one the beginning and the end. */
export const shownPath = (path: string): string => elided(path, 80);

/** True for the three errors above: their message may be shown to a user as it is. */
export function isRespineError(error: unknown): error is InvalidInputError | FormatError | UnsupportedError {
  return error instanceof InvalidInputError || error instanceof FormatError || error instanceof UnsupportedError;
}

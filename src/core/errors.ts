/**
 * The three ways in which respine refuses.
 *
 * A message is one sentence that says what is wrong, with the value and the rule, and a second that names the remedy:
 * `margin: radius is -3 mm, but must be >= 0. Use crop() to shrink a structure.`
 * Anything else that is thrown is a bug of ours.
 */

/** The caller's value breaks a rule: wrong shape, range, unit or combination. */
export class InvalidInputError extends Error {
  readonly _tag = 'InvalidInputError';
  override name = 'InvalidInputError';
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
    super(path === undefined ? message : `${path}: ${message}`);
  }
}

/** Valid, but outside what respine does. */
export class UnsupportedError extends Error {
  readonly _tag = 'UnsupportedError';
  override name = 'UnsupportedError';
}

/** True for the three errors above: their message may be shown to a user as it is. */
export function isRespineError(error: unknown): error is InvalidInputError | FormatError | UnsupportedError {
  return error instanceof InvalidInputError || error instanceof FormatError || error instanceof UnsupportedError;
}

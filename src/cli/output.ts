/**
 * What commands print. Names come from files of others: what steers a terminal is shown as its escape, never sent.
 */
import { InvalidInputError } from '../core/errors.js';
import { plainText } from '../core/sentence.js';
import { endProgress } from './progress-flags.js';

/** Why nothing more can be printed; undefined as long as it can. */
let failure: NodeJS.ErrnoException | undefined;

process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  failure ??= cause;
});
// Where a sentence cannot be said, nothing can.
process.stderr.on('error', () => undefined);

/** Text for standard output. */
export function print(text: string): void {
  if (failure === undefined) process.stdout.write(plainText(text));
}

/** One sentence for standard error, where no bar stands beside it. */
export function say(sentence: string): void {
  endProgress();
  process.stderr.write(`${sentence}\n`);
}

/**
 * Waits until all is printed.
 *
 * @returns false where the reader went before the end, as `head` does: that is his choice
 * @throws {InvalidInputError} where the output cannot be written
 */
export async function flushed(): Promise<boolean> {
  if (failure === undefined) {
    await new Promise<void>((resolve) => {
      process.stdout.write('', () => resolve());
    });
    // The error follows the write that failed.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (failure === undefined) return true;
  if (failure.code === 'EPIPE') return false;
  throw new InvalidInputError(
    `the output cannot be written (${failure.code === 'ENOSPC' ? 'the disk is full' : failure.message}). Make room, or redirect it elsewhere.`,
  );
}

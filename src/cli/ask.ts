/** A question to whoever is at the terminal. */
import { createInterface } from 'node:readline';
import { askedProgress, endProgress } from './progress-flags.js';

/** Whether somebody is there: a program, a pipe or a batch job answers nothing. */
export const canAsk = (): boolean =>
  process.stdin.isTTY === true && process.stderr.isTTY === true && askedProgress().jsonProgress !== true;

/** @returns whether the answer is yes; the end of the input and Ctrl+C are none */
export function askYes(question: string): Promise<boolean> {
  endProgress();
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    reader.on('close', () => resolve(false)).on('SIGINT', () => reader.close());
    reader.question(`respine: ${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      reader.close();
    });
  });
}

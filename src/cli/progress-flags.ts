/**
 * What a command was asked to tell of its progress. There is one command at a time, so this is kept here.
 */
import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors.js';

export interface ProgressFlags {
  /** Nothing. */
  readonly quiet?: boolean;
  /** Events, one JSON object a line. */
  readonly jsonProgress?: boolean;
}

/** Commands that may take more than some seconds. */
const LONG = new Set([
  'plan',
  'report',
  'influence',
  'dose',
  'accumulate',
  'trade-off',
  'beams',
  'fractionation',
  'study',
  'validate',
  'commission',
  'inspect',
  'render',
]);

/** Adds the flags to every command of the program that may take long. */
export function addProgressFlags(program: Command): void {
  for (const command of program.commands) {
    if (!LONG.has(command.name())) continue;
    command
      .option('--quiet', 'no progress on stderr; errors and notes stay')
      .option('--json-progress', 'progress on stderr as events, a JSON object a line: docs/cli.md#progress');
  }
}

let asked: ProgressFlags = {};
let takeAway: () => void = () => undefined;

/**
 * Keeps what the command that begins was asked.
 *
 * @throws {InvalidInputError} where both are asked for
 */
export function askProgress({ quiet = false, jsonProgress = false }: ProgressFlags): void {
  if (quiet && jsonProgress) {
    throw new InvalidInputError('--quiet tells no progress, and --json-progress tells it. Leave one of them out.');
  }
  asked = { quiet, jsonProgress };
}

export const askedProgress = (): ProgressFlags => asked;

/** @param end takes away what progress leaves on a terminal */
export function onProgressEnd(end: () => void): void {
  takeAway = end;
}

/** Takes away what progress has left on the terminal; whoever says something there calls it first. */
export const endProgress = (): void => takeAway();

/** Options that say of a dose file what it does not say itself; shared by the commands that read doses. */

import type { Command } from 'commander';
import { checkCount } from '../core/budget.js';
import { checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { LoadDoseOptions, LoadedDose } from '../node/load-dose.js';
import { HIGHEST_DOSE, LONGEST_INTERVAL, MOST_FRACTIONS } from '../plan/input/course.js';

export interface DoseFlags {
  readonly fractions?: string;
  readonly plan?: string;
  readonly extent?: string;
  readonly gyPerUnit?: string;
  readonly quantity?: string;
  readonly alphaBeta?: string;
}

/** Adds the flags; `plan` only where one dose is read. */
export function addDoseFlags(command: Command, flags: { readonly hasPlan: boolean }): Command {
  command.option('--fractions <n>', 'fractions of the course, where the file does not tell');
  if (flags.hasPlan) command.option('--plan <file>', 'RTPLAN of the dose: tells the fractions');
  return command
    .option('--extent <name>', 'what an RTDOSE that is not of a whole plan holds: course or fraction')
    .option('--gy-per-unit <gy>', 'what 1 stands for in an RTDOSE with relative units')
    .option('--quantity <name>', 'what an RTDOSE of type EFFECTIVE is: physical, eqd2 or bed')
    .option('--alpha-beta <gy>', 'alpha/beta of an eqd2 or bed dose');
}

/** @throws {InvalidInputError} naming the option */
export function doseOptions(flags: DoseFlags): LoadDoseOptions {
  const { fractions, plan, extent, gyPerUnit, quantity, alphaBeta } = flags;
  return {
    ...(fractions === undefined ? {} : { fractions: fractionsOf('--fractions', fractions) }),
    ...(plan === undefined ? {} : { plan }),
    ...(extent === undefined ? {} : { extent: oneOf('--extent', extent, ['course', 'fraction'] as const) }),
    ...(gyPerUnit === undefined ? {} : { gyPerUnit: numberOf('--gy-per-unit', gyPerUnit) }),
    ...(quantity === undefined
      ? {}
      : { quantity: oneOf('--quantity', quantity, ['physical', 'eqd2', 'bed'] as const) }),
    ...(alphaBeta === undefined ? {} : { alphaBeta: alphaBetaOf('--alpha-beta', alphaBeta) }),
  };
}

/** @throws {InvalidInputError} unless the text is a number */
export function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidInputError(`${option} is "${text}", but must be a number.`);
  }
  return value;
}

/** @throws {InvalidInputError} unless the text is a whole number >= 1 */
export function countOf(option: string, text: string): number {
  const value = numberOf(option, text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidInputError(`${option} is "${text}", but must be a whole number >= 1.`);
  }
  return value;
}

/** @throws {InvalidInputError} unless the text is a total dose in Gy; the message knows centigray */
export function doseOf(option: string, text: string): number {
  const value = numberOf(option, text);
  if (!(value > 0)) throw new InvalidInputError(`${option} is ${value} Gy, but must be > 0.`);
  if (value > HIGHEST_DOSE) {
    throw new InvalidInputError(
      `${option} is ${value} Gy, more than ${HIGHEST_DOSE}: was it meant in cGy? Give it in Gy (${value / 100}).`,
    );
  }
  return value;
}

/** Doses with commas between them. */
export function dosesOf(option: string, text: string, example: string): number[] {
  const values = listOf(option, text).map((part) => doseOf(option, part));
  if (values.length < 2) throw new InvalidInputError(`${option} is "${text}". Give at least two, e.g. ${example}.`);
  return values;
}

/** @throws {InvalidInputError} for more than 100 values with commas between them */
export function listOf(option: string, text: string): string[] {
  const parts = text.split(',');
  checkCount(`${option}: values`, parts.length, 100, 'Give fewer.');
  return parts;
}

/** @throws {InvalidInputError} unless the text is a number of fractions of one course */
export function fractionsOf(option: string, text: string): number {
  return checkRange(option, countOf(option, text), 1, MOST_FRACTIONS);
}

/** @throws {InvalidInputError} unless the text is months since a course, at most those of a life */
export function monthsOf(option: string, text: string): number {
  return checkRange(`${option}: months`, numberOf(option, text), 0, LONGEST_INTERVAL);
}

/** @throws {InvalidInputError} unless the text is a number that may be an alpha/beta in Gy; whose use refuses 0 and less, in its words */
export function alphaBetaOf(option: string, text: string): number {
  const value = numberOf(option, text);
  return value > 0 ? checkRange(option, value, 0.1, 100) : value;
}

/** @throws {InvalidInputError} unless the text is a number of seconds > 0 */
export function secondsOf(option: string, text: string): number {
  const value = numberOf(option, text);
  if (!(value > 0)) throw new InvalidInputError(`${option} is ${value} s, but must be > 0. Leave it out for no limit.`);
  return value;
}

/** @throws {InvalidInputError} unless the text is one of the names */
export function oneOf<T extends string>(option: string, text: string, names: readonly T[]): T {
  if (!names.includes(text as T)) {
    throw new InvalidInputError(`${option} is "${text}", but must be one of ${names.join(', ')}.`);
  }
  return text as T;
}

/** Said where two doses lie in different frames of reference: they are compared as if in one. */
export function frameNote(reference: LoadedDose, evaluated: LoadedDose): string[] {
  const [a, b] = [reference.frameOfReferenceUid, evaluated.frameOfReferenceUid];
  if (a === undefined || b === undefined || a === b) return [];
  return [`The doses lie in different frames of reference (${a} and ${b}) and are compared as if in one.`];
}

/**
 * What `--dicom [bits]` asks for.
 *
 * @throws {InvalidInputError} unless it is 16 or 32
 */
export function bitsOf(dicom: string | boolean | undefined): 16 | 32 | undefined {
  if (dicom === undefined || dicom === false) return undefined;
  if (dicom === true || dicom === '32') return 32;
  if (dicom === '16') return 16;
  throw new InvalidInputError(
    `--dicom is "${dicom}", but a stored dose has 16 or 32 bits. Use one of them, or neither.`,
  );
}

/** Levels with commas, Gy. */
export function isodosesOf(text: string | undefined): number[] | undefined {
  return text === undefined ? undefined : listOf('--isodoses', text).map((part) => numberOf('--isodoses', part));
}

/**
 * A machine from its JSON, checked as far as the dose needs it.
 */

import * as z from 'zod/mini';
import { checkSchema } from '../core/check-schema.js';
import { FormatError } from '../core/errors.js';
import type { Machine } from './machine.js';

const positive = z.number().check(z.positive());
const nonNegative = z.number().check(z.nonnegative());
const list = z.array(z.number()).check(z.minLength(2));
const rows = z.array(z.array(nonNegative)).check(z.minLength(2));
const range = z.tuple([z.number(), z.number()]);
const perAxis = z.tuple([nonNegative, nonNegative]);

const schema = z.strictObject({
  /** For editors; not read. */
  $schema: z.optional(z.string()),
  name: z.string(),
  energy: positive,
  source: z.string(),
  sad: positive.check(z.minimum(500, { error: 'is less than 500 mm; lengths are in mm' })),
  penumbra: z.strictObject({ sigma: perAxis, collimator: perAxis }),
  primaryFluence: z.strictObject({ radius: list, value: list }),
  kernel: z.strictObject({
    depths: list,
    widths: z.array(nonNegative).check(z.minLength(2)),
    amplitudes: rows,
    scatter: z.optional(z.array(z.array(nonNegative))),
  }),
  calibration: z.strictObject({
    gyPerMu: positive.check(
      z.maximum(0.1, {
        error: (issue) => `is ${String(issue.input)} Gy per monitor unit, more than 0.1: was it meant in cGy`,
      }),
    ),
    ssd: positive,
    depth: positive,
    fieldSide: positive,
  }),
  range: z.strictObject({ fieldSide: range, depth: range }),
  /** How commissioning made it; not read. */
  fit: z.optional(z.unknown()),
  software: z.optional(z.unknown()),
  inputs: z.optional(z.unknown()),
});

/**
 * A machine's file, checked.
 *
 * @param json parsed machine.json, as {@link Machine} is written with JSON.stringify
 * @throws {FormatError} naming the field that is missing or wrong
 */
export function parseMachine(json: unknown, path = 'machine'): Machine {
  const checked = checkSchema(schema, json, path);
  if ('wrong' in checked) throw new FormatError(`${checked.wrong}. Give a machine as commissioning writes it.`, path);
  const { depths, widths, amplitudes, scatter } = checked.data.kernel;
  for (const [name, rows] of Object.entries({ amplitudes, scatter: scatter ?? amplitudes })) {
    if (rows.length !== depths.length || rows.some((row) => row.length !== widths.length)) {
      throw new FormatError(
        `kernel.${name} is not ${depths.length} depths by ${widths.length} widths. Give a machine as commissioning writes it.`,
        path,
      );
    }
  }
  if (scatter?.some((row, i) => row.some((s, j) => s > amplitudes[i]![j]! * (1 + 1e-6)))) {
    throw new FormatError(
      'kernel.scatter is more than kernel.amplitudes somewhere, but is a part of it. Give a machine as commissioning writes it.',
      path,
    );
  }
  return checked.data as unknown as Machine;
}

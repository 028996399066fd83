/**
 * A machine from its JSON, checked as far as the dose needs it.
 */

import { z } from 'zod';
import { FormatError } from '../core/errors.js';
import { describeIssue } from '../core/json-issue.js';
import { checkTree } from '../core/json-tree.js';
import type { Machine } from './machine.js';

const positive = z.number().positive();
const list = z.array(z.number()).min(2);
const range = z.tuple([z.number(), z.number()]);

/** Further fields pass as they are. */
const schema = z.looseObject({
  name: z.string(),
  energy: positive,
  source: z.string(),
  sad: positive.min(500, { error: 'is less than 500 mm; lengths are in mm' }),
  penumbra: z.looseObject({
    sigma: z.tuple([z.number().nonnegative(), z.number().nonnegative()]),
    collimator: z.tuple([z.number().nonnegative(), z.number().nonnegative()]),
  }),
  primaryFluence: z.looseObject({ radius: list, value: list }),
  kernel: z.looseObject({
    depths: list,
    widths: z.array(z.number().nonnegative()).min(2),
    amplitudes: z.array(z.array(z.number().nonnegative())).min(2),
    scatter: z.array(z.array(z.number().nonnegative())).optional(),
  }),
  calibration: z.looseObject({
    gyPerMu: positive.max(0.1, {
      error: (issue) => `is ${String(issue.input)} Gy per monitor unit, more than 0.1: was it meant in cGy`,
    }),
    ssd: positive,
    depth: positive,
    fieldSide: positive,
  }),
  range: z.looseObject({ fieldSide: range, depth: range }),
});

/**
 * A machine's file, checked.
 *
 * @param json parsed machine.json, as {@link Machine} is written with JSON.stringify
 * @throws {FormatError} naming the field that is missing or wrong
 */
export function parseMachine(json: unknown, path = 'machine'): Machine {
  checkTree(json, path);
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new FormatError(`${describeIssue(json, issue)}. Give a machine as commissioning writes it.`, path);
  }
  const { depths, widths, amplitudes, scatter } = result.data.kernel;
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
  return result.data as unknown as Machine;
}

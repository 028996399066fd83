/** What CASE.json and COURSES.json say of a course that was given before: a dose file, its meaning, its place. */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { createRigidTransform, type RigidTransform, rigidFromMatrix } from '../../geometry/rigid-transform.js';

/** Above this a total dose in Gy is not radiotherapy but centigray. */
export const HIGHEST_DOSE = 200;

/** No course has more fractions. */
export const MOST_FRACTIONS = 200;
/** An interval beyond this is not one of a life, months. */
export const LONGEST_INTERVAL = 1200;

export const dose = z.number({ error: (issue) => `${say(issue.input)} is not a dose in Gy` }).check(
  z.positive({ error: (issue) => `is ${String(issue.input)} Gy, but must be > 0` }),
  z.maximum(HIGHEST_DOSE, {
    error: (issue) =>
      `is ${String(issue.input)} Gy, more than ${HIGHEST_DOSE}: was it meant in cGy? Give it in Gy (${Number(issue.input) / 100})`,
  }),
);
export const fractions = z
  .number({ error: (issue) => `${say(issue.input)} is not a number of fractions` })
  .check(
    z.int({ error: (issue) => `is ${String(issue.input)}, but must be a whole number` }),
    z.minimum(1, { error: (issue) => `is ${String(issue.input)}, but must be at least 1` }),
    z.maximum(MOST_FRACTIONS, { error: (issue) => `is ${String(issue.input)}, more than ${MOST_FRACTIONS}` }),
  );
export const months = z.number({ error: (issue) => `${say(issue.input)} is not a number of months` }).check(
  z.nonnegative({
    error: (issue) => `is ${String(issue.input)}, but must be >= 0: months since the end of the course`,
  }),
  z.maximum(LONGEST_INTERVAL, {
    error: (issue) => `is ${String(issue.input)}, more than ${LONGEST_INTERVAL}: give it in months`,
  }),
);

const finite = z.number().check(z.minimum(-1e5), z.maximum(1e5));
export const vector = z.tuple([finite, finite, finite]);

/** A DICOM registration by its path, a rotation and translation, or a matrix by rows. */
export const transformSchema = z.union(
  [
    z.string(),
    z.strictObject({
      translation: described('mm.', z.optional(vector)),
      rotation: described('Degrees about x, then y, then z.', z.optional(vector)),
      center: described('Point about which it turns, mm.', z.optional(vector)),
    }),
    z.strictObject({ matrix: described('16 numbers by rows; rigid.', z.array(finite).check(z.length(16))) }),
  ],
  {
    error:
      'must be the path of a DICOM registration, { "translation": [mm], "rotation": [degrees], "center": [mm] } or { "matrix": [16 numbers by rows] }',
  },
);
export type TransformInput = z.output<typeof transformSchema>;

/** What a dose file does not say itself, and where it lies: fields of a course that is read from one. */
export const doseFileFields = {
  plan: described('RTPLAN of the dose file: tells the fractions.', z.optional(z.string())),
  extent: described(
    'What the values of the file are the total of, where it does not say.',
    z.optional(z.enum(['course', 'fraction'])),
  ),
  gyPerUnit: described(
    'What 1 stands for, Gy, where the file says `RELATIVE`.',
    z.optional(z.number().check(z.positive(), z.maximum(1e6))),
  ),
  transform: described(
    'From the frame of that course into the one of the plan or sum: path of a DICOM registration, or in numbers. By default the frames are the same.',
    z.optional(transformSchema),
  ),
};

/**
 * @returns undefined for the path of a registration, which must be read first
 * @throws {InvalidInputError | UnsupportedError} if the matrix is not rigid
 */
export function transformOf(input: TransformInput, name: string): RigidTransform | undefined {
  if (typeof input === 'string') return undefined;
  return 'matrix' in input ? rigidFromMatrix(input.matrix, name) : createRigidTransform(input);
}

function say(input: unknown): string {
  return input === undefined ? 'is missing, or' : JSON.stringify(input);
}

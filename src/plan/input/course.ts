/** What CASE.json and COURSES.json say of a course that was given before: a dose file, its meaning, its place. */
import { z } from 'zod';
import { createRigidTransform, type RigidTransform, rigidFromMatrix } from '../../geometry/rigid-transform.js';

/** Above this a total dose in Gy is not radiotherapy but centigray. */
export const HIGHEST_DOSE = 200;

/** No course has more fractions. */
export const MOST_FRACTIONS = 200;
/** An interval beyond this is not one of a life, months. */
export const LONGEST_INTERVAL = 1200;

export const dose = z
  .number({ error: (issue) => `${say(issue.input)} is not a dose in Gy` })
  .positive({ error: (issue) => `is ${String(issue.input)} Gy, but must be > 0` })
  .max(HIGHEST_DOSE, {
    error: (issue) =>
      `is ${String(issue.input)} Gy, more than ${HIGHEST_DOSE}: was it meant in cGy? Give it in Gy (${Number(issue.input) / 100})`,
  });
export const fractions = z
  .number({ error: (issue) => `${say(issue.input)} is not a number of fractions` })
  .int({ error: (issue) => `is ${String(issue.input)}, but must be a whole number` })
  .min(1, { error: (issue) => `is ${String(issue.input)}, but must be at least 1` })
  .max(MOST_FRACTIONS, { error: (issue) => `is ${String(issue.input)}, more than ${MOST_FRACTIONS}` });
export const months = z
  .number({ error: (issue) => `${say(issue.input)} is not a number of months` })
  .nonnegative({ error: (issue) => `is ${String(issue.input)}, but must be >= 0: months since the end of the course` })
  .max(LONGEST_INTERVAL, {
    error: (issue) => `is ${String(issue.input)}, more than ${LONGEST_INTERVAL}: give it in months`,
  });

const finite = z.number().min(-1e5).max(1e5);
export const vector = z.tuple([finite, finite, finite]);

/** A DICOM registration by its path, a rotation and translation, or a matrix by rows. */
export const transformSchema = z.union(
  [
    z.string(),
    z.strictObject({
      /** mm */
      translation: vector.optional(),
      /** Degrees about x, then y, then z. */
      rotation: vector.optional(),
      /** Point about which it turns, mm. */
      center: vector.optional(),
    }),
    z.strictObject({ matrix: z.array(finite).length(16) }),
  ],
  {
    error:
      'must be the path of a DICOM registration, { "translation": [mm], "rotation": [degrees], "center": [mm] } or { "matrix": [16 numbers by rows] }',
  },
);
export type TransformInput = z.output<typeof transformSchema>;

/** What a dose file does not say itself, and where it lies: fields of a course that is read from one. */
export const doseFileFields = {
  /** RTPLAN of the dose: tells the fractions. */
  plan: z.string().optional(),
  extent: z.enum(['course', 'fraction']).optional(),
  gyPerUnit: z.number().positive().max(1e6).optional(),
  /** Takes points of the course's frame into that of the plan or sum. */
  transform: transformSchema.optional(),
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

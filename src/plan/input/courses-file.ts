/**
 * COURSES.json: the courses whose doses are added up, checked before anything is read.
 */
import { z } from 'zod';
import { checkJson } from './check-json.js';
import { dose, doseFileFields, fractions, months } from './course.js';

const course = z
  .strictObject({
    name: z.string().min(1).max(100),
    /** RTDOSE or NRRD with the physical dose, or a total in Gy that is the same everywhere. */
    dose: z.union([dose, z.string()], { error: 'must be the path of a dose, or a total dose in Gy' }),
    fractions: fractions.optional(),
    /** Since its end. */
    months: months.optional(),
    ...doseFileFields,
  })
  .superRefine((c, context) => {
    if (typeof c.dose === 'string') return;
    const say = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
    if (c.fractions === undefined) {
      say('is missing: the EQD2 of a course in an unknown number of fractions is undefined', 'fractions');
    }
    for (const key of ['plan', 'extent', 'gyPerUnit', 'transform'] as const) {
      if (c[key] !== undefined) say('does not go with a dose that is the same everywhere', key);
    }
  });

const schema = z.strictObject({
  /** For editors; not read. */
  $schema: z.string().optional(),
  /** Gy; without a default, because the choice decides the answer. */
  alphaBeta: z
    .number({ error: 'must be given in Gy: the choice decides the answer' })
    .positive({ error: (issue) => `is ${String(issue.input)} Gy, but must be > 0` })
    .min(0.1)
    .max(100),
  quantity: z.enum(['eqd2', 'bed']).default('eqd2'),
  /** Course whose frame and grid are those of the sum. @default the last one with a file */
  reference: z.string().optional(),
  /** Beyond its grid a course is unknown, or it gave nothing. */
  beyond: z.enum(['missing', 'zero']).default('missing'),
  /** RTSTRUCT, NRRD masks, or a folder of them, in the frame of the sum. */
  structures: z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((paths) => (typeof paths === 'string' ? [paths] : paths))
    .optional(),
  courses: z.array(course, { error: 'must be a list of at least one course' }).min(1).max(50),
});

export type CoursesInput = z.input<typeof schema>;
type Parsed = z.output<typeof schema>;
/** With the course of reference by name. */
export type Courses = Omit<Parsed, 'reference'> & { readonly reference: string };

const remedy = 'The fields are described in docs/case.md under COURSES.json.';

/**
 * @param json parsed COURSES.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function parseCourses(json: unknown, path = 'courses'): Courses {
  const parsed = checkJson(schema, json, path, remedy);
  const names = parsed.courses.map(({ name }) => name);
  const withFile = parsed.courses.filter((c) => typeof c.dose === 'string').map(({ name }) => name);
  const reference = parsed.reference ?? withFile.at(-1);
  // A rule over several fields, said as a schema's issue would be.
  const rules = z.null().superRefine((_, context) => {
    const say = (message: string, ...at: string[]): void => context.addIssue({ code: 'custom', message, path: at });
    const twice = names.find((name, n) => names.indexOf(name) !== n);
    if (twice !== undefined) say(`"${twice}" is the name of two courses`, 'courses');
    if (reference === undefined)
      say('needs at least one course with a dose file, whose grid is that of the sum', 'courses');
    else if (!withFile.includes(reference)) {
      say(`"${reference}" is no course with a dose file; there are ${withFile.join(', ')}`, 'reference');
    } else if (parsed.courses.find(({ name }) => name === reference)!.transform !== undefined) {
      say(`of "${reference}" is not needed: the sum lies in its frame`, 'courses', 'transform');
    }
  });
  checkJson(rules, null, path, remedy);
  return { ...parsed, reference: reference! };
}

/** The JSON Schema of COURSES.json, for editors. */
export function coursesSchema(): unknown {
  return z.toJSONSchema(schema, { io: 'input' });
}

/**
 * COURSES.json: the courses whose doses are added up, checked before anything is read.
 */
import * as z from 'zod/mini';
import { described, editorSchema, type JsonSchema, jsonSchema } from '../../core/described.js';
import { checkJson } from './check-json.js';
import { dose, doseFileFields, fractions, months } from './course.js';

const course = z
  .strictObject({
    name: described('Of its own.', z.string().check(z.minLength(1), z.maxLength(100))),
    dose: described(
      'Path of an RTDOSE or NRRD with the physical dose, or a total in Gy that is the same everywhere.',
      z.union([dose, z.string()], { error: 'must be the path of a dose, or a total dose in Gy' }),
    ),
    fractions: described('Where no plan or file says it.', z.optional(fractions)),
    months: described('Since its end.', z.optional(months)),
    ...doseFileFields,
  })
  .check(
    z.superRefine((c, context) => {
      if (typeof c.dose === 'string') return;
      const say = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
      if (c.fractions === undefined) {
        say('is missing: the EQD2 of a course in an unknown number of fractions is undefined', 'fractions');
      }
      for (const key of ['plan', 'extent', 'gyPerUnit', 'transform'] as const) {
        if (c[key] !== undefined) say('does not go with a dose that is the same everywhere', key);
      }
    }),
  );

const schema = z.strictObject({
  $schema: editorSchema(z.string()),
  alphaBeta: described(
    'Gy. No default, because the choice decides the answer.',
    z
      .number({ error: 'must be given in Gy: the choice decides the answer' })
      .check(
        z.positive({ error: (issue) => `is ${String(issue.input)} Gy, but must be > 0` }),
        z.minimum(0.1),
        z.maximum(100),
      ),
  ),
  quantity: described('What is added up.', z._default(z.enum(['eqd2', 'bed']), 'eqd2')),
  reference: described(
    'Course whose frame and grid are those of the sum. By default the last one with a file.',
    z.optional(z.string()),
  ),
  beyond: described(
    'Beyond its grid a course is unknown (NaN, counted), or it gave nothing.',
    z._default(z.enum(['missing', 'zero']), 'missing'),
  ),
  structures: described(
    'RTSTRUCT, NRRD masks, or a folder of them, in the frame of the sum.',
    z.optional(
      z.pipe(
        z.union([z.string(), z.array(z.string()).check(z.minLength(1))]),
        z.transform((paths) => (typeof paths === 'string' ? [paths] : paths)),
      ),
    ),
  ),
  sliceSpacing: described(
    'Thickness of structures that are drawn on one slice only, mm. By default as most of the set is spaced.',
    z.optional(z.number().check(z.minimum(0.1), z.maximum(100))),
  ),
  courses: described(
    'At least one with a dose file.',
    z.array(course, { error: 'must be a list of at least one course' }).check(z.minLength(1), z.maxLength(50)),
  ),
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
  const rules = z.null().check(
    z.superRefine((_, context) => {
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
    }),
  );
  checkJson(rules, null, path, remedy);
  return { ...parsed, reference: reference! };
}

/** The JSON Schema of COURSES.json, for editors. */
export const coursesSchema = (): JsonSchema => jsonSchema(schema, 'COURSES.json of respine');

/** `respine schema NAME`: the JSON Schema of a request, by which editors complete and check its file, and of what `inspect` prints. */
import { InvalidInputError } from '../core/errors.js';
import { nearNames } from '../core/near-names.js';
import { own } from '../core/own.js';
import { inspectionSchema } from '../io/inspection.js';
import { writeFileAtomic } from '../node/files.js';
import { phantomSchema } from '../phantom/spec.js';
import { coursesSchema } from '../plan/input/courses-file.js';
import { fieldsSchema } from '../plan/input/fields-file.js';
import { goalFileSchema } from '../plan/input/goals-file.js';
import { caseSchema } from '../plan/input/plan-case.js';
import { studySchema } from '../plan/input/study-file.js';
import { print } from './output.js';

/** What has a schema, by the name that the command knows it by: requests, and the answer of `inspect`. */
export const schemas = {
  case: caseSchema,
  fields: fieldsSchema,
  goals: goalFileSchema,
  courses: coursesSchema,
  study: studySchema,
  phantom: phantomSchema,
  inspection: inspectionSchema,
};

/** @returns the exit code */
export async function schemaCommand(name: string, { out }: { readonly out?: string }): Promise<number> {
  const schema = own(schemas, name);
  if (schema === undefined) {
    const names = Object.keys(schemas);
    const near = nearNames(name.replace(/\.json$/i, ''), names).map((other) => `"${other}"`);
    const meant = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    throw new InvalidInputError(`schema: "${name}" is no request; there are ${names.join(', ')}.${meant}`);
  }
  if (out !== undefined && !out.endsWith('.json')) {
    throw new InvalidInputError(
      `--out is "${out}", but a schema is a .json file. Use for example ${name}.schema.json.`,
    );
  }
  const text = `${JSON.stringify(schema(), null, 2)}\n`;
  if (out === undefined) print(text);
  else {
    await writeFileAtomic(out, text);
    print(`${out}\n`);
  }
  return 0;
}

/** `respine schema`: what is printed, what is written, what is refused. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { inspectionSchema } from '../../src/io/inspection.js';
import { phantomSchema } from '../../src/phantom/spec.js';
import { coursesSchema } from '../../src/plan/input/courses-file.js';
import { fieldsSchema } from '../../src/plan/input/fields-file.js';
import { goalFileSchema } from '../../src/plan/input/goals-file.js';
import { caseSchema } from '../../src/plan/input/plan-case.js';
import { studySchema } from '../../src/plan/input/study-file.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-schema-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

test.each([
  ['case', caseSchema],
  ['fields', fieldsSchema],
  ['goals', goalFileSchema],
  ['courses', coursesSchema],
  ['study', studySchema],
  ['phantom', phantomSchema],
  ['inspection', inspectionSchema],
])('%s: printed as the library has it, and as it is shipped', async (name, schema) => {
  const run = await respine('schema', name);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(JSON.parse(run.stdout)).toEqual(schema());
  expect(run.stdout).toBe(readFileSync(new URL(`../../docs/schema/${name}.json`, import.meta.url), 'utf8'));
});

test('--out writes it and prints where', async () => {
  const run = await respine('schema', 'case', '--out', 'new/case.schema.json');
  expect([run.code, run.stdout]).toEqual([0, 'new/case.schema.json\n']);
  expect(JSON.parse(readFileSync(join(folder, 'new/case.schema.json'), 'utf8'))).toEqual(caseSchema());
});

test.each([
  [
    ['schema', 'cases'],
    /^respine: schema: "cases" is no request; there are case, fields, goals, courses, study, phantom, inspection\. Did you mean "case"\?\n$/,
  ],
  [['schema', 'GOALS.json'], /Did you mean "goals"\?\n$/],
  [['schema', 'constructor'], /^respine: schema: "constructor" is no request; there are case, .*, inspection\.\n$/],
  [['schema', 'case', '--out', 'case.txt'], /^respine: --out is "case\.txt", but a schema is a \.json file\. /],
  [['schema'], /missing required argument 'name'/],
])('%j is one sentence, and nothing is written', async (args, sentence) => {
  const run = await respine(...args);
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toMatch(sentence);
  expect(run.stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(folder, 'case.txt'))).toBe(false);
});

/** The JSON Schemas of the requests: standard, with a sentence for every field, and of the same mind as what reads the files. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../src/core/described.js';
import { parsePhantom, phantomSchema } from '../../src/phantom/spec.js';
import { coursesSchema, parseCourses } from '../../src/plan/input/courses-file.js';
import { fieldsSchema, parseFields } from '../../src/plan/input/fields-file.js';
import { goalFileSchema, parseGoalFile } from '../../src/plan/input/goals-file.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { caseSchema } from '../../src/plan/input/plan-case.js';
import { parseStudy, studySchema } from '../../src/plan/input/study-file.js';
import { codeBlocks } from '../docs/markdown.js';

interface Request {
  readonly schema: () => JsonSchema;
  readonly parse: (json: unknown) => unknown;
  /** Taken: every field of one level of nesting or other. */
  readonly taken: readonly unknown[];
}

const ct = { ct: 'CT', structures: 'RS.dcm', rename: { Myelon: 'SpinalCord' }, roles: { Liver: 'organ' } };
const goal = { goal: 'PTV D95% >= 95%', priority: 1, source: { citation: 'ours', evidence: 'assumed' } };
const requests: Readonly<Record<string, Request>> = {
  'CASE.json': {
    schema: () => caseSchema() as unknown as JsonSchema,
    parse: parseCase,
    taken: [
      { patient: { phantom: 'spine-t8', noise: { sd: 5, seed: 1 } }, prior: null },
      {
        $schema: 'node_modules/respine/docs/schema/case.json',
        patient: {
          ...ct,
          densityOverrides: { Metal: 4 },
          hounsfieldTable: [
            [-1000, 0],
            [0, 1],
          ],
        },
        prior: [
          { dose: 38, fractions: 19, months: 12, fields: { beams: [{ gantry: 0 }] } },
          { file: 'a.dcm', months: 3, transform: { translation: [1, 2, 3] } },
        ],
        retreatment: {
          recovery: { convention: 'ang', table: [[6, 0.1]] },
          bounds: [{ structure: 'SpinalCord', courses: 'this', eqd2: 25, alphaBeta: 2 }],
          position: null,
        },
        fcrt: { mlc: { boundaries: [-10, 0, 10] }, transmission: { jaws: 0.01 } },
        imrt: { robust: { distance: 3 } },
        goals: ['PTV D95% >= 95%', goal, { intervalMonths: 6 }],
      },
    ],
  },
  'FIELDS.json': {
    schema: fieldsSchema,
    parse: parseFields,
    taken: [
      {
        patient: { density: 'red.nrrd', position: 'HFS' },
        isocenter: [0, 0, 0],
        beams: [
          { gantry: 0, monitorUnits: 1, field: { x1: -1, x2: 1, y1: -1, y2: 1 } },
          { gantry: 0, fluence: { spacing: 5, beamlets: [[0, 0, 1]] } },
          { gantry: 0, monitorUnits: 1, aperture: { bank: 'agility', openings: [{ x1: -1, x2: 1, y1: -5, y2: 5 }] } },
        ],
      },
    ],
  },
  'GOALS.json': {
    schema: goalFileSchema,
    parse: parseGoalFile,
    taken: [['PTV D95% >= 95%', goal], { prescription: { dose: 39.6, fractions: 22 }, prior: null, goals: [goal] }],
  },
  'COURSES.json': {
    schema: coursesSchema,
    parse: parseCourses,
    taken: [
      {
        alphaBeta: 2,
        structures: ['RS.dcm'],
        courses: [
          { name: 'a', dose: 'a.dcm', transform: { matrix: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] } },
          { name: 'b', dose: 'b.nrrd', fractions: 5, extent: 'fraction' },
        ],
      },
    ],
  },
  'PHANTOM.json': {
    schema: phantomSchema,
    parse: parsePhantom,
    taken: ['slab-lung', 'tg119-c-shape', 'spine-t8'].map(
      (name) => JSON.parse(readFileSync(new URL(`../../phantoms/${name}.json`, import.meta.url), 'utf8')) as unknown,
    ),
  },
  'STUDY.json': {
    schema: studySchema,
    parse: parseStudy,
    taken: [{ base: { patient: ct }, vary: { 'imrt.margin': [3, 5] }, cases: [{ cordCap: 25 }], techniques: ['fcrt'] }],
  },
};

/** As strict as it is made: a keyword or a combination that no standard knows is an error. */
const compiled = (schema: JsonSchema): ValidateFunction =>
  new Ajv2020({ strict: true, allowUnionTypes: true, strictTuples: false }).compile(schema);

type Path = readonly (string | number)[];

/** Every object in a file by its place. */
function objectsIn(json: unknown, path: Path = []): Path[] {
  if (typeof json !== 'object' || json === null) return [];
  const inner = Object.entries(json).flatMap(([key, value]) => objectsIn(value, [...path, key]));
  return Array.isArray(json) ? inner : [path, ...inner];
}

/** A copy in which the object at a place has another key. */
function withKey(json: unknown, path: Path, key: string): unknown {
  const copy = structuredClone(json);
  const at = path.reduce((inner, step) => (inner as Record<string, unknown>)[step], copy) as Record<string, unknown>;
  at[key] = 1;
  return copy;
}

/** Objects whose keys are names of the user's, by the last fields of their place. */
const isFree = (path: Path): boolean =>
  /(^|\.)(rename|roles|densityOverrides|parameters|clinical|measures|base|base\..*|vary|cases\.\d+)$/.test(
    path.join('.'),
  );

describe.each(Object.entries(requests))('%s', (name, { schema, parse, taken }) => {
  const check = compiled(schema());

  test('is of the 2020-12 draft, has a title and no address of its own', () => {
    const { $schema, title, ...rest } = schema();
    expect($schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(title).toBe(`${name} of respine`);
    expect(rest).not.toHaveProperty('$id');
  });

  test('every field has a sentence', () => {
    const unsaid: string[] = [];
    let count = 0;
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key !== 'properties') visit(value, `${path}/${key}`);
        else {
          for (const [field, rule] of Object.entries(value as Record<string, { description?: string }>)) {
            count++;
            if (!/^[A-Zx`[\]\d].*\.$/.test(rule.description ?? '') && !/^mm.*\.$/.test(rule.description ?? ''))
              unsaid.push(`${path}/${field}`);
            visit(rule, `${path}/${field}`);
          }
        }
      }
    };
    visit(schema(), '');
    expect(unsaid).toEqual([]);
    expect(count).toBeGreaterThan(5);
  });

  test.each(taken.map((json, i) => [i, json] as const))('example %i: both take it', (_, json) => {
    expect(() => parse(json)).not.toThrow();
    expect(check(json), JSON.stringify(check.errors)).toBe(true);
  });

  test('a field that there is not is refused by both, wherever it stands', () => {
    let count = 0;
    for (const json of taken) {
      for (const path of objectsIn(json)) {
        if (isFree(path)) continue;
        const slip = withKey(json, path, 'zork');
        const where = path.join('.');
        expect(check(slip), where).toBe(false);
        expect(() => parse(slip), where).toThrow(/Unrecognized key: "zork" \((there are|did you mean) /);
        count++;
      }
    }
    expect(count).toBeGreaterThan(0);
  });
});

test('the cases that are shipped are valid, and are not where a field is misspelt', () => {
  const folder = new URL('../../phantoms/cases/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(names.length).toBeGreaterThan(9);
  const check = compiled(caseSchema() as unknown as JsonSchema);
  for (const name of names) {
    const json = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object;
    expect(check(json), `${name}: ${JSON.stringify(check.errors)}`).toBe(true);
    expect(check({ ...json, cordcap: 25 }), name).toBe(false);
  }
});

test('what the documentation shows as JSON is valid by the schema of its request', () => {
  const checks = Object.values(requests).map(({ schema }) => compiled(schema()));
  const blocks = ['case', 'evaluate', 'retreatment'].flatMap((page) =>
    codeBlocks(readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8')),
  );
  const shown = blocks.filter(({ language }) => language === 'json');
  expect(shown.length).toBeGreaterThan(3);
  for (const { code } of shown) {
    const json: unknown = JSON.parse(code);
    expect(
      checks.some((check) => check(json)),
      code,
    ).toBe(true);
  }
});

/**
 * STUDY.json: many plans from one case, whose parameters vary.
 *
 *     runs = cases x vary[path 1] x vary[path 2] x ... x techniques
 *
 * Parameters are named by their dotted path in CASE.json. Every run has a key that follows from its case, technique and
 * engine version alone, so that an interrupted study knows what is done.
 */

import * as z from 'zod/mini';
import { checkText } from '../../core/budget.js';
import { described, editorSchema, type JsonSchema, jsonSchema } from '../../core/described.js';
import { InvalidInputError } from '../../core/errors.js';
import { formatMetric, type Metric } from '../../evaluate/metric.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { checkJson } from './check-json.js';
import { parseCase } from './parse-case.js';
import type { PlanCase, PlanCaseInput, Technique } from './plan-case.js';

/** More runs than this are a slip. */
const MOST_RUNS = 100_000;
/** Fields of fields that a path may name. */
const LONGEST_PATH = 10;

const path = z.string().check(
  z.refine(
    (text) => {
      const fields = text.length > 1000 ? [] : text.split('.');
      return fields.length > 0 && fields.length <= LONGEST_PATH && !fields.some((f) => f === '' || f === '__proto__');
    },
    { error: 'is no dotted path such as "imrt.beams"' },
  ),
);
const patch = z.record(path, z.json());
const techniques = z.array(z.enum(['fcrt', 'imrt'])).check(z.minLength(1, { error: 'holds no technique' }));
const values = z.array(z.json()).check(z.minLength(1, { error: 'holds no value' }));

const schema = z.strictObject({
  name: described('For messages.', z.optional(z.string())),
  $schema: editorSchema(z.string()),
  base: described('Fields of CASE.json that all runs share.', z._default(z.record(z.string(), z.json()), {})),
  vary: described(
    'Values by dotted path in CASE.json; every combination is a run.',
    z._default(z.record(path, values), {}),
  ),
  cases: described(
    '`{ path: value }`: changes that belong together; multiplied with `vary`.',
    z._default(z.array(patch).check(z.minLength(1, { error: 'holds no case' })), [{}]),
  ),
  techniques: described('Every run is planned with each.', z._default(techniques, ['imrt'])),
  metrics: described(
    '`STRUCTURE METRIC`, as in goals.',
    z._default(z.array(z.string()).check(z.maxLength(200)), [
      'PTV_3960 D95%',
      'PTV_3960 D98%',
      'PTV_3960 V95%',
      'SpinalCord Max',
      'SpinalCord D0.03cc',
    ]),
  ),
});

export type StudyInput = z.input<typeof schema>;

/** One column of measurements. */
export interface StudyMetric {
  readonly structure: string;
  readonly metric: Metric;
  /** `SpinalCord Max[Gy]` */
  readonly name: string;
}

export interface Study {
  /** Where it came from, for messages. */
  readonly path: string;
  readonly base: Readonly<Record<string, unknown>>;
  readonly vary: Readonly<Record<string, readonly unknown[]>>;
  readonly cases: readonly Readonly<Record<string, unknown>>[];
  readonly techniques: readonly Technique[];
  readonly metrics: readonly StudyMetric[];
  /** Paths of all parameters that differ, in the order of the file. */
  readonly parameters: readonly string[];
}

/** One plan to be made. */
export interface StudyRun {
  readonly key: string;
  readonly technique: Technique;
  /** As `jobOf` takes it. */
  readonly input: PlanCaseInput;
  /** The same, checked and with its defaults. */
  readonly case: PlanCase;
  /** Its values of the study's parameters, by path; undefined where the case leaves one to its default elsewhere. */
  readonly values: ReadonlyMap<string, unknown>;
}

/**
 * Checks a study.
 *
 * @param json parsed STUDY.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function parseStudy(json: unknown, path = 'study'): Study {
  const { base, vary, cases, techniques, metrics } = checkJson(schema, json, path, REMEDY);
  const inCases = new Set(cases.flatMap((changes) => Object.keys(changes)));
  for (const key of Object.keys(vary)) {
    if (inCases.has(key)) {
      throw new InvalidInputError(`${path}: ${key} stands in both "vary" and "cases". Leave it in one of them.`);
    }
  }
  const named = metrics.map((text) => parseStudyMetric(text, path));
  for (const { name } of repeated(named, ({ name }) => name)) {
    throw new InvalidInputError(`${path}: metrics: ${name} is asked for twice. Leave one out.`);
  }
  for (const technique of repeated(techniques, (t) => t)) {
    throw new InvalidInputError(`${path}: techniques: ${technique} is asked for twice. Leave one out.`);
  }
  return { path, base, vary, cases, techniques, metrics: named, parameters: [...inCases, ...Object.keys(vary)] };
}

/** The JSON Schema of STUDY.json, for editors. */
export const studySchema = (): JsonSchema => jsonSchema(schema, 'STUDY.json of respine');

/**
 * All runs of a study; the last parameter of `vary` changes fastest but for the technique.
 *
 * Files that a case points to enter the key by their names only.
 *
 * @param options.version of the engine; another one makes other keys
 * @param options.hash    text to a short text, e.g. a cryptographic hash in hexadecimal
 * @throws {InvalidInputError} if a combination is no case, with its values; for two runs that are the same
 */
export function expandStudy(
  study: Study,
  { version, hash }: { readonly version: string; readonly hash: (text: string) => string },
): StudyRun[] {
  const values = Object.values(study.vary);
  const count = values.reduce((product, list) => product * list.length, study.cases.length * study.techniques.length);
  if (count > MOST_RUNS) {
    throw new InvalidInputError(
      `${study.path}: these are ${count} plans, more than ${MOST_RUNS}. Vary fewer parameters at once.`,
    );
  }
  const runs = study.cases.flatMap((changes) =>
    combinations(values).flatMap((combination) => {
      const varied = Object.fromEntries(Object.keys(study.vary).map((key, k) => [key, combination[k]]));
      return runsOf(study, { ...changes, ...varied }, (text) => hash(`${version}\n${text}`));
    }),
  );
  for (const run of repeated(runs, ({ key }) => key)) {
    throw new InvalidInputError(
      `${study.path}: ${run.technique} with ${describeValues(run.values)} is planned twice. Leave one out.`,
    );
  }
  return runs;
}

/** One case with every technique. */
function runsOf(study: Study, changes: Readonly<Record<string, unknown>>, hash: (text: string) => string): StudyRun[] {
  const where = Object.keys(changes).length === 0 ? study.path : `${study.path} with ${describe(changes)}`;
  // What is above comes first: a patient as a whole, then its margin.
  const paths = Object.keys(changes).sort((a, b) => a.split('.').length - b.split('.').length);
  const input = paths.reduce<unknown>(
    (json, key) => withValue(json, key.split('.'), changes[key], `${where}: ${key}`),
    study.base,
  ) as PlanCaseInput;
  const plan = parseCase(input, where);
  // What the case is called, and whether it wrote its cap out, makes no other plan.
  const { name, $schema, cordCapOrigin, ...content } = plan;
  const values = new Map(study.parameters.map((key) => [key, valueAt(plan, key)]));
  return study.techniques.map((technique) => {
    const key = hash(`${technique}\n${canonicalJson(content)}`);
    return { key, technique, input, case: plan, values };
  });
}

/** A copy of `json` with another value at a path; objects on the way are made where there is nothing. */
function withValue(json: unknown, [key, ...rest]: readonly string[], value: unknown, where: string): unknown {
  if (key === undefined) return value;
  if (json !== undefined && (typeof json !== 'object' || json === null || Array.isArray(json))) {
    throw new InvalidInputError(
      `${where} leads through ${JSON.stringify(json)}, which has no fields. Give the whole of it as the parameter.`,
    );
  }
  const fields = (json ?? {}) as Readonly<Record<string, unknown>>;
  const inner = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return { ...fields, [key]: withValue(inner, rest, value, where) };
}

function valueAt(json: unknown, key: string): unknown {
  return key.split('.').reduce<unknown>((inner, field) => {
    const isObject = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, field);
    return isObject ? (inner as Readonly<Record<string, unknown>>)[field] : undefined;
  }, json);
}

/** The cartesian product; its last list runs fastest. */
function combinations(lists: readonly (readonly unknown[])[]): unknown[][] {
  return lists.reduce<unknown[][]>(
    (heads, list) => heads.flatMap((head) => list.map((value) => [...head, value])),
    [[]],
  );
}

/** JSON whose text does not depend on the order of fields. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The name of the structure may hold spaces: the metric is the shortest end that reads as one. */
function parseStudyMetric(text: string, path: string): StudyMetric {
  checkText(`${path}: metric`, text);
  let failure = 'a structure and a metric are expected';
  for (const { index } of [...text.trimEnd().matchAll(/\s+/g)].reverse()) {
    const structure = text.slice(0, index).trim();
    if (structure === '') break;
    try {
      const metric = parseMetric(text.slice(index).trim());
      return { structure, metric, name: `${structure} ${formatMetric(metric)}` };
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      failure = error.message.split('. Write')[0]!;
    }
  }
  throw new InvalidInputError(
    `${path}: metrics: "${text}": ${failure}. Write for example "SpinalCord Max" or "PTV_3960 D95%".`,
  );
}

/** Those whose key an earlier one has. */
function repeated<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => seen.has(keyOf(item)) || !seen.add(keyOf(item)));
}

const describe = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} = ${JSON.stringify(value) ?? 'default'}`)
    .join(', ');

/** `cordCap = 25, imrt.beams = "posterior-7"`, or `the base` where nothing varies. */
export const describeValues = (values: ReadonlyMap<string, unknown>): string =>
  values.size === 0 ? 'the base' : describe(Object.fromEntries(values));

const REMEDY = 'The fields are described in docs/case.md under STUDY.json.';

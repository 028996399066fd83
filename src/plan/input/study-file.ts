/**
 * STUDY.json: many plans from one case, whose parameters vary.
 *
 *     runs = draws of sample x patients x cases x vary[path 1] x vary[path 2] x ... x techniques
 *
 * Parameters are named by their dotted path in CASE.json. Every run has a key that follows from its case, technique and
 * engine version alone, so that an interrupted study knows what is done.
 */

import * as z from 'zod/mini';
import { checkText } from '../../core/budget.js';
import { described, editorSchema, type JsonSchema, jsonSchema } from '../../core/described.js';
import { InvalidInputError } from '../../core/errors.js';
import { canonicalJson, valueAt, withValue } from '../../core/json-path.js';
import { formatMetric, type Metric } from '../../evaluate/metric.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { type AskedPatient, askedPatients, inFolder, namedPatients } from '../asked/asked-patients.js';
import { type AskedSample, askedSample, drawSample } from '../asked/asked-sample.js';
import { checkJson } from './check-json.js';
import { parseCase } from './parse-case.js';
import type { PlanCase, PlanCaseInput, Technique } from './plan-case.js';

/** More runs than this are a slip. */
const MOST_RUNS = 10_000_000;
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
  name: described('For the titles of its summary.', z.optional(z.string())),
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
  patients: described(
    'Patients by name, each planned with all else: docs/studies.md#patients. A list, or a folder whose folders are one patient each.',
    z.optional(askedPatients(path)),
  ),
  sample: described('Numbers that are drawn from distributions: docs/studies.md#draws.', z.optional(askedSample(path))),
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
  readonly name?: string;
  readonly base: Readonly<Record<string, unknown>>;
  readonly vary: Readonly<Record<string, readonly unknown[]>>;
  readonly cases: readonly Readonly<Record<string, unknown>>[];
  /** By name, or the folder whose folders they are; none where the case names its patient. */
  readonly patients?: string | readonly AskedPatient[];
  readonly sample?: AskedSample;
  readonly techniques: readonly Technique[];
  readonly metrics: readonly StudyMetric[];
  /** {@link DRAW}, paths that are drawn, {@link PATIENT}, then paths of all parameters that differ, in the order of the file. */
  readonly parameters: readonly string[];
}

/** Parameter that numbers the draws, from 1. */
export const DRAW = 'draw';
/** Parameter that names the patient. */
export const PATIENT = 'patient';

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
  /** Hashes of the files and data that it rests on, as they are told; once they were looked up. */
  readonly inputs?: string;
}

/**
 * Checks a study.
 *
 * @param json parsed STUDY.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function parseStudy(json: unknown, path = 'study'): Study {
  const { name, base, vary, cases, techniques, metrics, ...more } = checkJson(schema, json, path, REMEDY);
  const { patients: asked, sample } = more;
  const patients = asked === undefined ? undefined : namedPatients(asked, path);
  const inCases = [...new Set(cases.flatMap((changes) => Object.keys(changes)))];
  const ofPatients = Array.isArray(patients) ? patients.flatMap(({ changes }) => Object.keys(changes)) : [];
  checkPlaces(path, {
    vary: Object.keys(vary),
    cases: inCases,
    sample: Object.keys(sample?.fields ?? {}),
    patients: patients === undefined ? [] : [PATIENT, ...ofPatients],
  });
  const named = metrics.map((text) => parseStudyMetric(text, path));
  for (const { name } of repeated(named, ({ name }) => name)) {
    throw new InvalidInputError(`${path}: metrics: ${name} is asked for twice. Leave one out.`);
  }
  for (const technique of repeated(techniques, (t) => t)) {
    throw new InvalidInputError(`${path}: techniques: ${technique} is asked for twice. Leave one out.`);
  }
  return {
    path,
    base,
    vary,
    cases,
    techniques,
    metrics: named,
    ...(name !== undefined && { name }),
    ...(patients !== undefined && { patients }),
    ...(sample !== undefined && { sample }),
    parameters: [
      ...(sample === undefined ? [] : [DRAW, ...Object.keys(sample.fields)]),
      ...(patients === undefined ? [] : [PATIENT]),
      ...inCases,
      ...Object.keys(vary),
    ],
  };
}

/** @throws {InvalidInputError} for a path that stands in two places, of which one would be without effect */
function checkPlaces(path: string, places: Readonly<Record<string, readonly string[]>>): void {
  const found = new Map<string, string>();
  for (const [place, keys] of Object.entries(places)) {
    for (const key of new Set(keys)) {
      const other = found.get(key);
      if (other !== undefined) {
        throw new InvalidInputError(
          `${path}: ${key} stands in both "${other}" and "${place}". Leave it in one of them.`,
        );
      }
      found.set(key, place);
    }
  }
}

/** The JSON Schema of STUDY.json, for editors. */
export const studySchema = (): JsonSchema => jsonSchema(schema, 'STUDY.json of respine');

/**
 * How many plans a study is, without making one of them; its patients are known.
 *
 * @throws {InvalidInputError} for more than 10,000,000
 */
export function countRuns(study: Study): number {
  const count = casesOfDraw(study) * study.techniques.length * (study.sample?.draws ?? 1);
  if (count <= MOST_RUNS) return count;
  throw new InvalidInputError(
    `${study.path}: these are ${count} plans, more than ${MOST_RUNS}. Vary fewer parameters at once, or divide it into several studies.`,
  );
}

/** Cases that each draw is planned as. */
const casesOfDraw = ({ vary, cases, patients = [NO_CHANGE] }: Study): number =>
  Object.values(vary).reduce((product, list) => product * list.length, cases.length * patients.length);

export interface ExpandOptions {
  /** Of the engine; another one makes other keys. */
  readonly version: string;
  /** Text to a short text, e.g. a cryptographic hash in hexadecimal. */
  readonly hash: (text: string) => string;
  /** Of a run's place in the study, from 0: whether it is kept. All are looked at. @default all */
  readonly only?: (index: number) => boolean;
}

/**
 * All runs of a study; the last parameter of `vary` changes fastest but for the technique.
 *
 * Files that a case points to enter the key by their names only. What a run has in common with the one before it is one object.
 *
 * @throws {InvalidInputError} if a combination is no case, with its values; for two runs that are the same
 */
export function expandStudy(study: Study, options: ExpandOptions): StudyRun[] {
  checkRead(study);
  countRuns(study);
  const { only = () => true } = options;
  const runs: StudyRun[] = [];
  const seen = new Set<string>();
  let index = 0;
  for (const run of allRuns(study, options)) {
    if (seen.has(run.key)) {
      throw new InvalidInputError(
        `${study.path}: ${run.technique} with ${describeValues(run.values)} is planned twice. Leave one out.`,
      );
    }
    seen.add(run.key);
    if (only(index++)) runs.push(run);
  }
  return runs;
}

/**
 * Some runs of a study, evenly spread over the cases of its first draw: what they cost stands for all, of which none is made.
 *
 * @param cases how many are looked at, where there are so many, >= 1
 * @throws {InvalidInputError} as {@link expandStudy}
 */
export function someRuns(study: Study, cases: number, options: ExpandOptions): StudyRun[] {
  checkRead(study);
  const all = casesOfDraw(study);
  const count = Math.min(all, cases);
  const places = Array.from({ length: count }, (_, k) => Math.floor((k * all) / count));
  const drawn = study.sample && drawSample(study.sample, study.path).next().value;
  return places.flatMap((at) => runsOf(study, changesAt(study, at, drawn && { drawn, number: 1 }), options));
}

function checkRead({ path, patients = [] }: Study): void {
  if (typeof patients !== 'string' && !patients.some(isUnread)) return;
  throw new InvalidInputError(`${path}: folders of patients were not looked into. Use runStudy of respine/node.`);
}

function* allRuns(study: Study, options: ExpandOptions): Generator<StudyRun> {
  const count = casesOfDraw(study);
  let last: PlanCase | undefined;
  const all = study.sample === undefined ? [undefined] : drawSample(study.sample, study.path);
  let number = 0;
  for (const drawn of all) {
    number++;
    for (let at = 0; at < count; at++) {
      const runs = runsOf(study, changesAt(study, at, drawn && { drawn, number }), options, last);
      last = runs[0]!.case;
      yield* runs;
    }
  }
}

/** The values that were drawn, and how many draws there were with them. */
interface Drawn {
  readonly drawn: Readonly<Record<string, number>>;
  readonly number: number;
}

/** What the case at a place of the product of patients, cases and lists changes; the last list runs fastest. */
function changesAt({ patients, cases, vary }: Study, at: number, draw: Drawn | undefined): CaseChanges {
  let rest = at;
  const next = <T>(list: readonly T[]): T => {
    const item = list[rest % list.length]!;
    rest = Math.floor(rest / list.length);
    return item;
  };
  const lists = Object.entries(vary);
  const varied = Object.fromEntries(
    lists
      .reverse()
      .map(([key, list]) => [key, next(list)] as const)
      .reverse(),
  );
  const changes = next(cases);
  const { name, folder, changes: own } = next((patients as readonly AskedPatient[] | undefined) ?? [NO_CHANGE]);
  const names = { ...(draw && { [DRAW]: draw.number }), ...(patients && { [PATIENT]: name }) };
  return { names, folder, own, changes: { ...draw?.drawn, ...changes, ...varied } };
}

/** What makes one case of the base. */
interface CaseChanges {
  /** Draw and patient. */
  readonly names: Readonly<Record<string, unknown>>;
  readonly folder: string | undefined;
  /** By path: of the patient, and of all else, which is told in messages. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly changes: Readonly<Record<string, unknown>>;
}

const NO_CHANGE: AskedPatient = { name: '', changes: {} };
/** A patient that is still to be found in its folder. */
export const isUnread = ({ folder, changes }: AskedPatient): boolean =>
  folder !== undefined && changes[PATIENT] === undefined;

/** One case with every technique. */
function runsOf(
  study: Study,
  { names, folder, own, changes }: CaseChanges,
  { version, hash }: ExpandOptions,
  last?: PlanCase,
): StudyRun[] {
  const said = { ...names, ...changes };
  const where = Object.keys(said).length === 0 ? study.path : `${study.path} with ${describe(said)}`;
  const all = { ...own, ...changes };
  // What is above comes first: a patient as a whole, then its margin.
  const paths = Object.keys(all).sort((a, b) => a.split('.').length - b.split('.').length);
  const changed = paths.reduce<unknown>(
    (json, key) => withValue(json, key.split('.'), all[key], `${where}: ${key}`),
    study.base,
  );
  const input = (folder === undefined ? changed : inFolder(changed, folder)) as PlanCaseInput;
  const plan = last === undefined ? parseCase(input, where) : sharing(parseCase(input, where), last);
  // What the case is called, and whether it wrote its cap out, makes no other plan.
  const { name, $schema, cordCapOrigin, ...content } = plan;
  const values = new Map(
    study.parameters.map((key) => [key, Object.hasOwn(names, key) ? names[key] : valueAt(plan, key)]),
  );
  return study.techniques.map((technique) => {
    const key = hash(`${version}\n${technique}\n${canonicalJson(content)}`);
    return { key, technique, input, case: plan, values };
  });
}

/** A case whose fields are those of another one, as far as they say the same: many runs of a study differ in one. */
function sharing(plan: PlanCase, last: PlanCase): PlanCase {
  const fields = Object.entries(plan).map(([name, value]) => {
    const before = last[name as keyof PlanCase];
    const isSame = typeof value === 'object' && JSON.stringify(value) === JSON.stringify(before);
    return [name, isSame ? before : value];
  });
  return Object.fromEntries(fields) as PlanCase;
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

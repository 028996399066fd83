/**
 * A plan.json with the files beside it: the job that it is the plan of, and the records that its plans are made of again from.
 *
 * Nothing is taken on trust: every input is read anew and must have the hash that it had, and so must the files of the fields.
 */
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { InvalidInputError, isRespineError, shownPath } from '../core/errors.js';
import { describeIssue } from '../core/json-issue.js';
import { checkTree } from '../core/json-tree.js';
import { own } from '../core/own.js';
import { decodeFluence, type RecordedPlan } from '../io/fluence-file.js';
import type { PlanCaseInput, Technique } from '../plan/input/plan-case.js';
import { type PlanningResult, remakePlan } from '../plan/run-plan.js';
import { readBytes, readJson } from './files.js';
import { jobOf, type LoadedJob } from './load-job.js';
import { doseHash } from './plan-files.js';
import { sha256 } from './sha256.js';
import { version } from './version.js';

const hashed = z.object({ file: z.string().regex(/^[\w.-]+$/), sha256: z.string() });
/** Of a plan.json what is read of it. */
const schema = z.object({
  software: z.string().regex(/^respine /),
  inputs: z.record(z.string(), z.string()),
  case: z.record(z.string(), z.unknown()),
  remake: z.object({ folder: z.string().optional(), defaults: z.array(z.string()) }),
  plans: z
    .array(
      z.object({
        technique: z.enum(['fcrt', 'imrt']),
        fluence: hashed,
        dose: hashed,
        modelSensitivity: z.unknown().optional(),
        gridCheck: z.unknown().optional(),
      }),
    )
    .min(1),
});

export interface LoadedPlan {
  readonly job: LoadedJob;
  /** What `remakePlan` makes the plans of again. */
  readonly records: readonly RecordedPlan[];
  /** The version that made the plan. */
  readonly software: string;
  /** SHA-256 of the values of each dose. */
  readonly doses: ReadonlyMap<Technique, string>;
  /** What the plan's user asked for beside it. */
  readonly asked: { readonly sensitivity: boolean; readonly gridCheck: boolean };
  /** As it was given, for messages. */
  readonly path: string;
}

/**
 * Reads a plan.json that `respine plan` wrote, the inputs of its case, and the files of its fields.
 *
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence: no such plan, an input that is missing or has changed
 */
export async function loadPlan(path: string): Promise<LoadedPlan> {
  const json = await readJson(path);
  checkTree(json, path);
  const read = schema.safeParse(json);
  if (!read.success) {
    throw new InvalidInputError(
      `${shownPath(path)}: is no plan.json that a plan can be made from (${describeIssue(json, read.error.issues[0]!)}). Give one that respine plan wrote, or plan the case anew.`,
    );
  }
  const { software, inputs, case: planCase, remake, plans } = read.data;
  const twice = plans.find(({ technique }, p) => plans.findIndex((other) => other.technique === technique) !== p);
  if (twice !== undefined) {
    throw new InvalidInputError(
      `${shownPath(path)}: holds more than one ${twice.technique} plan. Give one that respine plan wrote, or plan the case anew.`,
    );
  }
  const given = Object.fromEntries(Object.entries(planCase).filter(([key]) => !remake.defaults.includes(key)));
  const folder = resolve(dirname(path), remake.folder ?? '.');
  const job = await jobOf(given as unknown as PlanCaseInput, join(folder, 'plan.json')).catch((cause: unknown) => {
    if (!isRespineError(cause)) throw cause;
    throw new InvalidInputError(`${shownPath(path)}: an input of its case cannot be read: ${cause.message}`);
  });
  checkInputs(path, inputs, job.inputs);
  const records: RecordedPlan[] = [];
  for (const { technique, fluence } of plans) {
    const bytes = await readBytes(join(dirname(path), fluence.file));
    if (sha256(bytes) !== fluence.sha256) throw changed(path, fluence.file);
    const record = decodeFluence(new TextDecoder().decode(bytes), fluence.file);
    if (record.technique !== technique) throw changed(path, fluence.file);
    records.push(record);
  }
  const asked = {
    sensitivity: plans.some(({ modelSensitivity }) => modelSensitivity !== undefined),
    gridCheck: plans.some((plan) => plan.gridCheck !== undefined),
  };
  return { job, records, software, doses: new Map(plans.map((p) => [p.technique, p.dose.sha256])), asked, path };
}

const changed = (path: string, what: string): InvalidInputError =>
  new InvalidInputError(
    `${shownPath(path)}: ${what} is not what it was when the plan was made (its SHA-256 is another). Bring it back as it was, or plan the case anew.`,
  );

/** What a role of `inputs` is, in words. */
const ROLES: Readonly<Record<string, string>> = {
  case: 'the case in it',
  ct: 'the CT',
  structures: 'the structure set',
  phantom: 'the phantom',
  machine: 'the machine',
};

function checkInputs(path: string, was: Readonly<Record<string, string>>, is: LoadedJob['inputs']): void {
  for (const role of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (own(was, role) !== own(is, role)) throw changed(path, own(ROLES, role) ?? `its input "${role}"`);
  }
}

/**
 * Holds the doses that were made again against those of the plan.
 *
 * @returns one sentence, for whoever reads the result
 * @throws {InvalidInputError} where they differ, although inputs and version agree
 */
export function checkRemade({ doses, software, path }: LoadedPlan, { plans }: Pick<PlanningResult, 'plans'>): string {
  const here = `respine ${version}`;
  const other = plans.filter(({ plan }) => doseHash(plan.dose) !== doses.get(plan.technique));
  const names = (of: typeof plans): string => of.map(({ plan }) => plan.technique.toUpperCase()).join(' and ');
  if (other.length === 0) return `${names(plans)}: the dose is that of ${shownPath(path)}, bit for bit.`;
  if (software !== here) {
    return `${names(other)}: the dose is not bit for bit that of ${shownPath(path)}, which ${software} made; this is ${here}.`;
  }
  throw new InvalidInputError(
    `${shownPath(path)}: the dose of ${names(other)} made again is not that of the plan, although inputs and version agree. The hash in plan.json was changed, or this machine computes otherwise. Plan the case anew.`,
  );
}

/**
 * The plans of a plan.json, made again: doses, DVHs and all that is told of them, computed anew from the recorded fields, without
 * optimising. Inputs and version alike, the doses are those of the run that wrote it, to the last bit.
 *
 * @param path of plan.json; its fluence files lie beside it, and what its case names where it lay
 * @throws {InvalidInputError} if an input is missing or has changed, or a dose comes out as another
 * @throws {FormatError} if a file is none of respine's
 */
export async function planFrom(path: string): Promise<PlanningResult> {
  const loaded = await loadPlan(path);
  const result = remakePlan(loaded.job, loaded.records);
  checkRemade(loaded, result);
  return result;
}

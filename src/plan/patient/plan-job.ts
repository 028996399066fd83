/**
 * A job: what is asked for, with everything that it is asked of. Case, patient, machine and prior doses come as one, since a
 * plan of one patient under the case of another is none.
 *
 * What can be known is checked: a phantom is the one that the case would build, a CT has the structures that the case names, a
 * machine by name is that machine, each prior file has its dose, and a transform leads into the patient's frame of reference.
 */

import { InvalidInputError } from '../../core/errors.js';
import type { Patient } from '../../geometry/patient.js';
import type { Machine } from '../../machine/machine.js';
import { phantomOrigin } from '../../phantom/build.js';
import { checkStructureNames } from '../input/case-names.js';
import { caseInput, parseCase } from '../input/parse-case.js';
import { type PlanCase, type PlanCaseInput, priorsOf } from '../input/plan-case.js';
import type { ImportedDose, ImportedDoses } from './prior-course.js';

/** What `runPlan` and every sweep take. Made by {@link createJob}, or from files by `loadJob` and `jobOf` of `respine/node`. */
export interface PlanJob {
  /** What is asked for. */
  readonly case: PlanCase;
  readonly patient: Patient;
  readonly machine: Machine;
  /** The doses of the case's prior files. */
  readonly prior?: ImportedDoses;
}

/**
 * A job of parts that belong together.
 *
 * @param parts the case as {@link parseCase} returns it, its patient, machine and the doses of its prior files
 * @returns the same, with the patient under the name that the case gives it
 * @throws {InvalidInputError} one sentence with what does not belong to what
 */
export function createJob(parts: PlanJob): PlanJob {
  checkJob(parts);
  const { case: planCase, patient: given, machine, prior } = parts;
  const { name } = planCase;
  const patient = name === undefined ? given : { ...given, name };
  // Nothing else comes along: hashes of a case, for one, are not those of a case that was changed.
  return { case: planCase, patient, machine, ...(prior !== undefined && { prior }) };
}

/**
 * The job with some fields of its case changed, all else as it is.
 *
 * @param changes fields as CASE.json has them; a field is replaced as a whole
 * @throws {InvalidInputError} if what results is no case, or asks for another patient, machine or prior dose than the job has
 */
export function withCase(job: PlanJob, changes: Partial<PlanCaseInput>): PlanJob {
  return createJob({ ...job, case: parseCase({ ...caseInput(job.case), ...changes }) });
}

/**
 * Checks that a job's parts belong together; whoever computes with one does so first.
 *
 * @throws {InvalidInputError} one sentence with what does not belong to what
 */
export function checkJob(job: PlanJob): void {
  checkParts(job);
  const { case: planCase, patient, machine } = job;
  checkPatient(planCase, patient);
  if (!planCase.machine.endsWith('.json') && machine.name !== planCase.machine) {
    throw new InvalidInputError(
      `job: the case is for the machine "${planCase.machine}", but the machine given is "${machine.name}". Give that machine, or change the case's machine.`,
    );
  }
  const names = patient.structures.map(({ name }) => name);
  checkStructureNames(planCase, names, patient.name, patient.unfit);
  if (!('phantom' in planCase.patient)) checkDrawn(planCase.patient, names);
  checkPriors(job);
}

/** What JavaScript may hand over in place of a job: its parts one by one, a promise, a case as it was written. */
function checkParts(job: Partial<PlanJob> | null | undefined): void {
  const isThere = (part: unknown): boolean => typeof part === 'object' && part !== null;
  const { case: planCase, patient, machine, prior } = job ?? {};
  const parts: [name: string, isPart: boolean, remedy: string][] = [
    ['case', isThere(planCase), 'parseCase gives it.'],
    ['case', planCase?.cordCapOrigin !== undefined, 'Give the case as parseCase returns it.'],
    ['patient', isThere(patient) && Array.isArray(patient?.structures), 'Give the patient that the case names.'],
    ['machine', isThere(machine) && typeof machine?.name === 'string', "Give the case's machine, as artiste6mv."],
    ['prior', prior === undefined || isThere(prior), 'Leave it out, or give the doses of the prior files.'],
  ];
  const wrong = parts.find(([, isPart]) => !isPart);
  if (wrong === undefined) return;
  const [name, , remedy] = wrong;
  throw new InvalidInputError(
    `job: its "${name}" is missing or is none; a job is { case, patient, machine } in one, and prior where there is one. ${remedy}`,
  );
}

function checkPatient(
  { patient: asked, doseGrid }: Pick<PlanCase, 'patient' | 'doseGrid'>,
  { origin, name }: Patient,
): void {
  const given = origin === undefined ? `no phantom ("${name}")` : `the phantom "${origin.phantom}"`;
  const remedy = 'Build the patient that the case names, or change the case\'s "patient".';
  if (!('phantom' in asked)) {
    if (origin === undefined) return;
    throw new InvalidInputError(
      `job: the case names a CT ("${asked.ct}"), but the patient given is ${given}. ${remedy}`,
    );
  }
  const { phantom, ...options } = asked;
  // A file may give its phantom any name.
  const isNamed = origin !== undefined && (phantom.endsWith('.json') || origin.phantom === phantom);
  if (!isNamed) {
    throw new InvalidInputError(
      `job: the case names the phantom "${phantom}", but the patient given is ${given}. ${remedy}`,
    );
  }
  const wanted = phantomOrigin(phantom, { spacing: doseGrid.spacing, ...options }).options;
  for (const [key, value] of Object.entries(wanted)) {
    const [is, shall] = [JSON.stringify(origin.options[key]), JSON.stringify(value)];
    if (is === shall) continue;
    throw new InvalidInputError(
      `job: the patient given is the phantom "${origin.phantom}" with ${key} ${shortened(is)}, but the case asks for ${key} ${shortened(shall)}. ${remedy}`,
    );
  }
}

const shortened = (json = 'none'): string => (json.length > 60 ? `${json.slice(0, 57)}...` : json);

/**
 * The names of a CT's masks, and those that its structures were renamed to or are given a role or density by.
 *
 * @throws {InvalidInputError} for one that the patient has not
 */
export function checkDrawn(asked: Exclude<PlanCase['patient'], { phantom: string }>, names: readonly string[]): void {
  const { rename = {}, roles = {}, densityOverrides = {} } = asked;
  const masks = 'masks' in asked && typeof asked.masks !== 'string' ? Object.keys(asked.masks) : [];
  const named: [field: string, name: string][] = [
    ...masks.flatMap((name): [string, string][] => (Object.hasOwn(rename, name) ? [] : [['masks', name]])),
    ...Object.values(rename).map((name): [string, string] => ['rename', name]),
    ...Object.keys(roles).map((name): [string, string] => ['roles', name]),
    ...Object.keys(densityOverrides).map((name): [string, string] => ['densityOverrides', name]),
  ];
  const missing = named.find(([, name]) => !names.includes(name));
  if (missing === undefined) return;
  throw new InvalidInputError(
    `job: the case's patient.${missing[0]} names "${missing[1]}", which is no structure of the patient given. Make the patient with the options of the case.`,
  );
}

/** One entry per course of the case. */
const listOf = (prior: ImportedDoses | undefined): readonly (ImportedDose | undefined)[] =>
  prior === undefined ? [] : 'dose' in prior ? [prior] : prior;

function checkPriors({ case: planCase, patient, prior }: PlanJob): void {
  const courses = priorsOf(planCase);
  const doses = listOf(prior);
  if (doses.length > courses.length) {
    throw new InvalidInputError(
      `job: there are doses of ${doses.length} prior courses, but the case has ${courses.length}. Give one per course that has a file.`,
    );
  }
  courses.forEach(({ file }, c) => {
    const dose = doses[c];
    const name = courses.length === 1 ? 'prior' : `prior.${c}`;
    if (file !== undefined && dose === undefined) {
      throw new InvalidInputError(
        `job: the case's ${name}.file "${file}" was not read. Give its dose as the job's prior.`,
      );
    }
    if (file === undefined && dose !== undefined) {
      throw new InvalidInputError(
        `job: a dose is given for the case's ${name}, which has no file. Leave the dose out, or name its file.`,
      );
    }
    const [own, leads] = [patient.frameOfReferenceUid, dose?.planFrameOfReferenceUid];
    if (own === undefined || leads === undefined || own === leads) return;
    throw new InvalidInputError(
      `job: the transform of the case's ${name} leads into frame of reference ${leads}, but the patient lies in ${own}. Give the dose with its transform into the patient's.`,
    );
  });
}

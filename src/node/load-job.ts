/**
 * The job of a CASE.json and what it points to: the patient, from a phantom, DICOM or NRRD, and hashes of all inputs.
 */
import { dirname, resolve } from 'node:path';
import type { Patient } from '../geometry/patient.js';
import { isDicom } from '../io/dicom/dataset.js';
import { decodeDicom } from '../io/dicom/decode.js';
import { patientFromDicom } from '../io/dicom/patient.js';
import { buildPhantom } from '../phantom/build.js';
import { parseCase } from '../plan/input/parse-case.js';
import { type PlanCase, type PlanCaseInput, type PriorCourseCase, priorsOf } from '../plan/input/plan-case.js';
import { createJob, type PlanJob } from '../plan/patient/plan-job.js';
import type { ImportedDose, ImportedDoses } from '../plan/patient/prior-course.js';
import { dicomCodecs } from './dicom-codecs.js';
import { readBytes, readFolder, readJson } from './files.js';
import { loadCourseDose, loadTransform } from './load-courses.js';
import { loadMaskedPatient } from './load-masked-patient.js';
import { readMachine } from './machines.js';
import { readPhantom } from './phantoms.js';
import { sha256, sha256OfJson } from './sha256.js';

/** A case with all that it names: patient, machine, prior doses; a job whose inputs were files. */
export interface LoadedJob extends PlanJob {
  /** SHA-256 by role. */
  readonly inputs: Readonly<Record<string, string>>;
  /** That paths in the case are relative to; absent where it names no file. */
  readonly folder?: string;
  /** Files and folders that were read, absolute. */
  readonly paths: readonly string[];
}

/**
 * Reads a case and everything that it points to; paths in it are relative to its file.
 *
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the field or file
 */
export async function loadJob(path: string): Promise<LoadedJob> {
  return jobOf((await readJson(path)) as PlanCaseInput, path);
}

/** The same for the content of a case; paths in it are relative to `path`, or to the working folder. */
export async function jobOf(json: PlanCaseInput, path = 'case'): Promise<LoadedJob> {
  const asked = parseCase(json, path);
  const paths: string[] = [];
  const from = (name: string): string => {
    const there = resolve(dirname(path), name);
    paths.push(there);
    return there;
  };
  const machine = await readMachine(asked.machine.endsWith('.json') ? from(asked.machine) : asked.machine);
  const inputs: Record<string, string> = {
    case: sha256OfJson(asked),
    machine: sha256(JSON.stringify(machine)),
  };
  const patient = await loadPatient(asked, from, inputs);
  const prior = await loadPriors(asked, from, patient.frameOfReferenceUid, inputs);
  const job = createJob({ case: asked, patient, machine, ...(prior && { prior }) });
  return { ...job, inputs, paths, ...(namesFiles(asked) && { folder: resolve(dirname(path)) }) };
}

/**
 * The patient of a case, from its files or built.
 *
 * @param from   path of a name in the case
 * @param inputs gets the hashes of what is read
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the field or file
 */
export async function loadPatient(
  { patient: source, doseGrid }: Pick<PlanCase, 'patient' | 'doseGrid'>,
  from: (name: string) => string,
  inputs: Record<string, string>,
): Promise<Patient> {
  if ('phantom' in source) {
    const { phantom, ...options } = source;
    const spec = await readPhantom(phantom.endsWith('.json') ? from(phantom) : phantom);
    inputs.phantom = sha256(JSON.stringify(spec));
    return buildPhantom(spec, { spacing: doseGrid.spacing, ...options });
  }
  if ('masks' in source) return loadMaskedPatient(source, from, inputs);
  const { ct, structures, ...options } = source;
  const slices = await decodeDicom(await readFolder(from(ct)), dicomCodecs, options.seriesUid);
  const drawn = { name: structures, bytes: await readBytes(from(structures)) };
  // What else lies there is no input.
  inputs.ct = sha256(...slices.filter(isDicom).map((slice) => slice.bytes));
  inputs.structures = sha256(drawn.bytes);
  return patientFromDicom(slices, drawn, options);
}

function namesFiles(asked: Pick<PlanCase, 'patient' | 'machine' | 'prior'>): boolean {
  const { patient, machine } = asked;
  const isFile = (name: string): boolean => name.endsWith('.json');
  if (!('phantom' in patient) || isFile(patient.phantom) || isFile(machine)) return true;
  return priorsOf(asked).some(({ file }) => file !== undefined);
}

/**
 * Doses of the case's prior files.
 *
 * @param inputs gets their hashes
 */
export async function loadPriors(
  planCase: Pick<PlanCase, 'prior'>,
  from: (name: string) => string,
  planUid: string | undefined,
  inputs: Record<string, string>,
): Promise<ImportedDoses | undefined> {
  const given = priorsOf(planCase);
  const loaded: (ImportedDose | undefined)[] = [];
  for (const [c, prior] of given.entries()) {
    const name = given.length === 1 ? 'prior' : `prior ${c + 1}`;
    loaded.push(await loadPrior(prior, name, from, planUid, inputs));
  }
  if (loaded.every((dose) => dose === undefined)) return undefined;
  return given.length === 1 ? loaded[0] : loaded;
}

async function loadPrior(
  prior: PriorCourseCase,
  name: string,
  from: (name: string) => string,
  planUid: string | undefined,
  inputs: Record<string, string>,
): Promise<ImportedDose | undefined> {
  if (prior.file === undefined) return undefined;
  const loaded = await loadCourseDose({ ...prior, file: prior.file }, from);
  const placed = await loadTransform(name, prior.transform, from, loaded.frameOfReferenceUid, planUid);
  inputs[name] = loaded.hash;
  if (placed.hash !== undefined) inputs[name === 'prior' ? 'registration' : `${name}: registration`] = placed.hash;
  return {
    dose: loaded.dose,
    planFromCourse: placed.sumFromCourse,
    ...(loaded.frameOfReferenceUid !== undefined && { frameOfReferenceUid: loaded.frameOfReferenceUid }),
    ...(planUid === undefined ? {} : { planFrameOfReferenceUid: planUid }),
    notes: [...loaded.notes, ...placed.notes],
  };
}

/** A patient from files that were dropped: which of them is what, and what is missing or too large. */
import { InvalidInputError } from '../../../dist/core/errors.js';
import { type DicomCodecs, type DicomFile, decodeDicom, patientFromDicom, readRtDose } from '../../../dist/dicom.js';
import type { Patient } from '../../../dist/geometry/patient.js';
import { identityTransform } from '../../../dist/geometry/rigid-transform.js';
import type { ImportedDose } from '../../../dist/index.js';
import { isDicom, sopClassOf } from '../../../dist/io/dicom/dataset.js';
import { imageClasses, rtDose } from '../../../dist/io/dicom/sop-class.js';
import { gone } from './folder.js';
import type { GivenFile } from './messages.js';
import { sha256 } from './sha256.js';

const structureSet = '1.2.840.10008.5.1.4.1.1.481.3';

/** Bytes of one file, and of all: beyond, a tab runs out of memory. */
const MOST_OF_ONE = 1e9;
const MOST_OF_ALL = 3e9;

export interface ReadPatient {
  readonly patient: Patient;
  readonly source: { readonly ct: string; readonly structures: string };
  readonly prior?: ImportedDose | undefined;
  readonly priorFile?: string | undefined;
  /** SHA-256 by role, as `jobOf` of respine/node tells them. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence: what is missing, too large, or wrong with which file
 */
export async function readPatient(given: readonly GivenFile[], codecs: DicomCodecs): Promise<ReadPatient> {
  checkSizes(given);
  const files: DicomFile[] = [];
  for (const { path, file } of given) {
    const dicom = { name: path, bytes: await bytesOf(path, file) };
    if (isDicom(dicom)) files.push(dicom);
  }
  const ofClass = (uid: string): DicomFile[] => files.filter((file) => sopClassOf(file) === uid);
  const slices = files.filter((file) => {
    const uid = sopClassOf(file) ?? '';
    return imageClasses.includes(uid) && uid !== rtDose;
  });
  const structures = onlyOne(ofClass(structureSet), 'RTSTRUCT', 'structure set');
  const dose = onlyOne(ofClass(rtDose), 'RTDOSE', 'prior dose');
  if (slices.length === 0) {
    throw new InvalidInputError(
      `There is no CT among ${given.length === 1 ? `"${given[0]!.path}"` : `these ${given.length} files`}${files.length === 0 ? ', and no DICOM at all' : ''}. Drop the folder with the CT slices, its RTSTRUCT beside them.`,
    );
  }
  if (structures === undefined) {
    throw new InvalidInputError(
      `There are ${slices.length} CT slices, but no RTSTRUCT among these files. Drop the structure set that was drawn on this CT with them.`,
    );
  }
  const patient = patientFromDicom(await decodeDicom(slices, codecs), structures);
  const ct = folderOf(slices[0]!.name);
  const source = { ct, structures: structures.name };
  const inputs = {
    // Of a folder Node takes all DICOM, in the order of names, which is that of the paths here.
    ct: sha256(
      ...files.filter((file) => folderOf(file.name) === ct || slices.includes(file)).map(({ bytes }) => bytes),
    ),
    structures: sha256(structures.bytes),
  };
  if (dose === undefined) return { patient, source, inputs };
  const prior = await readPrior(dose, patient, codecs);
  return { patient, source, inputs: { ...inputs, prior: sha256(dose.bytes) }, prior, priorFile: dose.name };
}

function checkSizes(given: readonly GivenFile[]): void {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const large = given.find(({ file }) => file.size > MOST_OF_ONE);
  if (large !== undefined) {
    throw new InvalidInputError(
      `"${large.path}" has ${gigabytes(large.file.size)}, more than the ${gigabytes(MOST_OF_ONE)} that a tab reads of one file. Drop the CT slices, RTSTRUCT and RTDOSE alone, or plan with \`respine plan\`.`,
    );
  }
  const all = given.reduce((sum, { file }) => sum + file.size, 0);
  if (all > MOST_OF_ALL) {
    throw new InvalidInputError(
      `These ${given.length} files have ${gigabytes(all)}, more than the ${gigabytes(MOST_OF_ALL)} that a tab reads. Drop one CT with its RTSTRUCT and RTDOSE alone, or plan with \`respine plan\`.`,
    );
  }
}

async function bytesOf(path: string, file: File): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw gone(path);
  }
}

function onlyOne(files: readonly DicomFile[], kind: string, what: string): DicomFile | undefined {
  if (files.length <= 1) return files[0];
  throw new InvalidInputError(
    `There are ${files.length} ${kind} files (${files
      .map(({ name }) => `"${name}"`)
      .slice(0, 3)
      .join(', ')}), but a plan has one ${what}. Drop the one that counts.`,
  );
}

async function readPrior(file: DicomFile, patient: Patient, codecs: DicomCodecs): Promise<ImportedDose> {
  const [decoded] = await decodeDicom([file], codecs);
  const { dose, notes, frameOfReferenceUid } = readRtDose(decoded!);
  if (patient.frameOfReferenceUid !== undefined && frameOfReferenceUid !== patient.frameOfReferenceUid) {
    throw new InvalidInputError(
      `"${file.name}" lies in frame of reference ${frameOfReferenceUid}, the CT in ${patient.frameOfReferenceUid}: a tab does not register one on the other. Leave the dose out, or give its transform to \`respine plan\`.`,
    );
  }
  return { dose, planFromCourse: identityTransform, frameOfReferenceUid, notes };
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.';

/** A dose file by what is in it, not by its name: RTDOSE or NRRD. */
import { InvalidInputError } from '../core/errors.js';
import type { DicomStudy } from '../geometry/patient.js';
import type { DoseVolume } from '../geometry/volume.js';
import { isDicom } from '../io/dicom/dataset.js';
import { decodeDicom } from '../io/dicom/decode.js';
import { type RtDoseOptions, readRtDose } from '../io/dicom/dose.js';
import { readPlanFractions } from '../io/dicom/plan-fractions.js';
import { decodeNrrd } from '../io/nrrd.js';
import { COMPUTED_AROUND, doseOfNrrd } from '../io/nrrd-dose.js';
import { dicomCodecs } from './dicom-codecs.js';
import { readBytes } from './files.js';
import { sha256 } from './sha256.js';

/** What the caller knows of a dose that its file leaves open. */
export interface LoadDoseOptions extends Omit<RtDoseOptions, 'plan'> {
  /** Of an NRRD: whether an EQD2 or BED may be NaN where a course of its sum was unknown, as `accumulate` writes it. @default false */
  readonly mayBeUnknown?: boolean;
  /** Of an NRRD: whether it may be a planning dose of `respine plan`, NaN away from target and cord. @default false: refused */
  readonly mayBePartial?: boolean;
  /** Path of the RTPLAN of the dose. */
  readonly plan?: string;
}

/** A dose, and what was taken on the caller's word. */
export interface LoadedDose {
  readonly dose: DoseVolume;
  /** SHA-256 of the file. */
  readonly hash: string;
  /** What was taken on the caller's word. */
  readonly notes: readonly string[];
  /** Of an RTDOSE. */
  readonly frameOfReferenceUid?: string;
  /** Of an RTDOSE that tells it. */
  readonly study?: DicomStudy;
  /** Of an RTDOSE: SOP instances of its plans. */
  readonly planUids?: readonly string[];
}

/**
 * The dose of a file, RTDOSE or NRRD by what is in it.
 *
 * @param options of an RTDOSE; of an NRRD only `fractions` and `plan` count, for a header that does not tell the
 *   fractions
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the file
 */
export async function loadDose(path: string, options: LoadDoseOptions = {}): Promise<LoadedDose> {
  const file = { name: path, bytes: await readBytes(path) };
  const hash = sha256(file.bytes);
  const { plan: planPath, mayBeUnknown: _, mayBePartial: __, ...rest } = options;
  const plan = planPath === undefined ? undefined : { name: planPath, bytes: await readBytes(planPath) };
  if (isDicom(file)) {
    const [decoded] = await decodeDicom([file], dicomCodecs);
    const { dose, notes, frameOfReferenceUid, planUids, study } = readRtDose(decoded!, {
      ...rest,
      ...(plan ? { plan } : {}),
    });
    return { dose, hash, notes, frameOfReferenceUid, planUids, ...(study && { study }) };
  }
  const odd = (['extent', 'gyPerUnit', 'quantity', 'alphaBeta'] as const).find((key) => options[key] !== undefined);
  if (odd !== undefined) {
    throw new InvalidInputError(`${path}: ${odd} speaks for an RTDOSE, but this is no DICOM file. Leave it out.`);
  }
  const fractions = plan === undefined ? options.fractions : readPlanFractions(plan).fractions;
  const volume = await decodeNrrd(file.bytes, path);
  const { fractions: said } = volume.fields;
  if (said !== undefined && fractions !== undefined && Number(said) !== fractions) {
    throw new InvalidInputError(
      `${path}: ${fractions} fractions are given, but the file says ${said}. Leave one of them out.`,
    );
  }
  const around = volume.fields[COMPUTED_AROUND];
  const notes =
    around === undefined
      ? []
      : [`${path} holds the dose around ${around} alone: structures that reach beyond have no metrics in it.`];
  return { dose: doseOfNrrd(volume, path, fractions, options), hash, notes };
}

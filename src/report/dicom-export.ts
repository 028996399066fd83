/**
 * A patient and doses as the DICOM files of one study: CT and structures where the patient came from elsewhere, else beside its own.
 */
import { InvalidInputError } from '../core/errors.js';
import { toDecimals, toDigits } from '../core/rounding.js';
import { axisCentres } from '../geometry/grid.js';
import { contoursAtLevel } from '../geometry/level-contours.js';
import type { DicomStudy, Patient } from '../geometry/patient.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume } from '../geometry/volume.js';
import type { DicomFile } from '../io/dicom/dataset.js';
import { uidOf } from '../io/dicom/uid.js';
import { type CtReference, ctReference, type DicomIdentity, writeCt } from '../io/dicom/write.js';
import { writeDose } from '../io/dicom/write-dose.js';
import { drawStructures } from '../io/dicom/write-structure-set.js';
import { doseColor, structureColor } from '../render/colour.js';

/** How DICOM files are written. */
export interface DicomOptions {
  /** Bits of a stored dose: 32 keeps it to 1.2e-10 of its largest value, 16 to 8e-6. @default 32 */
  readonly bits?: 16 | 32 | undefined;
  /** Doses whose isodose lines are written as structures, Gy of the quantity of each dose. @default none */
  readonly isodoses?: readonly number[] | undefined;
  /** Of the software that calls, for the files to tell. @default not told */
  readonly version?: string | undefined;
}

/** Files of one study. */
export interface DicomExport {
  /** Names may hold a folder: `CT/CT_001.dcm`. */
  readonly files: readonly DicomFile[];
  /** The structures in the files with the volume that their contours enclose, cc: what another reader finds. Empty where none was written. */
  readonly structures: readonly { readonly name: string; readonly volumeCc: number }[];
  /** What was not written, and why. */
  readonly notes: readonly string[];
}

/** A dose with what its files are called. */
export interface NamedDose {
  /** Of the files: `imrt` makes `RD_imrt.dcm`. Empty for `RD.dcm`. */
  readonly name: string;
  /** A few words, as `dose imrt`. */
  readonly description: string;
  readonly dose: DoseVolume;
  /** SOP instances of its plans. */
  readonly planUids: readonly string[];
}

/** The study that a patient belongs to, its own or a new one, with the lattice of its CT. */
export function studyOfPatient(patient: Patient, { version }: DicomOptions): DicomStudy & Pick<CtReference, 'grid'> {
  const { study, hounsfield } = patient;
  return study === undefined
    ? ctReference(hounsfield, identityOf(patient, version))
    : { ...study, grid: hounsfield.grid };
}

/**
 * A patient as the files of a DICOM study, with doses.
 *
 * A phantom or a patient from NRRD gets a study of its own: CT in whole HU, all structures as contours on its slices. Of a patient from
 * DICOM only what is new is written, under the patient, study and frame of reference of its CT.
 *
 * @param patient phantom, or of a CT; its structures are drawn on the slices of `hounsfield`
 * @param doses on any grids in the patient's frame, finite and >= 0; RD.dcm, or RD_1.dcm and so on
 * @throws {InvalidInputError} for a dose that is unknown somewhere, a level that is not > 0, HU beyond 16 bits
 */
export function patientToDicom(
  patient: Patient,
  doses: readonly DoseVolume[] = [],
  options: DicomOptions = {},
): DicomExport {
  const study = studyOfPatient(patient, options);
  const named = doses.map((dose, d): NamedDose => {
    const name = doses.length === 1 ? '' : String(d + 1);
    return { name, description: `dose ${name}`.trim(), dose, planUids: [uidOf('plan', study.studyUid, bytesOf(dose))] };
  });
  return filesOfPatient(patient, study, named, options);
}

/** The same with the study and the names of doses given. */
export function filesOfPatient(
  patient: Patient,
  study: DicomStudy & Pick<CtReference, 'grid'>,
  doses: readonly NamedDose[],
  options: DicomOptions,
): DicomExport & { readonly structureSetUid?: string } {
  const { bits, version, isodoses = [] } = options;
  checkLevels(isodoses);
  const own = patient.study === undefined;
  const files: DicomFile[] = [];
  let volumes: DicomExport['structures'] = [];
  let structureSetUid: string | undefined;
  if (own) {
    const slices = writeCt(patient.hounsfield, identityOf(patient, version));
    files.push(...slices.map(({ name, bytes }) => ({ name: `CT/${name}`, bytes })));
    const structures = patient.structures.map(coloured);
    const { file, uid, volumesCc } = drawStructures(structures, study, { version });
    files.push(file);
    structureSetUid = uid;
    volumes = structures.map(({ name }, s) => ({ name, volumeCc: toDecimals(volumesCc[s]!, 4) }));
  }
  const notes: string[] = [];
  for (const { name, description, dose, planUids } of doses) {
    const end = name === '' ? '' : `_${name}`;
    files.push(writeDose(dose, study, { name: `RD${end}.dcm`, description, planUids, bits, version }).file);
    if (isodoses.length === 0) continue;
    const lines = isodoseStructures(dose, isodoses, study);
    const missing = isodoses.filter((level) => !lines.some((line) => line.level === level));
    if (missing.length > 0) notes.push(`No isodose line of ${missing.join(', ')} Gy in RD${end}.dcm: it is lower.`);
    if (lines.length === 0) continue;
    const text = { name: `RS_isodoses${end}.dcm`, description: `isodoses ${name}`.trim(), version };
    const drawn = lines.map(({ structure }) => structure);
    files.push(drawStructures(drawn, study, { ...text, interpretedType: 'DOSE_REGION' }).file);
  }
  return { files, structures: volumes, notes, ...(structureSetUid !== undefined && { structureSetUid }) };
}

/** Of the values alone, as they lie in memory. */
export const bytesOf = ({ data }: Pick<DoseVolume, 'data'>): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function isodoseStructures(
  dose: DoseVolume,
  levels: readonly number[],
  { grid, ct }: DicomStudy & Pick<CtReference, 'grid'>,
): { readonly level: number; readonly structure: Structure }[] {
  const slices = ct === undefined ? axisCentres(grid, 2) : ct.images.map(({ z }) => z);
  const highest = Math.max(...levels);
  return levels.flatMap((level) => {
    const contours = contoursAtLevel(dose, level, slices, grid.spacing[2]);
    if (contours === undefined) return [];
    const color = doseColor(level / highest);
    const name = `Isodose_${toDigits(level, 6)}Gy${dose.quantity === 'physical' ? '' : `_${dose.quantity.toUpperCase()}`}`;
    return [{ level, structure: { name, role: 'organ', color, shape: { kind: 'contours', contours } } }];
  });
}

/** @throws {InvalidInputError} naming the level that is none */
export function checkLevels(levels: readonly number[]): void {
  const wrong = levels.find((level) => !(level > 0 && level <= 1000));
  if (wrong !== undefined) {
    throw new InvalidInputError(`isodoses: ${wrong} is no dose > 0 and <= 1000 Gy. Give levels in Gy, as 20, 37.6.`);
  }
  if (levels.length > 50) {
    throw new InvalidInputError(`isodoses: ${levels.length} levels are more than 50. Give fewer.`);
  }
}

/** As it is drawn in the pictures, where its file gave it no colour. */
function coloured(structure: Structure): Structure {
  if (structure.color !== undefined) return structure;
  const value = Number.parseInt(structureColor(structure.name).slice(1), 16);
  return { ...structure, color: [value >> 16, (value >> 8) & 255, value & 255] };
}

/** A phantom is called by its name, whatever a case calls its patient. */
function identityOf({ name, origin, position }: Patient, version: string | undefined): DicomIdentity {
  const called = (origin?.phantom ?? name).replace(/[\\^=]/g, '_').slice(0, 48);
  return {
    patientName: `RESPINE^${called.toUpperCase()}`,
    patientId: called,
    position,
    seriesDescription: 'CT',
    ...(version !== undefined && { version }),
  };
}

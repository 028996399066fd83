/** A patient from DICOM: CT and structure set joined. */
import type { Patient } from '../../geometry/patient.js';
import type { Structure } from '../../geometry/structure.js';
import { completePatient, type PatientOptions } from '../drawn-patient.js';
import { readCt } from './ct.js';
import type { DicomFile } from './dataset.js';
import { readStructureSet } from './structure-set.js';
import { studyOfCt } from './study.js';

/**
 * A patient from the slices of a CT and the structure set that was drawn on it.
 *
 * Density is zero outside the external structure, so a couch is not part of the patient. Without an external (and
 * without `findExternal`) the whole CT counts and a note says so.
 *
 * @param ctFiles files of a folder; what is no CT is passed over
 * @param structureSet the RTSTRUCT drawn on this CT; undefined for none
 * @throws {InvalidInputError} if a rename, role or override names no structure, or a rename an existing one; and as
 *   `readCt` and `readStructureSet` throw
 */
export function patientFromDicom(
  ctFiles: readonly DicomFile[],
  structureSet: DicomFile | undefined,
  options: PatientOptions = {},
): Patient {
  const ct = readCt(withoutCopy(ctFiles, structureSet), options);
  const { hounsfield } = ct;
  const notes = [...ct.notes];
  let structures: readonly Structure[] = [];
  let unfit: Readonly<Record<string, string>> | undefined;
  if (structureSet !== undefined) {
    const set = readStructureSet(structureSet, {
      frameOfReferenceUid: ct.frameOfReferenceUid,
      sliceSpacing: hounsfield.grid.spacing[2],
    });
    structures = set.structures;
    unfit = set.unfit;
    notes.push(...set.notes);
  }
  const { patientName, patientId, position, frameOfReferenceUid } = ct;
  const name = patientName || patientId || 'unnamed';
  const study = studyOfCt(ctFiles, ct, structureSet);
  return completePatient(
    { name, position, frameOfReferenceUid, hounsfield, ...(study && { study }), ...(unfit && { unfit }) },
    structures,
    options,
    notes,
  );
}

/** What was asked for is nothing that is passed over, where it lies beside the slices. */
function withoutCopy(files: readonly DicomFile[], asked: DicomFile | undefined): readonly DicomFile[] {
  if (asked === undefined) return files;
  const { bytes } = asked;
  const others = files.filter(
    (file) => file.bytes.length !== bytes.length || !file.bytes.every((b, i) => b === bytes[i]),
  );
  // Where it is all there is, what it is says why there is no slice.
  return others.length > 0 ? others : files;
}

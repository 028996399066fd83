// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/** DICOM-RT as bytes in, patients, structures and doses out, and back; nothing here touches a file. */

// A CT with its structures.
export type { DicomFile } from './io/dicom/dataset.js';
export { decodeDicom, type DicomCodecs } from './io/dicom/decode.js';
export { patientFromDicom } from './io/dicom/patient.js';
export type { PatientOptions } from './io/drawn-patient.js';
export type { HounsfieldTable } from './machine/hounsfield.js';

// Structures and doses by themselves.
export { readStructureSet, type StructureSetOptions, type StructureSet } from './io/dicom/structure-set.js';
export { readRtDose, type RtDoseOptions, type RtDose } from './io/dicom/dose.js';

// And back: a patient, a plan or a dose as the files of a study.
export { patientToDicom, type DicomExport, type DicomOptions } from './report/dicom-export.js';
export { planToDicom } from './report/plan-dicom.js';
export { sumToDicom } from './report/sum-dicom.js';
export type { DicomStudy } from './geometry/patient.js';

/** What a reader must know of how a patient was read; of a built-in phantom nothing. */
import type { Patient } from '../geometry/patient.js';

export const patientNotes = ({ origin, notes = [] }: Partial<Pick<Patient, 'origin' | 'notes'>>): readonly string[] =>
  origin === undefined ? notes : [];

/** A line each, for the end of a table. */
export const patientNoteLines = (patient: Partial<Pick<Patient, 'origin' | 'notes'>>): string =>
  patientNotes(patient)
    .map((note) => `${note}\n`)
    .join('');

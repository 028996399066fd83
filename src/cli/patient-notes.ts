/** What a reader must know of how a patient was read; of a built-in phantom nothing. */
import { plainText } from '../core/sentence.js';
import type { Patient } from '../geometry/patient.js';
import { say } from './output.js';

export const patientNotes = ({ origin, notes }: Pick<Patient, 'origin' | 'notes'>): readonly string[] =>
  origin === undefined ? notes : [];

/** On standard error, a line each: the results hold them too. */
export function sayPatientNotes(patient: Pick<Patient, 'origin' | 'notes'>): void {
  for (const note of patientNotes(patient)) say(plainText(`note: ${note}`));
}

/** What planning keeps of a patient on the lanes is part of no public type; a bench that makes many patients lets go of it. */
import type { PatientModel } from 'respine';

export function freeModel(model: PatientModel): void {
  (model as PatientModel & { readonly bodyDose: { close(): void } }).bodyDose.close();
}

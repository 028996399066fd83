/** What weights belong to: the beamlets, the patient that they shine on and the model of their dose, as one hash. */
import type { InfluenceData } from '../plan/exchange/influence-data.js';
import type { PlanJob } from '../plan/patient/plan-job.js';
import { beamletTable } from '../report/influence-tables.js';
import { sha256 } from './sha256.js';

/** SHA-256, hexadecimal. What a case asks for besides, as caps and goals, does not count: the same weights can be judged by others. */
export function influenceKey(
  { case: { doseModel }, machine, patient }: Pick<PlanJob, 'case' | 'machine' | 'patient'>,
  beams: InfluenceData['beams'],
  isocenter: readonly number[],
): string {
  const { grid, data } = patient.density;
  const said = JSON.stringify([beamletTable(beams), isocenter, machine, doseModel, patient.position, grid]);
  return sha256(said, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** An RTPLAN with the CT that it was made on: patient, machine, input hashes. */
import { InvalidInputError } from '../core/errors.js';
import type { Patient } from '../geometry/patient.js';
import { isDicom, readDataset, text } from '../io/dicom/dataset.js';
import { patientFromDicom } from '../io/dicom/patient.js';
import { readTreatmentPlan } from '../io/dicom/treatment-plan-read.js';
import { denserThanAir } from '../io/nrrd-patient.js';
import type { Machine } from '../machine/machine.js';
import { checkPlanFits } from '../plan/field/plan-dose.js';
import { type TreatedPlan, type TreatmentChoice, treatPlan } from '../plan/field/treated-plan.js';
import { readBytes, readFolder } from './files.js';
import { readMachine } from './machines.js';
import { sha256 } from './sha256.js';

export interface TreatmentPaths {
  readonly plan: string;
  /** Folder. */
  readonly ct: string;
  readonly structures?: string | undefined;
  /** @default artiste-6mv */
  readonly machine?: string | undefined;
}

export interface LoadedTreatment {
  readonly patient: Patient;
  readonly machine: Machine;
  readonly treated: TreatedPlan;
  /** SHA-256 by role. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Reads and checks a plan, then the CT and structures that it was made on.
 *
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the file, the beam or the element
 */
export async function loadTreatment(paths: TreatmentPaths, choice: TreatmentChoice): Promise<LoadedTreatment> {
  const machine = await readMachine(paths.machine ?? 'artiste-6mv');
  const file = { name: paths.plan, bytes: await readBytes(paths.plan) };
  if (!isDicom(file)) throw new InvalidInputError(`${paths.plan}: it is no DICOM file. Give an RTPLAN.`);
  const plan = readTreatmentPlan(file);
  // What cannot be computed must show before the CT is read; how the patient lies changes nothing of that.
  treatPlan(plan, machine, 'HFS', choice);
  const slices = await readFolder(paths.ct);
  const drawn =
    paths.structures === undefined ? undefined : { name: paths.structures, bytes: await readBytes(paths.structures) };
  const patient = patientFromDicom(slices, drawn, { findExternal: true, externalThreshold: denserThanAir });
  const treated = treatPlan(plan, machine, patient.position, choice);
  checkPlanFits(treated, patient);
  const inputs = {
    plan: sha256(file.bytes),
    ct: sha256(...slices.map((slice) => slice.bytes)),
    ...(drawn ? { structures: sha256(drawn.bytes) } : {}),
    ...(machine.name === 'artiste-6mv' ? {} : { machine: sha256(JSON.stringify(machine)) }),
  };
  const set = drawn && text(readDataset(drawn).elements, '00080018');
  const isOther = set !== undefined && plan.structureSetUid !== undefined && set !== plan.structureSetUid;
  const note = 'The structure set is not the one that the plan refers to: only its body contour is used.';
  return { patient: isOther ? { ...patient, notes: [...patient.notes, note] } : patient, machine, treated, inputs };
}

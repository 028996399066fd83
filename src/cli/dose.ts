/** `respine dose FIELDS.json --out dose.nrrd`: forward dose of explicit fields. */

import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeFileAtomic } from '../node/files.js';
import { gzipFast } from '../node/gzip.js';
import { loadFields } from '../node/load-fields.js';
import { version } from '../node/version.js';
import { computeFields } from '../plan/field/field-dose.js';
import { fieldsReport, fieldsSummary } from '../report/field-dose.js';
import { patientNoteLines } from '../report/patient-notes.js';
import { print } from './output.js';
import { checkNoPlanFlags, type PlanDoseFlags, planDoseCommand } from './plan-dose.js';
import { startProgress } from './progress.js';

export interface DoseOptions extends PlanDoseFlags {
  readonly out: string;
  readonly json?: boolean;
}

const [READING, FIELDS, WRITING] = ['reading the fields', 'dose of the fields', 'writing the dose'] as const;
const STAGES = [
  { name: READING, cost: 1 },
  { name: FIELDS, cost: 5 },
  { name: WRITING, cost: 0.5 },
];

/** @returns the exit code */
export async function doseCommand(path: string | undefined, options: DoseOptions): Promise<number> {
  if ((path === undefined) === (options.plan === undefined)) {
    throw new InvalidInputError('dose: give either a FIELDS.json, or --plan with an RTPLAN and --ct with its CT.');
  }
  if (path === undefined) return planDoseCommand(options.plan!, options);
  checkNoPlanFlags(options);
  if (!options.out.endsWith('.nrrd')) {
    throw new InvalidInputError(`--out is "${options.out}", but the dose is an NRRD file. Use for example dose.nrrd.`);
  }
  const progress = startProgress('dose');
  progress.expect(STAGES);
  progress.stage(READING);
  const { patient, fields, machine, inputs } = await loadFields(path);
  progress.stage(FIELDS);
  const total = fields.beams.length;
  const result = computeFields(patient, fields, machine, (done) => progress.step({ done, total, unit: 'fields' }));
  progress.stage(WRITING);
  const header = {
    software: `respine ${version}`,
    patient: result.patient,
    machine: machine.name,
    isocenter: fields.isocenter.join(' '),
    monitorUnits: result.beams.map((b) => toDecimals(b.opened.monitorUnits, 4)).join(' '),
    external: 'dose outside the external contour is zero by definition',
  };
  await writeFileAtomic(options.out, await encodeNrrd(result.dose, { gzip: gzipFast, fields: header }));
  progress.end();
  print(
    options.json
      ? `${JSON.stringify(fieldsReport(result, { version, inputs }), null, 2)}\n`
      : `${fieldsSummary(result)}\n${patientNoteLines(patient)}${options.out}\n`,
  );
  return 0;
}

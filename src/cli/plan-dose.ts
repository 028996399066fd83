/** `respine dose --plan RTPLAN --ct DIR --out dose.nrrd`: the dose of an RTPLAN, computed anew. */

import { performance } from 'node:perf_hooks';
import { checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { JobProgress } from '../core/job-progress.js';
import { toDecimals } from '../core/rounding.js';
import type { Vec3 } from '../geometry/grid.js';
import type { Patient } from '../geometry/patient.js';
import { writeDose } from '../io/dicom/write-dose.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeFileAtomic } from '../node/files.js';
import { gzipFast } from '../node/gzip.js';
import { loadTreatment } from '../node/load-treatment.js';
import { version } from '../node/version.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { gridOfSpacing } from '../plan/field/field-dose.js';
import { computeTreatment, type PlanDose } from '../plan/field/plan-dose.js';
import type { TreatmentChoice } from '../plan/field/treated-plan.js';
import { planDoseReport, planDoseSummary } from '../report/plan-dose.js';
import { countOf, listOf, numberOf } from './dose-options.js';
import { print, say } from './output.js';
import { startProgress } from './progress.js';
import { askedProgress } from './progress-flags.js';

/** What `dose --plan` is told besides. */
export interface PlanDoseFlags {
  readonly plan?: string;
  readonly ct?: string;
  readonly structures?: string;
  readonly machine?: string;
  readonly spacing?: string;
  readonly beams?: string;
  readonly group?: string;
  readonly leafTransmission?: string;
  readonly jawTransmission?: string;
  readonly arcStep?: string;
}

const FLAGS = {
  ct: '--ct',
  structures: '--structures',
  machine: '--machine',
  spacing: '--spacing',
  beams: '--beams',
  group: '--group',
  leafTransmission: '--leaf-transmission',
  jawTransmission: '--jaw-transmission',
  arcStep: '--arc-step',
} as const;

/** Control points of a plan from which on the time is told before it is spent. */
const MANY_POINTS = 1000;
/** mm */
const SPACING = '3';

const [READING, FIELDS, WRITING] = ['reading plan and CT', 'dose of the fields', 'writing the dose'] as const;
const STAGES = [
  { name: READING, cost: 1 },
  { name: FIELDS, cost: 10 },
  { name: WRITING, cost: 0.5 },
];

/** @throws {InvalidInputError} for an option that speaks of an RTPLAN where there is none */
export function checkNoPlanFlags(options: PlanDoseFlags): void {
  const odd = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).find((key) => options[key] !== undefined);
  if (odd !== undefined) {
    throw new InvalidInputError(`${FLAGS[odd]} speaks of an RTPLAN. Give it with --plan, or say it in FIELDS.json.`);
  }
}

/** @returns the exit code */
export async function planDoseCommand(
  path: string,
  options: PlanDoseFlags & { readonly out: string; readonly json?: boolean },
): Promise<number> {
  const { out } = options;
  if (!/\.(nrrd|dcm)$/.test(out)) {
    throw new InvalidInputError(
      `--out is "${out}", but the dose is an NRRD file or an RTDOSE. Use for example dose.nrrd or dose.dcm.`,
    );
  }
  if (options.ct === undefined)
    throw new InvalidInputError('dose: --plan needs the CT that it was made on. Give its folder with --ct.');
  const spacing = spacingOf(options.spacing ?? SPACING);
  const choice = choiceOf(options);
  const progress = startProgress('dose');
  progress.expect(STAGES);
  progress.stage(READING);
  const { ct, structures, machine: named } = options;
  const { patient, treated, machine, inputs } = await loadTreatment(
    { plan: path, ct, structures, machine: named },
    choice,
  );
  if (out.endsWith('.dcm') && patient.study === undefined) {
    throw new InvalidInputError(
      `--out is "${out}", but the CT tells no study that an RTDOSE could belong to. Write an NRRD.`,
    );
  }
  const grid = gridOfSpacing(patient.density.grid, spacing);
  progress.stage(FIELDS);
  const executor = await startWorkerPool();
  let result: PlanDose;
  try {
    result = computeTreatment(patient, treated, machine, { grid, executor, onField: teller(treated, progress) });
  } finally {
    await executor.close();
  }
  progress.stage(WRITING);
  await writeFileAtomic(out, await encoded(out, result, patient));
  progress.end();
  print(
    options.json
      ? `${JSON.stringify(planDoseReport(result, { version, inputs }), null, 2)}\n`
      : `${planDoseSummary(result)}\n${out}\n`,
  );
  return 0;
}

/** NRRD, or an RTDOSE in the study of the CT that refers to the plan. */
async function encoded(out: string, result: PlanDose, { study }: Patient): Promise<Uint8Array> {
  const { machine, treated, dose } = result;
  if (out.endsWith('.dcm')) {
    const description = `dose of plan ${treated.plan.label}`;
    return writeDose(dose, study!, { description, planUids: [treated.plan.uid], version }).file.bytes;
  }
  const header = {
    software: `respine ${version}`,
    patient: result.patient,
    plan: treated.plan.uid,
    machine: machine.name,
    monitorUnits: result.beams.map((b) => toDecimals(b.monitorUnits, 4)).join(' '),
    external: 'dose outside the external contour is zero by definition',
  };
  return encodeNrrd(dose, { gzip: gzipFast, fields: header });
}

/** Says how far it is; of many control points how long it takes, as soon as the first fields tell. */
function teller({ beams }: PlanDose['treated'], progress: JobProgress): (done: number, all: number) => void {
  const points = beams.reduce((sum, { beam }) => sum + beam.controlPoints.length, 0);
  const start = performance.now();
  const { quiet, jsonProgress } = askedProgress();
  let isTold = points <= MANY_POINTS || quiet || jsonProgress;
  return (done, all) => {
    if (done > 0 && !isTold) {
      const minutes = ((performance.now() - start) * (all - done)) / done / 60_000;
      say(
        `respine: ${points} control points make ${all} fields, which take about ${Math.max(1, Math.round(minutes))} min.`,
      );
      isTold = true;
    }
    progress.step({ done, total: all, unit: 'fields' });
  };
}

function choiceOf({ beams, group, leafTransmission, jawTransmission, arcStep }: PlanDoseFlags): TreatmentChoice {
  const fraction = (option: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : checkRange(option, numberOf(option, text), 0, 0.5);
  return {
    ...(beams === undefined ? {} : { beams: listOf('--beams', beams).map((one) => countOf('--beams', one)) }),
    ...(group === undefined ? {} : { group: countOf('--group', group) }),
    ...(arcStep === undefined ? {} : { arcStep: checkRange('--arc-step', numberOf('--arc-step', arcStep), 0.1, 30) }),
    transmission: {
      leaves: fraction('--leaf-transmission', leafTransmission),
      jaws: fraction('--jaw-transmission', jawTransmission),
    },
  };
}

function spacingOf(text: string): Vec3 {
  const values = listOf('--spacing', text).map((part) => numberOf('--spacing', part));
  const [x, y, z] = values.length === 1 ? [values[0]!, values[0]!, values[0]!] : values;
  if ((values.length !== 1 && values.length !== 3) || !values.every((v) => v >= 0.5 && v <= 20)) {
    throw new InvalidInputError(
      `--spacing is "${text}", but must be one or three numbers from 0.5 to 20 mm. Use for example 3 or 2,2,3.`,
    );
  }
  return [x!, y!, z!];
}

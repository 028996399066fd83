/** The files of a result besides pictures and plan.json: doses, DVHs, and what the plans are made of again from. */
import type { Volume } from '../geometry/volume.js';
import { encodeFluence } from '../io/fluence-file.js';
import { encodeNrrd, type NrrdOptions } from '../io/nrrd.js';
import { COMPUTED_AROUND } from '../io/nrrd-dose.js';
import { remainingDoseVolume } from '../plan/constraint/structure-tolerance.js';
import type { Technique } from '../plan/input/plan-case.js';
import { targetNames } from '../plan/patient/patient-model.js';
import { type PlanningResult, recordsOf } from '../plan/run-plan.js';
import { planningDose } from '../plan/technique/finish-plan.js';
import { deliveryTable } from './delivery.js';
import { bytesOf } from './dicom-export.js';
import { dvhTable, type RemakeRecord } from './plan-report.js';

export interface ResultFiles {
  /** Content by name. */
  readonly files: Map<string, Uint8Array | string>;
  /** What plan.json tells of them. */
  readonly remake: RemakeRecord;
}

/** What differs from one platform to the next. */
export interface ResultFilesOptions {
  /** Hexadecimal SHA-256. */
  readonly hash: (content: string | Uint8Array) => string | Promise<string>;
  /** For the headers of doses, as `respine 1.2.3`. */
  readonly software: string;
  /** Of the doses. */
  readonly gzip: NonNullable<NrrdOptions['gzip']>;
  /** That paths in the case are relative to, seen from plan.json, where it names files. */
  readonly folder?: string | undefined;
}

export async function resultFiles(
  result: PlanningResult,
  { hash, software, gzip, folder }: ResultFilesOptions,
): Promise<ResultFiles> {
  const packed = (volume: Volume, fields?: Readonly<Record<string, string>>): Promise<Uint8Array> =>
    encodeNrrd(volume, { gzip, fields: { software, ...fields } });
  const files = new Map<string, Uint8Array | string>([['dvh.csv', dvhTable(result)]]);
  const delivery = deliveryTable(result);
  if (delivery !== undefined) files.set('delivery.csv', delivery);
  for (const { plan } of result.plans) {
    files.set(`dose_${plan.technique}.nrrd`, await packed(plan.dose));
    const between = planningDose(result.model, plan);
    const around = [...targetNames(result.model), result.model.cord].join(', ');
    if (between !== undefined)
      files.set(`dose_${plan.technique}_planning.nrrd`, await packed(between, { [COMPUTED_AROUND]: around }));
  }
  if (result.tolerances.length > 0 && result.prior) {
    files.set('allowance.nrrd', await packed(remainingDoseVolume(result.tolerances, result.model, result.case)));
  }
  const plans: Partial<Record<Technique, RemakeRecord['plans'][Technique] & object>> = {};
  for (const [p, recorded] of recordsOf(result).entries()) {
    const { technique } = recorded;
    const text = encodeFluence(recorded);
    const name = `fluence_${technique}.json`;
    files.set(name, text);
    plans[technique] = {
      fluence: { file: name, sha256: await hash(text) },
      dose: { file: `dose_${technique}.nrrd`, sha256: await hash(bytesOf(result.plans[p]!.plan.dose)) },
    };
  }
  return { files, remake: { ...(folder !== undefined && { folder }), plans } };
}

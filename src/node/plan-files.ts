/** What `respine plan` writes of a result besides pictures and plan.json: doses, DVHs, and what the plans are made of again from. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { InvalidInputError, shownPath } from '../core/errors.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import { encodeFluence } from '../io/fluence-file.js';
import { encodeNrrd } from '../io/nrrd.js';
import { COMPUTED_AROUND } from '../io/nrrd-dose.js';
import { remainingDoseVolume } from '../plan/constraint/structure-tolerance.js';
import type { Technique } from '../plan/input/plan-case.js';
import { targetNames } from '../plan/patient/patient-model.js';
import { type PlanningResult, recordsOf } from '../plan/run-plan.js';
import { planningDose } from '../plan/technique/finish-plan.js';
import { deliveryTable } from '../report/delivery.js';
import { dvhTable, type RemakeRecord } from '../report/plan-report.js';
import { gzipFast } from './gzip.js';
import { sha256 } from './sha256.js';
import { version } from './version.js';

export interface PlanFiles {
  /** Content by name. */
  readonly files: Map<string, Uint8Array | string>;
  /** What plan.json tells of them. */
  readonly remake: RemakeRecord;
}

/**
 * @param outDir where they are to be written
 * @param folder that paths in the case are relative to, where it names files
 */
export async function planFiles(result: PlanningResult, outDir: string, folder?: string): Promise<PlanFiles> {
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
      fluence: { file: name, sha256: sha256(text) },
      dose: { file: `dose_${technique}.nrrd`, sha256: doseHash(result.plans[p]!.plan.dose) },
    };
  }
  return { files, remake: { ...(folder !== undefined && { folder: pathFrom(outDir, folder) }), plans } };
}

/** Names in the set that may be of an input too; in `dicom` all of them may. */
const DATA =
  /^(plan\.json|dvh\.csv|delivery\.csv|allowance\.nrrd|dose_(fcrt|imrt)(_planning)?\.nrrd|fluence_(fcrt|imrt)\.json)$/;

/**
 * Checks that a plan's files will not take the place of what it is made of, as of a prior dose that an earlier run wrote.
 *
 * @param inputs paths of what is read for it
 * @throws {InvalidInputError} naming the input
 */
export async function checkInputsKept(outDir: string, inputs: readonly string[]): Promise<void> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  const out = await real(outDir);
  for (const path of inputs) {
    if ((await real(path)) === out) {
      throw new InvalidInputError(
        `--out ${shownPath(outDir)}: the case reads that folder, and the plan's files would become part of its input. Name another folder.`,
      );
    }
    const folder = await real(dirname(path));
    const isDicom = folder === join(out, 'dicom') && path.endsWith('.dcm');
    if (!isDicom && !(DATA.test(basename(path)) && folder === out)) continue;
    throw new InvalidInputError(
      `--out ${shownPath(outDir)}: the plan's own ${basename(path)} would take the place of its input ${shownPath(path)}. Name another folder, or give that file another name.`,
    );
  }
}

/** Of the values alone, as they lie in memory. */
export const doseHash = ({ data }: DoseVolume): string =>
  sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

const packed = (volume: Volume, fields?: Readonly<Record<string, string>>): Promise<Uint8Array> =>
  encodeNrrd(volume, { gzip: gzipFast, fields: { software: `respine ${version}`, ...fields } });

/** With slashes on every system. */
const pathFrom = (outDir: string, folder: string): string =>
  relative(resolve(outDir), folder).split(sep).join('/') || '.';

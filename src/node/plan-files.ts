/** What `respine plan` writes of a result besides pictures and plan.json: doses, DVHs, and what the plans are made of again from. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { InvalidInputError, shownPath } from '../core/errors.js';
import type { DoseVolume } from '../geometry/volume.js';
import type { PlanningResult } from '../plan/run-plan.js';
import { bytesOf } from '../report/dicom-export.js';
import { type ResultFiles, resultFiles } from '../report/result-files.js';
import { gzipFast } from './gzip.js';
import { sha256 } from './sha256.js';
import { version } from './version.js';

/**
 * @param outDir where they are to be written
 * @param folder that paths in the case are relative to, where it names files
 */
export const planFiles = (result: PlanningResult, outDir: string, folder?: string): Promise<ResultFiles> =>
  resultFiles(result, {
    hash: sha256,
    software: `respine ${version}`,
    gzip: gzipFast,
    folder: folder === undefined ? undefined : pathFrom(outDir, folder),
  });

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
export const doseHash = (dose: DoseVolume): string => sha256(bytesOf(dose));

/** With slashes on every system. */
const pathFrom = (outDir: string, folder: string): string =>
  relative(resolve(outDir), folder).split(sep).join('/') || '.';

/** `respine influence CASE.json --out DIR`: the influence of a case as a sparse matrix for the optimisers of others. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '../core/errors.js';
import { exportInfluence } from '../node/export-influence.js';
import { loadJob } from '../node/load-job.js';
import type { InfluenceExportOptions } from '../plan/exchange/influence-data.js';
import { patientNoteLines } from '../report/patient-notes.js';
import { READING } from '../report/plan-progress.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface InfluenceOptions {
  readonly out: string;
  readonly format: string;
  readonly cut: string;
  readonly precision: string;
  readonly voxels: readonly string[];
  readonly json?: boolean;
}

/** In seconds of the reference case. */
const STAGES = [
  { name: READING, cost: 0.5 },
  { name: 'structures and voxels', cost: 1 },
  { name: 'prior course, tolerances', cost: 0.2 },
  { name: 'influence, beam by beam', cost: 3 },
];

/** @returns the exit code */
export async function influenceCommand(path: string, options: InfluenceOptions): Promise<number> {
  const { out, voxels, json } = options;
  const settings = {
    format: oneOf('--format', options.format, ['npz', 'mtx'] as const),
    precision: oneOf('--precision', options.precision, ['float32', 'float64'] as const),
    cut: fractionOf(options.cut),
    voxels: rowsOf(voxels),
  };
  const progress = startProgress('influence');
  progress.expect(STAGES);
  progress.stage(READING);
  const job = await loadJob(path);
  const done = await exportInfluence(job, out, { ...settings, onStage: (stage) => progress.stage(stage) });
  progress.end();
  if (json) print(await readFile(join(out, 'influence.json'), 'utf8'));
  else {
    const { rows, columns, entries, truncation } = done;
    const { perUnit, reference } = truncation;
    const ofReference =
      reference === null ? '' : `; ${reference.toPrecision(3)} Gy at equal weights with the prescribed median`;
    const cut =
      settings.cut === 0
        ? 'nothing cut'
        : `cut below ${settings.cut}: at most ${perUnit.toPrecision(3)} Gy of any voxel at 1 MU of every beamlet${ofReference}`;
    print(
      `${rows} voxels x ${columns} beamlets, ${entries} entries (${((100 * entries) / rows / columns).toFixed(1)} %), ${settings.precision}; ${cut}\n${patientNoteLines(job.patient)}${done.files.length} files in ${out}; README.txt says how they are read\n`,
    );
  }
  return 0;
}

function oneOf<T extends string>(flag: string, given: string, known: readonly T[]): T {
  const found = known.find((name) => name === given);
  if (found !== undefined) return found;
  throw new InvalidInputError(`${flag} is "${given}". Use ${known.join(' or ')}.`);
}

function fractionOf(text: string): number {
  const cut = Number(text);
  if (text.trim() !== '' && cut >= 0 && cut < 1) return cut;
  throw new InvalidInputError(`--cut is "${text}", but must be a fraction from 0 to below 1. Use for example 1e-3.`);
}

function rowsOf(names: readonly string[]): NonNullable<InfluenceExportOptions['voxels']> {
  const own = names.find((name) => name === 'planning' || name === 'body');
  if (own === undefined) return names;
  if (names.length === 1) return own as 'planning' | 'body';
  throw new InvalidInputError(`--voxels has "${own}" beside ${names.length - 1} more. Name either it or structures.`);
}

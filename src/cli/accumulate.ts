/** `respine accumulate --courses COURSES.json`: the EQD2 or BED of several courses, voxel by voxel. */

import { InvalidInputError } from '../core/errors.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeAll } from '../node/files.js';
import { gzipFast } from '../node/gzip.js';
import { loadCourses } from '../node/load-courses.js';
import { version } from '../node/version.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { type Accumulation, accumulateCourses } from '../plan/evaluation/accumulated-courses.js';
import { accumulationReport, accumulationSummary } from '../report/accumulation.js';
import { sumToDicom } from '../report/sum-dicom.js';
import { bitsOf } from './dose-options.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface AccumulateCommandOptions {
  readonly courses: string;
  readonly out?: string;
  /** The sum as RTDOSE: bits, or true for the default. */
  readonly dicom?: string | boolean;
  readonly json?: boolean;
}

const [READING, ADDING, WRITING] = ['reading the courses', 'adding them up', 'writing'] as const;
const STAGES = [
  { name: READING, cost: 3 },
  { name: ADDING, cost: 4 },
  { name: WRITING, cost: 2 },
];

/** @returns the exit code */
export async function accumulateCommand(options: AccumulateCommandOptions): Promise<number> {
  const bits = bitsOf(options.dicom);
  if (bits !== undefined && options.out === undefined) {
    throw new InvalidInputError('accumulate: --dicom is written into the folder of --out. Name one.');
  }
  const progress = startProgress('accumulate');
  progress.expect(STAGES);
  progress.stage(READING);
  const loaded = await loadCourses(options.courses);
  const { courses, doses, reference, structures, notes, inputs } = loaded;
  progress.stage(ADDING);
  const executor = await startWorkerPool();
  let result: Accumulation;
  try {
    result = accumulateCourses(courses, doses, reference, structures, executor);
  } finally {
    await executor.close();
  }
  progress.stage(WRITING);
  const name = `cumulative_${courses.quantity}.nrrd`;
  const written = bits === undefined ? [] : sumToDicom(result.total.dose, loaded, { bits, version });
  const report = {
    software: `respine ${version}`,
    inputs,
    ...accumulationReport(result),
    notes,
    ...(options.out === undefined ? {} : { files: ['accumulate.json', name, ...written.map((file) => file.name)] }),
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) {
    const fields = { software: `respine ${version}`, courses: doses.map(({ name }) => name).join(' + ') };
    const volume = await encodeNrrd(result.total.dose, { gzip: gzipFast, fields });
    await writeAll(
      options.out,
      new Map<string, Uint8Array | string>([
        ['accumulate.json', json],
        [name, volume],
        ...written.map((file) => [file.name, file.bytes] as const),
      ]),
      { record: 'accumulate.json' },
    );
  }
  progress.end();
  const text = `${accumulationSummary(result)}${notes.map((note) => `${note}\n`).join('')}Research software, not for clinical use.\n`;
  print(options.json ? json : text);
  return 0;
}

/** `respine fractionation CASE.json --fractions 5,10,22`: the prescription in other numbers of fractions, with the same effect. */

import { InvalidInputError } from '../core/errors.js';
import { writeAll } from '../node/files.js';
import { loadJob } from '../node/load-job.js';
import { renderPictures } from '../node/pictures.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { type Fractionation, isoeffectiveFractionation } from '../plan/sweep/fractionation.js';
import {
  fractionationFigure,
  fractionationReport,
  fractionationSummary,
  fractionationTable,
} from '../report/fractionation.js';
import { patientNoteLines, patientNotes } from '../report/patient-notes.js';
import { PICTURES, READING } from '../report/plan-progress.js';
import { alphaBetaOf, fractionsOf, listOf, oneOf, secondsOf } from './dose-options.js';
import { print } from './output.js';
import { startProgress } from './progress.js';
import { sweepStages, sweepTeller } from './sweep-progress.js';

export interface FractionationCommandOptions {
  readonly fractions: string;
  readonly out: string;
  readonly alphaBeta?: string;
  /** True where no technique is named. */
  readonly plan?: true | string;
  /** Seconds of each plan, at most. */
  readonly timeLimit?: string;
  readonly json?: boolean;
}

/** @returns the exit code */
export async function fractionationCommand(path: string, options: FractionationCommandOptions): Promise<number> {
  const counts = listOf('--fractions', options.fractions).map((n) => fractionsOf('--fractions', n));
  if (counts.length < 2) {
    throw new InvalidInputError(`--fractions is "${options.fractions}". Give at least two, e.g. 5,10,22.`);
  }
  const { plan: named } = options;
  const technique =
    named === undefined ? undefined : named === true ? 'imrt' : oneOf('--plan', named, ['imrt', 'fcrt'] as const);
  if (options.timeLimit !== undefined && technique === undefined) {
    throw new InvalidInputError('fractionation: --time-limit is of plans. Add --plan, or leave it out.');
  }
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const alphaBeta = options.alphaBeta === undefined ? undefined : alphaBetaOf('--alpha-beta', options.alphaBeta);
  const progress = startProgress('fractionation');
  progress.expect(sweepStages(counts.length));
  progress.stage(READING);
  const job = await loadJob(path);
  const executor = await startWorkerPool();
  let result: Fractionation;
  const told = sweepTeller(progress, counts.length);
  try {
    result = isoeffectiveFractionation(job, counts, {
      executor,
      onProgress: told.onProgress,
      ...(alphaBeta === undefined ? {} : { alphaBeta }),
      ...(technique === undefined ? {} : { technique }),
      ...(timeLimit === undefined ? {} : { timeLimit }),
      onRow: ({ fractions, dose }) => told.point(`${fractions} fractions`, `${dose.toFixed(2)} Gy`),
    });
  } finally {
    await executor.close();
  }
  progress.stage(PICTURES);
  const svg = fractionationFigure(result, `${job.patient.name}: isoeffective fractionation`);
  const report = { ...fractionationReport(result), notes: patientNotes(job.patient) };
  const files = new Map<string, Uint8Array | string>([
    ['fractionation.csv', fractionationTable(result)],
    ['fractionation.json', `${JSON.stringify(report, null, 2)}\n`],
    ['fractionation.svg', svg],
  ]);
  for (const [name, png] of await renderPictures(new Map([['fractionation', svg]]))) files.set(`${name}.png`, png);
  await writeAll(options.out, files);
  progress.end();
  print(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : `${fractionationSummary(result)}${patientNoteLines(job.patient)}${files.size} files in ${options.out}\n`,
  );
  return 0;
}

/** `respine trade-off CASE.json --cumulative 50,60,70`: the best coverage under each limit of the cord over both courses. */

import { writeAll } from '../node/files.js';
import { loadJob } from '../node/load-job.js';
import { renderPictures } from '../node/pictures.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { type CumulativeTradeOff, cumulativeTradeOff } from '../plan/sweep/cumulative-trade-off.js';
import {
  cumulativeFigure,
  cumulativeReport,
  cumulativeSummary,
  cumulativeTable,
} from '../report/cumulative-trade-off.js';
import { patientNoteLines, patientNotes } from '../report/patient-notes.js';
import { PICTURES, READING } from '../report/plan-progress.js';
import { dosesOf, secondsOf } from './dose-options.js';
import { print } from './output.js';
import { techniquesOf } from './plan.js';
import { startProgress } from './progress.js';
import { sweepStages, sweepTeller } from './sweep-progress.js';

export interface CumulativeCommandOptions {
  readonly cumulative: string;
  readonly out: string;
  readonly technique: string;
  /** Seconds of each plan, at most. */
  readonly timeLimit?: string;
  /** False for `--no-shifts`. */
  readonly shifts: boolean;
  readonly json?: boolean;
}

/** @returns the exit code */
export async function cumulativeCommand(path: string, options: CumulativeCommandOptions): Promise<number> {
  const limits = dosesOf('--cumulative', options.cumulative, '50,60,70');
  const techniques = techniquesOf(options.technique);
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const progress = startProgress('trade-off');
  const count = new Set(limits).size * techniques.length;
  progress.expect(sweepStages(count));
  progress.stage(READING);
  const job = await loadJob(path);
  const executor = await startWorkerPool();
  let result: CumulativeTradeOff;
  const told = sweepTeller(progress, count);
  try {
    result = cumulativeTradeOff(job, limits, {
      executor,
      onProgress: told.onProgress,
      techniques,
      ...(timeLimit === undefined ? {} : { timeLimit }),
      ...(options.shifts ? {} : { positions: [] }),
      onPoint: ({ technique, limit, plan: done }) =>
        told.point(`${technique}, ${limit} Gy`, done === null ? 'nothing left' : `D95 ${done.d95.toFixed(2)} Gy`),
    });
  } finally {
    await executor.close();
  }
  progress.stage(PICTURES);
  const svg = cumulativeFigure(result, `${job.patient.name}: what the prior course costs`);
  const report = { ...cumulativeReport(result), notes: patientNotes(job.patient) };
  const files = new Map<string, Uint8Array | string>([
    ['cumulative.csv', cumulativeTable(result)],
    ['cumulative.json', `${JSON.stringify(report, null, 2)}\n`],
    ['cumulative.svg', svg],
  ]);
  for (const [name, png] of await renderPictures(new Map([['cumulative', svg]]))) files.set(`${name}.png`, png);
  await writeAll(options.out, files);
  progress.end();
  print(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : `${cumulativeSummary(result)}${patientNoteLines(job.patient)}${files.size} files in ${options.out}\n`,
  );
  return 0;
}

/** `respine trade-off CASE.json --caps 20,25,30`: the best coverage under each cap of the cord; `--cumulative` over both courses. */

import { InvalidInputError } from '../core/errors.js';
import { plainText } from '../core/sentence.js';
import { writeAll } from '../node/files.js';
import { loadJob } from '../node/load-job.js';
import { renderPictures } from '../node/pictures.js';
import { startWorkerPool } from '../node/worker-pool.js';
import type { ListedConstraint } from '../plan/evaluation/constraint-list.js';
import { type TradeOffPoint, tradeOff } from '../plan/sweep/trade-off.js';
import { constraintListSentences } from '../report/constraint-list.js';
import { patientNoteLines } from '../report/patient-notes.js';
import { PICTURES, READING } from '../report/plan-progress.js';
import { tradeOffFigure, tradeOffTable } from '../report/trade-off.js';
import { cumulativeCommand } from './cumulative.js';
import { dosesOf, secondsOf } from './dose-options.js';
import { print, say } from './output.js';
import { startProgress } from './progress.js';
import { sweepStages, sweepTeller } from './sweep-progress.js';

export interface TradeOffCommandOptions {
  readonly caps?: string;
  readonly cumulative?: string;
  readonly out: string;
  readonly technique?: string;
  /** Seconds of each plan, at most. */
  readonly timeLimit?: string;
  readonly shifts: boolean;
  readonly json?: boolean;
}

/** @returns the exit code */
export async function tradeOffCommand(path: string, options: TradeOffCommandOptions): Promise<number> {
  const { caps: given, cumulative, technique } = options;
  if ((given === undefined) === (cumulative === undefined)) {
    throw new InvalidInputError(
      'trade-off: give either --caps, doses of this course, or --cumulative, limits over both courses.',
    );
  }
  if (cumulative !== undefined) {
    return cumulativeCommand(path, { ...options, cumulative, technique: technique ?? 'both' });
  }
  if (technique !== undefined || !options.shifts) {
    throw new InvalidInputError('trade-off: --technique and --no-shifts go with --cumulative; --caps plans IMRT only.');
  }
  return capsCommand(path, given!, options);
}

async function capsCommand(path: string, given: string, options: TradeOffCommandOptions): Promise<number> {
  const caps = dosesOf('--caps', given, '20,25,30');
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const progress = startProgress('trade-off');
  progress.expect(sweepStages(caps.length));
  progress.stage(READING);
  const job = await loadJob(path);
  const executor = await startWorkerPool();
  let points: TradeOffPoint[];
  let held: readonly ListedConstraint[] = [];
  const told = sweepTeller(progress, caps.length);
  try {
    points = tradeOff(job, caps, {
      executor,
      onProgress: told.onProgress,
      ...(timeLimit === undefined ? {} : { timeLimit }),
      onConstraints: (list) => {
        held = list;
      },
      onPoint: ({ cap, d95 }) => told.point(`${cap} Gy`, `D95 ${d95.toFixed(2)} Gy`),
    });
  } finally {
    await executor.close();
  }
  progress.stage(PICTURES);
  const { dose } = job.case.prescription;
  const svg = tradeOffFigure(points, `${job.patient.name}: target dose under a cap of the cord`, dose);
  const table = tradeOffTable(points);
  const files = new Map<string, Uint8Array | string>([['trade-off.csv', table]]);
  for (const [name, png] of await renderPictures(new Map([['trade-off', svg]]))) files.set(`${name}.png`, png);
  await writeAll(options.out, files);
  progress.end();
  const notes = patientNoteLines(job.patient);
  // The points are a list, which has no place for them.
  if (options.json && notes !== '') say(plainText(notes.trimEnd()));
  print(
    options.json
      ? `${JSON.stringify(points, null, 2)}\n`
      : `${[table, ...besideCaps(held), notes].join('')}${files.size} files in ${options.out}\n`,
  );
  return 0;
}

/** What held besides the caps, a line each. */
function besideCaps(held: readonly ListedConstraint[]): string[] {
  if (held.length === 0) return ['In force besides the caps: nothing.\n'];
  return ['In force besides the caps:\n', ...constraintListSentences(held).map((sentence) => `  ${sentence}\n`)];
}

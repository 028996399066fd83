/** `respine worker --queue redis://HOST`: makes plans of studies that others put on a queue. */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { InvalidInputError, shownPath } from '../core/errors.js';
import { connectQueue } from '../node/queue/connect.js';
import { serveQueue } from '../node/queue/serve-queue.js';
import { nameOfRun } from '../node/study-planner.js';
import { plansAtOnce } from '../node/study-threads.js';
import { release } from '../node/version.js';
import { countOf } from './dose-options.js';
import { print, say } from './output.js';

export interface WorkerCommandOptions {
  readonly queue: string;
  /** Plans side by side. */
  readonly concurrency?: string;
  /** Folder in place of the study's own. */
  readonly inputs?: string;
}

/** Serves until it is interrupted. @returns the exit code */
export async function workerCommand({ queue, concurrency, inputs }: WorkerCommandOptions): Promise<number> {
  const asked = concurrency === undefined ? availableParallelism() : countOf('--concurrency', concurrency);
  if (inputs !== undefined && !(await stat(inputs).catch(() => undefined))?.isDirectory()) {
    throw new InvalidInputError(
      `--inputs ${shownPath(inputs)}: there is no such folder. Give the one that has the study's files.`,
    );
  }
  const slots = plansAtOnce(asked, asked);
  const connection = await connectQueue(queue);
  const [finish, giveBack] = [new AbortController(), new AbortController()];
  process.on('SIGINT', () => {
    if (finish.signal.aborted) giveBack.abort();
    else say('respine: ends when the plans in work are made; Ctrl+C again gives them back to the queue.');
    finish.abort();
  });
  process.on('SIGTERM', () => giveBack.abort());
  print(`Worker of ${connection.place}, respine ${release}, ${slots} plans at a time. Ctrl+C ends it.\n`);
  let rows = 0;
  try {
    await serveQueue(connection, {
      slots,
      inputs,
      finish: finish.signal,
      giveBack: giveBack.signal,
      onLeft: (reason) => say(`respine: plans are left to other workers: ${reason}.`),
      onRow: ({ isFailure, cells }, { run }, seconds) => {
        rows++;
        const end = isFailure ? `failed: ${cells.at(-1)?.replace(/\.$/, '')}` : 'made';
        print(`${run.key} ${nameOfRun(run)}: ${end}, ${seconds.toFixed(1)} s\n`);
      },
    });
  } finally {
    connection.close();
    // A connection that is still sought keeps nobody.
    setTimeout(() => process.exit(), 2000).unref();
  }
  print(`${rows} rows.\n`);
  return 0;
}

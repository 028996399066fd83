/** Plans of a study side by side, each on a thread of its own. */
import { freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Study, StudyRun } from '../plan/input/study-file.js';
import { failedRow, type StudyRow } from '../report/study-table.js';
import { type PlannerOptions, runsByPatient, StudyPlanner, sharedBy } from './study-planner.js';
import { version } from './version.js';

export interface StudyThreadData extends PlannerOptions {
  readonly study: Study;
}

/** Who makes the plans of a study, one at a time. */
export interface Planner {
  row(run: StudyRun, onStage?: (stage: string) => void): Promise<StudyRow>;
  close(): Promise<void>;
}

/** Bytes that a plan takes where nothing is known of it: those of the reference case with its patient. */
const OF_A_PLAN = 1e9;

/** Bytes that may still be taken. */
const available = (): number => (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();

/** How many plans may be made side by side, for want of memory fewer than were asked for. */
export const plansAtOnce = (asked: number, runs: number): number =>
  Math.max(1, Math.min(asked, runs, Math.floor(available() / OF_A_PLAN)));

/**
 * Makes the rows of some runs, so many at a time; a thread takes runs that share a patient one after the other.
 *
 * With one at a time that is done on this thread and its pool. A thread that ends, for want of memory or by a fault, makes its run a failed
 * row and is replaced.
 *
 * @param onRun before a run; awaited
 * @param onRow after it, in the order in which they end
 * @param onStage told what begins in the plan of a run
 */
export async function planRuns(
  study: Study,
  runs: readonly StudyRun[],
  { jobs, ...options }: PlannerOptions & { readonly jobs: number },
  onRun: (run: StudyRun) => void,
  onRow: (row: StudyRow, run: StudyRun) => Promise<void>,
  onStage?: (stage: string, run: StudyRun) => void,
): Promise<void> {
  const queue = new RunQueue(runs);
  const work = async (planner: Planner): Promise<void> => {
    try {
      for (let run = queue.next(); run !== undefined; run = queue.next(run)) {
        onRun(run);
        await onRow(await planner.row(run, onStage && ((stage) => onStage(stage, run))), run);
      }
    } catch (error) {
      // No row can be kept any more: the others end with the plans that they are at.
      queue.clear();
      throw error;
    } finally {
      await planner.close();
    }
  };
  const planners =
    jobs === 1
      ? [new StudyPlanner(study, options)]
      : Array.from({ length: jobs }, () => new ThreadPlanner({ study, ...options }));
  const ended = await Promise.allSettled(planners.map(work));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Runs that are still to be made, by what they share. */
class RunQueue {
  private readonly groups: Map<string, StudyRun[]>;

  constructor(runs: readonly StudyRun[]) {
    this.groups = runsByPatient(runs);
  }

  /** The next of those that share with the last; else the first of the longest group, so that threads seldom meet in one. */
  next(last?: StudyRun): StudyRun | undefined {
    const own = last && sharedBy(last);
    const key = own !== undefined && this.groups.has(own) ? own : this.longest();
    if (key === undefined) return undefined;
    const group = this.groups.get(key)!;
    const run = group.shift();
    if (group.length === 0) this.groups.delete(key);
    return run;
  }

  private longest(): string | undefined {
    let longest: string | undefined;
    for (const [key, { length }] of this.groups) {
      if (longest === undefined || length > this.groups.get(longest)!.length) longest = key;
    }
    return longest;
  }

  clear(): void {
    this.groups.clear();
  }
}

/** A {@link StudyPlanner} on a thread, which is started with its first run and again after it has ended. */
export class ThreadPlanner implements Planner {
  private worker: Worker | undefined;

  constructor(private readonly data: StudyThreadData) {}

  row(run: StudyRun, onStage?: (stage: string) => void): Promise<StudyRow> {
    this.worker ??= new Worker(new URL('./study.worker.js', import.meta.url), {
      workerData: this.data,
      execArgv: [],
    });
    const { worker } = this;
    return new Promise((resolve) => {
      const settle = (row: StudyRow): void => {
        worker.off('message', tell).off('error', failed).off('exit', left);
        resolve(row);
      };
      const tell = (message: StudyRow | { readonly stage: string }): void => {
        if ('stage' in message) onStage?.(message.stage);
        else settle(message);
      };
      const ended = (reason: string): void => {
        this.worker = undefined;
        settle(failedRow(this.data.study, run, `the thread of this plan ended: ${reason}`, version));
      };
      const failed = (error: Error): void => ended(error.message);
      const left = (code: number): void => ended(`exit code ${code}`);
      worker.on('message', tell).on('error', failed).on('exit', left);
      worker.postMessage(run);
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }
}

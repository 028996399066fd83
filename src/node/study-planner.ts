/** One plan of a study after the other; what follows one another shares is made once. */
import { InvalidInputError, isRespineError } from '../core/errors.js';
import { grouped } from '../core/grouped.js';
import { describeValues, type Study, type StudyRun } from '../plan/input/study-file.js';
import { modelKey } from '../plan/patient/kept-model.js';
import { createJob, type PlanJob } from '../plan/patient/plan-job.js';
import { KeptWork, runPlan } from '../plan/run-plan.js';
import { failedRow, type StudyRow, studyRow } from '../report/study-table.js';
import { jobOf } from './load-job.js';
import { inputsText } from './study-inputs.js';
import { version } from './version.js';
import { startWorkerPool, type WorkerPool } from './worker-pool.js';

/** How each plan of a study is made. */
export interface PlannerOptions {
  /** Of the pool that a plan is made on. @default as many as `startWorkerPool` takes */
  readonly threads?: number | undefined;
  /** Seconds that each plan may take, > 0. @default none */
  readonly timeLimit?: number | undefined;
}

/**
 * What two runs of one key share: patient, machine and prior doses, read or built once, and, as far as nothing else differs either, the
 * patient's model.
 */
export function sharedBy({ case: planCase }: Pick<StudyRun, 'case'>): string {
  const { name, patient, machine, prior, doseGrid } = planCase;
  return JSON.stringify([name, patient, machine, prior, doseGrid]);
}

/** Runs by what they share with others, those that share a patient's model after one another; else in the order of the study. */
export function runsByPatient(runs: readonly StudyRun[]): Map<string, StudyRun[]> {
  const byModel = [...grouped(runs, (run) => modelKey(run.case)).values()].flat();
  return grouped(byModel, sharedBy);
}

/** Makes plans of a study. A row does not depend on what was planned before it. */
export class StudyPlanner {
  private pool: WorkerPool | undefined;
  private last: { readonly key: string; readonly job: PlanJob } | undefined;
  private kept = new KeptWork();

  constructor(
    private readonly study: Study,
    private readonly options: PlannerOptions = {},
  ) {}

  /**
   * The row of a run; of one that fails, for whatever reason, with the reason.
   *
   * @param onStage told what begins in its plan
   */
  async row(run: StudyRun, onStage?: (stage: string) => void): Promise<StudyRow> {
    const { study, options } = this;
    const { threads, timeLimit } = options;
    try {
      this.pool ??= await startWorkerPool(threads === undefined ? {} : { threads });
      const { plans } = runPlan(await this.jobOf(run), {
        techniques: [run.technique],
        executor: this.pool,
        kept: this.kept,
        ...(onStage && { onStage }),
        ...(timeLimit === undefined ? {} : { timeLimit }),
      });
      return studyRow(study, run, plans[0]!, version);
    } catch (error) {
      // What was started on the pool may not have been closed, and one of its threads may have ended.
      await this.close();
      const message = error instanceof Error ? error.message : String(error);
      return failedRow(study, run, isRespineError(error) ? message : `a bug, please report it: ${message}`, version);
    }
  }

  private async jobOf(run: StudyRun): Promise<PlanJob> {
    const key = sharedBy(run);
    if (this.last?.key === key) {
      const { patient, machine, prior } = this.last.job;
      return createJob({ case: run.case, patient, machine, ...(prior !== undefined && { prior }) });
    }
    // Not beside the next one.
    this.last = undefined;
    this.kept.close();
    const job = await jobOf(run.input, this.study.path);
    if (run.inputs !== undefined && run.inputs !== inputsText(job.inputs)) {
      throw new InvalidInputError(
        'its files were changed while the study ran. Put them back, then plan it again with --retry.',
      );
    }
    this.last = { key, job };
    return job;
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    this.last = undefined;
    try {
      this.kept.close();
    } catch {
      // A thread of the pool has ended: nothing is held there any more.
    }
    this.kept = new KeptWork();
    await pool?.close();
  }
}

/** What a run is called in messages. */
export const nameOfRun = ({ technique, values }: Pick<StudyRun, 'technique' | 'values'>): string =>
  `${technique}, ${describeValues(values)}`;

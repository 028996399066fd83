/**
 * A worker of a queue: takes runs, plans them on threads of its own, sends their rows.
 *
 * The thread that speaks to Redis does nothing else, so that its word that a plan is still in work comes in time; a plan whose worker is
 * silent is given to another. A worker writes no file but small inputs that it takes from the queue.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import { isRespineError } from '../../core/errors.js';
import { failedRow, type StudyRow } from '../../report/study-table.js';
import { release, version } from '../version.js';
import { FileHashes } from './case-files.js';
import { PREFIX, type QueueConnection } from './connect.js';
import { checkVersions, membersOf, selfAs, takePlace } from './membership.js';
import { type PlannerFactory, PlannerSlots } from './planner-slots.js';
import { ReceivedInputs } from './received-inputs.js';
import { type AskedRow, answerOf, QUEUE, type RowJob, runOfJob } from './row-job.js';
import { StageWords } from './told-stages.js';

export interface ServeOptions {
  /** Plans side by side, >= 1. */
  readonly slots: number;
  /** Folder that stands for that of the study here. @default the study's own, at the same path as there */
  readonly inputs?: string | undefined;
  /** Takes no more and ends when its plans are made. */
  readonly finish?: AbortSignal;
  /** Ends at once: its plans go back to the queue. */
  readonly giveBack?: AbortSignal;
  /** After each plan. */
  readonly onRow?: (row: StudyRow, asked: AskedRow, seconds: number) => void;
  /** Where a plan is left to other workers, each reason once. */
  readonly onLeft?: (reason: string) => void;
  /** ms after which a silent worker's plan is another's. @default 15000 */
  readonly lock?: number;
  /** @default a thread */
  readonly planner?: PlannerFactory;
}

/** A plan is given to so many workers that are lost under it, then it is a failure. */
const MOST_LOST = 5;
/** s for which a worker that has no files for a plan leaves the next ones to others, at most. */
const LONGEST_REST = 15;
/** ms that taking leave of a queue may take. */
const LEAVE = 2000;
/** ms between its words that it is there. */
const WORD = 5000;

/**
 * Serves until it is asked to end.
 *
 * @throws {InvalidInputError} if all submitters are of another version, or Redis is lost
 */
export async function serveQueue(connection: QueueConnection, options: ServeOptions): Promise<void> {
  await Promise.race([checkVersions(connection, 'submitter'), connection.lost]);
  const worker = new QueueWorker(connection, options);
  await worker.run();
}

class QueueWorker {
  private readonly id = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  private readonly hashes = new FileHashes();
  private readonly slots: PlannerSlots;
  private readonly received: ReceivedInputs;
  private readonly givenBack: Promise<never>;
  private worker: Worker | undefined;
  /** Plans that it had no files for, one after the other. */
  private refused = 0;
  private readonly reasons = new Set<string>();

  constructor(
    private readonly connection: QueueConnection,
    private readonly options: ServeOptions,
  ) {
    this.slots = new PlannerSlots(options.planner);
    this.received = new ReceivedInputs(connection.redis, options.slots);
    this.givenBack = rejectedBy(options.giveBack);
    this.givenBack.catch(() => undefined);
  }

  async run(): Promise<void> {
    const { connection, options, id } = this;
    const { bullmq, redis, lost } = connection;
    const { lock = 15_000 } = options;
    const place = await takePlace(connection, 'worker', id, selfAs(id, options.slots));
    const word = setInterval(() => void place?.renew().catch(() => undefined), WORD);
    const worker = new bullmq.Worker(QUEUE, (job: Job, token?: string) => this.answer(job, token), {
      connection: redis,
      prefix: PREFIX,
      concurrency: options.slots,
      lockDuration: lock,
      stalledInterval: (2 * lock) / 3,
      maxStalledCount: MOST_LOST,
      runRetryDelay: 1000,
      // Where a plan is another's by now, or Redis is away for a while: what counts is told by `lost`.
    }).on('error', () => undefined);
    this.worker = worker;
    try {
      await Promise.race([ended(options.finish), ended(options.giveBack), lost]);
      const closed = worker.close().then(() => place?.leave());
      // A Redis that is away at that moment is not waited for.
      await Promise.race([closed, lost, ended(options.giveBack).then(() => pause(LEAVE))]);
    } finally {
      clearInterval(word);
      const closed = Promise.all([this.slots.close(), worker.disconnect()]).then(() => this.received.close());
      await Promise.race([closed, pause(LEAVE)]);
    }
  }

  private async answer(job: Job, token: string | undefined): Promise<string> {
    const begun = performance.now();
    const { row, asked } = await this.rowOf(job, token);
    this.options.onRow?.(row, asked, (performance.now() - begun) / 1000);
    try {
      return answerOf(row);
    } catch (cause) {
      if (!isRespineError(cause)) throw cause;
      return answerOf(failedRow(asked.study, asked.run, cause.message, version));
    }
  }

  /** The row of a job; what is no job of a study is refused for good. */
  private async rowOf(job: Job, token: string | undefined): Promise<{ row: StudyRow; asked: AskedRow }> {
    const { UnrecoverableError } = this.connection.bullmq;
    let asked: AskedRow;
    try {
      asked = this.askedBy(job);
    } catch (cause) {
      throw isRespineError(cause) ? new UnrecoverableError(cause.message) : cause;
    }
    const found = await this.withFiles(asked);
    if (typeof found === 'string') return { row: await this.refuse(job, token, asked, found), asked };
    asked = found;
    this.refused = 0;
    const { planner, release } = await this.slots.take(asked);
    const words = new StageWords(job);
    try {
      const row = await Promise.race([planner.row(asked.run, words.onStage), this.givenBack]);
      await release(true);
      return { row, asked };
    } catch (cause) {
      await release(false);
      if (!this.options.giveBack?.aborted) throw cause;
      await job.moveToWait(token);
      throw new this.connection.bullmq.WaitingError();
    } finally {
      words.end();
    }
  }

  private askedBy({ data }: Job): AskedRow {
    const { inputs } = this.options;
    if (inputs === undefined) return runOfJob(data);
    const name = String((data as RowJob | null)?.study?.path ?? '');
    return runOfJob(data, join(inputs, basename(name)));
  }

  /**
   * What is asked for, with its files where they are: those of this machine, else those of the queue.
   *
   * @returns why this worker cannot plan it, where they are in neither
   */
  private async withFiles(asked: AskedRow): Promise<AskedRow | string> {
    const { study, files, inputs } = asked;
    const reason = await this.whyNot(files, study.path);
    if (reason === undefined) return asked;
    if (!inputs.areSent) return inputs.why === undefined ? reason : `${reason} (not on the queue: ${inputs.why})`;
    try {
      const path = await this.received.folderOf(files, study.path);
      if (path === undefined) return `${reason} (and the queue has lost it)`;
      return (await this.whyNot(files, path)) ?? { ...asked, study: { ...study, path } };
    } catch (cause) {
      if (!isRespineError(cause)) throw cause;
      return `${reason}, and what the queue has cannot be taken: ${cause.message.replace(/\.$/, '')}`;
    }
  }

  /** Which of the files are not there or not the same. */
  private async whyNot(files: AskedRow['files'], from: string): Promise<string | undefined> {
    for (const { name, sha256 } of files) {
      try {
        if ((await this.hashes.of(name, from)) !== sha256) {
          return `${name} is not what the study was begun with; give that with --inputs`;
        }
      } catch (cause) {
        if (!isRespineError(cause)) throw cause;
        return cause.message.replace(/\. Give .*$/, '');
      }
    }
    return undefined;
  }

  /** Leaves a job to other workers, or, where all that there are have refused it, fails its row. */
  private async refuse(job: Job, token: string | undefined, asked: AskedRow, reason: string): Promise<StudyRow> {
    const { id, connection } = this;
    const refusals = [...asked.refusals.filter((one) => one.id !== id), { id, reason }];
    const by = new Set(refusals.map((one) => one.id));
    const others = (await membersOf(connection, 'worker')).filter(
      (member) => member.version === release && !by.has(member.id),
    );
    if (others.length === 0) {
      const told = refusals.map((one) => `${one.id.split(':')[0]}: ${one.reason}`);
      return failedRow(asked.study, asked.run, `no worker has its files: ${told.join('; ')}`, version);
    }
    if (!this.reasons.has(reason)) this.options.onLeft?.(reason);
    this.reasons.add(reason);
    await job.updateData({ ...(job.data as RowJob), refusals });
    await job.moveToWait(token);
    await this.rest();
    throw new connection.bullmq.WaitingError();
  }

  /** Takes no plan for a while, the longer the more it has refused one after the other: others are to have them. */
  private async rest(): Promise<void> {
    const { worker } = this;
    await worker?.pause(true);
    const seconds = Math.min(LONGEST_REST, 2 ** this.refused++);
    setTimeout(() => void worker?.resume(), seconds * 1000).unref();
  }
}

const ended = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });

const rejectedBy = async (signal: AbortSignal | undefined): Promise<never> => {
  await ended(signal);
  throw new Error('given back');
};

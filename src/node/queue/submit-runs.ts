/**
 * The submitter: puts runs on the queue, some hundreds ahead of the workers, and takes their rows from it.
 *
 * What counts is the table in the folder; the queue may lose all it has at any moment. A job that is gone is put again, and a row leaves
 * the queue only once it stands in the table.
 */
import { realpath } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { InvalidInputError, isRespineError } from '../../core/errors.js';
import type { Study, StudyRun } from '../../plan/input/study-file.js';
import { failedRow, type StudyRow } from '../../report/study-table.js';
import type { RowMaker, RowMakerOptions } from '../run-study.js';
import { runsByPatient } from '../study-planner.js';
import { release, version } from '../version.js';
import { type CaseFile, FileHashes, fileNamesOf } from './case-files.js';
import { PREFIX, type QueueConnection } from './connect.js';
import { checkVersions, type Member, type Membership, membersOf, takeStudyPlace } from './membership.js';
import { jobIdOf, jobOfRun, QUEUE, rowOfAnswer, submissionOf } from './row-job.js';
import { maySend, SentInputs, type SentState, withdrawInputs } from './sent-inputs.js';
import { plansInWork, SELDOM } from './told-stages.js';

/** Put, and taken, at once. */
const BATCH = 100;
/** ms between two looks for rows, where there was none. */
const LOOK = 200;
/** ms between two counts of what is there: workers, jobs. */
const COUNT = 2000;
/** ms after which an absence of workers is told. */
const ALONE = 5000;
/** ms that taking leave of a queue may take, which may not be there any more. */
const LEAVE = 5000;
/** s after which a row that nobody has taken leaves the queue. */
const WEEK = 7 * 24 * 3600;

export interface SubmitOptions {
  /** Plans that are on the queue at a time, whatever the study has. @default four for each that workers make at a time, 64 to 1000 */
  readonly ahead?: number;
  /** Whether small inputs go over the queue; else workers read all files where they are, and none's contents lie on the Redis. @default true */
  readonly inputsOnQueue?: boolean;
  /** Ends it: what waits on the queue is taken back. */
  readonly signal?: AbortSignal;
  /** Told once: there is nobody to plan. */
  readonly onAlone?: (sentence: string) => void;
}

interface Asked {
  readonly run: StudyRun;
  readonly files: readonly CaseFile[];
  readonly inputs: SentState;
  /** Whether a worker was seen at it, and what began in its plan. */
  isBegun: boolean;
  stage?: string;
}

const NOT_ASKED: SentState = { areSent: false, why: 'the study was submitted with --no-inputs-on-queue' };
const NO_ROOM: SentState = { areSent: false, why: 'there were inputs of many other rows on the queue' };

/** Has the rows of a study made by the workers of a queue. */
export class QueueSubmitter implements RowMaker {
  /** Plans of all workers side by side, as far as they were seen. */
  jobs = 0;
  private readonly queue: Queue;
  private readonly hashes = new FileHashes();
  private readonly files = new Map<string, Pick<Asked, 'files' | 'inputs'>>();
  private readonly sent: SentInputs;
  /** On the queue, by id. */
  private readonly asked = new Map<string, Asked>();
  private submission = '';
  /** Plans that workers make at a time, as last counted. */
  private slots = 0;

  /** @param outDir of the table */
  constructor(
    private readonly connection: QueueConnection,
    private readonly outDir: string,
    private readonly options: SubmitOptions = {},
  ) {
    const { bullmq, redis } = connection;
    this.sent = new SentInputs(redis);
    this.queue = new bullmq.Queue(QUEUE, {
      connection: redis,
      prefix: PREFIX,
      streams: { events: { maxLen: BATCH } },
      defaultJobOptions: {
        attempts: 3,
        backoff: { type: 'fixed', delay: 1000 },
        removeOnComplete: { age: WEEK },
        removeOnFail: { age: WEEK },
      },
    });
    this.queue.on('error', () => undefined);
  }

  /**
   * @throws {InvalidInputError} if all workers are of another version, another submits the study into this folder, Redis is lost, or
   *   `signal` ends it
   */
  async rows(study: Study, runs: readonly StudyRun[], options: RowMakerOptions): Promise<void> {
    const { connection } = this;
    this.submission = submissionOf(study, await realpath(this.outDir), options.timeLimit);
    await this.inTime(checkVersions(connection, 'worker'));
    const place = await this.inTime(takeStudyPlace(connection, this.submission));
    try {
      await this.inTime(this.clean(true));
      await this.make(study, runs, options, place);
    } finally {
      // What is left of it by an error or Ctrl-C too: nobody waits for that.
      const left = this.clean(false).then(() => Promise.all([this.sent.clear(), place.leave()]));
      await Promise.race([left, pause(LEAVE)]).catch(() => undefined);
    }
  }

  private async make(
    study: Study,
    runs: readonly StudyRun[],
    options: RowMakerOptions,
    place: Membership,
  ): Promise<void> {
    const { timeLimit, onRow } = options;
    const open = sorted(runs).values();
    let [isAllAsked, counted, heard, alone] = [runs.length === 0, 0, 0, performance.now()];
    while (!isAllAsked || this.asked.size > 0) {
      this.checkSignal();
      const free = Math.min(BATCH, this.ahead() - this.asked.size);
      if (!isAllAsked && free > 0) isAllAsked = await this.inTime(this.put(study, open, free, timeLimit));
      if (performance.now() - counted > COUNT) {
        const workers = await this.inTime(this.count(study, timeLimit, place));
        if (workers.length > 0) alone = Number.POSITIVE_INFINITY;
        if (performance.now() - alone > ALONE) {
          alone = Number.POSITIVE_INFINITY;
          this.options.onAlone?.(
            `no worker is at ${this.connection.place} yet: respine worker --queue starts one, on this machine or another.`,
          );
        }
        counted = performance.now();
      }
      if (performance.now() - heard > SELDOM) {
        await this.inTime(this.hear(options));
        heard = performance.now();
      }
      const done = await this.inTime(this.take(study));
      await Promise.all(
        done.map(({ row, asked, job }) => {
          begin(asked, options);
          return onRow(row, asked.run, secondsOf(job));
        }),
      );
      // Now that they stand in the table.
      await this.inTime(Promise.all(done.map(({ job }) => removed(job))));
      if (done.length === 0) await pause(LOOK);
    }
  }

  /** Puts the next runs. @returns whether these were the last */
  private async put(
    study: Study,
    open: Iterator<StudyRun>,
    count: number,
    timeLimit: number | undefined,
  ): Promise<boolean> {
    const ids: string[] = [];
    while (ids.length < count) {
      const { value: run, done } = open.next();
      if (done) break;
      const { files, inputs } = await this.filesOf(study, run);
      const id = jobIdOf(this.submission, run, files);
      const isRoom = !inputs.areSent || (await this.sent.put(files, study.path));
      this.asked.set(id, { run, files, inputs: isRoom ? inputs : NO_ROOM, isBegun: false });
      ids.push(id);
    }
    await this.add(study, ids, timeLimit);
    return ids.length < count;
  }

  /** Those that are there already stay as they are. */
  private async add(study: Study, ids: readonly string[], timeLimit: number | undefined): Promise<void> {
    const folder = { ...study, path: await realpath(study.path).catch(() => study.path) };
    await this.queue.addBulk(
      ids.map((jobId) => {
        const { run, ...asked } = this.asked.get(jobId)!;
        return { name: 'row', data: jobOfRun(folder, run, asked, timeLimit), opts: { jobId } };
      }),
    );
  }

  private async filesOf(study: Study, run: StudyRun): Promise<Pick<Asked, 'files' | 'inputs'>> {
    const key = JSON.stringify(fileNamesOf(run.case));
    const known = this.files.get(key);
    if (known !== undefined) return known;
    const files: CaseFile[] = [];
    for (const name of fileNamesOf(run.case)) files.push({ name, sha256: await this.hashes.of(name, study.path) });
    const isSending = this.options.inputsOnQueue ?? true;
    // What a run that was killed has left there goes too.
    if (!isSending) await withdrawInputs(this.connection.redis, files);
    const own = { files, inputs: isSending ? await maySend(files, study.path) : NOT_ASKED };
    this.files.set(key, own);
    return own;
  }

  /** Tells what workers are at. */
  private async hear(options: RowMakerOptions): Promise<void> {
    for (const { id, stage } of await plansInWork(this.queue, this.connection.redis, this.asked)) {
      const asked = this.asked.get(id)!;
      begin(asked, options);
      if (stage === undefined || stage === asked.stage) continue;
      asked.stage = stage;
      options.onStage?.(stage, asked.run);
    }
  }

  /** Rows that are there, some at a time; what is of nobody any more goes. */
  private async take(study: Study): Promise<{ job: Job; row: StudyRow; asked: Asked }[]> {
    const ids = (await this.queue.getRanges(['completed', 'failed'], 0, -1)).filter((id) => this.isOwn(id));
    const jobs = await Promise.all(ids.slice(0, BATCH).map((id) => this.queue.getJob(id)));
    const found: { job: Job; row: StudyRow; asked: Asked }[] = [];
    for (const job of jobs) {
      if (job === undefined) continue;
      const asked = this.asked.get(job.id!);
      // Of a queue that a Redis brought back from before.
      if (asked === undefined) await removed(job);
      else {
        this.asked.delete(job.id!);
        if (asked.inputs.areSent) await this.sent.release(asked.files);
        found.push({ job, row: this.rowOf(study, asked.run, job), asked });
      }
    }
    return found;
  }

  private rowOf(study: Study, run: StudyRun, { failedReason, returnvalue }: Job): StudyRow {
    if (failedReason) {
      const reason = /stalled more than/.test(failedReason)
        ? 'the workers that planned it were lost one after the other, perhaps for want of memory'
        : failedReason;
      return failedRow(study, run, reason, version);
    }
    try {
      return rowOfAnswer(study, run, returnvalue);
    } catch (cause) {
      if (!isRespineError(cause)) throw cause;
      return failedRow(study, run, cause.message, version);
    }
  }

  /** Says that it is there, and puts again what the queue has lost. @returns the workers */
  private async count(study: Study, timeLimit: number | undefined, place: Membership): Promise<Member[]> {
    const { connection, queue, asked } = this;
    if (!(await place.renew())) {
      throw new InvalidInputError(
        `--queue ${connection.place}: another run has taken this study over. Let one of the two go on.`,
      );
    }
    const workers = (await membersOf(connection, 'worker')).filter((member) => member.version === release);
    this.slots = workers.reduce((sum, { slots }) => sum + slots, 0);
    this.jobs = Math.max(this.jobs, this.slots);
    const ids = [...asked.keys()];
    const there = await Promise.all(ids.map((id) => connection.redis.exists(queue.toKey(id))));
    const gone = ids.filter((_, i) => there[i] === 0);
    await this.sent.renew();
    if (gone.length > 0) await this.add(study, gone, timeLimit);
    return workers;
  }

  /**
   * Takes away what no worker is at: at the beginning failures of an earlier run that was killed, as they are to be planned again, and what waits where it may
   * say that its inputs are on the queue; at the end all there is.
   */
  private async clean(isBeginning: boolean): Promise<void> {
    const isFresh = isBeginning && this.options.inputsOnQueue !== false;
    const waiting = isFresh ? [] : (['wait', 'delayed'] as const);
    const states = [...waiting, 'failed', ...(isBeginning ? [] : (['completed'] as const))] as const;
    const ids = (await this.queue.getRanges([...states], 0, -1)).filter((id) => this.isOwn(id));
    if (isBeginning) {
      const made = (await this.queue.getRanges(['completed'], 0, -1)).filter((id) => this.isOwn(id));
      for (const job of await Promise.all(made.map((id) => this.queue.getJob(id)))) {
        if (job !== undefined && /"isFailure":true/.test(String(job.returnvalue))) await removed(job);
      }
    }
    await Promise.all(ids.map((id) => this.queue.remove(id)));
  }

  /** Few enough that a study that comes later is not kept waiting and Redis stays small, enough that no worker is idle. */
  private ahead(): number {
    return this.options.ahead ?? Math.min(1000, Math.max(64, 4 * this.slots));
  }

  private isOwn(id: string): boolean {
    return id.startsWith(`${this.submission}-`);
  }

  /** What a Redis answers that is not there waits for it to come back, but not for ever. */
  private async inTime<T>(answer: Promise<T>): Promise<T> {
    try {
      return await Promise.race([answer, this.connection.lost]);
    } catch (cause) {
      const { message } = cause as Error;
      if (isRespineError(cause) || !/^(OOM|MISCONF|READONLY|NOPERM)\b/.test(message)) throw cause;
      throw new InvalidInputError(
        `--queue ${this.connection.place}: Redis takes nothing more (${message.replace(/\s+/g, ' ').replace(/\.$/, '')}). Rows so far are kept; mend it and go on.`,
      );
    }
  }

  private checkSignal(): void {
    if (!this.options.signal?.aborted) return;
    throw new InvalidInputError('study: interrupted; its rows so far are kept. The same command goes on.');
  }
}

/** Runs that share a patient one after the other. */
const sorted = (runs: readonly StudyRun[]): StudyRun[] => [...runsByPatient(runs).values()].flat();

/** The plan of a run is seen to begin, once. */
function begin(asked: Asked, { onRun }: RowMakerOptions): void {
  if (!asked.isBegun) onRun(asked.run);
  asked.isBegun = true;
}

/** Seconds that a worker was at a plan, by its own clock. */
function secondsOf({ processedOn, finishedOn }: Job): number | undefined {
  const seconds = (Number(finishedOn) - Number(processedOn)) / 1000;
  return seconds >= 0 ? seconds : undefined;
}

/** One that a worker has at this moment stays; its row goes when it comes. */
const removed = (job: Job): Promise<void> => job.remove().catch(() => undefined);

/**
 * A pool of worker threads as an {@link Executor}: synchronous fork and join.
 *
 * The calling thread is thread 0 and does its own share, then sleeps until the others have answered; workers sleep between
 * requests. A fork and join costs some 0.1 ms. Node only: a browser's main thread must not sleep.
 */
import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { checkInteger } from '../core/check.js';
import { InvalidInputError, UnsupportedError } from '../core/errors.js';
import { closedError, type Executor, type JobGroup, type JobType } from '../core/executor.js';
import { SharedMemory } from '../core/shared-memory.js';
import {
  type Answer,
  ENDED,
  type Request,
  type ThreadData,
  type ThreadEnd,
  unpackError,
  type WatchData,
} from './pool-message.js';

/** How many threads, and what they can do. */
export interface WorkerPoolOptions {
  /** Threads that compute, the caller's included. @default the machine's parallelism, at most 8: as many as a plan has beams */
  readonly threads?: number;
  /** Module with further jobs for the workers: it exports `jobTypes`, a list of {@link JobType}. */
  readonly jobs?: URL;
}

const MOST_LANES = 8;

/**
 * Starts the threads and waits until they can work.
 *
 * The pool keeps no process alive; `close` ends its threads.
 *
 * @throws {InvalidInputError} if threads is not a whole number >= 1
 * @throws {UnsupportedError} if a thread cannot be started
 */
export async function startWorkerPool(options: WorkerPoolOptions = {}): Promise<WorkerPool> {
  const { threads = Math.min(MOST_LANES, availableParallelism()), jobs } = options;
  checkInteger('worker pool: threads', threads, 1);
  const counters = (): Int32Array => new Int32Array(new SharedArrayBuffer(4 * threads));
  const requests = counters();
  const answers = counters();
  const ends = new MessageChannel();
  const channels = Array.from({ length: threads - 1 }, () => new MessageChannel());
  if (threads === 1) return new WorkerPool(requests, answers, [], ends.port1, undefined);
  const data: WatchData = {
    answers,
    ends: ends.port2,
    threads: channels.map(
      ({ port2 }, c): ThreadData => ({
        thread: c + 1,
        port: port2,
        requests,
        answers,
        ...(jobs ? { jobs: jobs.href } : {}),
      }),
    ),
  };
  const watch = new Worker(new URL('./pool-watch.worker.js', import.meta.url), {
    workerData: data,
    execArgv: [],
    transferList: [ends.port2, ...channels.map(({ port2 }) => port2)],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      watch.once('message', (message: 'ready' | ThreadEnd) =>
        message === 'ready' ? resolve() : reject(new Error(message.reason)),
      );
      watch.once('error', reject);
    });
  } catch (cause) {
    await watch.terminate();
    throw new UnsupportedError(
      `worker pool: a thread did not start (${cause instanceof Error ? cause.message : String(cause)}). Use serialExecutor.`,
    );
  }
  watch.unref();
  return new WorkerPool(
    requests,
    answers,
    channels.map(({ port1 }) => port1),
    ends.port1,
    watch,
  );
}

/** A pool of worker threads, made by {@link startWorkerPool}. */
export class WorkerPool implements Executor {
  readonly threads: number;
  private readonly memory: SharedMemory;
  /** Why workers have ended, by thread. */
  private readonly reasons = new Map<number, string>();
  private nextGroup = 0;
  private isClosed = false;

  /**
   * @param requests a counter per thread, shared
   * @param answers a counter per thread, shared
   * @param ports to threads 1, 2, ...
   */
  constructor(
    private readonly requests: Int32Array,
    private readonly answers: Int32Array,
    private readonly ports: readonly MessagePort[],
    private readonly ends: MessagePort,
    private readonly watch: Worker | undefined,
  ) {
    this.threads = ports.length + 1;
    this.memory = new SharedMemory(this.threads);
  }

  /**
   * Zeros that all threads read and write.
   *
   * @param length numbers of 8 bytes
   */
  allocate(length: number): Float64Array {
    return this.memory.allocate(length);
  }

  /** The array in memory that all threads see, copied once. */
  share<T extends Float32Array | Float64Array | Int32Array>(array: T): T {
    return this.memory.share(array);
  }

  /**
   * Builds the parts of a job, one per input, on as many threads.
   *
   * @throws {InvalidInputError} if there are more inputs than threads, the pool is closed, or the workers do not know the job
   * @throws {UnsupportedError} if a worker has ended
   */
  start<Input, Command, Result>(
    type: JobType<Input, Command, Result>,
    inputs: readonly Input[],
  ): JobGroup<Command, Result> {
    const { threads } = this;
    if (inputs.length > threads) {
      throw new InvalidInputError(
        `worker pool: job "${type.name}" has ${inputs.length} inputs for ${threads} threads. Give at most one per thread.`,
      );
    }
    const group = this.nextGroup++;
    let own: ((command: Command) => Result) | undefined;
    // Never throws: after an error some threads may hold no part, and one may have ended.
    const close = (): void => {
      own = undefined;
      attempt(() =>
        this.fork(
          inputs.length,
          () => ({ kind: 'close', group }),
          () => undefined,
        ),
      );
    };
    try {
      this.fork(
        inputs.length,
        (thread) => ({ kind: 'start', group, job: type.name, input: inputs[thread] }),
        () => {
          own = inputs.length > 0 ? type.create(inputs[0]!) : undefined;
        },
      );
    } catch (error) {
      close();
      throw error;
    }
    return {
      run: (command) => {
        const part = own;
        if (part === undefined) throw closedError(type.name);
        return this.fork(
          inputs.length,
          () => ({ kind: 'run', group, command }),
          () => part(command),
        );
      },
      close,
    };
  }

  /** Ends all threads. What was started on the pool cannot be used afterwards. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.watch?.terminate();
    for (const port of [...this.ports, this.ends]) port.close();
  }

  /** Asks threads 1 .. threads - 1, does thread 0's share, waits for all; throws the first thread's error. */
  private fork<R>(threads: number, request: (thread: number) => Request, own: () => R): R[] {
    if (this.isClosed) throw new InvalidInputError('worker pool: it is closed. Start another.');
    const asked: Outcome<void>[] = [];
    for (let thread = 1; thread < threads; thread++) asked[thread] = attempt(() => this.ask(thread, request(thread)));
    const outcomes: Outcome<R>[] = [attempt(own)];
    for (let thread = 1; thread < threads; thread++) {
      const posted = asked[thread]!;
      outcomes[thread] = 'error' in posted ? posted : attempt(() => this.answerOf(thread) as R);
    }
    return outcomes.slice(0, threads).map((outcome) => {
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    });
  }

  private ask(thread: number, request: Request): void {
    this.ports[thread - 1]!.postMessage(request);
    Atomics.add(this.requests, thread, 1);
    Atomics.notify(this.requests, thread);
  }

  private answerOf(thread: number): unknown {
    const { requests, answers, ports } = this;
    for (;;) {
      const answered = Atomics.load(answers, thread);
      if (answered === ENDED) throw this.endError(thread);
      if (answered === requests[thread]) break;
      Atomics.wait(answers, thread, answered);
    }
    const { message } = receiveMessageOnPort(ports[thread - 1]!) as { message: Answer };
    if ('error' in message) throw unpackError(message.error);
    return message.result;
  }

  private endError(thread: number): UnsupportedError {
    for (let got = receiveMessageOnPort(this.ends); got; got = receiveMessageOnPort(this.ends)) {
      const end = got.message as ThreadEnd;
      this.reasons.set(end.thread, end.reason);
    }
    return new UnsupportedError(
      `worker pool: the worker of thread ${thread} has ended (${this.reasons.get(thread)}). Close this pool; start one with fewer threads, or use serialExecutor.`,
    );
  }
}

type Outcome<R> = { readonly result: R } | { readonly error: unknown };

function attempt<R>(action: () => R): Outcome<R> {
  try {
    return { result: action() };
  } catch (error) {
    return { error };
  }
}

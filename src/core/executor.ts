/**
 * Executor: who does the work. The serial one is the default everywhere; a pool of worker threads is injected.
 *
 * Work is divided by fork and join. A *job* is stateful: each thread builds its part once from plain data (structured
 * cloneable, as it may cross to another thread), keeps it, and then answers commands. Everything is synchronous: `start`
 * and `run` return when every thread is done, so that operators and solvers need not know how many threads there are.
 *
 * Whoever divides work owns this rule: the result does not depend on the number of threads, not even in the last bit. It
 * holds where every number is computed by one thread, and sums run in the same order as without threads.
 */
import { InvalidInputError } from './errors.js';

/** A kind of job. Worker threads find it by its name, so it must hold all that it needs. */
export interface JobType<Input, Command, Result> {
  readonly name: string;
  /** Builds one thread's part; what it returns answers commands. */
  create(input: Input): (command: Command) => Result;
}

/** A job that has been started: one part per thread. */
export interface JobGroup<Command, Result> {
  /**
   * Gives every part the command and waits for all.
   *
   * @returns the answers, by thread
   * @throws what a part throws: the same class and message whichever thread it ran on; if several do, the first thread's
   */
  run(command: Command): Result[];
  /** Frees what the parts hold. Never throws. */
  close(): void;
}

/** Arrays that threads may share. */
export type SharableArray = Parameters<Executor['share']>[0];

/** Who does the work: the calling thread, or the threads of a pool beside it. */
export interface Executor {
  /** Parts that run at the same time; the calling thread is one of them. */
  readonly threads: number;
  /** Zeros that all threads read and write. Two threads must not write the same element. */
  allocate(length: number): Float64Array;
  /**
   * The array in memory that all threads see: copied once however often it is asked for, or itself where there is one thread.
   *
   * @param array must not change afterwards
   */
  share<T extends Float32Array | Float64Array | Int32Array>(array: T): T;
  /**
   * Builds the parts of a job, one per input, on as many threads.
   *
   * @param inputs one to `threads`; plain data
   * @throws {InvalidInputError} if there are more inputs than threads
   * @throws what `type.create` throws
   */
  start<Input, Command, Result>(
    type: JobType<Input, Command, Result>,
    inputs: readonly Input[],
  ): JobGroup<Command, Result>;
}

/** Everything on the calling thread, one part after the other. */
export const serialExecutor: Executor = {
  threads: 1,
  allocate: (length) => new Float64Array(length),
  share: (array) => array,
  start(type, inputs) {
    let parts: ReturnType<typeof type.create>[] | undefined = inputs.map((input) => type.create(input));
    return {
      run(command) {
        if (parts === undefined) throw closedError(type.name);
        return parts.map((part) => part(command));
      },
      close() {
        parts = undefined;
      },
    };
  },
};

/** What a command to a closed group is answered with. */
export function closedError(job: string): InvalidInputError {
  return new InvalidInputError(`executor: job "${job}" is closed. Start it again.`);
}

/** Where part `thread` of `threads` nearly equal parts of 0 .. count starts and ends. */
export function rangeOfThread(thread: number, threads: number, count: number): readonly [from: number, to: number] {
  return [Math.floor((count * thread) / threads), Math.floor((count * (thread + 1)) / threads)];
}

/**
 * Workers of a page as an Executor: synchronous fork and join, as `WorkerPool` of respine/node is.
 *
 * A worker that sleeps hears no message, so requests go to threads that do not sleep, by a port, and answers come back through
 * shared memory, on which the planner sleeps. Numbers that threads compute lie in shared arrays; an answer holds but a few.
 */

import { InvalidInputError } from '../../../dist/core/errors.js';
import { closedError, type Executor, type JobGroup, type JobType } from '../../../dist/core/executor.js';
import { SharedMemory } from '../../../dist/core/shared-memory.js';
import { jobTypes } from '../../../dist/node/jobs.js';
import { type Answer, packError, type Request, unpackError } from '../../../dist/node/pool-message.js';
import { LONGEST } from './link.js';
import type { ThreadLink } from './messages.js';

/** One thread: answers what comes, and hears whatever comes next. */
export function serve({ port, state, answer }: ThreadLink): void {
  const types = new Map(jobTypes.map((type) => [type.name, type]));
  const parts = new Map<number, (command: never) => unknown>();
  const handle = (request: Request): unknown => {
    const { group } = request;
    if (request.kind === 'run') return parts.get(group)!(request.command as never);
    if (request.kind === 'close') parts.delete(group);
    else parts.set(group, types.get(request.job)!.create(request.input as never));
    return undefined;
  };
  const answerOf = (request: Request): Answer => {
    try {
      return { result: handle(request) };
    } catch (error) {
      return { error: packError(error) };
    }
  };
  port.onmessage = ({ data }: MessageEvent<Request>) => {
    let bytes = new TextEncoder().encode(JSON.stringify(answerOf(data)));
    if (bytes.length > LONGEST) {
      const error = packError(new RangeError(`a thread answers ${bytes.length} bytes, more than ${LONGEST}`));
      bytes = new TextEncoder().encode(JSON.stringify({ error }));
    }
    answer.set(bytes);
    Atomics.store(state, 1, bytes.length);
    Atomics.add(state, 0, 1);
    Atomics.notify(state, 0);
  };
}

/** The planner's side: thread 0 is the planner itself. */
export class PagePool implements Executor {
  readonly threads: number;
  private readonly memory: SharedMemory;
  private readonly asked: number[];
  private nextGroup = 0;

  constructor(private readonly links: readonly ThreadLink[]) {
    this.threads = links.length + 1;
    this.memory = new SharedMemory(this.threads);
    this.asked = links.map(() => 0);
  }

  allocate(length: number): Float64Array {
    return this.memory.allocate(length);
  }

  share<T extends Float32Array | Float64Array | Int32Array>(array: T): T {
    return this.memory.share(array);
  }

  start<Input, Command, Result>(
    type: JobType<Input, Command, Result>,
    inputs: readonly Input[],
  ): JobGroup<Command, Result> {
    const group = this.nextGroup++;
    const count = inputs.length;
    if (count > this.threads) {
      throw new InvalidInputError(`page pool: job "${type.name}" has ${count} inputs for ${this.threads} threads.`);
    }
    let own: ((command: Command) => Result) | undefined;
    const close = (): void => {
      own = undefined;
      this.fork(
        count,
        () => ({ kind: 'close', group }),
        () => undefined,
      );
    };
    try {
      this.fork(
        count,
        (thread) => ({ kind: 'start', group, job: type.name, input: inputs[thread] }),
        () => {
          own = count > 0 ? type.create(inputs[0]!) : undefined;
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
          count,
          () => ({ kind: 'run', group, command }),
          () => part(command),
        );
      },
      close,
    };
  }

  /** Asks the others, does its own share, waits for all; throws the first thread's error. */
  private fork<R>(count: number, request: (thread: number) => Request, own: () => R): R[] {
    for (let thread = 1; thread < count; thread++) {
      this.links[thread - 1]!.port.postMessage(request(thread));
      this.asked[thread - 1]!++;
    }
    const errors: unknown[] = [];
    const results: R[] = [];
    try {
      results.push(own());
    } catch (error) {
      errors.push(error);
    }
    for (let thread = 1; thread < count; thread++) {
      const answer = this.answerOf(thread);
      if ('error' in answer) errors.push(unpackError(answer.error));
      else results.push(answer.result as R);
    }
    if (errors.length > 0) throw errors[0];
    return results;
  }

  private answerOf(thread: number): Answer {
    const { state, answer } = this.links[thread - 1]!;
    for (;;) {
      const answered = Atomics.load(state, 0);
      if (answered === this.asked[thread - 1]) break;
      Atomics.wait(state, 0, answered);
    }
    // A copy: no decoder takes shared bytes.
    return JSON.parse(new TextDecoder().decode(answer.slice(0, Atomics.load(state, 1)))) as Answer;
  }
}

/** One thread of the pool: sleeps until there is a request, does it, answers, sleeps. It has no event loop to speak of. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { InvalidInputError } from '../core/errors.js';
import { type AnyJobType, jobTypes } from './jobs.js';
import { type Answer, packError, type Request, type ThreadData } from './pool-message.js';

const { thread, port, requests, answers, jobs } = workerData as ThreadData;
const types = new Map(jobTypes.map((type) => [type.name, type]));
if (jobs !== undefined) {
  const module = (await import(jobs)) as { jobTypes: readonly AnyJobType[] };
  for (const type of module.jobTypes) types.set(type.name, type);
}
const parts = new Map<number, (command: never) => unknown>();

parentPort!.postMessage(thread);
for (let done = 0; ; ) {
  // Again where the wake-up is that of a request already done: its notify may come after its answer.
  while (Atomics.load(requests, thread) === done) Atomics.wait(requests, thread, done);
  const { message } = receiveMessageOnPort(port) as { message: Request };
  try {
    port.postMessage({ result: handle(message) } satisfies Answer);
  } catch (error) {
    // From the job, or from a result that cannot be cloned.
    port.postMessage({ error: packError(error) } satisfies Answer);
  }
  Atomics.store(answers, thread, ++done);
  Atomics.notify(answers, thread);
}

function handle(request: Request): unknown {
  const { group } = request;
  if (request.kind === 'run') return parts.get(group)!(request.command as never);
  if (request.kind === 'close') {
    parts.delete(group);
    return undefined;
  }
  const type = types.get(request.job);
  if (type === undefined) {
    throw new InvalidInputError(
      `worker pool: job "${request.job}" is unknown to the workers, which know ${[...types.keys()].join(', ')}. Export it from the module that the option "jobs" names.`,
    );
  }
  parts.set(group, type.create(request.input as never));
  return undefined;
}

/**
 * The watch: a thread that starts the pool's workers and waits for their end.
 *
 * The calling thread sleeps while workers compute and hears no events, so it could never learn that one has died (of
 * memory, say). This thread only listens; it marks the end in the shared state and wakes the caller.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { ENDED, type ThreadEnd, type WatchData } from './pool-message.js';

const { threads, answers, ends } = workerData as WatchData;
let ready = 0;
for (const data of threads) {
  const { thread, port } = data;
  const worker = new Worker(new URL('./pool.worker.js', import.meta.url), {
    workerData: data,
    execArgv: [],
    transferList: [port],
  });
  let reason: string | undefined;
  worker.on('message', () => {
    if (++ready === threads.length) parentPort!.postMessage('ready');
  });
  worker.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on('exit', (code) => {
    const end: ThreadEnd = { thread, reason: reason ?? `exit code ${code}` };
    if (ready < threads.length) parentPort!.postMessage(end);
    ends.postMessage(end);
    Atomics.store(answers, thread, ENDED);
    Atomics.notify(answers, thread);
  });
}

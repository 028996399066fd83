/** The rows of a study from the workers of a queue, as `respine study --queue` asks for them. */
import { connectQueue } from '../node/queue/connect.js';
import { QueueSubmitter, type SubmitOptions } from '../node/queue/submit-runs.js';
import type { RowMaker } from '../node/run-study.js';
import { say } from './output.js';

/**
 * Does something with the workers of a queue; Ctrl+C ends it, a second one at once.
 *
 * @param url of the Redis
 * @param outDir of the table
 * @param options of the submitter
 * @throws {InvalidInputError} where the queue cannot be reached
 */
export async function withQueue<T>(
  url: string,
  outDir: string,
  options: Pick<SubmitOptions, 'inputsOnQueue'>,
  action: (maker: RowMaker) => Promise<T>,
): Promise<T> {
  const connection = await connectQueue(url);
  const end = new AbortController();
  const stop = (): void => end.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await action(
      new QueueSubmitter(connection, outDir, {
        ...options,
        signal: end.signal,
        onAlone: (sentence) => say(`respine: ${sentence}`),
      }),
    );
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    connection.close();
  }
}

/**
 * A connection to the Redis that a study's queue lies on; what speaks to it, bullmq and ioredis, is loaded only here and only when asked for.
 *
 * The first answer must come within seconds. A connection that is lost later is sought again, since a Redis may be started anew, but
 * not for ever.
 */
import type * as BullMq from 'bullmq';
import type { Redis } from 'ioredis';
import { InvalidInputError } from '../../core/errors.js';

/** Ahead of every key of ours on the Redis. */
export const PREFIX = 'respine';

/** Variable with the password of an address that has none: a command line is seen by all who are on a machine. */
const PASSWORD = 'RESPINE_QUEUE_PASSWORD';

export interface QueueConnection {
  /** Without its password, for messages. */
  readonly place: string;
  readonly redis: Redis;
  readonly bullmq: typeof BullMq;
  /** Rejects with one sentence when the Redis has not answered for too long, or takes nothing more; never resolves. */
  readonly lost: Promise<never>;
  close(): void;
}

export interface ConnectOptions {
  /** Seconds in which the first answer must come. @default 5 */
  readonly within?: number;
  /** Seconds for which a connection that was lost is sought. @default 300 */
  readonly patience?: number;
}

/**
 * @param url `redis://[:PASSWORD@]HOST[:PORT][/DB]`, or `rediss://` for TLS
 * @throws {InvalidInputError} one sentence: no such address, a package that is not installed, nothing that answers there
 */
export async function connectQueue(
  url: string,
  { within = 5, patience = 300 }: ConnectOptions = {},
): Promise<QueueConnection> {
  const place = placeOf(url);
  const { bullmq, connector } = await loadPackages();
  let failure = 'no answer';
  let isOpen = false;
  const password = new URL(url).password === '' ? process.env[PASSWORD] : undefined;
  const redis = new connector(url, {
    ...(password !== undefined && { password }),
    lazyConnect: true,
    connectTimeout: within * 1000,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isOpen ? Math.min(100 * times, 1000) : null),
  });
  redis.on('error', (cause: Error) => {
    failure = reasonOf(cause);
  });
  try {
    await inTime(
      redis.connect().then(() => redis.ping()),
      within,
    );
  } catch (cause) {
    redis.disconnect();
    const reason = isWorthy(cause) ? reasonOf(cause) : failure;
    const remedy = reason === NO_ENTRY ? `Give it in the address, or in ${PASSWORD}.` : REMEDY;
    throw new InvalidInputError(`--queue ${place}: Redis cannot be used there (${reason}). ${remedy}`);
  }
  isOpen = true;
  const lost = watch(redis, place, patience);
  return { place, redis, bullmq, lost, close: () => redis.disconnect() };
}

/** The address as it may be shown. */
function placeOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isRight = url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  if (!isRight || !/^\/?\d*$/.test(url.pathname)) {
    // Not quoted: it may hold a password.
    throw new InvalidInputError(
      '--queue: this is no address of a Redis. Write redis://HOST:6379, with a password redis://:PASSWORD@HOST, with TLS rediss://HOST.',
    );
  }
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

async function loadPackages(): Promise<{ bullmq: typeof BullMq; connector: typeof Redis }> {
  try {
    return { bullmq: await import('bullmq'), connector: (await import('ioredis')).Redis };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InvalidInputError(
      '--queue needs the packages bullmq and ioredis, which respine does not bring along. Install them: npm install bullmq ioredis',
    );
  }
}

/** Rejects once nothing has answered for `patience` seconds, counted from when the connection was lost. */
function watch(redis: Redis, place: string, patience: number): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    let timer: NodeJS.Timeout | undefined;
    redis.on('close', () => {
      timer ??= setTimeout(
        () =>
          reject(
            new InvalidInputError(
              `--queue ${place}: Redis has not answered for ${patience} s. Start it again; the same command goes on.`,
            ),
          ),
        patience * 1000,
      );
    });
    const stop = (): void => {
      clearTimeout(timer);
      timer = undefined;
    };
    redis.on('ready', stop).on('end', stop);
  });
  // Whoever waits for it hears of it.
  lost.catch(() => undefined);
  return lost;
}

async function inTime<T>(answer: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

const NO_ENTRY = 'it wants another user or password';
const REMEDY = 'Start redis-server, or give the address of one that runs.';

/** ioredis says of a connection that was refused only that it is closed; why, its error event has said. */
const isWorthy = (cause: unknown): boolean => cause instanceof Error && !/Connection is closed/.test(cause.message);

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nothing listens';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  if (/NOAUTH|WRONGPASS|invalid password/i.test(message)) return NO_ENTRY;
  if (code === 'ECONNRESET') return 'it hangs up: perhaps it wants TLS, rediss://';
  if (/Unknown RESP type|Protocol error/.test(message)) return 'what answers is no Redis';
  return message.replace(/\s+/g, ' ').replace(/\.$/, '');
}

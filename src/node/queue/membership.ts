/** Who is at a queue, workers and submitters, each for as long as it says so anew. */
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidInputError } from '../../core/errors.js';
import { isAlive } from '../folder-lock.js';
import { release } from '../version.js';
import { PREFIX, type QueueConnection } from './connect.js';

/** One process at the queue. */
export interface Member {
  /** Of this process alone. */
  readonly id: string;
  /** With its build. */
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  /** Plans of a worker side by side; of a submitter 0. */
  readonly slots: number;
}

type Kind = 'worker' | 'submitter';

/** ms for which a word holds; it is said again thrice as often. */
const HOLDS = 15_000;

export interface Membership {
  /** Says anew that it is there. @returns false where another has its place */
  renew(): Promise<boolean>;
  leave(): Promise<void>;
}

/** What this process is called. */
export const selfAs = (id: string, slots: number): Member => ({
  id,
  version: release,
  host: hostname(),
  pid: process.pid,
  slots,
});

/** A place that one process has at a time. */
const keyOf = (kind: Kind, place: string): string => `${PREFIX}:${kind}:${place}`;

/**
 * Takes a place at the queue: a worker one of its own, a submitter that of its study, which another may have.
 *
 * @returns undefined where another has it
 */
export async function takePlace(
  { redis }: QueueConnection,
  kind: Kind,
  place: string,
  self: Member,
): Promise<Membership | undefined> {
  const key = keyOf(kind, place);
  const content = JSON.stringify(self);
  const renew = async (): Promise<boolean> => {
    if ((await redis.set(key, content, 'PX', HOLDS, 'NX')) === 'OK') return true;
    if ((await redis.get(key)) !== content) return false;
    await redis.pexpire(key, HOLDS);
    return true;
  };
  if (!(await renew())) return undefined;
  const leave = async (): Promise<void> => {
    if ((await redis.get(key)) === content) await redis.del(key);
  };
  return { renew, leave };
}

/** ms for which the place of a submitter that was killed on another machine is waited for. */
const PLACE = HOLDS + 3000;

/**
 * The place of a study's submitter, also where an earlier one was killed.
 *
 * @throws {InvalidInputError} if another one lives
 */
export async function takeStudyPlace(connection: QueueConnection, submission: string): Promise<Membership> {
  const { redis } = connection;
  const self = selfAs(submission, 0);
  for (const end = performance.now() + PLACE; ; await pause(500)) {
    const place = await takePlace(connection, 'submitter', submission, self);
    if (place !== undefined) return place;
    const content = await redis.get(keyOf('submitter', submission));
    const holder = content === null ? undefined : memberOf(content);
    if (holder === undefined) continue;
    if (holder.host === hostname() && !isAlive(holder.pid)) await redis.del(keyOf('submitter', submission));
    else if (performance.now() > end) {
      throw new InvalidInputError(
        `--queue ${connection.place}: ${holder.host} (process ${holder.pid}) submits this study into this folder already. Wait for its end, or name another folder.`,
      );
    }
  }
}

/** All that are there, of whatever version. */
export async function membersOf({ redis }: QueueConnection, kind: Kind): Promise<Member[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', keyOf(kind, '*'), 'COUNT', 1000);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  if (keys.size === 0) return [];
  const contents = await redis.mget([...keys]);
  return contents.flatMap((content) => (content === null ? [] : (memberOf(content) ?? [])));
}

function memberOf(content: string): Member | undefined {
  try {
    const { id, version, host, pid, slots } = JSON.parse(content) as Member;
    return { id: String(id), version: String(version), host: String(host), pid: Number(pid), slots: Number(slots) };
  } catch {
    return undefined;
  }
}

/**
 * @throws {InvalidInputError} where all of a kind that are there are of other versions: rows of two versions make no table
 */
export async function checkVersions(connection: QueueConnection, kind: Kind): Promise<void> {
  const there = await membersOf(connection, kind);
  if (there.length === 0 || there.some((member) => member.version === release)) return;
  const [other] = there;
  throw new InvalidInputError(
    `--queue ${connection.place}: its ${kind} on ${other!.host} is respine ${other!.version}, this is ${release}. Install one build of one version on both sides.`,
  );
}

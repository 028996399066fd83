/** Processes of a test's own that stay, as workers and submitters do: what each has said, and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';

export type Started = ChildProcess & { said: string };

export class Processes {
  private readonly started: ChildProcess[] = [];

  /** @param cwd in which they run */
  constructor(private readonly cwd: string) {}

  /** Node with these arguments. */
  start(...args: string[]): Started {
    return this.startWith({}, ...args);
  }

  /** The same with variables of its environment. */
  startWith(env: Readonly<Record<string, string>>, ...args: string[]): Started {
    const child = spawn(process.execPath, args, {
      cwd: this.cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const own = Object.assign(child, { said: '' });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (own.said += data));
    this.started.push(child);
    return own;
  }

  kill(): void {
    for (const child of this.started) child.kill('SIGKILL');
  }
}

export const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve));

export async function killed(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  child.kill(signal);
  return ended(child);
}

export async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !isSo() && performance.now() < end; ) await pause(20);
  expect(isSo()).toBe(true);
}

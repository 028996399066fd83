/** The built command line as tests call it. */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built `respine`. */
export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const warmProcess = fileURLToPath(new URL('./warm-process.mjs', import.meta.url));

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run in a process that others shared. */
export interface WarmRun extends Run {
  /** CPU seconds of this run. */
  readonly cpu: number;
  /** Peak memory of the process so far, MB. */
  readonly memory: number;
}

/** Runs it in a folder, in a process of its own; never throws, because exit codes are what the tests look at. */
export const respineProcessIn =
  (cwd: string) =>
  (...args: string[]): Promise<Run> =>
    new Promise((done) => {
      execFile(process.execPath, [main, ...args], { maxBuffer: 1 << 26, cwd }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

/**
 * The same in one process that stays: what is asked is the command's answer, not that a process starts and ends. A start costs
 * more than most answers.
 */
export const respineIn =
  (cwd: string) =>
  (...args: string[]): Promise<WarmRun> =>
    runWarm(main, cwd, args);

/** A program of the built package, in that process, evaluated from its first line. */
export function runWarm(program: string, cwd: string, args: readonly string[]): Promise<WarmRun> {
  const answer = last.then(() => runNow(program, cwd, args));
  last = answer.catch(() => undefined);
  return answer;
}

/** MB; above it the next run begins in a new process. */
const MOST_MEMORY = 1000;
/** Longer than any command of a test takes, on a busy machine too. */
const LONGEST = 300_000;
/** ms after which a process that is asked nothing more ends. */
const IDLE = 30_000;
let warm: ChildProcess | undefined;
let idle: NodeJS.Timeout | undefined;
/** One run after another: they share working folder and output. */
let last: Promise<unknown> = Promise.resolve();

function runNow(program: string, cwd: string, args: readonly string[]): Promise<WarmRun> {
  clearTimeout(idle);
  warm ??= fork(warmProcess, { execArgv: [], stdio: 'ignore' });
  const child = warm;
  const release = (): void => {
    warm = undefined;
    child.disconnect();
  };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${program} ${args.join(' ').slice(0, 200)}: ${why}`));
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST);
    const end = (code: number | null, signal: string | null): void => {
      clearTimeout(timer);
      warm = undefined;
      fail(`its process ended with ${signal ?? code}.`);
    };
    child.once('exit', end);
    child.once('message', (run: WarmRun | { readonly failure: string }) => {
      clearTimeout(timer);
      child.off('exit', end);
      // Between runs it keeps nobody waiting.
      child.unref();
      child.channel!.unref();
      if ('failure' in run) {
        release();
        fail(run.failure);
      } else {
        if (run.memory > MOST_MEMORY) release();
        else idle = setTimeout(release, IDLE).unref();
        resolve(run);
      }
    });
    child.ref();
    child.channel!.ref();
    child.send({ program, cwd, args });
  });
}

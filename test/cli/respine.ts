/** The built command line as tests call it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built `respine`. */
export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it in a folder; never throws, because exit codes are what the tests look at. */
export const respineIn =
  (cwd: string) =>
  (...args: string[]): Promise<Run> =>
    new Promise((done) => {
      execFile(process.execPath, [main, ...args], { maxBuffer: 1 << 26, cwd }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

/** Programs of others that read DICOM, from Debian: dicom3tools, dcmtk, orthanc, plastimatch, python3-pydicom, python3-dicompylercore. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DicomFile } from '../../../src/io/dicom/dataset.js';

const run = promisify(execFile);

/** Debian's own; another one on the PATH has not its packages. */
const PYTHON = '/usr/bin/python3';

/** Folders that hold daemons besides those of the PATH. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

function find(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const hasModules = (): boolean => {
  const { status } = spawnSync(PYTHON, ['-c', 'import numpy, pydicom, dicompylercore'], { stdio: 'ignore' });
  return status === 0;
};

/** Where they are; what is not there is undefined. */
export const tools = {
  dciodvfy: find('dciodvfy'),
  storescu: find('storescu'),
  storescp: find('storescp'),
  orthanc: find('Orthanc'),
  plastimatch: find('plastimatch'),
  python: hasModules() ? PYTHON : undefined,
};

/** Those of the names that are not there. */
export const missingTools = (...names: readonly (keyof typeof tools)[]): string[] =>
  names.filter((name) => tools[name] === undefined);

/** @returns everything that was printed, whatever the exit code */
export async function output(tool: keyof typeof tools, args: readonly string[], cwd: string): Promise<string> {
  const options = { cwd, maxBuffer: 2 ** 26 };
  const { stdout, stderr } = await run(tools[tool]!, args, options).catch((failed) => failed);
  return `${stdout}${stderr}`;
}

/** What Python's modules make of a folder. */
export async function peersOf(folder: string, names: readonly string[]): Promise<any> {
  const script = fileURLToPath(new URL('peers.py', import.meta.url));
  const { stdout } = await run(tools.python!, [script, folder, ...names], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

export function writeInto(folder: string, files: readonly DicomFile[]): void {
  for (const { name, bytes } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

/** The data set alone: what follows the meta header. */
export function dataSetOf(bytes: Uint8Array): Buffer {
  // The first element of the header says how long the rest of it is.
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(140, true);
  return Buffer.from(bytes.subarray(144 + length));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** A server that ends with the test. */
export async function withServer<T>(
  tool: keyof typeof tools,
  args: readonly string[],
  isReady: () => Promise<unknown>,
  use: () => Promise<T>,
): Promise<T> {
  const server: ChildProcess = spawn(tools[tool]!, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    for (let tries = 0; ; tries++) {
      const found = await isReady().catch(() => undefined);
      if (found) break;
      if (tries > 150 || server.exitCode !== null) throw new Error(`${tool} does not answer`);
      await new Promise((later) => setTimeout(later, 100));
    }
    return await use();
  } finally {
    server.kill();
    await ended;
  }
}

/** A page in headless Chromium, served from memory under a policy of its own. */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** The binary that RESPINE_CHROMIUM names, else the first on the PATH. */
export function findChromium(): string | undefined {
  const named = process.env.RESPINE_CHROMIUM;
  if (named !== undefined) return named === '' ? undefined : named;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const KINDS: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', json: 'application/json' };

export interface Page {
  /** Content by name; the first is opened. */
  readonly files: ReadonlyMap<string, Uint8Array | string>;
  /** Content-Security-Policy. */
  readonly policy: string;
}

/** Opens the page and waits. @returns what it posts, by path, when it has posted to `/done` */
export async function runPage(chromium: string, { files, policy }: Page): Promise<ReadonlyMap<string, Buffer>> {
  const posted = new Map<string, Buffer>();
  const [start] = files.keys();
  const { promise: done, resolve, reject } = settled<void>();
  const server = createServer(async (request, response) => {
    const name = request.url!.slice(1);
    if (request.method === 'POST') {
      posted.set(name, await bodyOf(request));
      response.end();
      if (name === 'done') resolve();
      return;
    }
    const content = files.get(name);
    const type = KINDS[name.split('.').at(-1)!] ?? 'application/octet-stream';
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': type, 'content-security-policy': policy });
    response.end(content);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const profile = mkdtempSync(join(tmpdir(), 'respine-chromium-'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${start}`;
  // Without a port for a debugger the headless shell leaves as soon as the page is loaded.
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-port=0'];
  // A group of its own: the binary may be a script, whose end would leave the browser running.
  const browser = spawn(chromium, [...flags, `--user-data-dir=${profile}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  browser.stderr.on('data', (text) => {
    said += text;
  });
  const left = new Promise<void>((gone) => browser.on('close', () => gone()));
  browser.on('error', reject);
  browser.on('exit', (code) => reject(new Error(`${chromium} ended with ${code}: ${said.slice(-2000)}`)));
  try {
    await done;
    return posted;
  } finally {
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
    await left;
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** A promise and what settles it. */
function settled<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let [resolve, reject] = [(_: T): void => undefined, (_: Error): void => undefined];
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

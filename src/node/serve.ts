/**
 * The planner in a tab, served to this machine alone.
 *
 * All files are read at the start and handed out by their name: no request reaches the disk. The headers let a page have threads
 * that share memory (cross-origin isolation) and let it load nothing but these files, and send nothing.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { UnsupportedError } from '../core/errors.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self' blob: 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What makes a page isolated, and keeps it to itself. */
const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

interface ServedFile {
  readonly type: string;
  readonly packed: Buffer;
  readonly tag: string;
}

const built = fileURLToPath(new URL('../../dist-app/', import.meta.url));

/** By path of the URL. */
function readApp(): ReadonlyMap<string, ServedFile> {
  if (!existsSync(join(built, 'index.html'))) {
    throw new UnsupportedError('serve: the page is not built. Run `npm run app:build`.');
  }
  const files = new Map<string, ServedFile>();
  for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`;
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    files.set(`/${relative(built, path).split(sep).join('/')}`, { type, packed: gzipSync(bytes, { level: 9 }), tag });
  }
  files.set('/', files.get('/index.html')!);
  return files;
}

/** A page that is served until `close`. */
export interface ServedApp {
  readonly url: string;
  /** Lets go of the port. */
  close(): Promise<void>;
}

/**
 * Serves the page on the loopback interface.
 *
 * @param port 0 for one that is free
 * @throws {UnsupportedError} where the page is not built, or the port is taken
 */
export async function serveApp(port: number): Promise<ServedApp> {
  const files = readApp();
  const server = createServer((request, response) => answer(files, server, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another program has it' : (cause.code ?? cause.message);
      reject(new UnsupportedError(`serve: port ${port} cannot be had (${why}). Name another with --port.`));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://localhost:${portOf(server)}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function answer(
  files: ReadonlyMap<string, ServedFile>,
  server: Server,
  { method, url = '/', headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const end = (status: number, text: string): void => {
    response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${text}\n`);
  };
  const port = portOf(server);
  // A name of others that leads here is no name of this machine's.
  const isOwn = headers.host === `localhost:${port}` || headers.host === `127.0.0.1:${port}`;
  const file = files.get(url.split(/[?#]/)[0]!);
  if (!isOwn) end(403, 'not this host');
  else if (method !== 'GET' && method !== 'HEAD') end(405, 'only GET');
  else if (file === undefined) end(404, 'no such file');
  else if (headers['if-none-match'] === file.tag) {
    response.writeHead(304, HEADERS);
    response.end();
  } else {
    // Every browser takes gzip, and nobody else is served.
    const { type, packed, tag } = file;
    const own = { 'content-type': type, 'content-encoding': 'gzip', 'content-length': packed.length, etag: tag };
    response.writeHead(200, { ...HEADERS, ...own });
    response.end(method === 'HEAD' ? undefined : packed);
  }
}

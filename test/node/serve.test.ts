/** The page's server: only its own files, only for this machine, under its headers. */
import { existsSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveCommand } from '../../src/cli/serve.js';
import { type ServedApp, serveApp } from '../../src/node/serve.js';

const isBuilt = existsSync(fileURLToPath(new URL('../../dist-app/index.html', import.meta.url)));
if (!isBuilt) console.warn('skipped: the page is not built (npm run app:build), so none is served');

test('a port that is none is refused', async () => {
  await expect(serveCommand({ port: '80a' })).rejects.toThrow('serve: --port is "80a", but must be a whole number');
  await expect(serveCommand({ port: '65536' })).rejects.toThrow('from 0 to 65535');
});

describe.skipIf(!isBuilt)('serve', () => {
  let app: ServedApp;
  beforeAll(async () => {
    app = await serveApp(0);
  });
  afterAll(() => app?.close());

  /** Status and headers; the path goes out as it is. */
  const ask = (path: string, options: { method?: string; headers?: Record<string, string> } = {}) =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      const { port } = new URL(app.url);
      const asked = request({ host: '127.0.0.1', port, path, ...options }, (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }));
      });
      asked.on('error', reject);
      asked.end();
    });

  test('gives the page under headers that isolate it and let it ask nobody', async () => {
    const { status, headers } = await ask('/');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'none'");
    expect(policy).not.toContain('unsafe-inline');
    const again = await ask('/', { headers: { 'if-none-match': String(headers.etag) } });
    expect(again.status).toBe(304);
  });

  test('has no other files, no other methods, and no other name', async () => {
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/assets/../../package.json', '/index.htm', '//']) {
      expect((await ask(path)).status, path).toBe(404);
    }
    expect((await ask('/', { method: 'POST' })).status).toBe(405);
    expect((await ask('/', { headers: { host: 'elsewhere.example' } })).status).toBe(403);
  });

  test('a port that another program has is told', async () => {
    const other = createServer();
    await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
    const { port } = other.address() as AddressInfo;
    await expect(serveApp(port)).rejects.toThrow(`serve: port ${port} cannot be had (another program has it). Name`);
    await new Promise((closed) => other.close(closed));
  });
});

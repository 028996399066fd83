/** The built page in headless Chromium, served as `respine serve` serves it. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type ServedApp, serveApp } from '../../dist/node/serve.js';
import { findChromium } from '../browser/chromium.js';

export const builtPage = fileURLToPath(new URL('../../dist-app/index.html', import.meta.url));

/** Why no page is opened here; undefined where one is. */
export const whyNoPage = !existsSync(builtPage)
  ? 'the page is not built: `npm run app:build` does'
  : findChromium() === undefined
    ? 'no Chromium on the PATH or in RESPINE_CHROMIUM'
    : undefined;

/** A name that is this machine to the browser, but none that it trusts without TLS. */
const OTHER_HOST = 'plans.example';

export interface OpenedPage {
  readonly page: Page;
  /** Errors of the console, violations of the policy, requests to elsewhere. */
  readonly complaints: readonly string[];
  readonly app: ServedApp;
  close(): Promise<void>;
}

/** @param url in place of that of a server */
export async function openPage(url?: string): Promise<OpenedPage> {
  const app = await serveApp(0);
  const complaints: string[] = [];
  const browser: Browser = await chromium.launch({
    executablePath: findChromium()!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--host-resolver-rules=MAP ${OTHER_HOST} 127.0.0.1`,
    ],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, acceptDownloads: true });
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const to = request.url();
    if (!/^(data|blob):/.test(to) && !to.startsWith(new URL('./', url ?? app.url).href)) complaints.push(to);
  });
  await page.goto(url ?? app.url);
  const close = async (): Promise<void> => {
    await browser.close();
    await app.close();
  };
  return { page, complaints, app, close };
}

/** The files of the page by a server that knows nothing of it, under a name without TLS. @param missing those that it has not */
export async function serveFiles(missing: RegExp): Promise<ServedApp> {
  const types: Readonly<Record<string, string>> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
  };
  const server = createServer(({ url = '/' }, response) => {
    if (missing.test(url)) response.statusCode = 404;
    response.setHeader('content-type', types[extname(url)] ?? 'text/html');
    response.end(missing.test(url) ? '' : readFileSync(join(dirname(builtPage), url === '/' ? 'index.html' : url)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://${OTHER_HOST}:${port}/`, close };
}

/** A small case: one vertebral body, three beams, 6 mm. */
export async function fillSmallCase(page: Page): Promise<void> {
  await page.getByLabel('Target', { exact: true }).selectOption('body');
  await page.getByText('Measures of the phantom').click();
  await page.getByLabel('Length', { exact: true }).fill('90');
  await page.getByLabel('Dose grid').fill('6');
  await page.getByLabel('Delivery').selectOption('fluence');
  await page.getByLabel('Beams of IMRT').selectOption('posterior-3');
  await page.getByLabel('FCRT: conformal fields').uncheck();
  await planButton(page).and(page.locator(':enabled')).waitFor();
}

export const planButton = (page: Page) => page.getByRole('button', { name: 'Plan', exact: true });

/** Drags a folder from outside over the page and lets it fall where own CTs go, as a hand does. */
export async function dropFolder(page: Page, path: string): Promise<void> {
  const place = page.locator('.drop');
  await place.scrollIntoViewIfNeeded();
  const { x, y } = (await place.boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
  }
  await session.detach();
}

/** What a button of the files saves. */
export async function download(page: Page, button: string): Promise<string> {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ]);
  return saved.path();
}

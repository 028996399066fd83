/** CTs of one's own in the tab: many slices, compressed ones, and what plan.json tells of the files. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patientToDicom } from '../../dist/dicom.js';
import { buildPhantom, parsePhantom, runPlan } from '../../dist/index.js';
import { loadPlan } from '../../dist/node/load-plan.js';
import { doseHash } from '../../dist/node/plan-files.js';
import { jobOf } from '../../dist/node.js';
import { compressed } from './compressed.js';
import {
  builtPage,
  download,
  dropFolder,
  fillSmallCase,
  type OpenedPage,
  openPage,
  planButton,
  serveFiles,
  whyNoPage,
} from './page.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-own-ct-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const phantom = (name: string) =>
  parsePhantom(JSON.parse(readFileSync(new URL(`../../phantoms/${name}.json`, import.meta.url), 'utf8')));

function write(to: string, files: Iterable<{ readonly name: string; readonly bytes: Uint8Array }>): string {
  for (const { name, bytes } of files) {
    mkdirSync(dirname(join(folder, to, name)), { recursive: true });
    writeFileSync(join(folder, to, name), bytes);
  }
  return join(folder, to);
}

/** A thoracic phantom of so many mm, compressed. */
async function writeCompressed(to: string, mm: number): Promise<string> {
  const options = { target: 'body', parameters: { length: 88 } } as const;
  const patient = buildPhantom(phantom('spine-t8'), { spacing: [mm, mm, mm], ...options });
  return write(to, await compressed(patientToDicom(patient).files));
}

/** Keeps, in the page, of each message to a worker how many files and handles it holds, and how many answers are awaited meanwhile. */
const WATCH = `
  globalThis.handed = [];
  const Before = globalThis.Worker;
  const own = (value) => Array.isArray(value) ? value : [];
  globalThis.Worker = class extends Before {
    awaited = 0;
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => { if ('id' in data) this.awaited--; });
    }
    postMessage(message, transfer) {
      const given = own(message.request?.files);
      if (message.request?.kind === 'take') {
        handed.push({
          files: given.filter(({ file }) => file instanceof File).length,
          handles: given.filter((one) => one instanceof FileSystemHandle).length,
          awaited: this.awaited,
        });
      }
      if ('id' in message) this.awaited++;
      super.postMessage(message, transfer);
    }
  };`;

interface Handed {
  readonly files: number;
  readonly handles: number;
  readonly awaited: number;
}

describe.skipIf(whyNoPage !== undefined)("a CT of one's own", () => {
  let opened: OpenedPage;
  let page: Page;
  beforeAll(async () => {
    opened = await openPage();
    page = opened.page;
    await page.locator('.axial svg').waitFor();
    await page.getByLabel('Own CT').check();
  }, 180_000);
  afterAll(() => opened?.close());

  const ready = () => planButton(page).and(page.locator(':enabled')).waitFor();
  /** What has been handed over, once so much has: files and handles. */
  const handed = async (count: number): Promise<Handed[]> => {
    const sum = () => page.evaluate('handed.reduce((sum, { files, handles }) => sum + files + handles, 0)');
    await expect.poll(sum, { timeout: 30_000 }).toBe(count);
    return page.evaluate<Handed[]>('handed.splice(0)');
  };

  test('500 slices that are dropped or chosen are listed beside the page; a browser without handles hands over some at a time', async () => {
    const patient = buildPhantom(phantom('water-box'), { spacing: [15, 15, 0.6] });
    const slices = write('slices', patientToDicom(patient).files);
    expect(patient.hounsfield.grid.shape[0]).toBe(500);
    await page.evaluate(WATCH);
    // Nobody sits here to choose in the browser's own dialog: it gives what was dropped.
    await page.evaluate(`document.addEventListener('drop', ({ dataTransfer }) => {
      const chosen = dataTransfer.items[0].getAsFileSystemHandle();
      globalThis.showDirectoryPicker = () => chosen;
    }, { capture: true, once: true })`);
    await dropFolder(page, slices);
    const asHandle = [{ files: 0, handles: 1, awaited: 0 }];
    expect(await handed(1)).toEqual(asHandle);
    await ready();
    const label = await page.locator('.axial canvas').getAttribute('aria-label');
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    expect(await handed(1)).toEqual(asHandle);
    await ready();

    await page.evaluate('delete DataTransferItem.prototype.getAsFileSystemHandle');
    await dropFolder(page, slices);
    for (const { files, awaited } of await handed(501)) expect([files <= 50, awaited]).toEqual([true, 0]);
    await ready();
    expect(await page.locator('.axial canvas').getAttribute('aria-label')).toBe(label);
  }, 120_000);

  test('is read compressed as Node reads it, bit for bit, and plan.json tells the hashes of its files as Node does', async () => {
    const ct = await writeCompressed('packed', 8);
    await page.getByLabel('Folder of the CT').setInputFiles(ct);
    await ready();
    expect(await page.locator('.problem').count()).toBe(0);
    await page.getByLabel('Dose grid').fill('10');
    await page.getByLabel('Delivery').selectOption('fluence');
    await page.getByLabel('Beams of IMRT').selectOption('posterior-3');
    await page.getByLabel('FCRT: conformal fields').uncheck();
    await planButton(page).click();
    await page.locator('.verdicts').waitFor();
    const saved = unzipSync(readFileSync(await download(page, 'Everything, .zip')));
    write(
      '.',
      Object.entries(saved).map(([name, bytes]) => ({ name, bytes })),
    );
    const told = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'));
    const asked = JSON.parse(readFileSync(join(folder, 'CASE.json'), 'utf8'));
    const job = await jobOf(asked, join(folder, 'CASE.json'));
    expect(Object.keys(job.inputs)).toEqual(['case', 'machine', 'ct', 'structures']);
    expect(told.inputs).toEqual(job.inputs);
    if (process.versions.v8.startsWith('11.')) {
      const own = runPlan(job, { techniques: ['imrt'] });
      expect(told.plans[0].dose.sha256).toBe(doseHash(own.plans[0]!.plan.dose));
    }
    // Which reads every input anew and holds its hash against that in plan.json.
    expect((await loadPlan(join(folder, 'plan.json'))).records.length).toBe(1);
    expect(opened.complaints).toEqual([]);
  }, 120_000);
});

describe.skipIf(whyNoPage !== undefined)('the files of the page without `respine serve`', () => {
  test('from a folder: a compressed CT is dropped and read', async () => {
    const ct = await writeCompressed('dropped', 12);
    const { page, complaints, close } = await openPage(pathToFileURL(builtPage).href);
    try {
      await page.getByLabel('Own CT').check();
      await dropFolder(page, ct);
      await planButton(page).and(page.locator(':enabled')).waitFor();
      await page.locator('.axial svg path').first().waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await close();
    }
  }, 120_000);

  test('from any server of files, without TLS: one thread plans with the hashes of Node; a decoder that is not there is told', async () => {
    const files = await serveFiles(/decoder-charls/);
    const { page, complaints, close } = await openPage(files.url);
    try {
      await page.locator('.axial svg').waitFor();
      expect(await page.evaluate('[isSecureContext, typeof crypto.subtle]')).toEqual([false, 'undefined']);
      await fillSmallCase(page);
      await page.getByLabel('Dose grid').fill('10');
      await planButton(page).and(page.locator(':enabled')).waitFor();
      await planButton(page).click();
      await page.locator('.verdicts').waitFor();
      const told = JSON.parse(readFileSync(await download(page, 'plan.json'), 'utf8'));
      const asked = JSON.parse(readFileSync(await download(page, 'CASE.json'), 'utf8'));
      expect(told.inputs).toEqual((await jobOf(asked)).inputs);
      expect(complaints).toEqual([]);

      await page.getByLabel('Own CT').check();
      await dropFolder(page, await writeCompressed('gone', 12));
      const sentence =
        /^This CT is compressed, and the page's file with the decoder charls could not be loaded\. Reload/;
      await page.locator('.problem').getByText(sentence).waitFor();
    } finally {
      await close();
      await files.close();
    }
  }, 120_000);

  test('weigh at most 0.5 MB packed before a CT needs a decoder, and 1.5 MB with all of them', () => {
    const html = readFileSync(builtPage, 'utf8');
    const first = [...html.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path]) => join(dirname(builtPage), path!));
    const packed = (paths: readonly string[]): number =>
      paths.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
    expect(first.length).toBe(2);
    // 0.453 MB; the decoders of three packages are 0.374 MB more, and each is loaded only where a file is so compressed.
    expect(packed([builtPage, ...first])).toBeLessThan(500_000);
    const assets = join(dirname(builtPage), 'assets');
    const all = readdirSync(assets).map((name) => join(assets, name));
    expect(all.length).toBe(5);
    expect(packed([builtPage, ...all])).toBeLessThan(1_500_000);
  });
});

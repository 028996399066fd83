/** The planner in a tab, in headless Chromium: what it computes is what Node computes, and what it is given is told. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decode } from 'fast-png';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeDicom, patientFromDicom, patientToDicom, readRtDose } from '../../dist/dicom.js';
import { buildPhantom, type PlanningResult, parsePhantom, planPictures, runPlan } from '../../dist/index.js';
import { decodeNrrd } from '../../dist/io/nrrd.js';
import { doseHash, planFiles } from '../../dist/node/plan-files.js';
import { reportFile } from '../../dist/node/report-file.js';
import { sha256OfJson } from '../../dist/node/sha256.js';
import { jobOf, version } from '../../dist/node.js';
import { bytesOf } from '../../dist/report/dicom-export.js';
import { planReport } from '../../dist/report/plan-report.js';
import { hasShared, shared } from '../shared.js';
import {
  builtPage,
  download,
  dropFolder,
  fillSmallCase,
  type OpenedPage,
  openPage,
  planButton,
  whyNoPage,
} from './page.js';

if (whyNoPage !== undefined) console.warn(`skipped: ${whyNoPage}, so no page plans`);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'respine-app-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rules that are broken, of those that keep somebody from using the page. */
async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as any).axe.run();
    return violations.map((v: any) => `${v.impact}: ${v.id}: ${v.nodes[0].html.slice(0, 200)}`);
  });
  return found.filter((line: string) => /^(serious|critical)/.test(line));
}

const spine = JSON.parse(readFileSync(new URL('../../phantoms/spine-t8.json', import.meta.url), 'utf8'));

/** Another engine than that of Node 20 rounds Math.exp its own way. */
const isNode20 = process.versions.v8.startsWith('11.');

/** A phantom as DICOM, in a folder of its own. */
function writePhantom(name: string, length: number): string {
  const patient = buildPhantom(parsePhantom(spine), { spacing: [8, 8, 8], target: 'body', parameters: { length } });
  const to = join(folder, name);
  for (const { name: path, bytes } of patientToDicom(patient).files) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), bytes);
  }
  return to;
}

describe.skipIf(whyNoPage !== undefined)('the page', () => {
  let opened: OpenedPage;
  let page: Page;
  beforeAll(async () => {
    opened = await openPage();
    page = opened.page;
    await page.locator('.axial svg').waitFor();
  }, 180_000);
  afterAll(() => opened?.close());

  /** What Node plans of the case that the page has planned, and tells of it. */
  let result: PlanningResult;
  let told: Record<string, any>;

  const problem = () => page.locator('.problem');

  test('is isolated, and serious rules of accessibility hold before there is a plan', async () => {
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    expect(await seriousViolations(page)).toEqual([]);
  });

  test('is cancelled, says that it was closed while planning, and plans then what Node plans, number by number', async () => {
    // So fine, and with segments, that no plan is ready before it is cancelled.
    await fillSmallCase(page);
    await page.getByLabel('Dose grid').fill('3');
    await page.getByLabel('Delivery').selectOption('step-and-shoot');
    await planButton(page).and(page.locator(':enabled')).hover();
    const stood = await planButton(page).boundingBox();
    // The second of two clicks takes nothing back.
    await planButton(page).dblclick();
    const cancel = page.getByRole('button', { name: 'Cancel' });
    await page.locator('progress:not([value="0"])').waitFor();
    expect(await cancel.boundingBox()).toEqual(stood);
    await page
      .locator('.left')
      .getByText(/^\d+ %, about \d+ (s|min) left/)
      .waitFor();
    expect(await cancel.boundingBox()).toEqual(stood);
    await cancel.click();
    await planButton(page).and(page.locator(':enabled')).waitFor();
    expect(await page.locator('.verdicts').count()).toBe(0);

    await page.getByLabel('Dose grid').fill('6');
    await page.getByLabel('Delivery').selectOption('fluence');
    await planButton(page).click();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    page.once('dialog', (dialog) => dialog.accept());
    await page.reload();
    expect(await problem().textContent()).toContain('was still being computed when this tab was closed');
    expect(await page.getByLabel('Dose grid').inputValue()).toBe('6');

    await planButton(page).and(page.locator(':enabled')).waitFor();
    await planButton(page).click();
    await page.locator('.verdicts').waitFor();
    expect(await problem().count()).toBe(0);
    const there = readFileSync(await download(page, 'plan.json'), 'utf8');
    const asked = JSON.parse(readFileSync(await download(page, 'CASE.json'), 'utf8'));
    const job = await jobOf(asked);
    result = runPlan(job, { techniques: ['imrt'] });
    const { files, remake } = await planFiles(result, folder);
    const report = planReport(result, { version, inputs: { ...job.inputs, case: sha256OfJson(result.case) }, remake });
    told = { ...report };
    report['files'] = [...files.keys(), 'plan.json'];
    const [own, its] = [JSON.parse(JSON.stringify(report)), JSON.parse(there)];
    // The dose by its SHA-256, the certificate to its last digit.
    if (isNode20) expect(its).toEqual(own);
    else expect(Math.abs(its.plans[0].certificate.value / own.plans[0].certificate.value - 1)).toBeLessThan(0.02);
  }, 240_000);

  test('shows what came of it: slices that move, volumes that are read, no serious breach', async () => {
    const label = page.locator('.axial canvas');
    const before = await label.getAttribute('aria-label');
    await page.getByLabel('axial slice').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => label.getAttribute('aria-label')).not.toBe(before);
    expect(await page.locator('.axial svg path').count()).toBeGreaterThan(5);
    const read = page.locator('.dvh tbody tr').first().locator('td').first();
    await page.getByLabel('Read at').fill('0');
    expect(await read.textContent()).toBe('100.0 %');
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);

  test('saves the report that Node makes, which opens by itself and has the verdict', async () => {
    const own = readFileSync(await download(page, 'Report, HTML'), 'utf8');
    if (isNode20) expect(own === (await reportFile(result, told))).toBe(true);
    const path = join(folder, 'report.html');
    writeFileSync(path, own);
    const report = await page.context().browser()!.newPage();
    const complaints: string[] = [];
    report.on('console', (message) => complaints.push(message.text()));
    report.on('pageerror', (error) => complaints.push(String(error)));
    await report.goto(pathToFileURL(path).href);
    const verdict = await page.locator('.verdict strong').textContent();
    expect(verdict).toMatch(/^(PASS|FAIL)/);
    expect(await report.locator('#verdict').textContent()).toContain(verdict);
    expect(complaints).toEqual([]);
    await report.close();
  }, 60_000);

  test('saves doses, DICOM and pictures, each whole', async () => {
    const unzipped = async (button: string): Promise<Map<string, Uint8Array>> =>
      new Map(Object.entries(unzipSync(readFileSync(await download(page, button)))));
    const { plan } = result.plans[0]!;
    const nrrd = await unzipped('Doses, NRRD');
    const { data } = await decodeNrrd(nrrd.get('dose_imrt.nrrd')!);
    expect(data.length).toBe(plan.dose.data.length);
    if (isNode20) expect(Buffer.compare(bytesOf({ data }), bytesOf(plan.dose))).toBe(0);

    const dicom = await unzipped('DICOM');
    const files = [...dicom].map(([name, bytes]) => ({ name, bytes }));
    const slices = files.filter(({ name }) => name.startsWith('CT/'));
    const read = patientFromDicom(await decodeDicom(slices), { name: 'RS.dcm', bytes: dicom.get('RS.dcm')! });
    expect(read.structures.map(({ name }) => name)).toContain('SpinalCord');
    const { dose } = readRtDose({ name: 'RD_imrt.dcm', bytes: dicom.get('RD_imrt.dcm')! });
    const most = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, b), 0);
    expect(most(dose.data)).toBeCloseTo(most(plan.dose.data), isNode20 ? 3 : 0);
    for (const [name, bytes] of dicom) {
      mkdirSync(dirname(join(folder, 'saved', name)), { recursive: true });
      writeFileSync(join(folder, 'saved', name), bytes);
    }

    const pictures = await unzipped('Pictures, PNG');
    expect([...pictures.keys()]).toEqual([...planPictures(result).keys()].map((name) => `${name}.png`));
    for (const [name, bytes] of pictures) {
      const { width, height, data: pixels } = decode(bytes);
      const some = Array.from({ length: 3000 }, (_, i) => pixels[Math.floor((i / 3000) * pixels.length)]);
      expect([name, Math.min(width, height) > 500, new Set(some).size > 5]).toEqual([name, true, true]);
    }
    expect(await problem().count()).toBe(0);
  }, 120_000);

  test('plans on a CT whose folder is dropped, after the dose that lies with it', async () => {
    await page.getByLabel('Own CT').check();
    expect(await page.locator('.verdicts').count()).toBe(0);
    // What was saved, whole: the doses of both courses and their sum.
    await dropFolder(page, join(folder, 'saved'));
    await problem()
      .getByText(/^There are 3 RTDOSE files \("saved\/RD_/)
      .waitFor();
    for (const name of ['RD_prior.dcm', 'RD_cumulative_eqd2_imrt.dcm']) rmSync(join(folder, 'saved', name));
    await dropFolder(page, join(folder, 'saved'));
    await planButton(page).and(page.locator(':enabled')).waitFor();
    expect(await problem().count()).toBe(0);
    expect(await page.getByLabel('Given before').inputValue()).toBe('file');
    await page.getByLabel('Dose grid').fill('10');
    await planButton(page).click();
    await page.locator('.verdicts').waitFor();
    const asked = JSON.parse(readFileSync(await download(page, 'CASE.json'), 'utf8'));
    expect(asked.patient).toEqual({ ct: 'saved/CT', structures: 'saved/RS.dcm' });
    expect(asked.prior.file).toBe('saved/RD_imrt.dcm');
    const { plans, inputs } = JSON.parse(readFileSync(await download(page, 'plan.json'), 'utf8'));
    const job = await jobOf(asked, join(folder, 'CASE.json'));
    expect(Object.keys(job.inputs)).toEqual(['case', 'machine', 'ct', 'structures', 'prior']);
    expect(inputs).toEqual(job.inputs);
    const own = runPlan(job, { techniques: ['imrt'] });
    if (isNode20) expect(plans[0].dose.sha256).toBe(doseHash(own.plans[0]!.plan.dose));
    // Up to the dose of the course before.
    expect(plans[0].retreatment.cumulativeNearMax).toBeGreaterThan(30);

    // A dose that lies with the CT and is not asked for is no part of the plan.
    await page.getByLabel('Given before').selectOption('none');
    await planButton(page).click();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    await planButton(page).waitFor();
    expect(await problem().count()).toBe(0);
    const without = JSON.parse(readFileSync(await download(page, 'plan.json'), 'utf8'));
    const asIfAlone = await jobOf({ ...asked, prior: null }, join(folder, 'CASE.json'));
    expect(without.inputs).toEqual(asIfAlone.inputs);
  }, 120_000);

  test('reads a CT folder; what is wrong with files it says in one sentence', async () => {
    await page.getByLabel('Own CT').check();
    const give = (paths: string[] | string): Promise<void> =>
      page.getByLabel(typeof paths === 'string' ? 'Folder of the CT' : 'Files of the CT').setInputFiles(paths);
    const said = async (paths: string[] | string, part: RegExp): Promise<void> => {
      await give(paths);
      await problem().getByText(part).waitFor();
      expect((await problem().textContent())!.length).toBeLessThanOrEqual(400);
    };
    const phantom = writePhantom('phantom', 88);
    await give(phantom);
    await page.locator('.axial svg').waitFor();
    expect(await page.getByLabel('Target', { exact: true }).inputValue()).toBe('PTV_3960');
    expect(await page.getByLabel('Cord', { exact: true }).inputValue()).toBe('SpinalCord');

    const note = join(folder, 'note.txt');
    writeFileSync(note, 'no CT');
    await said([note], /There is no CT among "note\.txt", and no DICOM at all\. Drop the folder/);
    const large = join(folder, 'large.dcm');
    writeFileSync(large, '');
    truncateSync(large, 4e9);
    await said([large], /"large\.dcm" has 4\.0 GB, more than the 1\.0 GB/);
    rmSync(large);
    const other = writePhantom('other', 72);
    const ct = (of: string): string[] => Array.from({ length: 8 }, (_, i) => join(of, `CT/CT_00${i + 1}.dcm`));
    await said(ct(phantom), /no RTSTRUCT among these files/);
    await said([...ct(phantom), join(other, 'RS.dcm')], /frame of reference/);
  }, 120_000);

  test.skipIf(!hasShared)(
    'reads a real CT where it lies',
    async () => {
      await page.getByLabel('Folder of the CT').setInputFiles(shared('patients/thorax-a'));
      await page.getByRole('checkbox', { name: 'Lung_L' }).waitFor();
      expect(await page.getByLabel('Target', { exact: true }).inputValue()).toBe('PTV_3960');
      expect(await page.locator('.axial canvas').getAttribute('aria-label')).toContain('z = ');
    },
    120_000,
  );

  test('complains of nothing, breaks no policy, and asks for nothing from elsewhere', () => {
    expect(opened.complaints).toEqual([]);
  });
});

describe.skipIf(whyNoPage !== undefined)('the files of the page', () => {
  test('open from a folder too, on one thread', async () => {
    const { page, complaints, close } = await openPage(pathToFileURL(builtPage).href);
    try {
      await page.locator('.axial svg').waitFor();
      expect(await page.locator('footer').textContent()).toContain('on 1 thread;');
      expect(complaints).toEqual([]);
    } finally {
      await close();
    }
  }, 120_000);
});

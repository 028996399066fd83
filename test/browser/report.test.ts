/** The report of a plan: its policy, its figures against plan.json and dvh.csv, and what it does in Chromium. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toDigits } from '../../src/core/rounding.js';
import { valueAt } from '../../src/geometry/resample.js';
import { decodeNrrd } from '../../src/io/nrrd.js';
import {
  askedConstraints,
  prioritySection,
  robustSection,
  targetsSection,
} from '../../src/report/html/asked-sections.js';
import { html, scriptJson } from '../../src/report/html/markup.js';
import type { ViewData } from '../../src/report/html/view-types.js';
import { leanPhantom } from '../cli/lean-phantom.js';
import { respineIn } from '../cli/respine.js';
import { findChromium } from './chromium.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-report-'));
const at = (...path: string[]): string => join(folder, ...path);
const respine = respineIn(folder);
/** Of others: what a page must show and never run. */
const NAME = '</script><script>alert(1)</script><!-- "&\'';
const PART = 'Oesophagus<script>alert(2)';

let page = '';
let json: any;
beforeAll(async () => {
  const parts = leanPhantom.parts.map((part: { name: string }) =>
    part.name === 'Esophagus' ? { ...part, name: PART } : part,
  );
  writeFileSync(at('mine.json'), JSON.stringify({ ...leanPhantom, parts }));
  const beams = [{ gantry: 150 }, { gantry: 210 }];
  const asked = {
    name: NAME,
    patient: { phantom: 'mine.json', target: 'body' },
    doseGrid: { spacing: [10, 10, 10], planning: 100 },
    prior: { dose: 30, fractions: 10, months: 12 },
    imrt: { delivery: 'fluence', beams, beamlet: 14 },
    fcrt: { beams },
    goals: ['SpinalCord Max <= 29.8Gy', 'PTV_3960 V95% >= 90%'],
  };
  writeFileSync(at('case.json'), JSON.stringify(asked));
  const more = ['--report', '--sensitivity', '--grid-check'];
  const made = await respine('plan', 'case.json', '--out', 'out', '--no-pictures', ...more);
  expect([made.code, made.stderr]).toEqual([0, '']);
  page = readFileSync(at('out/report.html'), 'utf8');
  json = JSON.parse(readFileSync(at('out/plan.json'), 'utf8'));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
/** Attributes and text of elements, as a browser reads them: a script ends at the first end tag, whatever is in it. */
const elements = (name: string): { attributes: string; text: string }[] =>
  [...page.matchAll(new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}>`, 'gi'))].map(([, attributes, text]) => ({
    attributes: attributes!,
    text: text!,
  }));
const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

describe('the file', () => {
  test('runs one script and one style, which its policy names by their hashes, and reaches nothing', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    const running = elements('script').filter(({ attributes }) => !/type="application\//.test(attributes));
    const styles = elements('style');
    expect([running.length, styles.length]).toEqual([1, 1]);
    expect(policy?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(running[0]!.text)}`,
      `style-src ${hashOf(styles[0]!.text)}`,
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
    ]);
    // The policy stands before all that it is for.
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style'));
    const tags = [
      ...page.replaceAll(/<script\b[\s\S]*?<\/script>|<style>[\s\S]*?<\/style>/g, '').matchAll(/<[a-z][^>]*>/g),
    ];
    expect(tags.length).toBeGreaterThan(500);
    for (const [tag] of tags) expect(tag).not.toMatch(/\s(src|style|on\w+|href="(?!#)|action|srcset|data)=/i);
    expect(page).not.toMatch(/@import|url\(|<(iframe|object|embed|link|base)\b/i);
  });

  test('shows names of others, and runs nothing of them', () => {
    const [data] = elements('script').filter(({ attributes }) => attributes.includes('id="data"'));
    const view = JSON.parse(data!.text) as ViewData;
    expect(view.structures.map(({ name }) => name)).toContain(PART);
    expect(page).not.toContain('<script>alert');
    expect(unescaped(page.match(/<h1>(.*?)<\/h1>/)![1]!)).toBe(`${NAME}: FCRT and IMRT`);
    expect(html`<i title="${'"><b>'}">${['<', html`<b>&amp;</b>`]}${undefined}${false}</i>`.text).toBe(
      '<i title="&quot;&gt;&lt;b&gt;">&lt;<b>&amp;</b></i>',
    );
    expect(JSON.parse(scriptJson({ a: NAME }).text)).toEqual({ a: NAME });
    expect(scriptJson({ a: NAME }).text).not.toContain('<');
  });

  test('every figure is one of plan.json, shown as it is rounded', () => {
    const numbers = new Set<number>();
    JSON.stringify(json, (_, value) => (typeof value === 'number' ? numbers.add(value) && value : value));
    const shown = [...page.matchAll(/<data value="([^"]*)">([^<]*)<\/data>/g)];
    expect(shown.length).toBeGreaterThan(200);
    for (const [, value, text] of shown) {
      expect(numbers, `${value} is in plan.json`).toContain(Number(value));
      const was = Number(value);
      const asItIs = was.toFixed(/\.(\d+)$/.exec(text!)?.[1]?.length ?? 0);
      const asPercent = [String(toDigits(100 * was, 3)), (100 * was).toPrecision(2)];
      expect([asItIs, ...asPercent], `${text} for ${value}`).toContain(text);
    }
    for (const { goals, retreatment, structures } of json.plans) {
      for (const { value } of goals) expect(page).toContain(`<data value="${value}">${value.toFixed(2)}</data>`);
      expect(page).toContain(`<data value="${retreatment.maximum.cumulative}">`);
      expect(unescaped(page)).toContain(retreatment.sentence);
      for (const { metrics } of structures) {
        for (const value of Object.values(metrics)) expect(page).toContain(`<data value="${value}">`);
      }
    }
    for (const sentence of [...json.assumptions, ...json.notes]) expect(unescaped(page)).toContain(sentence);
    for (const hash of [...Object.values<string>(json.inputs), json.plans[0].dose.sha256]) expect(page).toContain(hash);
    expect(json.files).toContain('report.html');
  });

  test('other dose models and the finer grid are told of every plan, as they were asked for', () => {
    const sections = new Map(
      [...page.matchAll(/<section id="(\w+)"[\s\S]*?<\/section>/g)].map(([text, id]) => [id!, unescaped(text)]),
    );
    for (const { technique, modelSensitivity, gridCheck } of json.plans) {
      const label = technique.toUpperCase();
      const models = sections.get('models')!;
      expect(models).toContain(`${label}, planned with density scaling: the same fluence and monitor units`);
      for (const { structures } of modelSensitivity.models) {
        const cord = structures.find(({ name }: { name: string }) => name === json.cord);
        expect(models).toContain(`<data value="${cord.metrics['Max[Gy]']}">`);
      }
      const grid = sections.get('grid')!;
      expect(grid).toContain(
        `${label}: the same fluence at ${gridCheck.points} points around target and cord, 1 mm apart`,
      );
      for (const { structure, metric, recomputed } of gridCheck.metrics) {
        expect(grid).toContain(`${structure} ${metric.split('[')[0]}</th>`);
        expect(grid).toContain(`<data value="${recomputed}">`);
      }
    }
    expect([...sections.keys()]).toEqual(expect.not.arrayContaining(['targets', 'priorities', 'robust']));
  });

  test('targets, priorities and robustness are told where a plan has them, and nothing is where it has not', () => {
    const [fcrt, imrt] = json.plans;
    const shifted = (cordMax: number) => ({ cordMax, cordNearMax: 27, targetD95: 36, targetV95: 91, capMargin: 1 });
    const plan = {
      ...json,
      plans: [
        { ...fcrt, targets: [{ structure: PART, dose: 44, to: 'D50', reached: 39.5, percent: 89.77, isOff: true }] },
        {
          ...imrt,
          targets: [{ structure: PART, dose: 44, to: 'D50', reached: 43.8, percent: 99.55, isOff: false }],
          robust: {
            sentence: 'Robust <against> shifts.',
            notes: ['A note.'],
            scenarios: [
              { shift: [0, 0, 0], ...shifted(28) },
              { shift: [0, -2.5, 0], ...shifted(29.5) },
            ],
            worst: shifted(29.7),
            nominalPlan: { scenarios: [shifted(28.5), shifted(31.5)], worst: shifted(32.5) },
            ball: { worst: { shift: [1, 1, 1], ...shifted(29.7) }, nominalWorst: shifted(32.5) },
          },
          priorities: [
            {
              list: 1,
              status: 'missed',
              goals: [
                {
                  goal: 'Heart Mean',
                  reported: { value: 3.2, unit: 'Gy', result: 'least', errorBound: 0.01 },
                  optimised: { trades: [{ of: 'cord', cost: 0.4 }] },
                },
                { goal: 'PTV D95% >= 92%', reported: { value: null, unit: '%', result: 'not evaluable' } },
              ],
            },
          ],
        },
      ],
    };
    const own = { constraint: 'Heart Mean <= 3Gy', unit: 'Gy', result: 'pass', errorBound: 0.1 };
    const asked = askedConstraints([
      {
        ...fcrt,
        asked: [{ ...own, value: null, result: 'not evaluable', reason: 'No <dose>.', force: 'soft', price: null }],
      },
      { ...imrt, asked: [{ ...own, value: 2.96, force: 'hard', price: 54.25 }] },
    ])!.text;
    for (const said of [
      'Heart Mean &lt;= 3Gy',
      'No &lt;dose&gt;.',
      '2.96</data> ±0.10',
      'hard; one Gy buys up to',
      '54.25<',
    ])
      expect(asked).toContain(said);
    expect(askedConstraints(json.plans)).toBeUndefined();
    const targets = targetsSection(plan)!.text;
    expect(targets).toContain('43.80</data> Gy');
    expect(targets).toContain('<data value="89.77">89.8</data> %: off');
    expect(targets).not.toContain('<script');
    const robust = robustSection(plan)!.text;
    expect(robust).toContain('Robust &lt;against&gt; shifts.');
    for (const said of [
      '>none<',
      '>0, -2.5, 0<',
      'in any direction: 1, 1, 1',
      '29.50</data>',
      '31.50</data>',
      '32.50</data>',
    ])
      expect(robust).toContain(said);
    const priorities = prioritySection(plan)!.text;
    for (const said of ['missed, proven to be out of reach', '0.40</data> Gy of the cord', 'not evaluable', '±0.01'])
      expect(priorities).toContain(said);
    expect([targetsSection, robustSection, prioritySection].map((sectionOf) => sectionOf(json))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('verdict and goals come first, and weigh is what is drawn', () => {
    const ids = [...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id);
    expect(ids.slice(0, 5)).toEqual(['verdict', 'comparison', 'retreatment', 'planes', 'dvh']);
    expect(page.length).toBeLessThan(1e6);
  });
});

describe('respine report', () => {
  test('makes the same bytes of plan.json, and of its folder', { timeout: 200_000 }, async () => {
    const run = await respine('report', 'out', '--out', 'again.html');
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toMatch(
      /FCRT and IMRT: the dose is that of out\/plan\.json, bit for bit\.\nagain\.html: 0\.\d MB/,
    );
    expect(readFileSync(at('again.html'), 'utf8') === page).toBe(true);
  });

  test.each([
    ['a plan that is not there', ['nowhere'], /nowhere cannot be read \(no such file/],
    [
      'what is no plan',
      ['case.json'],
      /case\.json: is no plan\.json that a plan can be made from \(software: is missing/,
    ],
    ['a folder without one', ['empty'], /empty\/plan\.json cannot be read \(no such file/],
    [
      'the name of no page',
      ['out', '--out', 'out/plan.json'],
      /--out out\/plan\.json is no name of a page\. End it in \.html/,
    ],
    ['a folder in its place', ['out', '--out', 'taken.html'], /taken\.html is a folder/],
    [
      'where nothing can be written',
      ['out', '--out', 'case.json/report.html'],
      /case\.json is a file, but a folder is needed/,
    ],
    ['fields that are missing', ['bare'], /fluence_fcrt\.json cannot be read \(no such file/],
  ])('%s is told in one sentence, and nothing is written', { timeout: 120_000 }, async (_, args, said) => {
    for (const name of ['empty', 'taken.html', 'bare']) mkdirSync(at(name), { recursive: true });
    writeFileSync(at('bare/plan.json'), JSON.stringify({ ...json, remake: { ...json.remake, folder: '..' } }));
    const run = await respine('report', ...args);
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(said);
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(run.stderr.length).toBeLessThanOrEqual(420);
    expect([...readdirSync(at('empty')), ...readdirSync(at('bare'))]).toEqual(['plan.json']);
  });

  test('a plan of another version whose dose is not made again is told', { timeout: 200_000 }, async () => {
    const [{ dose, ...fcrt }] = json.plans;
    const plans = [{ ...fcrt, dose: { ...dose, sha256: '0'.repeat(64) } }];
    const other = JSON.stringify({ ...json, software: 'respine 0.0.1', plans });
    writeFileSync(at('out/other.json'), other);
    const run = await respine('report', 'out/other.json', '--out', 'other.html');
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(
      /FCRT: the dose is not bit for bit that of out\/other\.json, which respine 0\.0\.1 made; .*Make the report with that version/,
    );
    expect(readdirSync(folder)).not.toContain('other.html');
  });
});

const found = findChromium();
if (found === undefined)
  console.warn('skipped: no Chromium on the PATH or in RESPINE_CHROMIUM, so no report is opened');

describe.skipIf(found === undefined)('in Chromium', { timeout: 180_000 }, () => {
  let browser: Browser;
  let open: Page;
  const told: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: found!,
      args: ['--no-sandbox', '--disable-gpu'],
      timeout: 120_000,
    });
    open = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
    open.setDefaultTimeout(60_000);
    open.on('console', (message) => told.push(message.text()));
    open.on('pageerror', (error) => told.push(error.message));
    open.on('request', (request) => told.push(request.url()));
    await open.goto(pathToFileURL(at('out/report.html')).href);
    await open.waitForSelector('html.drawn');
  }, 180_000);
  afterAll(() => browser?.close());

  /** What a canvas shows, as a hash; and whether any pixel of it has a colour. */
  const seen = (plane: string): Promise<{ hash: number; isColoured: boolean }> =>
    open.evaluate((id) => {
      const canvas = (globalThis as any).document.getElementById(id);
      const copy = new (globalThis as any).OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d', { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let [hash, isColoured] = [0, false];
      for (let i = 0; i < data.length; i += 4) {
        hash = (Math.imul(hash, 31) + data[i] + 7 * data[i + 1] + 3 * data[i + 2]) | 0;
        isColoured ||= data[i] !== data[i + 1] || data[i] !== data[i + 2];
      }
      return { hash, isColoured };
    }, plane);
  const textOf = async (id: string): Promise<string> => (await open.locator(`#${id}`).textContent())!;
  /** The page draws before its next frame. */
  const settled = (): Promise<unknown> =>
    open.evaluate(() => new Promise((done) => (globalThis as any).requestAnimationFrame(() => setTimeout(done))));
  const csv = (): string[][] =>
    readFileSync(at('out/dvh.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));

  test('a wheel over an image, its slider and its keys change the slice, and that alone', async () => {
    const place = async (): Promise<number> => Number(/z = (-?[\d.]+) mm/.exec(await textOf('axial-at'))![1]);
    const [first, before, others] = [await place(), await seen('axial'), await textOf('sagittal-at')];
    await open.locator('#axial').hover({ position: { x: 20, y: 20 } });
    await open.mouse.wheel(0, -100);
    await settled();
    const second = await place();
    expect(second).toBeGreaterThan(first);
    expect((await seen('axial')).hash).not.toBe(before.hash);
    expect(await textOf('sagittal-at')).toBe(others);
    await open.locator('#axial').press('PageDown');
    expect(await place()).toBe(first);
    await open.locator('#axial-slice').press('ArrowRight');
    expect(await place()).toBe(second);
    await open.locator('#axial-slice').press('ArrowLeft');
    await settled();
    expect(await seen('axial')).toEqual(before);
    await open.locator('#axial').press('ArrowLeft');
    expect(await textOf('sagittal-at')).not.toBe(others);
    await open.locator('#axial').press('ArrowRight');
    expect(await textOf('sagittal-at')).toBe(others);
  });

  test('what is told of a place is the dose of the plan', async () => {
    const box = (await open.locator('#sagittal').boundingBox())!;
    for (const [x, y] of [
      [0.5, 0.5],
      [0.61, 0.47],
    ] as const) {
      await open.mouse.click(box.x + x * box.width, box.y + y * box.height);
      // Coordinates with one decimal are not quite the place: on one of the CT's voxels they are.
      for (const plane of ['axial', 'sagittal', 'coronal'] as const) {
        await open.locator(`#${plane}-slice`).press('ArrowRight');
      }
      const text = await textOf('place');
      const point = /x, y, z (\S+), (\S+), (\S+) mm/.exec(text)!.slice(1).map(Number) as [number, number, number];
      for (const technique of ['fcrt', 'imrt']) {
        const shown = Number(new RegExp(`${technique.toUpperCase()} ([\\d.]+) Gy`).exec(text)![1]);
        const read = await decodeNrrd(readFileSync(at(`out/dose_${technique}.nrrd`)));
        const dose = { ...read, kind: 'dose' as const };
        expect(Math.abs(shown - valueAt(dose, ...point)!), `${technique} at ${point}`).toBeLessThan(0.0101);
      }
    }
  });

  test('wash, isodoses, structures, technique and window are shown and hidden', async () => {
    const change = async (id: string, act: () => Promise<unknown>): Promise<void> => {
      const before = await seen('axial');
      await act();
      await settled();
      expect((await seen('axial')).hash, id).not.toBe(before.hash);
    };
    const start = await seen('axial');
    await change('technique', () => open.locator('#technique-0').check());
    await change('wash', () => open.locator('#show-wash').uncheck());
    await change('isodoses', () => open.locator('#show-isodoses').uncheck());
    expect((await seen('axial')).isColoured).toBe(true);
    await change('one structure', () =>
      open
        .locator('#show-structure-0')
        .focus()
        .then(() => open.keyboard.press('Space')),
    );
    await change('no structure', () => open.locator('#show-none').click());
    expect(await seen('axial')).toMatchObject({ isColoured: false });
    await change('window', () => open.getByLabel('lung').check());
    await open.getByLabel('spine (100/900)').check();
    await open.locator('#show-all').click();
    for (const id of ['show-wash', 'show-isodoses', 'technique-1']) await open.locator(`#${id}`).check();
    await settled();
    expect(await seen('axial')).toEqual(start);
  });

  test('under the pointer, and by keys, the DVHs read rows of dvh.csv', async () => {
    const rows = csv();
    /** The row that is told, as dvh.csv has it. */
    const read = async (): Promise<string[]> => {
      const [, structure, technique, percent, volume, dose] =
        /^(.*), (\w+): ([\d.]+) % = ([\d.]+) cc get at least ([\d.]+) Gy$/.exec(await textOf('dvh-reading'))!;
      return [technique!.toLowerCase(), structure!, dose!, volume!, percent!];
    };
    const data = JSON.parse(await textOf('data')) as ViewData;
    await open.locator('#dvh-plot').scrollIntoViewIfNeeded();
    const box = (await open.locator('#dvh-plot svg').boundingBox())!;
    const scale = box.width / 920;
    const { frame, curves } = data;
    for (const [c, row] of [
      [curves.findIndex((own) => own.structure === 'SpinalCord' && own.technique === 'imrt'), 60],
      [curves.findIndex((own) => own.structure === 'PTV_3960' && own.technique === 'fcrt'), 195],
    ] as const) {
      const { dose, percent } = curves[c]!;
      const x = frame.left + (dose[row]! / frame.maxDose) * frame.width;
      const y = frame.top + (1 - percent[row]! / frame.maxPercent) * frame.height;
      await open.mouse.move(box.x + scale * x, box.y + scale * y);
      const now = await read();
      expect(rows).toContainEqual(now);
      expect(Math.hypot(Number(now[2]) - dose[row]!, Number(now[4]) - percent[row]!)).toBeLessThan(1);
    }
    const before = await read();
    await open.locator('#dvh-plot').press('ArrowLeft');
    const along = await read();
    expect(along.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(rows[rows.findIndex((own) => own.join() === along.join()) + 1]).toEqual(before);
    await open.locator('#dvh-plot').press('ArrowDown');
    expect(rows).toContainEqual(await read());
    expect((await read()).slice(0, 2)).not.toEqual(before.slice(0, 2));
    // What is hidden is not read.
    await open.locator('#dvh-technique-fcrt').uncheck();
    for (let i = 0; i < curves.length; i++) {
      await open.locator('#dvh-plot').press('ArrowDown');
      expect((await read())[0]).toBe('imrt');
    }
    await open.locator('#dvh-technique-fcrt').check();
  });

  test('who cannot see or point is served: axe finds nothing serious', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await open.evaluate(axe);
    // Parts of a picture are not looked at one by one: it is named as a whole.
    const { violations } = await open.evaluate(() => (globalThis as any).axe.run({ exclude: ['.beams svg *'] }));
    const grave = violations.filter(({ impact }: { impact: string }) => impact !== 'minor' && impact !== 'moderate');
    expect(grave.map(({ id, nodes }: any) => `${id}: ${nodes[0].html}`)).toEqual([]);
  });

  test('nothing was asked of a network, nothing complained, nothing of the names ran', () => {
    expect(told).toEqual([pathToFileURL(at('out/report.html')).href]);
  });
});

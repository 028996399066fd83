/**
 * The planner in a tab, measured against Node, and its pictures for docs/app.md.
 *
 *     npm run bench:app [-- time cancel leak slices pictures]
 *
 * The page must be built (`npm run app:build`), and a Chromium on the PATH or in RESPINE_CHROMIUM.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildPhantom, parsePhantom } from 'respine';
import { patientToDicom } from 'respine/dicom';

const root = new URL('../', import.meta.url);
const { serveApp } = (await import(new URL('dist/node/serve.js', root).href)) as {
  serveApp(port: number): Promise<{ readonly url: string; close(): Promise<void> }>;
};
const named = process.argv.slice(2);
const wants = (what: string): boolean => named.length === 0 || named.includes(what);
const binary = [process.env.RESPINE_CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);
if (binary === undefined) throw new Error('no Chromium: name one in RESPINE_CHROMIUM');

const folder = mkdtempSync(join(tmpdir(), 'respine-bench-app-'));
const app = await serveApp(0);
const browser: Browser = await chromium.launch({ executablePath: binary, args: ['--no-sandbox', '--disable-gpu'] });

async function openPage(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.setDefaultTimeout(600_000);
  await page.goto(app.url);
  await page.locator('.axial svg').waitFor();
  return page;
}

const plan = (page: Page) => page.getByRole('button', { name: 'Plan', exact: true });
const isReady = (page: Page): Promise<void> => plan(page).and(page.locator(':enabled')).waitFor();

/** Seconds on the clock, and of all cores together. */
interface Time {
  readonly clock: number;
  readonly cpu: number;
}

async function browserCpu(): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** From the click to the verdict, its dose drawn. */
async function planned(page: Page): Promise<Time> {
  await isReady(page);
  const before = await browserCpu();
  const begun = performance.now();
  await plan(page).click();
  await page.locator('.cancel').waitFor();
  await page.locator('.cancel').waitFor({ state: 'detached' });
  await page.locator('.planes').getByText('95', { exact: true }).first().waitFor();
  const clock = (performance.now() - begun) / 1000;
  return { clock, cpu: (await browserCpu()) - before };
}

/** The same case in a process of its own, from its start to the result. */
function plannedInNode(delivery: string): Time {
  const script = `
    import { runPlan } from 'respine';
    import { jobOf, startWorkerPool } from 'respine/node';
    const spacing = [3, 3, 3];
    const job = await jobOf({
      patient: { phantom: 'spine-t8', target: 'horseshoe', side: 'left' }, doseGrid: { spacing },
      fcrt: { beams: 'posterior-9' }, imrt: { beams: 'posterior-9', delivery: '${delivery}' } });
    const executor = await startWorkerPool({ threads: ${availableParallelism()} });
    runPlan(job, { executor });
    await executor.close();
    const { user, system } = process.cpuUsage();
    console.log((user + system) / 1e6);`;
  const begun = performance.now();
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: fileURLToPath(root) });
  return { clock: (performance.now() - begun) / 1000, cpu: Number(said.toString()) };
}

if (wants('time')) {
  for (const delivery of ['fluence', 'step-and-shoot'] as const) {
    const page = await openPage();
    await page.getByLabel('Delivery').selectOption(delivery);
    const pairs = [];
    for (let run = 0; run < 2; run++) pairs.push([await planned(page), plannedInNode(delivery)] as const);
    const ratios = pairs.map(([tab, node]) =>
      (['clock', 'cpu'] as const)
        .map(
          (of) => `${of} ${tab[of].toFixed(1)} s against ${node[of].toFixed(1)} s (${(tab[of] / node[of]).toFixed(2)})`,
        )
        .join(', '),
    );
    console.log(
      `reference case at 3 mm, ${delivery}, ${availableParallelism()} threads, tab against Node: ${ratios.join('; ')}`,
    );
    await page.close();
  }
}

if (wants('cancel')) {
  const page = await openPage();
  const times = [];
  for (const stage of ['structures and voxels', 'fcrt: apertures', 'fcrt: dose', 'imrt: beamlets', 'imrt: fluence']) {
    await isReady(page);
    // Nobody plans anew at once: a click that soon is the second of a double click, which does nothing.
    await page.waitForTimeout(1000);
    await plan(page).click();
    await page.locator('.status').getByText(stage).waitFor({ timeout: 60_000 });
    times.push(
      await page.evaluate<number>(`(async () => {
        const begun = performance.now();
        document.querySelector('.cancel').click();
        while (document.querySelector('.cancel') !== null) await new Promise((next) => setTimeout(next, 1));
        return performance.now() - begun;
      })()`),
    );
  }
  console.log(`cancelled in five stages: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  await page.close();
}

/** MB that all renderers hold. */
async function residentMemory(): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const kilobytes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  await session.detach();
  return kilobytes.reduce((sum, kB) => sum + kB, 0) / 1000;
}

if (wants('leak')) {
  const page = await openPage();
  await page.getByLabel('Dose grid').fill('4');
  await page.getByLabel('Delivery').selectOption('fluence');
  await page.waitForTimeout(1000);
  const held = [await residentMemory()];
  for (let run = 0; run < 5; run++) {
    await planned(page);
    await page.waitForTimeout(3000);
    held.push(await residentMemory());
  }
  console.log(`memory before, and after each of five plans at 4 mm: ${held.map((mb) => mb.toFixed(0)).join(', ')} MB`);
  await page.close();
}

/** A CT of 500 slices with its structures. */
function writeSlices(): string {
  const water = parsePhantom(JSON.parse(readFileSync(new URL('phantoms/water-box.json', root), 'utf8')));
  const patient = buildPhantom(water, { spacing: [1.3, 1.3, 0.6] });
  const to = join(folder, 'slices');
  for (const { name, bytes } of patientToDicom(patient).files) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
  const [nz, ny, nx] = patient.hounsfield.grid.shape;
  console.log(`a CT of ${nx} x ${ny} x ${nz} voxels`);
  return to;
}

/** Drags a folder from outside over the page and lets it fall where own CTs go. */
async function drop(page: Page, path: string): Promise<void> {
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

/** A task of the main thread: its begin, and ms on the clock and of the processor. */
interface Task {
  readonly begun: number;
  readonly clock: number;
  readonly cpu: number;
}

/** Tasks of the page's main thread of 50 ms or more on the clock, and when the browser handed files over, by a trace. */
function tasksOf(trace: Buffer): { readonly tasks: Task[]; readonly handedOver: number } {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: Record<string, any>[] };
  const mark = traceEvents.find(({ name }) => name === 'handed over')!;
  const isOurs = ({ pid, tid, name }: Record<string, any>): boolean =>
    pid === mark.pid && tid === mark.tid && name === 'ThreadControllerImpl::RunTask';
  const tasks = traceEvents
    .filter((event) => isOurs(event) && event.dur >= 50_000)
    .map(({ ts, dur, tdur }) => ({ begun: ts, clock: dur / 1000, cpu: tdur / 1000 }));
  return { tasks, handedOver: mark.ts };
}

/** Long tasks on the main thread while a folder is handed over, read and shown, and its slices are moved through. */
async function readSlices(how: 'dropped' | 'dropped, without handles' | 'by the input', to: string): Promise<void> {
  const page = await openPage();
  await page.getByLabel('Own CT').check();
  await page.waitForTimeout(2000);
  if (how !== 'dropped') await page.evaluate('delete DataTransferItem.prototype.getAsFileSystemHandle');
  await page.evaluate(`for (const event of ['change', 'drop'])
    document.addEventListener(event, () => performance.mark('handed over'), { capture: true, once: true });`);
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
  const begun = performance.now();
  if (how === 'by the input') await page.getByLabel('Folder of the CT').setInputFiles(to);
  else await drop(page, to);
  await page.locator('.axial svg').waitFor();
  const seconds = (performance.now() - begun) / 1000;
  for (let press = 0; press < 30; press++) await page.getByLabel('axial slice').press('ArrowRight');
  await page.waitForTimeout(1000);
  const { tasks, handedOver } = tasksOf(await browser.stopTracing());
  const told = (of: readonly Task[]): string =>
    of.length === 0
      ? 'none'
      : of.map(({ clock, cpu }) => `${clock.toFixed(0)} ms (${cpu.toFixed(0)} of the processor)`).join(', ');
  // The task in which it happens is the browser's, up to there.
  const [before, after] = [tasks.filter((t) => t.begun <= handedOver), tasks.filter((t) => t.begun > handedOver)];
  console.log(
    `${how}: read and shown in ${seconds.toFixed(1)} s; tasks of 50 ms or more on the main thread: ${told(after)}; up to the one in which the browser hands the files over: ${told(before)}`,
  );
  await page.close();
}

if (wants('slices')) {
  const to = writeSlices();
  for (const how of ['dropped', 'dropped, without handles', 'by the input'] as const) await readSlices(how, to);
}

/** The report that is saved, as whoever gets it opens it. */
async function shootReport(page: Page): Promise<void> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Report, HTML' }).click(),
  ]);
  const path = join(folder, 'report.html');
  await download.saveAs(path);
  const report = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await report.goto(pathToFileURL(path).href);
  await report.screenshot({ path: fileURLToPath(new URL('docs/app/7-report.png', root)) });
  await report.close();
}

if (wants('pictures')) {
  const page = await openPage();
  const shoot = async (name: string, at?: string): Promise<void> => {
    if (at === undefined) await page.evaluate('scrollTo(0, 0)');
    else await page.locator(at).evaluate((element) => element.scrollIntoView({ block: 'start' }));
    await page.waitForTimeout(1500);
    await page.screenshot({
      path: fileURLToPath(new URL(`docs/app/${name}.png`, root)),
    });
  };
  await shoot('1-patient');
  await plan(page).click();
  await page.locator('.status').getByText('imrt: leaf ends').waitFor();
  await shoot('2-planning');
  await page.locator('.verdicts').waitFor();
  await shoot('3-result');
  await shoot('4-dvh', '[aria-labelledby=dvh-title]');
  await shootReport(page);
  await page.getByLabel('Cord, at most').fill('26');
  await planned(page);
  await shoot('5-again');
  await page.getByLabel('Own CT').check();
  const patient = buildPhantom(parsePhantom(JSON.parse(readFileSync(new URL('phantoms/spine-l3.json', root), 'utf8'))));
  const to = join(folder, 'CT');
  for (const { name, bytes } of patientToDicom(patient).files) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
  await page.getByLabel('Folder of the CT').setInputFiles(to);
  await page.locator('.axial svg').waitFor();
  await shoot('6-ct');
  await page.close();
}

await browser.close();
await app.close();
rmSync(folder, { recursive: true, force: true });

/** Where a Content-Security-Policy forbids eval, respine plans and draws as anywhere else: in Node under that ban, and in Chromium. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { decode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findChromium, runPage } from './chromium.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const { resolve } = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'respine-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Drawn {
  readonly names: readonly string[];
  readonly figures: readonly number[];
  readonly isEvalAllowed: boolean;
}
let drawn: Drawn;
const picture = join(folder, 'node.png');

// The flag makes eval and new Function throw in this process, WebAssembly still compiles: the policy, without a browser.
beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disallow-code-generation-from-strings',
    here('draw-node.mjs'),
    picture,
  ]);
  drawn = JSON.parse(stdout);
}, 180_000);

test('Node that may not compile code from a text plans and draws', () => {
  expect(drawn.isEvalAllowed, 'or nothing is shown').toBe(false);
  expect(drawn.names).toEqual(expect.arrayContaining(['axial_fcrt', 'dvh', 'field_fcrt_01']));
  const { width, height, data } = decode(readFileSync(picture));
  expect([width, height, new Set(new Uint32Array(data.buffer.slice(0))).size > 500]).toEqual([1204, 559, true]);
});

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here('page.mjs')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

// As docs/library.md says: else zod tries once whether code may be compiled, and the policy's log holds that.
const QUIET = '<script src="quiet.js"></script>';

async function pageFiles(): Promise<Map<string, Uint8Array | string>> {
  return new Map<string, Uint8Array | string>([
    ['index.html', `<!doctype html><meta charset="utf-8">${QUIET}<script type="module" src="page.js"></script>`],
    ['quiet.js', 'globalThis.__zod_globalConfig = { jitless: true };'],
    ['page.js', await bundlePage()],
    ['phantom.json', readFileSync(here('../../phantoms/spine-t8.json'))],
    ['resvg.wasm', readFileSync(resolve('@resvg/resvg-wasm/index_bg.wasm'))],
    ['regular.ttf', readFileSync(resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))],
    ['bold.ttf', readFileSync(resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'))],
  ]);
}

const chromium = findChromium();
if (chromium === undefined)
  console.warn('skipped: no Chromium on the PATH or in RESPINE_CHROMIUM, so no page under a policy is opened');

test.skipIf(chromium === undefined)(
  "a page under script-src 'self' 'wasm-unsafe-eval' shows the same plan",
  { timeout: 240_000 },
  async () => {
    const policy =
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src blob:; base-uri 'none'";
    const posted = await runPage(chromium!, { files: await pageFiles(), policy });
    const { shown, violations, error, ...rest } = JSON.parse(posted.get('done')!.toString());
    expect(error).toBeUndefined();
    expect(violations, 'nothing tries what is forbidden').toEqual([]);
    // Another release of the engine rounds Math.pow and the like its own way: measured 1e-12, and no pixel.
    const { figures, ...same } = drawn;
    expect(rest).toMatchObject(same);
    for (const [f, figure] of figures.entries()) expect(Math.abs(rest.figures[f] / figure - 1)).toBeLessThan(1e-9);
    expect([shown.width, shown.height]).toEqual([1204, 559]);
    expect(shown.painted).toBeGreaterThan(0.5 * 920 * 559);
    const [there, inNode] = [decode(posted.get('picture')!).data, decode(readFileSync(picture)).data];
    expect(there.length).toBe(inNode.length);
    expect(there.filter((value, at) => value !== inNode[at]).length / inNode.length).toBeLessThan(1e-3);
  },
);

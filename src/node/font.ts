/**
 * The rasteriser with its WebAssembly and fonts, read from the installed packages.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createRasterizer, type Rasterizer } from '../render/rasterize.js';
import { compileBriefly } from './brief-wasm.js';

const require = createRequire(import.meta.url);

/** Bytes of DejaVu Sans, regular and bold. */
export async function loadFonts(): Promise<Uint8Array[]> {
  const files = ['dejavu-fonts-ttf/ttf/DejaVuSans.ttf', 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'];
  return Promise.all(files.map(async (file) => new Uint8Array(await readFile(require.resolve(file)))));
}

let shared: Promise<Rasterizer> | undefined;

/** The rasteriser, loaded once per process. */
export function loadRasterizer(): Promise<Rasterizer> {
  shared ??= load();
  return shared;
}

async function load(): Promise<Rasterizer> {
  const [wasm, fonts] = await Promise.all([readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')), loadFonts()]);
  return createRasterizer({ wasm: compileBriefly(wasm), fonts });
}

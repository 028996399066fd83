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
  return withoutHttp(() => createRasterizer({ wasm: compileBriefly(wasm), fonts }));
}

/**
 * resvg asks of its WebAssembly whether it is a Request or a Response, and Node loads its HTTP client for that question:
 * 35 ms. Where nobody in the process has used one yet, the next one who asks is told that there is none.
 */
async function withoutHttp<T>(work: () => Promise<T>): Promise<T> {
  const restored = ['Request', 'Response'].map(answerOnceWithNone);
  try {
    return await work();
  } finally {
    for (const restore of restored) restore();
  }
}

function answerOnceWithNone(name: string): () => void {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  if (own?.get === undefined || own.configurable !== true) return () => undefined;
  const none: PropertyDescriptor = {
    configurable: true,
    get() {
      restore();
      return undefined;
    },
  };
  const restore = (): void => {
    if (Object.getOwnPropertyDescriptor(globalThis, name)?.get === none.get)
      Object.defineProperty(globalThis, name, own);
  };
  Object.defineProperty(globalThis, name, none);
  return restore;
}

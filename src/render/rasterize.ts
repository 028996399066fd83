/**
 * SVG to pixels, by the WebAssembly build of resvg with fonts that are handed in: no system font, no browser, and so
 * the same pixels on every machine.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { composeLayers } from './compose.js';
import { type Drawing, vectorSvg } from './drawing.js';
import { FONT } from './figure.js';
import type { RasterImage } from './png.js';
import { initWasm, Resvg } from './resvg.js';

/** Turns figures into pixels. */
export interface Rasterizer {
  /**
   * @param figure a drawing, or an SVG document with its own background; transparent black where it has none
   * @param scale  pixels per SVG unit. @default 1
   * @returns 8 bits each of RGB for a drawing, of RGBA for a document
   * @throws {InvalidInputError} if the SVG does not parse or the scale is not in (0, 8]
   */
  rasterize(figure: string | Drawing, scale?: number): RasterImage;
}

type WasmSource = ArrayBuffer | Uint8Array | WebAssembly.Module;

export interface RasterizerParts {
  /** Bytes of `index_bg.wasm` of @resvg/resvg-wasm, or the module compiled from them. */
  readonly wasm: WasmSource | Promise<WasmSource>;
  /** Font files: DejaVu Sans regular and bold. */
  readonly fonts: readonly Uint8Array[];
}

// resvg keeps one WebAssembly instance per process and refuses to be initialised twice.
let ready: Promise<void> | undefined;

/** @throws {InvalidInputError} if there is no font or the WebAssembly does not load */
export async function createRasterizer(parts: RasterizerParts): Promise<Rasterizer> {
  if (parts.fonts.length === 0) {
    throw new InvalidInputError(
      'rasterizer: no font is given, so no text would be drawn. Pass DejaVuSans.ttf and DejaVuSans-Bold.ttf.',
    );
  }
  ready ??= start(parts.wasm);
  try {
    await ready;
  } catch (error) {
    ready = undefined;
    throw new InvalidInputError(
      `rasterizer: the WebAssembly of resvg does not load (${(error as Error).message}). Pass the bytes of index_bg.wasm 2.6.2.`,
    );
  }
  const fontBuffers = [...parts.fonts];
  return {
    rasterize(figure, scale = 1) {
      checkPositive('rasterize: scale', scale);
      if (scale > 8) throw new InvalidInputError(`rasterize: scale is ${scale}, but must be at most 8.`);
      const render = (svg: string): Pixels =>
        renderSvg(svg, {
          fitTo: { mode: 'zoom', value: scale },
          crop: NO_CROP,
          font: { fontBuffers, defaultFontFamily: FONT, sansSerifFamily: FONT },
        });
      return typeof figure === 'string' ? render(figure) : composeLayers(figure, render(vectorSvg(figure)));
    },
  };
}

/** resvg copies the picture to its crop, pixel by pixel, be it the whole picture; an empty one leaves it as it is. */
const NO_CROP = { left: 0, top: 0, right: 0, bottom: 0 };

type RenderOptions = ConstructorParameters<typeof Resvg>[1];

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, colour multiplied by opacity. */
  readonly data: Uint8Array;
}

function renderSvg(svg: string, options: RenderOptions): Pixels {
  const resvg = parse(svg, options);
  try {
    const rendered = resvg.render();
    // The pixels are a copy out of WebAssembly memory.
    const picture = { width: rendered.width, height: rendered.height, data: rendered.pixels };
    rendered.free();
    return picture;
  } finally {
    resvg.free();
  }
}

async function start(wasm: RasterizerParts['wasm']): Promise<void> {
  await initWasm((await wasm) as Parameters<typeof initWasm>[0]);
}

function parse(svg: string, options: RenderOptions): InstanceType<typeof Resvg> {
  try {
    return new Resvg(svg, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(`rasterize: the SVG does not parse (${reason}). Build it with the figure functions.`);
  }
}

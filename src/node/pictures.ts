/**
 * Figures to PNG on two threads: this one and a worker take picture after picture until none is left.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Drawing, drawingSvg } from '../render/drawing.js';
import { withoutPaper } from '../render/figure.js';
import { type FigureStyle, resolutionOf, USUAL_STYLE } from '../render/figure-format.js';
import type { RasterImage } from '../render/png.js';
import type { Rasterizer } from '../render/rasterize.js';
import { loadRasterizer } from './font.js';
import { figurePdf } from './pdf.js';
import { encodePngFast } from './png.js';

/** What the worker is told. */
export interface PictureWork extends Pick<FigureStyle, 'scale' | 'isTransparent'> {
  readonly figures: readonly (string | Drawing)[];
  /** Shared: the number of figures taken. */
  readonly taken: Int32Array;
  /** What every file says of itself. */
  readonly about: Readonly<Record<string, string>>;
}

/** PNG bytes by the number of the figure. */
export type DrawnPictures = readonly (readonly [index: number, png: Uint8Array])[];

export interface PictureOptions extends Partial<FigureStyle> {
  /** What every file says of itself, by keyword; see {@link aboutPicture}. */
  readonly about?: Readonly<Record<string, string>>;
  /** A thread that was started while the figures were still in the making. @default one is started where there are more than some */
  readonly thread?: PictureThread | undefined;
  /** Called before each picture that this thread draws, with how many all have drawn or begun before it. */
  readonly onPicture?: (name: string, before: number) => void;
}

/** A second thread that draws; it loads what it needs from the start on, and keeps no process alive until it is asked. */
export interface PictureThread {
  /** Draws what no other thread has taken; once. */
  draw(work: PictureWork): Promise<DrawnPictures>;
}

/** Undefined where the machine has a single core. */
export function startPictureThread(): PictureThread | undefined {
  if (availableParallelism() === 1) return undefined;
  const worker = new Worker(new URL('./picture.worker.js', import.meta.url));
  // From the start on: a thread that ends before it is asked must be told where it is.
  const answer = once(worker, 'message') as Promise<[DrawnPictures]>;
  answer.catch(() => undefined);
  worker.unref();
  return {
    async draw(work) {
      worker.ref();
      worker.postMessage(work);
      return (await answer)[0];
    },
  };
}

/** Files by name, `NAME.png` and what else is asked for, in the order of the figures; the same bytes with one thread or two. */
export async function figureFiles(
  pictures: ReadonlyMap<string, string | Drawing>,
  options: PictureOptions = {},
): Promise<Map<string, Uint8Array | string>> {
  const { formats, isTransparent } = { ...USUAL_STYLE, ...options };
  const pngs = formats.includes('png') ? await renderPictures(pictures, options) : undefined;
  const files = new Map<string, Uint8Array | string>();
  for (const [name, figure] of pictures) {
    const svg = (): string => {
      const onPaper = typeof figure === 'string' ? figure : drawingSvg(figure);
      return isTransparent ? withoutPaper(onPaper) : onPaper;
    };
    if (pngs) files.set(`${name}.png`, pngs.get(name)!);
    if (formats.includes('svg')) files.set(`${name}.svg`, `${svg()}\n`);
    if (formats.includes('pdf')) files.set(`${name}.pdf`, await figurePdf(svg(), options.about));
  }
  return files;
}

/** PNG bytes by name, in the order of the figures; the same bytes with one thread or two. */
export async function renderPictures(
  pictures: ReadonlyMap<string, string | Drawing>,
  options: PictureOptions = {},
): Promise<Map<string, Uint8Array>> {
  const { scale, isTransparent, about = {}, onPicture = () => undefined } = { ...USUAL_STYLE, ...options };
  const names = [...pictures.keys()];
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const work = { figures: [...pictures.values()], taken, scale, isTransparent, about };
  const thread = options.thread ?? (names.length > 3 ? startPictureThread() : undefined);
  const answer: Promise<DrawnPictures> = thread?.draw(work) ?? Promise.resolve([]);
  // A failure there must wait until this thread asks for the answer.
  answer.catch(() => undefined);
  const drawn = await drawPictures(work, (i) => onPicture(names[i]!, i));
  const pngs: Uint8Array[] = [];
  for (const [i, png] of [...drawn, ...(await answer)]) pngs[i] = png;
  return new Map(names.map((name, i) => [name, pngs[i]!]));
}

/** Draws what no other thread has taken. */
export async function drawPictures(
  { figures, taken, scale, isTransparent, about }: PictureWork,
  onPicture: (index: number) => void = () => undefined,
): Promise<DrawnPictures> {
  const rasterizer = await loadRasterizer();
  const drawn: [number, Uint8Array][] = [];
  for (let i = Atomics.add(taken, 0, 1); i < figures.length; i = Atomics.add(taken, 0, 1)) {
    onPicture(i);
    const image = isTransparent ? onNothing(rasterizer, figures[i]!, scale) : rasterizer.rasterize(figures[i]!, scale);
    drawn.push([i, encodePngFast(image, { resolution: resolutionOf(scale), text: about })]);
  }
  return drawn;
}

/** A figure without its paper; PNG has colours that are not multiplied by their opacity. */
function onNothing(rasterizer: Rasterizer, figure: string | Drawing, scale: number): RasterImage {
  const image = rasterizer.rasterize(withoutPaper(typeof figure === 'string' ? figure : drawingSvg(figure)), scale);
  const data = image.data.slice();
  for (let p = 0; p < data.length; p += 4) {
    const opacity = data[p + 3]!;
    if (opacity === 0 || opacity === 255) continue;
    for (let c = 0; c < 3; c++) data[p + c] = Math.min(255, Math.round((data[p + c]! * 255) / opacity));
  }
  return { ...image, channels: 4, data };
}

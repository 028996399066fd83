/**
 * Figures to PNG on two threads: this one and a worker take picture after picture until none is left.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Drawing } from '../render/drawing.js';
import { loadRasterizer } from './font.js';
import { encodePngFast } from './png.js';

/** What the worker is born with. */
export interface PictureWork {
  readonly figures: readonly (string | Drawing)[];
  /** Shared: the number of figures taken. */
  readonly taken: Int32Array;
}

/** PNG bytes by the number of the figure. */
export type DrawnPictures = readonly (readonly [index: number, png: Uint8Array])[];

/**
 * PNG bytes by name, in the order of the figures; the same bytes with one thread or two.
 *
 * @param onPicture called before each picture that this thread draws
 */
export async function renderPictures(
  pictures: ReadonlyMap<string, string | Drawing>,
  onPicture: (name: string) => void = () => undefined,
): Promise<Map<string, Uint8Array>> {
  const names = [...pictures.keys()];
  const work = { figures: [...pictures.values()], taken: new Int32Array(new SharedArrayBuffer(4)) };
  const isShared = availableParallelism() > 1 && names.length > 3;
  const answer: Promise<[DrawnPictures]> = isShared
    ? (once(new Worker(new URL('./picture.worker.js', import.meta.url), { workerData: work }), 'message') as Promise<
        [DrawnPictures]
      >)
    : Promise.resolve([[]]);
  // A failure there must wait until this thread asks for the answer.
  answer.catch(() => undefined);
  const drawn = await drawPictures(work, (i) => onPicture(names[i]!));
  const pngs: Uint8Array[] = [];
  for (const [i, png] of [...drawn, ...(await answer)[0]]) pngs[i] = png;
  return new Map(names.map((name, i) => [name, pngs[i]!]));
}

/** Draws what no other thread has taken. */
export async function drawPictures(
  { figures, taken }: PictureWork,
  onPicture: (index: number) => void = () => undefined,
): Promise<DrawnPictures> {
  const rasterizer = await loadRasterizer();
  const drawn: [number, Uint8Array][] = [];
  for (let i = Atomics.add(taken, 0, 1); i < figures.length; i = Atomics.add(taken, 0, 1)) {
    onPicture(i);
    drawn.push([i, encodePngFast(rasterizer.rasterize(figures[i]!))]);
  }
  return drawn;
}

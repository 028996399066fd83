/**
 * SVG to PNG on two threads: every second picture goes to a worker while this thread draws the others.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Drawing } from '../render/drawing.js';
import { loadRasterizer } from './font.js';
import { encodePngFast } from './png.js';

/**
 * PNG bytes by name, in the order of the SVGs; the same bytes with one thread or two.
 *
 * @param onPicture called before each picture that this thread draws
 */
export async function renderPictures(
  pictures: ReadonlyMap<string, string | Drawing>,
  onPicture: (name: string) => void = () => undefined,
): Promise<Map<string, Uint8Array>> {
  const entries = [...pictures];
  const isShared = availableParallelism() > 1 && entries.length > 3;
  const isAway = (i: number): boolean => isShared && i % 2 === 1;
  const away = entries.filter((_, i) => isAway(i)).map(([, svg]) => svg);
  const answer = isShared
    ? once(new Worker(new URL('./picture.worker.js', import.meta.url), { workerData: away }), 'message')
    : Promise.resolve([[]]);
  // A failure there must wait until this thread asks for the answer.
  answer.catch(() => undefined);
  const rasterizer = await loadRasterizer();
  const own = entries.map(([name, svg], i) => {
    if (isAway(i)) return undefined;
    onPicture(name);
    return encodePngFast(rasterizer.rasterize(svg));
  });
  const [others] = (await answer) as [Uint8Array[]];
  let next = 0;
  return new Map(entries.map(([name], i) => [name, own[i] ?? others[next++]!]));
}

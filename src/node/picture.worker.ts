/** Turns the SVGs of `workerData` into PNG bytes, posts them in order, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { encodePng } from '../render/png.js';
import { loadRasterizer } from './font.js';
import { PNG_LEVEL } from './pictures.js';

const rasterizer = await loadRasterizer();
parentPort!.postMessage(
  (workerData as string[]).map((svg) => encodePng(rasterizer.rasterize(svg), { level: PNG_LEVEL })),
);

/** Turns the SVGs of `workerData` into PNG bytes, posts them in order, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadRasterizer } from './font.js';
import { encodePngFast } from './png.js';

const rasterizer = await loadRasterizer();
parentPort!.postMessage((workerData as string[]).map((svg) => encodePngFast(rasterizer.rasterize(svg))));

/** Turns the SVGs of `workerData` into PNG bytes, posts them in order, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Drawing } from '../render/drawing.js';
import { loadRasterizer } from './font.js';
import { encodePngFast } from './png.js';

const rasterizer = await loadRasterizer();
parentPort!.postMessage((workerData as (string | Drawing)[]).map((svg) => encodePngFast(rasterizer.rasterize(svg))));

/** Loads what drawing needs, draws its part of the figures that it is told of, posts them, and ends. */
import { parentPort } from 'node:worker_threads';
import { loadRasterizer } from './font.js';
import { drawPictures, type PictureWork } from './pictures.js';

parentPort!.once('message', async (work: PictureWork) => parentPort!.postMessage(await drawPictures(work)));
// While the figures are in the making; a failure is told where they are drawn.
loadRasterizer().catch(() => undefined);

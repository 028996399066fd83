/** Draws its share of the figures in `workerData`, posts them, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { drawPictures, type PictureWork } from './pictures.js';

parentPort!.postMessage(await drawPictures(workerData as PictureWork));

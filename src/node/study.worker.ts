/** A thread that makes plans of a study: a run comes, what begins in its plan is told, its row goes. */
import { parentPort, workerData } from 'node:worker_threads';
import type { StudyRun } from '../plan/input/study-file.js';
import { StudyPlanner } from './study-planner.js';
import type { StudyThreadData } from './study-threads.js';

const { study, ...options } = workerData as StudyThreadData;
const planner = new StudyPlanner(study, options);

parentPort!.on('message', async (run: StudyRun) => {
  parentPort!.postMessage(await planner.row(run, (stage) => parentPort!.postMessage({ stage })));
});

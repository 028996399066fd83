/** What needs files or threads: cases, folders of DICOM, the built-in phantoms, the bundled font, the worker pool. */
export { readBytes, readFolder, readJson, writeAll, writeFileAtomic } from './node/files.js';
export { loadRasterizer } from './node/font.js';
export { type LoadedBeamData, loadBeamData } from './node/load-beam-data.js';
export { type LoadedCourses, loadCourses } from './node/load-courses.js';
export { type LoadDoseOptions, type LoadedDose, loadDose } from './node/load-dose.js';
export { type LoadedFields, loadFields } from './node/load-fields.js';
export { jobOf, type LoadedJob, loadJob } from './node/load-job.js';
export { checkRemade, type LoadedPlan, loadPlan } from './node/load-plan.js';
export { type LoadedStructures, loadStructures } from './node/load-structures.js';
export { readMachine } from './node/machines.js';
export { listPhantoms, readPhantom } from './node/phantoms.js';
export { runStudy, type StudyOptions, type StudyOutcome } from './node/run-study.js';
export { version } from './node/version.js';
export { startWorkerPool, type WorkerPool, type WorkerPoolOptions } from './node/worker-pool.js';

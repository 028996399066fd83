// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/** What needs files or threads: cases, folders of DICOM, the built-in phantoms, the bundled font, the worker pool. */

// A job: a case with its patient, machine and prior doses.
export { loadJob, jobOf, type LoadedJob } from './node/load-job.js';
export { planFrom } from './node/load-plan.js';

// The influence of a job for the optimisers of others, and the weights that come back.
export { exportInfluence, type ExportedInfluence } from './node/export-influence.js';
export type { InfluenceExportOptions } from './plan/exchange/influence-data.js';
export { importWeights } from './node/import-weights.js';

// What is in a folder; doses and structures of any file.
export { inspectPath, type InspectPathOptions } from './node/inspect.js';
export type { Inspection } from './io/inspection.js';
export { loadDose, type LoadDoseOptions, type LoadedDose } from './node/load-dose.js';
export { loadStructures, type LoadedStructures } from './node/load-structures.js';
export type { MaskedStructure, EmptyStructure } from './evaluate/roi-dvh.js';

// The built-in phantoms.
export { listPhantoms, readPhantom } from './node/phantoms.js';

// Bytes, and the decoders of compressed DICOM for `decodeDicom`.
export { dicomCodecs } from './node/dicom-codecs.js';
export { readBytes, readFolder } from './node/files.js';

// SVG to pixels, with the bundled font.
export { loadRasterizer } from './node/font.js';

// Threads.
export { startWorkerPool, type WorkerPoolOptions, WorkerPool } from './node/worker-pool.js';
export type { JobType, JobGroup } from './core/executor.js';

// What results carry.
export { version } from './node/version.js';

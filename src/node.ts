/** What needs files: cases, folders of DICOM, the built-in phantoms, the bundled font. */
export { readBytes, readFolder, readJson, writeAll, writeFileAtomic } from './node/files.js';
export { loadRasterizer } from './node/font.js';
export { type LoadedCase, loadCase, loadCaseOf } from './node/load-case.js';
export { type LoadedDose, loadDose } from './node/load-dose.js';
export { listPhantoms, readPhantom } from './node/phantoms.js';
export { version } from './node/version.js';

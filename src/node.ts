/** What needs files: cases, folders of DICOM, the built-in phantoms, the bundled font. */
export { readBytes, readFolder, readJson, writeAll, writeFileAtomic } from './node/files.js';
export { loadRasterizer } from './node/font.js';
export { type LoadedBeamData, loadBeamData } from './node/load-beam-data.js';
export { type LoadedCase, loadCase, loadCaseOf } from './node/load-case.js';
export { type LoadedFields, loadFields } from './node/load-fields.js';
export { readMachine } from './node/machines.js';
export { listPhantoms, readPhantom } from './node/phantoms.js';
export { version } from './node/version.js';

// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/** Linacs: a machine as a file tells it, or as measured tables make it. */

// A machine.
export { parseMachine } from './machine/machine-file.js';
export type { PencilKernel, SourceBlur } from './machine/machine.js';

// Measured tables, and the machine that is fitted to them.
export { parseBeamData, type BeamDataFiles } from './machine/beam-data-file.js';
export type { BeamData, DepthDose, OpenProfile } from './machine/beam-data.js';
export { commission, type CommissionOptions } from './machine/commission.js';
export type { Commissioned, CommissionResidual } from './machine/machine-fit.js';

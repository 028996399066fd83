// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/**
 * Beams, what they let through, and its dose: of given fields, or per beamlet for an optimiser of one's own.
 *
 * Patient frame DICOM LPS, mm; beams IEC 61217, degrees; sizes in the isocentre plane, mm.
 */

// Given fields: FIELDS.json to dose, in the engine's medium or another.
export { parseFields, type Fields } from './plan/input/fields-file.js';
export { computeFields, type FieldsResult, type BeamDose } from './plan/field/field-dose.js';
export { convertDose, type Tissue } from './dose/tissue.js';

// Beams.
export { createBeam, type Beam } from './beam/beam.js';
export { beamsOf } from './plan/technique/technique-plan.js';
export type { BeamPose, BeamFrame } from './geometry/frame.js';
export type { BeamAngles } from './beam/arrangement.js';

// What a beam lets through: beamlets, or leaves and jaws.
export { beamletsCovering, neighbouringBeamlets, type BeamletSet, type FluenceGrid } from './beam/fluence.js';
export type { FluenceField } from './dose/beam-view.js';
export type { Aperture, JawField, LeafOpening } from './beam/aperture.js';
export type { LeafBank } from './machine/mlc.js';

// Dose = A w at a list of points: matrix-free, and as a sparse matrix.
export { voxelsInside, type DoseVoxels } from './dose/beam-view.js';
export { InfluenceOperator, type InfluenceOptions, type ModulatedBeam } from './influence/operator.js';
export type { DoseModelOptions } from './dose/beam-points.js';
export type { LinearOperator } from './core/linear-operator.js';
export { buildMatrix, type MatrixOptions, InfluenceMatrix, type ColumnSource } from './influence/matrix.js';

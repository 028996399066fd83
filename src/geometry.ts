// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/**
 * Grids, volumes and structures: how a patient of one's own is made, and structures from structures.
 *
 * Positions are DICOM LPS, mm; arrays x-fastest with shape [nz, ny, nx], values at voxel centres.
 */

// Volumes on a grid.
export { createGrid, type Box } from './geometry/grid.js';
export { createVolume, type VolumeKind, createDose, type DoseMeaning, type DoseMedium } from './geometry/volume.js';

// Structures as they are drawn: contours, or a solid.
export { createContours, type ContourOptions } from './geometry/contour.js';
export type { Contours, ContourPlane, EndRule, StructureRole } from './geometry/structure.js';
export type { Solid } from './geometry/solid.js';
export { inspectContours, type ContourRemark } from './geometry/contour-check.js';

// Structures from structures, by Euclidean distance.
export { margin, ring, crop, uniteStructures, intersectStructures, subtractStructure } from './geometry/margin.js';
export { separation } from './geometry/separation.js';

// Structures as voxels.
export { voxelizeStructure } from './geometry/voxelize.js';

// How the frames of two courses lie.
export { createRigidTransform, type RigidInput, type RigidTransform } from './geometry/rigid-transform.js';

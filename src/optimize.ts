// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/**
 * The optimiser, on any linear operator: weights >= 0 that minimise objectives under constraints, with a proof of how far they
 * can be from the best ones.
 */

// A problem, its solution and the proof.
export { solve, type SolveOptions, type SolveProgress, type Solution, type SolutionStatus } from './optimize/solver.js';
export type { Problem, Prescription } from './optimize/problem.js';
export type { Certificate } from './optimize/certificate.js';
export type { Level, VoxelSet } from './optimize/objective/objective.js';

// Objectives are soft: they give way to each other.
export type { Objective } from './optimize/objective/objective.js';
export { squaredDeviation } from './optimize/objective/squared-deviation.js';
export { squaredUnderdose } from './optimize/objective/squared-underdose.js';
export { squaredOverdose } from './optimize/objective/squared-overdose.js';
export { meanDose } from './optimize/objective/mean-dose.js';
export { minimumDvh, maximumDvh } from './optimize/objective/dose-volume.js';

// Constraints are hard.
export {
  type Constraint,
  maximumDose,
  minimumDose,
  type VoxelConstraint,
  maximumMean,
  minimumMean,
  type LinearConstraint,
  maximumGeud,
  maximumHottest,
  minimumColdest,
  type ConvexConstraint,
} from './optimize/constraint.js';

// Goals give way to those before them, and to no other.
export {
  solveInOrder,
  type OrderedProblem,
  type OrderOptions,
  type OrderedSolution,
  type PriorityStep,
  type GoalResult,
  type Trade,
} from './optimize/solve-in-order.js';
export type { Goal } from './optimize/goal.js';

// Constraints that cannot be held together.
export { conflictOf, type Conflict, type ConflictOptions } from './optimize/conflict.js';

// Constraints on partial volumes are not convex: the bound holds for every choice of voxels, the plan is of one.
export {
  solveWithVolumes,
  type VolumeProblem,
  type VolumeSolution,
  type VolumeResult,
} from './optimize/solve-with-volumes.js';
export { maximumVolume, minimumVolume, type VolumeConstraint } from './optimize/volume-constraint.js';

// Voxels of several structures: who owns them.
export { resolveOverlap, type PrioritisedSet, type ResolvedOverlap } from './optimize/overlap.js';

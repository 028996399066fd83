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
export { squaredFallOff, type FallOff } from './optimize/objective/squared-fall-off.js';
export { squaredGeud, type GeudOptions } from './optimize/objective/generalised-eud.js';
export { smoothMaximum, smoothMinimum } from './optimize/objective/log-sum-exp.js';
export { minimumDvh, maximumDvh } from './optimize/objective/dose-volume.js';
export { worstCase } from './optimize/objective/worst-case.js';
export { fluenceSmoothness, type SmoothFluence } from './optimize/objective/fluence-smoothness.js';

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
  minimumGeud,
  maximumHottest,
  minimumColdest,
  type ConvexConstraint,
} from './optimize/constraint.js';

// Both in biological dose, of this course or of earlier ones with it.
export { objectiveInBiologicalDose, type BiologicalDose } from './optimize/objective/biological-dose.js';
export { constraintInBiologicalDose } from './optimize/biological-constraint.js';

// Goals give way to those before them, and to no other.
export {
  solveInOrder,
  type OrderedSolution,
} from './optimize/solve-in-order.js';
export type { OrderedProblem, OrderOptions } from './optimize/ordered-problem.js';
export type { PriorityStep, GoalResult, Trade } from './optimize/priority-step.js';
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

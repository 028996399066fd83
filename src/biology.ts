// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/**
 * Several courses: the linear-quadratic conversions, voxelwise sums, and what a plan is judged by as a retreatment.
 *
 * Alpha/beta is always said; no recovery is credited unless it is asked for.
 */

// BED and EQD2.
export { bed, eqd2, doseFromBed, doseFromEqd2 } from './biology/linear-quadratic.js';

// Courses added up.
export { accumulate, type Course, type AccumulateOptions, type Accumulated } from './biology/accumulate.js';

// Limits of all courses, with their sources, and where the prior course alone is above them.
export type { Source } from './biology/evidence.js';
export type { VoxelTolerance, ToleranceExcess } from './biology/remaining-dose.js';
export type { PriorExcess } from './plan/constraint/structure-tolerance.js';
export type { PriorCourseExposure } from './plan/patient/prior-exposure.js';

// A plan as a retreatment: limits of the literature, conventions of recovery, estimates of risk, set-up errors.
export type { AssessmentRow } from './plan/evaluation/tolerance-rows.js';
export type { SpineLevel, NiederScore } from './biology/risk.js';
export type { RecoveryRow, RiskEstimates } from './plan/evaluation/cord-estimates.js';
export type { CumulativeCord } from './plan/evaluation/evaluate-plan.js';
export type { PositionInterval } from './biology/position-interval.js';
export type { ScenarioOutcome } from './plan/evaluation/robustness.js';

// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/**
 * respine: plans the re-irradiation of the spine and proves its numbers. Research software, not for clinical use.
 *
 * The main job, in its order. All of it runs in a browser, as does what stands behind the other doors: `respine/geometry`,
 * `respine/machine`, `respine/dose`, `respine/optimize`, `respine/dvh`, `respine/biology`, `respine/report`, `respine/dicom`, and
 * the phantoms, `respine/phantoms/NAME.json`. Only `respine/node` needs files or threads.
 *
 * ```ts
 * import { artiste6mv, buildPhantom, createJob, parseCase, runPlan, summary } from 'respine';
 * import { readPhantom } from 'respine/node';
 *
 * const asked = parseCase({ patient: { phantom: 'spine-t8' } });
 * const job = createJob({ case: asked, patient: buildPhantom(await readPhantom('spine-t8')), machine: artiste6mv });
 * console.log(summary(runPlan(job)));
 * ```
 */

// A patient: volumes and structures in DICOM LPS, mm. Here a phantom; of a CT it is `patientFromDicom` in `respine/dicom`.
export { parsePhantom, type PhantomSpec } from './phantom/spec.js';
export { buildPhantom, type PhantomOptions } from './phantom/build.js';
export type { TargetOptions } from './phantom/spine.js';
export type { Patient } from './geometry/patient.js';
export type { Structure } from './geometry/structure.js';
export type { Volume, DoseVolume } from './geometry/volume.js';
export type { Grid, Vec3 } from './geometry/grid.js';

// A linac; others are in `respine/machine`.
export { artiste6mv } from './machine/artiste-6mv.js';
export type { Machine } from './machine/machine.js';

// What is asked for: CASE.json, every field with its default, and the doses of prior courses that it names.
export { parseCase } from './plan/input/parse-case.js';
export { type PlanCase, type PlanCaseInput, caseSchema, type Technique } from './plan/input/plan-case.js';
export type { ImportedDoses, ImportedDose } from './plan/patient/prior-course.js';

// Case, patient, machine and prior doses that belong together: what is planned; `jobOf` of `respine/node` makes it from files.
export { createJob, withCase, type PlanJob } from './plan/patient/plan-job.js';

// The plans; an executor divides the work over threads, and the plan is the same to the last bit.
export { runPlan, type PipelineOptions, optimise, type OptimiseOptions } from './plan/run-plan.js';
export type { FurtherObjectives } from './plan/problem/planning-problem.js';
export type { StageListener } from './plan/patient/patient-model.js';
export type { ProgressListener } from './plan/technique/technique-plan.js';
export { type Executor, serialExecutor } from './core/executor.js';

// What comes out: the patient as it was planned on, the prior course and what it leaves to each voxel,
export type { PlanningResult } from './plan/run-plan.js';
export type { PatientModel } from './plan/patient/patient-model.js';
export type { PriorExposure } from './plan/patient/prior-exposure.js';
export type { StructureTolerance } from './plan/constraint/structure-tolerance.js';

// for each technique its fields, its dose and its proof, and how they stand against what was asked for.
export type { PlanEvaluation, StructureReport } from './plan/evaluation/evaluate-plan.js';
export type { TechniquePlan, PlannedField } from './plan/technique/technique-plan.js';
export type { ListedConstraint } from './plan/evaluation/constraint-list.js';
export type { AskedOutcome } from './plan/evaluation/asked-outcome.js';
export type { PriorityOutcome, PriorityGoal } from './plan/evaluation/priority-outcome.js';
export type { ConstraintOutcome } from './plan/evaluation/constraint-outcome.js';
export type { RetreatmentAssessment } from './plan/evaluation/retreatment.js';
export type { PositionReport } from './plan/evaluation/setup-uncertainty.js';
export type { RobustReport } from './plan/evaluation/robustness.js';

// Told, drawn and written; more figures are in `respine/report`.
export { summary, type SummaryOptions } from './report/plan-summary.js';
export { planPictures } from './report/plan-figures.js';
export type { Drawing } from './render/drawing.js';
export { encodePng } from './render/png.js';
export { encodeNrrd, type NrrdOptions } from './io/nrrd.js';

// The same case under one cap of the cord after the other.
export { tradeOff, type TradeOffOptions, type TradeOffPoint } from './plan/sweep/trade-off.js';

// What any function may throw: one sentence with the value and the remedy.
export { InvalidInputError, FormatError, UnsupportedError, isRespineError } from './core/errors.js';

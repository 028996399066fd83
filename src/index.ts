/**
 * respine: plans the re-irradiation of the spine and proves its numbers. Research software, not for clinical use.
 *
 * Everything here runs in a browser; files and the built-in phantoms by name are in `respine/node`.
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

export {
  type Aperture,
  apertureArea,
  createAperture,
  type JawField,
  type LeafOpening,
  leavesOfRectangles,
  rasterizeAperture,
} from './beam/aperture.js';
export { arrangementAngles, arrangements, type BeamAngles } from './beam/arrangement.js';
export { type Beam, createBeam } from './beam/beam.js';
export type { CellFluence } from './beam/cells.js';
export { type ConformMode, type ConformOptions, conformAperture } from './beam/conform.js';
export {
  type BeamletSet,
  beamletsCovering,
  type FluenceGrid,
  fluenceOfBeamlets,
  uniformFluenceGrid,
} from './beam/fluence.js';
export { apertureFluence, beamletFluence, jawFluence, type OpeningOptions } from './beam/opening.js';
// biology of several courses
export {
  type Accumulated,
  type AccumulateOptions,
  accumulate,
  type Course,
} from './biology/accumulate.js';
export {
  type Allowance,
  type AllowanceOptions,
  allowedDose,
  type Excess,
  type PriorAtVoxels,
  remainingAllowance,
  type VoxelLimit,
} from './biology/allowance.js';
export type { Evidence, Source } from './biology/evidence.js';
export { type CordLimit, cordLimits, type FractionTable, type LimitContext } from './biology/limits.js';
export {
  type BiologicalQuantity,
  bed,
  bedFromEqd2,
  doseFromBed,
  doseFromEqd2,
  eqd2,
  eqd2FromBed,
  fractionsFromBed,
  isoeffectiveDose,
} from './biology/linear-quadratic.js';
export {
  ellipsoidShifts,
  movedDose,
  type PositionInput,
  type PositionInterval,
  positionInterval,
  type ShiftedCourse,
} from './biology/position.js';
export {
  angRecovery,
  discountPrior,
  noRecovery,
  type Recovered,
  type RecoveryConvention,
  recoveryConvention,
  recoveryConventions,
  scaleTolerance,
  woolleyJonesRecovery,
} from './biology/recovery.js';
export {
  type NiederScore,
  niederScore,
  type SpineLevel,
  schultheissProbability,
} from './biology/risk.js';
export { namedVoxelLimit, type SourcedVoxelLimit, voxelLimitNames } from './biology/voxel-limits.js';
export { type WoolleyJones, woolleyJones } from './biology/woolley-jones.js';
// numbers
export { FormatError, InvalidInputError, isRespineError, UnsupportedError } from './core/errors.js';
export { type Executor, type JobGroup, type JobType, type SharableArray, serialExecutor } from './core/executor.js';
export type { LinearOperator } from './core/linear-operator.js';
export type { DoseModelOptions, PointSet } from './dose/beam-points.js';
export {
  addFieldDose,
  type BeamView,
  type DoseVoxels,
  type FluenceField,
  viewOfBeam,
  voxelsInside,
} from './dose/forward.js';
export { type DoseField, ForwardDose, type ForwardDoseOptions } from './dose/forward-dose.js';
export { DENSITY_RANGE, type KernelDomain } from './dose/kernel-domain.js';
export type { BeamOptions } from './dose/pencil-beam.js';
export { convertDose, defaultTissues, doseFactor, type Tissue } from './dose/tissue.js';
export { builtInProtocol, protocolNames } from './evaluate/builtin-protocols.js';
export {
  type ComparedDose,
  type CompareOptions,
  compareDoses,
  type DoseComparison,
  type MetricComparison,
  type StructureComparison,
} from './evaluate/compare.js';
export { type Conformity, conformity } from './evaluate/conformity.js';
export { type DoseDifference, doseDifference } from './evaluate/dose-difference.js';
// evaluation
export {
  createDvh,
  cumulativeCurve,
  type Dvh,
  type DvhBounds,
  type DvhEstimators,
  type DvhOptions,
  DvhWorkspace,
  differentialCurve,
  doseAtVolume,
  volumeAtDose,
} from './evaluate/dvh.js';
export { type DvhBand, type DvhDistance, dvhBand, dvhDistance } from './evaluate/dvh-band.js';
export type { ErrorBound } from './evaluate/error-bound.js';
export {
  type DoseEvaluationOptions,
  defaultMetrics,
  evaluateDose,
  type StructureEvaluation,
} from './evaluate/evaluate-dose.js';
export { type DoseFallOff, doseFallOff } from './evaluate/fall-off.js';
export { type GammaCriteria, type GammaResult, gammaIndex } from './evaluate/gamma.js';
export { evaluateGoal, type Goal, type GoalResult, parseGoal, type Verdict } from './evaluate/goal.js';
export { type DoseScale, describeMetric, formatMetric, type Metric, type MetricUnit } from './evaluate/metric.js';
export { metricBound } from './evaluate/metric-bound.js';
export { parseMetric } from './evaluate/metric-parser.js';
export { evaluateMetric, type MetricContext, type MetricValue, whyNoValue } from './evaluate/metric-value.js';
export { powerMean } from './evaluate/power-mean.js';
export {
  createProtocol,
  createProtocolItem,
  evaluateProtocol,
  type GoalSource,
  type PriorCourse,
  type Protocol,
  type ProtocolInput,
  type ProtocolItem,
  type ProtocolItemInput,
  type ProtocolRow,
  worstVerdict,
} from './evaluate/protocol.js';
export {
  type AnyStructure,
  type EmptyStructure,
  type MaskedStructure,
  type StructureDvh,
  structureDvh,
} from './evaluate/roi-dvh.js';
export { StructureCells } from './evaluate/structure-cells.js';
export { createStructureDvh, type StructureDvhOptions, StructureDvhWorkspace } from './evaluate/structure-dvh.js';
export { type TargetReport, targetReport } from './evaluate/target-coverage.js';
export { cone, cylinder, frustum } from './geometry/cone.js';
export { contourArea, contoursVolume, createContours } from './geometry/contour.js';
export { ambiguousVolume, type ContourRemark, inspectContours } from './geometry/contour-check.js';
export { solidOfStructure } from './geometry/contour-solid.js';
export { contoursOfStructure } from './geometry/contour-trace.js';
export { type ExternalOptions, findExternal } from './geometry/external.js';
// beams and dose
export { type BeamFrame, type BeamPose, createBeamFrame } from './geometry/frame.js';
// patient
export {
  type Box,
  createGrid,
  type Grid,
  gridBox,
  gridCovering,
  type Vec3,
  voxelCount,
  voxelVolume,
} from './geometry/grid.js';
export { crop, intersectStructures, margin, ring, subtractStructure, uniteStructures } from './geometry/margin.js';
export type { Patient } from './geometry/patient.js';
export { type Resampled, resample, valueAt } from './geometry/resample.js';
export { resampleRigid } from './geometry/resample-rigid.js';
export {
  composeRigid,
  createRigidTransform,
  describeRigid,
  identityTransform,
  invertRigid,
  isIdentity,
  type RigidInput,
  type RigidTransform,
  rigidFromMatrix,
  transformPoint,
} from './geometry/rigid-transform.js';
export { type SurfacePair, separation, surfaceDistance, surfacePairs } from './geometry/separation.js';
export { box, difference, ellipsoid, inset, intersection, prism, sphere, tube, union } from './geometry/shape.js';
export type { Solid } from './geometry/solid.js';
export type {
  ContourPlane,
  Contours,
  EndRule,
  Structure,
  StructureRole,
  StructureShape,
} from './geometry/structure.js';
export {
  createDose,
  createVolume,
  type DoseMeaning,
  type DoseVolume,
  type Volume,
  type VolumeKind,
} from './geometry/volume.js';
export { voxelizeStructure } from './geometry/voxelize.js';
export { solidVolume, voxelizeSolid } from './geometry/voxelize-solid.js';
export { DividedOperator, type DividedOptions } from './influence/divided-operator.js';
export { buildMatrix, InfluenceMatrix, type MatrixOptions } from './influence/matrix.js';
export { InfluenceOperator, type InfluenceOptions, type ModulatedBeam } from './influence/operator.js';
export { readCt } from './io/dicom/ct.js';
export { type RtDose, type RtDoseOptions, readRtDose } from './io/dicom/dose.js';
export { type PatientOptions, patientFromDicom } from './io/dicom/patient.js';
export { type PlanFractions, readPlanFractions } from './io/dicom/plan-fractions.js';
export { type Registration, readRegistration, rigidBetween } from './io/dicom/registration.js';
export { readStructureSet } from './io/dicom/structure-set.js';
export { ctReference, writeCt, writeStructureSet } from './io/dicom/write.js';
export { decodeFluence, encodeFluence, type RecordedPlan } from './io/fluence-file.js';
export { decodeNrrd, encodeNrrd, type NrrdVolume } from './io/nrrd.js';
export { doseOfNrrd } from './io/nrrd-dose.js';
export { type NrrdPatientOptions, patientFromNrrd } from './io/nrrd-patient.js';
export { artiste6mv } from './machine/artiste-6mv.js';
export type { BeamData, DepthDose, OpenProfile } from './machine/beam-data.js';
export { checkBeamData } from './machine/beam-data-check.js';
export { type BeamDataFiles, parseBeamData, parseExclusions } from './machine/beam-data-file.js';
export { type BeamQuality, beamQuality } from './machine/beam-quality.js';
export {
  type Commissioned,
  type CommissionOptions,
  type CommissionResidual,
  commission,
} from './machine/commission.js';
export {
  commissionFromKernel,
  type KernelCommissionOptions,
  type PencilKernelTable,
} from './machine/commission-kernel.js';
export { type DepthDoseCurves, depthDoseCurves } from './machine/depth-dose-curves.js';
export { type FieldRectangle, openFieldDose, squareField } from './machine/field-integral.js';
export { defaultHounsfieldTable, densityOfHounsfield, type HounsfieldTable } from './machine/hounsfield.js';
export type { Machine } from './machine/machine.js';
export { parseMachine } from './machine/machine-file.js';
export { createLeafBank, type LeafBank, leafBank, leafBanks, uniformLeaves } from './machine/mlc.js';
export { type ResidualTable, residualTable } from './machine/residual-table.js';
// optimisation
export type { Certificate, ShadowPrice } from './optimize/certificate.js';
export {
  type Limit,
  maximumDose,
  maximumGeud,
  maximumHottest,
  maximumMean,
  minimumDose,
  minimumGeud,
  minimumMean,
} from './optimize/limit.js';
export { NormalMatrix, type NormalOptions, type RowSample } from './optimize/normal-matrix.js';
export { maximumDvh, minimumDvh } from './optimize/objective/dose-volume.js';
export { fluenceSmoothness } from './optimize/objective/fluence-smoothness.js';
export { type GeudOptions, generalisedEud, squaredGeud } from './optimize/objective/generalised-eud.js';
export { smoothMaximum, smoothMinimum } from './optimize/objective/log-sum-exp.js';
export { meanDose } from './optimize/objective/mean-dose.js';
export type { Level, Objective, RowSet } from './optimize/objective/objective.js';
export { squaredDeviation } from './optimize/objective/squared-deviation.js';
export { type FallOff, squaredFallOff } from './optimize/objective/squared-fall-off.js';
export { squaredOverdose } from './optimize/objective/squared-overdose.js';
export { squaredUnderdose } from './optimize/objective/squared-underdose.js';
export { worstCase } from './optimize/objective/worst-case.js';
export { type OverlapPolicy, type PrioritisedSet, type ResolvedOverlap, resolveOverlap } from './optimize/overlap.js';
export type { Prescription, Problem } from './optimize/problem.js';
export { sampleRows } from './optimize/row-sample.js';
export { type Solution, type SolutionStatus, type SolveOptions, type SolveProgress, solve } from './optimize/solver.js';
export { buildPhantom, type PhantomOptions } from './phantom/build.js';
export { type Material, materials } from './phantom/material.js';
export { changePhantom, type PhantomSpec, parsePhantom, phantomSchema } from './phantom/spec.js';
export { checkBoundsLeaveDose, cordCaps, organCaps, type StructureCaps } from './plan/constraint/voxel-maximum.js';
export { allowanceVolume, boundsOfVoxels, type VoxelBounds, voxelBounds } from './plan/constraint/voxel-tolerance.js';
// the whole job
export {
  type AccumulatedStructure,
  type Accumulation,
  accumulateCourses,
} from './plan/evaluation/accumulated-courses.js';
export { type Constraint, constraintsOf } from './plan/evaluation/constraint-list.js';
export { type BoundOutcome, boundOutcomes } from './plan/evaluation/constraint-outcome.js';
export { evaluatePlan, type PlanEvaluation } from './plan/evaluation/evaluate-plan.js';
export { assessRetreatment, type RetreatmentAssessment } from './plan/evaluation/retreatment.js';
export { compareRobust, type RobustReport, type ScenarioOutcome } from './plan/evaluation/robustness.js';
export { cordPosition, type PositionReport } from './plan/evaluation/setup-uncertainty.js';
export type { AssessmentRow } from './plan/evaluation/tolerance-rows.js';
export { type Courses, type CoursesInput, coursesSchema, parseCourses } from './plan/input/courses-file.js';
export {
  type Fields,
  type FieldsInput,
  fieldsSchema,
  parseFields,
} from './plan/input/fields-file.js';
export { type GoalFile, goalFileSchema, parseGoalFile } from './plan/input/goals-file.js';
export { parseCase } from './plan/input/parse-case.js';
export {
  caseSchema,
  type PlanCase,
  type PlanCaseInput,
  type PriorCourseCase,
  priorsOf,
} from './plan/input/plan-case.js';
export {
  expandStudy,
  parseStudy,
  type Study,
  type StudyInput,
  type StudyMetric,
  type StudyRun,
  studySchema,
} from './plan/input/study-file.js';
export { modelPatient, type PatientModel } from './plan/patient/patient-model.js';
export { createJob, type PlanJob, withCase } from './plan/patient/plan-job.js';
export { exposeToPrior, type ImportedDose, type ImportedDoses } from './plan/patient/prior-course.js';
export { effectAt, largestEffect, whyNoEffect } from './plan/patient/prior-effect.js';
export type { PriorCourseExposure, PriorExposure } from './plan/patient/prior-exposure.js';
export { posePlanningProblem } from './plan/problem/planning-problem.js';
export { choosePlanningVoxels, type ScenarioRows } from './plan/problem/planning-voxels.js';
export { groupScenarios, scenarioShifts, withScenarios } from './plan/problem/scenario.js';
export { groupRows, type RowGroups } from './plan/problem/voxel-clusters.js';
export { type PlanningResult, recordsOf, remakePlan, runPlan } from './plan/run-plan.js';
export {
  type CumulativePlan,
  type CumulativePoint,
  type CumulativeTradeOff,
  type CumulativeTradeOffOptions,
  cumulativeTradeOff,
} from './plan/sweep/cumulative-trade-off.js';
export { type ModelOutcome, type ModelSensitivity, modelSensitivity } from './plan/sweep/dose-model-sensitivity.js';
export {
  type Fractionation,
  type FractionationOptions,
  type FractionationPlan,
  type FractionationRow,
  isoeffectiveFractionation,
} from './plan/sweep/fractionation.js';
export type { FractionationLimit } from './plan/sweep/fractionation-limits.js';
export { type TradeOffOptions, type TradeOffPoint, tradeOff } from './plan/sweep/trade-off.js';
export { planConformal } from './plan/technique/fcrt.js';
export { type BeamDose, computeFields, type DoseFlag, type FieldsResult } from './plan/technique/field-dose.js';
export { planModulated } from './plan/technique/imrt.js';
export { type OpenedField, openFields } from './plan/technique/opened-field.js';
export { planWithinBounds } from './plan/technique/plan-within-constraints.js';
export { sampleInfluence } from './plan/technique/prepared-influence.js';
export { type PreparedTechnique, prepareTechnique } from './plan/technique/prepared-technique.js';
export { beamsOf, type PlannedField, type TechniquePlan } from './plan/technique/technique-plan.js';
export { OrganRows } from './plan/technique/working-set.js';
export { BeamPass, type EffectiveDensities, type PassOptions, type SeenPoints } from './raytrace/beam-pass.js';
export { createDensityBox, type DensityBox } from './raytrace/density-box.js';
export { type DensityMemory, defaultDensityMemory } from './raytrace/density-memory.js';
export { depthOfPoints } from './raytrace/depth.js';
// pictures
export { beamsEyeFigure } from './render/beams-eye.js';
export { compareDrawing, compareFigure } from './render/compare-figure.js';
export { type DepthDoseFigureOptions, depthDoseFigure } from './render/depth-dose-figure.js';
export { doseDrawing, doseFigure } from './render/dose-figure.js';
export { type Drawing, drawingSvg } from './render/drawing.js';
export { dvhFigure } from './render/dvh-plot.js';
export { encodePng } from './render/png.js';
export { createRasterizer, type Rasterizer } from './render/rasterize.js';
export { accumulationReport, accumulationSummary } from './report/accumulation.js';
export { commissionReport, commissionSummary, type KernelTerms, separableTerms } from './report/commissioning.js';
export { constraintSentences } from './report/constraint-list.js';
export { boundReport, boundSentences } from './report/constraints.js';
export { cumulativeFigure, cumulativeSummary, cumulativeTable } from './report/cumulative-trade-off.js';
export { sensitivityFigure, sensitivityReport, sensitivitySummary } from './report/dose-model-sensitivity.js';
export { fieldsReport, fieldsSummary } from './report/field-dose.js';
export {
  fractionationFigure,
  fractionationNotes,
  fractionationSummary,
  fractionationTable,
} from './report/fractionation.js';
export { planPictures } from './report/plan-figures.js';
export { dvhTable, planDetails, planReport } from './report/plan-report.js';
export { type SummaryOptions, summary } from './report/plan-summary.js';
export { retreatmentReport, retreatmentSentence, retreatmentTable } from './report/retreatment.js';
export { robustBlock, robustSentence } from './report/robustness.js';
export {
  failedRow,
  readStudyTable,
  type StudyRow,
  studyColumns,
  studyRecord,
  studyRow,
  studyTable,
} from './report/study-table.js';
export { tradeOffFigure, tradeOffTable } from './report/trade-off.js';

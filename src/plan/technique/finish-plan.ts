/** From the optimiser's weights to a finished plan: dose everywhere, the scaling into the maxima, the certificate of what is reported. */
import { doseAtVolume } from '../../evaluate/dvh.js';
import { createDose, type DoseVolume, scatterDose } from '../../geometry/volume.js';
import { certifyAt } from '../../optimize/certificate.js';
import type { Solution } from '../../optimize/solver.js';
import { worstCaseOf } from '../../optimize/worst-scenario.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { Hold, PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { fineVoxel, surfaceVoxel } from '../patient/planning-grid.js';
import { scaleWithin } from '../problem/constrained-voxels.js';
import type { HeldConstraint } from '../problem/held-constraint.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { doseOfPlan, drawnDvh, heldDvhs } from './drawn-dvh.js';
import { heldScale } from './followed-constraints.js';
import { isProven, largestDifference } from './proof.js';
import { type ScenarioDose, scenarioScale } from './scenario-dose.js';
import type { HeldRecord, PlannedField, PlannedPriority, SolvedPlan, TechniquePlan } from './technique-plan.js';

/** Gap at which a plan is near enough to the best one to show how far its worst case may be smoothed. */
export const ROUGH = 0.05;

/** Gap of the optimiser's plan; what scaling the plan into its maxima costs comes on top, and all stays within 1 %. */
export const FINE = 0.008;

/** What the optimiser made of a technique's problem. */
export interface OptimisedPlan {
  readonly technique: Technique;
  readonly hold: Hold;
  readonly fields: readonly PlannedField[];
  /** The solution's rows. */
  readonly voxels: PlanningVoxels;
  /** Gy, one per cord voxel. */
  readonly maxima: Float64Array;
  /** Caps of the structures besides the cord. */
  readonly organs: readonly VoxelMaxima[];
  /** What the case asks to be held besides. @default none */
  readonly held?: readonly HeldConstraint[];
  /** Of several targets. @default none */
  readonly aims?: ReadonlyMap<string, number> | undefined;
  readonly problem: PlanningProblem;
  readonly solution: Solution;
  /** @default none */
  readonly priorities?: readonly PlannedPriority[] | undefined;
  readonly conflict?: readonly string[] | undefined;
}

/** Of a robust plan: where else the cord's maxima hold. */
export interface FinishedScenarios {
  readonly scenarios: ScenarioDose;
  /** By which the whole plan is scaled so that they hold under every shift of a ball, at most 1. @default 1 */
  readonly ballScale?: number;
  /** Whether the target counts in the worst of them. @default false */
  readonly isWorst?: boolean;
  /** Whether the plan is left as it is, whatever maximum it is above: fields that were given. @default false */
  readonly isAsGiven?: boolean;
}

/**
 * Forward dose of the finished fluences on every voxel of the body.
 *
 * The prescription's dose is read from the DVH of the report, and the status holds for that. The optimiser's dose and this one are the same function, to the last bit of a field's dose, so that the certificate is that of the
 * reported dose. Where rounding of the sum, or a voxel that is no row, takes the cord or a bounded organ over a maximum that was to hold, the
 * cord in any scenario, the whole plan is scaled *down* by the difference, never up; the certificate is that of the scaled plan.
 */
export function finish(
  model: PatientModel,
  planCase: Pick<PlanCase, 'prescription' | 'doseModel'>,
  {
    technique,
    hold,
    fields,
    voxels,
    maxima,
    organs,
    held: asked = [],
    aims,
    problem,
    solution,
    priorities,
    conflict,
  }: OptimisedPlan,
  { scenarios, ballScale = 1, isWorst = false, isAsGiven = false }: Partial<FinishedScenarios> = {},
): SolvedPlan {
  model.onStage(`${technique}: dose`);
  const {
    dose: total,
    beyondRange,
    beyondDensity,
  } = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
  const scaleOf = (): number => {
    const own = scaleWithin({ index: model.voxelOfPoint, dose: total }, [
      { voxels: voxels.cord.voxels, maxima },
      ...organs,
    ]);
    return scenarios ? Math.min(own, ballScale, scenarioScale(voxels, maxima, scenarios, fields)) : own;
  };
  const { fractions } = planCase.prescription;
  const { medium } = planCase.doseModel;
  const dosesAt = (scale: number) => reportedDoses(model, total, scale, { quantity: 'physical', fractions, medium });
  const isHard = hold === 'cord' && !isAsGiven;
  const kept = isHard ? scaleOf() : 1;
  let doses = dosesAt(kept);
  const isHeld = isHard && asked.length > 0;
  const shrink = kept * (isHeld ? heldScale(asked, heldDvhs(model, doses), planCase) : 1);
  if (shrink < kept) doses = dosesAt(shrink);
  const held = scaledFields(fields, shrink);
  const { objectives, constraints: limits, targets } = settledProblem(problem, solution);
  const planned = solution.dose.map((d) => shrink * d);
  const certificate = certifyAt(solution.certificate, objectives, limits, planned);
  const final: Solution = {
    ...solution,
    weights: solution.weights.map((w) => shrink * w),
    dose: planned,
    objective: certificate.value,
    ...prescribedOf(
      { ...solution, prescriptionDose: shrink * solution.prescriptionDose, certificate },
      doses,
      model,
      planCase,
      { isFree: problem.prescription === undefined, atIsocenter: planned[voxels.isocenterRow]! },
    ),
    certificate,
  };
  const result = { technique, hold, solved: fields, fields: held, ...doses, solution: final, voxels, scale: shrink };
  const heldBy = {
    ...(aims?.size && { aims: Array.from(aims, ([structure, factor]) => ({ structure, factor })) }),
    ...(isHeld && { held: asked.map(recordOfHeld) }),
    ...(priorities && { priorities }),
    ...(conflict && { conflict }),
  };
  const worstCase = isWorst ? { worstCase: worstCaseOf(final, objectives, targets) } : {};
  const difference = largestDifference(planned, voxels.places, model, doses);
  return { ...result, ...heldBy, largestDifference: difference, beyondRange, beyondDensity, ...worstCase };
}

const recordOfHeld = ({ asked: { text }, factor, rows }: HeldConstraint): HeldRecord => ({
  constraint: text,
  factor,
  ...(rows && { rows: rows.length }),
});

/** Fields with their monitor units times `share`. */
export function scaledFields(fields: readonly PlannedField[], scale: number): PlannedField[] {
  return fields.map((field) => ({
    ...field,
    monitorUnits: scale * field.monitorUnits,
    fluence: { grid: field.fluence.grid, weights: field.fluence.weights.map((w) => scale * w) },
    ...(field.segments && {
      segments: field.segments.map((own) => ({ ...own, monitorUnits: scale * own.monitorUnits })),
    }),
    ...(field.controlPoints && {
      controlPoints: field.controlPoints.map((own) => ({ ...own, monitorUnits: scale * own.monitorUnits })),
    }),
  }));
}

/**
 * A dose at the points of `bodyDose` as volumes: on the dose grid, and on the planning grid where there is one; and on the cord's surface.
 *
 * @param scale what it is multiplied by
 */
export function reportedDoses(
  { grid, fine, surface, voxelOfPoint }: Pick<PatientModel, 'grid' | 'fine' | 'surface' | 'voxelOfPoint'>,
  total: Float64Array,
  scale: number,
  meaning: Parameters<typeof createDose>[1],
): Pick<TechniquePlan, 'dose' | 'fineDose' | 'surfaceDose'> {
  const dose = createDose(grid, meaning);
  const surfaceDose = new Float64Array(surface.length / 3);
  const fineDose = fine === undefined ? undefined : createDose(fine.grid, meaning);
  const given = total.map((gray) => scale * gray);
  scatterDose(dose.data, voxelOfPoint, given);
  if (fineDose !== undefined) scatterDose(fineDose.data, voxelOfPoint, given, fineVoxel({ grid }, 0));
  scatterDose(surfaceDose, voxelOfPoint, given, surfaceVoxel({ grid, ...(fine && { fine }) }, 0));
  return { dose, ...(fineDose ? { fineDose } : {}), surfaceDose };
}

/** The dose that target and cord are read from, where they have a grid of their own: NaN where it was not computed. */
export function planningDose(
  { fine }: Pick<PatientModel, 'fine'>,
  { fineDose }: Pick<TechniquePlan, 'fineDose'>,
): DoseVolume | undefined {
  if (fine === undefined || fineDose === undefined) return undefined;
  const data = new Float32Array(fineDose.data.length).fill(Number.NaN);
  for (const voxel of fine.voxels) data[voxel] = fineDose.data[voxel]!;
  return { ...fineDose, data };
}

/** What the report's DVH may miss the prescribed dose by: the optimiser's tolerance and the sampling of both. */
const MET = 2e-3;

/** The dose of the prescription in a finished plan, as its DVH tells it, whether it is met, and whether the plan as it now is is proven. */
function prescribedOf(
  { status, prescriptionDose, certificate }: Solution,
  doses: Pick<TechniquePlan, 'dose' | 'fineDose'>,
  model: PatientModel,
  { prescription: { dose: wanted, to } }: Pick<PlanCase, 'prescription'>,
  { isFree, atIsocenter }: { readonly isFree: boolean; readonly atIsocenter: number },
): Pick<Solution, 'status' | 'prescriptionDose'> {
  let given = prescriptionDose;
  if (to === 'isocenter') {
    // Where objectives alone decide, the optimiser reads no prescription.
    if (Number.isNaN(given)) given = atIsocenter;
  } else {
    const dvh = drawnDvh(model, model.target, doseOfPlan(doses, model));
    given = doseAtVolume(dvh, (to === 'D95' ? 0.95 : 0.5) * dvh.volumeCc).value;
  }
  const isEnded = !isFree && (status === 'reached' || status === 'unproven');
  if (isEnded && Math.abs(given / wanted - 1) > MET) return { status: 'prescription-missed', prescriptionDose: given };
  // What the scaling into the maxima costs may be more than the proof allows.
  const isFar = status === 'reached' && !isProven(certificate);
  return { status: isFar ? 'unproven' : status, prescriptionDose: given };
}

/**
 * What a finished plan is judged by: DVHs, metrics, goals, conformity, and the cord's dose over both courses.
 */
import { eqd2 } from '../../biology/linear-quadratic.js';
import { toDecimals } from '../../core/rounding.js';
import { type Conformity, conformity } from '../../evaluate/conformity.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { type DoseFallOff, doseFallOff } from '../../evaluate/fall-off.js';
import { formatMetric } from '../../evaluate/metric.js';
import { metricBound } from '../../evaluate/metric-bound.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import {
  createProtocolItem,
  evaluateProtocol,
  type PriorCourse,
  type ProtocolItemInput,
  type ProtocolRow,
} from '../../evaluate/protocol.js';
import { createStructureDvh } from '../../evaluate/structure-dvh.js';
import { dosesOfTargets } from '../asked/asked-target.js';
import { type StructureTolerance, structureTolerances, type ToleranceCase } from '../constraint/structure-tolerance.js';
import type { PlanCase } from '../input/plan-case.js';
import { linesOf } from '../patient/drawn-share.js';
import { type PatientModel, targetNames } from '../patient/patient-model.js';
import { doseOfVoxel } from '../patient/planning-grid.js';
import { largestEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { type DoseIn, doseOfPlan, drawnDvhs } from '../technique/drawn-dvh.js';
import type { HeldRecord, TechniquePlan } from '../technique/technique-plan.js';
import { type AskedOutcome, askedOutcomes } from './asked-outcome.js';
import { constraintsOf, type ListedConstraint } from './constraint-list.js';
import { type ConstraintOutcome, constraintOutcomes } from './constraint-outcome.js';
import { outsideBeamsNotes } from './outside-beams.js';
import { type PriorityOutcome, priorityOutcomes } from './priority-outcome.js';
import { assessRetreatment, type RetreatmentAssessment } from './retreatment.js';
import type { RobustReport } from './robustness.js';
import type { PositionReport } from './setup-uncertainty.js';
import { targetOutcomes } from './target-outcome.js';

/** Volume and metrics of one structure in a plan. */
export interface StructureReport {
  readonly name: string;
  readonly role: string;
  readonly volumeCc: number;
  /** By canonical notation with unit, e.g. `D0.03cc[Gy]`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** How far off each metric may be to either side, in its unit: sampling, and what the dose grid's spacing may hide. */
  readonly errorBounds: Readonly<Record<string, number>>;
  /** Fraction of the structure as drawn that lies on the dose grid, where that is not all of it. */
  readonly coverage?: number;
  /** Where a metric is not quite what it says, e.g. for structures smaller than its volume. */
  readonly remarks?: readonly string[];
}

/** Cord dose of both courses, each interpolated, turned into EQD2 and added. */
export interface CumulativeCord {
  readonly structure: string;
  /** Gy */
  readonly alphaBeta: number;
  /** Largest EQD2 of the prior course, Gy. */
  readonly prior: number;
  /** EQD2 of this course, Gy. */
  readonly retreatment: { readonly max: number; readonly nearMax: number };
  /** Sum without any recovery between the courses, Gy. */
  readonly noRecovery: { readonly max: number; readonly nearMax: number };
  /** The prior maximum and that of this course, Gy: an upper bound that needs no registration. */
  readonly sumOfMaxima: number;
}

/** A plan and all that is measured of it. */
export interface PlanEvaluation {
  readonly plan: TechniquePlan;
  /** Of the structures as they are drawn, in the reported dose. */
  readonly dvhs: ReadonlyMap<string, Dvh>;
  readonly structures: readonly StructureReport[];
  readonly goals: readonly ProtocolRow[];
  readonly conformity: Conformity;
  /** Across the gap between target and cord; absent where the cord meets no slice of the dose. */
  readonly fallOff?: DoseFallOff;
  readonly cumulativeCord?: CumulativeCord;
  /** Everything that the plan was made under, with where it comes from. */
  readonly constraints: readonly ListedConstraint[];
  /** What became of every constraint that the case asks for. */
  readonly asked: readonly AskedOutcome[];
  /** Where the case has several targets: what each received. */
  readonly targets?: readonly {
    readonly structure: string;
    /** That it is asked for, total of the course, Gy. */
    readonly dose: number;
    /** What that is the value of. */
    readonly to: 'D50' | 'D95';
    /** The same of the structure as it is drawn, in the reported dose, Gy; null where it has no DVH. */
    readonly reached: number | null;
    /** Whether that misses the dose asked for by more than 2 %. */
    readonly isOff: boolean;
  }[];
  /** Structures that the case asks something of and that no beam meets, a sentence each; absent where there are none. */
  readonly notes?: readonly string[];
  /** What became of the case's priorities. */
  readonly priorities: readonly PriorityOutcome[];
  /** What became of every structure that has a maximum in each voxel. */
  readonly constraintOutcomes: readonly ConstraintOutcome[];
  /** Where there was a prior course. */
  readonly retreatment?: RetreatmentAssessment;
  /** The cord's cumulative maximum under rigid shifts, where there was a prior course. */
  readonly position?: PositionReport;
  /** Every scenario of a robust plan, beside the nominal plan. */
  readonly robust?: RobustReport;
  /** The plan of the same case without robustness, which `robust` compares with. */
  readonly nominal?: TechniquePlan;
}

const targetMetrics = ['D98%', 'D95%', 'D50%', 'D2%', 'V95%', 'V100%', 'Mean', 'Min', 'Max'];
const organMetrics = ['Max', 'D0.03cc', 'D0.1cc', 'D1cc', 'Mean', 'V20Gy', 'V5Gy'];

/** Goals of a case that names none: the cord's cap, and coverage and hot spot of every target. */
export function defaultGoals(model: PatientModel, planCase: Pick<PlanCase, 'cordCap'>): string[] {
  return [
    `${model.cord} Max <= ${planCase.cordCap}Gy`,
    `${model.cord} D0.03cc <= ${planCase.cordCap}Gy`,
    ...targetNames(model).flatMap((target) => [
      `${target} V95% >= 90%`,
      `${target} D95% >= 95%`,
      `${target} D2% <= ${hotSpot(target, model)}`,
    ]),
  ];
}

/** The limit of a target's hot spot: of its own dose, or of what a boost in it is asked for. */
function hotSpot(target: string, { several }: Pick<PatientModel, 'several'>): string {
  const own = several?.all.find(({ name }) => name === target)?.dose;
  const highest = several?.highestIn.get(target);
  return own === highest ? '107%' : `${toDecimals(1.07 * highest!, 2)}Gy`;
}

/** What a plan is judged by. */
export type JudgedCase = ToleranceCase &
  Pick<PlanCase, 'cordCap' | 'cordCapOrigin' | 'goals' | 'target' | 'targets' | 'prescription'> &
  Pick<PlanCase, 'constraints' | 'objectives' | 'priorities' | 'overlap'>;

/** @param prior the prior course on the plan's grid, with the maxima by voxel that it leaves */
export function evaluatePlan(
  technique: TechniquePlan,
  model: PatientModel,
  planCase: JudgedCase,
  prior: PriorExposure | undefined,
  tolerances: readonly StructureTolerance[] = structureTolerances(model, planCase, prior),
): PlanEvaluation {
  const doseIn = doseOfPlan(technique, model);
  const prescription = planCase.prescription.dose;
  const prescriptions = dosesOfTargets(planCase);
  const doseOf = doseOfVoxel(model, technique);
  const { dvhs, absent } = drawnDvhs(model, doseIn, doseOf);
  const structures = [...model.drawnFractions.keys()].map((name) =>
    structureReport(name, dvhs.get(name), absent.get(name), model, prescriptions.get(name) ?? prescription),
  );
  const judged = evaluateProtocol(
    (planCase.goals ?? defaultGoals(model, planCase)).map((goal) => createProtocolItem(goal as ProtocolItemInput)),
    dvhs,
    { prescription, prescriptions, absent, ...(prior ? { prior: priorOfGoals(prior, model) } : {}) },
  );
  const goals = withoutPlan(technique, prescription, judged);
  const { structures: drawn, target, cord } = model;
  const fallOff = doseFallOff(technique.dose, drawn.get(target)!, drawn.get(cord)!, { gap: model.cordGap() });
  const notes = outsideBeamsNotes(technique, model, planCase, dvhs);
  const retreatment = assessRetreatment(model, planCase, prior, { doseIn, dvhs, doseOf }, tolerances);
  return {
    plan: technique,
    dvhs,
    structures,
    goals,
    conformity: conformity(technique.dose, ...conformityOf(model, dvhs, doseIn, prescription), {
      // Isodose volumes are small parts of the body, which its voxels hold better than lines so far apart.
      region: model.cells.get(model.external)!,
    }),
    ...(fallOff ? { fallOff } : {}),
    constraints: constraintsOf(tolerances, model, planCase, technique),
    asked: askedOutcomes(technique, model, planCase, dvhs, { prescription, prescriptions, absent }),
    ...(model.several && { targets: targetOutcomes(model.several, dvhs) }),
    ...(notes.length > 0 && { notes }),
    priorities: priorityOutcomes(technique, planCase, dvhs, { prescription, prescriptions, absent }),
    constraintOutcomes: constraintOutcomes(tolerances, model, planCase, technique),
    ...(retreatment
      ? { cumulativeCord: cumulativeCord(retreatment, dvhs.get(model.cord)!, planCase), retreatment }
      : {}),
  };
}

/** What the high dose is to fit: the target and its dose; of several the union, and the lowest dose that any is asked for. */
function conformityOf(
  { several, target, grid, fine }: PatientModel,
  dvhs: ReadonlyMap<string, Dvh>,
  doseIn: DoseIn,
  prescription: number,
): [Dvh, number] {
  if (several === undefined) return [dvhs.get(target)!, prescription];
  const lines = linesOf(several.union, fine?.grid ?? grid);
  const dvh = createStructureDvh(doseIn(target), lines, { partial: 'covered' });
  return [dvh, Math.min(...several.all.map(({ dose }) => dose))];
}

function structureReport(
  name: string,
  dvh: Dvh | undefined,
  reason: string | undefined,
  model: PatientModel,
  prescription: number,
): StructureReport {
  const { role } = model.structures.get(name)!;
  const { volumeCc: drawn, onGrid } = model.drawnFractions.get(name)!;
  const metrics: Record<string, number> = {};
  const errorBounds: Record<string, number> = {};
  const remarks: string[] = reason === undefined ? [] : [reason];
  for (const text of dvh === undefined ? [] : role === 'target' ? targetMetrics : organMetrics) {
    const metric = parseMetric(text);
    const { value, flag } = evaluateMetric(metric, dvh!, { prescription });
    metrics[formatMetric(metric)] = value;
    errorBounds[formatMetric(metric)] = metricBound(metric, dvh!, { prescription })!.total;
    if (flag) remarks.push(`${formatMetric(metric)}: ${flag}`);
  }
  const { coverage = dvh === undefined ? onGrid : 1, volumeCc = drawn * coverage } = dvh ?? {};
  return {
    name,
    role,
    volumeCc: coverage > 0 ? volumeCc / coverage : drawn,
    metrics,
    errorBounds,
    ...(coverage < 1 ? { coverage } : {}),
    ...(remarks.length > 0 ? { remarks } : {}),
  };
}

/** Less than this of the prescription is no plan of it. */
const NO_PLAN = 0.5;

/** A constraint on a volume, in the notation of goals. */
const VOLUME = / (C?V|DC?)\d/;

/** Why there is no plan, where the constraints leave too little of the prescription or none keeps them all; else undefined. */
export function whyNoPlan(
  {
    solution,
    conflict,
    held,
  }: Pick<TechniquePlan, 'solution' | 'conflict'> & { readonly held?: readonly HeldRecord[] },
  prescription: number,
): string | undefined {
  const { status, prescriptionDose } = solution;
  const reached = `${prescriptionDose.toFixed(2)} of ${prescription} Gy`;
  if (status === 'infeasible') {
    const which = conflict === undefined ? 'the constraints' : conflict.join(' and ');
    // What is proven of a volume is proven for the voxels that were chosen to exceed its dose.
    const chosen = (held ?? []).filter(
      ({ constraint, rows }) => rows && VOLUME.test(constraint) && (conflict?.includes(constraint) ?? true),
    );
    const where = chosen.map(({ constraint }) => `, for the voxels that were chosen to break ${constraint}`).join('');
    return `no plan: none keeps ${which}${where}, and this one reaches ${reached}`;
  }
  const why = solution.given === undefined ? 'the constraints leave' : `the ${solution.given.of} that were given reach`;
  if (!(prescriptionDose >= NO_PLAN * prescription)) return `no plan: ${why} ${reached}`;
  return undefined;
}

/** A dose that was never planned meets every limit from above: no goal on it is passed. */
function withoutPlan(
  technique: TechniquePlan,
  prescription: number,
  rows: readonly ProtocolRow[],
): readonly ProtocolRow[] {
  const why = whyNoPlan(technique, prescription);
  if (why === undefined) return rows;
  return rows.map((row) => {
    if (row.unit === 'months' || row.result === 'not evaluable') return row;
    return { ...row, result: 'fail', reason: row.reason === undefined ? why : `${why}; ${row.reason}` };
  });
}

/** For goals on both courses: the prior maximum of each structure, so that a sum is that of the maxima. */
function priorOfGoals(prior: PriorExposure, model: PatientModel): PriorCourse {
  const { fractions, months } = prior;
  return {
    dose: 0,
    fractions,
    months,
    effectIn: (structure, { quantity, alphaBeta }) => largestEffect(prior, model, structure, quantity, alphaBeta),
  };
}

function cumulativeCord(
  { maximum, cumulativeNearMax }: RetreatmentAssessment,
  cord: Dvh,
  planCase: Pick<PlanCase, 'prescription'>,
): CumulativeCord {
  const nearMax = evaluateMetric(parseMetric('D0.03cc'), cord).value;
  const { alphaBeta } = maximum;
  return {
    structure: cord.name,
    alphaBeta,
    prior: maximum.priorEqd2,
    retreatment: { max: maximum.thisEqd2, nearMax: eqd2(nearMax, planCase.prescription.fractions, alphaBeta) },
    noRecovery: { max: maximum.cumulative, nearMax: cumulativeNearMax },
    sumOfMaxima: maximum.sumOfMaxima,
  };
}

/**
 * How far planning is: the stages that `runPlan` tells, with what each costs against the others, and the steps of its optimiser.
 */
import type { JobProgress, Stage } from '../core/job-progress.js';
import type { SolveProgress } from '../optimize/solution.js';
import { arcSettings } from '../plan/delivery/arc-fields.js';
import { usualDelivery } from '../plan/delivery/segment-fields.js';
import { windowSettings } from '../plan/delivery/window-fields.js';
import type { PlanCase, Technique } from '../plan/input/plan-case.js';
import type { StageListener } from '../plan/patient/patient-model.js';
import type { ProgressListener } from '../plan/technique/technique-plan.js';

/** Where making a plan begins and ends for its caller. */
export const READING = 'reading the case';
export const PICTURES = 'pictures';

/**
 * Seconds of the cases in `phantoms/cases` on one core, rounded means: no case takes just that, and only their proportions are used. Stages
 * that come in between, or again, are not listed: they hold the fraction where it is.
 */
const COST = {
  patient: 1.2,
  prior: 0.4,
  'fcrt: apertures, beams, columns': 3,
  'fcrt: weights': 0.5,
  'imrt: beamlets, rows': 1.2,
  'imrt: fluence': 2.5,
  'imrt: segments': 2.5,
  'imrt: leaf ends of segments': 11,
  'imrt: sliding windows': 4,
  'imrt: weights along the way': 10,
  'imrt: arc': 2,
  'imrt: leaf ends of the arc, round 1': 30,
  'imrt: weights of segments': 1.2,
  dose: 1,
  dvhs: 1.2,
  shifts: 1.1,
} as const;

/** What the fluence of a robust plan costs against that of a plain one: T8 at 4 mm and shifts of 3 mm. */
const ROBUST = 25;

/** Rounds in which goals in order are followed after the plan by the objectives alone, and what the fluence of each costs against that: T8 at 5 mm, two lists. */
const ORDERED = { rounds: 4, cost: 7 };

/** Steps or rounds that a stage takes as a rule. */
const USUAL_STEPS: Readonly<Record<string, number>> = {
  'fcrt: weights': 4,
  'imrt: fluence': 12,
  'imrt: segments': 10,
  'imrt: leaf ends of segments': 5,
  'imrt: weights of segments': 22,
  'beams: influence of all candidates': 6,
  'beams: search': 35,
  'beams: bound of all candidates': 80,
  'beams: plans of what was found': 20,
};
/** Of a stage whose end nobody knows, what steps can fill. */
const FULLEST = 0.95;

/** What decides which stages a plan has. */
export interface PlannedStages {
  readonly case: Pick<PlanCase, 'prior' | 'imrt' | 'objectives' | 'constraints' | 'priorities' | 'retreatment'>;
  readonly techniques: readonly Technique[];
  /** False where plans are made again, from their records or of given weights. @default true */
  readonly isOptimised?: boolean;
}

/** The stages of a plan in their order, without those of the caller. */
export function planStages({ case: planCase, techniques, isOptimised = true }: PlannedStages): Stage[] {
  const named = (names: readonly (keyof typeof COST)[], times = 1): Stage[] =>
    names.map((name) => ({ name, cost: COST[name] * times }));
  // Constraints that the case asks for are followed in rounds, and goals in order in more, each to a plan of its own.
  const rounds = planCase.constraints.length > 0 ? 2 : 1;
  const isOrdered = planCase.priorities.length > 0;
  const optimised: Record<Technique, () => Stage[]> = {
    fcrt: () => named(['fcrt: apertures, beams, columns', 'fcrt: weights']),
    imrt: () => [
      ...named(['imrt: beamlets, rows'], rounds),
      ...named(['imrt: fluence'], rounds * (planCase.imrt.robust === undefined ? 1 : ROBUST)),
      ...named(deliveryOf(planCase), rounds),
      ...Array.from({ length: isOrdered ? ORDERED.rounds : 0 }, () => [
        { name: 'imrt: dose', cost: COST.dose },
        ...named(['imrt: beamlets, rows']),
        ...named(['imrt: fluence'], ORDERED.cost),
      ]).flat(),
    ],
  };
  const hasShifts = planCase.prior !== null && planCase.retreatment.position !== null;
  return [
    { name: 'structures and voxels', cost: COST.patient },
    { name: 'prior course, tolerances', cost: COST.prior },
    ...techniques.flatMap((technique) => [
      ...(isOptimised ? optimised[technique]() : []),
      { name: `${technique}: dose`, cost: COST.dose },
      { name: `${technique}: DVHs, goals, retreatment`, cost: COST.dvhs },
      ...(hasShifts ? [{ name: `${technique}: shifts`, cost: COST.shifts }] : []),
    ]),
  ];
}

function deliveryOf(planCase: PlannedStages['case']): (keyof typeof COST)[] {
  const { imrt } = planCase;
  if (arcSettings(imrt) !== undefined) return ['imrt: arc', 'imrt: leaf ends of the arc, round 1'];
  if (windowSettings(imrt) !== undefined) return ['imrt: sliding windows', 'imrt: weights along the way'];
  const isFluence = (imrt.delivery ?? usualDelivery(planCase)) === 'fluence';
  return isFluence ? [] : ['imrt: segments', 'imrt: leaf ends of segments', 'imrt: weights of segments'];
}

/** How near to its proof a plan is; before there is any, what the target gets. */
export const toldGap = ({ gap, prescriptionDose }: SolveProgress): string =>
  Number.isFinite(gap)
    ? `within ${(100 * gap).toFixed(1)} % of the best`
    : `prescription dose ${prescriptionDose.toFixed(2)} Gy`;

/** Tells of a plan as it is made: what `runPlan` is given as `onStage` and `onProgress`. */
export class PlanProgress {
  private stage = '';
  private steps = 0;
  private technique: string | undefined;

  constructor(private readonly progress: Pick<JobProgress, 'stage' | 'step'>) {}

  /** A stage that is told again goes on with another round. */
  readonly onStage: StageListener = (stage) => {
    if (stage === this.stage) {
      this.steps++;
      this.progress.step({ done: this.steps, unit: 'rounds', part: this.part(), case: this.technique });
      return;
    }
    this.stage = stage;
    this.steps = 0;
    this.technique = /^(fcrt|imrt): /.exec(stage)?.[1];
    this.progress.stage(stage, { case: this.technique });
  };

  readonly onProgress: ProgressListener = (technique, step) => {
    this.steps++;
    this.progress.step({
      done: this.steps,
      unit: 'steps',
      part: this.part(),
      case: technique,
      note: toldGap(step),
    });
  };

  private part(): number {
    return Math.min(FULLEST, this.steps / (USUAL_STEPS[this.stage] ?? Number.POSITIVE_INFINITY));
  }
}

/** What a technique makes: fields with monitor units, their dose, the proof. */
import type { Aperture } from '../../beam/aperture.js';
import { anglesOnPatient, type BeamAngles } from '../../beam/arrangement.js';
import { type Beam, createBeam } from '../../beam/beam.js';
import type { BeamModifiers } from '../../beam/shaped-fluence.js';
import type { TimeLeft } from '../../core/deadline.js';
import type { FluenceField } from '../../dose/beam-view.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { DoseVolume } from '../../geometry/volume.js';
import type { ShiftValue } from '../../geometry/worst-shift.js';
import type { Machine } from '../../machine/machine.js';
import type { PriorityStep } from '../../optimize/priority-step.js';
import type { Solution, SolveProgress } from '../../optimize/solver.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import type { HeldConstraint } from '../problem/held-constraint.js';
import type { FurtherObjectives, PosedProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { AskedLists } from '../problem/posed-goal.js';

/** One field of a finished plan. */
export interface PlannedField {
  readonly beam: Beam;
  /** Total over the course. FCRT: of the aperture; IMRT: mean over the beamlets that carry weight. */
  readonly monitorUnits: number;
  readonly aperture?: Aperture;
  /** Total monitor units per pixel. */
  readonly fluence: FluenceField;
  /** Step-and-shoot: what the fluence is the sum of; `monitorUnits` is theirs. */
  readonly segments?: readonly { readonly aperture: Aperture; readonly monitorUnits: number }[];
  /** @internal FCRT: what stands in the beam besides. */
  readonly wedge?: BeamModifiers['wedge'];
  /** @internal The same of blocks. */
  readonly block?: BeamModifiers['block'];
  /** Sliding window: where leaves stand when so many units have been given; in between they move evenly. */
  readonly controlPoints?: readonly { readonly aperture: Aperture; readonly monitorUnits: number }[];
}

/** A finished plan of one technique: fields with monitor units, their dose, and the proof. */
export interface TechniquePlan {
  readonly technique: Technique;
  readonly hold: 'cord' | 'prescription';
  readonly fields: readonly PlannedField[];
  /** The same as the optimiser left them: `fields` are these times `scale`. */
  readonly solved: readonly PlannedField[];
  readonly dose: DoseVolume;
  /** Around target and cord on the planning grid, where the dose grid is coarse; zero elsewhere. */
  readonly fineDose?: DoseVolume;
  /** @internal At the points of the model's `surface`, Gy. */
  readonly surfaceDose: Float64Array;
  /** How the optimiser ended, and what it proved; a plan that was made from its record has no weights and no dose of its rows. */
  readonly solution: Omit<Solution, 'weights' | 'dose'> &
    Partial<Pick<Solution, 'weights' | 'dose'>> & {
      /** Where weights or fluence were given: nothing was optimised. */
      readonly given?: {
        readonly of: 'weights' | 'fluence';
        /** Whether the case's own problem was solved, so that the certificate says how far the plan is from the best one. */
        readonly isCompared: boolean;
        /** Hard constraints that the plan breaks: in how many voxels (null where it is one over a volume), and by how much at most, Gy. */
        readonly broken: readonly {
          readonly constraint: string;
          readonly voxels: number | null;
          readonly excess: number;
        }[];
      };
    };
  /** @internal The voxels that the solution's rows are. */
  readonly voxels: PlanningVoxels;
  /** By which the whole plan was scaled, at most 1, so that every maximum holds in the engine's dose. */
  readonly scale: number;
  /** Largest difference of the optimiser's dose from the reported one, over the optimiser's voxels, Gy. */
  readonly largestDifference: number;
  /** Where the target counts in the worst scenario: that of the plan, not smoothed, and how far it is proven to be from the best. */
  readonly worstCase?: { readonly value: number; readonly gap: number | null };
  /** @internal Where the cord's maxima hold under every shift of a ball: how they came to. */
  readonly ball?: BallOfShifts;
  /** @internal How the case's constraints were held, where it has any and the technique holds them. */
  readonly held?: readonly HeldRecord[];
  /** @internal Of several targets: what each was asked for, as a multiple of its dose. */
  readonly aims?: readonly { readonly structure: string; readonly factor: number }[];
  /**
   * Where the plan is delivered in segments: how many, the objectives' value at their dose, and how far that is from the lower bound of any
   * fluence, as a fraction of it; null where nothing is proven.
   */
  readonly delivery?: {
    /** @default 'step-and-shoot' */
    readonly kind?: 'sliding-window' | 'arc' | undefined;
    /** Of leaves that move: control points of all fields. */
    readonly segments: number;
    /** Of leaves that move: beam-on time of one fraction, s. */
    readonly seconds?: number | undefined;
    /** Of an arc: where gantry and leaves stand when so many units of the course have been given; `fields` are static beams that stand for it. */
    readonly arc?:
      | readonly { readonly gantry: number; readonly aperture: Aperture; readonly monitorUnits: number }[]
      | undefined;
    readonly value: number;
    readonly lowerBound: number | null;
    readonly price: number | null;
    /** The same of the fluence's sequence as it is, at its best weights. */
    readonly sequenced?: number | null | undefined;
  };
  /** What became of the case's priorities, list by list, in the optimiser's rows. */
  readonly priorities?: readonly PlannedPriority[];
  /** Of a case with priorities: what of the prescribed dose its objectives alone reach, Gy, where that is less than is prescribed. */
  readonly reachedAlone?: number;
  /** Where no plan keeps all constraints: the smallest set of them that none keeps, as far as it was found. */
  readonly conflict?: readonly string[];
  /** Body voxels deeper than the machine was commissioned for, in the worst beam. */
  readonly beyondRange: number;
  /** Body voxels whose effective density lies outside the model's tested range, in the worst beam. */
  readonly beyondDensity: number;
}

/** A list of goals after its turn. */
export type PlannedPriority = Omit<PriorityStep, 'certificate'>;

/** How one constraint of the case was held. */
export interface HeldRecord {
  /** As the case asks for it. */
  readonly constraint: string;
  /** The optimiser's bound is the dose asked for times this. */
  readonly factor: number;
  /** Of a volume: how many rows were held one by one; absent where it was kept without. */
  readonly rows?: number | undefined;
}

/** How the optimiser ended, and what it proved. */
export type PlannedSolution = TechniquePlan['solution'];

/** What was given in place of an optimised fluence, and what it breaks. */
export type GivenFluence = NonNullable<PlannedSolution['given']>;

/** A plan that the optimiser has just made. */
export interface SolvedPlan extends TechniquePlan {
  readonly solution: Solution;
  /** Weights of beamlets, where the solution's are those of segments. */
  readonly fluence?: Float64Array;
}

/** How the cord's maxima were brought to hold under every shift of a ball. */
export interface BallOfShifts {
  /** Shifts that were found to break a maximum and became scenarios of the problem, LPS, mm. */
  readonly added: readonly Vec3[];
  /** The optimiser's last plan held the cord's maxima times this, at most 1: between scenarios the dose rises above them. */
  readonly margin: number;
  /** Of the optimiser's last plan: the worst shift of the ball, and the largest dose there as a multiple of its maximum. */
  readonly found: ShiftValue;
  /** By which the whole plan was scaled for that, at most 1. */
  readonly scale: number;
}

/** What every technique reads of a case besides its own part. */
export type PosedCase = PosedProblem & Pick<PlanCase, 'doseModel'>;

/** How a technique is planned, besides what its case says. */
export interface PlanningOptions {
  readonly onProgress?: ProgressListener | undefined;
  /** Gy, one per cord voxel. @default the case's cap in all of them */
  readonly maxima?: Float64Array;
  /** Caps of the structures besides the cord of which the voxels hold rows; they hold at the nominal place. @default none */
  readonly organs?: readonly VoxelMaxima[];
  /** What the case asks to be held besides. @default none */
  readonly held?: readonly HeldConstraint[];
  readonly further?: FurtherObjectives | undefined;
  /** Of several targets: what each is asked for, as a multiple of its dose. @default 1 */
  readonly aims?: ReadonlyMap<string, number> | undefined;
  /** The case's priorities: with any, what they leave is the objectives'. @default none */
  readonly lists?: AskedLists | undefined;
  /** Of the prior courses, for objectives on the dose of all. @default there was none */
  readonly prior?: PriorExposure | undefined;
  /** Weights of a plan like it, to start from. */
  readonly start?: Float64Array | undefined;
  /** When it is 0 the plan so far is taken, as `time-limit`. @default no limit */
  readonly timeLeft?: TimeLeft | undefined;
}

/** Told after every step of a technique's optimiser. */
export type ProgressListener = (technique: Technique, progress: SolveProgress) => void;

/** The beams of an arrangement on a patient. */
export function beamsOf(named: string | readonly BeamAngles[], model: PatientModel, machine: Machine): Beam[] {
  const angles = anglesOnPatient(named, model.patient.position);
  return angles.map(({ gantry, collimator = 0, couch = 0 }) =>
    createBeam(machine, { isocenter: model.isocenter, gantry, collimator, couch, position: model.patient.position }),
  );
}

/** The planning problem of both techniques: objectives, constraints and prescription over the planning voxels. */
import { InvalidInputError } from '../../core/errors.js';
import { type Constraint, maximumDose } from '../../optimize/constraint.js';
import { followLevel, type Level, type Objective, type VoxelSet } from '../../optimize/objective/objective.js';
import { squaredOverdose } from '../../optimize/objective/squared-overdose.js';
import { worstCase } from '../../optimize/objective/worst-case.js';
import type { Prescription } from '../../optimize/problem.js';
import { type AskedObjective, readObjectives } from '../asked/asked-objective.js';
import type { Hold, PlanCase } from '../input/plan-case.js';
import { constraintsOn, type HeldConstraint } from './held-constraint.js';
import type { PlanningVoxels } from './planning-voxels.js';
import { poseObjective } from './posed-objective.js';
import { noPrior, type PriorAtRows } from './prior-at-rows.js';
import { withVolume } from './structure-rows.js';

/** The objectives and constraints of a technique, in Gy. */
export interface PlanningProblem {
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
  /** Absent where nothing follows its level: then objectives alone decide how much dose there is. */
  readonly prescription?: Prescription;
  readonly level: Level;
  /** Where the target counts in every scenario: what it is asked for, nominal place first. */
  readonly targets: readonly (readonly Objective[])[];
}

/** The maxima of a planning problem, and how sharp its worst case is. */
export interface ProblemOptions {
  /** Gy, one per cord voxel, for every scenario the same; or one for each, the nominal ones first. @default the case's cap in all of them */
  readonly maxima?: number | Float64Array;
  /** Gy, one per row of each of `voxels.organs`. @default none */
  readonly organMaxima?: readonly Float64Array[];
  /** Of the target's worst case, as in {@link worstCase}. @default Infinity: the mean of its scenarios */
  readonly temperature?: number | undefined;
  /** What the case asks to be held besides. @default none */
  readonly held?: readonly HeldConstraint[];
  /** Objectives of the caller's own, besides those of the case. @default none */
  readonly further?: FurtherObjectives | undefined;
  /** Of several targets: what each is asked for, as a multiple of its dose. @default 1 */
  readonly aims?: ReadonlyMap<string, number> | undefined;
  /** Of the prior courses, for objectives on the dose of all. @default there was none */
  readonly priorOf?: PriorAtRows | undefined;
}

/** Objectives that no CASE.json can say: of the caller's own, on rows of structures. */
export interface FurtherObjectives {
  /** By name: those that must have rows. */
  readonly structures: readonly string[];
  /** @param sets rows of each with the volume that they stand for; doses are total Gy of the course */
  objectives(sets: ReadonlyMap<string, VoxelSet>): readonly Objective[];
}

/** What a planning problem reads of a case. */
export type PosedProblem = Pick<
  PlanCase,
  'prescription' | 'cordCap' | 'target' | 'targets' | 'objectives' | 'priorities' | 'overlap'
>;

/**
 * What a plan is asked for: the case's objectives, and the cord and bounded organs under their maxima (hard, or as strong as the
 * prescription allows).
 *
 * With scenarios the cord's maximum is that of all its rows, nominal and shifted. What the target is asked for is the worst case of
 * those scenarios that have target rows; all else stays nominal.
 */
export function posePlanningProblem(
  voxels: PlanningVoxels,
  planCase: PosedProblem,
  hold: Hold,
  {
    maxima = planCase.cordCap,
    organMaxima = [],
    temperature = Number.POSITIVE_INFINITY,
    held: asked = [],
    further,
    aims,
    priorOf = noPrior,
  }: ProblemOptions = {},
): PlanningProblem {
  const { dose, to } = planCase.prescription;
  const level: Level = { value: dose };
  if (organMaxima.length !== voxels.organs.length) {
    throw new InvalidInputError(
      `planning problem: caps of ${organMaxima.length} organs for ${voxels.organs.length} bounded ones. Give one list for each.`,
    );
  }
  const cord = cordOfAll(voxels);
  const bounds =
    typeof maxima === 'number' ? maxima : Float64Array.from(cord.rows, (_, q) => maxima[q % maxima.length]!);
  const held = [
    ...(cord.rows.length > 0 ? [{ name: 'cord', set: cord, maximum: bounds }] : []),
    ...voxels.organs.map((set, o) => ({ name: set.name, set, maximum: organMaxima[o]! })),
  ];
  const isShaped = hold === 'cord';
  const { scenarios = [] } = voxels;
  const listed = readObjectives(planCase.objectives, planCase, isShaped)
    .filter(({ kind }) => kind !== 'smoothness')
    .map((one) => aimed(one, aims));
  const ofTarget = listed.filter(({ structure }) => structure === planCase.target);
  const sets = [voxels.target, ...scenarios.flatMap(({ target }) => target ?? [])];
  const poseAt = (target: VoxelSet) => (one: AskedObjective) =>
    poseObjective(one, { voxels, target, level, planCase, priorOf });
  const targets = sets.map((set) => ofTarget.map(poseAt(set)));
  const isWorst = targets.length > 1 && ofTarget.length > 0;
  const objectives: Objective[] = [
    ...(isWorst ? [worstCase('target', targets, temperature)] : []),
    ...listed.filter((one) => !isWorst || !ofTarget.includes(one)).map(poseAt(voxels.target)),
    ...(further?.objectives(voxels.owned) ?? []),
  ];
  if (hold === 'prescription') {
    for (const { name, set, maximum } of held) {
      const own = ofVolume(set, maximum);
      objectives.push(squaredOverdose(name, own.set, own.largest, 6));
    }
  }
  return {
    objectives,
    constraints:
      hold === 'cord'
        ? [
            ...held.map(({ name, set, maximum }) => maximumDose(name, set, maximum)),
            ...constraintsOn(asked, voxels, planCase.prescription.fractions),
          ]
        : [],
    level,
    ...(listed.some(({ ofLevel }) => ofLevel !== undefined) && {
      prescription: { ...prescribedRows(voxels, planCase), fraction: to === 'D95' ? 0.95 : 0.5, dose, level },
    }),
    targets,
  };
}

/** Whether an objective follows the prescription's level: else objectives alone decide how much dose there is. */
export const followsLevel = (planCase: PosedProblem): boolean =>
  readObjectives(planCase.objectives, planCase, true).some(({ ofLevel }) => ofLevel !== undefined);

/** The rows that a prescription is read in: the target's, or a point. */
export const prescribedRows = (
  { target, isocenterRow }: Pick<PlanningVoxels, 'target' | 'isocenterRow'>,
  { prescription }: Pick<PlanCase, 'prescription'>,
): VoxelSet =>
  prescription.to === 'isocenter' ? { rows: Int32Array.of(isocenterRow), volumes: Float64Array.of(1) } : target;

/** What follows the level asks a target for its dose times its aim. */
function aimed(one: AskedObjective, aims: ReadonlyMap<string, number> | undefined): AskedObjective {
  const aim = one.structure === undefined ? undefined : aims?.get(one.structure);
  return aim === undefined || one.ofLevel === undefined ? one : { ...one, ofLevel: aim * one.ofLevel };
}

/** A problem with its objectives at the level where a solution left it: what is said of the solution's plan is said at that. */
export function settledProblem<T extends PlanningProblem>(problem: T, { level }: { readonly level?: number }): T {
  if (level === undefined) return problem;
  const { level: from, prescription } = problem;
  const to: Level = { value: level };
  return {
    ...problem,
    objectives: followLevel(problem.objectives, from, to),
    targets: problem.targets.map((own) => followLevel(own, from, to)),
    level: to,
    ...(prescription && { prescription: { ...prescription, level: to } }),
  };
}

/** The rows that stand for any volume, with their maxima. */
function ofVolume(set: VoxelSet, largest: number | Float64Array): { set: VoxelSet; largest: number | Float64Array } {
  const has = (_: number, q: number): boolean => set.volumes[q]! > 0;
  return { set: withVolume(set), largest: typeof largest === 'number' ? largest : largest.filter(has) };
}

/** The cord's rows of all scenarios, the nominal ones first. */
function cordOfAll({ cord, scenarios = [] }: PlanningVoxels): VoxelSet {
  const all = [cord, ...scenarios.map((scenario) => scenario.cord)];
  return {
    rows: Int32Array.from(all.flatMap(({ rows }) => Array.from(rows))),
    volumes: Float64Array.from(all.flatMap(({ volumes }) => Array.from(volumes))),
  };
}

/** The planning problem of both techniques: objectives, constraints and prescription over the planning voxels. */
import { InvalidInputError } from '../../core/errors.js';
import { type Constraint, maximumDose } from '../../optimize/constraint.js';
import { meanDose } from '../../optimize/objective/mean-dose.js';
import { followLevel, type Level, type Objective, type VoxelSet } from '../../optimize/objective/objective.js';
import { squaredDeviation } from '../../optimize/objective/squared-deviation.js';
import { squaredFallOff } from '../../optimize/objective/squared-fall-off.js';
import { squaredOverdose } from '../../optimize/objective/squared-overdose.js';
import { squaredUnderdose } from '../../optimize/objective/squared-underdose.js';
import { worstCase } from '../../optimize/objective/worst-case.js';
import type { Prescription } from '../../optimize/problem.js';
import type { Hold, PlanCase } from '../input/plan-case.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** The objectives and constraints of a technique, in Gy. */
export interface PlanningProblem {
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
  readonly prescription: Prescription;
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
}

/**
 * What every plan is asked for: the prescribed dose in the target, a fall-off of 6 % of it per mm around the target down
 * to 45 %, little dose elsewhere, and the cord and bounded organs under their maxima (hard, or as strong as the prescription
 * allows).
 *
 * With scenarios the cord's maximum is that of all its rows, nominal and shifted. What the target is asked for is the worst case of
 * those scenarios that have target rows; tissue and prescription stay nominal.
 *
 * The weights are ours; they set the compromise inside the limits, not the limits.
 */
export function posePlanningProblem(
  voxels: PlanningVoxels,
  planCase: Pick<PlanCase, 'prescription' | 'cordCap'>,
  hold: Hold,
  { maxima = planCase.cordCap, organMaxima = [], temperature = Number.POSITIVE_INFINITY }: ProblemOptions = {},
): PlanningProblem {
  const { dose, to } = planCase.prescription;
  const level: Level = { value: dose };
  const fallOff = { dose, perMillimetre: 0.06, least: 0.45, from: 1 };
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
  // Whole fields can hardly shape the dose outside: there these wishes must not cost the target its homogeneity.
  const outside = hold === 'cord' ? 60 : 6;
  const { scenarios = [] } = voxels;
  const targets = [voxels.target, ...scenarios.flatMap(({ target }) => target ?? [])].map((set) => [
    squaredDeviation('target', set, level, 100),
    squaredUnderdose('target', set, level, 0.97, 100),
  ]);
  const objectives: Objective[] = [
    ...(targets.length > 1 ? [worstCase('target', targets, temperature)] : targets[0]!),
    squaredFallOff('tissue around the target', voxels.tissue, voxels.tissue.distance, fallOff, outside),
    meanDose('tissue', voxels.tissue, 2),
  ];
  if (hold === 'prescription') {
    for (const { name, set, maximum } of held) {
      const own = ofVolume(set, maximum);
      objectives.push(squaredOverdose(name, own.set, own.largest, outside));
    }
  }
  const point: VoxelSet = { rows: Int32Array.of(voxels.isocenterRow), volumes: Float64Array.of(1) };
  const prescribed = to === 'isocenter' ? point : voxels.target;
  return {
    objectives,
    constraints: hold === 'cord' ? held.map(({ name, set, maximum }) => maximumDose(name, set, maximum)) : [],
    prescription: { ...prescribed, fraction: to === 'D95' ? 0.95 : 0.5, dose, level },
    targets,
  };
}

/** A problem with its objectives at the level where a solution left it: what is said of the solution's plan is said at that. */
export function settledProblem<T extends PlanningProblem>(problem: T, { level }: { readonly level?: number }): T {
  if (level === undefined) return problem;
  const from = problem.prescription.level;
  const to: Level = { value: level };
  return {
    ...problem,
    objectives: followLevel(problem.objectives, from, to),
    targets: problem.targets.map((own) => followLevel(own, from, to)),
    prescription: { ...problem.prescription, level: to },
  };
}

/** The rows that stand for any volume: points of a surface stand for none, and count in no mean. */
function ofVolume(
  { rows, volumes }: VoxelSet,
  largest: number | Float64Array,
): { set: VoxelSet; largest: number | Float64Array } {
  const has = (_: number, q: number): boolean => volumes[q]! > 0;
  const set = { rows: rows.filter(has), volumes: volumes.filter(has) };
  return { set, largest: typeof largest === 'number' ? largest : largest.filter(has) };
}

/** The cord's rows of all scenarios, the nominal ones first. */
function cordOfAll({ cord, scenarios = [] }: PlanningVoxels): VoxelSet {
  const all = [cord, ...scenarios.map((scenario) => scenario.cord)];
  return {
    rows: Int32Array.from(all.flatMap(({ rows }) => Array.from(rows))),
    volumes: Float64Array.from(all.flatMap(({ volumes }) => Array.from(volumes))),
  };
}

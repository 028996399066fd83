/**
 * Every constraint that a plan was made under, with where it comes from: the cap on the cord and the bounds by voxel.
 *
 * What holds without being asked for is a default, and says so; a number that the case gives is the case's, whatever a default
 * of the same kind rests on. A constraint that another one keeps everywhere is listed too, and said to hold nothing back.
 */
import { eqd2 } from '../biology/linear-quadratic.js';
import { DEFAULT_CORD_CAP, type PlanCase } from './case.js';
import type { PatientModel } from './patient-model.js';
import { cordVoxels } from './planning-grid.js';
import type { TechniquePlan } from './technique.js';
import type { VoxelBounds } from './voxel-bounds.js';

export interface Constraint {
  readonly structure: string;
  /** Of which every voxel keeps it. */
  readonly metric: 'Max';
  /** Gy in `quantity`. */
  readonly limit: number;
  readonly quantity: 'physical' | 'eqd2';
  /** Gy, of an EQD2 */
  readonly alphaBeta?: number;
  /** Of this course alone, or of all together. */
  readonly courses: 'this' | 'all';
  /** `hard`: kept whatever it costs; `soft`: as far as the prescription allows. */
  readonly force: 'hard' | 'soft';
  /** Field of CASE.json that sets it. */
  readonly field: 'cordCap' | 'retreatment.bounds';
  /** Whether the case sets it, or it holds because the case says nothing. */
  readonly origin: 'case' | 'default';
  /** What the number rests on, in words. */
  readonly basis: string;
  /** Voxels of the structure on the dose grid. */
  readonly voxels: number;
  /** Those in which it is the strictest of its structure. */
  readonly strictest: number;
  /** What it leaves of this course in those, physical Gy; null where it is the strictest in none. */
  readonly leaves: readonly [least: number, most: number] | null;
  /** Shifts of the patient under which it holds besides the nominal place; 0 but for the cap of a robust plan. */
  readonly shifts: number;
}

/** All of a plan, the cap first. */
export function constraintsOf(
  bounds: readonly VoxelBounds[],
  model: PatientModel,
  plan: PlanCase,
  { hold, voxels }: Pick<TechniquePlan, 'hold' | 'voxels'>,
): Constraint[] {
  const force = hold === 'cord' ? 'hard' : 'soft';
  const shifts = voxels.scenarios?.length ?? 0;
  return [
    { ...capConstraint(bounds, model, plan, force), shifts },
    ...boundConstraints(bounds, model, force, plan.cordCap),
  ];
}

function capConstraint(
  bounds: readonly VoxelBounds[],
  model: PatientModel,
  plan: PlanCase,
  force: Constraint['force'],
): Constraint {
  const { cord } = model;
  const { cordCap: limit, cordCapOrigin } = plan;
  // A case that was changed in code may carry another number than the default that it was read with.
  const origin = limit === DEFAULT_CORD_CAP ? cordCapOrigin : 'case';
  const own = bounds.find(({ structure }) => structure === cord);
  const voxels = own?.voxels.length ?? cordVoxels(model).length;
  const strictest = own === undefined ? voxels : own.dose.reduce((sum, bound) => sum + (bound < limit ? 0 : 1), 0);
  return {
    structure: cord,
    metric: 'Max',
    limit,
    quantity: 'physical',
    courses: 'this',
    force,
    field: 'cordCap',
    origin,
    basis: origin === 'case' ? 'set by the case' : defaultCap(cord, plan),
    voxels,
    strictest,
    leaves: strictest === 0 ? null : [limit, limit],
    shifts: 0,
  };
}

/** What the default number is, and what it is worth in the case's fractions. */
function defaultCap(cord: string, { prescription: { fractions } }: PlanCase): string {
  const stated = "HyTEC's point maximum of a retreatment, stated for the thecal sac and 1 to 5 fractions";
  const worth = eqd2(DEFAULT_CORD_CAP, fractions, 2);
  const here = fractions === 22 ? '' : `; in ${fractions} fractions it is ${worth.toFixed(1)} Gy EQD2/2`;
  const other = /cord|cauda|thecal|canal/i.test(cord) ? '' : `; ${cord} is another organ than it is stated for`;
  return `by default, as the case sets none: 25 Gy EQD2/2 in 22 fractions, ${stated}${here}${other}`;
}

/** The bounds by voxel. @param cap on the cord, Gy. @default none */
export function boundConstraints(
  bounds: readonly VoxelBounds[],
  model: Pick<PatientModel, 'cord'>,
  force: Constraint['force'],
  cap = Infinity,
): Constraint[] {
  return bounds.flatMap(({ structure, origin, limits, binding, dose, voxels }) =>
    limits.map(({ courses, eqd2: limit, alphaBeta, source }, l): Constraint => {
      const most = structure === model.cord ? cap : Infinity;
      const left = dose.filter((bound, v) => binding[v] === l && bound < most);
      const cited = source === undefined ? '' : `: ${source.citation}`;
      const why =
        origin === 'case' ? 'set by the case' : 'by default, as there was a prior course and the case sets none';
      return {
        structure,
        metric: 'Max',
        limit,
        quantity: 'eqd2',
        alphaBeta,
        courses,
        force,
        field: 'retreatment.bounds',
        origin,
        basis: why + cited,
        voxels: voxels.length,
        strictest: left.length,
        leaves: left.length === 0 ? null : [least(left), largest(left)],
        shifts: 0,
      };
    }),
  );
}

/** One sentence per constraint. */
export function constraintSentences(constraints: readonly Constraint[]): string[] {
  return constraints.map((constraint) => {
    const { force, field, basis, voxels, strictest, leaves, shifts } = constraint;
    const under = shifts === 0 ? '' : `, also under ${shifts} shifts`;
    const counts =
      leaves === null
        ? 'nowhere the strictest'
        : `strictest in ${strictest} of ${voxels} voxels, where it leaves ${span(...leaves)} Gy of this course`;
    return `${nameOfConstraint(constraint)} (${force}${under}; ${field}, ${basis}): ${counts}.`;
  });
}

/** `SpinalCord Max <= 29.8 Gy`, `SpinalCord Max <= 70 Gy EQD2/2 of all courses` */
export function nameOfConstraint({ structure, metric, limit, quantity, alphaBeta, courses }: Constraint): string {
  const scale = quantity === 'physical' ? '' : ` EQD2/${alphaBeta}`;
  return `${structure} ${metric} <= ${number(limit)} Gy${scale} of ${courses === 'all' ? 'all courses' : 'this course'}`;
}

/** Where a default takes the place of the cap that the case sets: said, and how it is lifted. */
export function overruledCap(constraints: readonly Constraint[]): string | undefined {
  const cap = constraints.find(({ field }) => field === 'cordCap');
  if (cap === undefined || cap.origin !== 'case' || cap.strictest > 0) return undefined;
  const others = constraints.filter(({ structure, strictest, field, origin }) => {
    return structure === cap.structure && field !== 'cordCap' && strictest > 0 && origin === 'default';
  });
  if (others.length === 0) return undefined;
  const names = others.map(nameOfConstraint).join(' and ');
  return `The cap of ${number(cap.limit)} Gy that the case sets on ${cap.structure} holds nothing back: ${names}, by default after a prior course, is stricter everywhere. Set retreatment.bounds to change that; [] means none.`;
}

const number = (value: number): string => String(Number(value.toFixed(2)));
const span = (from: number, to: number): string =>
  to - from < 0.005 ? from.toFixed(2) : `${from.toFixed(2)} to ${to.toFixed(2)}`;
const least = (values: Float64Array): number => values.reduce((a, b) => Math.min(a, b), Infinity);
const largest = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);

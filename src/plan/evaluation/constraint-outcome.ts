/**
 * What became of every bounded structure in a plan: how near its voxels are to their bounds, what that costs the target.
 */
import { eqd2 } from '../../biology/linear-quadratic.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import type { PlanCase } from '../input/plan-case.js';
import { type PatientModel, targetMaskOf } from '../patient/patient-model.js';
import { doseOfVoxel, placeOfVoxel, valueOfVoxel } from '../patient/planning-grid.js';
import type { TechniquePlan } from '../technique/technique-plan.js';

/** What became of a structure that has a maximum in each voxel. */
export interface ConstraintOutcome {
  readonly structure: string;
  readonly tolerances: StructureTolerance['tolerances'];
  /** `hard`: kept whatever it costs; `soft`: as far as the prescription allows. */
  readonly force: 'hard' | 'soft';
  /** Voxels with any of the structure in them. */
  readonly voxels: number;
  /** Those that are rows of the optimiser; the others keep their maximum without. */
  readonly rows: number;
  /** Smallest and largest maximum, Gy; absent where the structure has no voxel on the grid. */
  readonly range?: readonly [number, number] | undefined;
  /** Voxels that hold target as well, with a maximum below the prescribed dose: there the maximum wins. */
  readonly targetVoxels: number;
  /** Voxels above their maximum. */
  readonly broken: number;
  /** Where the dose is nearest to its maximum, or most above it. */
  readonly worst?:
    | {
        readonly limit: string;
        /** LPS, mm */
        readonly place: Vec3;
        /** Dose less maximum, Gy of this course; negative where it keeps it. */
        readonly excess: number;
        /** The same in EQD2 of the limit, Gy: of all courses less the limit, where it is on all. */
        readonly eqd2: number;
      }
    | undefined;
}

/** A dose in Float32 is above its bound from this fraction of it on. */
const ROUNDING = 1e-6;

/** @internal One entry per bounded structure, in the order of the bounds; the dose in every voxel is the engine's. */
export function constraintOutcomes(
  tolerances: readonly StructureTolerance[],
  model: PatientModel,
  { prescription: { dose: prescribed, fractions } }: Pick<PlanCase, 'prescription'>,
  technique: Pick<TechniquePlan, 'dose' | 'fineDose' | 'surfaceDose' | 'hold' | 'voxels'>,
): ConstraintOutcome[] {
  const target = targetMaskOf(model).data;
  const { hold, voxels: chosen } = technique;
  const doseOf = doseOfVoxel(model, technique);
  const targetOf = (voxel: number): number => valueOfVoxel(model, voxel, target, model.fine?.target.data, () => 0);
  return tolerances.map((own): ConstraintOutcome => {
    const { structure, tolerances: limits, voxels, maxima } = own;
    const rows = structure === model.cord ? chosen.cord : chosen.organs.find(({ name }) => name === structure);
    let targetVoxels = 0;
    let broken = 0;
    let nearest = -1;
    let excess = -Infinity;
    for (let v = 0; v < voxels.length; v++) {
      const maximum = maxima[v]!;
      const over = doseOf(voxels[v]!) - maximum;
      if (targetOf(voxels[v]!) > 0 && maximum < prescribed) targetVoxels++;
      if (over > ROUNDING * maximum) broken++;
      if (over > excess) [excess, nearest] = [over, v];
    }
    const head = {
      structure,
      tolerances: limits,
      force: hold === 'cord' ? ('hard' as const) : ('soft' as const),
      voxels: voxels.length,
      rows: rows?.rows.length ?? 0,
      targetVoxels,
      broken,
    };
    if (nearest < 0) return head;
    return {
      ...head,
      range: rangeOf(maxima),
      worst: worstOf(own, nearest, model, fractions, doseOf(voxels[nearest]!)),
    };
  });
}

function worstOf(
  { tolerances, binding, voxels, maxima }: StructureTolerance,
  v: number,
  model: PatientModel,
  fractions: number,
  given: number,
): NonNullable<ConstraintOutcome['worst']> {
  const { name, alphaBeta } = tolerances[binding[v]!]!;
  return {
    limit: name,
    place: placeOfVoxel(model, voxels[v]!),
    excess: given - maxima[v]!,
    eqd2: eqd2(given, fractions, alphaBeta) - eqd2(maxima[v]!, fractions, alphaBeta),
  };
}

function rangeOf(values: Float64Array): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), 0)];
}

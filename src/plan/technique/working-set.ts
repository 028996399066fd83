/**
 * Which voxels of bounded organs are rows of the optimiser, so that any organ may be bounded, however large, and none is sampled.
 *
 * Rows are the voxels that a plan could take to their bound: those where fields over the whole target, all of them alike and
 * given the prescribed dose, come to half of it. What keeps that honest is not the fraction but the check after: the
 * engine's dose of *every* voxel is held against its bound, and where one that is no row is above it, all near theirs become
 * rows and the plan is made again. The last plan is permitted by all bounds, and fewer rows only widen what is permitted, so
 * the bound proven for them is one for the whole problem.
 */
import { fluenceOfBeamlets } from '../../beam/fluence.js';
import { weightedUpperQuantile } from '../../core/quantile.js';
import type { Machine } from '../../machine/machine.js';
import { askedCourse, parseConstraints } from '../asked/asked-constraint.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { withAsked } from '../problem/held-constraint.js';
import { choosePlanningVoxels, type PlanningVoxels } from '../problem/planning-voxels.js';
import { modulatedBeams } from './imrt.js';

/** Fraction of its bound from which a voxel becomes a row, in the dose of equal fields: a beamlet may well get twice the mean. */
const REACH = 0.5;
/** The same in the dose of a plan, where one was above its bound. */
const NEAR = 0.8;
/** By how much a voxel that is no row may be above its bound before rows are added, fraction; scaling mends the rest. */
const SLIGHT = 1e-3;

/** What the fields over the whole target rest on. */
export type EvenCase = Pick<
  PlanCase,
  'target' | 'targets' | 'prescription' | 'fcrt' | 'imrt' | 'constraints' | 'objectives' | 'priorities' | 'overlap'
>;

export class WorkingSet {
  /** Of every voxel of the grid, whether it becomes a row where it is bounded. */
  private readonly isRow: Uint8Array;
  /** With the maxima that the case asks for. */
  readonly organs: readonly VoxelMaxima[];

  /** @param techniques whose fields tell what a plan could reach */
  constructor(
    private readonly model: PatientModel,
    private readonly planCase: EvenCase,
    machine: Machine,
    /** What the prior course leaves. */
    readonly given: readonly VoxelMaxima[],
    techniques: readonly Technique[],
    /** Structures that must have rows, besides those that the case names. */
    private readonly further: readonly string[] = [],
  ) {
    this.isRow = new Uint8Array(model.masks.get(model.target)!.data.length);
    this.organs = withAsked(
      given,
      parseConstraints(planCase.constraints, askedCourse(planCase)).map((asked) => ({ asked, factor: 1 })),
      model,
    );
    const { organs } = this;
    if (organs.length === 0) return;
    for (const technique of techniques) this.add(evenDose(model, planCase, machine, technique), REACH);
  }

  choose(): PlanningVoxels {
    const organs = this.organs.map(({ structure, voxels }) => {
      return { name: structure, voxels: voxels.filter((voxel) => this.isRow[voxel] === 1) };
    });
    return choosePlanningVoxels(this.model, organs, { ...this.planCase, further: this.further });
  }

  /**
   * Adds rows where a plan is above the bound of a voxel that is none.
   *
   * @param dose the engine's, Gy, one per voxel of the grid
   * @returns whether there was such a voxel: the plan is not permitted, and must be made again
   */
  extend(dose: ArrayLike<number>): boolean {
    const isBroken = this.organs.some(({ voxels, maxima }) =>
      voxels.some((voxel, v) => this.isRow[voxel] === 0 && dose[voxel]! > (1 + SLIGHT) * maxima[v]!),
    );
    if (isBroken) this.add(dose, NEAR);
    return isBroken;
  }

  private add(dose: ArrayLike<number>, fraction: number): void {
    for (const { voxels, maxima } of this.organs) {
      for (let v = 0; v < voxels.length; v++) {
        if (dose[voxels[v]!]! >= fraction * maxima[v]!) this.isRow[voxels[v]!] = 1;
      }
    }
  }
}

/** Dose of equal beamlets over the target from all beams of a technique, its median in the target as prescribed, on the grid. */
function evenDose(model: PatientModel, planCase: EvenCase, machine: Machine, technique: Technique): Float64Array {
  const { beams, margin } = planCase[technique];
  const open = modulatedBeams(model, { beams, margin, beamlet: planCase.imrt.beamlet }, machine);
  const { dose: total } = model.bodyDose.total(
    open.map(({ beam, beamlets }) => {
      const weights = fluenceOfBeamlets(beamlets, new Float64Array(beamlets.pixels.length).fill(1), 0);
      return { beam, fluence: { grid: beamlets.grid, weights } };
    }),
  );
  const target = model.masks.get(model.target)!.data;
  const dose = onGrid(total, model);
  const scale = planCase.prescription.dose / weightedUpperQuantile(dose, Float64Array.from(target), 0.5);
  for (let i = 0; i < dose.length; i++) dose[i]! *= scale;
  return dose;
}

/** The body's doses at their voxels of the grid; 0 outside. */
export function onGrid(total: Float64Array, model: PatientModel): Float64Array {
  const dose = new Float64Array(model.masks.get(model.target)!.data.length);
  for (let p = 0; p < total.length; p++) dose[model.body.index[p]!] = total[p]!;
  return dose;
}

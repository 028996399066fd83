/**
 * The prescription as the report reads it: D50 or D95 of the target as it is drawn, in the trilinear dose between the optimiser's
 * rows, instead of a quantile of voxel centres. Where dose is steep and voxels are coarse the two differ by more than a Gy.
 */
import { quickDoseAtFraction, StructureDvhWorkspace } from '../../evaluate/structure-dvh.js';
import { voxelCount } from '../../geometry/grid.js';
import { createDose } from '../../geometry/volume.js';
import type { Hold } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { type PlanningProblem, type ProblemOptions, posePlanningProblem } from './planning-problem.js';
import type { PlanningVoxels } from './planning-voxels.js';
import { priorAtRows } from './prior-at-rows.js';

/** The same with the prior courses in place of their effect. */
export interface PrescribedOptions extends Omit<ProblemOptions, 'priorOf'> {
  /** @default there was none */
  readonly prior?: PriorExposure | undefined;
}

/** The planning problem of `posePlanningProblem` with its prescription read from the target as it is drawn. */
export function posePrescribed(
  model: PatientModel,
  voxels: PlanningVoxels,
  plan: Parameters<typeof posePlanningProblem>[1],
  hold: Hold,
  { prior, ...options }: PrescribedOptions = {},
): PlanningProblem {
  const priorOf = prior && priorAtRows(model, prior, voxels.points);
  const problem = posePlanningProblem(voxels, plan, hold, { ...options, priorOf });
  const { prescription } = problem;
  if (prescription === undefined || plan.prescription.to === 'isocenter') return problem;
  return { ...problem, prescription: { ...prescription, read: drawnReader(model, voxels, prescription.fraction) } };
}

/** @param scale of the target's volume that receives the dose read */
function drawnReader(model: PatientModel, voxels: PlanningVoxels, scale: number): (rows: Float64Array) => number {
  const { grid, fine, voxelOfPoint } = model;
  const lines = model.lines.get(model.target)!;
  const dose = createDose(fine?.grid ?? grid, { quantity: 'physical' });
  const { places } = voxels;
  // All other voxels of the grid are beyond what the target's dose is interpolated from.
  const from = fine === undefined ? 0 : voxelCount(grid);
  const rows: number[] = [];
  for (let row = 0; row < places.length; row++) {
    const voxel = voxelOfPoint[places[row]!]! - from;
    if (voxel >= 0 && voxel < dose.data.length) rows.push(row);
  }
  const index = Int32Array.from(rows, (row) => voxelOfPoint[places[row]!]! - from);
  const workspace = new StructureDvhWorkspace();
  return (given) => {
    for (let r = 0; r < index.length; r++) dose.data[index[r]!] = Math.max(0, given[rows[r]!]!);
    return quickDoseAtFraction(dose, lines, scale, workspace);
  };
}

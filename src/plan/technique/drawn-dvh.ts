/**
 * DVHs of a plan's structures as they are drawn, contours or solids: what every number of a plan is read from.
 *
 * A structure is evaluated in the dose that {@link DoseIn} gives for it, on whatever grid that lies: one dose for all, or one
 * that was computed finer around target and cord. Nothing else of a plan reads metrics from voxels; maxima are held there.
 */
import type { Dvh } from '../../evaluate/dvh.js';
import { withKnownMaximum } from '../../evaluate/known-maximum.js';
import { createStructureDvh, StructureDvhWorkspace } from '../../evaluate/structure-dvh.js';
import type { DoseVolume } from '../../geometry/volume.js';
import { fractionNote, NEARLY_WHOLE } from '../patient/drawn-share.js';
import { type PatientModel, targetNames } from '../patient/patient-model.js';
import { doseOfVoxel } from '../patient/planning-grid.js';
import type { TechniquePlan } from './technique-plan.js';

/** The dose, Gy, that a structure is evaluated in; it must reach a voxel beyond it. */
export type DoseIn = (structure: string) => DoseVolume;

/** The reported dose of a plan, by structure: of targets and cord on the planning grid, where there is one. */
export const doseOfPlan =
  ({ dose, fineDose }: Pick<TechniquePlan, 'dose' | 'fineDose'>, model: PatientModel): DoseIn =>
  (structure) =>
    fineDose !== undefined && [...targetNames(model), model.cord].includes(structure) ? fineDose : dose;

/** The DVH of one structure, of the part with dose. */
export function drawnDvh(
  model: PatientModel,
  structure: string,
  doseIn: DoseIn,
  workspace?: StructureDvhWorkspace,
): Dvh {
  const options = { partial: 'covered', ...(workspace && { workspace }) } as const;
  return createStructureDvh(doseIn(structure), model.lines.get(structure)!, options);
}

/** The DVH of the cord, whose maximum is the largest dose at its own points: where its maxima are held it says nothing else. */
export function cordDvh(model: PatientModel, doseIn: DoseIn, doseOf: (voxel: number) => number): Dvh {
  return withCordMaximum(model, drawnDvh(model, model.cord, doseIn), doseOf);
}

/** @param doseOf in the quantity of the DVH */
export function withCordMaximum(model: PatientModel, dvh: Dvh, doseOf: (voxel: number) => number): Dvh {
  const maximum = model.cordPoints().reduce((largest, voxel) => Math.max(largest, doseOf(voxel)), 0);
  return withKnownMaximum(dvh, maximum);
}

/** DVHs of a plan in the structures that constraints are on, each made once. */
export function heldDvhs(
  model: PatientModel,
  plan: Pick<TechniquePlan, 'dose' | 'fineDose'> & Parameters<typeof doseOfVoxel>[1],
): (structure: string) => Dvh {
  const known = new Map<string, Dvh>();
  const doseIn = doseOfPlan(plan, model);
  return (structure) => {
    const dvh =
      known.get(structure) ??
      (structure === model.cord
        ? cordDvh(model, doseIn, doseOfVoxel(model, plan))
        : drawnDvh(model, structure, doseIn));
    known.set(structure, dvh);
    return dvh;
  };
}

export interface DrawnDvhs {
  readonly dvhs: ReadonlyMap<string, Dvh>;
  /** Structures without a DVH, with the reason. */
  readonly absent: ReadonlyMap<string, string>;
}

/** Of every structure of which no more than a hundredth is off the grid; of the external whatever is on it. */
export function drawnDvhs(model: PatientModel, doseIn: DoseIn, doseOf: (voxel: number) => number): DrawnDvhs {
  const dvhs = new Map<string, Dvh>();
  const absent = new Map<string, string>();
  const workspace = new StructureDvhWorkspace();
  for (const [name, fraction] of model.drawnFractions) {
    if (
      fraction.volumeCc > 0 &&
      (fraction.onGrid >= NEARLY_WHOLE || (name === model.external && fraction.onGrid > 0))
    ) {
      const dvh = drawnDvh(model, name, doseIn, workspace);
      dvhs.set(name, name === model.cord ? withCordMaximum(model, dvh, doseOf) : dvh);
    } else {
      absent.set(name, fractionNote(fraction, model.external)?.replace(/\.$/, '') ?? `${name} is empty`);
    }
  }
  return { dvhs, absent };
}

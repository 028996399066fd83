/**
 * DVHs of a plan's structures as they are drawn, contours or solids: what every number of a plan is read from.
 *
 * A structure is evaluated in the dose that {@link DoseIn} gives for it, on whatever grid that lies: one dose for all, or one
 * that was computed finer around target and cord. Nothing else of a plan reads metrics from voxels; caps are held there.
 */
import { bedFromEqd2, quadraticOf } from '../biology/linear-quadratic.js';
import type { DoseTerm } from '../evaluate/dose-field.js';
import type { Dvh } from '../evaluate/dvh.js';
import { createStructureDvh, StructureDvhWorkspace } from '../evaluate/structure-dvh.js';
import type { DoseVolume } from '../geometry/volume.js';
import { NEARLY_WHOLE, shareNote } from './drawn-share.js';
import type { PatientModel } from './patient-model.js';
import type { TechniquePlan } from './technique.js';

/** The dose, Gy, that a structure is evaluated in; it must reach a voxel beyond it. */
export type DoseIn = (structure: string) => DoseVolume;

/** The reported dose of a plan, by structure. */
export const doseOfPlan =
  ({ dose }: Pick<TechniquePlan, 'dose'>): DoseIn =>
  () =>
    dose;

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

export interface DrawnDvhs {
  readonly dvhs: ReadonlyMap<string, Dvh>;
  /** Structures without a DVH, with the reason. */
  readonly absent: ReadonlyMap<string, string>;
}

/** Of every structure of which no more than a hundredth is off the grid; of the external whatever is on it. */
export function drawnDvhs(model: PatientModel, doseIn: DoseIn): DrawnDvhs {
  const dvhs = new Map<string, Dvh>();
  const absent = new Map<string, string>();
  const workspace = new StructureDvhWorkspace();
  for (const [name, share] of model.shares) {
    if (share.volumeCc > 0 && (share.onGrid >= NEARLY_WHOLE || (name === model.external && share.onGrid > 0))) {
      dvhs.set(name, drawnDvh(model, name, doseIn, workspace));
    } else {
      absent.set(name, shareNote(share, model.external)?.replace(/\.$/, '') ?? `${name} is empty`);
    }
  }
  return { dvhs, absent };
}

/**
 * A course as a term of a biological sum: converted where it is interpolated. An EQD2 that was read is what it is.
 *
 * @param dose physical with its fractions, or EQD2 of the same alpha/beta (`whyNoEffect` tells)
 */
export function courseTerm(
  { data, quantity: own, fractions }: Pick<DoseVolume, 'data' | 'quantity' | 'fractions'>,
  quantity: 'eqd2' | 'bed',
  alphaBeta: number,
): DoseTerm & { readonly convert: (gray: number) => number } {
  if (own !== 'physical') {
    const scale = quantity === 'eqd2' ? 1 : bedFromEqd2(1, alphaBeta);
    return { data, convert: (gray) => scale * gray };
  }
  const { linear, quadratic } = quadraticOf(quantity, fractions!, alphaBeta);
  // Rounding may leave a trace of dose below zero, where the square would rise.
  return { data, convert: (gray) => (gray > 0 ? gray * (linear + quadratic * gray) : linear * gray) };
}

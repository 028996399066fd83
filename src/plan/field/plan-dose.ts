/** The dose of an RTPLAN on a patient, computed anew with a machine of ours. */
import { InvalidInputError } from '../../core/errors.js';
import { type Executor, serialExecutor } from '../../core/executor.js';
import { voxelsInside } from '../../dose/beam-view.js';
import type { DoseModel } from '../../dose/dose-model.js';
import { ForwardDose } from '../../dose/forward-dose.js';
import { type Grid, gridBox, placeOf, type Vec3, voxelOf } from '../../geometry/grid.js';
import type { Patient } from '../../geometry/patient.js';
import { createDose, type DoseVolume, scatterDose } from '../../geometry/volume.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';
import type { Machine } from '../../machine/machine.js';
import type { TreatedBeam } from './treated-beam.js';
import type { TreatedPlan } from './treated-plan.js';

export interface PlanDoseOptions {
  /** @default that of the CT */
  readonly grid?: Grid | undefined;
  readonly doseModel?: DoseModel | undefined;
  readonly executor?: Executor | undefined;
  /** Told before each field is computed; `seconds` is the time of those before, as a clock says it. */
  readonly onField?: ((done: number, all: number) => void) | undefined;
}

/** What one beam of the plan gives. */
export interface PlanBeamDose extends TreatedBeam {
  /** Gy over the course at the beam's first isocentre; null where that lies outside the external. */
  readonly isocenterDose: number | null;
}

export interface PlanDose {
  readonly patient: string;
  readonly notes: readonly string[];
  readonly machine: Machine;
  readonly treated: TreatedPlan;
  readonly doseModel: DoseModel;
  readonly dose: DoseVolume;
  readonly beams: readonly PlanBeamDose[];
  readonly maximum: { readonly dose: number; readonly at: Vec3 };
  /** Voxels beyond what machine and model are tested for, in the worst field. */
  readonly beyond: { readonly range: number; readonly density: number };
}

/** An isocentre farther than this from the CT is another patient's, or in another unit, mm. */
const FARTHEST = 500;

export const defaultDoseModel: DoseModel = { heterogeneity: 'density', medium: 'engine' };

/** @throws {InvalidInputError} where the plan and the CT are not of one frame of reference, or an isocentre is far from the CT */
export function checkPlanFits(
  { plan, beams }: Pick<TreatedPlan, 'plan' | 'beams'>,
  { frameOfReferenceUid, density }: Pick<Patient, 'frameOfReferenceUid' | 'density'>,
): string[] {
  if (
    plan.frameOfReferenceUid !== undefined &&
    frameOfReferenceUid !== undefined &&
    plan.frameOfReferenceUid !== frameOfReferenceUid
  ) {
    throw new InvalidInputError(
      `the plan lies in the frame of reference ${plan.frameOfReferenceUid}, but the CT in ${frameOfReferenceUid}. Give the CT that the plan was made on.`,
    );
  }
  const { min, max } = gridBox(density.grid);
  const notes: string[] = [];
  for (const { beam, isocenter } of beams) {
    const away = Math.hypot(...isocenter.map((c, a) => Math.max(0, min[a]! - c, c - max[a]!)));
    if (away > FARTHEST) {
      throw new InvalidInputError(
        `beam ${beam.number} (${beam.name}): its isocentre (${isocenter.join(', ')}) mm lies ${(away / 1000).toFixed(2)} m from the CT. Give the CT that the plan was made on.`,
      );
    }
    if (away > 0)
      notes.push(`Beam ${beam.number} (${beam.name}): its isocentre lies ${away.toFixed(0)} mm outside the CT.`);
  }
  if (plan.frameOfReferenceUid === undefined)
    notes.push('The plan names no frame of reference: that of the CT is taken.');
  return notes;
}

/**
 * The dose of a plan, Gy, total over the course.
 *
 * @param patient density zero outside its one structure of role `external`
 * @throws {InvalidInputError} for a patient without external, or as {@link checkPlanFits}
 * @throws {UnsupportedError} where the central ray of a beam misses the patient
 */
export function computeTreatment(
  patient: Pick<Patient, 'name' | 'frameOfReferenceUid' | 'density' | 'structures' | 'notes'>,
  treated: TreatedPlan,
  machine: Machine,
  {
    grid = patient.density.grid,
    doseModel = defaultDoseModel,
    executor = serialExecutor,
    onField,
  }: PlanDoseOptions = {},
): PlanDose {
  const notes = checkPlanFits(treated, patient);
  const external = patient.structures.find((s) => s.role === 'external');
  if (external === undefined) {
    throw new InvalidInputError(
      `${patient.name} has no external contour. Give a structure set with a structure of type EXTERNAL.`,
    );
  }
  const mask = voxelizeStructure(external, grid);
  const body = voxelsInside(mask);
  const count = body.index.length;
  const { beams } = treated;
  // Each beam's isocentre is one point more, so that its dose is exact.
  const points = new Float64Array(3 * (count + beams.length));
  points.set(body.points);
  for (const [b, { isocenter }] of beams.entries()) points.set(isocenter, 3 * (count + b));
  const forward = new ForwardDose(patient.density, points, { ...doseModel, executor });
  const total = new Float64Array(count + beams.length);
  const all = beams.reduce((sum, { fields }) => sum + fields.length, 0);
  let done = 0;
  const beyond = { range: 0, density: 0 };
  try {
    const given = beams.map((one, b): PlanBeamDose => {
      const own = new Float64Array(total.length);
      // As many at a time as there are threads, so that whoever waits is told.
      const batch = Math.max(2, 2 * executor.threads);
      for (let f = 0; f < one.fields.length; f += batch) {
        onField?.(done, all);
        const some = one.fields.slice(f, f + batch);
        const { dose, beyondRange, beyondDensity } = forward.total(some);
        for (let p = 0; p < own.length; p++) own[p]! += dose[p]!;
        beyond.range = Math.max(beyond.range, beyondRange);
        beyond.density = Math.max(beyond.density, beyondDensity);
        done += some.length;
      }
      for (let p = 0; p < own.length; p++) total[p]! += own[p]!;
      const voxel = voxelOf(grid, one.isocenter);
      const isInside = voxel !== undefined && mask.data[voxel]! >= 0.5;
      return { ...one, isocenterDose: isInside ? own[count + b]! : null };
    });
    const dose = createDose(grid, { quantity: 'physical', fractions: treated.fractions, medium: doseModel.medium });
    scatterDose(dose.data, body.index, total);
    let best = 0;
    for (let p = 0; p < count; p++) if (total[p]! > total[best]!) best = p;
    return {
      patient: patient.name,
      notes: [...patient.notes, ...notes, ...treated.notes],
      machine,
      treated,
      doseModel,
      dose,
      beams: given,
      maximum: { dose: total[best]!, at: placeOf(grid, body.index[best]!) },
      beyond,
    };
  } finally {
    forward.close();
  }
}

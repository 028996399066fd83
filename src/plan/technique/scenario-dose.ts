/**
 * Dose of finished fields in every scenario, by the forward engine: cord and target with the patient off by each shift.
 *
 * Every field is computed anew with its isocentre off by the opposite, on the voxels of cord and target and all that touch them,
 * between which the DVH interpolates: those of the planning grid, where there is one. All scenarios of a field share its fluence maps.
 */
import { ForwardDose } from '../../dose/forward-dose.js';
import { repeatPoints } from '../../dose/shifted-rows.js';
import { type Vec3, voxelCount } from '../../geometry/grid.js';
import { createDose, type DoseVolume, scatterDose } from '../../geometry/volume.js';
import type { PlanCase } from '../input/plan-case.js';
import { type PatientModel, targetMaskOf } from '../patient/patient-model.js';
import { fineVoxel, placeOfVoxel, surfaceVoxel, touching } from '../patient/planning-grid.js';
import { scaleWithin } from '../problem/constrained-voxels.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { PlannedField } from './technique-plan.js';

export class ScenarioDose {
  /** Of dose or planning grid, one per point of a scenario. */
  readonly voxels: Int32Array;
  private readonly forward: ForwardDose;

  /** @param shifts of the patient against the beams, LPS, mm */
  constructor(
    private readonly model: PatientModel,
    private readonly planCase: Pick<PlanCase, 'prescription' | 'doseModel'>,
    readonly shifts: readonly Vec3[],
  ) {
    const { body, patient, executor, fine, surface } = model;
    const isNeeded = neededVoxels(model);
    const own = body.index.filter((voxel) => isNeeded[voxel] === 1);
    const between = fine?.voxels.map((voxel) => fineVoxel(model, voxel)) ?? [];
    const onSurface = Array.from({ length: surface.length / 3 }, (_, q) => surfaceVoxel(model, q));
    this.voxels = Int32Array.of(...own, ...between, ...onSurface);
    const places = new Float64Array(3 * this.voxels.length);
    this.voxels.forEach((voxel, q) => {
      places.set(placeOfVoxel(model, voxel), 3 * q);
    });
    const { points, shifted } = repeatPoints(places, shifts);
    this.forward = new ForwardDose(patient.density, points, { executor, ...planCase.doseModel, shifted });
  }

  /** Gy, by shift, one value per voxel of {@link voxels}. */
  of(fields: readonly PlannedField[]): Float64Array[] {
    const { dose } = this.forward.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
    const count = this.voxels.length;
    return this.shifts.map((_, s) => dose.subarray(s * count, (s + 1) * count));
  }

  /** One scenario's dose as a volume, on the planning grid where there is one, that is zero beyond cord, target and their neighbours. */
  volume(dose: Float64Array): DoseVolume {
    const { fractions } = this.planCase.prescription;
    const { medium } = this.planCase.doseModel;
    const { grid, fine } = this.model;
    const first = fine === undefined ? 0 : voxelCount(grid);
    const volume = createDose(fine?.grid ?? grid, { quantity: 'physical', fractions, medium });
    scatterDose(volume.data, this.voxels, dose, first);
    return volume;
  }

  close(): void {
    this.forward.close();
  }
}

/** Voxels with any cord or target, and all that touch those: what a dose is interpolated from. Of the planning grid's, the cord's. */
function neededVoxels(model: PatientModel): Uint8Array {
  const { masks, cord, grid, fine } = model;
  if (fine !== undefined) return Uint8Array.from(masks.get(cord)!.data, (fraction) => (fraction > 0 ? 1 : 0));
  const [ofCord, ofTarget] = [masks.get(cord)!.data, targetMaskOf(model).data];
  return touching(ofTarget, grid, touching(ofCord, grid, new Uint8Array(ofCord.length)));
}

/** The scale of the fields' dose, at most 1, that keeps every voxel of the cord under its maximum in every scenario. */
export function scenarioScale(
  { cord: { voxels } }: PlanningVoxels,
  maxima: Float64Array,
  scenarios: ScenarioDose,
  fields: readonly PlannedField[],
): number {
  const doses = scenarios.of(fields);
  return Math.min(1, ...doses.map((dose) => scaleWithin({ index: scenarios.voxels, dose }, [{ voxels, maxima }])));
}

/**
 * Dose of finished fields in every scenario, by the forward engine: cord and target with the patient off by each shift.
 *
 * Every field is computed anew with its isocentre off by the opposite, on the voxels of cord and target and all that touch them,
 * between which the DVH interpolates. All scenarios of a field share its fluence maps.
 */
import { ForwardDose } from '../dose/forward-dose.js';
import { repeatPoints } from '../dose/shifted-rows.js';
import type { Vec3 } from '../geometry/grid.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import type { PlanCase } from './case.js';
import { type PatientModel, touching } from './patient-model.js';
import type { PlannedField } from './technique.js';

export class ScenarioDose {
  /** Of the grid, one per point of a scenario. */
  readonly voxels: Int32Array;
  private readonly forward: ForwardDose;

  /** @param shifts of the patient against the beams, LPS, mm */
  constructor(
    private readonly model: PatientModel,
    private readonly plan: PlanCase,
    readonly shifts: readonly Vec3[],
  ) {
    const { body, patient, executor } = model;
    const isNeeded = neededVoxels(model);
    const own = Array.from(body.index.keys()).filter((p) => isNeeded[body.index[p]!]);
    this.voxels = Int32Array.from(own, (p) => body.index[p]!);
    const places = Float64Array.from(own.flatMap((p) => Array.from(body.points.subarray(3 * p, 3 * p + 3))));
    const { points, shifted } = repeatPoints(places, shifts);
    this.forward = new ForwardDose(patient.density, points, { executor, ...plan.doseModel, shifted });
  }

  /** Gy, by shift, one value per voxel of {@link voxels}. */
  of(fields: readonly PlannedField[]): Float64Array[] {
    const { dose } = this.forward.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
    const count = this.voxels.length;
    return this.shifts.map((_, s) => dose.subarray(s * count, (s + 1) * count));
  }

  /** One scenario's dose as a volume that is zero beyond cord, target and their neighbours. */
  volume(dose: Float64Array): DoseVolume {
    const { fractions } = this.plan.prescription;
    const { medium } = this.plan.doseModel;
    const volume = createDose(this.model.grid, { quantity: 'physical', fractions, medium });
    this.voxels.forEach((voxel, q) => {
      volume.data[voxel] = Math.max(0, dose[q]!);
    });
    return volume;
  }

  close(): void {
    this.forward.close();
  }
}

/** Voxels with any cord or target, and all that touch those: what a dose is interpolated from. */
function neededVoxels({ masks, cord, target, grid }: PatientModel): Uint8Array {
  const [ofCord, ofTarget] = [masks.get(cord)!.data, masks.get(target)!.data];
  return touching(ofTarget, grid, touching(ofCord, grid, new Uint8Array(ofCord.length)));
}

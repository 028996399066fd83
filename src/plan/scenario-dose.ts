/**
 * Dose of finished fields in every scenario, by the forward engine: cord and target with the patient off by each shift.
 *
 * Every field is computed anew with its isocentre off by the opposite, on the voxels of cord and target and their neighbours
 * along the axes, which the DVH's slopes read. All scenarios of a field share its fluence maps.
 */
import { ForwardDose } from '../dose/forward-dose.js';
import { repeatPoints } from '../dose/shifted-rows.js';
import type { Vec3 } from '../geometry/grid.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import type { PlanCase } from './case.js';
import type { PatientModel } from './patient-model.js';
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

/** Voxels with any cord or target, and those beside them along an axis. */
function neededVoxels({ masks, cord, target, grid }: PatientModel): Uint8Array {
  const [nz, ny, nx] = grid.shape;
  const isNeeded = new Uint8Array(nx * ny * nz);
  for (const { data } of [masks.get(cord)!, masks.get(target)!]) {
    for (let voxel = 0; voxel < data.length; voxel++) {
      if (!(data[voxel]! > 0)) continue;
      const i = voxel % nx;
      const j = Math.floor(voxel / nx) % ny;
      const k = Math.floor(voxel / (nx * ny));
      isNeeded[voxel] = 1;
      if (i > 0) isNeeded[voxel - 1] = 1;
      if (i < nx - 1) isNeeded[voxel + 1] = 1;
      if (j > 0) isNeeded[voxel - nx] = 1;
      if (j < ny - 1) isNeeded[voxel + nx] = 1;
      if (k > 0) isNeeded[voxel - nx * ny] = 1;
      if (k < nz - 1) isNeeded[voxel + nx * ny] = 1;
    }
  }
  return isNeeded;
}

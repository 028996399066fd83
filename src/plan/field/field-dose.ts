/**
 * The dose of explicit fields on a patient, and what each beam saw of it.
 */

import { createBeam } from '../../beam/beam.js';
import { InvalidInputError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import type { PointSet } from '../../dose/beam-points.js';
import { addFieldDose, viewOfBeam, voxelsInside } from '../../dose/beam-view.js';
import { densityWarning } from '../../dose/dose-model.js';
import { isocentreDepth, sourceSurfaceDistance } from '../../dose/pencil-beam.js';
import { type Grid, gridBox, gridCovering, type Vec3, voxelOf } from '../../geometry/grid.js';
import type { Patient } from '../../geometry/patient.js';
import { createDose, type DoseVolume, scatterDose, type Volume } from '../../geometry/volume.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';
import type { Machine } from '../../machine/machine.js';
import type { Fields } from '../input/fields-file.js';
import { type OpenedField, openFields } from './opened-field.js';

/** A number that is computed but rests on less than measurements. */
export type DoseFlag = BeamDose['flags'][number];

/** What is known of one beam on a patient: distances, depth, dose at the isocentre, and what its numbers lack. */
export interface BeamDose {
  readonly name: string;
  /** Degrees, IEC 61217. */
  readonly gantry: number;
  /** Degrees, IEC 61217. */
  readonly collimator: number;
  /** Degrees, IEC 61217. */
  readonly couch: number;
  /** @internal */
  readonly opened: OpenedField;
  /** Source-surface distance along the central ray, mm. */
  readonly ssd: number;
  /** Radiological depth of the isocentre, mm of water. */
  readonly isocenterDepth: number;
  /** Gy; null where the isocentre lies outside the external. */
  readonly isocenterDose: number | null;
  /** Numbers that are computed, but rest on less than measurements. */
  readonly flags: readonly {
    readonly code: 'field-size' | 'depth' | 'density' | 'isocenter-outside' | 'nothing-open';
    readonly message: string;
  }[];
}

/** The dose of explicit fields, and what each beam met on its way. */
export interface FieldsResult {
  readonly patient: string;
  readonly notes: readonly string[];
  readonly machine: Machine;
  readonly fields: Fields;
  readonly dose: DoseVolume;
  readonly beams: readonly BeamDose[];
  /** Largest dose and the voxel centre where it is, LPS mm. */
  readonly maximum: { readonly dose: number; readonly at: Vec3 };
}

/** More voxels than this are a spacing in the wrong unit. */
const MOST_VOXELS = 1e8;

/**
 * Dose of explicit fields on a patient, Gy, total over the course.
 *
 * @param patient density zero outside its one structure of role `external`
 * @param onBeam called before each field, with how many there were before it
 * @throws {InvalidInputError} for a bad field, a grid of more than 1e8 voxels, a patient without external
 * @throws {UnsupportedError} where the central ray of a beam misses the patient
 */
export function computeFields(
  patient: Pick<Patient, 'name' | 'position' | 'density' | 'structures' | 'notes'>,
  fields: Fields,
  machine: Machine,
  onBeam: (done: number) => void = () => undefined,
): FieldsResult {
  const opened = openFields(fields, machine);
  const external = patient.structures.find((s) => s.role === 'external');
  if (external === undefined) {
    throw new InvalidInputError(
      `${patient.name} has no external contour. Give a structure the role "external", or leave findExternal true.`,
    );
  }
  const own = patient.density.grid;
  const grid = fields.grid === undefined ? own : gridOfSpacing(own, fields.grid.spacing);
  const mask = voxelizeStructure(external, grid);
  const body = voxelsInside(mask);
  const count = body.index.length;
  const { isocenter } = fields;
  // The isocentre is one point more, so that its dose is exact and not that of the nearest voxel.
  const points = new Float64Array(3 * count + 3);
  points.set(body.points);
  points.set(isocenter, 3 * count);
  const isInside = isPointInside(isocenter, mask);
  const total = new Float64Array(count + 1);
  const beams = fields.beams.map(({ name, gantry, collimator, couch }, b): BeamDose => {
    onBeam(b);
    const pose = { isocenter, gantry, collimator, couch, position: patient.position };
    const beam = createBeam(machine, pose, name);
    const before = total[count]!;
    const view = viewOfBeam(beam, patient.density, { points }, fields.doseModel);
    addFieldDose(view, opened[b]!.fluence, total);
    const dose = total[count]! - before;
    if (!Number.isFinite(dose)) {
      throw new InvalidInputError(
        `machine ${machine.name}: beam ${beam.name} gives ${dose} Gy at the isocentre. Check the machine's file.`,
      );
    }
    return {
      name: beam.name,
      gantry,
      collimator,
      couch,
      opened: opened[b]!,
      ssd: sourceSurfaceDistance(beam, patient.density),
      isocenterDepth: isocentreDepth(beam, patient.density),
      isocenterDose: isInside ? dose : null,
      flags: flagsOf(opened[b]!, view.points, isInside, machine),
    };
  });
  const dose = createDose(grid, {
    quantity: 'physical',
    fractions: fields.fractions,
    medium: fields.doseModel.medium,
  });
  scatterDose(dose.data, body.index, total);
  let best = 0;
  for (let p = 0; p < count; p++) {
    if (total[p]! > total[best]!) best = p;
  }
  const at: Vec3 = [points[3 * best]!, points[3 * best + 1]!, points[3 * best + 2]!];
  const maximum = { dose: total[best]!, at };
  return { patient: patient.name, notes: patient.notes, machine, fields, dose, beams, maximum };
}

/**
 * A dose grid over all of another: itself where it has that spacing.
 *
 * @throws {InvalidInputError} if it has more than 1e8 voxels
 */
export function gridOfSpacing(own: Grid, spacing: Vec3): Grid {
  const { min, max } = gridBox(own);
  const count = spacing.reduce((product, s, a) => product * Math.ceil((max[a]! - min[a]!) / s), 1);
  if (count > MOST_VOXELS) {
    throw new InvalidInputError(
      `grid: a spacing of ${spacing.join(' x ')} mm makes ${count.toExponential(1)} voxels, more than 1e8. Spacing is in mm.`,
    );
  }
  return own.spacing.every((s, a) => Math.abs(s - spacing[a]!) < 1e-6) ? own : gridCovering({ min, max }, spacing);
}

function isPointInside(point: Vec3, { grid, data }: Volume<'mask'>): boolean {
  const voxel = voxelOf(grid, point);
  return voxel !== undefined && data[voxel]! >= 0.5;
}

function flagsOf(
  { bounds: tolerances, area }: OpenedField,
  { beyondRange: beyond, beyondDensity }: PointSet,
  isInside: boolean,
  { range }: Machine,
): DoseFlag[] {
  const flags: DoseFlag[] = [];
  const [least, largest] = range.fieldSide;
  if (tolerances === undefined) flags.push({ code: 'nothing-open', message: 'nothing is open' });
  else {
    const sides = [tolerances.x2 - tolerances.x1, tolerances.y2 - tolerances.y1];
    if (Math.min(...sides, Math.sqrt(area)) < least - 1e-6 || Math.max(...sides) > largest + 1e-6) {
      const size = sides.map((side) => toDecimals(side, 1)).join(' x ');
      flags.push({
        code: 'field-size',
        message: `the field of ${size} mm (open ${(area / 100).toFixed(2)} cm2) lies outside the sides of ${least} to ${largest} mm that were commissioned`,
      });
    }
  }
  if (beyond > 0) {
    flags.push({
      code: 'depth',
      message: `${beyond} points lie deeper than the commissioned ${range.depth[1]} mm of water`,
    });
  }
  if (beyondDensity > 0) {
    flags.push({ code: 'density', message: densityWarning(beyondDensity) });
  }
  if (!isInside) {
    flags.push({
      code: 'isocenter-outside',
      message: 'the isocentre lies outside the external, where dose is zero by definition',
    });
  }
  return flags;
}

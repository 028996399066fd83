/**
 * Where a kernel has to hold: distances from the source, and effective densities, of anything in a patient that a beam can see.
 *
 * It is taken from the patient, not from the points that are asked for: which points those are must change no dose. And it is
 * taken for the whole circle of the gantry, so that all beams of an isocentre and a couch angle share one kernel.
 */
import type { Beam } from '../beam/beam.js';
import { type BeamPose, createBeamFrame } from '../geometry/frame.js';
import { boxCorners, type DensityBox } from '../raytrace/density-box.js';
import type { MapExtent } from './banded-matrix.js';

export interface KernelDomain {
  /** From the source, mm. */
  readonly nearest: number;
  readonly farthest: number;
  /** Least and largest effective density; none where the kernel keeps its lateral size of water. */
  readonly densities?: readonly [least: number, largest: number];
}

/** Effective densities, relative to water, that the model is limited to: beyond, the nearest end is used and flagged. It is tested with 0.26 to 1.74. */
export const DENSITY_RANGE: readonly [number, number] = [0.15, 2.2];

/** Distances are rounded outwards to this, mm. */
const ROUND = 50;
/** Nothing of a patient lies nearer to the source than this share of the SAD: there are the collimators. */
const LEAST_SHARE = 0.5;

/** The domain of the patient for every gantry angle: from the nearest to the farthest that any of it comes to the source. */
export function kernelDomain({ machine, pose }: Beam, box: DensityBox, isScaled: boolean): KernelDomain {
  const { sad } = machine;
  const [around, along] = reachOf(pose, sad, box);
  const nearest = Math.max(LEAST_SHARE * sad, ROUND * Math.floor((sad - around) / ROUND));
  const farthest = Math.max(nearest, ROUND * Math.ceil(Math.hypot(sad + around, along) / ROUND));
  return { nearest, farthest, ...(isScaled && { densities: withinRange(box.range) }) };
}

/** How far matter lies from the gantry's axis of rotation, and along it from the isocentre, mm. */
function reachOf(pose: BeamPose, sad: number, { outline, spacing }: DensityBox): [around: number, along: number] {
  // The beam's v runs along that axis, while the collimator is not turned.
  const { beamFromPatient: m } = createBeamFrame({ ...pose, collimator: 0 }, sad);
  const [gx, gy, gz] = [m[1]!, m[5]!, m[9]!];
  const [ix, iy, iz] = pose.isocenter;
  let [around, along] = [0, 0];
  for (let p = 0; p < outline.length; p += 3) {
    const [x, y, z] = [outline[p]! - ix, outline[p + 1]! - iy, outline[p + 2]! - iz];
    const t = x * gx + y * gy + z * gz;
    around = Math.max(around, x * x + y * y + z * z - t * t);
    along = Math.max(along, Math.abs(t));
  }
  const voxel = Math.max(...spacing);
  return [Math.sqrt(around) + voxel, along + voxel];
}

/** Least and largest density of the patient, within the tested range: no mean lies beyond. */
function withinRange([least, largest]: readonly [number, number]): readonly [number, number] {
  const [low, high] = DENSITY_RANGE;
  return [Math.max(low, Math.min(1, least)), Math.min(high, Math.max(1, largest))];
}

/** Beyond the patient's box doses are read this far, mm in the isocentre plane. */
const AROUND = 30;

/** What fluence maps must reach: the patient's box in the beam's-eye view. */
export function extentOf({ frame }: Beam, box: DensityBox): MapExtent {
  const { beamFromPatient: m, sad } = frame;
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y, z] of boxCorners(box)) {
    const bx = m[0]! * x! + m[4]! * y! + m[8]! * z! + m[12]!;
    const by = m[1]! * x! + m[5]! * y! + m[9]! * z! + m[13]!;
    const toSource = sad - (m[2]! * x! + m[6]! * y! + m[10]! * z! + m[14]!);
    const scale = sad / Math.max(LEAST_SHARE * sad, toSource);
    u0 = Math.min(u0, bx * scale);
    u1 = Math.max(u1, bx * scale);
    v0 = Math.min(v0, by * scale);
    v1 = Math.max(v1, by * scale);
  }
  return { u0: u0 - AROUND, u1: u1 + AROUND, v0: v0 - AROUND, v1: v1 + AROUND };
}

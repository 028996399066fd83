/**
 * Where a kernel has to hold: distances from the source, and effective densities, of anything in a patient that a beam can see.
 *
 * It is taken from the box around the patient, not from the points that are asked for: which points those are must change no dose.
 * Distances are rounded, so that beams from like directions share a kernel.
 */
import type { Beam } from '../beam/beam.js';
import type { DensityBox } from '../raytrace/density-box.js';
import type { MapExtent } from './fluence-map.js';

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

/** The domain of the patient in a beam: from the nearest to the farthest place of the box. */
export function kernelDomain({ machine, frame }: Beam, box: DensityBox, isScaled: boolean): KernelDomain {
  const { sad } = machine;
  const { source } = frame;
  const { origin, spacing, counts } = box;
  const toBox = source.map((s, a) => Math.max(0, origin[a]! - s, s - origin[a]! - (counts[a]! - 1) * spacing[a]!));
  const largest = Math.max(...cornersOf(box).map((corner) => Math.hypot(...corner.map((c, a) => c - source[a]!))));
  const nearest = Math.max(LEAST_SHARE * sad, ROUND * Math.floor(Math.hypot(...toBox) / ROUND));
  const farthest = Math.max(nearest, ROUND * Math.ceil(largest / ROUND));
  return { nearest, farthest, ...(isScaled && { densities: densityRange(box) }) };
}

/** Least and largest density of the patient, within the tested range: no mean lies beyond. */
function densityRange({ pairs }: DensityBox): readonly [number, number] {
  let [least, largest] = [1, 1];
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i + 1] === 0) continue;
    const rho = pairs[i]!;
    if (rho < least) least = rho;
    if (rho > largest) largest = rho;
  }
  const [low, high] = DENSITY_RANGE;
  return [Math.max(low, least), Math.min(high, largest)];
}

/** Beyond the patient's box doses are read this far, mm in the isocentre plane. */
const AROUND = 30;

/** What fluence maps must reach: the patient's box in the beam's-eye view. */
export function extentOf({ frame }: Beam, box: DensityBox): MapExtent {
  const { beamFromPatient: m, sad } = frame;
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y, z] of cornersOf(box)) {
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

function cornersOf({ origin, spacing, counts }: DensityBox): readonly (readonly number[])[] {
  return Array.from({ length: 8 }, (_, corner) =>
    [0, 1, 2].map((a) => origin[a]! + ((corner >> a) & 1) * (counts[a]! - 1) * spacing[a]!),
  );
}

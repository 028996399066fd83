/**
 * One beam's own view of the patient: radiological depth and effective densities, as functions of patient, beam and point alone.
 *
 *   depth      trilinear density summed along the point's own ray, mm of water
 *   electrons  mean density felt by the kernel's electrons, and
 *   scatter    by its scatter: exponential means along the ray (`density-memory.ts`) of a density that is first averaged *across* it,
 *              over a footprint as wide as the electrons spread
 *
 * Depth bends wherever density steps, so nothing between rays would be its value: every point has its own ray. The means are smooth.
 * They are made on a fan of rays through the nodes of a lattice of the isocentre plane that is anchored on the beam's axis and does
 * not turn with the collimator, at slices that lie at multiples of a step along the axis, counted from the isocentre; points read
 * them by a quadratic spline across rays, which is part of the footprint, and by a cubic of values and slopes along them. No
 * number depends on which other points are asked for.
 *
 * The fan is made in strips across v, so that memory stays within a bound whatever the patient's size.
 */
import { checkPositive } from '../core/check.js';
import { UnsupportedError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import type { Vec3 } from '../geometry/grid.js';
import { boxCorners, type DensityBox } from './density-box.js';
import { checkMemory, type DensityMemory, defaultDensityMemory } from './density-memory.js';
import type { Fan, FanGeometry, SeenPoints } from './fan.js';
import { PlainFan } from './plain-fan.js';
import { hasPassKernels, SimdFan } from './simd-fan.js';

export interface PassOptions {
  /** Ranges over which densities are averaged along the ray, and the footprint across it. */
  readonly memory?: DensityMemory;
  /** Between rays, mm in the isocentre plane. @default one voxel, from 2 to 3 mm: {@link rayPitch} */
  readonly pitch?: number;
  /** Between slices along the axis, mm. @default half the pitch */
  readonly step?: number;
  /** @default 'simd' where the machine has it */
  readonly kernels?: 'simd' | 'plain';
}

/** Bounds of the default pitch, mm: half and three quarters of the footprint's standard deviation. */
const PITCH: readonly [number, number] = [2, 3];

/** The default pitch for a patient, mm: rays a voxel apart miss none; see docs/dose.md for what halving it changes. */
export function rayPitch({ spacing }: DensityBox): number {
  return Math.min(PITCH[1], Math.max(PITCH[0], Math.min(...spacing)));
}

/** Nodes of a strip, 24 bytes each: 53 MB. */
const STRIP_NODES = 2.2e6;
/** Nodes of a strip as narrow as can be: half a gigabyte. */
const MOST_NODES = 2e7;

export type { SeenPoints };

/** Relative to water, one per point. */
export interface EffectiveDensities {
  readonly electron: Float32Array;
  readonly scatter: Float32Array;
}

export class BeamPass {
  private readonly fan: Fan;
  private readonly pitch: number;
  private readonly step: number;
  /** Of the footprint, nodes. */
  private readonly reach: number;

  /** @throws {InvalidInputError} for a pitch, step or range that is not positive */
  constructor(
    readonly box: DensityBox,
    options: PassOptions = {},
  ) {
    const { memory = defaultDensityMemory } = options;
    checkMemory(memory);
    this.pitch = checkPositive('pass: pitch in mm', options.pitch ?? rayPitch(box));
    this.step = checkPositive('pass: step in mm', options.step ?? this.pitch / 2);
    const footprint = footprintOf(memory.footprint / this.pitch);
    this.reach = footprint.length - 1;
    const isSimd = options.kernels === 'simd' || (options.kernels === undefined && hasPassKernels());
    this.fan = isSimd ? new SimdFan(box, { memory, footprint }) : new PlainFan(box, { memory, footprint });
  }

  /**
   * Projection and depth of points, and their effective densities where they are asked for; O(points x path + rays x slices).
   *
   * @param frame  of the beam with its collimator at 0
   * @param points x, y, z triples in LPS, mm, on the far side of the source
   * @param out, densities overwritten
   * @throws {UnsupportedError} if the thinnest strip of the fan is beyond the bound on memory
   */
  see(frame: BeamFrame, points: Float64Array, out: SeenPoints, densities?: EffectiveDensities): void {
    const geometry = this.geometryOf(frame);
    this.fan.see(geometry, points, out, densities?.electron);
    if (densities) this.readDensities(frame, geometry, out, densities);
  }

  /** Lets go of its memory, tens of megabytes and more, which is made again when another beam is seen. */
  release(): void {
    this.fan.release?.();
  }

  /**
   * Effective densities of points alone; O(rays x slices + points).
   *
   * @param frame  of the beam with its collimator at 0
   * @param points x, y, z triples in LPS, mm, on the far side of the source
   * @param out    overwritten
   * @throws {UnsupportedError} if the thinnest strip of the fan is beyond the bound on memory
   */
  densities(frame: BeamFrame, points: Float64Array, out: EffectiveDensities): void {
    const geometry = this.geometryOf(frame);
    const array = (): Float32Array => new Float32Array(points.length / 3);
    const seen = { u: array(), v: array(), distances: array() };
    this.fan.see(geometry, points, seen, out.electron);
    this.readDensities(frame, geometry, seen, out);
  }

  /** @param out its electron density is 1 outside the box, 0 within */
  private readDensities(
    frame: BeamFrame,
    geometry: FanGeometry,
    seen: Pick<SeenPoints, 'u' | 'v' | 'distances'>,
    out: EffectiveDensities,
  ): void {
    const { pitch, reach } = this;
    out.scatter.fill(1);
    let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let p = 0; p < seen.u.length; p++) {
      if (out.electron[p] !== 0) continue;
      const u = seen.u[p]!;
      const v = seen.v[p]!;
      if (u < u0) u0 = u;
      if (u > u1) u1 = u;
      if (v < v0) v0 = v;
      if (v > v1) v1 = v;
    }
    if (!(u1 >= u0)) return;
    const [k0, count] = this.slicesOf(frame);
    // In whole vectors of four, counted from the axis: then no ray's numbers depend on where the points end.
    const around = 4 * Math.ceil(reach / 4);
    const first = 4 * Math.floor((Math.floor(u0 / pitch) - 2) / 4) - around;
    const nu = 4 * Math.ceil((Math.floor(u1 / pitch) + 4) / 4) + around - first;
    const perRow = nu * count;
    if (!((8 + 2 * reach) * perRow <= MOST_NODES)) {
      throw new UnsupportedError(
        `pass: a fan of ${nu} x ${count} nodes a row at ${this.pitch} x ${this.step} mm is beyond its memory. Crop the image to the patient, or check its spacing.`,
      );
    }
    const rows = Math.max(8, Math.floor(STRIP_NODES / perRow));
    // A row more on each side: which row a point lies in may differ by rounding where it is read.
    const [lowest, highest] = [Math.floor(v0 / pitch) - 1, Math.floor(v1 / pitch) + 1];
    for (let low = lowest; low <= highest; low += rows) {
      const high = Math.min(highest + 1, low + rows);
      // A point reads three rows.
      const firstRow = low - 1 - reach;
      this.fan.make(geometry, { u0: first, nu, v0: firstRow, nv: high + 2 + reach - firstRow, k0, count });
      this.fan.read({ ...seen, ...out, low, high });
    }
  }

  private geometryOf({ beamFromPatient: m, source, sad }: BeamFrame): FanGeometry {
    const { origin, spacing } = this.box;
    const { pitch, step } = this;
    const by = (value: (axis: number) => number): Vec3 => [value(0), value(1), value(2)];
    return {
      sad,
      beamFromPatient: m,
      pitch,
      step,
      source: by((a) => (source[a]! - origin[a]!) / spacing[a]!),
      axis: by((a) => -m[2 + 4 * a]! / spacing[a]!),
      perU: by((a) => m[4 * a]! / sad / spacing[a]!),
      perV: by((a) => m[1 + 4 * a]! / sad / spacing[a]!),
    };
  }

  /** First slice before the box and number of slices to beyond it. */
  private slicesOf({ beamFromPatient: m, sad }: BeamFrame): [first: number, count: number] {
    let [least, largest] = [Infinity, -Infinity];
    for (const at of boxCorners(this.box)) {
      const along = -(m[2]! * at[0]! + m[6]! * at[1]! + m[10]! * at[2]! + m[14]!);
      least = Math.min(least, along);
      largest = Math.max(largest, along);
    }
    const first = Math.max(Math.floor(least / this.step) - 1, Math.ceil(-sad / this.step) + 1);
    return [first, Math.ceil(largest / this.step) + 2 - first];
  }
}

/** Variance of the quadratic B-spline with which points read the nodes. */
const SPLINE_VARIANCE = 0.25;

/**
 * Weights of a symmetric sum over nodes, from its middle on, that with the spline makes a Gaussian of so many nodes: cut off at three
 * standard deviations, its variance is still exact.
 */
function footprintOf(sigma: number): Float64Array {
  const wanted = sigma * sigma - SPLINE_VARIANCE;
  if (!(wanted > 0)) return Float64Array.of(1);
  const reach = Math.ceil(3 * Math.sqrt(wanted));
  const weightsOf = (s: number): Float64Array => {
    const weights = Float64Array.from({ length: reach + 1 }, (_, q) => Math.exp((-q * q) / (2 * s * s)));
    const sum = weights.reduce((total, w, q) => total + (q === 0 ? w : 2 * w), 0);
    return weights.map((w) => w / sum);
  };
  const variance = (s: number): number => weightsOf(s).reduce((total, w, q) => total + 2 * w * q * q, 0);
  let [low, high] = [0.1, 2 * reach];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (variance(middle) < wanted) low = middle;
    else high = middle;
  }
  return weightsOf(high);
}

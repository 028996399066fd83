/**
 * The separable pencil beam: dose of one beam's fluence at a list of points.
 *
 *     dose(p) = (SAD / |p - source|)^2 sum_k D_k(d(p)) F_k(u(p), v(p))
 *
 * `preparePoints` does what depends on geometry alone (projection, depth, D_k with the inverse square); `gather` and
 * `scatter` are the two halves that a change of fluence needs, and are transposes of each other.
 */
import type { Beam } from '../beam/beam.js';
import { UnsupportedError } from '../core/errors.js';
import { gridBox } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import { depthOfPoints } from '../raytrace/depth.js';
import { clipRay, RayTracer } from '../raytrace/siddon.js';
import { type BeamKernel, createBeamKernel } from './beam-kernel.js';
import type { FluenceMap, MapExtent } from './fluence-map.js';

/** Geometry of N points in one beam. */
export interface PointSet {
  readonly count: number;
  /** Projection on the isocentre plane, mm. */
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** (SAD / L)^2 D_k(d), [point][k], Gy per MU. */
  readonly weights: Float32Array;
  readonly extent: MapExtent;
  /** Points deeper than the machine was commissioned for. */
  readonly beyondRange: number;
}

/**
 * Source-surface distance along the central ray: where the density first exceeds 0.1 (skin, not a tube in air), mm.
 *
 * @throws {UnsupportedError} if the central ray meets no tissue
 */
export function sourceSurfaceDistance(beam: Beam, density: Volume<'density'>): number {
  const { source, sad } = beam.frame;
  const iso = beam.pose.isocenter;
  const beyond: [number, number, number] = [0, 1, 2].map((a) => source[a]! + 2 * (iso[a]! - source[a]!)) as [
    number,
    number,
    number,
  ];
  const clip = clipRay(gridBox(density.grid), source, beyond);
  if (clip !== undefined) {
    const [nz, ny, nx] = density.grid.shape;
    const [sx, sy, sz] = density.grid.spacing;
    const [ox, oy, oz] = density.grid.origin;
    const step = Math.min(sx, sy, sz) / 4 / (2 * sad);
    for (let alpha = clip[0]; alpha < clip[1]; alpha += step) {
      const i = Math.round((source[0] + alpha * (beyond[0] - source[0]) - ox) / sx);
      const j = Math.round((source[1] + alpha * (beyond[1] - source[1]) - oy) / sy);
      const k = Math.round((source[2] + alpha * (beyond[2] - source[2]) - oz) / sz);
      if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) continue;
      if (density.data[i + nx * (j + ny * k)]! > 0.1) return alpha * 2 * sad;
    }
  }
  throw new UnsupportedError(
    `beam ${beam.name}: its central ray misses the patient. Move the isocentre (${iso.map((c) => c.toFixed(1)).join(', ')}) mm into the body.`,
  );
}

/** The separable kernel for a beam on this patient. */
export function kernelOfBeam(beam: Beam, density: Volume<'density'>, terms?: number): BeamKernel {
  return createBeamKernel(beam.machine, sourceSurfaceDistance(beam, density), terms);
}

/**
 * Projection, radiological depth and depth functions of points.
 *
 * @param points x, y, z triples in LPS, mm
 */
export function preparePoints(
  beam: Beam,
  kernel: BeamKernel,
  density: Volume<'density'>,
  points: Float64Array,
): PointSet {
  const count = points.length / 3;
  const depths = depthOfPoints(density, beam.frame.source, points);
  const u = new Float32Array(count);
  const v = new Float32Array(count);
  const K = kernel.terms;
  const weights = new Float32Array(count * K);
  const m = beam.frame.beamFromPatient;
  const sad = beam.frame.sad;
  const { depthTable, depthStep, depthCount } = kernel;
  const deepest = beam.machine.range.depth[1];
  let u0 = Infinity;
  let u1 = -Infinity;
  let v0 = Infinity;
  let v1 = -Infinity;
  let beyondRange = 0;
  for (let p = 0; p < count; p++) {
    const x = points[3 * p]!;
    const y = points[3 * p + 1]!;
    const z = points[3 * p + 2]!;
    const bx = m[0]! * x + m[4]! * y + m[8]! * z + m[12]!;
    const by = m[1]! * x + m[5]! * y + m[9]! * z + m[13]!;
    const toSource = sad - (m[2]! * x + m[6]! * y + m[10]! * z + m[14]!);
    const scale = sad / toSource;
    const pu = bx * scale;
    const pv = by * scale;
    u[p] = pu;
    v[p] = pv;
    if (pu < u0) u0 = pu;
    if (pu > u1) u1 = pu;
    if (pv < v0) v0 = pv;
    if (pv > v1) v1 = pv;
    const distance2 = bx * bx + by * by + toSource * toSource;
    const inverseSquare = (sad * sad) / distance2;
    if (depths[p]! > deepest) beyondRange++;
    const q = Math.min(depths[p]! / depthStep, depthCount - 1.000001);
    const low = Math.floor(q);
    const t = q - low;
    for (let k = 0; k < K; k++) {
      weights[p * K + k] = inverseSquare * ((1 - t) * depthTable[low * K + k]! + t * depthTable[(low + 1) * K + k]!);
    }
  }
  return { count, u, v, weights, extent: { u0, u1, v0, v1 }, beyondRange };
}

/** out[p] += dose of the map at every point, Gy. */
export function gather(map: FluenceMap, points: PointSet, out: Float64Array): void {
  const { nodes, nu, step, terms: K } = map;
  const { u, v, weights, count } = points;
  const inverse = 1 / step;
  const shiftU = 0.5 - map.u0 * inverse;
  const shiftV = 0.5 - map.v0 * inverse;
  const row = nu * K;
  for (let p = 0; p < count; p++) {
    const x = u[p]! * inverse + shiftU;
    const y = v[p]! * inverse + shiftV;
    const i = Math.floor(x);
    const j = Math.floor(y);
    const tx = x - i - 0.5;
    const ty = y - j - 0.5;
    const ax = 0.5 * (0.5 - tx) * (0.5 - tx);
    const bx = 0.75 - tx * tx;
    const cx = 0.5 * (0.5 + tx) * (0.5 + tx);
    const ay = 0.5 * (0.5 - ty) * (0.5 - ty);
    const by = 0.75 - ty * ty;
    const cy = 0.5 * (0.5 + ty) * (0.5 + ty);
    let a = ((j - 1) * nu + i - 1) * K;
    let sum = 0;
    if (K === 3) {
      // The usual case, unrolled: nine nodes of three consecutive numbers each.
      const w0 = weights[3 * p]!;
      const w1 = weights[3 * p + 1]!;
      const w2 = weights[3 * p + 2]!;
      for (let r = 0; r < 3; r++, a += row) {
        const y = r === 0 ? ay : r === 1 ? by : cy;
        sum +=
          y *
          (ax * (w0 * nodes[a]! + w1 * nodes[a + 1]! + w2 * nodes[a + 2]!) +
            bx * (w0 * nodes[a + 3]! + w1 * nodes[a + 4]! + w2 * nodes[a + 5]!) +
            cx * (w0 * nodes[a + 6]! + w1 * nodes[a + 7]! + w2 * nodes[a + 8]!));
      }
      out[p]! += sum;
      continue;
    }
    for (let k = 0; k < K; k++, a++) {
      const b = a + row;
      const c = b + row;
      sum +=
        weights[p * K + k]! *
        (ay * (ax * nodes[a]! + bx * nodes[a + K]! + cx * nodes[a + 2 * K]!) +
          by * (ax * nodes[b]! + bx * nodes[b + K]! + cx * nodes[b + 2 * K]!) +
          cy * (ax * nodes[c]! + bx * nodes[c + K]! + cx * nodes[c + 2 * K]!));
    }
    out[p]! += sum;
  }
}

/** Transpose of {@link gather}: map.nodes += what every point's value asks of the nodes. */
export function scatter(map: FluenceMap, points: PointSet, values: Float64Array): void {
  const { nodes, nu, step, terms: K } = map;
  const { u, v, weights, count } = points;
  const inverse = 1 / step;
  const shiftU = 0.5 - map.u0 * inverse;
  const shiftV = 0.5 - map.v0 * inverse;
  const row = nu * K;
  for (let p = 0; p < count; p++) {
    const value = values[p]!;
    if (value === 0) continue;
    const x = u[p]! * inverse + shiftU;
    const y = v[p]! * inverse + shiftV;
    const i = Math.floor(x);
    const j = Math.floor(y);
    const tx = x - i - 0.5;
    const ty = y - j - 0.5;
    const ax = 0.5 * (0.5 - tx) * (0.5 - tx);
    const bx = 0.75 - tx * tx;
    const cx = 0.5 * (0.5 + tx) * (0.5 + tx);
    const ay = 0.5 * (0.5 - ty) * (0.5 - ty);
    const by = 0.75 - ty * ty;
    const cy = 0.5 * (0.5 + ty) * (0.5 + ty);
    let a = ((j - 1) * nu + i - 1) * K;
    if (K === 3) {
      const g0 = value * weights[3 * p]!;
      const g1 = value * weights[3 * p + 1]!;
      const g2 = value * weights[3 * p + 2]!;
      for (let r = 0; r < 3; r++, a += row) {
        const y = r === 0 ? ay : r === 1 ? by : cy;
        const xa = y * ax;
        const xb = y * bx;
        const xc = y * cx;
        nodes[a]! += g0 * xa;
        nodes[a + 1]! += g1 * xa;
        nodes[a + 2]! += g2 * xa;
        nodes[a + 3]! += g0 * xb;
        nodes[a + 4]! += g1 * xb;
        nodes[a + 5]! += g2 * xb;
        nodes[a + 6]! += g0 * xc;
        nodes[a + 7]! += g1 * xc;
        nodes[a + 8]! += g2 * xc;
      }
      continue;
    }
    for (let k = 0; k < K; k++, a++) {
      const b = a + row;
      const c = b + row;
      const g = value * weights[p * K + k]!;
      const ga = g * ay;
      const gb = g * by;
      const gc = g * cy;
      nodes[a]! += ga * ax;
      nodes[a + K]! += ga * bx;
      nodes[a + 2 * K]! += ga * cx;
      nodes[b]! += gb * ax;
      nodes[b + K]! += gb * bx;
      nodes[b + 2 * K]! += gb * cx;
      nodes[c]! += gc * ax;
      nodes[c + K]! += gc * bx;
      nodes[c + 2 * K]! += gc * cx;
    }
  }
}

/** One radiological depth, for the isocentre of a beam, mm of water. */
export function isocentreDepth(beam: Beam, density: Volume<'density'>): number {
  return new RayTracer(density.grid, density.data, beam.frame.source).pathTo(
    ...(beam.pose.isocenter as [number, number, number]),
  );
}

/**
 * The convolved fluence maps F_k of one beam, one lattice per band of the kernel.
 *
 * A cell convolved with a Gaussian is a product of two error-function differences, so a map is
 *
 *     F_k(v, u) = sum_r c_kr  V_r  X  U_r',     U_r[u, i] = Phi((u - x_i) / sigma_r) - Phi((u - x_(i+1)) / sigma_r)
 *
 * two small matrix products per width, exact, with no lateral cut-off and no transform. The spline's interpolation filter
 * is applied once to U_r and V_r, so the lattices hold B-spline coefficients and reading one costs 3 x 3 nodes: the error is
 * h^3 F''' / 125, below 0.1 % of the field for h of half the blur's standard deviation. The narrow band is needed only around
 * the field; the wide band, on nodes 5 mm apart, holds the same bound and reaches everywhere.
 * The transpose runs the same products backwards.
 */

import { type FluenceGrid, pixelCount } from '../beam/fluence.js';
import { gaussianInterval } from '../core/error-function.js';
import { interpolateLinear } from '../core/interpolate.js';
import type { Machine } from '../machine/machine.js';
import type { BandedMatrix, BandMap, MapExtent, MapPoints, WidthMatrices } from './banded-matrix.js';
import { type BeamKernel, type KernelBand, WIDE } from './beam-kernel.js';
import { readLattice, writeLattice } from './lattice.js';
import { addRow } from './map-row.js';

/** Below this fraction of a cell's own weight a node does not see the cell: far under Float32 resolution of the dose. */
const NEGLIGIBLE = 1e-8;
/** Standard deviations within which that is so. */
const REACH = 5.7;
/** Nodes beyond what is read, so that the spline does not feel the lattice's end (0.17^4 of what it would). */
const PAD = 4;
/** Node distance of the wide band, mm. */
const COARSE = 5;
/** Bounds of the narrow band's, mm. */
const FINEST = 0.4;
const FINE = 1;

export class FluenceMap {
  readonly bands: readonly BandMap[];
  /** Primary fluence at each cell's centre. */
  readonly horn: Float64Array;

  /**
   * @param pixels  the fluence grid whose weights will be spread
   * @param extent what must be readable, mm
   * @param step   node distance of the narrow band, mm. @default half the source blur's standard deviation, from 0.4 to 1
   */
  constructor(
    machine: Machine,
    kernel: BeamKernel,
    readonly pixels: FluenceGrid,
    extent: MapExtent,
    step = Math.min(FINE, Math.max(FINEST, Math.min(kernel.widths.sigmasX[0]!, kernel.widths.sigmasY[0]!) / 2)),
  ) {
    this.bands = kernel.bands.map((band) => createBand(kernel, band, pixels, extent, step));
    this.horn = new Float64Array(pixelCount(pixels));
    const { x, y } = pixels;
    const nx = x.length - 1;
    const { radius, value } = machine.primaryFluence;
    for (let j = 0; j < y.length - 1; j++) {
      for (let i = 0; i < nx; i++) {
        const r = Math.hypot((x[i]! + x[i + 1]!) / 2, (y[j]! + y[j + 1]!) / 2);
        this.horn[i + nx * j] = interpolateLinear(radius, value, r);
      }
    }
  }

  /** First band that each of the points [from, to) reads: 1 beyond the narrow lattice, where only the wide band's is left. */
  firstBands(u: Float32Array, v: Float32Array, from: number, to: number, out: Uint8Array): Uint8Array {
    const narrow = this.bands[0]!;
    if (this.bands.length === 1) return out.fill(0);
    const [u0, v0] = [narrow.u0, narrow.v0];
    const [u1, v1] = [u0 + narrow.nu * narrow.step, v0 + narrow.nv * narrow.step];
    for (let p = from; p < to; p++) {
      out[p - from] = u[p]! >= u0 && u[p]! <= u1 && v[p]! >= v0 && v[p]! <= v1 ? 0 : 1;
    }
    return out;
  }

  /** Sets the maps to those of the fluence `weights` (one per pixel, x-fastest). */
  spread(weights: Float64Array): void {
    const nx = this.pixels.x.length - 1;
    const ny = this.pixels.y.length - 1;
    for (const band of this.bands) spreadBand(band, weights, this.horn, nx, ny);
  }

  /** out[p] += dose of the maps at every point, Gy. */
  gather({ u, v, weights }: MapPoints, out: Float64Array): void {
    this.bands.forEach((band, b) => {
      readLattice(band, { u, v, weights: weights[b]! }, out);
    });
  }

  /**
   * out[cell] = dose of one cell at point p: a row of the influence, from the matrices themselves. No map is made, so a row costs
   * O(widths x pixels), however fine the lattice.
   */
  row({ u, v, weights }: MapPoints, p: number, out: Float64Array): void {
    const nx = this.pixels.x.length - 1;
    const ny = this.pixels.y.length - 1;
    out.fill(0);
    this.bands.forEach((band, b) => {
      addRow(band, u[p]!, v[p]!, weights[b]!, p, nx, ny, out);
    });
    for (let c = 0; c < out.length; c++) out[c]! *= this.horn[c]!;
  }

  /** Transpose of `gather`: sets the maps to what the points' values ask of them. */
  scatter({ u, v, weights }: MapPoints, values: Float64Array): void {
    this.bands.forEach((band, b) => {
      band.nodes.fill(0);
      writeLattice(band, { u, v, weights: weights[b]! }, values);
    });
  }

  /** Transpose of `spread`: weights = what each cell contributes to the values scattered into the maps. */
  collect(weights: Float64Array): void {
    const nx = this.pixels.x.length - 1;
    const ny = this.pixels.y.length - 1;
    weights.fill(0);
    for (const band of this.bands) collectBand(band, weights, nx, ny);
    for (let c = 0; c < weights.length; c++) weights[c]! *= this.horn[c]!;
  }
}

function createBand(
  { widths }: BeamKernel,
  { first, count, terms, coefficients }: KernelBand,
  pixels: FluenceGrid,
  extent: MapExtent,
  step: number,
): BandMap {
  const isWide = Math.min(widths.sigmasX[first]!, widths.sigmasY[first]!) >= WIDE;
  const h = isWide ? COARSE : step;
  const [u0, nu] = axis(extent.u0, extent.u1, pixels.x, widths.sigmasX[first + count - 1]!, h);
  const [v0, nv] = axis(extent.v0, extent.v1, pixels.y, widths.sigmasY[first + count - 1]!, h);
  const matrices = Array.from({ length: count }, (_, r): WidthMatrices => {
    const U = blurMatrix(u0, h, nu, pixels.x, widths.sigmasX[first + r]!);
    const V = blurMatrix(v0, h, nv, pixels.y, widths.sigmasY[first + r]!);
    const ends = U.first.map((node, i) => node + U.count[i]!);
    return {
      U,
      V,
      low: U.first.reduce((a, b) => Math.min(a, b), nu),
      high: ends.reduce((a, b) => Math.max(a, b), 0),
    };
  });
  return {
    u0,
    v0,
    step: h,
    nu,
    nv,
    terms,
    nodes: new Float64Array(nu * nv * terms),
    coefficients,
    widths: matrices,
    rows: new Float64Array((pixels.y.length - 1) * nu),
    line: new Float64Array(nu),
  };
}

/** First node and number of nodes along one axis: what is to be read, as far as the cells reach. */
function axis(low: number, high: number, edges: Float64Array, sigma: number, step: number): [number, number] {
  const from = Math.max(low, edges[0]! - REACH * sigma);
  const to = Math.max(from, Math.min(high, edges[edges.length - 1]! + REACH * sigma));
  const first = Math.floor(from / step) - PAD;
  return [first * step, Math.ceil(to / step) + PAD + 1 - first];
}

function spreadBand(band: BandMap, weights: Float64Array, horn: Float64Array, nx: number, ny: number): void {
  const { nu, nv, terms, nodes, coefficients, widths, rows, line } = band;
  nodes.fill(0);
  for (let r = 0; r < widths.length; r++) {
    const { U, V, low, high } = widths[r]!;
    rows.fill(0);
    for (let j = 0; j < ny; j++) {
      const base = j * nu;
      for (let i = 0; i < nx; i++) {
        const weight = weights[i + nx * j]! * horn[i + nx * j]!;
        if (weight === 0) continue;
        const from = U.start[i]!;
        const node = base + U.first[i]!;
        const count = U.count[i]!;
        for (let q = 0; q < count; q++) rows[node + q]! += weight * U.values[from + q]!;
      }
    }
    for (let v = 0; v < nv; v++) {
      line.fill(0, low, high);
      for (let j = 0; j < ny; j++) {
        const q = v - V.first[j]!;
        if (q < 0 || q >= V.count[j]!) continue;
        const value = V.values[V.start[j]! + q]!;
        const base = j * nu;
        for (let u = low; u < high; u++) line[u]! += value * rows[base + u]!;
      }
      if (terms === 4) {
        const c0 = coefficients[r]!;
        const c1 = coefficients[widths.length + r]!;
        const c2 = coefficients[2 * widths.length + r]!;
        const c3 = coefficients[3 * widths.length + r]!;
        let at = 4 * (v * nu + low);
        for (let u = low; u < high; u++, at += 4) {
          const value = line[u]!;
          nodes[at]! += c0 * value;
          nodes[at + 1]! += c1 * value;
          nodes[at + 2]! += c2 * value;
          nodes[at + 3]! += c3 * value;
        }
        continue;
      }
      for (let k = 0; k < terms; k++) {
        const c = coefficients[k * widths.length + r]!;
        let at = (v * nu + low) * terms + k;
        for (let u = low; u < high; u++, at += terms) nodes[at]! += c * line[u]!;
      }
    }
  }
}

function collectBand(band: BandMap, weights: Float64Array, nx: number, ny: number): void {
  const { nu, nv, terms, nodes, coefficients, widths, rows, line } = band;
  for (let r = 0; r < widths.length; r++) {
    const { U, V, low, high } = widths[r]!;
    rows.fill(0);
    for (let v = 0; v < nv; v++) {
      if (terms === 4) {
        const c0 = coefficients[r]!;
        const c1 = coefficients[widths.length + r]!;
        const c2 = coefficients[2 * widths.length + r]!;
        const c3 = coefficients[3 * widths.length + r]!;
        let at = 4 * (v * nu + low);
        for (let u = low; u < high; u++, at += 4) {
          line[u] = c0 * nodes[at]! + c1 * nodes[at + 1]! + c2 * nodes[at + 2]! + c3 * nodes[at + 3]!;
        }
      } else {
        line.fill(0, low, high);
        for (let k = 0; k < terms; k++) {
          const c = coefficients[k * widths.length + r]!;
          let at = (v * nu + low) * terms + k;
          for (let u = low; u < high; u++, at += terms) line[u]! += c * nodes[at]!;
        }
      }
      for (let j = 0; j < ny; j++) {
        const q = v - V.first[j]!;
        if (q < 0 || q >= V.count[j]!) continue;
        const value = V.values[V.start[j]! + q]!;
        const base = j * nu;
        for (let u = low; u < high; u++) rows[base + u]! += value * line[u]!;
      }
    }
    for (let j = 0; j < ny; j++) {
      const base = j * nu;
      for (let i = 0; i < nx; i++) {
        const from = U.start[i]!;
        const node = base + U.first[i]!;
        const count = U.count[i]!;
        let sum = 0;
        for (let q = 0; q < count; q++) sum += U.values[from + q]! * rows[node + q]!;
        weights[i + nx * j]! += sum;
      }
    }
  }
}

/** Cells blurred by a Gaussian, sampled at the nodes, then turned into quadratic B-spline coefficients. */
function blurMatrix(origin: number, step: number, nodes: number, edges: Float64Array, sigma: number): BandedMatrix {
  const pixels = edges.length - 1;
  const first = new Int32Array(pixels);
  const count = new Int32Array(pixels);
  const start = new Int32Array(pixels);
  const chunks: Float64Array[] = [];
  let total = 0;
  const column = new Float64Array(nodes);
  for (let i = 0; i < pixels; i++) {
    const low = edges[i]!;
    const high = edges[i + 1]!;
    for (let q = 0; q < nodes; q++) {
      const x = origin + q * step;
      column[q] = x < low - 8 * sigma || x > high + 8 * sigma ? 0 : gaussianInterval(x - high, x - low, sigma);
    }
    prefilterQuadratic(column);
    let from = 0;
    let to = nodes;
    while (from < to && Math.abs(column[from]!) < NEGLIGIBLE) from++;
    while (to > from && Math.abs(column[to - 1]!) < NEGLIGIBLE) to--;
    first[i] = from;
    count[i] = to - from;
    start[i] = total;
    chunks.push(column.slice(from, to));
    total += to - from;
  }
  const values = new Float64Array(total);
  let at = 0;
  for (const chunk of chunks) {
    values.set(chunk, at);
    at += chunk.length;
  }
  return { first, count, start, values };
}

/**
 * Values at nodes -> quadratic B-spline coefficients, in place: solves (c[i-1] + 6 c[i] + c[i+1]) / 8 = f[i] with
 * c constant beyond the ends.
 *
 * @see Unser, IEEE Signal Process. Mag. 16 (1999) 22, doi:10.1109/79.799930
 */
export function prefilterQuadratic(f: Float64Array): void {
  const n = f.length;
  const upper = new Float64Array(n);
  let diagonal = n > 1 ? 7 : 8;
  upper[0] = 1 / diagonal;
  f[0] = (8 * f[0]!) / diagonal;
  for (let i = 1; i < n; i++) {
    diagonal = (i === n - 1 ? 7 : 6) - upper[i - 1]!;
    upper[i] = 1 / diagonal;
    f[i] = (8 * f[i]! - f[i - 1]!) / diagonal;
  }
  for (let i = n - 2; i >= 0; i--) f[i]! -= upper[i]! * f[i + 1]!;
}

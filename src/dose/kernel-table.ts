/**
 * A part of the kernel as a table: its separable terms D_k for any depth, distance from the source and lateral scale.
 *
 * The terms are linear in the part's weights A_j(d), so a table is a product: A (depth by width) times what a Gaussian of
 * width w_j, seen under a scale and blurred by the source at a distance, puts into the terms. Between its nodes it is read
 * linearly, with an error below 1e-3 of a term.
 */
import { padded } from '../core/wasm-layout.js';

/** Evenly spaced nodes; an axis of one node is not interpolated. */
export interface Axis {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

export interface KernelTable {
  /** Depths of all tables of a kernel: see {@link depthOfNode}. */
  readonly depthCount: number;
  /** Distance from the source, mm. */
  readonly distance: Axis;
  /** ln of the lateral scale: SAD / distance over effective density. */
  readonly scale: Axis;
  /** [distance][scale][depth][term], Gy per MU: terms of all bands side by side, each band padded with zeros to whole vectors. */
  readonly terms: Float32Array;
  /** Numbers of a node. */
  readonly width: number;
  /** K of every band, and where its terms begin in a node. */
  readonly bandTerms: readonly number[];
  readonly bandOffsets: readonly number[];
}

/** Depth nodes: this fine in the build-up, where dose bends; coarser below; coarser still where no beam is commissioned. mm */
export const FINE_STEP = 0.125;
export const FINE_UNTIL = 25;
export const COARSE_STEP = 4;
export const COARSE_UNTIL = 425;
export const DEEP_STEP = 32;
const DEEP_UNTIL = 2025;
const FINE_COUNT = FINE_UNTIL / FINE_STEP;
const COARSE_COUNT = FINE_COUNT + (COARSE_UNTIL - FINE_UNTIL) / COARSE_STEP;

/** Nodes of every table: two metres of water, beyond which the last one counts. */
export const DEPTH_NODES = 1 + COARSE_COUNT + (DEEP_UNTIL - COARSE_UNTIL) / DEEP_STEP;

/** Depth of a node, mm. */
export function depthOfNode(i: number): number {
  if (i <= FINE_COUNT) return i * FINE_STEP;
  return i <= COARSE_COUNT
    ? FINE_UNTIL + (i - FINE_COUNT) * COARSE_STEP
    : COARSE_UNTIL + (i - COARSE_COUNT) * DEEP_STEP;
}

/** Node number of a depth, with its fraction. */
function nodeOfDepth(depth: number): number {
  if (depth < FINE_UNTIL) return depth / FINE_STEP;
  return depth < COARSE_UNTIL
    ? FINE_COUNT + (depth - FINE_UNTIL) / COARSE_STEP
    : COARSE_COUNT + (depth - COARSE_UNTIL) / DEEP_STEP;
}

/** The axis from `low` to `high` with steps of at most `step`; one node if they are equal. */
export function createAxis(low: number, high: number, step: number): Axis {
  const span = high - low;
  if (!(span > 1e-9)) return { first: low, step: 1, count: 1 };
  const count = Math.ceil(span / step) + 1;
  return { first: low, step: span / (count - 1), count };
}

/**
 * @param amplitudes A[depth node][width] of this part
 * @param widths number of widths
 * @param project what a Gaussian of width j at a distance and ln scale puts into each band's terms: out[band][k]
 */
export function createKernelTable(
  amplitudes: readonly Float64Array[],
  widths: number,
  distance: Axis,
  scale: Axis,
  bandTerms: readonly number[],
  project: (width: number, distance: number, lnScale: number) => readonly Float64Array[],
): KernelTable {
  const depthCount = amplitudes.length;
  const widthsOf = bandTerms.map(padded);
  const bandOffsets = widthsOf.map((_, b) => widthsOf.slice(0, b).reduce((sum, w) => sum + w, 0));
  const width = widthsOf.reduce((sum, w) => sum + w, 0);
  const terms = new Float32Array(distance.count * scale.count * depthCount * width);
  // Widths without any weight in this part are left out of the products.
  const used = Array.from({ length: widths }, (_, j) => j).filter((j) => amplitudes.some((row) => row[j] !== 0));
  const A = Float64Array.from(amplitudes.flatMap((row) => used.map((j) => row[j]!)));
  const P = bandTerms.map((K) => new Float64Array(K * used.length));
  for (let q = 0; q < distance.count; q++) {
    for (let s = 0; s < scale.count; s++) {
      used.forEach((j, c) => {
        const unit = project(j, distance.first + q * distance.step, scale.first + s * scale.step);
        unit.forEach((put, b) => {
          for (let k = 0; k < put.length; k++) P[b]![k * used.length + c] = put[k]!;
        });
      });
      const at = (q * scale.count + s) * depthCount * width;
      bandTerms.forEach((K, b) => {
        multiply(A, P[b]!, used.length, K, terms.subarray(at + bandOffsets[b]!, at + depthCount * width), width);
      });
    }
  }
  return { depthCount, distance, scale, terms, width, bandTerms, bandOffsets };
}

/** out[i * stride + k] = sum_j a[i][j] b[k][j] */
function multiply(a: Float64Array, b: Float64Array, inner: number, K: number, out: Float32Array, stride: number): void {
  const rows = a.length / inner;
  for (let i = 0; i < rows; i++) {
    const row = i * inner;
    for (let k = 0; k < K; k++) {
      const column = k * inner;
      let sum = 0;
      for (let j = 0; j < inner; j++) sum += a[row + j]! * b[column + j]!;
      out[i * stride + k] = sum;
    }
  }
}

/** Where points read a table. */
export interface TablePoints {
  /** Radiological, mm. */
  readonly depths: Float32Array;
  /** From the source, mm. */
  readonly distances: Float32Array;
  /** Effective densities by which the lateral scale SAD / distance is divided; none where they are 1. */
  readonly densities?: Float32Array;
  /** Multiply the terms besides (SAD / distance)^2. */
  readonly factors?: Float32Array;
  /** First band that each point reads: points far from the field read only the wide one. */
  readonly firstBand?: Uint8Array;
}

/** out[band][p - from][k] += (SAD / distance)^2 times the terms at the points [from, to), for the bands that they read. */
export function addTerms(
  table: KernelTable,
  sad: number,
  points: TablePoints,
  from: number,
  to: number,
  out: readonly Float32Array[],
): void {
  const { depthCount, distance, scale } = table;
  const { depths, distances, densities, factors, firstBand } = points;
  const byDistance = distance.count > 1;
  const byScale = scale.count > 1;
  const strideS = byScale ? depthCount : 0;
  const strideD = byDistance ? depthCount * scale.count : 0;
  for (let p = from; p < to; p++) {
    const first = firstBand === undefined ? 0 : firstBand[p - from]!;
    const toSource = distances[p]!;
    const m = sad / toSource;
    const factor = factors === undefined ? m * m : m * m * factors[p]!;
    const depth = depths[p]!;
    const x = nodeOfDepth(depth);
    const i = Math.min(depthCount - 2, Math.trunc(x));
    const tx = Math.min(1, x - i);
    let node = i;
    let ts = 0;
    if (byScale) {
      const y = (Math.log(densities === undefined ? m : m / densities[p]!) - scale.first) / scale.step;
      const j = Math.min(scale.count - 2, Math.max(0, Math.trunc(y)));
      ts = y - j;
      node += j * strideS;
    }
    const low = factor * (1 - ts);
    const high = factor * ts;
    if (!byDistance) {
      addCorners4(table, first, out, p - from, node, strideS, low * (1 - tx), low * tx, high * (1 - tx), high * tx);
      continue;
    }
    const z = (toSource - distance.first) / distance.step;
    const q = Math.min(distance.count - 2, Math.max(0, Math.trunc(z)));
    const td = z - q;
    node += q * strideD;
    const [near, far] = [1 - td, td];
    if (!byScale) {
      addCorners4(
        table,
        first,
        out,
        p - from,
        node,
        strideD,
        near * low * (1 - tx),
        near * low * tx,
        far * low * (1 - tx),
        far * low * tx,
      );
      continue;
    }
    const [a, b, c, d] = [low * (1 - tx), low * tx, high * (1 - tx), high * tx];
    addCorners4(table, first, out, p - from, node, strideS, near * a, near * b, near * c, near * d);
    addCorners4(table, first, out, p - from, node + strideD, strideS, far * a, far * b, far * c, far * d);
  }
}

/** Two depths at a node, and two `stride` nodes on. */
function addCorners4(
  { terms, width, bandTerms, bandOffsets }: KernelTable,
  firstBand: number,
  out: readonly Float32Array[],
  point: number,
  node: number,
  stride: number,
  a: number,
  b: number,
  c: number,
  d: number,
): void {
  for (let band = firstBand; band < bandTerms.length; band++) {
    const K = bandTerms[band]!;
    const weights = out[band]!;
    const first = node * width + bandOffsets[band]!;
    const second = first + stride * width;
    const at = point * K;
    for (let k = 0; k < K; k++) {
      const [near, far] = [first + k, second + k];
      weights[at + k]! += a * terms[near]! + b * terms[near + width]! + c * terms[far]! + d * terms[far + width]!;
    }
  }
}

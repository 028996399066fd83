/**
 * A part of the kernel as a table: its separable terms D_k for any depth, distance from the source and lateral scale.
 *
 * The terms are linear in the part's weights A_j(d), so a table is a product: A (depth by width) times what a Gaussian of
 * width w_j, seen under a scale and blurred by the source at a distance, puts into the terms. Between its nodes it is read
 * linearly, with an error below 1e-3 of a term.
 */

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
  /** [band]: [distance][scale][depth][k], Gy per MU. */
  readonly terms: readonly Float64Array[];
}

/** Depth nodes: this fine in the build-up, where dose bends; coarser below. mm */
const FINE_STEP = 0.125;
const FINE_UNTIL = 25;
const COARSE_STEP = 2;
const FINE_COUNT = FINE_UNTIL / FINE_STEP;

/** Depth of a node, mm. */
export function depthOfNode(i: number): number {
  return i <= FINE_COUNT ? i * FINE_STEP : FINE_UNTIL + (i - FINE_COUNT) * COARSE_STEP;
}

/** Nodes that reach a depth, two at least. */
export function depthNodes(deepest: number): number {
  return 2 + Math.ceil(Math.min(deepest, FINE_UNTIL) / FINE_STEP + Math.max(0, deepest - FINE_UNTIL) / COARSE_STEP);
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
  const terms = bandTerms.map((K) => new Float64Array(distance.count * scale.count * depthCount * K));
  for (let q = 0; q < distance.count; q++) {
    for (let s = 0; s < scale.count; s++) {
      const at = (q * scale.count + s) * depthCount;
      for (let j = 0; j < widths; j++) {
        const unit = project(j, distance.first + q * distance.step, scale.first + s * scale.step);
        bandTerms.forEach((K, b) => {
          const table = terms[b]!;
          const put = unit[b]!;
          for (let i = 0; i < depthCount; i++) {
            const a = amplitudes[i]![j]!;
            if (a === 0) continue;
            for (let k = 0; k < K; k++) table[(at + i) * K + k]! += a * put[k]!;
          }
        });
      }
    }
  }
  return { depthCount, distance, scale, terms };
}

/** Corners of a table around a point: offsets in units of K, and weights. */
const offsets = new Int32Array(8);
const shares = new Float64Array(8);

/**
 * out[band][at .. at + K] += factor times the terms at a point.
 *
 * @param depth radiological, mm
 * @param lnScale ln of the lateral scale
 */
export function addTerms(
  { depthCount, distance, scale, terms }: KernelTable,
  bandTerms: readonly number[],
  depth: number,
  toSource: number,
  lnScale: number,
  factor: number,
  out: readonly Float32Array[],
  point: number,
): void {
  const x = depth < FINE_UNTIL ? depth / FINE_STEP : FINE_COUNT + (depth - FINE_UNTIL) / COARSE_STEP;
  const i = Math.min(depthCount - 2, Math.trunc(x));
  const tx = x - i;
  offsets[0] = i;
  shares[0] = factor;
  let corners = 1;
  if (scale.count > 1) corners = bracket(scale, lnScale, depthCount, corners);
  if (distance.count > 1) corners = bracket(distance, toSource, depthCount * scale.count, corners);
  for (let b = 0; b < terms.length; b++) {
    const K = bandTerms[b]!;
    const table = terms[b]!;
    const weights = out[b]!;
    for (let c = 0; c < corners; c++) {
      const at = offsets[c]! * K;
      const high = shares[c]! * tx;
      const low = shares[c]! - high;
      for (let k = 0; k < K; k++) weights[point * K + k]! += low * table[at + k]! + high * table[at + K + k]!;
    }
  }
}

/** Splits every corner in two along an axis. */
function bracket({ first, step, count }: Axis, value: number, stride: number, corners: number): number {
  const y = (value - first) / step;
  const j = Math.min(count - 2, Math.max(0, Math.trunc(y)));
  const t = y - j;
  for (let c = 0; c < corners; c++) {
    const at = offsets[c]! + j * stride;
    const share = shares[c]!;
    offsets[c] = at;
    shares[c] = share * (1 - t);
    offsets[c + corners] = at + stride;
    shares[c + corners] = share * t;
  }
  return 2 * corners;
}

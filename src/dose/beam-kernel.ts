/**
 * The pencil kernel of one beam in separable form: a few functions of place times a few maps.
 *
 * At a point of radiological depth d, seen under the lateral scale m = SAD / L, the kernel's Gaussians have widths w_j m in
 * the isocentre plane. Put on the rungs of a fixed ladder they become weights B_r(d, m), and the dose is
 *
 *     dose(p) = (SAD / L)^2 sum_r B_r(d, m) G_r(u, v),     G_r = psi (*) Gaussian of rung r
 *
 * exact in scatter's dependence on the field size *at depth*, for every voxel. The rungs form two bands: the narrow ones
 * decide the penumbra and live on a fine lattice near the field, the wide ones are smooth. Within a band the weights of the
 * beam's own points lie near a space of few dimensions: a singular value decomposition of the doses that they give to open
 * squares keeps the K terms that a stated residual needs (Bortfeld, Schlegel, Rhein 1993),
 *
 *     dose(p) = (SAD / L)^2 sum_bands sum_k D_k(d, m) F_k(u, v),     F_k = sum_r c_kr G_r
 */
import { gaussianInterval } from '../core/error-function.js';
import { singularValues } from '../core/linear-algebra.js';
import { amplitudesAt, partsAt } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import { type Axis, createAxis, createKernelTable, depthNodes, depthOfNode, type KernelTable } from './kernel-table.js';
import { addToLadder, createWidthLadder, excessBlur, type WidthLadder } from './width-ladder.js';

/** The rungs [first, first + count) of the ladder in separable form. */
export interface KernelBand {
  readonly first: number;
  readonly count: number;
  /** Number of separable terms K. */
  readonly terms: number;
  /** c[k][rung - first] */
  readonly coefficients: Float64Array;
}

export interface BeamKernel {
  readonly ladder: WidthLadder;
  /** From narrow to wide; a band may be missing where the ladder has no such rungs. */
  readonly bands: readonly KernelBand[];
  /** D_k: of the whole kernel, or of its electrons and its scatter, whose lateral scales differ. */
  readonly tables: readonly KernelTable[];
  /** Largest error of the terms over the points and open squares of 2.5 mm to the largest asked for, fraction of each square's maximum. */
  readonly residual: number;
}

/** Where a beam's points lie. */
export interface KernelPoints {
  /** Radiological, mm. */
  readonly depths: ArrayLike<number>;
  /** From the source, mm. */
  readonly distances: ArrayLike<number>;
  /** Effective densities that stretch the kernel's parts; without them it keeps the lateral size that it has in water. */
  readonly densities?: { readonly electron: ArrayLike<number>; readonly scatter: ArrayLike<number> };
}

export interface KernelOptions {
  /** Largest error of each band's separable form, fraction of a field's maximum. @default 0.001 */
  readonly tolerance?: number;
  /** Open squares up to this have to come out right, mm: the smaller the fields, the fewer terms. @default 400 */
  readonly largestSide?: number;
}

/** Standard deviation from which on a rung is wide, mm: 1.3 nodes of the coarse lattice. */
export const WIDE = 6.5;

const DISTANCE_STEP = 60;
/** Between scales of a table: a factor of 1.06, read linearly. */
const SCALE_STEP = 0.06;
const SIDES = [2.5, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400];
/** Squares up to this always count, mm. */
const LEAST_SIDE = 60;
const SAMPLES = 600;
const MOST_TERMS = 8;

/** Gaussians of one part at a depth, and the ln of the lateral scale under which a point sees them. */
interface KernelPart {
  readonly amplitudes: (depth: number) => Float64Array;
  /** Of point p, or of a point of water. */
  readonly lnScale: (p: number | undefined, distance: number) => number;
  readonly distance: Axis;
  readonly scale: Axis;
}

/**
 * @param points all points of the beam; a sample of them decides the terms
 * @throws {UnsupportedError} if densities are given for a machine whose kernel is not split
 */
export function createBeamKernel(machine: Machine, points: KernelPoints, options: KernelOptions = {}): BeamKernel {
  const { widths } = machine.kernel;
  const n = points.depths.length;
  const [nearest, farthest] = range(points.distances);
  const deepest = range(points.depths)[1];
  const parts = partsOf(machine, points, [nearest, farthest]);
  const widest = Math.max(...parts.map(({ scale }) => scale.first + (scale.count - 1) * scale.step));
  const largest = Math.max(Math.exp(widest), machine.sad / nearest);
  const ladder = createWidthLadder(machine, nearest, widths[widths.length - 1]! * largest);
  const rungs = ladder.count;
  const variance = (width: number, distance: number, lnScale: number): number =>
    (widths[width]! * Math.exp(lnScale)) ** 2 + excessBlur(ladder, machine, distance);
  const weigh = (p: number | undefined, depth: number, distance: number, out: Float64Array, offset: number): void => {
    for (const { amplitudes, lnScale } of parts) {
      const at = lnScale(p, distance);
      amplitudes(depth).forEach((a, j) => {
        if (a !== 0) addToLadder(ladder, variance(j, distance, at), a, out, offset);
      });
    }
  };

  // The sample: every so many points, and all depths of the beam near its middle, so that the build-up counts.
  const sample: [number | undefined, number, number][] = [];
  for (let q = 0; q < SAMPLES && q < n; q++) {
    const p = Math.floor(((q + 0.5) * n) / Math.min(SAMPLES, n));
    sample.push([p, points.depths[p]!, points.distances[p]!]);
  }
  for (let depth = 0; depth <= deepest; depth += depth < 20 ? 1 : 10) {
    sample.push([undefined, depth, nearest + Math.min(depth, farthest - nearest)]);
  }
  const B = new Float64Array(sample.length * rungs);
  for (const [i, [p, depth, distance]] of sample.entries()) weigh(p, depth, distance, B, i * rungs);
  const E = squareDoses(ladder, B, sample.length, options.largestSide);

  const wide = ladder.sigmasX.findIndex((sigma, r) => Math.min(sigma, ladder.sigmasY[r]!) >= WIDE);
  const edge = wide < 0 ? rungs : wide;
  const ranges = [
    [0, edge],
    [edge, rungs],
  ].filter(([from, to]) => to! > from!) as [number, number][];
  const separated = ranges.map(([from, to]) =>
    separate(B, E, sample.length, rungs, from, to, options.tolerance ?? 0.001),
  );

  const bandTerms = separated.map(({ terms }) => terms);
  const depths = Array.from({ length: depthNodes(deepest) }, (_, i) => depthOfNode(i));
  const weights = new Float64Array(rungs);
  const project = (width: number, distance: number, lnScale: number): Float64Array[] => {
    weights.fill(0);
    addToLadder(ladder, variance(width, distance, lnScale), 1, weights, 0);
    return separated.map(({ terms, project: p }, b) => {
      const [from, to] = ranges[b]!;
      const out = new Float64Array(terms);
      for (let r = from; r < to; r++) {
        if (weights[r] === 0) continue;
        for (let k = 0; k < terms; k++) out[k]! += weights[r]! * p[(r - from) * terms + k]!;
      }
      return out;
    });
  };
  const tables = parts.map(({ amplitudes, lnScale, distance, scale }) =>
    createKernelTable(depths.map(amplitudes), widths.length, distance, scale, bandTerms, (j, at, ln) =>
      project(j, at, scale.count === 1 && distance.count > 1 ? lnScale(undefined, at) : ln),
    ),
  );
  return {
    ladder,
    bands: separated.map(({ terms, coefficients }, b) => ({
      first: ranges[b]![0],
      count: ranges[b]![1] - ranges[b]![0],
      terms,
      coefficients,
    })),
    tables,
    residual: separated.reduce((sum, { residual }) => sum + residual, 0),
  };
}

/**
 * The whole kernel under the scale that goes with the distance; or its electrons and its scatter, each under its own.
 * Scatter is so much wider than the source that its blur is taken at the middle distance.
 */
function partsOf(
  machine: Machine,
  { densities, depths, distances }: KernelPoints,
  [nearest, farthest]: readonly [number, number],
): KernelPart[] {
  const inWater = (distance: number): number => Math.log(machine.sad / distance);
  const none: Axis = { first: 0, step: 1, count: 1 };
  const byDistance = createAxis(nearest, farthest, DISTANCE_STEP);
  if (densities === undefined) {
    const fixed = byDistance.count === 1 ? { ...none, first: inWater(nearest) } : none;
    return [{ amplitudes: amplitudesAt(machine), lnScale: (_, d) => inWater(d), distance: byDistance, scale: fixed }];
  }
  const at = partsAt(machine);
  const middle: Axis = { ...none, first: (nearest + farthest) / 2 };
  const part = (density: ArrayLike<number>, which: 'electrons' | 'scatter', distance: Axis): KernelPart => {
    const lnScale = (p: number | undefined, d: number): number =>
      inWater(d) - (p === undefined ? 0 : Math.log(density[p]!));
    let [low, high] = [inWater(farthest), inWater(nearest)];
    for (let p = 0; p < depths.length; p++) {
      const s = lnScale(p, distances[p]!);
      if (s < low) low = s;
      if (s > high) high = s;
    }
    return { amplitudes: (depth) => at(depth)[which], lnScale, distance, scale: createAxis(low, high, SCALE_STEP) };
  };
  return [part(densities.electron, 'electrons', byDistance), part(densities.scatter, 'scatter', middle)];
}

function range(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < low) low = values[i]!;
    if (values[i]! > high) high = values[i]!;
  }
  return [low, high];
}

/** Dose of each open square under each rung, [side][rung], scaled so that every square's maximum over the sample is 1. */
function squareDoses(ladder: WidthLadder, B: Float64Array, rows: number, largestSide = 400): Float64Array[] {
  const rungs = ladder.count;
  return SIDES.filter((side) => side <= Math.max(largestSide, LEAST_SIDE)).map((side) => {
    const share = (sigma: number): number => gaussianInterval(-side / 2, side / 2, sigma);
    const column = Float64Array.from(ladder.sigmasX, (sigmaX, r) => share(sigmaX) * share(ladder.sigmasY[r]!));
    let largest = 0;
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let r = 0; r < rungs; r++) sum += B[i * rungs + r]! * column[r]!;
      largest = Math.max(largest, sum);
    }
    return column.map((value) => value / largest);
  });
}

/**
 * The separable form of the rungs [from, to): with M = B E = U S V', D_k = (B E) v_k / s_k is linear in B, and c_k = u_k' B
 * makes sum_k D_k c_k the least-squares image of B.
 */
function separate(
  B: Float64Array,
  E: readonly Float64Array[],
  rows: number,
  rungs: number,
  from: number,
  to: number,
  tolerance: number,
): { terms: number; residual: number; project: Float64Array; coefficients: Float64Array } {
  const sides = E.length;
  const M = new Float64Array(rows * sides);
  for (let i = 0; i < rows; i++) {
    for (let s = 0; s < sides; s++) {
      let sum = 0;
      for (let r = from; r < to; r++) sum += B[i * rungs + r]! * E[s]![r]!;
      M[i * sides + s] = sum;
    }
  }
  const { u, s: singular, v } = singularValues(M, rows, sides);
  const { terms, residual } = chooseTerms(M, u, singular, v, rows, Math.min(MOST_TERMS, to - from), tolerance);
  const count = to - from;
  const project = new Float64Array(count * terms);
  const coefficients = new Float64Array(terms * count);
  for (let k = 0; k < terms; k++) {
    for (let r = 0; r < count; r++) {
      let sum = 0;
      for (let s = 0; s < sides; s++) sum += E[s]![from + r]! * v[s * sides + k]!;
      project[r * terms + k] = sum / singular[k]!;
      let c = 0;
      for (let i = 0; i < rows; i++) c += u[i * sides + k]! * B[i * rungs + from + r]!;
      coefficients[k * count + r] = c;
    }
  }
  return { terms, residual, project, coefficients };
}

/** The least K whose truncation error is within the tolerance; four at least, for which the engine is unrolled. */
function chooseTerms(
  M: Float64Array,
  u: Float64Array,
  singular: Float64Array,
  v: Float64Array,
  rows: number,
  most: number,
  tolerance: number,
): { terms: number; residual: number } {
  const columns = M.length / rows;
  const left = Float64Array.from(M);
  let terms = 0;
  for (;;) {
    let residual = 0;
    for (let q = 0; q < left.length; q++) residual = Math.max(residual, Math.abs(left[q]!));
    // A further term of no size would only divide by it.
    const isLast = terms === most || singular[terms]! < 1e-12 * singular[0]!;
    if (isLast || (terms >= 4 && residual <= tolerance)) return { terms, residual };
    for (let i = 0; i < rows; i++) {
      const a = singular[terms]! * u[i * columns + terms]!;
      for (let s = 0; s < columns; s++) left[i * columns + s]! -= a * v[s * columns + terms]!;
    }
    terms++;
  }
}

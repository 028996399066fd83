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
import { amplitudesAt } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import { addToLadder, createWidthLadder, excessBlur, type WidthLadder } from './width-ladder.js';

/** The rungs [first, first + count) of the ladder in separable form. */
export interface KernelBand {
  readonly first: number;
  readonly count: number;
  /** Number of separable terms K. */
  readonly terms: number;
  /** c[k][rung - first] */
  readonly coefficients: Float64Array;
  /** D_k(d, m): [distance][depth][k], Gy per MU. */
  readonly table: Float64Array;
}

export interface BeamKernel {
  readonly ladder: WidthLadder;
  /** From narrow to wide; a band may be missing where the ladder has no such rungs. */
  readonly bands: readonly KernelBand[];
  /** mm */
  readonly depthStep: number;
  readonly depthCount: number;
  /** First distance from the source, and between distances, mm. */
  readonly distanceFirst: number;
  readonly distanceStep: number;
  readonly distanceCount: number;
  /** Largest error of the terms over the points and open squares of 2.5 to 400 mm, fraction of each square's maximum. */
  readonly residual: number;
}

/** Where a beam's points lie: radiological depth (mm) and distance from the source (mm). */
export interface KernelPoints {
  readonly depths: ArrayLike<number>;
  readonly distances: ArrayLike<number>;
}

export interface KernelOptions {
  /** Largest error of each band's separable form, fraction of a field's maximum. @default 0.001 */
  readonly tolerance?: number;
}

/** Standard deviation from which on a rung is wide, mm: 1.3 nodes of the coarse lattice. */
export const WIDE = 6.5;

const DEPTH_STEP = 0.25;
const DISTANCE_STEP = 30;
const SIDES = [2.5, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400];
const SAMPLES = 600;
const MOST_TERMS = 8;

/** @param points all points of the beam; a sample of them decides the terms */
export function createBeamKernel(machine: Machine, points: KernelPoints, options: KernelOptions = {}): BeamKernel {
  const n = points.depths.length;
  let nearest = Infinity;
  let farthest = 0;
  let deepest = 0;
  for (let p = 0; p < n; p++) {
    nearest = Math.min(nearest, points.distances[p]!);
    farthest = Math.max(farthest, points.distances[p]!);
    deepest = Math.max(deepest, points.depths[p]!);
  }
  const { widths } = machine.kernel;
  const ladder = createWidthLadder(machine, nearest, (widths[widths.length - 1]! * machine.sad) / nearest);
  const amplitudes = amplitudesAt(machine);
  const rungs = ladder.count;
  const weigh = (depth: number, distance: number, out: Float64Array, offset: number): void => {
    const A = amplitudes(depth);
    const scale = machine.sad / distance;
    const excess = excessBlur(ladder, machine, distance);
    for (let j = 0; j < widths.length; j++) {
      if (A[j] !== 0) addToLadder(ladder, (widths[j]! * scale) ** 2 + excess, A[j]!, out, offset);
    }
  };

  // The sample: every so many points, and all depths of the beam near its middle, so that the build-up counts.
  const sample: [number, number][] = [];
  for (let q = 0; q < SAMPLES && q < n; q++) {
    const p = Math.floor(((q + 0.5) * n) / Math.min(SAMPLES, n));
    sample.push([points.depths[p]!, points.distances[p]!]);
  }
  for (let depth = 0; depth <= deepest; depth += depth < 30 ? 2 : 10) {
    sample.push([depth, nearest + Math.min(depth, farthest - nearest)]);
  }
  const B = new Float64Array(sample.length * rungs);
  for (const [i, [depth, distance]] of sample.entries()) weigh(depth, distance, B, i * rungs);
  const E = squareDoses(ladder, B, sample.length);

  const wide = ladder.sigmasX.findIndex((sigma, r) => Math.min(sigma, ladder.sigmasY[r]!) >= WIDE);
  const edge = wide < 0 ? rungs : wide;
  const ranges = [
    [0, edge],
    [edge, rungs],
  ].filter(([from, to]) => to! > from!) as [number, number][];
  const separated = ranges.map(([from, to]) =>
    separate(B, E, sample.length, rungs, from, to, options.tolerance ?? 0.001),
  );

  const depthCount = Math.ceil(deepest / DEPTH_STEP) + 2;
  const span = farthest - nearest;
  const distanceCount = Math.max(2, Math.ceil(span / DISTANCE_STEP) + 1);
  const distanceStep = Math.max(1e-6, span / (distanceCount - 1));
  const tables = separated.map(({ terms }) => new Float64Array(distanceCount * depthCount * terms));
  const weights = new Float64Array(rungs);
  for (let q = 0; q < distanceCount; q++) {
    const distance = nearest + q * distanceStep;
    for (let i = 0; i < depthCount; i++) {
      weights.fill(0);
      weigh(i * DEPTH_STEP, distance, weights, 0);
      separated.forEach(({ terms, project }, b) => {
        const [from, to] = ranges[b]!;
        const at = (q * depthCount + i) * terms;
        for (let r = from; r < to; r++) {
          if (weights[r] === 0) continue;
          for (let k = 0; k < terms; k++) tables[b]![at + k]! += weights[r]! * project[(r - from) * terms + k]!;
        }
      });
    }
  }
  return {
    ladder,
    bands: separated.map(({ terms, coefficients }, b) => ({
      first: ranges[b]![0],
      count: ranges[b]![1] - ranges[b]![0],
      terms,
      coefficients,
      table: tables[b]!,
    })),
    depthStep: DEPTH_STEP,
    depthCount,
    distanceFirst: nearest,
    distanceStep,
    distanceCount,
    residual: separated.reduce((sum, { residual }) => sum + residual, 0),
  };
}

/** Dose of each open square under each rung, [side][rung], scaled so that every square's maximum over the sample is 1. */
function squareDoses(ladder: WidthLadder, B: Float64Array, rows: number): Float64Array[] {
  const rungs = ladder.count;
  return SIDES.map((side) => {
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

/**
 * The pencil kernel of one beam in separable form: a few functions of place times a few maps.
 *
 * At a point of radiological depth d, seen under the lateral scale m = SAD / L, the kernel's Gaussians have widths w_j m in
 * the isocentre plane. Put on fixed Gaussian widths they become weights B_r(d, m), and the dose is
 *
 *     dose(p) = (SAD / L)^2 sum_r B_r(d, m) G_r(u, v),     G_r = psi (*) Gaussian of width r
 *
 * exact in scatter's dependence on the field size *at depth*, for every voxel. The widths form two bands: the narrow ones
 * decide the penumbra and live on a fine lattice near the field, the wide ones are smooth. Within a band the weights at
 * all depths, distances and densities of a patient lie near a space of few dimensions: a singular value decomposition of the doses that they give to open
 * squares keeps the K terms that a stated residual needs (Bortfeld, Schlegel, Rhein 1993),
 *
 *     dose(p) = (SAD / L)^2 sum_bands sum_k D_k(d, m) F_k(u, v),     F_k = sum_r c_kr G_r
 */
import type { FluenceGrid } from '../beam/fluence.js';
import { gaussianInterval } from '../core/error-function.js';
import { singularValues } from '../core/linear-algebra.js';
import { LANES } from '../core/wasm-layout.js';
import { amplitudesAt, partsAt } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import type { KernelDomain } from './kernel-domain.js';
import {
  type Axis,
  createAxis,
  createKernelTable,
  DEPTH_NODES,
  depthOfNode,
  type KernelTable,
} from './kernel-table.js';
import { addGaussian, createKernelWidths, excessBlur, type KernelWidths } from './kernel-widths.js';

/** The widths [first, first + count) in separable form. */
export interface KernelBand {
  readonly first: number;
  readonly count: number;
  /** Number of separable terms K. */
  readonly terms: number;
  /** c[k][width - first] */
  readonly coefficients: Float64Array;
}

export interface BeamKernel {
  readonly widths: KernelWidths;
  /** From narrow to wide; a band may be missing where there are no such widths. */
  readonly bands: readonly KernelBand[];
  /** D_k: of the whole kernel, or of its electrons and its scatter, whose lateral scales differ. */
  readonly tables: readonly KernelTable[];
  /** Largest error of the terms over the domain and open squares of 2.5 mm to the largest asked for, fraction of each square's maximum. */
  readonly residual: number;
}

export interface KernelOptions {
  /** Largest error of each band's separable form, fraction of a field's maximum. @default 0.0007 */
  readonly tolerance?: number;
  /** Open squares up to this have to come out right, mm: the smaller the fields, the fewer terms. @default 400 */
  readonly largestSide?: number;
}

/** Squares up to this many times the field decide the kernel's terms: points beside it see more of its width than it has. */
const REACH = 2.5;
/** Of any field, mm: with less, dose far outside small fields errs by up to 0.2 % of the maximum (0.1 % so). */
const LEAST_LARGEST = 300;

/** The squares that a kernel must have right for a field, mm: those of fluence grids that are alike are equal. */
export function largestSideOf({ x, y }: FluenceGrid): number {
  const side = REACH * Math.max(x[x.length - 1]! - x[0]!, y[y.length - 1]! - y[0]!);
  return Math.max(LEAST_LARGEST, SIDES.find((s) => s >= side) ?? SIDES[SIDES.length - 1]!);
}

/** Standard deviation from which on a width is wide, mm: 1.3 nodes of the coarse lattice. */
export const WIDE = 6.5;

const DISTANCE_STEP = 80;
/** Between scales of a table: a factor of 1.06, read linearly. */
const SCALE_STEP = 0.06;
const SIDES = [2.5, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400];
/** Squares up to this always count, mm. */
const LEAST_SIDE = 60;
/** Depths of the sample, mm: closely in the build-up. */
const DEPTHS = Array.from({ length: 59 }, (_, i) => (i < 21 ? i : 10 * (i - 18)));
const MOST_TERMS = 8;

/** Gaussians of one part at a depth, and the ln of the lateral scale under which a point sees them. */
interface KernelPart {
  readonly amplitudes: (depth: number) => Float64Array;
  /** At a distance, under a part's effective density. */
  readonly lnScale: (distance: number, density: number) => number;
  readonly distance: Axis;
  readonly scale: Axis;
}

/** Kernels made before, the last used last: beams of one isocentre share theirs. */
const made = new Map<string, BeamKernel>();
const MOST_MADE = 8;

/**
 * The kernel of a machine on a domain; made once for equal ones.
 *
 * @throws {UnsupportedError} if densities are given for a machine whose kernel is not split
 */
export function createBeamKernel(machine: Machine, domain: KernelDomain, options: KernelOptions = {}): BeamKernel {
  const { tolerance = 0.0007, largestSide = 400 } = options;
  const key = JSON.stringify([checksum(machine), domain, tolerance, largestSide]);
  const kernel = made.get(key) ?? makeBeamKernel(machine, domain, tolerance, largestSide);
  made.delete(key);
  made.set(key, kernel);
  if (made.size > MOST_MADE) made.delete(made.keys().next().value!);
  return kernel;
}

const checksums = new WeakMap<Machine, string>();

/** Of all that a kernel is made from; machines that crossed to another thread are other objects with the same numbers. */
function checksum(machine: Machine): string {
  let sum = checksums.get(machine);
  if (sum === undefined) {
    const { kernel, sad, penumbra } = machine;
    const text = JSON.stringify([kernel, sad, penumbra]);
    let [a, b] = [2166136261, 5381];
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 16777619);
      b = (Math.imul(b, 33) + code) | 0;
    }
    sum = `${text.length} ${a} ${b}`;
    checksums.set(machine, sum);
  }
  return sum;
}

function makeBeamKernel(machine: Machine, domain: KernelDomain, tolerance: number, largestSide: number): BeamKernel {
  const { widths } = machine.kernel;
  const { nearest, farthest } = domain;
  const parts = partsOf(machine, domain);
  const widest = Math.max(...parts.map(({ scale }) => scale.first + (scale.count - 1) * scale.step));
  const largest = Math.max(Math.exp(widest), machine.sad / nearest);
  const gaussians = createKernelWidths(machine, nearest, farthest, widths[widths.length - 1]! * largest);
  const count = gaussians.count;
  const variance = (width: number, distance: number, lnScale: number): number =>
    (widths[width]! * Math.exp(lnScale)) ** 2 + excessBlur(gaussians, machine, distance);

  // The sample: depths, distances and pairs of densities from one end of the domain to the other.
  const sample = sampleOf(domain);
  const B = new Float64Array(sample.length * count);
  sample.forEach(([depth, distance, densities], i) => {
    parts.forEach(({ amplitudes, lnScale }, part) => {
      const at = lnScale(distance, densities[part]!);
      amplitudes(depth).forEach((a, j) => {
        if (a !== 0) addGaussian(gaussians, variance(j, distance, at), a, B, i * count);
      });
    });
  });
  const E = squareDoses(gaussians, B, sample.length, largestSide);

  const wide = gaussians.sigmasX.findIndex((sigma, r) => Math.min(sigma, gaussians.sigmasY[r]!) >= WIDE);
  const edge = wide < 0 ? count : wide;
  const ranges = [
    [0, edge],
    [edge, count],
  ].filter(([from, to]) => to! > from!) as [number, number][];
  const separated = ranges.map(([from, to]) =>
    separate(B, E, { rows: sample.length, widths: count, from, to }, tolerance),
  );

  const bandTerms = separated.map(({ terms }) => terms);
  const depths = Array.from({ length: DEPTH_NODES }, (_, i) => depthOfNode(i));
  const weights = new Float64Array(count);
  const project = (width: number, distance: number, lnScale: number): Float64Array[] => {
    weights.fill(0);
    addGaussian(gaussians, variance(width, distance, lnScale), 1, weights, 0);
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
      project(j, at, scale.count === 1 && distance.count > 1 ? lnScale(at, 1) : ln),
    ),
  );
  return {
    widths: gaussians,
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

/** Depth, distance and the densities of both parts. */
type SamplePoint = readonly [depth: number, distance: number, densities: readonly [number, number]];

function sampleOf({ nearest, farthest, densities }: KernelDomain): SamplePoint[] {
  const distances = farthest > nearest ? [nearest, (nearest + farthest) / 2, farthest] : [nearest];
  const [low, high] = densities ?? [1, 1];
  // Scatter remembers farther than electrons, so that its density lies nearer to that of water.
  const [lower, higher] = [Math.sqrt(low), Math.sqrt(high)];
  const pairs: (readonly [number, number])[] = [
    [1, 1],
    ...(low < 1 ? [[low, 1] as const, [low, lower] as const, [1, lower] as const] : []),
    ...(high > 1 ? [[high, 1] as const, [high, higher] as const, [1, higher] as const] : []),
  ];
  return DEPTHS.flatMap((depth) =>
    distances.flatMap((distance) => pairs.map((pair): SamplePoint => [depth, distance, pair])),
  );
}

/**
 * The whole kernel under the scale that goes with the distance; or its electrons and its scatter, each under its own.
 * Scatter is so much wider than the source that its blur is taken at the middle distance.
 */
function partsOf(machine: Machine, { nearest, farthest, densities }: KernelDomain): KernelPart[] {
  const inWater = (distance: number): number => Math.log(machine.sad / distance);
  const none: Axis = { first: 0, step: 1, count: 1 };
  const byDistance = createAxis(nearest, farthest, DISTANCE_STEP);
  if (densities === undefined) {
    const fixed = byDistance.count === 1 ? { ...none, first: inWater(nearest) } : none;
    return [{ amplitudes: amplitudesAt(machine), lnScale: inWater, distance: byDistance, scale: fixed }];
  }
  const at = partsAt(machine);
  const middle: Axis = { ...none, first: (nearest + farthest) / 2 };
  const lnScale = (distance: number, density: number): number => inWater(distance) - Math.log(density);
  const scale = createAxis(lnScale(farthest, densities[1]), lnScale(nearest, densities[0]), SCALE_STEP);
  const part = (which: 'electrons' | 'scatter', distance: Axis): KernelPart => ({
    amplitudes: (depth) => at(depth)[which],
    lnScale,
    distance,
    scale,
  });
  return [part('electrons', byDistance), part('scatter', middle)];
}

/** Dose of each open square under each width, [side][width], scaled so that every square's maximum over the sample is 1. */
function squareDoses(widths: KernelWidths, B: Float64Array, rows: number, largestSide: number): Float64Array[] {
  const count = widths.count;
  return SIDES.filter((side) => side <= Math.max(largestSide, LEAST_SIDE)).map((side) => {
    const fraction = (sigma: number): number => gaussianInterval(-side / 2, side / 2, sigma);
    const column = Float64Array.from(widths.sigmasX, (sigmaX, r) => fraction(sigmaX) * fraction(widths.sigmasY[r]!));
    let largest = 0;
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let r = 0; r < count; r++) sum += B[i * count + r]! * column[r]!;
      largest = Math.max(largest, sum);
    }
    return column.map((value) => value / largest);
  });
}

/** The widths [from, to) of a table B of `rows` times `widths` numbers. */
interface WidthRange {
  readonly rows: number;
  readonly widths: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The separable form of the widths [from, to): with M = B E = U S V', D_k = (B E) v_k / s_k is linear in B, and c_k = u_k' B
 * makes sum_k D_k c_k the least-squares image of B.
 */
function separate(
  B: Float64Array,
  E: readonly Float64Array[],
  { rows, widths, from, to }: WidthRange,
  tolerance: number,
): { terms: number; residual: number; project: Float64Array; coefficients: Float64Array } {
  const sides = E.length;
  const M = new Float64Array(rows * sides);
  for (let i = 0; i < rows; i++) {
    for (let s = 0; s < sides; s++) {
      let sum = 0;
      for (let r = from; r < to; r++) sum += B[i * widths + r]! * E[s]![r]!;
      M[i * sides + s] = sum;
    }
  }
  const split = singularValues(M, rows, sides);
  const { u, s: singular, v } = split;
  const { terms, residual } = chooseTerms(M, split, rows, Math.min(MOST_TERMS, to - from), tolerance);
  const count = to - from;
  const project = new Float64Array(count * terms);
  const coefficients = new Float64Array(terms * count);
  for (let k = 0; k < terms; k++) {
    for (let r = 0; r < count; r++) {
      let sum = 0;
      for (let s = 0; s < sides; s++) sum += E[s]![from + r]! * v[s * sides + k]!;
      project[r * terms + k] = sum / singular[k]!;
      let c = 0;
      for (let i = 0; i < rows; i++) c += u[i * sides + k]! * B[i * widths + from + r]!;
      coefficients[k * count + r] = c;
    }
  }
  return { terms, residual, project, coefficients };
}

/** The least K whose truncation error is within the tolerance, in whole vectors: the terms that fill one cost nothing. */
function chooseTerms(
  M: Float64Array,
  { u, s: singular, v }: ReturnType<typeof singularValues>,
  rows: number,
  largest: number,
  tolerance: number,
): { terms: number; residual: number } {
  const columns = M.length / rows;
  const left = Float64Array.from(M);
  let terms = 0;
  for (;;) {
    let residual = 0;
    for (let q = 0; q < left.length; q++) residual = Math.max(residual, Math.abs(left[q]!));
    // A further term of no size would only divide by it.
    const isLast = terms === largest || singular[terms]! < 1e-12 * singular[0]!;
    if (isLast || (terms > 0 && terms % LANES === 0 && residual <= tolerance)) return { terms, residual };
    for (let i = 0; i < rows; i++) {
      const a = singular[terms]! * u[i * columns + terms]!;
      for (let s = 0; s < columns; s++) left[i * columns + s]! -= a * v[s * columns + terms]!;
    }
    terms++;
  }
}

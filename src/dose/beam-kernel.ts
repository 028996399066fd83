/**
 * The pencil kernel of one beam in separable form: a few functions of depth times a few functions of radius.
 *
 * The machine's kernel is sum_j A_j(d) G(r; s_j) with s_j in patient mm. Seen from the isocentre plane of a beam whose
 * central ray enters at source-surface distance SSD, a width at depth d shrinks to s_j / m(d), m = (SSD + d) / SAD. Each
 * such Gaussian is split between its two neighbours on a fixed ladder so that weight and second moment stay, which gives
 * B_j(d) on widths that no longer depend on depth. A singular value decomposition of the dose of many square fields then
 * keeps K terms (Bortfeld, Schlegel, Rhein 1993):
 *
 *     dose(p) = (SAD / L)^2 sum_k D_k(d) F_k(u, v),     F_k = psi (*) sum_j c_kj G(r; sqrt(s_j^2 + sigma^2))
 */
import { gaussianInterval } from '../core/error-function.js';
import { interpolateCubic, pchipSlopes } from '../core/interpolate.js';
import { singularValues } from '../core/linear-algebra.js';
import type { Machine } from '../machine/machine.js';

export interface BeamKernel {
  /** Number of separable terms K. */
  readonly terms: number;
  /** Depth step of `depthTable`, mm. */
  readonly depthStep: number;
  /** D_k(d): [depth index][k], Gy per MU; beyond the last depth it continues exponentially up to the table's end. */
  readonly depthTable: Float64Array;
  readonly depthCount: number;
  /** Standard deviations in the isocentre plane with the source blur included, mm. */
  readonly sigmas: Float64Array;
  /** c[k][j] */
  readonly coefficients: Float64Array;
  /** Largest error of the K terms over depth and square fields 10 to 400 mm, fraction of each field's maximum. */
  readonly residual: number;
}

const DEPTH_STEP = 0.5;
const DEEPEST = 600;
const SIDES = [5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400];

/**
 * @param ssd source-surface distance of the central ray, mm
 * @param terms number of separable terms K. @default 3
 */
export function createBeamKernel(machine: Machine, ssd: number, terms = 3): BeamKernel {
  const { depths, widths, amplitudes } = machine.kernel;
  const ladder = [...widths, widths[widths.length - 1]! * 1.5];
  const n = ladder.length;
  const rows = depths.length;
  const B = new Float64Array(rows * n);
  depths.forEach((depth, i) => {
    const shrink = machine.sad / (ssd + depth);
    widths.forEach((width, j) => {
      splitWidth(ladder, width * shrink, amplitudes[i]![j]!, B, i * n);
    });
  });

  const sigmas = Float64Array.from(ladder, (width) => Math.hypot(width, machine.penumbraSigma));
  const M = new Float64Array(rows * SIDES.length);
  const field = SIDES.map((side) => Array.from(sigmas, (sigma) => gaussianInterval(-side / 2, side / 2, sigma) ** 2));
  for (let i = 0; i < rows; i++) {
    field.forEach((E, s) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += B[i * n + j]! * E[j]!;
      M[i * SIDES.length + s] = sum;
    });
  }
  const { u } = singularValues(M, rows, SIDES.length);
  const K = Math.min(terms, n);
  const coefficients = new Float64Array(K * n);
  for (let k = 0; k < K; k++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += u[i * SIDES.length + k]! * B[i * n + j]!;
      coefficients[k * n + j] = sum;
    }
  }

  const depthCount = Math.round(DEEPEST / DEPTH_STEP) + 1;
  const depthTable = new Float64Array(depthCount * K);
  const last = rows - 1;
  const total = (i: number): number => field[8]!.reduce((sum, E, j) => sum + B[i * n + j]! * E, 0);
  const back = depths.findIndex((depth) => depth >= depths[last]! - 50);
  const attenuation = Math.log(total(back) / total(last)) / (depths[last]! - depths[back]!);
  for (let k = 0; k < K; k++) {
    const values = depths.map((_, i) => u[i * SIDES.length + k]!);
    const slopes = pchipSlopes(depths, values);
    for (let q = 0; q < depthCount; q++) {
      const depth = q * DEPTH_STEP;
      const beyond = depth - depths[last]!;
      depthTable[q * K + k] =
        interpolateCubic(depths, values, slopes, depth) * (beyond > 0 ? Math.exp(-attenuation * beyond) : 1);
    }
  }

  let residual = 0;
  field.forEach((E, s) => {
    let largest = 0;
    for (let i = 0; i < rows; i++) largest = Math.max(largest, M[i * SIDES.length + s]!);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let k = 0; k < K; k++) {
        for (let j = 0; j < n; j++) sum += u[i * SIDES.length + k]! * coefficients[k * n + j]! * E[j]!;
      }
      residual = Math.max(residual, Math.abs(sum - M[i * SIDES.length + s]!) / largest);
    }
  });
  return { terms: K, depthStep: DEPTH_STEP, depthTable, depthCount, sigmas, coefficients, residual };
}

/** Adds `amount` of a Gaussian of the given width to the two ladder widths around it, keeping weight and variance. */
function splitWidth(ladder: readonly number[], width: number, amount: number, out: Float64Array, offset: number): void {
  const last = ladder.length - 1;
  let upper = 1;
  while (upper < last && ladder[upper]! < width) upper++;
  const low = ladder[upper - 1]! ** 2;
  const high = ladder[upper]! ** 2;
  const share = Math.min(1, Math.max(0, (width * width - low) / (high - low)));
  out[offset + upper]! += amount * share;
  out[offset + upper - 1]! += amount * (1 - share);
}

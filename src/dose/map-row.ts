/**
 * One row of the influence, straight from a band's matrices: what every cell gives one point, without any map.
 */
import type { BandedMatrix, BandMap } from './banded-matrix.js';

/**
 * out[cell] += dose of the cell at point p through this band, before the primary fluence.
 *
 * @param u, v place of the point in the isocentre plane, mm
 * @param weights of all points, [point][k]
 */
export function addRow(
  band: BandMap,
  u: number,
  v: number,
  weights: Float32Array,
  p: number,
  nx: number,
  ny: number,
  out: Float64Array,
): void {
  const { u0, v0, step, nu, nv, terms, coefficients, widths } = band;
  const x = (u - u0) / step + 0.5;
  const y = (v - v0) / step + 0.5;
  if (!(x >= 1 && x < nu - 1 && y >= 1 && y < nv - 1)) return;
  const [i, j] = [Math.trunc(x), Math.trunc(y)];
  const across = new Float64Array(nx);
  for (let r = 0; r < widths.length; r++) {
    let amount = 0;
    for (let k = 0; k < terms; k++) amount += weights[p * terms + k]! * coefficients[k * widths.length + r]!;
    const { U, V } = widths[r]!;
    let isReached = false;
    for (let c = 0; c < nx; c++) {
      across[c] = amount * splineOf(U, c, i, x - i - 0.5);
      if (across[c] !== 0) isReached = true;
    }
    if (!isReached) continue;
    for (let c = 0; c < ny; c++) {
      const along = splineOf(V, c, j, y - j - 0.5);
      if (along === 0) continue;
      for (let q = 0; q < nx; q++) out[q + nx * c]! += along * across[q]!;
    }
  }
}

/** A cell's values at a place between nodes, `t` from node `at`: the quadratic spline over three of them. */
function splineOf({ first, count, start, values }: BandedMatrix, pixel: number, at: number, t: number): number {
  const q = at - first[pixel]!;
  const n = count[pixel]!;
  if (q < -1 || q > n) return 0;
  const from = start[pixel]! + q;
  return (
    (q >= 1 ? 0.5 * (0.5 - t) * (0.5 - t) * values[from - 1]! : 0) +
    (q >= 0 && q < n ? (0.75 - t * t) * values[from]! : 0) +
    (q < n - 1 ? 0.5 * (0.5 + t) * (0.5 + t) * values[from + 1]! : 0)
  );
}

/**
 * Least squares whose unknowns are a few weights per depth, tied to their neighbours only: factored in one walk down the depths.
 *
 *     |M x - b|^2,     M = readings (each of one depth's weights) above ties (the second differences of one weight)
 *
 * A tie reaches over three depths, so the triangular factor R of M'M + diag(e) is a band of three blocks: a Householder QR of
 * a few dozen rows per depth makes it. The rows are factored as they are and M'M is never formed: with rows 0.1 mm apart
 * the squares of the ties' coefficients span more digits than a number holds.
 *
 * @see Björck, Numerical Methods for Least Squares Problems (1996), section 6.2 (band QR) and 6.6.5 (seminormal equations)
 */

/** M of a problem with n depths and J weights at each; weight j of depth i is unknown `i J + j`. */
export interface DepthBand {
  readonly depthCount: number;
  readonly width: number;
  /** Rows [reading][weight] of each depth, flat. */
  readonly readings: readonly Float64Array[];
  /** [depth][3]: what the tie centred at that depth multiplies the weight before, here and after by; 0 at both ends. */
  readonly ties: Float64Array;
}

/** Length of M x: all readings, then one tie per unknown. */
export function rowCount({ depthCount, width, readings }: DepthBand): number {
  return readings.reduce((sum, rows) => sum + rows.length / width, depthCount * width);
}

/** out = M x */
export function applyBand(band: DepthBand, x: Float64Array, out: Float64Array): Float64Array {
  const { depthCount: n, width: J, readings, ties } = band;
  let row = 0;
  for (let i = 0; i < n; i++) {
    const rows = readings[i]!;
    for (let at = 0; at < rows.length; at += J) {
      let sum = 0;
      for (let j = 0; j < J; j++) sum += rows[at + j]! * x[i * J + j]!;
      out[row++] = sum;
    }
  }
  out.fill(0, row);
  for (let i = 1; i < n - 1; i++) {
    const [before, here, after] = [ties[3 * i]!, ties[3 * i + 1]!, ties[3 * i + 2]!];
    for (let k = i * J; k < (i + 1) * J; k++) out[row + k] = before * x[k - J]! + here * x[k]! + after * x[k + J]!;
  }
  return out;
}

/** out = M' y */
export function applyBandTransposed(band: DepthBand, y: Float64Array, out: Float64Array): Float64Array {
  const { depthCount: n, width: J, readings, ties } = band;
  out.fill(0);
  let row = 0;
  for (let i = 0; i < n; i++) {
    const rows = readings[i]!;
    for (let at = 0; at < rows.length; at += J) {
      const value = y[row++]!;
      for (let j = 0; j < J; j++) out[i * J + j]! += rows[at + j]! * value;
    }
  }
  for (let i = 1; i < n - 1; i++) {
    for (let k = i * J; k < (i + 1) * J; k++) {
      const value = y[row + k]!;
      out[k - J]! += ties[3 * i]! * value;
      out[k]! += ties[3 * i + 1]! * value;
      out[k + J]! += ties[3 * i + 2]! * value;
    }
  }
  return out;
}

/** R of M'M + diag(d^2) = R'R, and the scratch that it is made in. */
export class BandFactor {
  private readonly factor: Float64Array;
  private readonly work: Float64Array;
  private readonly carried: Float64Array;

  constructor(private readonly band: DepthBand) {
    const { depthCount: n, width: J, readings } = band;
    const largest = readings.reduce((length, rows) => Math.max(length, rows.length / J), 0);
    this.factor = new Float64Array(n * J * 3 * J);
    this.work = new Float64Array((4 * J + largest) * 3 * J);
    this.carried = new Float64Array(2 * J * 3 * J);
  }

  /** @param diagonal d, one per unknown */
  update(diagonal: Float64Array): void {
    const { band, factor, work, carried } = this;
    const { depthCount: n, width: J, readings, ties } = band;
    const span = 3 * J;
    carried.fill(0);
    for (let i = 0; i < n; i++) {
      // Rows in the order of their first column, so that a reflection meets few of them: readings are full from column 0.
      const rows = readings[i]!;
      const nReadings = rows.length / J;
      work.fill(0);
      let top = 0;
      for (; top < nReadings; top++) {
        for (let j = 0; j < J; j++) work[top * span + j] = rows[top * J + j]!;
      }
      const isTied = i + 1 < n - 1;
      for (let j = 0; j < 2 * J; j++) {
        for (let c = j; c < 2 * J; c++) work[top * span + c] = carried[j * span + c]!;
        top++;
        if (j >= J) continue;
        work[top++ * span + j] = diagonal[i * J + j]!;
        if (!isTied) continue;
        for (let o = 0; o < 3; o++) work[top * span + o * J + j] = ties[3 * (i + 1) + o]!;
        top++;
      }
      const perColumn = isTied ? 3 : 2;
      for (let c = 0; c < span; c++) {
        const last = Math.min(top, nReadings + (c < J ? perColumn * (c + 1) : perColumn * J + (c - J + 1)));
        reflect(work, span, c, last);
      }
      factor.set(work.subarray(0, J * span), i * J * span);
      for (let j = 0; j < 2 * J; j++) {
        for (let c = 0; c < 2 * J; c++) carried[j * span + c] = c < j ? 0 : work[(J + j) * span + J + c]!;
      }
    }
  }

  /** Overwrites v with R^-T v. */
  solveTransposed(v: Float64Array): Float64Array {
    const { factor, band } = this;
    const [J, size] = [band.width, v.length];
    const span = 3 * J;
    for (let k = 0; k < size; k++) {
      const j = k % J;
      const at = k * span;
      const value = v[k]! / factor[at + j]!;
      v[k] = value;
      const end = Math.min(span, size - k + j);
      for (let c = j + 1; c < end; c++) v[k - j + c]! -= factor[at + c]! * value;
    }
    return v;
  }

  /** Overwrites v with R^-1 v. */
  solve(v: Float64Array): Float64Array {
    const { factor, band } = this;
    const [J, size] = [band.width, v.length];
    const span = 3 * J;
    for (let k = size - 1; k >= 0; k--) {
      const j = k % J;
      const at = k * span;
      let sum = v[k]!;
      const end = Math.min(span, size - k + j);
      for (let c = j + 1; c < end; c++) sum -= factor[at + c]! * v[k - j + c]!;
      v[k] = sum / factor[at + j]!;
    }
    return v;
  }
}

/** Householder reflection that clears column c below row c, over the rows before `last`. */
function reflect(work: Float64Array, span: number, c: number, last: number): void {
  let largest = 0;
  for (let r = c; r < last; r++) largest = Math.max(largest, Math.abs(work[r * span + c]!));
  if (largest === 0) return;
  let sum = 0;
  for (let r = c; r < last; r++) sum += (work[r * span + c]! / largest) ** 2;
  const head = work[c * span + c]!;
  const alpha = (head > 0 ? -1 : 1) * largest * Math.sqrt(sum);
  const v0 = head - alpha;
  // 2 / v'v, with v'v = 2 alpha (alpha - head).
  const beta = -1 / (alpha * v0);
  for (let k = c + 1; k < span; k++) {
    let dot = v0 * work[c * span + k]!;
    for (let r = c + 1; r < last; r++) dot += work[r * span + c]! * work[r * span + k]!;
    if (dot === 0) continue;
    dot *= beta;
    work[c * span + k]! -= dot * v0;
    for (let r = c + 1; r < last; r++) work[r * span + k]! -= dot * work[r * span + c]!;
  }
  work[c * span + c] = alpha;
  for (let r = c + 1; r < last; r++) work[r * span + c] = 0;
}

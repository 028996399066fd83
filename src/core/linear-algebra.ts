/**
 * Two small dense solvers, for problems of tens of unknowns: non-negative least squares and the singular values.
 *
 * Matrices are row-major Float64Arrays.
 */
import { InvalidInputError } from './errors.js';

/**
 * Non-negative least squares: the x >= 0 that minimises |A x - b|.
 *
 * Active set of Lawson and Hanson with the passive set solved by Cholesky on the normal equations; a ridge of 1e-12 of
 * the largest diagonal keeps nearly collinear columns solvable. Exact in finitely many steps.
 *
 * @param a row-major, rows x columns
 * @param b length rows
 * @returns x, length columns
 * @see Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23
 */
export function nonNegativeLeastSquares(a: Float64Array, rows: number, columns: number, b: Float64Array): Float64Array {
  if (a.length !== rows * columns || b.length !== rows) {
    throw new InvalidInputError(
      `non-negative least squares: a has ${a.length} values and b ${b.length}, but the shape is ${rows} x ${columns}.`,
    );
  }
  const gram = new Float64Array(columns * columns);
  const target = new Float64Array(columns);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += a[r * columns + i]! * a[r * columns + j]!;
      gram[i * columns + j] = sum;
      gram[j * columns + i] = sum;
    }
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += a[r * columns + i]! * b[r]!;
    target[i] = sum;
  }
  let largest = 0;
  for (let i = 0; i < columns; i++) largest = Math.max(largest, gram[i * columns + i]!);
  for (let i = 0; i < columns; i++) gram[i * columns + i]! += 1e-12 * largest;

  const x = new Float64Array(columns);
  const passive: number[] = [];
  const tolerance = 1e-13 * Math.max(1e-300, ...target.map(Math.abs));
  for (let step = 0; step < 10 * columns; step++) {
    let best = -1;
    let steepest = tolerance;
    for (let i = 0; i < columns; i++) {
      if (passive.includes(i)) continue;
      let slope = target[i]!;
      for (const j of passive) slope -= gram[i * columns + j]! * x[j]!;
      if (slope > steepest) {
        steepest = slope;
        best = i;
      }
    }
    if (best < 0) return x;
    passive.push(best);
    for (;;) {
      const trial = solvePassive(gram, target, columns, passive);
      let worst = 1;
      for (let p = 0; p < passive.length; p++) {
        const old = x[passive[p]!]!;
        if (trial[p]! <= 0) worst = Math.min(worst, old / (old - trial[p]!));
      }
      if (worst === 1) {
        for (let p = 0; p < passive.length; p++) x[passive[p]!] = trial[p]!;
        break;
      }
      for (let p = 0; p < passive.length; p++) x[passive[p]!]! += worst * (trial[p]! - x[passive[p]!]!);
      for (let p = passive.length - 1; p >= 0; p--) {
        if (x[passive[p]!]! <= 1e-15) {
          x[passive[p]!] = 0;
          passive.splice(p, 1);
        }
      }
      if (passive.length === 0) break;
    }
  }
  return x;
}

/** Cholesky solution of the normal equations restricted to the passive columns. */
function solvePassive(
  gram: Float64Array,
  target: Float64Array,
  columns: number,
  passive: readonly number[],
): Float64Array {
  const n = passive.length;
  const factor = new Float64Array(n * n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[passive[i]! * columns + passive[j]!]!;
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
      factor[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / factor[j * n + j]!;
    }
    let sum = target[passive[i]!]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * y[k]!;
    y[i] = sum / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = y[i]!;
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i]! * y[k]!;
    y[i] = sum / factor[i * n + i]!;
  }
  return y;
}

/** A = U diag(s) V', singular values in falling order. */
export interface SingularValues {
  /** rows x rank, row-major, orthonormal columns */
  readonly u: Float64Array;
  readonly s: Float64Array;
  /** columns x rank, row-major */
  readonly v: Float64Array;
}

/**
 * Thin singular value decomposition by one-sided Jacobi rotations: slow, simple, accurate to rounding.
 *
 * @param a row-major, rows >= columns
 * @see Golub and Van Loan, Matrix Computations (4th ed.), section 8.6.3
 */
export function singularValues(a: Float64Array, rows: number, columns: number): SingularValues {
  // By columns, as the rotations go.
  const work = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let j = 0; j < columns; j++) work[j * rows + r] = a[r * columns + j]!;
  const v = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) v[i * columns + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let rotated = false;
    for (let p = 0; p < columns - 1; p++) {
      for (let q = p + 1; q < columns; q++) {
        let alpha = 0;
        let beta = 0;
        let gamma = 0;
        for (let r = 0; r < rows; r++) {
          const x = work[p * rows + r]!;
          const y = work[q * rows + r]!;
          alpha += x * x;
          beta += y * y;
          gamma += x * y;
        }
        if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        const s = c * t;
        rotateColumns(work, rows, p, q, c, s);
        rotateColumns(v, columns, p, q, c, s);
      }
    }
    if (!rotated) break;
  }
  const norms = Array.from({ length: columns }, (_, j) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += work[j * rows + r]! ** 2;
    return Math.sqrt(sum);
  });
  const order = norms.map((_, j) => j).sort((i, j) => norms[j]! - norms[i]!);
  const u = new Float64Array(rows * columns);
  const s = new Float64Array(columns);
  const vSorted = new Float64Array(columns * columns);
  order.forEach((from, to) => {
    const norm = norms[from]!;
    s[to] = norm;
    for (let r = 0; r < rows; r++) u[r * columns + to] = norm > 0 ? work[from * rows + r]! / norm : 0;
    for (let r = 0; r < columns; r++) vSorted[r * columns + to] = v[from * columns + r]!;
  });
  return { u, s, v: vSorted };
}

/** Columns p and q of a matrix stored by columns. */
function rotateColumns(m: Float64Array, rows: number, p: number, q: number, c: number, s: number): void {
  for (let r = 0; r < rows; r++) {
    const x = m[p * rows + r]!;
    const y = m[q * rows + r]!;
    m[p * rows + r] = c * x - s * y;
    m[q * rows + r] = s * x + c * y;
  }
}

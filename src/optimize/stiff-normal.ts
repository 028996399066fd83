/**
 * A preconditioner for problems whose limits can just be kept: the normal matrix with its stiff rows, and its factor, in Float64.
 *
 * Where limits nearly exclude each other, many are active at once and the stiffness of their rows runs over ten orders of magnitude. In
 * Float32 they leave nothing of what the weights still may do, and steps become short. Here the rows that are much stiffer than most, and
 * the terms, are added in Float64 to what threads have added up of all others (`normal-matrix.ts`); so is the factor.
 */
import type { NormalMatrix, VoxelSample } from './normal-matrix.js';
import type { Preconditioner, RankOne } from './preconditioner.js';

/** Columns up to which the factor is made: 32 MB, and a second. */
export const MOST_STIFF_COLUMNS = 2000;
/** A row is stiff that has this many times the curvature of the middle one. */
const STIFF = 20;
/** A pivot below this fraction of its diagonal is rounding: the column is taken to stand alone. */
const ROUNDING = 1e-13;
/** Relative residual from which on a system is as good as solved though the proof asks for more: the next product gains nothing. */
const SOLVED = 1e-6;

export class StiffNormal implements Preconditioner {
  readonly solved = SOLVED;
  private readonly factor: Float64Array;
  /** Sample row of each row that is the operator's own, or -1. */
  private readonly own: Int32Array;

  /** @param normal of the same sample; its factor is overwritten */
  constructor(
    private readonly normal: NormalMatrix,
    private readonly sample: VoxelSample,
    private readonly columns: number,
  ) {
    this.factor = new Float64Array(columns ** 2);
    const { memberOf, count } = sample;
    const members = new Int32Array(count);
    for (const group of memberOf) if (group >= 0) members[group]!++;
    this.own = memberOf.map((group) => (group >= 0 && members[group] === 1 ? group : -1));
  }

  update(rowDiagonal: Float64Array, columnDiagonal: Float64Array, terms: readonly RankOne[] = []): boolean {
    const { columns: n, factor, own } = this;
    const curved = rowDiagonal.filter((d) => d > 0).sort();
    const least = STIFF * (curved[curved.length >> 1] ?? 0);
    const soft = rowDiagonal.slice();
    const stiff: number[] = [];
    for (let row = 0; row < soft.length; row++) {
      if (!(soft[row]! > least) || own[row]! < 0) continue;
      soft[row] = 0;
      stiff.push(row);
    }
    this.normal.sumOf(soft, factor);
    const { matrix } = this.sample;
    for (const row of stiff) {
      const at = own[row]! * n;
      addOuter(factor, matrix.subarray(at, at + n), rowDiagonal[row]!);
    }
    for (const { vector, scale } of terms) addOuter(factor, vector, scale);
    for (let c = 0; c < n; c++) factor[c * n + c]! += columnDiagonal[c]!;
    factorise(factor, n);
    return true;
  }

  solve(right: Float64Array, out: Float64Array): Float64Array {
    if (out !== right) out.set(right);
    solveWith(this.factor, out);
    return out;
  }

  /** The matrix that it was made of is its owner's. */
  close(): void {}
}

/** Adds scale v v' to an upper half. */
function addOuter(upper: Float64Array, vector: Float32Array | Float64Array, scale: number): void {
  const n = vector.length;
  for (let i = 0; i < n; i++) {
    const along = scale * vector[i]!;
    if (along === 0) continue;
    for (let j = i, at = i * n + i; j < n; j++, at++) upper[at]! += along * vector[j]!;
  }
}

/** U'U in place of an upper half, row by row. */
function factorise(upper: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const at = i * n;
    const own = upper[at + i]!;
    for (let k = 0; k < i; k++) {
      const along = upper[k * n + i]!;
      if (along === 0) continue;
      const above = k * n;
      for (let j = i; j < n; j++) upper[at + j]! -= along * upper[above + j]!;
    }
    if (!(upper[at + i]! > ROUNDING * own)) {
      // What rounding left beside it would grow without bound.
      upper.fill(0, at + i + 1, at + n);
      upper[at + i] = Math.sqrt(own);
      continue;
    }
    const pivot = Math.sqrt(upper[at + i]!);
    for (let j = i; j < n; j++) upper[at + j]! /= pivot;
    upper[at + i] = pivot;
  }
}

/** x = (U'U)^-1 x in place. */
function solveWith(upper: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    const value = x[i]! / upper[i * n + i]!;
    x[i] = value;
    for (let j = i + 1, at = i * n + j; j < n; j++, at++) x[j]! -= value * upper[at]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let j = i + 1, at = i * n + j; j < n; j++, at++) sum -= upper[at]! * x[j]!;
    x[i] = sum / upper[i * n + i]!;
  }
}

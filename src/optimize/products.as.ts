// AssemblyScript. Products of Float32 rows with Float64 vectors, two lanes of two; `row-products.ts` and `triangle.ts` hold the same
// in plain TypeScript, rounding for rounding. All arguments are byte addresses and counts.

// @ts-expect-error: decorator
@inline
function low(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

// @ts-expect-error: decorator
@inline
function sumOf(a: v128, b: v128): f64 {
  return (
    f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1) + (f64x2.extract_lane(b, 0) + f64x2.extract_lane(b, 1))
  );
}

/** out[k] = sum over columns, four sums by column modulo 4, of row k times x; `columns` is a multiple of four. */
export function dots(rows: usize, count: i32, columns: i32, x: usize, out: usize): void {
  const line = <usize>columns << 2;
  for (let k = 0; k < count; k++) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    const end = rows + line;
    let at = x;
    for (; rows < end; rows += 16) {
      a = f64x2.add(a, f64x2.mul(low(rows), v128.load(at)));
      b = f64x2.add(b, f64x2.mul(low(rows + 8), v128.load(at, 16)));
      at += 32;
    }
    store<f64>(out, sumOf(a, b));
    out += 8;
  }
}

/** out += sum over rows of the row's force times the row, in the order of the rows; `columns` is a multiple of four. */
export function combine(rows: usize, count: i32, columns: i32, forces: usize, out: usize): void {
  const line = <usize>columns << 2;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    const f0 = v128.load64_splat(forces);
    const f1 = v128.load64_splat(forces, 8);
    const f2 = v128.load64_splat(forces, 16);
    const f3 = v128.load64_splat(forces, 24);
    let to = out;
    const end = rows + line;
    for (let at = rows; at < end; at += 8) {
      let sum = f64x2.add(v128.load(to), f64x2.mul(f0, low(at)));
      sum = f64x2.add(sum, f64x2.mul(f1, low(at + line)));
      sum = f64x2.add(sum, f64x2.mul(f2, low(at + 2 * line)));
      v128.store(to, f64x2.add(sum, f64x2.mul(f3, low(at + 3 * line))));
      to += 16;
    }
    rows += 4 * line;
    forces += 32;
  }
  for (; k < count; k++) {
    const f = v128.load64_splat(forces);
    let to = out;
    const end = rows + line;
    for (; rows < end; rows += 8) {
      v128.store(to, f64x2.add(v128.load(to), f64x2.mul(f, low(rows))));
      to += 16;
    }
    forces += 8;
  }
}

/** x = (U' U)^-1 x for `n` rows of U, `stride` columns each, zeros beyond n; `stride` is a multiple of four. */
export function solve(matrix: usize, n: i32, stride: i32, x: usize): void {
  const line = <usize>stride << 2;
  for (let i = 0; i < n; i++) {
    const row = matrix + line * i;
    const value = load<f64>(x + 8 * i) / (load<f32>(row + 4 * i) as f64);
    store<f64>(x + 8 * i, value);
    let j = i + 1;
    for (; (j & 3) !== 0; j++) {
      store<f64>(x + 8 * j, load<f64>(x + 8 * j) - value * (load<f32>(row + 4 * j) as f64));
    }
    const by = f64x2.splat(value);
    let to = x + 8 * j;
    for (let at = row + 4 * j; at < row + line; at += 8) {
      v128.store(to, f64x2.sub(v128.load(to), f64x2.mul(by, low(at))));
      to += 16;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = matrix + line * i;
    let s1: f64 = 0;
    let s2: f64 = 0;
    let s3: f64 = 0;
    let j = i + 1;
    if ((j & 3) === 1) s1 = product(row, x, j++);
    if ((j & 3) === 2) s2 = product(row, x, j++);
    if ((j & 3) === 3) s3 = product(row, x, j++);
    let a = f64x2.replace_lane(f64x2.splat(0), 1, s1);
    let b = f64x2.replace_lane(f64x2.splat(s2), 1, s3);
    let from = x + 8 * j;
    for (let at = row + 4 * j; at < row + line; at += 16) {
      a = f64x2.add(a, f64x2.mul(low(at), v128.load(from)));
      b = f64x2.add(b, f64x2.mul(low(at + 8), v128.load(from, 16)));
      from += 32;
    }
    store<f64>(x + 8 * i, (load<f64>(x + 8 * i) - sumOf(a, b)) / (load<f32>(row + 4 * i) as f64));
  }
}

// @ts-expect-error: decorator
@inline
function product(row: usize, x: usize, j: i32): f64 {
  return (load<f32>(row + 4 * j) as f64) * load<f64>(x + 8 * j);
}

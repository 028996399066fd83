// AssemblyScript. The dense algebra of `double-kernel.ts` in Float64, two lanes; it holds the same in plain TypeScript, rounding for
// rounding, and says how a panel lies. All arguments are byte addresses and counts.

/** Bytes of a panel's four columns: 32 rows of four Float64. */
const FOUR: usize = 1024;

/** panel = rows, four columns of all rows together; scaled = that times the rows' scales. */
export function ready(rows: usize, count: i32, stride: i32, scales: usize, panel: usize, scaled: usize): void {
  const line = <usize>stride << 3;
  for (let c: usize = 0; c < line; c += 32) {
    let from = rows + c;
    for (let q: usize = 0; q < <usize>count; q++) {
      const at = q << 5;
      const scale = v128.load64_splat(scales + (q << 3));
      const low = v128.load(from);
      const high = v128.load(from, 16);
      v128.store(panel + at, low);
      v128.store(panel + at, high, 16);
      v128.store(scaled + at, f64x2.mul(scale, low));
      v128.store(scaled + at, f64x2.mul(scale, high), 16);
      from += line;
    }
    panel += FOUR;
    scaled += FOUR;
  }
}

/** Adds a panel to the rows [first, last) of a matrix from their diagonal tile on; `first` is a multiple of four, rows are padded to it. */
export function addRows(
  matrix: usize,
  stride: i32,
  first: i32,
  last: i32,
  panel: usize,
  scaled: usize,
  rows: i32,
): void {
  const line = <usize>stride << 3;
  for (let i = first; i < last; i += 4) {
    const scales = scaled + <usize>(i >> 2) * FOUR;
    let from = panel + <usize>(i >> 2) * FOUR;
    const start = matrix + <usize>i * line;
    const end = start + line;
    for (let out = start + (<usize>i << 3); out < end; out += 32) {
      const out1 = out + line;
      const out2 = out1 + line;
      const out3 = out2 + line;
      let a0 = v128.load(out);
      let b0 = v128.load(out, 16);
      let a1 = v128.load(out1);
      let b1 = v128.load(out1, 16);
      let a2 = v128.load(out2);
      let b2 = v128.load(out2, 16);
      let a3 = v128.load(out3);
      let b3 = v128.load(out3, 16);
      let scale = scales;
      const stop = from + (<usize>rows << 5);
      for (let at = from; at < stop; at += 32) {
        const v = v128.load(at);
        const w = v128.load(at, 16);
        const c0 = v128.load64_splat(scale);
        a0 = f64x2.add(a0, f64x2.mul(c0, v));
        b0 = f64x2.add(b0, f64x2.mul(c0, w));
        const c1 = v128.load64_splat(scale, 8);
        a1 = f64x2.add(a1, f64x2.mul(c1, v));
        b1 = f64x2.add(b1, f64x2.mul(c1, w));
        const c2 = v128.load64_splat(scale, 16);
        a2 = f64x2.add(a2, f64x2.mul(c2, v));
        b2 = f64x2.add(b2, f64x2.mul(c2, w));
        const c3 = v128.load64_splat(scale, 24);
        a3 = f64x2.add(a3, f64x2.mul(c3, v));
        b3 = f64x2.add(b3, f64x2.mul(c3, w));
        scale += 32;
      }
      v128.store(out, a0);
      v128.store(out, b0, 16);
      v128.store(out1, a1);
      v128.store(out1, b1, 16);
      v128.store(out2, a2);
      v128.store(out2, b2, 16);
      v128.store(out3, a3);
      v128.store(out3, b3, 16);
      from += FOUR;
    }
  }
}

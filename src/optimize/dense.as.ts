// AssemblyScript. The innermost loop of the optimiser's dense algebra with 4-wide SIMD; `dense-kernel.ts` holds
// the same in plain TypeScript, rounding for rounding, and says what it does and how the panel lies.

/** Bytes of a panel's four columns: 32 rows of four Float32. */
const FOUR: usize = 512;

/** Smaller values are zero. */
const TINY: f32 = 1e-12;

/** panel = rows times the columns' scales, four columns of all rows together; scaled = that times the rows' scales. */
export function ready(
  rows: usize,
  count: i32,
  stride: i32,
  columnScales: usize,
  scales: usize,
  panel: usize,
  scaled: usize,
): void {
  const tiny = f32x4.splat(TINY);
  for (let c: usize = 0; c < <usize>stride << 2; c += 16) {
    const by = v128.load(columnScales + c);
    let from = rows + c;
    for (let q: usize = 0; q < <usize>count; q++) {
      const at = q << 4;
      const value = f32x4.mul(v128.load(from), by);
      const kept = v128.and(value, f32x4.gt(f32x4.abs(value), tiny));
      v128.store(panel + at, kept);
      v128.store(scaled + at, f32x4.mul(v128.load32_splat(scales + (q << 2)), kept));
      from += <usize>stride << 2;
    }
    panel += FOUR;
    scaled += FOUR;
  }
}

/** Tiles of four rows and eight columns stay in registers while all rows of the panel are added. */
export function addRows(
  matrix: usize,
  stride: i32,
  first: i32,
  last: i32,
  panel: usize,
  scaled: usize,
  rows: i32,
): void {
  const row = <usize>stride << 2;
  let i = first;
  // Tiles start at a multiple of four: their rows' scales lie side by side.
  for (; i < last && (i & 3) !== 0; i++) addRow(matrix + <usize>(i - first) * row, row, i, panel, scaled, rows);
  for (; i + 3 < last; i += 4) {
    const scales = scaled + <usize>(i >> 2) * FOUR;
    const line = matrix + <usize>(i - first) * row;
    let from = panel + <usize>(i >> 2) * FOUR;
    let out = line + (<usize>(i >> 2) << 4);
    const end = line + row;
    for (; out + 16 < end; out += 32) {
      const out1 = out + row;
      const out2 = out1 + row;
      const out3 = out2 + row;
      let a0 = v128.load(out);
      let b0 = v128.load(out, 16);
      let a1 = v128.load(out1);
      let b1 = v128.load(out1, 16);
      let a2 = v128.load(out2);
      let b2 = v128.load(out2, 16);
      let a3 = v128.load(out3);
      let b3 = v128.load(out3, 16);
      let scale = scales;
      const stop = from + (<usize>rows << 4);
      for (let at = from; at < stop; at += 16) {
        const v = v128.load(at);
        const w = v128.load(at, 512);
        const c0 = v128.load32_splat(scale);
        a0 = f32x4.add(a0, f32x4.mul(c0, v));
        b0 = f32x4.add(b0, f32x4.mul(c0, w));
        const c1 = v128.load32_splat(scale, 4);
        a1 = f32x4.add(a1, f32x4.mul(c1, v));
        b1 = f32x4.add(b1, f32x4.mul(c1, w));
        const c2 = v128.load32_splat(scale, 8);
        a2 = f32x4.add(a2, f32x4.mul(c2, v));
        b2 = f32x4.add(b2, f32x4.mul(c2, w));
        const c3 = v128.load32_splat(scale, 12);
        a3 = f32x4.add(a3, f32x4.mul(c3, v));
        b3 = f32x4.add(b3, f32x4.mul(c3, w));
        scale += 16;
      }
      v128.store(out, a0);
      v128.store(out, b0, 16);
      v128.store(out1, a1);
      v128.store(out1, b1, 16);
      v128.store(out2, a2);
      v128.store(out2, b2, 16);
      v128.store(out3, a3);
      v128.store(out3, b3, 16);
      from += 2 * FOUR;
    }
    if (out < end) {
      addFour(out, from, scales, rows);
      addFour(out + row, from, scales + 4, rows);
      addFour(out + 2 * row, from, scales + 8, rows);
      addFour(out + 3 * row, from, scales + 12, rows);
    }
  }
  for (; i < last; i++) addRow(matrix + <usize>(i - first) * row, row, i, panel, scaled, rows);
}

/** One row from its diagonal on. */
function addRow(line: usize, row: usize, i: i32, panel: usize, scaled: usize, rows: i32): void {
  const from = <usize>(i >> 2);
  const scales = scaled + from * FOUR + (<usize>(i & 3) << 2);
  panel += from * FOUR;
  for (let out = line + (from << 4); out < line + row; out += 16) {
    addFour(out, panel, scales, rows);
    panel += FOUR;
  }
}

function addFour(out: usize, from: usize, scaled: usize, rows: i32): void {
  let sum = v128.load(out);
  for (let at: usize = 0; at < <usize>rows << 4; at += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(scaled + at), v128.load(from + at)));
  }
  v128.store(out, sum);
}

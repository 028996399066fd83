/**
 * Rows of one beam's influence in AssemblyScript, four cells at a time: what every cell gives a point, straight from the blurred cells
 * of every rung. `dose/map-row.ts` holds the same in Float64.
 *
 * All arguments are byte addresses and counts. The tables hold, node by node, all cells of a rung, padded with zeros to whole
 * vectors of four: U along u, V along v; coefficients are [rung][term], padded likewise.
 */

/** out = for each of `count` points the dose of every cell, [point][cell along v][cell along u, padded], added to what is there. */
export function rows(
  tableU: usize,
  tableV: usize,
  coefficients: usize,
  rungCount: i32,
  nu: i32,
  nv: i32,
  widthU: i32,
  ny: i32,
  widthV: i32,
  groups: i32,
  inverse: f64,
  shiftU: f64,
  shiftV: f64,
  count: i32,
  us: usize,
  vs: usize,
  weights: usize,
  across: usize,
  along: usize,
  out: usize,
): void {
  const highU = (nu - 1) as f64;
  const highV = (nv - 1) as f64;
  const lineU = <usize>widthU << 2;
  const lineV = <usize>widthV << 2;
  const rungU = lineU * nu;
  const rungV = lineV * nv;
  const row = lineU * ny;
  for (let p = 0; p < count; p++) {
    const x = load<f32>(us + 4 * p) as f64 * inverse + shiftU;
    const y = load<f32>(vs + 4 * p) as f64 * inverse + shiftV;
    if (!(x >= 1 && x < highU && y >= 1 && y < highV)) continue;
    const i = x as i32;
    const j = y as i32;
    const tx = (x - (i as f64) - 0.5) as f32;
    const ty = (y - (j as f64) - 0.5) as f32;
    const ax = f32x4.splat(0.5 * (0.5 - tx) * (0.5 - tx));
    const bx = f32x4.splat(0.75 - tx * tx);
    const cx = f32x4.splat(0.5 * (0.5 + tx) * (0.5 + tx));
    const ay = f32x4.splat(0.5 * (0.5 - ty) * (0.5 - ty));
    const by = f32x4.splat(0.75 - ty * ty);
    const cy = f32x4.splat(0.5 * (0.5 + ty) * (0.5 + ty));
    let nodeU = tableU + lineU * (i - 1);
    let nodeV = tableV + lineV * (j - 1);
    for (let r = 0; r < rungCount; r++) {
      let sum = f32x4.splat(0);
      for (let g = 0; g < groups; g++) {
        const at = <usize>g << 4;
        const w = v128.load(weights + ((<usize>p * groups) << 4) + at);
        sum = f32x4.add(sum, f32x4.mul(w, v128.load(coefficients + ((<usize>r * groups) << 4) + at)));
      }
      const amount = f32x4.splat(
        f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)),
      );
      blend(nodeU, lineU, f32x4.mul(amount, ax), f32x4.mul(amount, bx), f32x4.mul(amount, cx), across + lineU * r);
      blend(nodeV, lineV, ay, by, cy, along + lineV * r);
      nodeU += rungU;
      nodeV += rungV;
    }
    let to = out + row * p;
    let c = 0;
    for (; c + 3 < ny; c += 4) {
      fourLines(to, lineU, rungCount, across, along + (<usize>c << 2), lineV);
      to += lineU << 2;
    }
    for (; c < ny; c++) {
      oneLine(to, lineU, rungCount, across, along + (<usize>c << 2), lineV);
      to += lineU;
    }
  }
}

/** Adds the rungs' products to the cells of four lines; one vector of each line stays in a register for all rungs. */
function fourLines(to: usize, lineU: usize, rungCount: i32, across: usize, along: usize, lineV: usize): void {
  const to1 = to + lineU;
  const to2 = to1 + lineU;
  const to3 = to2 + lineU;
  const end = along + lineV * rungCount;
  for (let q: usize = 0; q < lineU; q += 16) {
    let sum0 = v128.load(to + q);
    let sum1 = v128.load(to1 + q);
    let sum2 = v128.load(to2 + q);
    let sum3 = v128.load(to3 + q);
    let a = across + q;
    for (let b = along; b < end; b += lineV) {
      const value = v128.load(a);
      sum0 = f32x4.add(sum0, f32x4.mul(v128.load32_splat(b), value));
      sum1 = f32x4.add(sum1, f32x4.mul(v128.load32_splat(b, 4), value));
      sum2 = f32x4.add(sum2, f32x4.mul(v128.load32_splat(b, 8), value));
      sum3 = f32x4.add(sum3, f32x4.mul(v128.load32_splat(b, 12), value));
      a += lineU;
    }
    v128.store(to + q, sum0);
    v128.store(to1 + q, sum1);
    v128.store(to2 + q, sum2);
    v128.store(to3 + q, sum3);
  }
}

function oneLine(to: usize, lineU: usize, rungCount: i32, across: usize, along: usize, lineV: usize): void {
  for (let q: usize = 0; q < lineU; q += 16) {
    let sum = v128.load(to + q);
    let a = across + q;
    let b = along;
    for (let r = 0; r < rungCount; r++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(b), v128.load(a)));
      a += lineU;
      b += lineV;
    }
    v128.store(to + q, sum);
  }
}

// @ts-expect-error: decorator
@inline
function blend(node: usize, line: usize, a: v128, b: v128, c: v128, out: usize): void {
  for (let q: usize = 0; q < line; q += 16) {
    const left = f32x4.mul(a, v128.load(node + q));
    const middle = f32x4.mul(b, v128.load(node + line + q));
    v128.store(out + q, f32x4.add(f32x4.add(left, middle), f32x4.mul(c, v128.load(node + 2 * line + q))));
  }
}

/** packed[b] = horn[b] times the value at places[b], for each of `count` points, of `size` values each. */
export function pack(
  values: usize,
  size: i32,
  count: i32,
  places: usize,
  horn: usize,
  cells: i32,
  packed: usize,
): void {
  for (let p = 0; p < count; p++) {
    for (let b = 0; b < cells; b++) {
      const value = load<f32>(values + (<usize>load<i32>(places + 4 * b) << 2));
      store<f32>(packed + 4 * b, load<f32>(horn + 4 * b) * value);
    }
    values += <usize>size << 2;
    packed += <usize>cells << 2;
  }
}

/**
 * Weights of points from a kernel's tables in AssemblyScript, four terms at a time; `kernel-table.ts` holds the same in Float64.
 *
 * A table is [distance][scale][depth][term], terms of all bands side by side, each band padded with zeros to whole vectors of four.
 * All arguments are byte addresses, counts and numbers.
 */

// The axis of depth: nodes this fine down to a depth, then coarser, then coarser still, and how many of the first two.
let perFine: f64 = 0;
let fineUntil: f64 = 0;
let fineCount: f64 = 0;
let perCoarse: f64 = 0;
let coarseUntil: f64 = 0;
let coarseCount: f64 = 0;
let perDeep: f64 = 0;

export function setDepthAxis(fine: f64, fineEnd: f64, coarse: f64, coarseEnd: f64, deep: f64): void {
  perFine = 1 / fine;
  fineUntil = fineEnd;
  fineCount = fineEnd / fine;
  perCoarse = 1 / coarse;
  coarseUntil = coarseEnd;
  coarseCount = fineCount + (coarseEnd - fineEnd) / coarse;
  perDeep = 1 / deep;
}

/** Natural logarithm of a number > 0, to 1e-9; the library's would bring a table of its own into the caller's memory. */
// @ts-expect-error: decorator
@inline
function ln(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  let exponent = <f64>(<i32>(bits >> 52) - 1023);
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  const t2 = t * t;
  const series = 1 + t2 * (1.0 / 3 + t2 * (1.0 / 5 + t2 * (1.0 / 7 + t2 * (1.0 / 9 + t2 / 11))));
  return 2 * t * series + 0.6931471805599453 * exponent;
}

/**
 * Weights of the points, or what a second part of the kernel adds to them: (SAD / distance)^2 times the terms.
 *
 * @param densities, factors, firstBand addresses, 0 for none
 * @param narrow, wide vectors of a point in either band
 * @param outNarrow, outWide [point][term]
 */
export function weigh(
  count: i32,
  sad: f64,
  depths: usize,
  distances: usize,
  densities: usize,
  factors: usize,
  firstBand: usize,
  table: usize,
  depthCount: i32,
  distanceFirst: f64,
  perDistance: f64,
  distanceCount: i32,
  scaleFirst: f64,
  perScale: f64,
  scaleCount: i32,
  narrow: i32,
  wide: i32,
  isFirst: i32,
  outNarrow: usize,
  outWide: usize,
): void {
  const node = <usize>(narrow + wide) << 4;
  const line = node * depthCount;
  const plane = line * scaleCount;
  const last = depthCount - 2;
  for (let p = 0; p < count; p++) {
    const at = <usize>p << 2;
    const distance = <f64>load<f32>(distances + at);
    const m = sad / distance;
    let factor = m * m;
    if (factors) factor *= <f64>load<f32>(factors + at);
    const depth = <f64>load<f32>(depths + at);
    const x =
      depth < fineUntil
        ? depth * perFine
        : depth < coarseUntil
          ? fineCount + (depth - fineUntil) * perCoarse
          : coarseCount + (depth - coarseUntil) * perDeep;
    const i = min(last, <i32>x);
    // Beyond the table its last node counts.
    const tx = min(1, x - <f64>i);
    let from = table + node * i;
    let ts: f64 = 0;
    if (scaleCount > 1) {
      const ratio = densities ? m / <f64>load<f32>(densities + at) : m;
      const y = (ln(ratio) - scaleFirst) * perScale;
      const j = min(scaleCount - 2, max(0, <i32>y));
      ts = y - <f64>j;
      from += line * j;
    }
    let td: f64 = 0;
    if (distanceCount > 1) {
      const z = (distance - distanceFirst) * perDistance;
      const q = min(distanceCount - 2, max(0, <i32>z));
      td = z - <f64>q;
      from += plane * q;
    }
    const a = factor * (1 - ts) * (1 - td);
    const b = factor * ts * (1 - td);
    const c = factor * (1 - ts) * td;
    const d = factor * ts * td;
    const a0 = f32x4.splat((a * (1 - tx)) as f32);
    const a1 = f32x4.splat((a * tx) as f32);
    const b0 = f32x4.splat((b * (1 - tx)) as f32);
    const b1 = f32x4.splat((b * tx) as f32);
    const c0 = f32x4.splat((c * (1 - tx)) as f32);
    const c1 = f32x4.splat((c * tx) as f32);
    const d0 = f32x4.splat((d * (1 - tx)) as f32);
    const d1 = f32x4.splat((d * tx) as f32);
    const isWide = firstBand ? load<u8>(firstBand + p) != 0 : false;
    for (let g = 0; g < narrow + wide; g++) {
      const to = g < narrow ? outNarrow + (<usize>(p * narrow + g) << 4) : outWide + (<usize>(p * wide + g - narrow) << 4);
      if (isWide && g < narrow) continue;
      const r = from + (<usize>g << 4);
      let sum = f32x4.add(f32x4.mul(a0, v128.load(r)), f32x4.mul(a1, v128.load(r + node)));
      if (scaleCount > 1) {
        sum = f32x4.add(sum, f32x4.mul(b0, v128.load(r + line)));
        sum = f32x4.add(sum, f32x4.mul(b1, v128.load(r + line + node)));
      }
      if (distanceCount > 1) {
        sum = f32x4.add(sum, f32x4.mul(c0, v128.load(r + plane)));
        sum = f32x4.add(sum, f32x4.mul(c1, v128.load(r + plane + node)));
        if (scaleCount > 1) {
          sum = f32x4.add(sum, f32x4.mul(d0, v128.load(r + plane + line)));
          sum = f32x4.add(sum, f32x4.mul(d1, v128.load(r + plane + line + node)));
        }
      }
      v128.store(to, isFirst ? sum : f32x4.add(sum, v128.load(to)));
    }
  }
}

/**
 * Where points read a band: the byte of the first of its 3 x 3 nodes, -1 beyond the lattice, then how far a point lies from the
 * middle one along u and v, as Float32.
 */
export function placesOf(
  count: i32,
  us: usize,
  vs: usize,
  u0: f64,
  v0: f64,
  step: f64,
  nu: i32,
  nv: i32,
  lineNodes: i32,
  nodeBytes: i32,
  places: usize,
): void {
  const highU = <f64>(nu - 1);
  const highV = <f64>(nv - 1);
  for (let p = 0; p < count; p++) {
    const at = <usize>p << 2;
    const to = places + 12 * p;
    const x = (<f64>load<f32>(us + at) - u0) / step + 0.5;
    const y = (<f64>load<f32>(vs + at) - v0) / step + 0.5;
    if (!(x >= 1 && x < highU && y >= 1 && y < highV)) {
      store<i32>(to, -1);
      continue;
    }
    const i = <i32>x;
    const j = <i32>y;
    store<i32>(to, nodeBytes * (lineNodes * (j - 1) + (i - 1)));
    store<f32>(to, (x - <f64>i - 0.5) as f32, 4);
    store<f32>(to, (y - <f64>j - 0.5) as f32, 8);
  }
}

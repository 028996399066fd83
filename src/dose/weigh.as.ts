/**
 * Weights of points from a kernel's tables in AssemblyScript, four terms at a time; `kernel-table.ts` holds the same in Float64.
 *
 * A table is [distance][scale][depth][term], terms of all bands side by side, each band padded with zeros to whole vectors of four.
 * All arguments are byte addresses, counts and numbers.
 */

// The axis of depth: nodes this fine down to a depth, then coarser, then coarser still, and how many of the first two.
let perFine: f32 = 0;
let fineUntil: f32 = 0;
let fineCount: f32 = 0;
let perCoarse: f32 = 0;
let coarseUntil: f32 = 0;
let coarseCount: f32 = 0;
let perDeep: f32 = 0;

export function setDepthAxis(fine: f64, fineEnd: f64, coarse: f64, coarseEnd: f64, deep: f64): void {
  perFine = (1 / fine) as f32;
  fineUntil = fineEnd as f32;
  fineCount = (fineEnd / fine) as f32;
  perCoarse = (1 / coarse) as f32;
  coarseUntil = coarseEnd as f32;
  coarseCount = fineCount + ((coarseEnd - fineEnd) / coarse) as f32;
  perDeep = (1 / deep) as f32;
}

/** Choices of four numbers by how deep the points lie. */
// @ts-expect-error: decorator
@inline
function byDepth(depth: v128, fine: v128, coarse: v128, deep: v128): v128 {
  const isCoarse = f32x4.lt(depth, f32x4.splat(coarseUntil));
  return v128.bitselect(fine, v128.bitselect(coarse, deep, isCoarse), f32x4.lt(depth, f32x4.splat(fineUntil)));
}

/** Natural logarithms of numbers > 0, to 1e-6; the library's would bring a table of its own into the caller's memory. */
// @ts-expect-error: decorator
@inline
function ln(x: v128): v128 {
  // x = 2^exponent times a mantissa from 0.707 to 1.414.
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const mantissa = i32x4.add(v128.and(shifted, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const one = f32x4.splat(1);
  const t = f32x4.div(f32x4.sub(mantissa, one), f32x4.add(mantissa, one));
  const t2 = f32x4.mul(t, t);
  let series = f32x4.add(f32x4.splat(1.0 / 7), f32x4.mul(t2, f32x4.splat(1.0 / 9)));
  series = f32x4.add(f32x4.splat(1.0 / 5), f32x4.mul(t2, series));
  series = f32x4.add(f32x4.splat(1.0 / 3), f32x4.mul(t2, series));
  series = f32x4.add(one, f32x4.mul(t2, series));
  return f32x4.add(f32x4.mul(f32x4.add(t, t), series), f32x4.mul(exponent, f32x4.splat(0.6931471805599453)));
}

/** Whole numbers >= 0 as integers. */
// @ts-expect-error: decorator
@inline
function integers(whole: v128): v128 {
  return i32x4.sub(f32x4.add(whole, f32x4.splat(8388608)), i32x4.splat(0x4b000000));
}

/** The interval of an axis of evenly spaced nodes that a place lies in; beyond the ends the first or the last one. */
// @ts-expect-error: decorator
@inline
function intervalOf(place: v128, count: i32): v128 {
  return f32x4.pmin(f32x4.pmax(f32x4.floor(place), f32x4.splat(0)), f32x4.splat(<f32>(count - 2)));
}

// Of the table and the bands that `weigh` is at work on.
let node: usize = 0;
let line: usize = 0;
let plane: usize = 0;
let isScaled: bool = false;
let isFar: bool = false;
let groupsNarrow: i32 = 0;
let groupsWide: i32 = 0;
let isNew: bool = false;

/** Puts the terms of point `p`, read around `from`, into its weights. */
// @ts-expect-error: decorator
@inline
function put(
  p: i32,
  from: usize,
  firstBand: usize,
  near: v128,
  far: v128,
  outNarrow: usize,
  outWide: usize,
): void {
  const a0 = v128.shuffle<f32>(near, near, 0, 0, 0, 0);
  const a1 = v128.shuffle<f32>(near, near, 1, 1, 1, 1);
  const b0 = v128.shuffle<f32>(near, near, 2, 2, 2, 2);
  const b1 = v128.shuffle<f32>(near, near, 3, 3, 3, 3);
  const c0 = v128.shuffle<f32>(far, far, 0, 0, 0, 0);
  const c1 = v128.shuffle<f32>(far, far, 1, 1, 1, 1);
  const d0 = v128.shuffle<f32>(far, far, 2, 2, 2, 2);
  const d1 = v128.shuffle<f32>(far, far, 3, 3, 3, 3);
  const isWide = firstBand ? load<u8>(firstBand + p) != 0 : false;
  for (let g = isWide ? groupsNarrow : 0; g < groupsNarrow + groupsWide; g++) {
    const to =
      g < groupsNarrow
        ? outNarrow + (<usize>(p * groupsNarrow + g) << 4)
        : outWide + (<usize>(p * groupsWide + g - groupsNarrow) << 4);
    const r = from + (<usize>g << 4);
    let sum = f32x4.add(f32x4.mul(a0, v128.load(r)), f32x4.mul(a1, v128.load(r + node)));
    if (isScaled) {
      sum = f32x4.add(sum, f32x4.mul(b0, v128.load(r + line)));
      sum = f32x4.add(sum, f32x4.mul(b1, v128.load(r + line + node)));
    }
    if (isFar) {
      sum = f32x4.add(sum, f32x4.mul(c0, v128.load(r + plane)));
      sum = f32x4.add(sum, f32x4.mul(c1, v128.load(r + plane + node)));
      if (isScaled) {
        sum = f32x4.add(sum, f32x4.mul(d0, v128.load(r + plane + line)));
        sum = f32x4.add(sum, f32x4.mul(d1, v128.load(r + plane + line + node)));
      }
    }
    v128.store(to, isNew ? sum : f32x4.add(sum, v128.load(to)));
  }
}

/**
 * Weights of the points, or what a second part of the kernel adds to them: (SAD / distance)^2 times the terms. Points are taken by
 * fours; their arrays are padded.
 *
 * @param densities, factors, firstBand addresses, 0 for none
 * @param narrow, wide vectors of a point in either band
 * @param outNarrow, outWide [point][term]
 */
export function weigh(
  count: i32,
  sad: f32,
  depths: usize,
  distances: usize,
  densities: usize,
  factors: usize,
  firstBand: usize,
  table: usize,
  depthCount: i32,
  distanceFirst: f32,
  perDistance: f32,
  distanceCount: i32,
  scaleFirst: f32,
  perScale: f32,
  scaleCount: i32,
  narrow: i32,
  wide: i32,
  isFirst: i32,
  outNarrow: usize,
  outWide: usize,
): void {
  node = <usize>(narrow + wide) << 4;
  line = node * depthCount;
  plane = line * scaleCount;
  isScaled = scaleCount > 1;
  isFar = distanceCount > 1;
  groupsNarrow = narrow;
  groupsWide = wide;
  isNew = isFirst != 0;
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const last = f32x4.splat(<f32>(depthCount - 2));
  for (let p = 0; p < count; p += 4) {
    const at = <usize>p << 2;
    const distance = v128.load(distances + at);
    const m = f32x4.div(f32x4.splat(sad), distance);
    let factor = f32x4.mul(m, m);
    if (factors) factor = f32x4.mul(factor, v128.load(factors + at));
    // Counted within its part of the axis a depth keeps all its digits.
    const depth = v128.load(depths + at);
    const x = byDepth(
      depth,
      f32x4.mul(depth, f32x4.splat(perFine)),
      f32x4.mul(f32x4.sub(depth, f32x4.splat(fineUntil)), f32x4.splat(perCoarse)),
      f32x4.mul(f32x4.sub(depth, f32x4.splat(coarseUntil)), f32x4.splat(perDeep)),
    );
    const before = byDepth(depth, zero, f32x4.splat(fineCount), f32x4.splat(coarseCount));
    const whole = f32x4.pmin(f32x4.floor(x), f32x4.sub(last, before));
    const i = f32x4.add(before, whole);
    // Beyond the table its last node counts.
    const tx = f32x4.pmin(f32x4.sub(x, whole), one);
    let from = i32x4.add(i32x4.splat(table as i32), i32x4.mul(integers(i), i32x4.splat(node as i32)));
    let ts = zero;
    if (isScaled) {
      const ratio = densities ? f32x4.div(m, v128.load(densities + at)) : m;
      const y = f32x4.mul(f32x4.sub(ln(ratio), f32x4.splat(scaleFirst)), f32x4.splat(perScale));
      const j = intervalOf(y, scaleCount);
      ts = f32x4.sub(y, j);
      from = i32x4.add(from, i32x4.mul(integers(j), i32x4.splat(line as i32)));
    }
    let td = zero;
    if (isFar) {
      const z = f32x4.mul(f32x4.sub(distance, f32x4.splat(distanceFirst)), f32x4.splat(perDistance));
      const q = intervalOf(z, distanceCount);
      td = f32x4.sub(z, q);
      from = i32x4.add(from, i32x4.mul(integers(q), i32x4.splat(plane as i32)));
    }
    const near = f32x4.mul(factor, f32x4.sub(one, td));
    const far = f32x4.mul(factor, td);
    const rest = f32x4.sub(one, ts);
    const upper = f32x4.sub(one, tx);
    // Of the eight nodes around each point: two depths at two scales, at the nearer and at the farther distance.
    const a = f32x4.mul(near, rest);
    const b = f32x4.mul(near, ts);
    const c = f32x4.mul(far, rest);
    const d = f32x4.mul(far, ts);
    const a0 = f32x4.mul(a, upper);
    const a1 = f32x4.mul(a, tx);
    const b0 = f32x4.mul(b, upper);
    const b1 = f32x4.mul(b, tx);
    const c0 = f32x4.mul(c, upper);
    const c1 = f32x4.mul(c, tx);
    const d0 = f32x4.mul(d, upper);
    const d1 = f32x4.mul(d, tx);
    // By point instead of by node.
    const al = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
    const ah = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
    const bl = v128.shuffle<f32>(b0, b1, 0, 4, 1, 5);
    const bh = v128.shuffle<f32>(b0, b1, 2, 6, 3, 7);
    const cl = v128.shuffle<f32>(c0, c1, 0, 4, 1, 5);
    const ch = v128.shuffle<f32>(c0, c1, 2, 6, 3, 7);
    const dl = v128.shuffle<f32>(d0, d1, 0, 4, 1, 5);
    const dh = v128.shuffle<f32>(d0, d1, 2, 6, 3, 7);
    put(
      p, <usize>i32x4.extract_lane(from, 0), firstBand,
      v128.shuffle<f32>(al, bl, 0, 1, 4, 5), v128.shuffle<f32>(cl, dl, 0, 1, 4, 5), outNarrow, outWide,
    );
    if (p + 1 >= count) return;
    put(
      p + 1, <usize>i32x4.extract_lane(from, 1), firstBand,
      v128.shuffle<f32>(al, bl, 2, 3, 6, 7), v128.shuffle<f32>(cl, dl, 2, 3, 6, 7), outNarrow, outWide,
    );
    if (p + 2 >= count) return;
    put(
      p + 2, <usize>i32x4.extract_lane(from, 2), firstBand,
      v128.shuffle<f32>(ah, bh, 0, 1, 4, 5), v128.shuffle<f32>(ch, dh, 0, 1, 4, 5), outNarrow, outWide,
    );
    if (p + 3 >= count) return;
    put(
      p + 3, <usize>i32x4.extract_lane(from, 3), firstBand,
      v128.shuffle<f32>(ah, bh, 2, 3, 6, 7), v128.shuffle<f32>(ch, dh, 2, 3, 6, 7), outNarrow, outWide,
    );
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

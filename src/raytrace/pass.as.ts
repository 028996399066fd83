/**
 * The pass of one beam through the patient in AssemblyScript: the inner loops of `beam-pass.ts`; `plain-fan.ts` says the same in
 * Float64 and is the reference.
 *
 * The patient is a box of voxel densities with a rim of zeros, and as many zeros behind it. A slice of the fan is a plane of Float32
 * [v][u], lines of `line` bytes. All arguments are byte addresses, counts and numbers; the caller lays out memory.
 *
 * Built by `npm run build:wasm` into `pass.wasm.ts`.
 */

/** Shape and address of the box; set once for a patient. */
let box: usize = 0;
let nx: i32 = 0;
let ny: i32 = 0;
let nz: i32 = 0;
let strideY: usize = 0;
let strideZ: usize = 0;

export function setBox(address: usize, countX: i32, countY: i32, countZ: i32): void {
  box = address;
  nx = countX - 1;
  ny = countY - 1;
  nz = countZ - 1;
  strideY = <usize>countX << 2;
  strideZ = strideY * countY;
}

/** Part of a line's rays [from, to) that lies within 0 and `most` along one coordinate, which begins at `at` and has a step. */
// @ts-expect-error: decorator
@inline
function clipFrom(from: f64, at: f64, step: f64, most: f64): f64 {
  if (step != 0) return max(from, min(-at / step, (most - at) / step));
  return at >= 0 && at < most ? from : Infinity;
}

// @ts-expect-error: decorator
@inline
function clipTo(to: f64, at: f64, step: f64, most: f64): f64 {
  return step != 0 ? min(to, max(-at / step, (most - at) / step)) : to;
}

// Whole numbers >= 0 as integers.
// @ts-expect-error: decorator
@inline
function integers(whole: v128): v128 {
  return i32x4.sub(f32x4.add(whole, f32x4.splat(8388608)), i32x4.splat(0x4b000000));
}

// @ts-expect-error: decorator
@inline
function between(value: v128, low: v128, high: v128): v128 {
  // Numbers that may not be NaN: one instruction each, where min and max would take eight.
  return f32x4.pmin(f32x4.pmax(value, low), high);
}

/** Zeros in whole vectors; planes are padded to them. */
// @ts-expect-error: decorator
@inline
function clear(from: usize, to: usize): void {
  const zero = f32x4.splat(0);
  for (let at = from; at < to; at += 16) v128.store(at, zero);
}

// @ts-expect-error: decorator
@inline
function mix(a: v128, b: v128, t: v128): v128 {
  return f32x4.add(a, f32x4.mul(t, f32x4.sub(b, a)));
}

/** A voxel and the next of four lines: the voxels. */
// @ts-expect-error: decorator
@inline
function pairs(a: usize, b: usize): v128 {
  return v128.load64_lane(b, v128.load64_zero(a), 1);
}

// 1 where there is matter, 0 elsewhere.
// @ts-expect-error: decorator
@inline
function matter(densities: v128): v128 {
  return v128.and(f32x4.gt(densities, f32x4.splat(0)), f32x4.splat(1));
}

/**
 * One slice: density and mask where it meets each ray.
 *
 * @param x, y, z voxel coordinates of ray (0, 0), the axis; per step along u and v
 * @param u0, v0 the first ray; a ray's number counts from the axis, so that it is met at one place whatever else is asked for
 */
export function sampleSlice(
  x: f64, y: f64, z: f64,
  ux: f64, uy: f64, uz: f64,
  vx: f64, vy: f64, vz: f64,
  u0: i32, v0: i32, nu: i32, nv: i32, line: usize,
  density: usize, mask: usize,
): void {
  const mx = <f64>nx;
  const my = <f64>ny;
  const mz = <f64>nz;
  const zero = f32x4.splat(0);
  const lanes = f32x4(0, 1, 2, 3);
  const bytes = <usize>nu << 2;
  for (let v = 0; v < nv; v++) {
    const x0 = x + <f64>(v0 + v) * vx;
    const y0 = y + <f64>(v0 + v) * vy;
    const z0 = z + <f64>(v0 + v) * vz;
    const row = line * v;
    // Rays of this line that lie within the box, in whole vectors: those beside it read the rim, which is zero.
    const from = clipFrom(clipFrom(clipFrom(<f64>u0, x0, ux, mx), y0, uy, my), z0, uz, mz);
    const to = clipTo(clipTo(clipTo(<f64>(u0 + nu), x0, ux, mx), y0, uy, my), z0, uz, mz);
    const isMet = to > from;
    const first = isMet ? u0 + ((<i32>Math.floor(from) - u0) & ~3) : u0;
    const last = isMet ? u0 + ((<i32>Math.ceil(to) - u0 + 3) & ~3) : u0;
    const start = <usize>(first - u0) << 2;
    const end = <usize>(last - u0) << 2;
    clear(density + row, density + row + start);
    clear(mask + row, mask + row + start);
    clear(density + row + end, density + row + bytes);
    clear(mask + row + end, mask + row + bytes);
    for (let u = first; u < last; u += 4) {
      const ray = f32x4.add(f32x4.splat(u as f32), lanes);
      const px = between(f32x4.add(f32x4.splat(x0 as f32), f32x4.mul(ray, f32x4.splat(ux as f32))), zero, f32x4.splat(<f32>nx));
      const py = between(f32x4.add(f32x4.splat(y0 as f32), f32x4.mul(ray, f32x4.splat(uy as f32))), zero, f32x4.splat(<f32>ny));
      const pz = between(f32x4.add(f32x4.splat(z0 as f32), f32x4.mul(ray, f32x4.splat(uz as f32))), zero, f32x4.splat(<f32>nz));
      const wx = f32x4.floor(px);
      const wy = f32x4.floor(py);
      const wz = f32x4.floor(pz);
      const voxels = i32x4.add(
        i32x4.add(i32x4.splat(box as i32), i32x4.shl(integers(wx), 2)),
        i32x4.add(
          i32x4.mul(integers(wy), i32x4.splat(strideY as i32)),
          i32x4.mul(integers(wz), i32x4.splat(strideZ as i32)),
        ),
      );
      const ty = f32x4.sub(py, wy);
      const tz = f32x4.sub(pz, wz);
      const v0 = <usize>i32x4.extract_lane(voxels, 0);
      const v1 = <usize>i32x4.extract_lane(voxels, 1);
      const v2 = <usize>i32x4.extract_lane(voxels, 2);
      const v3 = <usize>i32x4.extract_lane(voxels, 3);
      // Two rays, a voxel and the next along x of each: below and above along y, then along z.
      const y01 = v128.shuffle<f32>(ty, ty, 0, 0, 1, 1);
      const z01 = v128.shuffle<f32>(tz, tz, 0, 0, 1, 1);
      const a = pairs(v0, v1);
      const b = pairs(v0 + strideY, v1 + strideY);
      const c = pairs(v0 + strideZ, v1 + strideZ);
      const d = pairs(v0 + strideY + strideZ, v1 + strideY + strideZ);
      const y23 = v128.shuffle<f32>(ty, ty, 2, 2, 3, 3);
      const z23 = v128.shuffle<f32>(tz, tz, 2, 2, 3, 3);
      const e = pairs(v2, v3);
      const f = pairs(v2 + strideY, v3 + strideY);
      const g = pairs(v2 + strideZ, v3 + strideZ);
      const h = pairs(v2 + strideY + strideZ, v3 + strideY + strideZ);
      const tx = f32x4.sub(px, wx);
      const rho01 = mix(mix(a, b, y01), mix(c, d, y01), z01);
      const rho23 = mix(mix(e, f, y23), mix(g, h, y23), z23);
      const m01 = mix(mix(matter(a), matter(b), y01), mix(matter(c), matter(d), y01), z01);
      const m23 = mix(mix(matter(e), matter(f), y23), mix(matter(g), matter(h), y23), z23);
      const at = row + (<usize>(u - u0) << 2);
      v128.store(
        density + at,
        mix(v128.shuffle<f32>(rho01, rho23, 0, 2, 4, 6), v128.shuffle<f32>(rho01, rho23, 1, 3, 5, 7), tx),
      );
      v128.store(mask + at, mix(v128.shuffle<f32>(m01, m23, 0, 2, 4, 6), v128.shuffle<f32>(m01, m23, 1, 3, 5, 7), tx));
    }
  }
}

/** out = plane convolved along u with a symmetric kernel of `reach` + 1 weights from its middle on; `bytes` of each line. */
export function blurAlong(plane: usize, out: usize, kernel: usize, reach: i32, bytes: usize, nv: i32, line: usize): void {
  for (let v = 0; v < nv; v++) {
    const row = line * v;
    for (let u: usize = 0; u < bytes; u += 16) {
      const at = plane + row + u;
      let sum = f32x4.mul(v128.load32_splat(kernel), v128.load(at));
      for (let q = 1; q <= reach; q++) {
        const off = <usize>q << 2;
        sum = f32x4.add(
          sum,
          f32x4.mul(v128.load32_splat(kernel + off), f32x4.add(v128.load(at - off), v128.load(at + off))),
        );
      }
      v128.store(out + row + u, sum);
    }
  }
}

/** The same along v. */
export function blurAcross(plane: usize, out: usize, kernel: usize, reach: i32, bytes: usize, nv: i32, line: usize): void {
  for (let v = 0; v < nv; v++) {
    const row = line * v;
    for (let u: usize = 0; u < bytes; u += 16) {
      const at = plane + row + u;
      let sum = f32x4.mul(v128.load32_splat(kernel), v128.load(at));
      for (let q = 1; q <= reach; q++) {
        const off = line * q;
        sum = f32x4.add(
          sum,
          f32x4.mul(v128.load32_splat(kernel + (<usize>q << 2)), f32x4.add(v128.load(at - off), v128.load(at + off))),
        );
      }
      v128.store(out + row + u, sum);
    }
  }
}

// Ranges of the density memory, reciprocal mm of water, and the weight of what lies behind.
let perElectron: f32 = 0;
let perScatter: f32 = 0;
let perBehind: f32 = 0;
let behind: f32 = 0;

export function setMemory(electron: f64, scatter: f64, scatterBehind: f64, shareBehind: f64): void {
  perElectron = (1 / electron) as f32;
  perScatter = (1 / scatter) as f32;
  perBehind = (1 / scatterBehind) as f32;
  behind = shareBehind as f32;
}

/** Path in matter, mm, from which on a ray has a mean: the same in `plain-fan.ts`. */
const LEAST_PATH: f32 = 0.01;

// 1 / (1 + x / 2 + x^2 / 12): with x it gives (1 - exp(-x)) / x.
// @ts-expect-error: decorator
@inline
function gained(x: v128): v128 {
  const one = f32x4.splat(1);
  const twelfth = f32x4.splat(1.0 / 12.0);
  return f32x4.div(one, f32x4.add(one, f32x4.mul(x, f32x4.add(f32x4.splat(0.5), f32x4.mul(x, twelfth)))));
}

// exp(-x) from that.
// @ts-expect-error: decorator
@inline
function kept(x: v128, gain: v128): v128 {
  const one = f32x4.splat(1);
  const twelfth = f32x4.splat(1.0 / 12.0);
  return f32x4.mul(gain, f32x4.sub(one, f32x4.mul(x, f32x4.sub(f32x4.splat(0.5), f32x4.mul(x, twelfth)))));
}

/**
 * Electrons and scatter upstream: nodes of a slice, then the step to the next.
 *
 * @param smooth0, mask0 of this slice after blurring; smooth1, mask1 of the next
 * @param state  numerator and denominator of electrons, of scatter: four planes
 * @param nodes  of this slice: electron density, its slope per step, numerator and denominator of scatter, mass and length of the
 *   step: six planes
 */
export function marchDensity(
  bytes: usize,
  nv: i32,
  line: usize,
  size: usize,
  length: usize,
  smooth0: usize,
  mask0: usize,
  smooth1: usize,
  mask1: usize,
  state: usize,
  nodes: usize,
): void {
  const half = f32x4.splat(0.5);
  const zero = f32x4.splat(0);
  const least = f32x4.splat(LEAST_PATH);
  const electron = f32x4.splat(perElectron);
  const scatter = f32x4.splat(perScatter);
  for (let v = 0; v < nv; v++)
  for (let c = line * v; c < line * v + bytes; c += 16) {
    const at = state + c;
    let ne = v128.load(at);
    let de = v128.load(at + size);
    let ns = v128.load(at + 2 * size);
    let ds = v128.load(at + 3 * size);
    const s0 = v128.load(smooth0 + c);
    const m0 = v128.load(mask0 + c);
    const s1 = v128.load(smooth1 + c);
    const m1 = v128.load(mask1 + c);
    const long = v128.load(length + c);
    const to = nodes + c;
    const isMet = f32x4.gt(de, least);
    const rho = v128.and(isMet, f32x4.div(ne, v128.bitselect(de, f32x4.splat(1), isMet)));
    const isIn = f32x4.gt(m0, zero);
    const here = f32x4.div(s0, v128.bitselect(m0, f32x4.splat(1), isIn));
    const slope = f32x4.div(f32x4.mul(long, f32x4.sub(here, rho)), v128.bitselect(de, f32x4.splat(1), isMet));
    v128.store(to, rho);
    v128.store(to + size, v128.and(slope, v128.and(isMet, isIn)));
    v128.store(to + 2 * size, ns);
    v128.store(to + 3 * size, ds);
    const mass = f32x4.mul(long, f32x4.mul(half, f32x4.add(s0, s1)));
    const path = f32x4.mul(long, f32x4.mul(half, f32x4.add(m0, m1)));
    v128.store(to + 4 * size, mass);
    v128.store(to + 5 * size, path);
    let x = f32x4.mul(mass, electron);
    let gain = gained(x);
    let keep = kept(x, gain);
    ne = f32x4.add(f32x4.mul(keep, ne), f32x4.mul(mass, gain));
    de = f32x4.add(f32x4.mul(keep, de), f32x4.mul(path, gain));
    x = f32x4.mul(mass, scatter);
    gain = gained(x);
    keep = kept(x, gain);
    ns = f32x4.add(f32x4.mul(keep, ns), f32x4.mul(mass, gain));
    ds = f32x4.add(f32x4.mul(keep, ds), f32x4.mul(path, gain));
    v128.store(at, ne);
    v128.store(at + size, de);
    v128.store(at + 2 * size, ns);
    v128.store(at + 3 * size, ds);
  }
}

/**
 * Scatter from behind, slice by slice from the last to the first, and the finished nodes: the planes of electrons and of their slope stay,
 * that of scatter takes the place of its numerator.
 *
 * @param state numerator and denominator from behind, electron density of the slice behind: three planes
 */
export function finishSlice(
  bytes: usize,
  nv: i32,
  line: usize,
  size: usize,
  state: usize,
  nodes: usize,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const share = f32x4.splat(behind);
  const inverse = f32x4.splat(perBehind);
  for (let v = 0; v < nv; v++) {
    const row = line * v;
    for (let q: usize = 0; q < bytes; q += 16) {
      const c = row + q;
      const at = state + c;
      const from = nodes + c;
      const mass = v128.load(from + 4 * size);
      const path = v128.load(from + 5 * size);
      const x = f32x4.mul(mass, inverse);
      const gain = gained(x);
      const keep = kept(x, gain);
      const n = f32x4.add(f32x4.mul(keep, v128.load(at)), f32x4.mul(mass, gain));
      const d = f32x4.add(f32x4.mul(keep, v128.load(at + size)), f32x4.mul(path, gain));
      v128.store(at, n);
      v128.store(at + size, d);
      const all = f32x4.add(v128.load(from + 3 * size), f32x4.mul(share, d));
      const isAny = f32x4.gt(all, zero);
      const sum = f32x4.add(v128.load(from + 2 * size), f32x4.mul(share, n));
      const scattered = v128.bitselect(f32x4.div(sum, v128.bitselect(all, one, isAny)), one, isAny);
      // Where nothing lies upstream the first that comes counts.
      const own = v128.load(from);
      const rho = v128.bitselect(own, v128.load(at + 2 * size), f32x4.gt(own, zero));
      v128.store(at + 2 * size, rho);
      v128.store(from, rho);
      v128.store(from + 2 * size, scattered);
    }
  }
}

/**
 * Points as a beam sees them, without their depth.
 *
 * @param points x, y, z of every point in LPS, mm, Float64
 * @param frame  Float64: beam from patient, twelve numbers by column; reciprocal spacing and negative origin of the box in voxels,
 *   three each
 * @param us, vs, distances projection on the isocentre plane and distance from the source, mm
 * @param xs, ys, zs in voxels of the box
 * @param outside 1 for points outside the box, 0 for those within; where asked for
 */
export function projectPoints(
  count: i32,
  points: usize,
  frame: usize,
  sad: f64,
  us: usize,
  vs: usize,
  distances: usize,
  xs: usize,
  ys: usize,
  zs: usize,
  outside: usize,
): void {
  const mx = <f64>nx;
  const my = <f64>ny;
  const mz = <f64>nz;
  for (let p = 0; p < count; p++) {
    const point = points + 24 * p;
    const to = <usize>p << 2;
    const x = load<f64>(point);
    const y = load<f64>(point, 8);
    const z = load<f64>(point, 16);
    const bx = load<f64>(frame) * x + load<f64>(frame, 24) * y + load<f64>(frame, 48) * z + load<f64>(frame, 72);
    const by = load<f64>(frame, 8) * x + load<f64>(frame, 32) * y + load<f64>(frame, 56) * z + load<f64>(frame, 80);
    const bz = load<f64>(frame, 16) * x + load<f64>(frame, 40) * y + load<f64>(frame, 64) * z + load<f64>(frame, 88);
    const along = sad - bz;
    const scale = sad / along;
    store<f32>(us + to, (bx * scale) as f32);
    store<f32>(vs + to, (by * scale) as f32);
    store<f32>(distances + to, Math.sqrt(bx * bx + by * by + along * along) as f32);
    const px = x * load<f64>(frame, 96) + load<f64>(frame, 120);
    const py = y * load<f64>(frame, 104) + load<f64>(frame, 128);
    const pz = z * load<f64>(frame, 112) + load<f64>(frame, 136);
    store<f32>(xs + to, px as f32);
    store<f32>(ys + to, py as f32);
    store<f32>(zs + to, pz as f32);
    if (outside) {
      const isIn = px >= 0 && px < mx && py >= 0 && py < my && pz >= 0 && pz < mz;
      store<f32>(outside + to, isIn ? <f32>0 : <f32>1);
    }
  }
}

/**
 * Densities of four places, bilinear in b and c.
 *
 * @param slabs addresses of the plane that each place lies on
 * @param strideC between lines, bytes; b runs along a line
 */
// @ts-expect-error: decorator
@inline
function onPlane(slabs: v128, strideC: usize, b: v128, c: v128): v128 {
  const wholeB = f32x4.floor(b);
  const wholeC = f32x4.floor(c);
  const voxels = i32x4.add(
    i32x4.add(slabs, i32x4.shl(integers(wholeB), 2)),
    i32x4.mul(integers(wholeC), i32x4.splat(strideC as i32)),
  );
  const v0 = <usize>i32x4.extract_lane(voxels, 0);
  const v1 = <usize>i32x4.extract_lane(voxels, 1);
  const v2 = <usize>i32x4.extract_lane(voxels, 2);
  const v3 = <usize>i32x4.extract_lane(voxels, 3);
  const tc = f32x4.sub(c, wholeC);
  const first = mix(pairs(v0, v1), pairs(v0 + strideC, v1 + strideC), v128.shuffle<f32>(tc, tc, 0, 0, 1, 1));
  const second = mix(pairs(v2, v3), pairs(v2 + strideC, v3 + strideC), v128.shuffle<f32>(tc, tc, 2, 2, 3, 3));
  return mix(
    v128.shuffle<f32>(first, second, 0, 2, 4, 6),
    v128.shuffle<f32>(first, second, 1, 3, 5, 7),
    f32x4.sub(b, wholeB),
  );
}

/**
 * Radiological depth of those points whose ray crosses most planes of the axis a: density summed along the ray from the source, of its
 * bilinear values on those planes, joined by straight lines, and to the point's own value. Four points at a time.
 *
 * @param a, b, c addresses of the points' voxel coordinates; b is the axis along which voxels follow each other
 * @param volume  with these strides in bytes; the first and the last voxel of an axis are the rim
 * @param strictB, strictC whether a tie between axes belongs to the other one
 * @param lengths from the source, mm
 * @returns number of points that were served
 */
export function traceAlong(
  count: i32,
  a: usize,
  b: usize,
  c: usize,
  volume: usize,
  strideA: usize,
  strideC: usize,
  lastA: f32,
  lastB: f32,
  lastC: f32,
  sourceA: f32,
  sourceB: f32,
  sourceC: f32,
  strictB: i32,
  strictC: i32,
  lengths: usize,
  depths: usize,
): i32 {
  const isForward = sourceA < 0.5 * lastA;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const topA = f32x4.splat(lastA);
  const topB = f32x4.splat(lastB);
  const topC = f32x4.splat(lastC);
  const away = f32x4.splat(isForward ? 1 : -1);
  const back = i32x4.splat(isForward ? 0 - <i32>strideA : <i32>strideA);
  const firstSlab = i32x4.splat(volume as i32);
  const lastSlab = i32x4.splat((volume + strideA * <usize>(<i32>lastA)) as i32);
  let served = 0;
  for (let p = 0; p < count; p += 4) {
    const at = <usize>p << 2;
    const pa = v128.load(a + at);
    const pb = v128.load(b + at);
    const pc = v128.load(c + at);
    // Positive where the point lies beyond the source, as the box does.
    const da = f32x4.mul(away, f32x4.sub(pa, f32x4.splat(sourceA)));
    const db = f32x4.sub(pb, f32x4.splat(sourceB));
    const dc = f32x4.sub(pc, f32x4.splat(sourceC));
    const ab = f32x4.abs(db);
    const ac = f32x4.abs(dc);
    const aa = f32x4.abs(da);
    const isOwn = v128.and(
      strictB ? f32x4.gt(aa, ab) : f32x4.ge(aa, ab),
      strictC ? f32x4.gt(aa, ac) : f32x4.ge(aa, ac),
    );
    const lanes = i32x4.bitmask(isOwn) & (p + 4 <= count ? 15 : (1 << (count - p)) - 1);
    if (lanes == 0) continue;
    served += popcnt(lanes);
    const perB = f32x4.div(db, aa);
    const perC = f32x4.div(dc, aa);
    // The first plane before the point, and how many there are from it back to the box's face.
    const inside = between(pa, zero, topA);
    const plane = isForward ? f32x4.floor(inside) : f32x4.ceil(inside);
    const part = f32x4.abs(f32x4.sub(pa, plane));
    const within = isForward ? f32x4.ge(pa, zero) : f32x4.le(pa, topA);
    const planes = f32x4.add(isForward ? plane : f32x4.sub(topA, plane), one);
    const met = v128.and(v128.and(v128.and(within, f32x4.gt(da, zero)), isOwn), planes);
    const most = max(
      max(f32x4.extract_lane(met, 0), f32x4.extract_lane(met, 1)),
      max(f32x4.extract_lane(met, 2), f32x4.extract_lane(met, 3)),
    );
    let slabs = i32x4.add(firstSlab, i32x4.mul(integers(plane), i32x4.splat(strideA as i32)));
    let nearest = zero;
    let sum = zero;
    for (let q: f32 = 0; q < most; q++) {
      const off = f32x4.add(part, f32x4.splat(q));
      // Beside the box the rim is all there is.
      const value = onPlane(
        slabs,
        strideC,
        between(f32x4.sub(pb, f32x4.mul(off, perB)), zero, topB),
        between(f32x4.sub(pc, f32x4.mul(off, perC)), zero, topC),
      );
      const counted = v128.and(f32x4.gt(met, f32x4.splat(q)), value);
      if (q == 0) nearest = counted;
      sum = f32x4.add(sum, counted);
      slabs = i32x4.min_s(lastSlab, i32x4.max_s(firstSlab, i32x4.add(slabs, back)));
    }
    const own = v128.and(
      f32x4.le(part, one),
      densityOf(firstSlab, strideA, strideC, inside, between(pb, zero, topB), between(pc, zero, topC)),
    );
    const behind = f32x4.mul(f32x4.mul(half, part), f32x4.add(nearest, own));
    const path = f32x4.add(f32x4.sub(sum, f32x4.mul(half, nearest)), v128.and(f32x4.gt(met, zero), behind));
    const depth = f32x4.mul(f32x4.div(v128.load(lengths + at), aa), path);
    v128.store(depths + at, v128.bitselect(depth, v128.load(depths + at), isOwn));
  }
  return served;
}

/** Trilinear density of four places within the box. */
// @ts-expect-error: decorator
@inline
function densityOf(volume: v128, strideA: usize, strideC: usize, a: v128, b: v128, c: v128): v128 {
  const plane = f32x4.floor(a);
  const slabs = i32x4.add(volume, i32x4.mul(integers(plane), i32x4.splat(strideA as i32)));
  const below = onPlane(slabs, strideC, b, c);
  const above = onPlane(i32x4.add(slabs, i32x4.splat(strideA as i32)), strideC, b, c);
  return mix(below, above, f32x4.sub(a, plane));
}

/**
 * Points read the fan: electron and scatter density, by quadratic B-splines across rays. Points whose row of rays lies outside the strip
 * are left as they are, and so are those whose electron density is known.
 *
 * @param us, vs, distances of every point, mm
 * @param u0, v0, k0 of the strip's planes; [low, high) rows of rays that the strip serves
 */
export function readPoints(
  count: i32,
  us: usize,
  vs: usize,
  distances: usize,
  sad: f64,
  perPitch: f64,
  perStep: f64,
  u0: f64,
  v0: f64,
  k0: f64,
  low: f64,
  high: f64,
  line: usize,
  plane: usize,
  slice: usize,
  nodes: usize,
  electrons: usize,
  scatters: usize,
): void {
  const perSad = 1 / (sad * sad);
  for (let p = 0; p < count; p++) {
    const to = <usize>p << 2;
    const ofV = <f64>load<f32>(vs + to);
    const v = ofV * perPitch;
    const row = Math.floor(v);
    if (!(row >= low && row < high) || load<f32>(electrons + to) != 0) continue;
    const ofU = <f64>load<f32>(us + to);
    const along = <f64>load<f32>(distances + to) / Math.sqrt(1 + (ofU * ofU + ofV * ofV) * perSad);
    const x = ofU * perPitch - u0 + 0.5;
    const y = v - v0 + 0.5;
    const z = (along - sad) * perStep - k0;
    const i = <i32>x;
    const j = <i32>y;
    const k = <i32>z;
    const tx = (x - <f64>i - 0.5) as f32;
    const ty = (y - <f64>j - 0.5) as f32;
    const tz = (z - <f64>k) as f32;
    // Three nodes of a line are three lanes; the fourth has no weight.
    const xs = f32x4(0.5 * (0.5 - tx) * (0.5 - tx), 0.75 - tx * tx, 0.5 * (0.5 + tx) * (0.5 + tx), 0);
    const ya = f32x4.splat(0.5 * (0.5 - ty) * (0.5 - ty));
    const yb = f32x4.splat(0.75 - ty * ty);
    const yc = f32x4.splat(0.5 * (0.5 + ty) * (0.5 + ty));
    const at = nodes + ((<usize>(i - 1) << 2) + line * (j - 1) + slice * k);
    const next = at + slice;
    const e0 = sum3(f32x4.mul(xs, lines3(at, line, ya, yb, yc)));
    const rise = sum3(f32x4.mul(xs, lines3(next, line, ya, yb, yc))) - e0;
    const slope0 = sum3(f32x4.mul(xs, lines3(at + plane, line, ya, yb, yc)));
    const slope1 = sum3(f32x4.mul(xs, lines3(next + plane, line, ya, yb, yc)));
    const near = sum3(f32x4.mul(xs, lines3(at + 2 * plane, line, ya, yb, yc)));
    const far = sum3(f32x4.mul(xs, lines3(next + 2 * plane, line, ya, yb, yc)));
    // Electrons along the ray: the cubic of both values and slopes; scatter: a line.
    // Within the bounds that keep it between both values.
    const lowest = min(<f32>0, 3 * rise);
    const highest = max(<f32>0, 3 * rise);
    const s0 = min(highest, max(lowest, slope0));
    const s1 = min(highest, max(lowest, slope1));
    const rest: f32 = 1 - tz;
    store<f32>(electrons + to, e0 + tz * rise + tz * rest * (rest * (s0 - rise) - tz * (s1 - rise)));
    store<f32>(scatters + to, rest * near + tz * far);
  }
}

/** A line of four nodes, summed over three lines with weights. */
// @ts-expect-error: decorator
@inline
function lines3(at: usize, line: usize, a: v128, b: v128, c: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(a, v128.load(at)), f32x4.mul(b, v128.load(at + line))),
    f32x4.mul(c, v128.load(at + 2 * line)),
  );
}

// @ts-expect-error: decorator
@inline
function sum3(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2);
}

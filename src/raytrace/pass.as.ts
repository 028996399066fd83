/**
 * The pass of one beam through the patient in AssemblyScript: the inner loops of `beam-pass.ts`; `plain-fan.ts` says the same in
 * Float64 and is the reference.
 *
 * The patient is a box of voxel pairs (density, mask) with a rim of zeros. A slice of the fan is a plane of Float32 [v][u], lines
 * of `line` bytes. All arguments are byte addresses, counts and numbers; the caller lays out memory.
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
/** Largest voxel coordinates that lie in the box, [x, y, z, .]. */
let most: v128 = f32x4.splat(0);

export function setBox(address: usize, countX: i32, countY: i32, countZ: i32): void {
  box = address;
  nx = countX - 1;
  ny = countY - 1;
  nz = countZ - 1;
  strideY = <usize>countX << 3;
  strideZ = strideY * countY;
  // So that the voxel above is there.
  most = f32x4(<f32>nx - 0.0001, <f32>ny - 0.0001, <f32>nz - 0.0001, 0);
}

/** [density, mask] at the voxels below and above along x of a point, bilinear in y and z; and its place between them. */
// @ts-expect-error: decorator
@inline
function pairsAt(place: v128): v128 {
  const at = f32x4.min(f32x4.max(place, f32x4.splat(0)), most);
  const voxel = i32x4.trunc_sat_f32x4_s(at);
  const part = f32x4.sub(at, f32x4.convert_i32x4_s(voxel));
  const from =
    box +
    (<usize>i32x4.extract_lane(voxel, 0) << 3) +
    strideY * i32x4.extract_lane(voxel, 1) +
    strideZ * i32x4.extract_lane(voxel, 2);
  const ty = v128.shuffle<f32>(part, part, 1, 1, 1, 1);
  const tz = v128.shuffle<f32>(part, part, 2, 2, 2, 2);
  const tx = v128.shuffle<f32>(part, part, 0, 0, 0, 0);
  const a = v128.load(from);
  const low = f32x4.add(a, f32x4.mul(ty, f32x4.sub(v128.load(from + strideY), a)));
  const b = v128.load(from + strideZ);
  const high = f32x4.add(b, f32x4.mul(ty, f32x4.sub(v128.load(from + strideZ + strideY), b)));
  const sum = f32x4.add(low, f32x4.mul(tz, f32x4.sub(high, low)));
  const right = f32x4.mul(tx, sum);
  // [1 - tx, 1 - tx, tx, tx] times the pairs.
  return v128.shuffle<f32>(f32x4.sub(sum, right), right, 0, 1, 6, 7);
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
  const stepX = ux as f32;
  const stepY = uy as f32;
  const stepZ = uz as f32;
  const step = f32x4(stepX, stepY, stepZ, 0);
  for (let v = 0; v < nv; v++) {
    const x0 = x + <f64>(v0 + v) * vx;
    const y0 = y + <f64>(v0 + v) * vy;
    const z0 = z + <f64>(v0 + v) * vz;
    const row = line * v;
    memory.fill(density + row, 0, <usize>nu << 2);
    memory.fill(mask + row, 0, <usize>nu << 2);
    // Rays of this line that lie within the box.
    let from: f64 = <f64>u0;
    let to: f64 = <f64>(u0 + nu);
    if (ux != 0) {
      const a = -x0 / ux;
      const b = (mx - x0) / ux;
      from = max(from, min(a, b));
      to = min(to, max(a, b));
    } else if (!(x0 >= 0 && x0 < mx)) continue;
    if (uy != 0) {
      const a = -y0 / uy;
      const b = (my - y0) / uy;
      from = max(from, min(a, b));
      to = min(to, max(a, b));
    } else if (!(y0 >= 0 && y0 < my)) continue;
    if (uz != 0) {
      const a = -z0 / uz;
      const b = (mz - z0) / uz;
      from = max(from, min(a, b));
      to = min(to, max(a, b));
    } else if (!(z0 >= 0 && z0 < mz)) continue;
    if (!(to > from)) continue;
    // At the box's ends the rim is zero: a ray just beyond reads what the end holds.
    const last = min(u0 + nu, <i32>Math.ceil(to));
    const first = <i32>Math.ceil(from);
    const start = f32x4(x0 as f32, y0 as f32, z0 as f32, 0);
    for (let u = first; u < last; u++) {
      const parts = pairsAt(f32x4.add(start, f32x4.mul(f32x4.splat(u as f32), step)));
      const at = row + (<usize>(u - u0) << 2);
      store<f32>(density + at, f32x4.extract_lane(parts, 0) + f32x4.extract_lane(parts, 2));
      store<f32>(mask + at, f32x4.extract_lane(parts, 1) + f32x4.extract_lane(parts, 3));
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

/** Densities of four voxels. */
// @ts-expect-error: decorator
@inline
function four(a: usize, b: usize, c: usize, d: usize): v128 {
  return v128.load32_lane(d, v128.load32_lane(c, v128.load32_lane(b, v128.load32_zero(a), 1), 2), 3);
}

/** A place of the box as density there, trilinear. */
// @ts-expect-error: decorator
@inline
function densityAt(x: f32, y: f32, z: f32): f32 {
  const parts = pairsAt(f32x4(x, y, z, 0));
  return f32x4.extract_lane(parts, 0) + f32x4.extract_lane(parts, 2);
}

/**
 * Density summed along the ray from the source (sx, sy, sz) to a point, voxel coordinates: its bilinear values where the ray
 * crosses the planes of voxel centres that it crosses most of, joined by straight lines, and to the point's own value.
 */
// @ts-expect-error: decorator
@inline
function pathTo(sx: f64, sy: f64, sz: f64, px: f64, py: f64, pz: f64, length: f64): f32 {
  const dx = px - sx;
  const dy = py - sy;
  const dz = pz - sz;
  const mx = <f64>nx;
  const my = <f64>ny;
  const mz = <f64>nz;
  let enter: f64 = 0;
  let leave: f64 = 1;
  if (dx != 0) {
    const a = -sx / dx;
    const b = (mx - sx) / dx;
    enter = max(enter, min(a, b));
    leave = min(leave, max(a, b));
  } else if (!(sx >= 0 && sx < mx)) return 0;
  if (dy != 0) {
    const a = -sy / dy;
    const b = (my - sy) / dy;
    enter = max(enter, min(a, b));
    leave = min(leave, max(a, b));
  } else if (!(sy >= 0 && sy < my)) return 0;
  if (dz != 0) {
    const a = -sz / dz;
    const b = (mz - sz) / dz;
    enter = max(enter, min(a, b));
    leave = min(leave, max(a, b));
  } else if (!(sz >= 0 && sz < mz)) return 0;
  if (!(leave > enter)) return 0;
  // Behind the box a ray ends where it leaves.
  const ex = sx + leave * dx;
  const ey = sy + leave * dy;
  const ez = sz + leave * dz;
  const ax = abs(dx);
  const ay = abs(dy);
  const az = abs(dz);
  // Along the axis "a" of most planes; b and c are the others.
  let along: f64, end: f64, startB: f64, startC: f64, perB: f64, perC: f64;
  let strideA: usize, strideB: usize, strideC: usize;
  let topB: f32, topC: f32;
  if (ax >= ay && ax >= az) {
    along = dx; end = ex; startB = ey; startC = ez; perB = dy / ax; perC = dz / ax;
    strideA = 8; strideB = strideY; strideC = strideZ;
    topB = f32x4.extract_lane(most, 1); topC = f32x4.extract_lane(most, 2);
  } else if (ay >= az) {
    along = dy; end = ey; startB = ex; startC = ez; perB = dx / ay; perC = dz / ay;
    strideA = strideY; strideB = 8; strideC = strideZ;
    topB = f32x4.extract_lane(most, 0); topC = f32x4.extract_lane(most, 2);
  } else {
    along = dz; end = ez; startB = ex; startC = ey; perB = dx / az; perC = dy / az;
    strideA = strideZ; strideB = 8; strideC = strideY;
    topB = f32x4.extract_lane(most, 0); topC = f32x4.extract_lane(most, 1);
  }
  const perPlane = length / abs(along);
  const plane = along > 0 ? Math.floor(end) : Math.ceil(end);
  const part = abs(end - plane);
  // Planes from there back to where the ray enters.
  const count = <i32>Math.floor((leave - enter) * abs(along) - part) + 1;
  if (count <= 0) return 0;
  const firstB = (startB - part * perB) as f32;
  const firstC = (startC - part * perC) as f32;
  const stepB = -perB as f32;
  const stepC = -perC as f32;
  const strideBC = strideB + strideC;
  const backward: usize = along > 0 ? 0 - strideA : strideA;
  let at = box + <usize>(<i32>plane) * strideA;
  let sum: f32 = 0;
  let nearest: f32 = 0;
  // Four planes at a time, then those that are left.
  let sums = f32x4.splat(0);
  let q = 0;
  const fourB = f32x4.splat(stepB);
  const fourC = f32x4.splat(stepC);
  const highestB = f32x4.splat(topB);
  const highestC = f32x4.splat(topC);
  const zero = f32x4.splat(0);
  const back = backward as i32;
  const backs = i32x4.mul(i32x4.splat(back), i32x4(0, 1, 2, 3));
  for (; q + 4 <= count; q += 4) {
    const number = f32x4.add(f32x4.splat(<f32>q), f32x4(0, 1, 2, 3));
    const b = f32x4.min(highestB, f32x4.max(zero, f32x4.add(f32x4.splat(firstB), f32x4.mul(number, fourB))));
    const c = f32x4.min(highestC, f32x4.max(zero, f32x4.add(f32x4.splat(firstC), f32x4.mul(number, fourC))));
    const ib = i32x4.trunc_sat_f32x4_s(b);
    const ic = i32x4.trunc_sat_f32x4_s(c);
    const tb = f32x4.sub(b, f32x4.convert_i32x4_s(ib));
    const tc = f32x4.sub(c, f32x4.convert_i32x4_s(ic));
    const voxels = i32x4.add(
      i32x4.add(backs, i32x4.splat(at as i32)),
      i32x4.add(i32x4.mul(ib, i32x4.splat(strideB as i32)), i32x4.mul(ic, i32x4.splat(strideC as i32))),
    );
    const v0 = <usize>i32x4.extract_lane(voxels, 0);
    const v1 = <usize>i32x4.extract_lane(voxels, 1);
    const v2 = <usize>i32x4.extract_lane(voxels, 2);
    const v3 = <usize>i32x4.extract_lane(voxels, 3);
    const low = four(v0, v1, v2, v3);
    const high = four(v0 + strideC, v1 + strideC, v2 + strideC, v3 + strideC);
    const l = f32x4.add(low, f32x4.mul(tb, f32x4.sub(four(v0 + strideB, v1 + strideB, v2 + strideB, v3 + strideB), low)));
    const h = f32x4.add(
      high,
      f32x4.mul(tb, f32x4.sub(four(v0 + strideBC, v1 + strideBC, v2 + strideBC, v3 + strideBC), high)),
    );
    const value = f32x4.add(l, f32x4.mul(tc, f32x4.sub(h, l)));
    if (q == 0) nearest = f32x4.extract_lane(value, 0);
    sums = f32x4.add(sums, value);
    at += 4 * backward;
  }
  for (; q < count; q++) {
    const b = min(topB, max(<f32>0, firstB + <f32>q * stepB));
    const c = min(topC, max(<f32>0, firstC + <f32>q * stepC));
    const ib = <i32>b;
    const ic = <i32>c;
    const tb = b - <f32>ib;
    const tc = c - <f32>ic;
    const voxel = at + strideB * ib + strideC * ic;
    const low = load<f32>(voxel);
    const high = load<f32>(voxel + strideC);
    const l = low + tb * (load<f32>(voxel + strideB) - low);
    const h = high + tb * (load<f32>(voxel + strideBC) - high);
    const value = l + tc * (h - l);
    if (q == 0) nearest = value;
    sum += value;
    at += backward;
  }
  sum +=
    f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  const own = leave < 1 ? <f32>0 : densityAt(px as f32, py as f32, pz as f32);
  return (perPlane * (<f64>(sum - 0.5 * nearest) + 0.5 * part * <f64>(nearest + own))) as f32;
}

/**
 * Radiological depth of points, mm of water.
 *
 * @param voxels x, y, z of every point in voxels of the box, Float64
 * @param lengths from the source, mm
 */
export function depthsOf(count: i32, voxels: usize, lengths: usize, sx: f64, sy: f64, sz: f64, depths: usize): void {
  for (let p = 0; p < count; p++) {
    const voxel = voxels + 24 * p;
    const to = <usize>p << 2;
    const length = <f64>load<f32>(lengths + to);
    store<f32>(depths + to, pathTo(sx, sy, sz, load<f64>(voxel), load<f64>(voxel, 8), load<f64>(voxel, 16), length));
  }
}

/**
 * Points read the fan: electron and scatter density, by quadratic B-splines across rays. Points outside the box read 1; points whose row
 * of rays lies outside the strip are left as they are.
 *
 * @param points x, y, z of every point in LPS, mm, Float64
 * @param frame  Float64: beam from patient, twelve numbers by column; reciprocal spacing and negative origin of the box in voxels,
 *   three each
 * @param u0, v0, k0 of the strip's planes; [low, high) rows of rays that the strip serves
 */
export function readPoints(
  count: i32,
  points: usize,
  frame: usize,
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
  const mx = <f64>nx;
  const my = <f64>ny;
  const mz = <f64>nz;
  for (let p = 0; p < count; p++) {
    const point = points + 24 * p;
    const x0 = load<f64>(point);
    const y0 = load<f64>(point, 8);
    const z0 = load<f64>(point, 16);
    const along = sad - (load<f64>(frame, 16) * x0 + load<f64>(frame, 40) * y0 + load<f64>(frame, 64) * z0 + load<f64>(frame, 88));
    const scale = (sad / along) * perPitch;
    const v = (load<f64>(frame, 8) * x0 + load<f64>(frame, 32) * y0 + load<f64>(frame, 56) * z0 + load<f64>(frame, 80)) * scale;
    const row = Math.floor(v);
    if (!(row >= low && row < high)) continue;
    const px = x0 * load<f64>(frame, 96) + load<f64>(frame, 120);
    const py = y0 * load<f64>(frame, 104) + load<f64>(frame, 128);
    const pz = z0 * load<f64>(frame, 112) + load<f64>(frame, 136);
    const to = <usize>p << 2;
    if (!(px >= 0 && px < mx && py >= 0 && py < my && pz >= 0 && pz < mz)) {
      store<f32>(electrons + to, 1);
      store<f32>(scatters + to, 1);
      continue;
    }
    const u = (load<f64>(frame) * x0 + load<f64>(frame, 24) * y0 + load<f64>(frame, 48) * z0 + load<f64>(frame, 72)) * scale;
    const x = u - u0 + 0.5;
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

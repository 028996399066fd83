/** x^y as Node 20 computes it: fdlibm's e_pow.c, with the exceptions that the language makes; see same-math.ts. */
import { high, low, withHigh, words } from './words.js';

const BP = [1, 1.5] as const;
const DP_HIGH = [0, 5.849624872207642e-1] as const;
const DP_LOW = [0, 1.350039202129749e-8] as const;
const TWO53 = 2 ** 53;
const HUGE = 1e300;
const TINY = 1e-300;

/** 0: no whole number, 1: odd, 2: even. */
function parity(y: number): 0 | 1 | 2 {
  if (Math.abs(y) >= TWO53) return 2;
  if (Math.trunc(y) !== y) return 0;
  return Math.abs(y % 2) === 1 ? 1 : 2;
}

export function pow(x: number, y: number): number {
  // In the order of the language: what is no matter of rounding.
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if ((x === 1 || x === -1) && !Number.isFinite(y)) return Number.NaN;
  const special = exception(x, y);
  if (special !== undefined) return special;
  const isWhole = x < 0 ? parity(y) : 0;
  if (x < 0 && isWhole === 0) return Number.NaN;
  const sign = x < 0 && isWhole === 1 ? -1 : 1;
  return general(Math.abs(x), y, sign);
}

/** Zeros, infinities and the exponents that have a way of their own. */
function exception(x: number, y: number): number | undefined {
  const size = Math.abs(x);
  if (!Number.isFinite(y)) return size > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 2) return x * x;
  if (y === 0.5) return x === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.sqrt(x + 0);
  if (size !== 0 && size !== 1 && Number.isFinite(size)) return undefined;
  const whole = y < 0 ? 1 / size : size;
  if (high(x) >= 0) return whole;
  const of = parity(y);
  if (size === 1 && of === 0) return Number.NaN;
  return of === 1 ? -whole : whole;
}

/** @param x > 0, finite, not 1 */
function general(x: number, y: number, sign: number): number {
  const size = high(y) & 0x7fffffff;
  const ix = high(x);
  let t1: number;
  let t2: number;
  if (size > 0x41e00000) {
    if (size > 0x43f00000) {
      if (ix <= 0x3fefffff) return y < 0 ? HUGE * HUGE : TINY * TINY;
      if (ix >= 0x3ff00000) return y > 0 ? HUGE * HUGE : TINY * TINY;
    }
    if (ix < 0x3fefffff) return y < 0 ? sign * HUGE * HUGE : sign * TINY * TINY;
    if (ix > 0x3ff00000) return y > 0 ? sign * HUGE * HUGE : sign * TINY * TINY;
    const t = x - 1;
    const w = t * t * (0.5 - t * (0.3333333333333333 - t * 0.25));
    const u = 1.4426950216293335 * t;
    const v = t * 1.9259629911266175e-8 - w * Math.LOG2E;
    t1 = words(high(u + v), 0);
    t2 = v - (t1 - u);
  } else [t1, t2] = logarithm(x);
  const y1 = words(high(y), 0);
  const pLow = (y - y1) * t1 + y * t2;
  const pHigh = y1 * t1;
  return powerOfTwo(pHigh, pLow, sign);
}

/** log2(x) in two parts. */
function logarithm(given: number): [number, number] {
  let ax = given;
  let ix = high(ax);
  let n = 0;
  if (ix < 0x00100000) {
    ax *= TWO53;
    n -= 53;
    ix = high(ax);
  }
  n += (ix >> 20) - 0x3ff;
  const j = ix & 0x000fffff;
  ix = j | 0x3ff00000;
  let k: 0 | 1 = 0;
  if (j <= 0x3988e) k = 0;
  else if (j < 0xbb67a) k = 1;
  else {
    n += 1;
    ix -= 0x00100000;
  }
  ax = withHigh(ax, ix);
  const u = ax - BP[k];
  const v = 1 / (ax + BP[k]);
  const ss = u * v;
  const sHigh = words(high(ss), 0);
  let tHigh = words(((ix >> 1) | 0x20000000) + 0x00080000 + (k << 18), 0);
  let tLow = ax - (tHigh - BP[k]);
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow);
  let s2 = ss * ss;
  let r =
    s2 *
    s2 *
    (5.999999999999946e-1 +
      s2 *
        (4.285714285785502e-1 +
          s2 *
            (3.3333332981837743e-1 +
              s2 * (2.72728123808534e-1 + s2 * (2.3066074577556175e-1 + s2 * 2.0697501780033842e-1)))));
  r += sLow * (sHigh + ss);
  s2 = sHigh * sHigh;
  tHigh = words(high(3 + s2 + r), 0);
  tLow = r - (tHigh - 3 - s2);
  const a = sHigh * tHigh;
  const b = sLow * tHigh + tLow * ss;
  const pHigh = words(high(a + b), 0);
  const pLow = b - (pHigh - a);
  const zHigh = 9.617967009544373e-1 * pHigh;
  const zLow = -7.028461650952758e-9 * pHigh + pLow * 9.617966939259756e-1 + DP_LOW[k];
  const t1 = words(high(zHigh + zLow + DP_HIGH[k] + n), 0);
  return [t1, zLow - (t1 - n - DP_HIGH[k] - zHigh)];
}

/** 2^(pHigh + pLow), with a sign. */
function powerOfTwo(givenHigh: number, pLow: number, sign: number): number {
  let pHigh = givenHigh;
  let z = pLow + pHigh;
  const j = high(z);
  const i0 = low(z);
  if (j >= 0x40900000) {
    if (((j - 0x40900000) | i0) !== 0 || pLow + 8.008566259537294e-17 > z - pHigh) return sign * HUGE * HUGE;
  } else if ((j & 0x7fffffff) >= 0x4090cc00) {
    if (((j - (0xc090cc00 | 0)) | i0) !== 0 || pLow <= z - pHigh) return sign * TINY * TINY;
  }
  const size = j & 0x7fffffff;
  let k = (size >> 20) - 0x3ff;
  let n = 0;
  if (size > 0x3fe00000) {
    n = j + (0x00100000 >> (k + 1));
    k = ((n & 0x7fffffff) >> 20) - 0x3ff;
    const t = words(n & ~(0x000fffff >> k), 0);
    n = ((n & 0x000fffff) | 0x00100000) >> (20 - k);
    if (j < 0) n = -n;
    pHigh -= t;
  }
  let t = words(high(pLow + pHigh), 0);
  const u = t * 6.931471824645996e-1;
  const v = (pLow - (t - pHigh)) * 6.931471805599453e-1 + t * -1.904654299957768e-9;
  z = u + v;
  const w = v - (z - u);
  t = z * z;
  const t1 =
    z -
    t *
      (1.6666666666666602e-1 +
        t *
          (-2.7777777777015593e-3 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  // fdlibm takes w + z w off the quotient; V8 11 takes it off the divisor.
  const r = (z * t1) / (t1 - 2 - (w + z * w));
  z = 1 - (r - z);
  const exponent = high(z) + (n << 20);
  if (exponent >> 20 <= 0) return sign * scaled(z, n);
  return sign * withHigh(z, exponent);
}

/** z 2^n where that is subnormal. */
function scaled(z: number, n: number): number {
  const k = (high(z) >> 20) + n;
  if (k <= -54) return TINY * TINY;
  return withHigh(z, (high(z) & 0x800fffff) | ((k + 54) << 20)) * 5.551115123125783e-17;
}

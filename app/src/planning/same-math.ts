/**
 * The elementary functions of Node 20, so that a tab computes the same floats as Node to the last bit.
 *
 * The language leaves open how Math.exp and its like round, and engines differ in the last digit: V8 took fdlibm until 2023 and
 * takes others since, each browser its own. These are fdlibm's, of which V8 11 (Node 20) made its own: the same constants, the same
 * order of operations. What the language does fix (+, -, *, /, Math.sqrt) and Math.hypot need no help.
 *
 * @see Sun Microsystems, fdlibm 5.3, https://www.netlib.org/fdlibm; freely distributable with its notice:
 *   Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
 *   Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */
import { pow } from './same-pow.js';
import { high, low, withHigh, words } from './words.js';

const LN2_HIGH = 6.931471803691238e-1;
const LN2_LOW = 1.9082149292705877e-10;
const TWO54 = 2 ** 54;

export function exp(given: number): number {
  let x = given;
  const isNegative = high(x) < 0;
  const size = high(x) & 0x7fffffff;
  if (size >= 0x40862e42) {
    if (size >= 0x7ff00000) return Number.isNaN(x) ? x : isNegative ? 0 : x;
    if (x > 7.09782712893384e2) return Number.POSITIVE_INFINITY;
    if (x < -7.451332191019411e2) return 0;
  }
  let k = 0;
  let [above, below] = [0, 0];
  if (size > 0x3fd62e42) {
    if (size < 0x3ff0a2b2) {
      if (x === 1) return Math.E;
      above = x - (isNegative ? -LN2_HIGH : LN2_HIGH);
      below = isNegative ? -LN2_LOW : LN2_LOW;
      k = isNegative ? -1 : 1;
    } else {
      k = Math.trunc(Math.LOG2E * x + (isNegative ? -0.5 : 0.5));
      above = x - k * LN2_HIGH;
      below = k * LN2_LOW;
    }
    x = above - below;
  } else if (size < 0x3e300000) {
    return 1 + x;
  }
  const t = x * x;
  const scale = k >= -1021 ? words(0x3ff00000 + (k << 20), 0) : words(0x3ff00000 + ((k + 1000) << 20), 0);
  const c =
    x -
    t *
      (1.6666666666666602e-1 +
        t *
          (-2.7777777777015593e-3 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  if (k === 0) return 1 - ((x * c) / (c - 2) - x);
  const y = 1 - (below - (x * c) / (2 - c) - above);
  if (k === 1024) return y * 2 * 2 ** 1023;
  return k >= -1021 ? y * scale : y * scale * 2 ** -1000;
}

/** x as 2^k of one that is normal, with its upper half; the logarithm itself of 0, of what is negative, infinite or no number. */
function normalised(given: number): { readonly x: number; readonly hx: number; readonly k: number } | number {
  const hx = high(given);
  if (hx >= 0x7ff00000) return given + given;
  if (hx >= 0x00100000) return { x: given, hx, k: 0 };
  if (((hx & 0x7fffffff) | low(given)) === 0) return Number.NEGATIVE_INFINITY;
  if (hx < 0) return Number.NaN;
  const x = given * TWO54;
  return { x, hx: high(x), k: -54 };
}

/** x = 2^k (1 + f) with sqrt(2)/2 < 1 + f < sqrt(2). */
function split(given: number): { readonly k: number; readonly f: number; readonly hx: number } | number {
  const parts = normalised(given);
  if (typeof parts === 'number') return parts;
  const { x } = parts;
  const hx = parts.hx & 0x000fffff;
  const i = (hx + 0x95f64) & 0x100000;
  const k = parts.k + (parts.hx >> 20) - 1023 + (i >> 20);
  return { k, f: withHigh(x, hx | (i ^ 0x3ff00000)) - 1, hx };
}

const LG = [
  6.666666666666735e-1, 3.999999999940942e-1, 2.857142874366239e-1, 2.2222198432149784e-1, 1.818357216161805e-1,
  1.5313837699209373e-1, 1.4798198605116586e-1,
] as const;

export function log(x: number): number {
  const parts = split(x);
  if (typeof parts === 'number') return parts;
  const { k, f, hx } = parts;
  if ((0x000fffff & (2 + hx)) < 3) {
    if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + k * LN2_LOW;
    const r = f * f * (0.5 - 0.3333333333333333 * f);
    return k === 0 ? f - r : k * LN2_HIGH - (r - k * LN2_LOW - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (LG[1] + w * (LG[3] + w * LG[5]));
  const t2 = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
  const r = t2 + t1;
  if (((hx - 0x6147a) | (0x6b851 - hx)) > 0) {
    const square = 0.5 * f * f;
    if (k === 0) return f - (square - s * (square + r));
    return k * LN2_HIGH - (square - (s * (square + r) + k * LN2_LOW) - f);
  }
  return k === 0 ? f - s * (f - r) : k * LN2_HIGH - (s * (f - r) - k * LN2_LOW - f);
}

/** log(1 + f) - f: FreeBSD's k_log1p, as V8 has it for log2 alone. */
function logRest(f: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (LG[1] + w * (LG[3] + w * LG[5]));
  const t2 = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
  return s * (0.5 * f * f + (t2 + t1));
}

export function log2(x: number): number {
  if (high(x) === 0x3ff00000 && low(x) === 0) return 0;
  const parts = split(x);
  if (typeof parts === 'number') return parts;
  const { k, f } = parts;
  const [ivln2High, ivln2Low] = [1.4426950407214463, 1.6751713164886512e-10];
  const square = 0.5 * f * f;
  const r = logRest(f);
  const above = words(high(f - square), 0);
  const below = f - above - square + r;
  const valueHigh = above * ivln2High;
  const valueLow = (below + above) * ivln2Low + below * ivln2High;
  const w = k + valueHigh;
  return valueLow + (k - w + valueHigh) + w;
}

export function log10(given: number): number {
  if (given === 1) return 0;
  const parts = normalised(given);
  if (typeof parts === 'number') return parts;
  const { x, hx } = parts;
  const k = parts.k + (hx >> 20) - 1023;
  const i = (k & 0x80000000) >>> 31;
  const y = k + i;
  const mantissa = withHigh(x, (hx & 0x000fffff) | ((0x3ff - i) << 20));
  const z = y * 3.694239077158931e-13 + Math.LOG10E * log(mantissa);
  return z + y * 3.0102999566361177e-1;
}

export function expm1(given: number): number {
  let x = given;
  const hx = high(x);
  const isNegative = hx < 0;
  const size = hx & 0x7fffffff;
  if (size >= 0x4043687a) {
    if (size >= 0x40862e42) {
      if (size >= 0x7ff00000) return Number.isNaN(x) ? x : isNegative ? -1 : x;
      if (x > 7.09782712893384e2) return Number.POSITIVE_INFINITY;
    }
    if (isNegative) return -1;
  }
  let k = 0;
  let c = 0;
  if (size > 0x3fd62e42) {
    let [above, below] = [0, 0];
    if (size < 0x3ff0a2b2) {
      above = isNegative ? x + LN2_HIGH : x - LN2_HIGH;
      below = isNegative ? -LN2_LOW : LN2_LOW;
      k = isNegative ? -1 : 1;
    } else {
      k = Math.trunc(Math.LOG2E * x + (isNegative ? -0.5 : 0.5));
      above = x - k * LN2_HIGH;
      below = k * LN2_LOW;
    }
    x = above - below;
    c = above - x - below;
  } else if (size < 0x3c900000) {
    return x;
  }
  const half = 0.5 * x;
  const hxs = x * half;
  const r1 =
    1 +
    hxs *
      (-3.333333333333313e-2 +
        hxs *
          (1.5873015872548146e-3 +
            hxs * (-7.93650757867488e-5 + hxs * (4.008217827329362e-6 + hxs * -2.0109921818362437e-7))));
  let t = 3 - r1 * half;
  let e = hxs * ((r1 - t) / (6 - x * t));
  if (k === 0) return x - (x * e - hxs);
  e = x * (e - c) - c;
  e -= hxs;
  if (k === -1) return 0.5 * (x - e) - 0.5;
  if (k === 1) return x < -0.25 ? -2 * (e - (x + 0.5)) : 1 + 2 * (x - e);
  const scale = words(0x3ff00000 + (k << 20), 0);
  if (k <= -2 || k > 56) {
    const y = 1 - (e - x);
    return (k === 1024 ? y * 2 * 2 ** 1023 : y * scale) - 1;
  }
  if (k < 20) {
    t = words(0x3ff00000 - (0x200000 >> k), 0);
    return (t - (e - x)) * scale;
  }
  t = words((0x3ff - k) << 20, 0);
  return (x - (e + t) + 1) * scale;
}

export function tanh(x: number): number {
  const jx = high(x);
  const size = jx & 0x7fffffff;
  if (size >= 0x7ff00000) return jx >= 0 ? 1 / x + 1 : 1 / x - 1;
  let z: number;
  if (size < 0x40360000) {
    if (size < 0x3e300000) return x;
    if (size >= 0x3ff00000) {
      const t = expm1(2 * Math.abs(x));
      z = 1 - 2 / (t + 2);
    } else {
      const t = expm1(-2 * Math.abs(x));
      z = -t / (t + 2);
    }
  } else z = 1;
  return jx >= 0 ? z : -z;
}

export function cbrt(given: number): number {
  const [b1, b2] = [715094163, 696219795];
  let x = given;
  let hx = high(x);
  const sign = hx & 0x80000000;
  hx ^= sign;
  if (hx >= 0x7ff00000) return x + x;
  let t: number;
  if (hx < 0x00100000) {
    if ((hx | low(x)) === 0) return x;
    const scaled = TWO54 * x;
    t = words(sign | (Math.trunc((high(scaled) & 0x7fffffff) / 3) + b2), 0);
  } else t = words(sign | (Math.trunc(hx / 3) + b1), 0);
  let r = t * t * (t / x);
  t *=
    1.87595182427177 +
    r * (-1.8849797954337717 + r * 1.6214297201053545) +
    r * r * r * (-7.58397934778766e-1 + r * 1.4599619288661245e-1);
  // Rounded to 23 bits, away from zero.
  t = roundedUp(t);
  const s = t * t;
  r = x / s;
  const w = t + t;
  r = (r - t) / (w + r);
  x = t + t * r;
  return x;
}

/** (bits + 0x80000000) & ~0x3fffffff, of the 64 bits. */
function roundedUp(t: number): number {
  const below = (low(t) >>> 0) + 0x80000000;
  const carry = below >= 0x100000000 ? 1 : 0;
  return words(high(t) + carry, (below >>> 0) & 0xc0000000);
}

const S = [
  -1.6666666666666632e-1, 8.33333333332249e-3, -1.984126982985795e-4, 2.7557313707070068e-6, -2.5050760253406863e-8,
  1.58969099521155e-10,
] as const;

function sinNear(x: number, y: number, hasTail: boolean): number {
  if ((high(x) & 0x7fffffff) < 0x3e400000 && Math.trunc(x) === 0) return x;
  const z = x * x;
  const v = z * x;
  const r = S[1] + z * (S[2] + z * (S[3] + z * (S[4] + z * S[5])));
  return hasTail ? x - (z * (0.5 * y - v * r) - y - v * S[0]) : x + v * (S[0] + z * r);
}

function cosNear(x: number, y: number): number {
  const size = high(x) & 0x7fffffff;
  if (size < 0x3e400000 && Math.trunc(x) === 0) return 1;
  const z = x * x;
  const r =
    z *
    (4.16666666666666e-2 +
      z *
        (-1.388888888887411e-3 +
          z *
            (2.480158728947673e-5 +
              z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))));
  if (size < 0x3fd33333) return 1 - (0.5 * z - (z * r - x * y));
  const qx = size > 0x3fe90000 ? 0.28125 : words(size - 0x00200000, 0);
  const iz = 0.5 * z - qx;
  const a = 1 - qx;
  return a - (iz - (z * r - x * y));
}

const PIO2 = [
  1.5707963267341256, 6.077100506506192e-11, 6.077100506303966e-11, 2.0222662487959506e-21, 2.0222662487111665e-21,
  8.4784276603689e-32,
] as const;

/**
 * x less n quarter turns, in two parts.
 *
 * Up to 2^19 quarter turns; no angle of a plan comes near, and what does is left to the engine.
 */
function reduced(x: number): { readonly n: number; readonly y0: number; readonly y1: number } {
  const hx = high(x);
  const size = hx & 0x7fffffff;
  if (size < 0x4002d97c) {
    // 3 pi / 4: one quarter turn.
    const sign = hx > 0 ? 1 : -1;
    let z = x - sign * PIO2[0];
    const isClose = size === 0x3ff921fb;
    if (isClose) z -= sign * PIO2[2];
    const rest = isClose ? PIO2[3] : PIO2[1];
    const y0 = z - sign * rest;
    return { n: sign, y0, y1: z - y0 - sign * rest };
  }
  const t = Math.abs(x);
  const n = Math.trunc(t * 6.366197723675814e-1 + 0.5);
  let r = t - n * PIO2[0];
  let w = n * PIO2[1];
  let y0 = r - w;
  const j = size >> 20;
  if (j - ((high(y0) >> 20) & 0x7ff) > 16) {
    let before = r;
    w = n * PIO2[2];
    r = before - w;
    w = n * PIO2[3] - (before - r - w);
    y0 = r - w;
    if (j - ((high(y0) >> 20) & 0x7ff) > 49) {
      before = r;
      w = n * PIO2[4];
      r = before - w;
      w = n * PIO2[5] - (before - r - w);
      y0 = r - w;
    }
  }
  const y1 = r - y0 - w;
  return hx < 0 ? { n: -n, y0: -y0, y1: -y1 } : { n, y0, y1 };
}

const QUARTER = 0x3fe921fb;
const FARTHEST = 0x413921fb;
/** Of the engine, before {@link takeOver}. */
const { sin: farSin, cos: farCos, tan: farTan } = Math;

export function sin(x: number): number {
  const size = high(x) & 0x7fffffff;
  if (size <= QUARTER) return sinNear(x, 0, false);
  if (size > FARTHEST) return farSin(x);
  const { n, y0, y1 } = reduced(x);
  switch (n & 3) {
    case 0:
      return sinNear(y0, y1, true);
    case 1:
      return cosNear(y0, y1);
    case 2:
      return -sinNear(y0, y1, true);
    default:
      return -cosNear(y0, y1);
  }
}

export function cos(x: number): number {
  const size = high(x) & 0x7fffffff;
  if (size <= QUARTER) return cosNear(x, 0);
  if (size > FARTHEST) return farCos(x);
  const { n, y0, y1 } = reduced(x);
  switch (n & 3) {
    case 0:
      return cosNear(y0, y1);
    case 1:
      return -sinNear(y0, y1, true);
    case 2:
      return -cosNear(y0, y1);
    default:
      return sinNear(y0, y1, true);
  }
}

const T = [
  3.333333333333341e-1, 1.3333333333320124e-1, 5.396825397622605e-2, 2.1869488294859542e-2, 8.8632398235993e-3,
  3.5920791075913124e-3, 1.4562094543252903e-3, 5.880412408202641e-4, 2.464631348184699e-4, 7.817944429395571e-5,
  7.140724913826082e-5, -1.8558637485527546e-5, 2.590730518636337e-5,
] as const;

function tanNear(givenX: number, givenY: number, isPlain: boolean): number {
  let [x, y] = [givenX, givenY];
  const hx = high(x);
  const size = hx & 0x7fffffff;
  if (size < 0x3e300000) return isPlain ? x : -1 / x;
  const isLarge = size >= 0x3fe59428;
  if (isLarge) {
    if (x < 0) [x, y] = [-x, -y];
    x = 7.853981633974483e-1 - x + (3.061616997868383e-17 - y);
    y = 0;
  }
  const z = x * x;
  const w = z * z;
  let r = T[1] + w * (T[3] + w * (T[5] + w * (T[7] + w * (T[9] + w * T[11]))));
  let v = z * (T[2] + w * (T[4] + w * (T[6] + w * (T[8] + w * (T[10] + w * T[12])))));
  let s = z * x;
  r = y + z * (s * (r + v) + y);
  r += T[0] * s;
  const sum = x + r;
  if (isLarge) {
    v = isPlain ? 1 : -1;
    return (1 - ((hx >> 30) & 2)) * (v - 2 * (x - ((sum * sum) / (sum + v) - r)));
  }
  if (isPlain) return sum;
  const head = words(high(sum), 0);
  v = r - (head - x);
  const a = -1 / sum;
  const t = words(high(a), 0);
  s = 1 + t * head;
  return t + a * (s + t * v);
}

export function tan(x: number): number {
  const size = high(x) & 0x7fffffff;
  if (size <= QUARTER) return tanNear(x, 0, true);
  if (size > FARTHEST) return farTan(x);
  const { n, y0, y1 } = reduced(x);
  return tanNear(y0, y1, (n & 1) === 0);
}

const ATAN_HIGH = [4.636476090008061e-1, 7.853981633974483e-1, 9.82793723247329e-1, 1.5707963267948966] as const;
const ATAN_LOW = [
  2.2698777452961687e-17, 3.061616997868383e-17, 1.3903311031230998e-17, 6.123233995736766e-17,
] as const;
const AT = [
  3.333333333333293e-1, -1.9999999999876483e-1, 1.4285714272503466e-1, -1.1111110405462356e-1, 9.090887133436507e-2,
  -7.69187620504483e-2, 6.661073137387531e-2, -5.8335701337905735e-2, 4.9768779946159324e-2, -3.6531572744216916e-2,
  1.6285820115365782e-2,
] as const;

export function atan(given: number): number {
  let x = given;
  const hx = high(x);
  const size = hx & 0x7fffffff;
  if (size >= 0x44100000) {
    if (Number.isNaN(x)) return x;
    return hx > 0 ? ATAN_HIGH[3] + ATAN_LOW[3] : -ATAN_HIGH[3] - ATAN_LOW[3];
  }
  let id = -1;
  if (size < 0x3fdc0000) {
    if (size < 0x3e400000) return x;
  } else {
    x = Math.abs(x);
    if (size < 0x3ff30000) {
      id = size < 0x3fe60000 ? 0 : 1;
      x = id === 0 ? (2 * x - 1) / (2 + x) : (x - 1) / (x + 1);
    } else {
      id = size < 0x40038000 ? 2 : 3;
      x = id === 2 ? (x - 1.5) / (1 + 1.5 * x) : -1 / x;
    }
  }
  const z = x * x;
  const w = z * z;
  const s1 = z * (AT[0] + w * (AT[2] + w * (AT[4] + w * (AT[6] + w * (AT[8] + w * AT[10])))));
  const s2 = w * (AT[1] + w * (AT[3] + w * (AT[5] + w * (AT[7] + w * AT[9]))));
  if (id < 0) return x - x * (s1 + s2);
  const result = ATAN_HIGH[id]! - (x * (s1 + s2) - ATAN_LOW[id]! - x);
  return hx < 0 ? -result : result;
}

const PI_LOW = 1.2246467991473532e-16;

export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return x + y;
  if (x === 1) return atan(y);
  const isLeft = high(x) < 0;
  const isBelow = high(y) < 0;
  if (y === 0) return isLeft ? (isBelow ? -Math.PI : Math.PI) : y;
  if (x === 0) return isBelow ? -Math.PI / 2 : Math.PI / 2;
  if (!Number.isFinite(x)) {
    const angle = Number.isFinite(y) ? (isLeft ? Math.PI : 0) : isLeft ? (3 * Math.PI) / 4 : Math.PI / 4;
    return isBelow ? -angle : angle;
  }
  if (!Number.isFinite(y)) return isBelow ? -Math.PI / 2 : Math.PI / 2;
  const k = ((high(y) & 0x7fffffff) - (high(x) & 0x7fffffff)) >> 20;
  let z: number;
  let isLeftStill = isLeft;
  if (k > 60) {
    z = Math.PI / 2 + 0.5 * PI_LOW;
    isLeftStill = false;
  } else z = isLeft && k < -60 ? 0 : atan(Math.abs(y / x));
  if (!isLeftStill) return isBelow ? -z : z;
  return isBelow ? z - PI_LOW - Math.PI : Math.PI - (z - PI_LOW);
}

const P = [
  1.6666666666666666e-1, -3.255658186224009e-1, 2.0121253213486293e-1, -4.005553450067941e-2, 7.915349942898145e-4,
  3.479331075960212e-5,
] as const;
const Q = [-2.403394911734414, 2.0209457602335057, -6.882839716054533e-1, 7.703815055590194e-2] as const;
const ratio = (z: number): number =>
  (z * (P[0] + z * (P[1] + z * (P[2] + z * (P[3] + z * (P[4] + z * P[5])))))) /
  (1 + z * (Q[0] + z * (Q[1] + z * (Q[2] + z * Q[3]))));

const [HALF_PI_HIGH, HALF_PI_LOW] = [1.5707963267948966, 6.123233995736766e-17];

export function acos(x: number): number {
  const hx = high(x);
  const size = hx & 0x7fffffff;
  if (size >= 0x3ff00000) {
    if (((size - 0x3ff00000) | low(x)) === 0) return hx > 0 ? 0 : Math.PI + 2 * HALF_PI_LOW;
    return Number.NaN;
  }
  if (size < 0x3fe00000) {
    if (size <= 0x3c600000) return HALF_PI_HIGH + HALF_PI_LOW;
    return HALF_PI_HIGH - (x - (HALF_PI_LOW - x * ratio(x * x)));
  }
  if (hx < 0) {
    const z = (1 + x) * 0.5;
    const s = Math.sqrt(z);
    return Math.PI - 2 * (s + (ratio(z) * s - HALF_PI_LOW));
  }
  const z = (1 - x) * 0.5;
  const s = Math.sqrt(z);
  const head = words(high(s), 0);
  const c = (z - head * head) / (s + head);
  return 2 * (head + (ratio(z) * s + c));
}

/** Every function that respine and its libraries call, in place of the engine's: before anything computes. */
export function takeOver(): void {
  Object.assign(Math, { exp, expm1, log, log2, log10, tanh, cbrt, sin, cos, tan, atan, atan2, acos, pow });
}

/**
 * What the bytes of an element say: text in its character set, numbers as decimal text or binary.
 */

import { own } from '../../core/own.js';
import { decodeText } from './character-set.js';
import type { Element } from './elements.js';

/**
 * Values as text, without the padding; one empty text for an empty element. What cannot be decoded is U+FFFD.
 */
export function textValues(element: Element): string[] {
  const { value, charset, vr } = element;
  return decodeText(value, isPlain(value) ? '' : charset, vr)
    .split('\\')
    .map((text) => text.replaceAll('\0', '').trim());
}

/** ASCII without escapes, which is the same in every set. */
function isPlain(value: Uint8Array): boolean {
  for (let i = 0; i < value.length; i++) if (value[i]! > 126 || value[i] === 27) return false;
  return true;
}

/** Bytes and reader of binary numbers. */
const BINARY: Record<string, readonly [number, (view: DataView, at: number, isLittle: boolean) => number]> = {
  US: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  SS: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  UL: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  SL: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  FL: [4, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  FD: [8, (view, at, isLittle) => view.getFloat64(at, isLittle)],
};

/**
 * Values as numbers; one that is no number becomes NaN.
 *
 * @param vr where the file does not tell
 */
export function numberValues(element: Element, vr = element.vr): Float64Array {
  const { value, isLittle } = element;
  const binary = own(BINARY, vr);
  if (binary !== undefined) {
    const [width, read] = binary;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return Float64Array.from({ length: Math.floor(value.length / width) }, (_, i) => read(view, i * width, isLittle));
  }
  if (value.length === 0) return new Float64Array(0);
  let count = 1;
  for (let i = 0; i < value.length; i++) if (value[i] === BACKSLASH) count++;
  const out = new Float64Array(count);
  let start = 0;
  for (let n = 0; n < count; n++) {
    let end = start;
    while (end < value.length && value[end] !== BACKSLASH) end++;
    out[n] = decimalOf(value, start, end);
    start = end + 1;
  }
  return out;
}

const BACKSLASH = 92;
const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * A decimal in bytes[start, end). Up to 15 digits are exact in a double, and so is the power of ten, so that one division
 * rounds once, as `Number` does; what is longer or has an exponent goes there.
 *
 * @see Clinger, PLDI 1990, doi:10.1145/93542.93557
 */
function decimalOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let to = end;
  while (at < to && bytes[at]! <= 32) at++;
  while (to > at && bytes[to - 1]! <= 32) to--;
  const first = at;
  const isNegative = bytes[at] === 45;
  if (isNegative || bytes[at] === 43) at++;
  let mantissa = 0;
  let digits = 0;
  let decimals = -1;
  for (; at < to; at++) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (bytes[at] === 46 && decimals < 0) decimals = 0;
    else break;
  }
  if (at < to || digits === 0 || digits > 15) {
    const text = String.fromCharCode(...bytes.subarray(first, to));
    return text === '' ? Number.NaN : Number(text);
  }
  const size = decimals > 0 ? mantissa / POWERS[decimals]! : mantissa;
  return isNegative ? -size : size;
}

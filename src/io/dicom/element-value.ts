/**
 * What the bytes of an element say: text in its character set, numbers as decimal text or binary.
 */

import { UnsupportedError } from '../../core/errors.js';
import { own } from '../../core/own.js';
import type { Element } from './elements.js';

/** Labels by number of the ISO registry, PS3.3 C.12.1.1.2; 6 is ASCII. */
const CHARSETS: Record<string, string> = {
  6: 'iso-8859-1',
  13: 'shift_jis',
  100: 'iso-8859-1',
  101: 'iso-8859-2',
  109: 'iso-8859-3',
  110: 'iso-8859-4',
  126: 'iso-8859-7',
  127: 'iso-8859-6',
  138: 'iso-8859-8',
  144: 'iso-8859-5',
  148: 'iso-8859-9',
  166: 'windows-874',
  192: 'utf-8',
  203: 'iso-8859-15',
};
/** ASCII or Roman letters, with kanji behind an escape. */
const JAPANESE = /^(ISO[_ ](2022 )?IR 6)? *\\ *ISO 2022 IR 87$/;
const decoders = new Map<string, { decode(bytes: Uint8Array): string }>();

function decoderOf(charset: string): { decode(bytes: Uint8Array): string } {
  let decoder = decoders.get(charset);
  if (decoder === undefined) {
    decoder = new TextDecoder(labelOf(charset.replaceAll('\0', '').trim()));
    decoders.set(charset, decoder);
  }
  return decoder;
}

function labelOf(charset: string): string {
  if (charset === '') return 'iso-8859-1';
  if (JAPANESE.test(charset)) return 'iso-2022-jp';
  const label = /^(gb18030|gbk)$/i.test(charset)
    ? charset.toLowerCase()
    : CHARSETS[/^ISO[_ ](?:2022 )?IR (\d+)$/.exec(charset)?.[1] ?? ''];
  if (label === undefined) {
    throw new UnsupportedError(
      `character set "${charset}" is not read. Export the file with SpecificCharacterSet ISO_IR 192 (UTF-8).`,
    );
  }
  return label;
}

/**
 * Values as text, without the padding; one empty text for an empty element.
 *
 * @throws {UnsupportedError} for a character set that is not read, where the value needs it
 */
export function textValues(element: Element): string[] {
  const { value, charset } = element;
  return decoderOf(isPlain(value) ? '' : charset)
    .decode(value)
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

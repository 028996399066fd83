/**
 * DICOM part 10 in little endian: elements in, bytes out.
 *
 * Explicit where every value fits, which is nearly always. A contour of more than some 2000 points does not: its text is longer than
 * the 65534 bytes that a DS may have in explicit form. Such a file is written in implicit form, whose lengths have 32 bits, rather than
 * with a UN in the place of the DS (PS3.5 6.2.2), which many readers leave as bytes.
 */

import { toDecimals } from '../../core/rounding.js';
import { joinBytes } from '../join-bytes.js';

/** Text (values joined by a backslash), unsigned words, bytes, or the items of a sequence. */
export type Value = string | readonly number[] | Uint8Array | readonly (readonly Written[])[];

/** [tag, value representation, value] */
export type Written = readonly [tag: number, vr: string, value: Value];

/** Representations with a length of 32 bits in explicit form. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const LONGEST = 0xfffe;
const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';
const implementation = '2.25.302177424212116338893154211912362210834';

/** A whole file: preamble, meta header and the elements, which are sorted by tag. */
export function encodeDicom(sopClass: string, sopInstance: string, elements: readonly Written[]): Uint8Array {
  const isExplicit = elements.every(fitsExplicit);
  const meta = encodeElements(
    [
      [0x00020001, 'OB', Uint8Array.of(0, 1)],
      [0x00020002, 'UI', sopClass],
      [0x00020003, 'UI', sopInstance],
      [0x00020010, 'UI', isExplicit ? EXPLICIT : IMPLICIT],
      [0x00020012, 'UI', implementation],
      [0x00020013, 'SH', 'RESPINE'],
    ],
    true,
  );
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, meta.length, true);
  const head = new Uint8Array(132);
  head.set([0x44, 0x49, 0x43, 0x4d], 128);
  return joinBytes([head, encodeElement([0x00020000, 'UL', length], true), meta, encodeElements(elements, isExplicit)]);
}

/** The elements as bytes, whatever form a file gives them: what an object says, to be hashed. */
export const contentOf = (elements: readonly Written[]): Uint8Array => encodeElements(elements, false);

function fitsExplicit([, vr, value]: Written): boolean {
  if (vr === 'SQ') return (value as readonly (readonly Written[])[]).every((item) => item.every(fitsExplicit));
  // No character has more than three bytes for each unit of a text.
  if (LONG.has(vr) || 3 * value.length <= LONGEST) return true;
  return encodeValue(vr, value, true).length <= LONGEST;
}

/** A number as a decimal string of at most 16 characters (DS). */
export function decimal(value: number): string {
  for (let digits = 10; digits >= 0; digits--) {
    const plain = String(toDecimals(value, digits));
    if (plain.length <= 16) return plain;
  }
  return value.toExponential(8);
}

/** Several numbers as one DS value. */
export const decimals = (values: Iterable<number>): string => Array.from(values, decimal).join('\\');

function encodeElements(elements: readonly Written[], isExplicit: boolean): Uint8Array {
  return joinBytes([...elements].sort((a, b) => a[0] - b[0]).map((element) => encodeElement(element, isExplicit)));
}

function encodeElement([tag, vr, value]: Written, isExplicit: boolean): Uint8Array {
  const body = encodeValue(vr, value, isExplicit);
  const isLong = LONG.has(vr);
  const start = isExplicit && isLong ? 12 : 8;
  const out = new Uint8Array(start + body.length);
  const view = new DataView(out.buffer);
  view.setUint16(0, tag >>> 16, true);
  view.setUint16(2, tag & 0xffff, true);
  if (isExplicit) {
    out[4] = vr.charCodeAt(0);
    out[5] = vr.charCodeAt(1);
  }
  if (isExplicit && !isLong) view.setUint16(6, body.length, true);
  else view.setUint32(start - 4, body.length, true);
  out.set(body, start);
  return out;
}

function encodeValue(vr: string, value: Value, isExplicit: boolean): Uint8Array {
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length % 2 === 0) return bytes;
    return joinBytes([bytes, Uint8Array.of(vr === 'UI' ? 0 : 32)]);
  }
  if (value instanceof Uint8Array) return value.length % 2 === 0 ? value : joinBytes([value, Uint8Array.of(0)]);
  if (vr === 'SQ') {
    return joinBytes(
      (value as readonly (readonly Written[])[]).flatMap((item) => {
        const body = encodeElements(item, isExplicit);
        const head = new Uint8Array(8);
        const view = new DataView(head.buffer);
        view.setUint16(0, 0xfffe, true);
        view.setUint16(2, 0xe000, true);
        view.setUint32(4, body.length, true);
        return [head, body];
      }),
    );
  }
  return Uint8Array.from((value as readonly number[]).flatMap((word) => [word & 255, word >> 8]));
}

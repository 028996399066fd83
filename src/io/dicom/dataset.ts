/**
 * A DICOM file as its elements by tag: dcmjs parses, this file asks.
 *
 * Tags are eight upper-case hexadecimal digits, as `00280010` for Rows. Files without the 128-byte preamble and meta
 * header, as old exports are, get one before they are parsed.
 */
import dcmjs from 'dcmjs';
import { FormatError, UnsupportedError } from '../../core/errors.js';

/** dcmjs reports each oddity of a file on the console; what matters comes out as an error here. */
dcmjs.log.setLevel('silent');
dcmjs.log.getLogger('validation.dcmjs').setLevel('silent');

/** A file's name, for messages, and its content. */
export interface DicomFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Element {
  readonly vr: string;
  readonly Value?: readonly unknown[];
}

/** Elements by tag: of a file or of one item of a sequence. */
export type Elements = Readonly<Record<string, Element>>;

export interface Dataset {
  readonly name: string;
  readonly transferSyntax: string;
  readonly elements: Elements;
}

export const implicitLittleEndian = '1.2.840.10008.1.2';
const explicitLittleEndian = '1.2.840.10008.1.2.1';

/** Does the file look like DICOM, with or without its preamble? */
export function isDicom(file: DicomFile): boolean {
  return layoutOf(file.bytes) !== undefined;
}

/**
 * @throws {FormatError} if the bytes are not DICOM, truncated or corrupt; the message names the file
 */
export function readDataset(file: DicomFile): Dataset {
  return parse(file, {});
}

/** SOP class UID from the first elements alone; undefined where it cannot be read. O(1) in the size of the file. */
export function sopClassOf(file: DicomFile): string | undefined {
  try {
    const head = parse(file, { untilTag: '00080018', stopOnGreaterTag: true, ignoreErrors: true });
    return text(head.elements, '00080016');
  } catch {
    return undefined;
  }
}

function parse(file: DicomFile, options: Parameters<typeof dcmjs.data.DicomMessage.readFile>[1]): Dataset {
  const buffer = withMetaHeader(file);
  try {
    const { meta, dict } = dcmjs.data.DicomMessage.readFile(buffer, options);
    const transferSyntax = text(meta, '00020010');
    if (transferSyntax === undefined) throw new Error('no transfer syntax');
    if (options?.untilTag === undefined) checkPixelsWhole(file.bytes, fragments(dict, '7FE00010'));
    return { name: file.name, transferSyntax, elements: dict };
  } catch (cause) {
    // One line: dcmjs may quote whole chunks of the file.
    const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.slice(0, 120).trim();
    if (/character set/i.test(reason)) {
      throw new UnsupportedError(`${file.name}: ${reason}. Export it with SpecificCharacterSet ISO_IR 192 (UTF-8).`);
    }
    throw new FormatError(`is truncated or corrupt DICOM (${reason}). Export it again.`, file.name);
  }
}

/** dcmjs fills up pixel data that end too early with zeros; a file that is cut there must not pass for air. */
function checkPixelsWhole(bytes: Uint8Array, pixels: readonly Uint8Array[]): void {
  const length = pixels[0]?.length ?? 0;
  if (pixels.length !== 1 || length === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The header is sought from where it would be if the pixel data came last, as they nearly always do.
  for (let at = Math.max(0, bytes.length - length - 12); at + 8 <= bytes.length; at++) {
    const isLittle = view.getUint32(at, true) === 0x00107fe0;
    if (!isLittle && view.getUint32(at, false) !== 0x7fe00010) continue;
    for (const header of [8, 12]) {
      if (at + header > bytes.length) continue;
      if (view.getUint32(at + header - 4, isLittle) === length && at + header + length > bytes.length) {
        throw new Error(`pixel data end after ${bytes.length - at - header} of ${length} bytes`);
      }
    }
  }
}

type Layout = 'part10' | 'meta-only' | 'explicit' | 'implicit';

function layoutOf(bytes: Uint8Array): Layout | undefined {
  const is = (at: number, ascii: string): boolean => [...ascii].every((c, i) => bytes[at + i] === c.charCodeAt(0));
  if (is(128, 'DICM')) return 'part10';
  const group = (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0);
  const isLetter = (c: number | undefined): boolean => c !== undefined && c >= 65 && c <= 90;
  const isExplicit = isLetter(bytes[4]) && isLetter(bytes[5]);
  if (bytes.length < 16 || (group !== 2 && group !== 8) || bytes[3] !== 0) return undefined;
  if (group === 2) return isExplicit ? 'meta-only' : undefined;
  if (isExplicit) return 'explicit';
  // Without a VR the next four bytes are a length, which the first element of group 8 keeps short.
  return bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0 ? 'implicit' : undefined;
}

/** The bytes with preamble and meta header, copied. */
function withMetaHeader({ name, bytes }: DicomFile): ArrayBuffer {
  const layout = layoutOf(bytes);
  if (layout === undefined) throw new FormatError('is not a DICOM file.', name);
  let prefix: number[] = [];
  if (layout !== 'part10') {
    const ascii = (s: string): number[] => [...s].map((c) => c.charCodeAt(0));
    prefix = [...new Array<number>(128).fill(0), ...ascii('DICM')];
    if (layout !== 'meta-only') {
      const plain = layout === 'implicit' ? implicitLittleEndian : explicitLittleEndian;
      const uid = ascii(plain.length % 2 === 0 ? plain : `${plain}\0`);
      const syntax = [2, 0, 16, 0, ...ascii('UI'), uid.length, 0, ...uid];
      prefix.push(2, 0, 0, 0, ...ascii('UL'), 4, 0, syntax.length, 0, 0, 0, ...syntax);
    }
  }
  const whole = new Uint8Array(prefix.length + bytes.length);
  whole.set(prefix);
  whole.set(bytes, prefix.length);
  return whole.buffer;
}

/** First value as trimmed text; undefined where the element is absent or empty. */
export function text(elements: Elements, tag: string): string | undefined {
  const value = elements[tag]?.Value?.[0];
  if (value === undefined || value === null) return undefined;
  const plain = typeof value === 'object' ? (value as { Alphabetic?: unknown }).Alphabetic : value;
  // UIDs are padded with a zero byte.
  const trimmed = String(plain ?? '')
    .replaceAll('\0', '')
    .trim();
  return trimmed === '' ? undefined : trimmed;
}

/** All values as trimmed text. */
export function texts(elements: Elements, tag: string): string[] {
  return (elements[tag]?.Value ?? []).map((value) => String(value).trim());
}

/** All values as numbers; empty where the element is absent. A value that is no number becomes NaN. */
export function numbers(elements: Elements, tag: string): Float64Array {
  const values = elements[tag]?.Value ?? [];
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i] === null || values[i] === '' ? Number.NaN : Number(values[i]);
  return out;
}

/** First value as a number; undefined where it is absent, empty or no number. */
export function number(elements: Elements, tag: string): number | undefined {
  const value = numbers(elements, tag)[0];
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}

/**
 * Exactly `count` finite numbers.
 *
 * @throws {FormatError} naming the file and the element
 */
export function needNumbers(dataset: Dataset, tag: string, keyword: string, count: number): Float64Array {
  const values = numbers(dataset.elements, tag);
  if (values.length !== count || !values.every(Number.isFinite)) {
    const found = values.length === 0 ? 'is missing' : `is [${values.join(', ')}]`;
    throw new FormatError(`${keyword} ${found}, but must be ${count} number(s). Export the file again.`, dataset.name);
  }
  return values;
}

/** @throws {FormatError} naming the file and the element */
export function needText(dataset: Dataset, tag: string, keyword: string): string {
  const value = text(dataset.elements, tag);
  if (value === undefined) throw new FormatError(`${keyword} is missing. Export the file again.`, dataset.name);
  return value;
}

/** Items of a sequence; empty where it is absent. */
export function items(elements: Elements, tag: string): readonly Elements[] {
  return (elements[tag]?.Value ?? []) as readonly Elements[];
}

/** Binary fragments of an element. */
export function fragments(elements: Elements, tag: string): Uint8Array[] {
  return (elements[tag]?.Value ?? []).flatMap((value) => {
    if (value instanceof ArrayBuffer) return [new Uint8Array(value)];
    if (ArrayBuffer.isView(value)) return [new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
    return [];
  });
}

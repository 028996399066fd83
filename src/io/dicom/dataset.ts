/**
 * A DICOM file as its elements by tag, and questions to them.
 *
 * Tags are eight upper-case hexadecimal digits, as `00280010` for Rows. Files without the 128-byte preamble and meta
 * header, as old exports are, are read as what their first element looks like.
 */
import { FormatError } from '../../core/errors.js';
import { numberValues, textValues } from './element-value.js';
import { type Elements, parseElements } from './elements.js';

export type { Elements } from './elements.js';

/** A file's name, for messages, and its content. */
export interface DicomFile {
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** Its pixels, where `decodeDicom` has decoded them: of every frame the little-endian words. */
  readonly frames?: readonly Uint8Array[] | undefined;
}

export interface Dataset {
  readonly name: string;
  readonly transferSyntax: string;
  readonly elements: Elements;
  /** Pixels that were decoded before, frame by frame. */
  readonly decoded?: readonly Uint8Array[] | undefined;
}

const implicitLittleEndian = '1.2.840.10008.1.2';
const explicitLittleEndian = '1.2.840.10008.1.2.1';

/** Does the file look like DICOM, with or without its preamble? */
export function isDicom(file: DicomFile): boolean {
  return layoutOf(file.bytes) !== undefined;
}

/**
 * @throws {FormatError} if the bytes are not DICOM, truncated or corrupt; the message names the file
 */
export function readDataset(file: DicomFile): Dataset {
  return parse(file);
}

/** The elements up to the frame of reference, without pixels or contours: whose object it is. @throws as {@link readDataset} */
export const readIdentity = (file: DicomFile): Dataset => parse(file, 'x00200052');

/**
 * The elements before the pixels, and the pixels' own tag where the bytes come so far: of a file of which they are only the beginning.
 *
 * @throws {FormatError} as {@link readDataset}; also where the bytes end before the pixels
 */
export function readHeader(file: DicomFile): Dataset {
  return parse(file, 'x7fe00010');
}

/**
 * SOP class UID from the first elements alone, else (as of a DICOMDIR) from the meta header; undefined where neither
 * tells. O(1) in the size of the file.
 */
export function sopClassOf(file: DicomFile): string | undefined {
  try {
    const { elements } = parse(file, 'x00080018');
    return text(elements, '00080016') ?? text(elements, '00020002');
  } catch {
    return undefined;
  }
}

/** Transfer syntax UID; empty where the file does not tell. O(1) in the size of the file. */
export function transferSyntaxOf(file: DicomFile): string {
  try {
    return parse(file, 'x00080018').transferSyntax;
  } catch {
    return '';
  }
}

/** @param untilTag last tag to read */
function parse({ name, bytes, frames: decoded }: DicomFile, untilTag?: string): Dataset {
  const layout = layoutOf(bytes);
  if (layout === undefined) throw new FormatError('is not a DICOM file.', name);
  const bare = {
    implicit: implicitLittleEndian,
    explicit: explicitLittleEndian,
    part10: undefined,
    'meta-only': undefined,
  };
  const whole = layout === 'meta-only' ? withPreamble(bytes) : bytes;
  return { name, ...(decoded && { decoded }), ...parseElements(whole, name, bare[layout], untilTag) };
}

/** The 128 bytes and the magic word that old exports leave out before their meta header. */
function withPreamble(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(132 + bytes.length);
  out.set([0x44, 0x49, 0x43, 0x4d], 128);
  out.set(bytes, 132);
  return out;
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

/** Representations that implicit files do not tell, of the numbers that are not text. */
const implicitWords = new Set(['00280002', '00280010', '00280011', '00280100', '00280101', '00280102', '00280103']);

const patientName = '00100010';

/** First value as trimmed text; undefined where the element is absent or empty. */
export function text(elements: Elements, tag: string): string | undefined {
  const [first = ''] = texts(elements, tag);
  // Of a person's name the first group is the alphabetic one.
  const isName = elements[tag]?.vr === 'PN' || tag === patientName;
  return (isName ? first.split('=')[0] : first) || undefined;
}

/** All values as trimmed text. */
export function texts(elements: Elements, tag: string): string[] {
  const element = elements[tag];
  return element === undefined ? [] : textValues(element);
}

/** All values as numbers; empty where the element is absent. A value that is no number becomes NaN. */
export function numbers(elements: Elements, tag: string): Float64Array {
  const element = elements[tag];
  if (element === undefined) return new Float64Array(0);
  return numberValues(element, element.vr === 'UN' && implicitWords.has(tag) ? 'US' : element.vr);
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
  const element = elements[tag];
  return element?.items ?? [];
}

/** Binary fragments of an element: one, unless its pixel data are encapsulated. */
export function fragments(elements: Elements, tag: string): readonly Uint8Array[] {
  const element = elements[tag];
  return element === undefined ? [] : (element.fragments ?? [element.value]);
}

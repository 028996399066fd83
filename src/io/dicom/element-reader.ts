/**
 * The elements of a DICOM data set: where each value lies, not yet what it says.
 *
 *     explicit   tag, value representation, length, value          implicit   tag, length, value
 *
 * A sequence holds items, each a data set of its own; lengths may be undefined, then a delimiter ends them. Values stay
 * bytes until someone asks, so that a structure set costs little more than reading its tags.
 *
 * @see DICOM PS3.5, sections 7.1 (elements), 7.5 (sequences), A.4 (encapsulated pixel data)
 */
import { FormatError } from '../../core/errors.js';

export interface Element {
  /** Two letters; `UN` where the file does not tell. */
  readonly vr: string;
  readonly value: Uint8Array;
  readonly isLittle: boolean;
  /** Specific character set that holds here. */
  readonly charset: string;
  /** Of a sequence. */
  readonly items?: readonly Elements[];
  /** Of encapsulated pixel data, without the offset table. */
  readonly fragments?: readonly Uint8Array[];
}

/** Elements by tag, eight upper-case hexadecimal digits: of a file or of one item of a sequence. */
export type Elements = Readonly<Record<string, Element>>;

export interface Encoding {
  readonly isExplicit: boolean;
  readonly isLittle: boolean;
}

const implicitLittle: Encoding = { isExplicit: false, isLittle: true };

/** Representations whose length takes four bytes, after two of nothing. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const UNDEFINED = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const PIXELS = 0x7fe00010;
const CHARACTER_SET = 0x00080005;
/** No honest file nests deeper. */
const DEEPEST = 32;

const names = new Map<number, string>();

/** `00280010` for 0x00280010. */
function nameOf(tag: number): string {
  let name = names.get(tag);
  if (name === undefined) {
    name = tag.toString(16).toUpperCase().padStart(8, '0');
    names.set(tag, name);
  }
  return name;
}

export class ElementReader {
  /** Of the next element. */
  at: number;
  private readonly view: DataView;

  /**
   * @param name  of the file, for messages
   * @param at    first byte of the data set
   * @param depth of the sequence in which it lies
   */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
    at = 0,
    private readonly depth = 0,
  ) {
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Elements up to `end`, up to the delimiter of an item, or up to the first tag above `last`.
   *
   * @throws {FormatError} if the bytes end too early, or cannot be elements
   */
  read(encoding: Encoding, end = this.bytes.length, last = UNDEFINED, charset = ''): Elements {
    const elements: Record<string, Element> = {};
    let set = charset;
    while (this.at < end) {
      const start = this.at;
      const tag = this.tag(encoding.isLittle);
      if (tag === ITEM_END) {
        this.at += 4;
        return elements;
      }
      // Some exports fill up the file with zeros.
      if (tag === 0) break;
      if (tag > last) {
        this.at = start;
        break;
      }
      const element = this.element(tag, encoding, end, set);
      if (tag === CHARACTER_SET) set = String.fromCharCode(...element.value);
      elements[nameOf(tag)] = element;
    }
    return elements;
  }

  /** Items of a sequence up to `end` or its delimiter. */
  items(encoding: Encoding, end: number, charset: string): Elements[] {
    if (this.depth >= DEEPEST) this.fail(`sequences nested deeper than ${DEEPEST}`);
    const items: Elements[] = [];
    while (this.at < end) {
      const tag = this.tag(encoding.isLittle);
      const length = this.uint32(encoding.isLittle);
      if (tag === SEQUENCE_END) break;
      if (tag !== ITEM) this.fail(`tag ${nameOf(tag)} where an item of a sequence must be`);
      const stop = length === UNDEFINED ? end : this.need(length, end);
      const inner = new ElementReader(this.bytes, this.name, this.at, this.depth + 1);
      items.push(inner.read(encoding, stop, UNDEFINED, charset));
      this.at = length === UNDEFINED ? inner.at : stop;
    }
    return items;
  }

  private element(tag: number, encoding: Encoding, end: number, charset: string): Element {
    const { isExplicit, isLittle } = encoding;
    const vr = isExplicit ? this.representation() : 'UN';
    if (isExplicit && LONG.has(vr)) this.at += 2;
    const length = isExplicit && !LONG.has(vr) ? this.uint16(isLittle) : this.uint32(isLittle);
    const common = { vr, isLittle, charset };
    if (length !== UNDEFINED && vr !== 'SQ') {
      const stop = this.need(length, end, tag);
      const value = this.bytes.subarray(this.at, stop);
      this.at = stop;
      return { ...common, value };
    }
    const value = this.bytes.subarray(0, 0);
    if (tag === PIXELS) return { ...common, value, fragments: this.fragments(isLittle, end) };
    const stop = length === UNDEFINED ? end : this.need(length, end, tag);
    // An unknown element of undefined length is a sequence in implicit little endian (PS3.5, 6.2.2).
    const inside = vr === 'UN' ? implicitLittle : encoding;
    return { ...common, vr: 'SQ', value, items: this.items(inside, stop, charset) };
  }

  private fragments(isLittle: boolean, end: number): Uint8Array[] {
    const fragments: Uint8Array[] = [];
    for (;;) {
      const tag = this.tag(isLittle);
      const length = this.uint32(isLittle);
      if (tag === SEQUENCE_END) return fragments.slice(1);
      if (tag !== ITEM) this.fail(`tag ${nameOf(tag)} where a fragment of the pixel data must be`);
      const stop = this.need(length, end, PIXELS);
      fragments.push(this.bytes.subarray(this.at, stop));
      this.at = stop;
    }
  }

  private representation(): string {
    this.need(2, this.bytes.length);
    const vr = String.fromCharCode(this.bytes[this.at]!, this.bytes[this.at + 1]!);
    if (!/^[A-Z]{2}$/.test(vr)) this.fail(`no value representation at byte ${this.at}`);
    this.at += 2;
    return vr;
  }

  private tag(isLittle: boolean): number {
    const group = this.uint16(isLittle);
    return group * 65536 + this.uint16(isLittle);
  }

  private uint16(isLittle: boolean): number {
    this.need(2, this.bytes.length);
    this.at += 2;
    return this.view.getUint16(this.at - 2, isLittle);
  }

  private uint32(isLittle: boolean): number {
    this.need(4, this.bytes.length);
    this.at += 4;
    return this.view.getUint32(this.at - 4, isLittle);
  }

  /** Byte behind the next `length`; @throws {FormatError} if there are not as many before `end` */
  private need(length: number, end: number, tag?: number): number {
    if (this.at + length > end) {
      const what =
        tag === PIXELS ? 'pixel data end' : tag === undefined ? 'the file ends' : `element ${nameOf(tag)} ends`;
      this.fail(`${what} after ${Math.max(0, end - this.at)} of ${length} bytes`);
    }
    return this.at + length;
  }

  private fail(reason: string): never {
    throw new FormatError(`is truncated or corrupt DICOM (${reason}). Export it again.`, this.name, this.at);
  }
}

/** Items of a sequence that the file did not call one: as in implicit encodings. */
export function itemsOf({ value, charset }: Element, name = 'sequence'): readonly Elements[] {
  return new ElementReader(value, name).items(implicitLittle, value.length, charset);
}

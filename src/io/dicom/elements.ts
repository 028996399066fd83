/**
 * The elements of a DICOM data set: where each value lies, not yet what it says. Parsed by dicom-parser.
 *
 * Values stay bytes until someone asks, so that a structure set costs little more than reading its tags.
 */
import dicomParser, { type DataSet, type Element as ParserElement } from 'dicom-parser';
import { FormatError } from '../../core/errors.js';
import { inflate } from './inflate.js';

export interface Element {
  /** Two letters; `UN` where the file does not tell. */
  readonly vr: string;
  readonly value: Uint8Array;
  readonly isLittle: boolean;
  /** Specific character set that holds here. */
  readonly charset: string;
  /** Of a sequence. */
  readonly items?: readonly Elements[] | undefined;
  /** Of encapsulated pixel data, without the offset table. */
  readonly fragments?: readonly Uint8Array[] | undefined;
  /** Of these the first of every frame, where the offset table tells. */
  readonly frameStarts?: readonly number[] | undefined;
}

/** Elements by tag, eight upper-case hexadecimal digits: of a file or of one item of a sequence. */
export type Elements = Readonly<Record<string, Element>>;

const explicitLittleEndian = '1.2.840.10008.1.2.1';
const deflated = '1.2.840.10008.1.2.1.99';
const bigEndian = '1.2.840.10008.1.2.2';
/** Deflated bytes that hold the first elements. */
const HEAD = 1e6;
const CHARACTER_SET = 'x00080005';

/**
 * @param bytes a file with preamble and meta header, or with `syntax` a data set without
 * @param syntax transfer syntax of bytes that do not tell it
 * @param untilTag last tag to read, as dicom-parser writes it: `x00080018`
 * @throws {FormatError} if the bytes end too early, or cannot be elements
 */
export function parseElements(
  bytes: Uint8Array,
  name: string,
  syntax?: string,
  untilTag?: string,
): { elements: Elements; transferSyntax: string } {
  let dataSet: DataSet;
  let transferSyntax = syntax;
  try {
    let body = bytes;
    if (transferSyntax === undefined) {
      const meta = dicomParser.readPart10Header(bytes) as DataSet & { position: number };
      transferSyntax = meta.string('x00020010') ?? '';
      if (transferSyntax === deflated)
        body = inflate(bytes.subarray(meta.position), untilTag === undefined ? Infinity : HEAD);
    }
    const bare = transferSyntax === deflated ? explicitLittleEndian : syntax;
    dataSet = dicomParser.parseDicom(body, {
      ...(bare === undefined ? {} : { TransferSyntaxUID: bare }),
      ...(untilTag === undefined ? {} : { untilTag }),
    });
  } catch (thrown) {
    const found = paddedWithZeros(thrown);
    if (found === undefined) {
      throw new FormatError(`is truncated or corrupt DICOM (${reasonOf(thrown)}). Export it again.`, name);
    }
    dataSet = found;
  }
  const elements = elementsOf(dataSet, transferSyntax !== bigEndian, '');
  // Of the last one asked for, which was not gone through, the value may lie beyond.
  for (const key in dataSet.elements) if (key !== untilTag) checkWhole(key, dataSet, name);
  return { elements, transferSyntax: transferSyntax ?? '' };
}

/** What was read before nothing but zeros: some exports fill up the file with them. */
function paddedWithZeros(thrown: unknown): DataSet | undefined {
  const dataSet = (thrown as { dataSet?: DataSet } | null)?.dataSet;
  if (dataSet === undefined) return undefined;
  delete dataSet.elements['x00000000'];
  let end = 0;
  for (const { dataOffset, length } of Object.values(dataSet.elements)) end = Math.max(end, dataOffset + length);
  return end > 0 && (dataSet.byteArray as Uint8Array).subarray(end).every((byte) => byte === 0) ? dataSet : undefined;
}

/** dicom-parser throws texts, errors, and objects that hold either. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  if (typeof thrown === 'object' && thrown !== null && 'exception' in thrown) return reasonOf(thrown.exception);
  return String(thrown).replace(/^dicomParser[.:]\s*/i, '');
}

/** A value that the file's end cuts off is found by its length. */
function checkWhole(key: string, dataSet: DataSet, name: string): void {
  const { length: wanted, dataOffset, items, fragments } = dataSet.elements[key]!;
  const found = Math.max(0, Math.min(wanted, dataSet.byteArray.length - dataOffset));
  // Of a transfer syntax that was told to the parser there are neither.
  if (items !== undefined || fragments !== undefined || !(found < wanted)) return;
  const tag = key.slice(1).toUpperCase();
  const what = tag === '7FE00010' ? 'pixel data end' : `element ${tag} ends`;
  throw new FormatError(
    `is truncated or corrupt DICOM (${what} after ${found} of ${wanted} bytes). Export it again.`,
    name,
  );
}

function elementsOf(dataSet: DataSet, isLittle: boolean, inherited: string): Elements {
  const own = dataSet.elements[CHARACTER_SET];
  const bytes = dataSet.byteArray as Uint8Array;
  const charset = own === undefined ? inherited : String.fromCharCode(...bytesOf(bytes, own));
  const out: Record<string, Element> = {};
  for (const key in dataSet.elements) {
    out[key.slice(1).toUpperCase()] = new ParsedElement(dataSet.elements[key]!, bytes, isLittle, charset);
  }
  return out;
}

/** An element whose value and items are made where someone asks. */
class ParsedElement implements Element {
  readonly #parsed: ParserElement;
  readonly #bytes: Uint8Array;
  #value: Uint8Array | undefined;
  #items: readonly Elements[] | undefined;

  constructor(
    parsed: ParserElement,
    bytes: Uint8Array,
    readonly isLittle: boolean,
    readonly charset: string,
  ) {
    this.#parsed = parsed;
    this.#bytes = bytes;
  }

  get vr(): string {
    return this.#parsed.vr ?? 'UN';
  }

  get value(): Uint8Array {
    const { items, fragments } = this.#parsed;
    this.#value ??= items || fragments ? this.#bytes.subarray(0, 0) : bytesOf(this.#bytes, this.#parsed);
    return this.#value;
  }

  get items(): readonly Elements[] | undefined {
    this.#items ??= this.#parsed.items?.map((item) =>
      item.dataSet ? elementsOf(item.dataSet, this.isLittle, this.charset) : {},
    );
    return this.#items;
  }

  get fragments(): readonly Uint8Array[] | undefined {
    return this.#parsed.fragments?.map(({ position, length }) => this.#bytes.subarray(position, position + length));
  }

  get frameStarts(): readonly number[] | undefined {
    const { basicOffsetTable, fragments } = this.#parsed;
    return basicOffsetTable?.map((start) => fragments!.findIndex(({ offset }) => offset === start));
  }
}

function bytesOf(bytes: Uint8Array, { dataOffset, length }: { dataOffset: number; length: number }): Uint8Array {
  return bytes.subarray(dataOffset, dataOffset + Math.max(0, length));
}

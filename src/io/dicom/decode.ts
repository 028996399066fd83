/**
 * Compressed DICOM pixels decoded by the codecs of cornerstone (CharLS, OpenJPEG, OpenJPH) and by jpeg-lossless-decoder-js.
 *
 * The codecs are handed in and loaded only where a file needs one: together they are three times as large as all of respine.
 * What a stream says of its size is held against the data set before a decoder makes room for it.
 */

import { FormatError, isRespineError, UnsupportedError } from '../../core/errors.js';
import { joinBytes } from '../join-bytes.js';
import { type StreamHead, streamHead } from './code-stream.js';
import {
  type Dataset,
  type DicomFile,
  isDicom,
  number,
  readDataset,
  sopClassOf,
  text,
  transferSyntaxOf,
} from './dataset.js';
import type { Element } from './elements.js';
import { type PixelLayout, pixelLayout } from './pixels.js';
import { imageClasses } from './sop-class.js';
import { type CodecName, codecOf, isPerhapsLossy, syntaxName } from './transfer-syntax.js';

/** Loaders of the decoders that are no plain JavaScript: each makes the module of the cornerstone package that it is named for. */
export interface DicomCodecs {
  /** JPEG-LS: the default export of `@cornerstonejs/codec-charls/decodewasmjs`, called. */
  readonly charls?: () => Promise<unknown>;
  /** JPEG 2000: `@cornerstonejs/codec-openjpeg/decodewasmjs`. */
  readonly openJpeg?: () => Promise<unknown>;
  /** High-throughput JPEG 2000: `@cornerstonejs/codec-openjph`. */
  readonly openJph?: () => Promise<unknown>;
}

/**
 * DICOM files with the compressed pixels of CT and dose decoded, for `patientFromDicom` and `readRtDose`.
 *
 * JPEG lossless, JPEG-LS, JPEG 2000 and its high-throughput form; native, run-length coded and deflated files need no decoding and
 * come back as they are, as does what is no image of CT or dose.
 *
 * @param files in any order
 * @param codecs what decodes JPEG-LS and JPEG 2000; `dicomCodecs` of respine/node in Node
 * @param seriesUid decode this series only, where the files hold several
 * @throws {UnsupportedError} for a syntax that nothing decodes, or whose codec is not handed in
 * @throws {FormatError} for a stream that is corrupt, or is no image of the size that the file says
 */
export async function decodeDicom(
  files: readonly DicomFile[],
  codecs: DicomCodecs = {},
  seriesUid?: string,
): Promise<DicomFile[]> {
  const load = loaderOf(codecs);
  const out: DicomFile[] = [];
  for (const file of files) out.push(isToDecode(file, seriesUid) ? await decodeFile(file, load) : file);
  return out;
}

function isToDecode(file: DicomFile, seriesUid: string | undefined): boolean {
  if (file.frames !== undefined || !isDicom(file)) return false;
  if (codecOf(transferSyntaxOf(file)) === undefined || !imageClasses.includes(sopClassOf(file) ?? '')) return false;
  return seriesUid === undefined || text(readDataset(file).elements, '0020000E') === seriesUid;
}

/** Does the image say that it lost something when it was compressed? */
export function isLossy({ elements, transferSyntax }: Dataset): boolean {
  if (text(elements, '00282110') === '01') return true;
  const codec = codecOf(transferSyntax);
  const stream = elements['7FE00010']?.fragments?.find((part) => part.length > 0);
  if (codec === undefined || stream === undefined || !isPerhapsLossy(transferSyntax)) return false;
  return streamHead(stream, codec)?.isLossy ?? true;
}

/** What the cornerstone decoders have in common. */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  delete(): void;
}

type Load = (codec: CodecName, name: string) => Promise<(stream: Uint8Array, bytes: 1 | 2) => Uint8Array>;

function loaderOf(codecs: DicomCodecs): Load {
  const loaded = new Map<CodecName, Promise<unknown>>();
  const makers: Record<CodecName, [string, string, (() => Promise<unknown>) | undefined]> = {
    jpegLossless: ['', '', () => import('jpeg-lossless-decoder-js')],
    jpegLs: ['charls', 'JpegLSDecoder', codecs.charls],
    jpeg2000: ['openJpeg', 'J2KDecoder', codecs.openJpeg],
    htj2k: ['openJph', 'HTJ2KDecoder', codecs.openJph],
  };
  return async (codec, name) => {
    const [key, className, make] = makers[codec];
    if (make === undefined) {
      throw new UnsupportedError(
        `${name}: this needs the decoder ${key}. Hand it to decodeDicom, as dicomCodecs of respine/node does, or decompress the files with \`gdcmconv --raw\`.`,
      );
    }
    if (!loaded.has(codec)) loaded.set(codec, make());
    const module = await loaded.get(codec);
    if (codec === 'jpegLossless') {
      const { Decoder } = module as typeof import('jpeg-lossless-decoder-js');
      return ({ buffer, byteOffset, length }, bytes) => {
        const values = new Decoder().decode(buffer as ArrayBuffer, byteOffset, length, bytes);
        return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      };
    }
    const Decoder = (module as Record<string, new () => Decoder>)[className]!;
    return (stream) => {
      const decoder = new Decoder();
      decoder.getEncodedBuffer(stream.length).set(stream);
      decoder.decode();
      // A view of the module's memory, which the next image overwrites.
      const values = Uint8Array.from(decoder.getDecodedBuffer());
      decoder.delete();
      return values;
    };
  };
}

async function decodeFile(file: DicomFile, load: Load): Promise<DicomFile> {
  const { name } = file;
  const dataset = readDataset(file);
  const codec = codecOf(dataset.transferSyntax)!;
  const layout = pixelLayout(dataset, number(dataset.elements, '00280008') ?? 1);
  if (layout.allocated > 16) {
    throw new UnsupportedError(
      `${name}: compressed pixels of ${layout.allocated} bits are not read. Decompress the file.`,
    );
  }
  const frames: Uint8Array[] = [];
  for (const stream of streamsOf(dataset.elements['7FE00010'], layout.frames, name)) {
    const head = streamHead(stream, codec);
    checkHead(head, layout, name, dataset.transferSyntax);
    frames.push(await decodeFrame(stream, head, layout, () => load(codec, name), name));
  }
  return { ...file, frames };
}

/** One stream per frame: each is a fragment, or begins where the offset table says. */
function streamsOf(element: Element | undefined, frames: number, name: string): Uint8Array[] {
  const parts = element?.fragments ?? [];
  const { frameStarts = [] } = element ?? {};
  if (frames === 1) return [joined(parts, name)];
  if (parts.length === frames) return [...parts];
  if (frameStarts.length !== frames || frameStarts.some((start, f) => start < 0 || start < (frameStarts[f - 1] ?? 0))) {
    throw new FormatError(`${parts.length} fragments of ${frames} frames, without a table of which is whose.`, name);
  }
  return frameStarts.map((start, f) => joined(parts.slice(start, frameStarts[f + 1]), name));
}

function joined(parts: readonly Uint8Array[], name: string): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const stream = joinBytes(parts);
  if (stream.length === 0) throw new FormatError('has no pixel data. Export it again.', name);
  return stream;
}

function checkHead(
  head: StreamHead | undefined,
  layout: PixelLayout,
  name: string,
  syntax: string,
): asserts head is StreamHead {
  if (head === undefined) {
    throw new FormatError(
      `its pixels are no ${syntaxName(syntax)}, as the file says, or are cut short. Export it again.`,
      name,
    );
  }
  const { rows, columns, components, precision } = head;
  const isSame = rows === layout.rows && columns === layout.columns && components === 1;
  if (!isSame || precision > layout.allocated || precision < 2) {
    throw new FormatError(
      `its compressed image has ${rows} x ${columns} pixels of ${components} x ${precision} bits, but the file says ${layout.rows} x ${layout.columns} of ${layout.allocated}. Export it again.`,
      name,
    );
  }
}

async function decodeFrame(
  stream: Uint8Array,
  { precision }: StreamHead,
  { rows, columns, allocated }: PixelLayout,
  load: () => ReturnType<Load>,
  name: string,
): Promise<Uint8Array> {
  const width = precision > 8 ? 2 : 1;
  const count = rows * columns;
  let values: Uint8Array;
  const decode = await load();
  try {
    values = decode(stream, width);
  } catch (cause) {
    if (isRespineError(cause)) throw cause;
    throw new FormatError('its compressed pixels are corrupt or truncated. Export it again.', name);
  }
  if (values.length < count * width) {
    throw new FormatError(
      `its compressed image holds ${values.length} of ${count * width} bytes. Export it again.`,
      name,
    );
  }
  if (width === allocated / 8) return values.subarray(0, count * width);
  const wide = new Uint8Array(2 * count);
  for (let i = 0; i < count; i++) wide[2 * i] = values[i]!;
  return wide;
}

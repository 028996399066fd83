/** A CT compressed in every way that WebAssembly decodes, by the encoders of the same packages. */
import { number, readDataset } from '../../dist/io/dicom/dataset.js';

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
  setDecompositions(count: number): void;
  setQuality(isLossless: boolean, quality: number): void;
  delete(): void;
}

type Codec = Record<string, new () => Encoder>;

/** Transfer syntax, encoder, and whether it keeps every bit. */
const KINDS = [
  ['1.2.840.10008.1.2.4.80', 'JpegLSEncoder', true],
  ['1.2.840.10008.1.2.4.90', 'J2KEncoder', true],
  ['1.2.840.10008.1.2.4.201', 'HTJ2KEncoder', true],
  ['1.2.840.10008.1.2.4.91', 'J2KEncoder', false],
] as const;

async function codecs(): Promise<Codec> {
  const packages = [
    import('@cornerstonejs/codec-charls/wasmjs' as string),
    import('@cornerstonejs/codec-openjpeg/wasmjs' as string),
    import('@cornerstonejs/codec-openjph'),
  ];
  const quiet = { print: () => undefined, printErr: () => undefined };
  const made = await Promise.all(
    packages.map(async (loaded) => (await loaded).default({ ...quiet }) as Promise<Codec>),
  );
  return Object.fromEntries(
    KINDS.map(([, name]) => [name, made.find((codec) => codec[name] !== undefined)![name]!]),
  ) as Codec;
}

/** CT slices by turns in JPEG-LS, JPEG 2000, its high-throughput form, and JPEG 2000 that loses something; the other files as they are. */
export async function compressed(files: readonly NamedBytes[]): Promise<NamedBytes[]> {
  const all = await codecs();
  const isSlice = ({ name }: NamedBytes): boolean => name.startsWith('CT/');
  const slices = files.filter(isSlice);
  return files.map((file) => (isSlice(file) ? compress(file, slices.indexOf(file) % KINDS.length, all) : file));
}

function compress({ name, bytes }: NamedBytes, turn: number, all: Codec): NamedBytes {
  const [syntax, encoderName, isLossless] = KINDS[turn]!;
  const { elements } = readDataset({ name, bytes });
  const [height, width, bitsPerSample, sign] = ['00280010', '00280011', '00280101', '00280103'].map(
    (tag) => number(elements, tag)!,
  ) as [number, number, number, number];
  const encoder = new all[encoderName]!();
  const pixels = bytes.subarray(bytes.length - 2 * width * height);
  const info = { width, height, bitsPerSample, componentCount: 1, isSigned: sign === 1, isUsingColorTransform: false };
  encoder.getDecodedBuffer(info).set(pixels);
  if (encoderName !== 'JpegLSEncoder') {
    // Halved three times, not five: the slice may have less than 32 rows.
    encoder.setDecompositions(3);
    encoder.setQuality(isLossless, isLossless ? 0 : 40);
  }
  encoder.encode();
  const stream = Uint8Array.from(encoder.getEncodedBuffer());
  encoder.delete();
  return { name, bytes: encapsulated(bytes, bytes.length - pixels.length, stream, syntax) };
}

/** The data set with another transfer syntax, and a stream in place of its pixels, which end it. */
function encapsulated(bytes: Uint8Array, pixelsAt: number, stream: Uint8Array, syntax: string): Uint8Array {
  const metaEnd = 144 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(140, true);
  const uid = new TextEncoder().encode(syntax.length % 2 === 1 ? `${syntax}\0` : syntax);
  const item = (of: Uint8Array): number[] => [
    0xfe,
    0xff,
    0,
    0xe0,
    ...new Uint8Array(Uint32Array.of(of.length).buffer),
    ...of,
  ];
  const even = stream.length % 2 === 1 ? Uint8Array.from([...stream, 0]) : stream;
  const preamble = new Uint8Array(132);
  preamble.set(new TextEncoder().encode('DICM'), 128);
  return Uint8Array.from([
    ...preamble,
    // Of the meta header the transfer syntax alone, which readers take.
    ...[2, 0, 0x10, 0, 0x55, 0x49, uid.length, 0, ...uid],
    ...bytes.subarray(metaEnd, pixelsAt - 12),
    // Of a length that is not told.
    ...[0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff],
    ...item(new Uint8Array(0)),
    ...item(even),
    ...[0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0],
  ]);
}

/** The decoders of compressed DICOM as Node loads them: WebAssembly beside its script. */
import type { DicomCodecs } from '../io/dicom/decode.js';

type Make = (options: object) => Promise<unknown>;

// They tell how they get on, on the output that is ours. Each keeps what it is given as its own.
const make = async (loaded: Promise<unknown>): Promise<unknown> =>
  ((await loaded) as { default: Make }).default({ print: () => undefined, printErr: () => undefined });

/** The decoders of JPEG-LS and JPEG 2000 for `decodeDicom`, each loaded where a file needs it. */
export const dicomCodecs: Required<DicomCodecs> = {
  charls: () => make(import('@cornerstonejs/codec-charls/decodewasmjs')),
  openJpeg: () => make(import('@cornerstonejs/codec-openjpeg/decodewasmjs')),
  openJph: () => make(import('@cornerstonejs/codec-openjph')),
};

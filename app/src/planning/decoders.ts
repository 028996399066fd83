/** Decoders of JPEG-LS and JPEG 2000 in a worker: script and WebAssembly come from the page, once a file needs them. */
import { UnsupportedError } from '../../../dist/core/errors.js';
import type { DicomCodecs } from '../../../dist/dicom.js';
import type { DecoderFile, DecoderName } from './messages.js';

/** What the script of each leaves behind. */
const MAKERS: Readonly<Record<DecoderName, string>> = {
  charls: 'CharLSWASM',
  openJpeg: 'OpenJPEGWASM',
  openJph: 'Module',
};

type Make = (options: object) => Promise<unknown>;

interface Waiting {
  readonly resolve: (file: DecoderFile) => void;
  readonly reject: (error: Error) => void;
}

/** The same three as `dicomCodecs` of respine/node, the same bytes of WebAssembly. */
export class Decoders {
  private readonly waiting = new Map<DecoderName, Waiting>();
  readonly codecs: Required<DicomCodecs> = {
    charls: () => this.load('charls'),
    openJpeg: () => this.load('openJpeg'),
    openJph: () => this.load('openJph'),
  };

  /** @param want asks the page for one, which then gives it to `take` */
  constructor(private readonly want: (name: DecoderName) => void) {}

  /** What the page has loaded; undefined where it could not. */
  take(name: DecoderName, file: DecoderFile | undefined): void {
    const { resolve, reject } = this.waiting.get(name)!;
    if (file !== undefined) resolve(file);
    else {
      const message = `This CT is compressed, and the page's file with the decoder ${name} could not be loaded. Reload the page, see that all files of the page are there, or decompress the CT with \`gdcmconv --raw\`.`;
      reject(new UnsupportedError(message));
    }
  }

  private async load(name: DecoderName): Promise<unknown> {
    const { script, wasm } = await new Promise<DecoderFile>((resolve, reject) => {
      this.waiting.set(name, { resolve, reject });
      this.want(name);
    });
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    try {
      importScripts(url);
    } finally {
      URL.revokeObjectURL(url);
    }
    const make = (globalThis as unknown as Record<string, Make>)[MAKERS[name]]!;
    const wasmBinary = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
    return make({ wasmBinary, print: () => undefined, printErr: () => undefined });
  }
}

declare function importScripts(...urls: string[]): void;

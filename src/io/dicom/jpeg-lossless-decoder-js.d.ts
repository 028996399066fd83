/** What is used of the library, whose declarations lie beside its modules, not beside the file that Node loads. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    /** @param bytesPerPixel 1 or 2 */
    decode(buffer: ArrayBuffer, offset: number, length: number, bytesPerPixel: number): Uint8Array | Uint16Array;
  }
}

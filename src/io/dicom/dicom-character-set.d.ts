/** What is used of the library, which brings no types. */
declare module 'dicom-character-set' {
  /** @throws {Error} for a set or an escape sequence that it does not know */
  export function convertBytes(charset: string, bytes: Uint8Array, options: { readonly vr: string }): string;
}

/** Text and its UTF-8 bytes. */

/** UTF-8 bytes of a text, in every JavaScript environment. */
export const utf8Encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Text of UTF-8 bytes, in every JavaScript environment. */
export const utf8Decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/**
 * gzip by the streams that every browser and Node carry: no code of ours, no dependency.
 */
import { FormatError } from '../core/errors.js';
import { joinBytes } from './join-bytes.js';

export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  await pump(new CompressionStream('gzip'), bytes, Infinity, (part) => {
    parts.push(part);
    length += part.length;
    return length;
  });
  return joinBytes(parts);
}

/**
 * Hands over what the stream unpacks to, part by part: the whole of it is never in memory.
 *
 * @param name file for messages
 * @param offset where the compressed part begins, for messages
 * @param take told each part; returns how many bytes it has been told in all
 * @param limit bytes beyond which reading stops: a small file must not unpack without end
 * @returns bytes that were handed over
 * @throws {FormatError} if the bytes are not a whole gzip stream
 */
export async function gunzipInto(
  bytes: Uint8Array,
  name: string,
  offset: number,
  take: (part: Uint8Array) => number,
  limit: number,
): Promise<number> {
  try {
    return await pump(new DecompressionStream('gzip'), bytes, limit, take);
  } catch (cause) {
    throw new FormatError(`the gzip data is corrupt or truncated (${messageOf(cause)}).`, name, offset);
  }
}

async function pump(
  stream: GenericTransformStream,
  bytes: Uint8Array,
  limit: number,
  take: (part: Uint8Array) => number,
): Promise<number> {
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  // The same failure surfaces at the reader; here it must only not stay unhandled.
  const written = writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || value === undefined) break;
    length = take(value);
    if (length > limit) {
      await reader.cancel();
      break;
    }
  }
  await written;
  return length;
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

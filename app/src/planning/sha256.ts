/** Hashes, as `src/node/sha256.ts` makes them: not by the browser, which has none where a page is served without TLS, and none of parts. */
import { sha256 as algorithm } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import { strToU8 } from 'fflate';

/** Hexadecimal SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = algorithm.create();
  for (const part of parts) hash.update(typeof part === 'string' ? strToU8(part) : part);
  return bytesToHex(hash.digest());
}

/** Hashes of inputs, for results that must tell what they rest on. */
import { createHash } from 'node:crypto';

/** Hexadecimal SHA-256 of the parts, one after the other. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Of what JSON makes of a value: of a case, of all its fields in the order of its parser. */
export const sha256OfJson = (value: object): string => sha256(JSON.stringify(value));

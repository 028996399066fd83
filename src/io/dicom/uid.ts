/**
 * Unique identifiers from content: the same volume always gets the same UIDs, so that writing twice changes nothing.
 *
 * 128 bits by four FNV-1a lanes with different seeds, stirred at the end; written as 2.25.<decimal> (DICOM PS3.5 B.2).
 */

/** @param parts text and bytes, hashed in order */
export function uidOf(...parts: readonly (string | Uint8Array)[]): string {
  const lanes = Uint32Array.of(0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35);
  for (const part of parts) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    for (let lane = 0; lane < 4; lane++) {
      let h = lanes[lane]!;
      for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
      // The length ends each part: ("a", "b") must differ from ("ab").
      lanes[lane] = stir(h ^ bytes.length ^ (lane * 0x27d4eb2f));
    }
  }
  let value = 0n;
  for (const lane of lanes) value = (value << 32n) | BigInt(lane);
  // Version 8 and the variant of RFC 9562: a custom UUID.
  value = (value & ~(0xf000n << 64n)) | (0x8000n << 64n);
  value = (value & ~(3n << 62n)) | (2n << 62n);
  return `2.25.${value}`;
}

/** Finaliser of MurmurHash3. */
function stir(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The committed WebAssembly is what its sources compile to and brings no data; what cannot be had is null, not an error. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileWasm } from '../../src/core/wasm.js';

test('every *.as.ts compiles to the module beside it', { timeout: 60_000 }, async () => {
  const { compile, moduleOf, sources } = (await import('../../src/build-wasm.mjs' as string)) as {
    compile: (source: string) => Promise<string>;
    moduleOf: (source: string) => string;
    sources: readonly string[];
  };
  expect(sources).toHaveLength(7);
  for (const source of sources) {
    expect(readFileSync(moduleOf(source), 'utf8'), `${source}: run npm run build:wasm`).toBe(await compile(source));
  }
});

/** Ids of a module's sections, in their order. */
function sectionsOf(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  // Magic number and version; then an id, a length in LEB128 and so many bytes each.
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++]!);
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
    }
    at += length;
  }
  return ids;
}

const [CODE, DATA] = [10, 11];

test('no module brings data of its own: callers lay out its memory themselves', async () => {
  // Data is copied to its address when a module starts, whatever lies there: a table that the compiler's library needed for exp once
  // overwrote a caller's arrays. A function that brings one has to be written out in the source.
  const src = new URL('../../src/', import.meta.url);
  const modules = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.wasm.ts'));
  expect(modules).toHaveLength(7);
  for (const path of modules) {
    const { binary } = (await import(new URL(path, src).href)) as { binary: string };
    const sections = sectionsOf(Buffer.from(binary, 'base64'));
    expect(sections, path).toContain(CODE);
    expect(sections, path).not.toContain(DATA);
  }
});

test('a data section is seen', () => {
  // One page of memory, and a byte at its beginning.
  const hex = '0061736d01000000' + '0503010001' + '0b07010041000b0101';
  expect(WebAssembly.validate(Buffer.from(hex, 'hex'))).toBe(true);
  expect(sectionsOf(Buffer.from(hex, 'hex'))).toEqual([5, DATA]);
});

test('bytes that are no module', () => {
  expect(compileWasm('bm90IGEgbW9kdWxl')).toBeNull();
  expect(compileWasm('%')).toBeNull();
});

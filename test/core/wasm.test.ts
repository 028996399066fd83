/** The committed WebAssembly is what its sources compile to, and what cannot be had is null, not an error. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileWasm } from '../../src/core/wasm.js';

test('every *.as.ts compiles to the module beside it', { timeout: 60_000 }, async () => {
  const { compile, moduleOf, sources } = (await import('../../src/build-wasm.mjs' as string)) as {
    compile: (source: string) => string;
    moduleOf: (source: string) => string;
    sources: readonly string[];
  };
  expect(sources).toHaveLength(6);
  for (const source of sources) {
    expect(readFileSync(moduleOf(source), 'utf8'), `${source}: run npm run build:wasm`).toBe(compile(source));
  }
});

test('bytes that are no module', () => {
  expect(compileWasm('bm90IGEgbW9kdWxl')).toBeNull();
  expect(compileWasm('%')).toBeNull();
});

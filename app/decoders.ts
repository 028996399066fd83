/** Puts the decoders of compressed CT beside the page: of each its script and WebAssembly as two texts in one classic script. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const { resolve } = createRequire(import.meta.url);

/** Package, script, WebAssembly; what it wraps, with its licence. The same files as `src/node/dicom-codecs.ts` loads. */
const DECODERS = {
  charls: ['codec-charls', 'decodewasmjs', 'decodewasm', 'CharLS, BSD-3-Clause'],
  openJpeg: ['codec-openjpeg', 'decodewasmjs', 'decodewasm', 'OpenJPEG, BSD-2-Clause'],
  openJph: ['codec-openjph', 'wasmjs', 'wasm', 'OpenJPH, BSD-2-Clause'],
} as const;

const MODULE = 'virtual:decoders';

function fileOf(name: keyof typeof DECODERS): string {
  const [title, script, wasm, wrapped] = DECODERS[name];
  const read = (path: string): Buffer => readFileSync(resolve(`@cornerstonejs/${title}/${path}`));
  const texts = [name, read(script).toString('utf8'), read(wasm).toString('base64')];
  return `/*! @cornerstonejs/${title}, MIT; ${wrapped}. */\nrespineDecoder(${texts.map((text) => JSON.stringify(text)).join(', ')});\n`;
}

export const decoders: Plugin = {
  name: 'decoders',
  resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
  load(id) {
    if (id !== `\0${MODULE}`) return undefined;
    const urls = (Object.keys(DECODERS) as (keyof typeof DECODERS)[]).map((name) => {
      const file = this.emitFile({ type: 'asset', name: `decoder-${name}.js`, source: fileOf(name) });
      return `${name}: import.meta.ROLLUP_FILE_URL_${file}`;
    });
    return `export const urls = { ${urls.join(', ')} };`;
  },
};

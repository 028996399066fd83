/** draw.mjs in Node: the picture to the file named first, the rest to stdout. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { draw, isEvalAllowed } from './draw.mjs';

const require = createRequire(import.meta.url);
const bytesOf = (name) => new Uint8Array(readFileSync(require.resolve(name)));
const { png, ...rest } = await draw({
  phantom: JSON.parse(readFileSync(new URL('../../phantoms/spine-t8.json', import.meta.url), 'utf8')),
  wasm: bytesOf('@resvg/resvg-wasm/index_bg.wasm'),
  fonts: ['dejavu-fonts-ttf/ttf/DejaVuSans.ttf', 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'].map(bytesOf),
});
writeFileSync(process.argv[2], png);
console.log(JSON.stringify({ ...rest, isEvalAllowed: isEvalAllowed() }));

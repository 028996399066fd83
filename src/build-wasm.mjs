// Compiles every *.as.ts (AssemblyScript) below src into a module beside it. Usage: npm run build:wasm
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const src = fileURLToPath(new URL('.', import.meta.url));

/** Sources, relative to src. */
export const sources = readdirSync(src, { recursive: true })
  .filter((path) => path.endsWith('.as.ts'))
  .sort();

/** The text of the module that holds the compiled source. */
export async function compile(source) {
  const wasm = join(mkdtempSync(join(tmpdir(), 'wasm-')), 'out.wasm');
  const options = ['-O3', '--enable', 'simd', '--runtime', 'stub', '--importMemory', '--noAssert', '-o', wasm];
  const { error, stderr } = await asc.main([join(src, source), ...options]);
  if (error) throw new Error(`${source}: ${error.message}\n${stderr}`);
  const lines = readFileSync(wasm)
    .toString('base64')
    .match(/.{1,112}/g);
  return `/** ${basename(source)}, compiled by \`npm run build:wasm\`. */\n\n// biome-ignore format: generated\nexport const binary =\n  ${lines.map((line) => `'${line}'`).join(' +\n  ')};\n`;
}

export const moduleOf = (source) => join(src, source.replace('.as.ts', '.wasm.ts'));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const source of sources) writeFileSync(moduleOf(source), await compile(source));
}

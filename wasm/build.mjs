// Compiles dense.ts; run as a script it writes the bytes as hexadecimal into src/optimize/dense-wasm.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** The module's bytes. */
export async function compileDense() {
  let binary;
  const { error, stderr } = await asc.main(
    ['dense.ts', '--outFile', 'dense.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert'],
    {
      readFile: (name) => (name === 'dense.ts' ? readFileSync(new URL(name, import.meta.url), 'utf8') : null),
      writeFile: (name, content) => {
        if (name === 'dense.wasm') binary = content;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = Buffer.from(await compileDense())
    .toString('hex')
    .match(/.{1,112}/g);
  writeFileSync(
    new URL('../src/optimize/dense-wasm.ts', import.meta.url),
    `/** Made from wasm/dense.ts by \`npm run build:wasm\`: the bytes in hexadecimal. */\nexport const denseWasm =\n  ${lines.map((line) => `'${line}'`).join(' +\n  ')};\n`,
  );
}

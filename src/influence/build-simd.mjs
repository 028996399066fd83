// Compiles simd-kernels.as.ts and writes simd-binary.ts. Usage: npm run build:simd
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('simd-kernels.as.ts', import.meta.url));
const wasm = join(mkdtempSync(join(tmpdir(), 'simd-')), 'kernels.wasm');
const compiler = fileURLToPath(new URL('../../node_modules/assemblyscript/bin/asc.js', import.meta.url));
const options = ['-O3', '--enable', 'simd', '--runtime', 'stub', '--importMemory', '--noAssert'];
execFileSync(process.execPath, [compiler, source, ...options, '-o', wasm], { stdio: 'inherit' });
const hash = createHash('sha256').update(readFileSync(source)).digest('hex');
writeFileSync(
  new URL('simd-binary.ts', import.meta.url),
  `/** simd-kernels.as.ts, compiled by \`npm run build:simd\`; the hash is that of its source. */
export const SIMD_SOURCE = '${hash}';

// biome-ignore format: generated
export const SIMD_BINARY = '${readFileSync(wasm).toString('base64')}';
`,
);

// Makes one file, without imports, of what src/study takes of @stdlib, its licences at the end. Usage: npm run build, after tsc
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

await build({
  entryPoints: [pathOf('study/statistics-library.ts')],
  outfile: pathOf('../dist/study/statistics-library.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'eof',
  logLevel: 'error',
});

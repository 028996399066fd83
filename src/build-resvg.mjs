// Makes the script of resvg without the classes of the HTTP client, for which Node would load that. Usage: npm run build, after tsc
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

await build({
  entryPoints: [pathOf('render/resvg.ts')],
  outfile: pathOf('../dist/render/resvg.js'),
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['import'],
  target: 'es2022',
  define: { Request: 'undefined', Response: 'undefined' },
  banner: {
    js: '// The script of the package @resvg/resvg-wasm, which is installed beside respine as it is: Mozilla Public License 2.0. Here Request and Response are undefined.',
  },
  logLevel: 'error',
});

// Makes one script and one style of src/page, which reports carry, with their hashes. Usage: npm run build, after tsc
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [pathOf('page/main.ts')],
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  write: false,
  logLevel: 'error',
});
const assets = { script: outputFiles[0].text.trim(), style: readFileSync(pathOf('page/report.css'), 'utf8').trim() };
const hashed = Object.entries(assets).map(([name, text]) => {
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`the ${name} of the page would end its own element`);
  return [name, { text, sha256: createHash('sha256').update(text).digest('base64') }];
});
mkdirSync(pathOf('../dist/page'), { recursive: true });
writeFileSync(pathOf('../dist/page/assets.json'), `${JSON.stringify(Object.fromEntries(hashed))}\n`);

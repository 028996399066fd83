/** The core is typed for the web platform alone: a name that only Node or only a page has does not compile, whatever types a library brings. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Within the repository, so that packages are found as they are from the sources.
const folder = mkdtempSync(join(root, 'test/core/.core-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STRAY = ['process', 'Buffer', 'require', 'document', 'window', 'location', 'self', 'navigator', 'setTimeout'];

test('stray names of Node and of pages are all errors beside the whole core; those of the platform are not', () => {
  const source = relative(folder, join(root, 'src'));
  const lines = [`import '${source}/index.js';`, ...STRAY.map((name) => `console.log(${name});`)];
  const shared = [
    'TextEncoder',
    'TextDecoder',
    'CompressionStream',
    'DecompressionStream',
    'WebAssembly',
    'atob',
    'btoa',
  ];
  writeFileSync(join(folder, 'stray.ts'), [...lines, `export const used = [${shared.join(', ')}];`].join('\n'));
  const config = { extends: '../../../tsconfig.core.json', include: [`${source}/**/*.d.ts`, 'stray.ts'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const missing = [...compile().matchAll(/^(\S+)\(.*Cannot find name '(\w+)'/gm)].map(([, file, name]) => [file, name]);
  expect(new Set(missing.map(([file]) => file!.split('/').at(-1)))).toEqual(new Set(['stray.ts']));
  expect(new Set(missing.map(([, name]) => name))).toEqual(new Set([...STRAY, 'console']));
}, 60_000);

function compile(): string {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

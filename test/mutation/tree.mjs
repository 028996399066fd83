/** A copy of the tree to mutate, and which tests reach which source. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The folders that are mutated. */
export const FOLDERS = ['optimize', 'evaluate', 'biology', 'dose', 'plan'];

/** Tests of what is built, which a mutant of the source does not reach, and of the package as a whole. */
const OUTSIDE = /^test\/(cli|node|robust|validate|mutation|architecture)/;

/** @returns the copy's root; what is only read is linked */
export function copyTree() {
  const folder = mkdtempSync(join(tmpdir(), 'respine-mutation-'));
  const copy = join(folder, 'tree');
  mkdirSync(copy);
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  for (const name of ['phantoms', 'node_modules']) symlinkSync(realpathSync(join(ROOT, name)), join(copy, name));
  const shared = join(ROOT, '..', 'shared');
  if (existsSync(shared)) symlinkSync(realpathSync(shared), join(folder, 'shared'));
  return { folder, copy };
}

/** The sources that are mutated: neither generated code nor what is compiled to WebAssembly. */
export function sourcesOf(root) {
  return FOLDERS.flatMap((folder) => filesUnder(join(root, 'src', folder)))
    .filter((file) => file.endsWith('.ts') && !/\.(as|wasm)\.ts$/.test(file))
    .map((file) => relative(root, file))
    .sort();
}

/** All test files; and by source those that import it, with the number of imports between. */
export function testsBySource(root) {
  const bySource = new Map();
  const tests = filesUnder(join(root, 'test'))
    .map((file) => relative(root, file))
    .filter((file) => file.endsWith('.test.ts') && !OUTSIDE.test(file))
    .sort();
  const imports = new Map();
  for (const test of tests) {
    for (const [source, distance] of distancesFrom(root, test, imports)) {
      const list = bySource.get(source) ?? [];
      list.push({ test, distance });
      bySource.set(source, list);
    }
  }
  return { tests, bySource };
}

function distancesFrom(root, file, imports) {
  const distances = new Map([[file, 0]]);
  const queue = [file];
  for (const at of queue) {
    if (!imports.has(at)) imports.set(at, importsOf(root, at));
    for (const next of imports.get(at)) {
      if (distances.has(next)) continue;
      distances.set(next, distances.get(at) + 1);
      queue.push(next);
    }
  }
  return distances;
}

function importsOf(root, file) {
  const text = readFileSync(join(root, file), 'utf8').replace(/^import type .*$/gm, '');
  return [...text.matchAll(/from '(\.[^']+)'/g)]
    .map(([, name]) => relative(root, resolve(root, dirname(file), name)).replace(/\.js$/, '.ts'))
    .filter((name) => name.endsWith('.ts') && existsSync(join(root, name)));
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

/** Imports go one way: a file imports from its own folder or from a layer to its left. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as respine from '../src/index.js';
import * as node from '../src/node.js';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Folders of one line do not import each other. */
const layers = [
  ['core'],
  ['geometry'],
  ['phantom', 'machine', 'raytrace', 'biology'],
  ['beam'],
  ['dose'],
  ['influence'],
  ['optimize', 'evaluate'],
  ['render', 'io'],
  ['plan'],
  ['validate'],
  ['node'],
  ['cli'],
];
const levelOf = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));

function filesIn(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesIn(path) : path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : [];
  });
}

test('every import goes to the same folder or to a layer further left', () => {
  const wrong: string[] = [];
  for (const file of filesIn(src)) {
    const folder = relative(src, file).split('/')[0]!;
    if (folder.endsWith('.ts')) continue;
    expect(levelOf(folder), `${folder} has a place among the layers`).toBeGreaterThanOrEqual(0);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const target = relative(src, resolve(dirname(file), path!)).split('/')[0]!;
      if (target !== folder && !(levelOf(target) < levelOf(folder))) wrong.push(`${relative(src, file)} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('public names', () => {
  expect({ respine: Object.keys(respine).sort(), node: Object.keys(node).sort() }).toMatchSnapshot();
});

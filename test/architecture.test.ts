/** Imports go one way: a file imports from its own folder or from a layer to its left. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

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
  ['plan/input'],
  ['plan/patient'],
  ['plan/constraint'],
  ['plan/problem'],
  ['plan/technique'],
  ['plan/evaluation'],
  ['plan'],
  ['plan/sweep'],
  ['report'],
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

/** The folder that a file belongs to; of `plan`, the room. */
function folderOf(path: string): string {
  const [first, second] = relative(src, path).split('/');
  return first === 'plan' && !second!.endsWith('.ts') ? `plan/${second}` : first!;
}

/** What a file imports of the sources, types included. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path]) =>
    resolve(dirname(file), path!).replace(/\.js$/, '.ts'),
  );

test('every import goes to the same folder or to a layer further left', () => {
  const wrong: string[] = [];
  for (const file of filesIn(src)) {
    const folder = folderOf(file);
    if (folder.endsWith('.ts')) continue;
    expect(levelOf(folder), `${folder} has a place among the layers`).toBeGreaterThanOrEqual(0);
    for (const path of importsOf(file)) {
      const target = folderOf(path);
      if (target !== folder && !(levelOf(target) < levelOf(folder))) wrong.push(`${relative(src, file)} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('no file imports itself by way of others, types included', () => {
  const state = new Map<string, 'open' | 'done'>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...way.slice(way.indexOf(file)), file].map((path) => relative(src, path)).join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const path of importsOf(file)) if (path.startsWith(src)) visit(path, [...way, file]);
    state.set(file, 'done');
  };
  for (const file of filesIn(src)) visit(file, []);
  expect(circles).toEqual([]);
});

test('a door holds nothing but names of other files', () => {
  const doors = readdirSync(src).filter((name) => name.endsWith('.ts'));
  expect(doors).toContain('dvh.ts');
  for (const door of doors) {
    const text = readFileSync(join(src, door), 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/.*/g, '');
    expect(text.replace(/export (type )?\{[^}]*\} from '[^']*';/g, '').trim(), door).toBe('');
  }
});

test('the hall of plans has rooms: one file of its own, none of more than 16', () => {
  const files = filesIn(join(src, 'plan'));
  expect(files.filter((file) => folderOf(file) === 'plan').map((file) => relative(src, file))).toEqual([
    'plan/run-plan.ts',
  ]);
  const rooms = new Map<string, number>();
  for (const file of files) rooms.set(folderOf(file), (rooms.get(folderOf(file)) ?? 0) + 1);
  for (const [room, count] of rooms) expect(count, room).toBeLessThanOrEqual(16);
});

/** Imports go one way: a file imports from its own folder or from a layer to its left. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { caseSchema } from '../src/plan/input/plan-case.js';
import { signaturesIn } from './signatures.js';

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
  ['sequence'],
  ['render', 'io'],
  ['plan/asked'],
  ['plan/input'],
  ['plan/patient'],
  ['plan/constraint', 'plan/field'],
  ['plan/problem'],
  ['plan/delivery'],
  ['plan/technique'],
  ['plan/evaluation'],
  ['plan/exchange'],
  ['plan'],
  ['plan/sweep'],
  ['report'],
  ['page', 'validate', 'study'],
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

const signatures = filesIn(src)
  .filter((file) => !file.endsWith('.as.ts'))
  .map((file) => ({ file: relative(src, file), found: signaturesIn(readFileSync(file, 'utf8')) }));

test('no function has more than six parameters but kernels, which are called for every voxel, row or line', () => {
  const kernels = [
    'dose/kernel-table.ts: addCorners4',
    'dose/map-row.ts: addRow',
    'dose/pencil-beam.ts: weighPoints',
    'evaluate/dose-bound.ts: ofPlainCell',
    'evaluate/dose-sample.ts: sampleStretch',
    'evaluate/gamma-cell.ts: visit',
    'evaluate/part-heap.ts: push',
    'evaluate/radix-sort.ts: sortDigit',
    'evaluate/structure-cells.ts: addOccupied',
    'geometry/resample-rigid.ts: sampleInside',
    'geometry/resample-rigid.ts: sampleLine',
    'geometry/scan-lines.ts: add',
    'geometry/solid.ts: sideOfBox',
    'geometry/voxelize-solid.ts: insideFraction',
    'geometry/voxelize.ts: accumulateSide',
    'optimize/dense-kernel.ts: addRows',
    'optimize/dense-kernel.ts: makeReady',
    'phantom/paint.ts: fill',
    'phantom/paint.ts: narrow',
  ];
  const wide = signatures.flatMap(({ file, found }) =>
    found.filter(({ parameters }) => parameters.length > 6).map(({ name }) => `${file}: ${name}`),
  );
  expect([...new Set(wide)].sort()).toEqual(kernels);
});

test('a function of planning names what it reads of a case; the whole one is for its input, the job and sweeps', () => {
  const rooms = ['plan/input', 'plan/sweep', 'plan'];
  const takesWhole = (parameter: string): boolean =>
    /\bPlanCase\b/.test(parameter.replace(/\bPick<\s*PlanCase\b|\bPlanCase\[/g, ''));
  const whole = signatures.flatMap(({ file, found }) =>
    rooms.includes(folderOf(join(src, file)))
      ? []
      : found.filter(({ parameters }) => parameters.some(takesWhole)).map(({ name }) => `${file}: ${name}`),
  );
  expect(whole).toEqual([]);
  // Nor does the whole come by another name.
  const fields = Object.keys((caseSchema() as unknown as { properties: object }).properties).length;
  for (const file of filesIn(src)) {
    const source = readFileSync(file, 'utf8');
    const other = /(?:type \w+ = |extends )(?:Omit<|Readonly<|Partial<)?PlanCase\b(?!\[)/.exec(source)?.[0];
    expect(other, relative(src, file)).toBeUndefined();
    for (const [part] of source.matchAll(/Pick<\s*PlanCase,[^>]*>/g)) {
      expect(part.split('|').length, `${relative(src, file)}: ${part}`).toBeLessThanOrEqual(fields / 2);
    }
  }
});

test('one place each: what is done once is not written again', () => {
  const places: readonly [what: string, pattern: RegExp, where: readonly string[]][] = [
    ['a rounded number', /\bNumber\([^;]*?\.to(?:Fixed|Precision)\(/, ['core/rounding.ts']],
    ['axes', /\bcreateAxes\(/, ['render/axis.ts', 'render/beams-eye.ts', 'render/line-chart.ts']],
    [
      'a solve of a plan',
      /^plan\/[\s\S]*\bsolve\(/,
      [
        'plan/delivery/field-in-field.ts',
        'plan/delivery/plan-arc.ts',
        'plan/delivery/plan-segments.ts',
        'plan/delivery/plan-windows.ts',
        'plan/technique/fcrt.ts',
        'plan/technique/imrt.ts',
        'plan/technique/prepared-technique.ts',
      ],
    ],
    ['a case made up from another', /\.\.\.plan(?:Case)?[,\s]/, []],
    [
      'dose that is cut at zero on its grid',
      /data\[.*\]!? = Math\.max\(0, /,
      ['geometry/volume.ts', 'plan/problem/drawn-prescription.ts'],
    ],
    ['the centre of a voxel', /origin\[\w+\]!? \+ \w+(?:\[\w+\]!)? \* [\w.]*spacing\[/, ['geometry/grid.ts']],
  ];
  for (const [what, pattern, where] of places) {
    const found = filesIn(src)
      .filter((file) => !file.endsWith('.as.ts'))
      .map((file) => relative(src, file))
      .filter((file) => pattern.test(`${file}\n${readFileSync(join(src, file), 'utf8')}`));
    expect(found.sort(), what).toEqual([...where]);
  }
});

test('signatures are read from functions, methods, arrows and types of functions', () => {
  const source = `export function f(a: number, { b, c }: Pick<PlanCase, 'goals'> = {}): void {}
class K { constructor(private readonly x: string) {} m(a?: number, ...rest: string[]) { return (q: PlanCase) => q; } }
interface I { g(a: number, b: number): void; readonly h: (plan: PlanCase) => void }`;
  expect(signaturesIn(source).map(({ name, parameters }) => [name, ...parameters])).toEqual([
    ['f', 'a: number', "{ b, c }: Pick<PlanCase, 'goals'> = {}"],
    ['constructor', 'private readonly x: string'],
    ['m', 'a?: number', '...rest: string[]'],
    ['m', 'q: PlanCase'],
    ['g', 'a: number', 'b: number'],
    ['h', 'plan: PlanCase'],
  ]);
});

test('arrays have a door of their own, through which alone code comes that is compiled at run time', () => {
  const users = filesIn(src).filter((file) => {
    const text = readFileSync(file, 'utf8');
    return /from '(ndarray|ndarray-ops|cwise)'|\/ndarray-view\.js'|new Function|\beval\(/.test(
      text.replaceAll(/^\s*(\*|\/\/).*$/gm, ''),
    );
  });
  expect(users.map((file) => relative(src, file))).toEqual(['io/ndarray-view.ts', 'ndarray.ts']);
});

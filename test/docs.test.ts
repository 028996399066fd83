/** The documentation is true: links lead somewhere, generated parts are what the program says now, code compiles and runs. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { apiPages } from '../bench/docs/api-pages.js';
import { fillPage, fillPages } from '../bench/docs/pages.js';
import { schemaTable } from '../bench/docs/schema-table.js';
import { validationParts } from '../bench/docs/validation-parts.js';
import { parsePhantom } from '../src/phantom/spec.js';
import { parseCourses } from '../src/plan/input/courses-file.js';
import { parseFields } from '../src/plan/input/fields-file.js';
import { goalFileSchema, parseGoalFile } from '../src/plan/input/goals-file.js';
import { parseCase } from '../src/plan/input/parse-case.js';
import { parseStudy } from '../src/plan/input/study-file.js';
import { codeBlocks, headingAnchors, linksOf } from './docs/markdown.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const inFolder = (folder: string, end: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(end))
    .map((name) => `${folder}/${name}`);
const pages = ['README.md', 'CHANGELOG.md', 'examples/README.md', 'phantoms/README.md', ...inFolder('docs', '.md')];
const reference = inFolder('docs/api', '.md');
const blocks = pages.flatMap((page) => codeBlocks(textOf(page)).map((block) => ({ ...block, page })));

test('the README is of one screen and its details: at most 160 lines', () => {
  expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(160);
});

test.each([...pages, ...reference])('every link of %s leads to a file, and to a heading in it', (page) => {
  const lost = linksOf(textOf(page)).filter((target) => {
    const [path, anchor] = target.split('#') as [string, string?];
    const file = path === '' ? page : relative(root, join(root, dirname(page), path));
    if (file.startsWith('..') || !existsSync(join(root, file))) return true;
    return anchor !== undefined && !headingAnchors(textOf(file)).has(anchor);
  });
  expect(lost).toEqual([]);
});

test('files of the source that pages name are there', () => {
  const named = pages.flatMap((page) => {
    if (page === 'CHANGELOG.md') return [];
    return [...textOf(page).matchAll(/`((?:src|test|bench|phantoms)\/[\w./-]+)`/g)].map(
      ([, path]) => `${path} in ${page}`,
    );
  });
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !existsSync(join(root, name.split(' ')[0]!)))).toEqual([]);
});

test('what is shipped links to nothing that is not', () => {
  const { files } = JSON.parse(textOf('package.json')) as { readonly files: readonly string[] };
  const targets = [...pages, ...reference].flatMap((page) =>
    linksOf(textOf(page)).map((target) => relative(root, join(root, dirname(page), target.split('#')[0]!))),
  );
  const isShipped = (file: string): boolean => files.some((kept) => file === kept || file.startsWith(`${kept}/`));
  expect(targets.filter((file) => file !== '' && !pages.includes(file) && !isShipped(file))).toEqual([]);
});

test('every page is in the index', () => {
  const listed = new Set(linksOf(textOf('docs/README.md')).map((target) => `docs/${target}`));
  expect(
    [...inFolder('docs', '.md'), ...reference].filter((page) => page !== 'docs/README.md' && !listed.has(page)),
  ).toEqual([]);
});

describe('generated parts', () => {
  test('are what the program says of itself: `npm run docs` changes nothing', async () => {
    const made = await fillPages(new URL('../docs/', import.meta.url));
    const schemas = ['case', 'fields', 'goals', 'courses', 'study', 'phantom', 'inspection'].map(
      (name) => `schema/${name}.json`,
    );
    expect([...made.keys()]).toEqual(['cli.md', 'case.md', 'evaluate.md', ...schemas]);
    for (const [name, { was, is }] of made) expect(was, name).toBe(is);
    // Not between marks that nobody fills.
    expect(made.get('cli.md')!.is).toContain('### respine plan\n\n```text\nUsage: respine plan [options] [case]');
    expect(made.get('case.md')!.is).toContain('| `prescription.dose` | number > 0, <= 200 | `39.6` |');
    expect(made.get('evaluate.md')!.is).toContain('| `goals[].variation` | text or number |  | A weaker limit');
    expect(made.get('case.md')!.is).toContain(
      '| `parts[].shape.kind` | `box`, `ellipsoid`, `column`, `tube`, `ring-sector` | required |',
    );
    expect(JSON.parse(made.get('schema/goals.json')!.is)).toEqual(goalFileSchema());
  });

  test('the reference is what the declarations say, a page per door', () => {
    const made = apiPages(root);
    expect([...made.keys()].sort()).toEqual(reference.map((page) => page.replace('docs/api/', '')).sort());
    for (const [name, page] of made) expect(textOf(`docs/api/${name}`), name).toBe(page);
    expect(made.get('dvh.md')).toContain('### createStructureDvh\n\nThe DVH of one structure.');
  });

  test('what validation misses is said first', () => {
    const table = (margin: string): string =>
      `# V\n\n## Slabs, parallel beam\n\n| q | r | d | a | m | f | w |\n|---|\n| axis | MC | 3 % | 2 % | ${margin} |  | 5 mm |\n`;
    const parts = validationParts(table('**missed** -50 %'), new Date('2026-11-30'));
    expect(parts.get('missed')).toContain(
      'on 2026-11-30, with the reference folder. **Missed**:\n\n- axis: 3 %, allowed 2 % (5 mm)',
    );
    expect(parts.get('measured-slabs-parallel-beam')).toMatch(/^\| q \|.* 5 mm \|$/s);
    expect(validationParts(table('10 %'), new Date()).get('missed')).toContain('No line is missed.');
    const marks = [...textOf('docs/validation.md').matchAll(/<!-- made: (\S+) -->\n\n(\S)/g)].map(([, name]) => name);
    expect(marks).toContain('missed');
    expect(marks.length).toBeGreaterThan(7);
  });

  test('a field without a sentence is noticed; a place that a sentence names is a link', () => {
    const capOf = (description?: string) => ({
      type: 'object',
      properties: { cap: { type: 'number', minimum: 0, default: 2, ...(description && { description }) } },
    });
    const line = (sentence: string): string =>
      schemaTable(capOf(sentence), [], (place) => `[there](${place})`).split('\n')[2]!;
    expect(line('Gy.')).toBe('| `cap` | number >= 0 | `2` | Gy. |');
    expect(line('Gy: docs/retreatment.md#limits-by-name.')).toBe(
      '| `cap` | number >= 0 | `2` | Gy: [there](docs/retreatment.md#limits-by-name). |',
    );
    expect(() => schemaTable(capOf())).toThrow('fields without a sentence: cap');
    expect(() => fillPage('<!-- made: nothing -->\n<!-- end -->', new Map())).toThrow('no part is called nothing');
  });
});

describe('code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'respine-docs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const scripts = blocks
    .filter(({ language }) => language === 'ts' || language === 'js')
    .map((block) => ({ ...block, name: `${block.page.replaceAll(/[/.]/g, '-')}-${block.line}` }));

  test('JSON parses, and is a request that is taken', () => {
    const json = blocks.filter(({ language }) => language === 'json');
    expect(json.length).toBeGreaterThan(4);
    for (const { code, page, line } of json) {
      const request: unknown = JSON.parse(code);
      const takers = readers.filter((read) => isTaken(read, request));
      expect(takers.length, `${page}:${line}`).toBeGreaterThan(0);
    }
  });

  test('scripts and examples compile against the public types', () => {
    expect(scripts.length).toBeGreaterThan(3);
    layProgram(folder, scripts);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    expect(outcome([compiler, '-p', folder], folder)).toBe('');
  }, 60_000);

  const run = scripts.filter(({ isRun }) => isRun);
  test.each(run)(
    '$page:$line runs',
    ({ name }) => {
      const text = outcome([join(folder, 'out', `${name}.js`)], folder);
      if (name.startsWith('README')) {
        expect(text).toMatch(/^prescribed: 39\.6 Gy D50 +39\.\d\d Gy$/m);
        expect(readFileSync(join(folder, 'axial_imrt.png')).subarray(1, 4).toString()).toBe('PNG');
      } else expect(text).toBe('38.0 29.8\n');
    },
    120_000,
  );
  test('the README has one that runs', () => expect(run.some(({ page }) => page === 'README.md')).toBe(true));
});

const readers: readonly ((json: any) => unknown)[] = [
  parseCase,
  parseFields,
  parseStudy,
  parseCourses,
  parseGoalFile,
  parsePhantom,
];

function isTaken(read: (json: unknown) => unknown, request: unknown): boolean {
  try {
    read(request);
    return true;
  } catch {
    return false;
  }
}

/** One program of all scripts, in a folder where `respine` and its dependencies are installed. */
function layProgram(folder: string, scripts: readonly { name: string; language: string; code: string }[]): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'respine'), 'dir');
  for (const name of ['ndarray', 'ndarray-ops', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'src'));
  for (const { name, language, code } of scripts) writeFileSync(join(folder, 'src', `${name}.${language}`), code);
  for (const path of inFolder('examples', '.js')) {
    writeFileSync(join(folder, 'src', path.replace('/', '-')), textOf(path));
  }
  const compilerOptions = {
    ...(JSON.parse(textOf('tsconfig.json')) as { compilerOptions: object }).compilerOptions,
    // As in a project of a reader's: strict, but an index is taken at its word.
    ...{ noUncheckedIndexedAccess: false },
    ...{ noEmit: false, outDir: 'out', rootDir: 'src', allowJs: true, checkJs: true, moduleDetection: 'force' },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
}

/** What a node program prints; what it complains of, where it fails. */
function outcome(args: readonly string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `failed: ${stdout}${stderr}`;
  }
}

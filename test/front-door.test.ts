/** What the package lets out, read from the declarations that it ships: few names, each told, used and complete. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type DeclaredName,
  entriesOf,
  firstSentence,
  type PublicNames,
  readDeclarations,
} from '../bench/docs/declarations.js';
import {
  importsOfProgram,
  withoutImport,
  withoutSummary,
  withoutUnits,
  withoutUse,
  wordsOfPage,
} from './docs/front-door.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Texts of the files of a folder, and below it where asked for. */
function textsIn(folder: string, end: string, isDeep = false): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return isDeep ? textsIn(path, end, true) : [];
    return path.endsWith(end) ? [readFileSync(join(root, path), 'utf8')] : [];
  });
}

/** What pages (not those made of the declarations), examples, benches and the command line name. */
function usedNames(): ReadonlySet<string> {
  const pages = [readFileSync(join(root, 'README.md'), 'utf8'), ...textsIn('docs', '.md')];
  const programs = [...textsIn('examples', '.js'), ...textsIn('bench', '.ts', true), ...textsIn('src/cli', '.ts')];
  return new Set([...pages.flatMap(wordsOfPage), ...programs.flatMap(importsOfProgram)]);
}

describe('the package', () => {
  const names = readDeclarations(entriesOf(root));

  test('lets out few names: at most 60 for the main job, at most 322 in all, types included', () => {
    expect(names.get('respine')!.length).toBeLessThanOrEqual(60);
    expect([...names.values()].flat().length).toBeLessThanOrEqual(322);
  });
  test('lets out these', () => {
    const listed = [...names].map(([entry, of]) => [entry, of.map(({ name }) => name).sort()]);
    expect(Object.fromEntries(listed)).toMatchSnapshot();
  });
  test('says of each in a sentence what it is', () => expect(withoutSummary(names)).toEqual([]));
  test('says of each number that it takes what it is, with its unit', () => expect(withoutUnits(names)).toEqual([]));
  test('lets out every type that a signature needs', () => expect(withoutImport(names)).toEqual([]));
  test('opens every door at run time, to the values that it declares, and the phantoms as data', () => {
    const doors = [...names.keys()];
    const script = `
      const doors = ${JSON.stringify(doors)};
      const values = await Promise.all(doors.map(async (door) => Object.keys(await import(door)).sort()));
      const { default: phantom } = await import('respine/phantoms/spine-t8.json', { with: { type: 'json' } });
      console.log(JSON.stringify({ values, phantom: phantom.name }));`;
    const printed = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
      cwd: root,
      encoding: 'utf8',
    });
    const isValue = ({ kind }: DeclaredName): boolean => kind !== 'interface' && kind !== 'type';
    expect(JSON.parse(printed)).toEqual({
      values: doors.map((door) =>
        names
          .get(door)!
          .filter(isValue)
          .map(({ name }) => name)
          .sort(),
      ),
      phantom: 'spine-t8',
    });
  });
  test('ships declarations that a strict project which checks its libraries compiles', () => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const files = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.d.ts'));
    const flags = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023'];
    const { stdout } = spawnSync(
      process.execPath,
      [compiler, '--ignoreConfig', '--noEmit', ...flags, '--types', 'node', ...files.map((name) => `dist/${name}`)],
      { cwd: root, encoding: 'utf8' },
    );
    expect(files.length).toBeGreaterThan(10);
    expect(stdout).toBe('');
  }, 60_000);
  test('lets out nothing that neither a page, an example, a bench nor the command line uses', () =>
    expect(withoutUse(names, usedNames())).toEqual([]));
});

describe('the rules', () => {
  /** Declarations of a package of two files, as its entry lets them out. */
  const declared = (text: string, other = ''): PublicNames => {
    const files = new Map([
      ['/p/index.d.ts', text],
      ['/p/other.d.ts', other],
    ]);
    return readDeclarations(new Map([['p', '/p/index.d.ts']]), (path) => files.get(path));
  };

  test('a name without a sentence is found, and a method of a class; a private one is not asked', () => {
    const names = declared(`
      /** Dose of a field, Gy. More. */
      export declare function dose(): void;
      /** @throws {Error} where it is late */
      export declare function silent(): void;
      export interface Bare { readonly a: string }
      /** Holds rays. */
      export declare class Tracer {
        private own;
        trace(): void;
        /** Lets go of them. */
        close(): void;
      }`);
    expect(withoutSummary(names)).toEqual(['silent', 'Bare', 'Tracer.trace']);
    expect(names.get('p')![3]!.signature).not.toContain('own');
  });

  test('a number without a unit is found: as a parameter, in an object in place, in an interface that is taken', () => {
    const names = declared(`
      /**
       * Sums. @see nothing
       *
       * @param told Gy
       * @param place.b mm
       */
      export declare function sum(told: number, untold: readonly number[], text: string, out?: Float64Array): void;
      /**
       * Places.
       *
       * @param place.b mm
       */
      export declare function put(place: { b: number }, other: { c: number }, options?: Options): void;
      /** Taken. */
      export interface Options {
        /** mm */
        readonly a?: number;
        readonly b?: number | undefined;
      }
      /** Given. */
      export interface Result { readonly c: number }`);
    expect(withoutUnits(names)).toEqual(['sum(untold)', 'sum(out)', 'put(other)', 'Options.b']);
  });

  test('a type that cannot be imported is found: of a parameter, a result, a field, a parent, another file', () => {
    const names = declared(
      `
      import type { Far } from './other.js';
      import type { Foreign } from 'elsewhere';
      interface Hidden { readonly a: number }
      declare const schema: Hidden;
      export interface Known extends Hidden { readonly far: readonly Far[] }
      export declare function f<T>(a: T, b: Known, c: Foreign, d: Float64Array): typeof schema;
      export declare class K { private x: Hidden; get(): Map<string, Far>; }
      export { open } from './other.js';`,
      `
      export interface Far { readonly a: number }
      export declare function open(): Far;`,
    );
    expect(withoutImport(names)).toEqual(['Hidden of Known', 'Far of Known', 'Far of K', 'Far of open']);
  });

  test('a name that nobody uses is found; one that a signature needs is used', () => {
    const names = declared(`
      export interface Needed { readonly a: number }
      export interface Idle { readonly again?: Idle }
      export declare function used(): Needed;
      export declare function unused(): void;`);
    const page = 'Call `used()` and not unused.\n\n```ts\nconst Other = 1;\n```\n```json\n{ "unused": 1 }\n```';
    expect([...withoutUse(names, new Set(wordsOfPage(page)))].sort()).toEqual(['Idle', 'unused']);
    expect(importsOfProgram("import { a, type B } from 'x';\nimport type { C } from './y.js';")).toEqual([
      'a',
      'type',
      'B',
      'C',
    ]);
  });

  test('a sentence ends where a gap follows its stop', () => {
    expect(firstSentence('D0.03cc of a structure: the hot end. Then\nmore.')).toBe(
      'D0.03cc of a structure: the hot end.',
    );
    expect(firstSentence('One line\nand another\n\nNext.')).toBe('One line and another');
  });
});

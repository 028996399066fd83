/** Names under `src/` use the words of docs/glossary.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { namesIn, wordsOf } from './names.js';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Rule {
  readonly word: string;
  /** Folders that it is forbidden in, below `src/`; everywhere where there are none. */
  readonly folders: readonly string[];
  /** Names, files and folders that may have it. */
  readonly but: readonly string[];
}

const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, inside]) => inside!);

/** The third and fourth column: `word, word (in `folder/`, ...)` and `name`, `file.ts`, `folder/`. */
function rulesOf(page: string): Rule[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| word '))
    .flatMap((line) => {
      const [, never, but] = line.slice(2, -1).split(' | ').slice(1);
      const folders = quoted(/\(in (.*)\)/.exec(never!)?.[1] ?? '');
      const words = never!
        .replace(/\(in .*\)/, '')
        .split(',')
        .map((word) => word.trim());
      return words.filter((word) => word !== '').map((word) => ({ word, folders, but: quoted(but ?? '') }));
    });
}

function breaches(rules: readonly Rule[], file: string, source: string): string[] {
  return [...namesIn(source)].flatMap((name) =>
    rules
      .filter(({ word, folders, but }) => {
        if (!wordsOf(name).includes(word) || but.includes(name)) return false;
        if (folders.length > 0 && !folders.some((folder) => file.startsWith(folder))) return false;
        return !but.some((place) => place.includes('/') && file.startsWith(place));
      })
      .map(({ word }) => `${file}: ${name} (${word})`),
  );
}

const rules = rulesOf(readFileSync(join(root, 'docs/glossary.md'), 'utf8'));

test('the glossary is read: words, where they are forbidden, and where not', () => {
  expect(rules.length).toBeGreaterThan(20);
  expect(rules).toContainEqual({ word: 'cells', folders: ['beam/', 'dose/', 'influence/'], but: [] });
  expect(rules).toContainEqual({ word: 'lane', folders: [], but: ['io/dicom/uid.ts'] });
  expect(rules).toContainEqual({
    word: 'limit',
    folders: ['optimize/'],
    but: ['timeLimit', 'optimize/certificate.ts'],
  });
});

test('a forbidden word is found in whatever declares a name', () => {
  const source = `export function laneOf({ most: rungs = 1, ...pulls }: T, ...openings: number[]) { const [bends] = []; }
class WidthLadder { constructor(private readonly share: number) {} wish(): void {} }
interface A { readonly bixel: number; room(): void } type Allowance = 1;`;
  expect(breaches(rules, 'evaluate/x.ts', source).map((line) => line.replace(/^.*\((.*)\)$/, '$1'))).toEqual(
    expect.arrayContaining([
      'lane',
      'rungs',
      'pulls',
      'openings',
      'bends',
      'ladder',
      'wish',
      'bixel',
      'room',
      'allowance',
    ]),
  );
  expect(breaches(rules, 'dose/x.ts', 'const cellCount = 1;')).toEqual(['dose/x.ts: cellCount (cell)']);
  expect(breaches(rules, 'evaluate/x.ts', 'const cellCount = 1; const timeLimit = 2;')).toEqual([]);
});

test('every name under src/ is in the words of the glossary', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.as.ts') && !file.endsWith('.d.ts'),
  );
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) => breaches(rules, file, readFileSync(join(root, 'src', file), 'utf8')));
  expect(found).toEqual([]);
});

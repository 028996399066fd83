/**
 * The reference of the library, a page per entry, made of the declarations that the package ships: what a reader sees is what
 * the compiler sees. The order and the groups are those of the entry's source.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DeclaredName, entriesOf, readDeclarations } from './declarations.js';

/** A group of an entry's source: what is said of it, and its names. */
interface Group {
  readonly text: string;
  readonly names: readonly string[];
}

/**
 * Pages by their file's name in docs/api.
 *
 * @param root of the package, built
 */
export function apiPages(root: string): ReadonlyMap<string, string> {
  const entries = entriesOf(root);
  const names = readDeclarations(entries);
  const homes = new Map([...names].flatMap(([entry, of]) => of.map(({ id }) => [id, entry] as const)));
  return new Map(
    [...names].map(([entry, of]) => {
      const source = readFileSync(join(root, 'src', fileOf(entry, 'index.ts', '.ts')), 'utf8');
      return [fileOf(entry, 'respine.md', '.md'), pageOf(entry, source, of, homes)];
    }),
  );
}

/** `respine/dvh` is `dvh` with an end; the package's own entry has a name of its own. */
const fileOf = (entry: string, own: string, end: string): string =>
  entry.includes('/') ? `${entry.split('/')[1]}${end}` : own;

function pageOf(
  entry: string,
  source: string,
  names: readonly DeclaredName[],
  homes: ReadonlyMap<string, string>,
): string {
  const byName = new Map(names.map((name) => [name.name, name]));
  const parts = groupsOf(source).map(({ text, names: own }) =>
    [`## ${text.replace(/[.,]$/, '')}`, ...own.map((name) => sectionOf(entry, byName.get(name)!, homes))].join('\n\n'),
  );
  const head = `# ${entry}\n\n${aboutOf(source)}\n\nMade by \`npm run docs\` from the declarations of the package. [All entries](../library.md#the-doors)`;
  return `${[head, ...parts].join('\n\n')}\n`;
}

/** The docstring of the file, without its example. */
function aboutOf(source: string): string {
  const [, inner] = /\/\*\*([\s\S]*?)\*\//.exec(source)!;
  return inner!
    .replace(/^ *\* ?/gm, '')
    .replace(/```[\s\S]*```/, '')
    .trim();
}

/** A group is a comment and the names that are let out below it. */
function groupsOf(source: string): readonly Group[] {
  const body = source.replace(/\/\*\*[\s\S]*?\*\//, '');
  return body
    .split(/^\/\/ (?!biome-ignore)/m)
    .slice(1)
    .map((part) => {
      const [text, ...rest] = part.split('\n');
      const lists = [...rest.join('\n').matchAll(/\{([^}]*)\}/g)].map(([, list]) => list!.replace(/\btype /g, ''));
      return { text: text!, names: lists.flatMap((list) => list.match(/\w+/g) ?? []) };
    });
}

function sectionOf(entry: string, name: DeclaredName, homes: ReadonlyMap<string, string>): string {
  const code = `\`\`\`typescript\n${name.signature}\n\`\`\``;
  const elsewhere = name.needs.flatMap((id) => {
    const home = homes.get(id)!;
    const type = id.split('#')[1]!;
    return home === entry ? [] : [`[${type}](${fileOf(home, 'respine.md', '.md')}#${type.toLowerCase()})`];
  });
  const told = name.kind === 'function' ? (name.calls[0]?.parameters ?? []).filter(({ text }) => text !== '') : [];
  const rows = [
    ...told.map(({ name: parameter, text }) => `- \`${parameter}\`: ${plain(text)}`),
    ...name.tags.map(({ tag, text }) => `- ${tag} ${plain(text)}`),
  ];
  const types = elsewhere.length === 0 ? [] : [`Types of other entries: ${elsewhere.join(', ')}.`];
  return [`### ${name.name}`, plain(name.text), code, rows.join('\n'), ...types]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Links of docstrings are names. */
const plain = (text: string): string => text.replace(/\{@link (\S+?)\}/g, '`$1`');

/**
 * The generated parts of the documentation: between `<!-- made: NAME -->` and `<!-- end -->` a page holds what the program
 * says of itself, and nothing is written there by hand.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { schemas } from '../../dist/cli/schema.js';
import { type Schema, schemaTable } from './schema-table.js';

/** Pages with generated parts, in the documentation's folder. */
export const generatedPages = ['cli.md', 'case.md', 'evaluate.md'] as const;

/** From here, and from where this is built. */
const main = new URL('../../dist/cli/main.js', import.meta.url).href;

/**
 * The parts by name: text that stands between the marks.
 *
 * @param folder of the documentation, whose headings are the names of its places
 */
export async function makeParts(folder: URL): Promise<ReadonlyMap<string, string>> {
  const places = await placesIn(folder);
  const table = (schema: unknown, closed: readonly string[] = []): string =>
    schemaTable(schema as Schema, closed, (place) => {
      const known = places.get(place);
      if (known === undefined) throw new Error(`a sentence names ${place}, which is no place of the documentation`);
      return known;
    });
  return new Map([
    ['commands', await commandsText()],
    ['case-fields', table(schemas.case(), ['goals', 'retreatment.limits[].source'])],
    ['fields-fields', table(schemas.fields(), ['patient'])],
    ['study-fields', table(schemas.study())],
    ['courses-fields', table(schemas.courses())],
    ['goals-fields', table(schemas.goals())],
    ['phantom-fields', table(schemas.phantom())],
  ]);
}

/** Links of docs/case.md by the place that a sentence names, `docs/retreatment.md#robust-plans`: the heading, and where it is. */
async function placesIn(folder: URL): Promise<ReadonlyMap<string, string>> {
  const pages = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  const places = new Map([['phantoms/README.md', '[phantoms](../phantoms/README.md)']]);
  for (const page of pages) {
    const text = await readFile(new URL(page, folder), 'utf8');
    for (const [, marks, heading] of text.matchAll(/^(#+) (.*)$/gm)) {
      const anchor = heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const to = marks === '#' ? page : page === 'case.md' ? `#${anchor}` : `${page}#${anchor}`;
      const place = marks === '#' ? `docs/${page}` : `docs/${page}#${anchor}`;
      if (!places.has(place)) places.set(place, `[${heading!.split(':')[0]!}](${to})`);
    }
  }
  return places;
}

/** @throws {Error} for a mark whose part nobody makes */
export function fillPage(page: string, parts: ReadonlyMap<string, string>): string {
  return page.replace(
    /(<!-- made: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => {
      const part = parts.get(name);
      if (part === undefined) throw new Error(`no part is called ${name}`);
      return `${start}\n${part}\n\n${end}`;
    },
  );
}

interface Filled {
  /** Empty where there was none. */
  readonly was: string;
  readonly is: string;
}

/**
 * Pages and schemas by their names in the folder.
 *
 * @param folder of the documentation
 */
export async function fillPages(folder: URL): Promise<ReadonlyMap<string, Filled>> {
  const parts = await makeParts(folder);
  const pages = await Promise.all(
    generatedPages.map(async (name) => {
      const was = await readFile(new URL(name, folder), 'utf8');
      return [name, { was, is: fillPage(was, parts) }] as const;
    }),
  );
  const files = await Promise.all(
    Object.entries(schemas).map(async ([request, schema]) => {
      const name = `schema/${request}.json`;
      const was = await readFile(new URL(name, folder), 'utf8').catch(() => '');
      return [name, { was, is: `${JSON.stringify(schema(), null, 2)}\n` }] as const;
    }),
  );
  return new Map<string, Filled>([...pages, ...files]);
}

/** The help of every command, each under a heading. */
async function commandsText(): Promise<string> {
  const [overview] = await helpTexts([[]]);
  const names = [...overview!.matchAll(/^ {2}([a-z][a-z-]+) .*$/gm)].map(([, name]) => name!);
  const commands = names.filter((name) => name !== 'help');
  const texts = await helpTexts(commands.map((name) => [name]));
  return commands.map((name, c) => `### respine ${name}\n\n\`\`\`text\n${texts[c]!}\n\`\`\``).join('\n\n');
}

const SEPARATOR = '\f';

/**
 * Of one process, in which the command line runs once for each: starting node takes longer than all of it. What is printed is
 * not for a terminal, so that lines break at 80 columns.
 */
async function helpTexts(commands: readonly (readonly string[])[]): Promise<readonly string[]> {
  const script = `for (const [n, command] of ${JSON.stringify(commands)}.entries()) {
    process.argv = [process.execPath, 'respine', ...command, '--help'];
    await import(${JSON.stringify(main)} + '?' + n);
    process.stdout.write('${JSON.stringify(SEPARATOR).slice(1, -1)}');
  }`;
  // On its standard input: commander reads its arguments in another way from what is evaluated.
  const running = promisify(execFile)(process.execPath, ['--input-type=module']);
  running.child.stdin!.end(script);
  const { stdout } = await running;
  return stdout.split(SEPARATOR).map((text) => text.trim());
}

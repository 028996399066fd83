/**
 * The generated parts of the documentation: between `<!-- made: NAME -->` and `<!-- end -->` a page holds what the program
 * says of itself, and nothing is written there by hand.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { caseSchema, studySchema } from 'respine';
import { coursesSchema } from 'respine/biology';
import { fieldsSchema } from 'respine/dose';
import { caseNotes, coursesNotes, fieldsNotes, studyNotes } from './case-notes.js';
import { type Schema, schemaTable } from './schema-table.js';

/** Pages with generated parts, in the documentation's folder. */
export const generatedPages = ['cli.md', 'case.md'] as const;

/** From here, and from where this is built. */
const main = new URL('../../dist/cli/main.js', import.meta.url).href;

/** The parts by name: text that stands between the marks. */
export async function makeParts(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['commands', await commandsText()],
    ['case-fields', schemaTable(caseSchema() as Schema, caseNotes, ['goals', 'retreatment.limits[].source'])],
    ['fields-fields', schemaTable(fieldsSchema() as Schema, fieldsNotes, ['patient'])],
    ['study-fields', schemaTable(studySchema() as Schema, studyNotes)],
    ['courses-fields', schemaTable(coursesSchema() as Schema, coursesNotes)],
  ]);
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

/** @param folder of the documentation */
export async function fillPages(
  folder: URL,
): Promise<ReadonlyMap<string, { readonly was: string; readonly is: string }>> {
  const parts = await makeParts();
  const pages = await Promise.all(
    generatedPages.map(async (name) => {
      const was = await readFile(new URL(name, folder), 'utf8');
      return [name, { was, is: fillPage(was, parts) }] as const;
    }),
  );
  return new Map(pages);
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

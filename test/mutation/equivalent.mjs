/** The mutants that no test could notice, each with its reason: equivalent.json, by file and the text of the line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const listed = JSON.parse(readFileSync(new URL('equivalent.json', import.meta.url), 'utf8'));

/** @returns {string | undefined} why it is equivalent */
export function isEquivalent(root, { file, start, end, to }) {
  const own = listed.filter((entry) => entry.file === file);
  if (own.length === 0) return undefined;
  const source = readFileSync(join(root, file), 'utf8');
  const from = source.lastIndexOf('\n', start - 1) + 1;
  const until = source.indexOf('\n', end);
  const was = source.slice(from, until).trim();
  const became = (source.slice(from, start) + to + source.slice(end, until)).trim();
  return own.find((entry) => entry.was === was && entry.became === became)?.why;
}

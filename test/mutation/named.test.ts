/** The named changes of the mutation test stand where they are looked for, so that each can be tried. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface NamedChange {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const named = JSON.parse(readFileSync(root('test/mutation/named.json'), 'utf8')) as NamedChange[];

test.each(named)('$name: once in its file, with tests that there are', ({ file, from, to, tests }) => {
  expect(readFileSync(root(file), 'utf8').split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
  for (const path of tests) expect(existsSync(root(path)), path).toBe(true);
});

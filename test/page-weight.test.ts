/** What a web page loads: the door that checks a case is light, and what only tells editors stays outside. */
import { describe, expect, test } from 'vitest';
import { weighPage } from '../bench/page/weigh.js';

const filesOf = (files: ReadonlyMap<string, number>, part: RegExp): string[] =>
  [...files].filter(([path, bytes]) => bytes > 0 && part.test(path)).map(([path]) => path);

describe('a page that plans', async () => {
  const { bytes, packages, files } = await weighPage("export { runPlan, parseCase } from 'respine'");

  // The page plans objectives, constraints, priorities and several targets of a case too: 458.5 kB, 476.5 with compact rows, 513.5 with
  // segments and what keeps constraints that can just be kept.
  test('weighs at most 580 kB, 45 of them zod', () => {
    expect(bytes).toBeLessThan(580_000);
    expect(packages.get('zod')).toBeGreaterThan(10_000);
    expect(packages.get('zod')).toBeLessThan(45_000);
  });

  test('speaks one language, and brings nothing that writes JSON Schema', () => {
    expect(filesOf(files, /zod\/.*locales\//)).toEqual(['node_modules/zod/v4/locales/en.js']);
    expect(filesOf(files, /zod\/.*(json-schema|classic)/)).toEqual([]);
    // The other requests of the command line.
    expect(filesOf(files, /(courses|fields|goals|study)-file/)).toEqual([]);
  });
});

test('a page that asks for the schema gets what writes it', async () => {
  const { files, packages } = await weighPage("export { caseSchema } from 'respine'");
  expect(filesOf(files, /zod\/.*json-schema/)).not.toEqual([]);
  expect(packages.get('zod')).toBeLessThan(90_000);
});

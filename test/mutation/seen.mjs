/** Set up before a test file whose reach is measured: which blocks does each of its tests run? */
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach } from 'vitest';

const { RESPINE_SEEN_BLOCKS: blocks, RESPINE_SEEN_FILE: file } = process.env;
const seen = new Uint8Array(Number(blocks));
globalThis.__seen = seen;

const took = () => {
  const list = [];
  for (let i = 0; i < seen.length; i++) if (seen[i] !== 0) list.push(i);
  seen.fill(0);
  return list;
};
/** What runs outside of the tests, on import and before them, belongs to them all. */
const outside = new Set();
const byTest = {};

beforeEach(() => {
  for (const block of took()) outside.add(block);
});
afterEach(({ task }) => {
  byTest[nameOf(task)] = took();
});
afterAll(() => {
  for (const block of took()) outside.add(block);
  writeFileSync(file, JSON.stringify({ outside: [...outside], byTest }));
});

/** As the pattern of names sees it: the suites and the test, a space between. */
function nameOf(task) {
  const { suite } = task;
  return suite ? `${nameOf(suite)} ${task.name}` : task.name;
}

/** Which test runs which block of the sources, and how long it takes: measured when first asked for, and kept. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockAt, blocksOf } from './blocks.mjs';
import { createEngine } from './engine-process.mjs';
import { readLines } from './lines.mjs';
import { sourcesOf } from './tree.mjs';

/** Of a test file: what starting it costs beside its tests, which are quick enough to be taken whole. */
const WHOLE = 2;

/**
 * @param {string} kept the file of what was measured before
 * @param {number} longest seconds that a test file may take to be used at all
 */
export function createReach(root, tests, kept, longest) {
  const sources = sourcesOf(root);
  const blocks = new Map(sources.map((file) => [file, blocksOf(readFileSync(join(root, file), 'utf8'))]));
  const first = {};
  let count = 0;
  for (const [file, own] of blocks) {
    first[file] = count;
    count += own.length;
  }
  /** Of all sources: what a test runs of them is measured anew when any has changed. */
  const sourcesHash = hashOf(root, sources);
  const marked = join(root, '..', 'blocks.json');
  writeFileSync(marked, JSON.stringify(first));
  const seenFile = join(root, '..', 'seen.json');
  const engine = createEngine(root, [marked]);
  const known = new Map(readLines(kept).map((entry) => [entry.test, entry]));

  const measure = async (test) => {
    rmSync(seenFile, { force: true });
    const started = Date.now();
    const run = await engine.run({ test, seenFile, blocks: count }, longest);
    const seconds = (Date.now() - started) / 1000;
    const isUsed = run !== undefined && existsSync(seenFile) && run.errors.length === 0;
    if (!isUsed) return { tests: [], seconds, failed: (run?.errors ?? ['too slow']).concat().join('; ').slice(0, 200) };
    const { outside, byTest } = JSON.parse(readFileSync(seenFile, 'utf8'));
    const inTests = run.results.reduce((sum, one) => sum + one.seconds, 0);
    return {
      seconds,
      around: Math.max(0, seconds - inTests),
      outside,
      tests: run.results
        .filter(({ state }) => state === 'passed')
        .map(({ name, seconds: own }) => ({ name, seconds: own, blocks: byTest[name] ?? [] })),
      failed: run.results.filter(({ state }) => state !== 'passed').map(({ name }) => name),
    };
  };

  return {
    /** Measures what is not known yet. */
    async complete() {
      for (const test of tests) {
        const hash = `${sourcesHash} ${hashOf(root, [test])}`;
        const before = known.get(test);
        if (before?.hash === hash && (before.tests.length > 0 || before.longest >= longest)) continue;
        const entry = { test, hash, longest, ...(await measure(test)) };
        known.set(test, entry);
        appendFileSync(kept, `${JSON.stringify(entry)}\n`);
        process.stderr.write(
          `reach of ${test}: ${entry.seconds.toFixed(1)} s, ${entry.tests.length} tests ${entry.failed}\n`,
        );
      }
      engine.end();
    },
    /** The runs that reach a place of a source, in no order: a test file, its tests (all if undefined), seconds. */
    runsOf(file, place) {
      const block = first[file] + blockAt(blocks.get(file), place);
      const runs = [];
      for (const test of tests) {
        const { tests: own, outside = [], around } = known.get(test);
        if (own.length === 0) continue;
        const isOutside = outside.includes(block);
        const reaching = own.filter((one) => isOutside || one.blocks.includes(block));
        if (reaching.length === 0) continue;
        // What a test computed first is often kept for the next ones, which then do not reach it themselves.
        const inAll = around + sum(own);
        const used = inAll <= WHOLE ? own : reaching;
        runs.push({ test, names: used.map(({ name }) => name), own: used, around, seconds: around + sum(used) });
      }
      return runs;
    },
  };
}

const sum = (tests) => tests.reduce((total, { seconds }) => total + seconds, 0);

function hashOf(root, files) {
  const hash = createHash('sha1');
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/**
 * Mutation test: changes one operator, constant or condition of a copy of the tree, and sees whether a test fails.
 *
 *     npm run test:mutation [-- COUNT SEED]     a seeded sample of all mutants; the same seed goes on where it ended
 *         --folder optimize               only of that folder
 *         --again                         tries survivors anew, after tests were added
 *         --longest 120           seconds that a test file may take to be used at all; those of one mutant half as much more
 *     npm run test:mutation -- named [PART]      the changes of named.json, each of which has to be noticed
 *
 * A mutant is tried against the nearest tests (by imports) that run its line, the quick ones, so that it costs seconds. One
 * that another test would have noticed counts as a survivor: the score is a lower bound. A run that does not end counts
 * as noticed. Results are kept as JSON lines in out/mutation, one file per seed.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutants.mjs';
import { isSurvivor, tableOf } from './table.mjs';
import { copyTree, ROOT, sourcesOf, testsBySource } from './tree.mjs';
import { measureTest, runTests } from './vitest.mjs';

/** Test files that are tried on one mutant, and looked at for it. */
const MOST_TESTS = 3;
const MOST_LOOKED_AT = 5;

const folder = join(ROOT, 'out', 'mutation');
mkdirSync(folder, { recursive: true });
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string' },
    again: { type: 'boolean', default: false },
    longest: { type: 'string', default: '40' },
  },
});
const isNamed = positionals[0] === 'named';
const [count, seed] = isNamed ? [0, 0] : [positionals[0] ?? 40, positionals[1] ?? 1].map(Number);
const only = values.folder;
/** Seconds that a test file may take to be used at all, and all those of one mutant together. */
const longest = Number(values.longest);
const together = 1.5 * longest;
if (!isNamed && !(Number.isInteger(count) && count > 0 && Number.isInteger(seed))) {
  process.stderr.write('mutation: COUNT and SEED are whole numbers, as in npm run test:mutation -- 40 1.\n');
  process.exit(2);
}

const { folder: temporary, copy } = copyTree();
process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const measuredFile = join(folder, 'tests.jsonl');
const measured = new Map(readLines(measuredFile).map((entry) => [entry.test, entry]));
const tests = testsBySource(copy);
/** Of all sources: what a test runs of them is measured anew when any has changed. */
const sourcesHash = hashOf(...sourcesOf(copy));
if (isNamed) await tryNamed();
else await trySample();

async function trySample() {
  const file = join(folder, `${only ? `${only}-` : ''}seed-${seed}.jsonl`);
  const done = new Map(readLines(file).map((result) => [result.id, result]));
  const { all, sample } = sampleOf(count, seed);
  for (const mutant of sample) {
    const known = done.get(mutant.id);
    if (known !== undefined && !(values.again && isSurvivor(known))) continue;
    const result = { ...mutant, ...(await tryMutant(mutant)) };
    done.set(mutant.id, result);
    appendFileSync(file, `${JSON.stringify(result)}\n`);
    process.stderr.write(`${done.size}/${count} ${result.outcome.padEnd(8)} ${mutant.id}\n`);
  }
  process.stdout.write(
    tableOf(
      sample.map(({ id }) => done.get(id)),
      all,
      seed,
    ),
  );
}

/** Every change of named.json: noticed by the tests that stand beside it, within their time. */
async function tryNamed() {
  const named = JSON.parse(readFileSync(fileURLToPath(new URL('named.json', import.meta.url)), 'utf8'));
  let survivors = 0;
  const wanted = positionals[1] ?? '';
  for (const { name, file, from, to, tests: files } of named.filter((change) => change.name.includes(wanted))) {
    const source = readFileSync(join(copy, file), 'utf8');
    if (source.split(from).length !== 2) {
      throw new Error(`mutation: "${from}" does not stand once in ${file}. Mend named.json: ${name}.`);
    }
    const { outcome, seconds } = await withSource(
      file,
      source.replace(from, () => to),
      () => runTests(copy, files, 120),
    );
    if (outcome === 'passed') survivors++;
    process.stdout.write(`${outcome === 'passed' ? 'survived' : 'killed'}  ${seconds.toFixed(1)} s  ${name}\n`);
  }
  process.exitCode = survivors === 0 ? 0 : 1;
}

async function tryMutant({ file, start, end, line, to }) {
  const used = await testsOf(file, line);
  if (used.length === 0) return { outcome: 'unseen', tests: [], seconds: 0 };
  const source = readFileSync(join(copy, file), 'utf8');
  const changed = source.slice(0, start) + to + source.slice(end);
  const files = used.map(({ test }) => test);
  const limit = 20 + 3 * used.reduce((sum, { seconds }) => sum + seconds, 0);
  const { outcome, seconds } = await withSource(file, changed, () => runTests(copy, files, limit));
  return {
    outcome: outcome === 'passed' ? 'survived' : outcome === 'failed' ? 'killed' : 'timeout',
    tests: files,
    seconds,
  };
}

async function withSource(file, changed, use) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, changed);
  try {
    return await use();
  } finally {
    writeFileSync(path, source);
  }
}

/** The nearest test files that run a line and are quick enough, measured when first asked for. */
async function testsOf(file, line) {
  const used = [];
  let sum = 0;
  let looked = 0;
  for (const { test } of tests.get(file) ?? []) {
    const hash = `${sourcesHash} ${hashOf(test)}`;
    const known = measured.get(test);
    if (known?.hash !== hash || (!known.passed && known.longest < longest)) {
      const entry = { hash, longest, ...(await measureTest(copy, test, longest)) };
      measured.set(test, entry);
      appendFileSync(measuredFile, `${JSON.stringify(entry)}\n`);
    }
    const { passed, seconds, lines } = measured.get(test);
    // Too slow, or not to be had on this machine.
    if (!passed) continue;
    if (++looked > MOST_LOOKED_AT) break;
    if (!lines[file]?.includes(line) || sum + seconds > together) continue;
    used.push({ test, seconds });
    sum += seconds;
    if (used.length === MOST_TESTS) break;
  }
  return used.sort((a, b) => a.seconds - b.seconds);
}

/** The first mutants of all in an order that the seed shuffles: a larger sample goes on from a smaller one. */
function sampleOf(size, from) {
  const all = sourcesOf(copy)
    .filter((file) => only === undefined || file.startsWith(`src/${only}/`))
    .flatMap((file) =>
      mutantsOf(readFileSync(join(copy, file), 'utf8')).map((mutant) => ({
        id: `${file}:${mutant.line}:${mutant.start} ${mutant.from} -> ${mutant.to}`,
        file,
        ...mutant,
      })),
    );
  const order = [...all];
  const random = mulberry32(from);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return { all: all.length, sample: order.slice(0, size) };
}

function hashOf(...files) {
  const hash = createHash('sha1');
  for (const file of files) hash.update(readFileSync(join(copy, file)));
  return hash.digest('hex');
}

function mulberry32(from) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function readLines(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

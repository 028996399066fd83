/**
 * Mutation test: changes one operator, constant or condition of a copy of the tree, and sees whether a test fails.
 *
 *     npm run test:mutation [-- COUNT SEED]     a seeded sample of all mutants; the same seed goes on where it ended
 *         --folder optimize               only of that folder
 *         --again                         tries survivors anew, after tests were added
 *         --left                          tries survivors against the tests that there was no time for
 *         --longest 150                   seconds that a test file may take to be used at all
 *         --together 45                   seconds of tests that one mutant is tried against
 *     npm run test:mutation -- named [PART]      the changes of named.json, each of which has to be noticed
 *
 * A mutant is tried against the tests that run its block, the quick and near ones first, in one vitest that stays alive. One
 * that another test would have noticed counts as a survivor: the score is a lower bound. A run that does not end counts
 * as noticed. Results are kept as JSON lines in out/mutation, one file per seed.
 */
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createEngine } from './engine-process.mjs';
import { isEquivalent } from './equivalent.mjs';
import { readLines } from './lines.mjs';
import { mutantsOf } from './mutants.mjs';
import { createReach } from './reach.mjs';
import { isSurvivor, tableOf } from './table.mjs';
import { copyTree, ROOT, sourcesOf, testsBySource } from './tree.mjs';

const folder = join(ROOT, 'out', 'mutation');
mkdirSync(folder, { recursive: true });
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string' },
    again: { type: 'boolean', default: false },
    left: { type: 'boolean', default: false },
    longest: { type: 'string', default: '150' },
    together: { type: 'string', default: '45' },
  },
});
const isNamed = positionals[0] === 'named';
const [count, seed] = isNamed ? [0, 0] : [positionals[0] ?? 300, positionals[1] ?? 1].map(Number);
const only = values.folder;
const [longest, together] = [Number(values.longest), Number(values.together)];
if (!isNamed && !(Number.isInteger(count) && count > 0 && Number.isInteger(seed))) {
  process.stderr.write('mutation: COUNT and SEED are whole numbers, as in npm run test:mutation -- 300 1.\n');
  process.exit(2);
}

const { folder: temporary, copy } = copyTree();
process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const engine = createEngine(copy);
const { bySource, tests } = testsBySource(copy);
if (isNamed) await tryNamed();
else await trySample();
engine.end();
process.exit();

async function trySample() {
  const file = join(folder, `${only ? `${only}-` : ''}seed-${seed}.jsonl`);
  const done = new Map(readLines(file).map((result) => [result.id, result]));
  const { all, sample } = sampleOf(count, seed);
  const reach = createReach(copy, tests, join(folder, 'reach.jsonl'), longest);
  await reach.complete();
  for (const mutant of sample) {
    const known = done.get(mutant.id);
    if (known !== undefined && !(isSurvivor(known) && (values.again || (values.left && known.left > 0)))) continue;
    const before = values.left ? (known?.tried ?? []) : [];
    const result = { ...mutant, ...(await tryMutant(mutant, reach, before)) };
    done.set(mutant.id, result);
    appendFileSync(file, `${JSON.stringify(result)}\n`);
    const by = result.by === undefined ? '' : ` by ${result.by}`;
    process.stderr.write(
      `${done.size}/${count} ${result.outcome.padEnd(8)} ${result.seconds.toFixed(1)} s ${mutant.id.replace(/\s+/g, ' ')}${by}\n`,
    );
  }
  process.stdout.write(
    tableOf(
      sample.map(({ id }) => ({ ...done.get(id), isEquivalent: isEquivalent(copy, done.get(id)) })),
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
    const started = Date.now();
    let by;
    await withSource(
      file,
      source.replace(from, () => to),
      async () => {
        for (const test of files) by ??= noticed(await engine.run({ test }, 120), test);
      },
    );
    if (by === undefined) survivors++;
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(`${by === undefined ? 'survived' : 'killed'}  ${seconds.toFixed(1)} s  ${name}\n`);
  }
  process.exitCode = survivors === 0 ? 0 : 1;
}

/** @param before test files that it was tried against before: they are not asked again */
async function tryMutant({ file, start, end, to }, reach, before) {
  const reaching = reach.runsOf(file, start);
  if (reaching.length === 0) return { outcome: 'unseen', tried: [], seconds: 0 };
  const { runs, left } = inOrder(
    file,
    reaching.filter(({ test }) => !before.includes(test)),
  );
  const source = readFileSync(join(copy, file), 'utf8');
  const changed = source.slice(0, start) + to + source.slice(end);
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const tried = [...before];
  for (const run of runs) {
    const { test, names } = run;
    const result = await withSource(file, changed, () => engine.run({ test, names }, 15 + 4 * run.seconds));
    tried.push(test);
    if (result === undefined) return { outcome: 'timeout', by: test, tried, seconds: seconds() };
    const by = noticed(result, test);
    if (by === undefined) continue;
    // On a busy machine a test of time may fail by itself.
    if (isTimed(test) && noticed(await engine.run({ test, names }, 15 + 4 * run.seconds), test)) continue;
    return { outcome: 'killed', by, tried, seconds: seconds() };
  }
  return { outcome: 'survived', tried, seconds: seconds(), left };
}

/** What noticed a change: the first test that failed, or that the file could not be run; late counts as well. */
function noticed(result, test) {
  if (result === undefined) return `${test} (did not end)`;
  const failed = result.results.find(({ state }) => state === 'failed');
  if (failed !== undefined) return `${test}: ${failed.name}`;
  return result.errors.length > 0 ? `${test}: ${result.errors[0].slice(0, 100)}` : undefined;
}

/** Whether a test looks at the clock. */
function isTimed(test) {
  return /Date\.now|performance\.now/.test(readFileSync(join(copy, test), 'utf8'));
}

/** The quick and near runs first, as many as fit into the time of a mutant, of slow files the quick tests; and how many did not. */
function inOrder(file, runs) {
  const distances = new Map(bySource.get(file)?.map(({ test, distance }) => [test, distance]));
  const weight = ({ test, seconds }) => (0.3 + seconds) * (1 + 0.5 * (distances.get(test) ?? 9));
  const used = [];
  let sum = 0;
  for (const run of [...runs].sort((a, b) => weight(a) - weight(b))) {
    const some = withinTime(run, together - sum);
    if (some === undefined) continue;
    used.push(some);
    sum += some.seconds;
  }
  return { runs: used, left: runs.length - used.length };
}

/** A run cut down to its quickest tests, as many as fit; undefined where none does. */
function withinTime(run, seconds) {
  if (run.seconds <= seconds) return run;
  const names = [];
  let sum = run.around;
  for (const one of [...run.own].sort((a, b) => a.seconds - b.seconds)) {
    if (sum + one.seconds > seconds) break;
    names.push(one.name);
    sum += one.seconds;
  }
  return names.length === 0 ? undefined : { ...run, names, seconds: sum };
}

/** Uses a changed source, which the engine is told before and after. */
async function withSource(file, changed, use) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const write = (text) => {
    writeFileSync(path, text);
    engine.change(file);
  };
  write(changed);
  try {
    return await use();
  } finally {
    write(source);
  }
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

function mulberry32(from) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

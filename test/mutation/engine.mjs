/**
 * One vitest that stays alive and runs a test file whenever it is told, so that a mutant costs no start of it.
 *
 * A process of its own: a mutant without end is ended with it. Arguments: the tree's root, and the first numbers of the
 * blocks of each source when their reach is measured.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createVitest } from 'vitest/node';
import { markBlocks } from './blocks.mjs';

const [root, marked] = process.argv.slice(2);
const first = marked === undefined ? undefined : JSON.parse(readFileSync(marked, 'utf8'));

const plugin = {
  name: 'respine-blocks',
  enforce: 'pre',
  transform(code, id) {
    const start = first?.[relative(root, id)];
    return start === undefined ? undefined : { code: markBlocks(code, start), map: null };
  },
};

const vitest = await createVitest(
  'test',
  {
    root,
    config: join(root, 'vitest.config.ts'),
    // Nothing is watched: what has changed is said.
    watch: false,
    pool: 'threads',
    // A changed module stays in no worker.
    isolate: true,
    maxWorkers: 1,
    bail: first === undefined ? 1 : 0,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: [{}],
    setupFiles: first === undefined ? [] : [new URL('seen.mjs', import.meta.url).pathname],
    update: false,
  },
  { plugins: [plugin], cacheDir: join(root, '..', 'vite'), logLevel: 'silent' },
);

process.on('message', async ({ changed, test, names, seenFile, blocks }) => {
  for (const file of changed) vitest.invalidateFile(join(root, file));
  if (seenFile !== undefined) Object.assign(process.env, { RESPINE_SEEN_FILE: seenFile, RESPINE_SEEN_BLOCKS: blocks });
  // What failed before would count towards the first failure that ends a file.
  vitest.state.idMap.clear();
  vitest.state.filesMap.clear();
  const pattern =
    names && new RegExp(`^(?:${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`);
  const project = vitest.projects[0];
  const specification = project.createSpecification(
    join(root, test),
    pattern ? { testNamePattern: pattern } : undefined,
  );
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  const results = [];
  const errors = unhandledErrors.map(String);
  for (const module of testModules) {
    errors.push(...module.errors().map(({ message }) => String(message)));
    for (const suite of module.children.allSuites())
      errors.push(...suite.errors().map(({ message }) => String(message)));
    for (const one of module.children.allTests()) {
      const { state, errors: own } = one.result();
      if (state === 'skipped') continue;
      results.push({
        name: nameOf(one),
        state,
        seconds: (one.diagnostic()?.duration ?? 0) / 1000,
        error: own?.[0]?.message.slice(0, 200),
      });
    }
  }
  process.send({ results, errors });
});
process.send('ready');

/** As the pattern of names sees it: the suites and the test, a space between. */
function nameOf({ name, parent }) {
  return parent?.type === 'suite' ? `${nameOf(parent)} ${name}` : name;
}

/**
 * A run that is killed, at whichever change of the file system, leaves the old set of files or the new one.
 *
 * The short form kills a small set's writer; RESPINE_KILLS=1 (npm run test:kills) kills `plan` and `study` themselves.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { killEverywhere, runKilled } from './kills.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'respine-kill-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = join(folder, 'writer.mjs');
writeFileSync(
  script,
  `import { tryFolder, writeAll } from ${JSON.stringify(`${dist}node/files.js`)};
const [out, tag, ...names] = process.argv.slice(2);
await tryFolder(out);
const files = new Map(names.map((name) => [name, tag + name]));
files.set('plan.json', JSON.stringify({ software: 'respine', tag, files: [...names, 'plan.json'] }));
await writeAll(out, files, { record: 'plan.json' });
`,
);
const writer =
  (tag: string, ...names: string[]) =>
  (out: string) => [script, out, tag, ...names];

describe('a set of files', () => {
  const before = join(folder, 'before');
  runKilled(writer('one', 'CT/1.dcm')(before), 0);
  writeFileSync(join(before, 'notes.txt'), "the user's own");
  test.each([
    ['into no folder', undefined, ['a.csv']],
    ['over a set of other names', before, ['CT/2.dcm']],
    ['into a folder of others', 'others', ['a.csv']],
  ])('%s', { timeout: 300_000 }, (_, from, names) => {
    const there = from === 'others' ? join(folder, 'others') : from;
    if (from === 'others') {
      mkdirSync(there!, { recursive: true });
      writeFileSync(join(there!, 'notes.txt'), "the user's own");
    }
    const report = killEverywhere(there, writer('two', ...names), { rerun: 3 });
    expect(report.violations).toEqual([]);
    expect(report.points).toBeGreaterThan(5);
    expect(report.old).toBeGreaterThan(0);
    expect(report.old + report.fresh).toBe(report.points);
  });
});

describe.runIf(process.env['RESPINE_KILLS'])('the command line', () => {
  const main = `${dist}cli/main.js`;
  const base = {
    patient: { phantom: 'water-box', spacing: [15, 15, 15] },
    target: 'PTV',
    cord: 'PTV',
    prior: null,
    doseGrid: { spacing: [15, 15, 15], planning: 100 },
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 15 },
    fcrt: { beams: 'posterior-3' },
    retreatment: { position: null },
  };
  const file = (name: string, content: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const plan = (cap: number, technique: string) => (out: string) => [
    main,
    'plan',
    file(`case-${cap}.json`, { ...base, cordCap: cap }),
    '--technique',
    technique,
    '--no-pictures',
    '--out',
    out,
  ];
  test('plan into no folder', { timeout: 3_600_000 }, () => {
    const report = killEverywhere(undefined, plan(25, 'fcrt'), { rerun: 5 });
    expect(report.violations).toEqual([]);
    console.log(report);
  });
  test('plan over the plan of both techniques', { timeout: 3_600_000 }, () => {
    const before = join(folder, 'both');
    runKilled(plan(28, 'both')(before), 0);
    const report = killEverywhere(before, plan(25, 'fcrt'), { rerun: 5 });
    expect(report.violations).toEqual([]);
    console.log(report);
  });
  test('study: the table as it was, or with a row more', { timeout: 3_600_000 }, () => {
    const asked = { vary: { 'prescription.dose': [39.6] }, techniques: ['fcrt'], metrics: ['PTV D95%', 'PTV Max'] };
    const path = file('study.json', { base, ...asked });
    const report = killEverywhere(undefined, (out) => [main, 'study', path, '--out', out], { rerun: 5 });
    expect(report.violations).toEqual([]);
    console.log(report);
  });
});

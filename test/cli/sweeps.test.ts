/** `trade-off --cumulative` and `fractionation`: files, figures, one sentence for bad input. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-sweeps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

const path = join(folder, 'case.json');
const quick = {
  patient: { phantom: 'spine-t8', spacing: [6, 6, 6] },
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  fcrt: { beams: 'posterior-3' },
};
writeFileSync(path, JSON.stringify(quick));

test('trade-off --cumulative: the points as JSON, and the files', { timeout: 120_000 }, async () => {
  const out = join(folder, 'curve');
  const args = ['--cumulative', '30,50,60', '--technique', 'fcrt', '--no-shifts', '--json', '--out', out];
  const run = await respine('trade-off', path, ...args);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(readdirSync(out).sort()).toEqual(['cumulative.csv', 'cumulative.json', 'cumulative.png', 'cumulative.svg']);
  const result = JSON.parse(run.stdout);
  expect(result).toEqual(JSON.parse(readFileSync(join(out, 'cumulative.json'), 'utf8')));
  expect(result.points.map((p: { limit: number }) => p.limit)).toEqual([60, 50, 30]);
  expect(result.points[2]).toMatchObject({ status: 'prior-exceeds', plan: null });
  expect(result.points[0].plan.position).toBeNull();
});

test('fractionation: the table, and the files', { timeout: 120_000 }, async () => {
  const out = join(folder, 'fractions');
  const run = await respine('fractionation', path, '--fractions', '22,5', '--alpha-beta', '10', '--out', out);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toMatch(/\n5 +29\.42 +5\.88 +17\.91 +60\.9 .*\n22 +39\.60 +1\.80 +29\.80 +75\.3 /);
  expect(readdirSync(out)).toHaveLength(4);
  expect(readFileSync(join(out, 'fractionation.csv'), 'utf8').split('\n')).toHaveLength(4);
});

test.each([
  [['trade-off', 'CASE'], /give either --caps, .*, or --cumulative/],
  [['trade-off', 'CASE', '--caps', '20,30', '--cumulative', '50,60'], /give either --caps/],
  [['trade-off', 'CASE', '--caps', '20,30', '--no-shifts'], /go with --cumulative/],
  [['trade-off', 'CASE', '--cumulative', '60'], /--cumulative is "60"\. Give at least two/],
  [['trade-off', 'CASE', '--cumulative', '50,sixty'], /--cumulative is "sixty", but must be a number/],
  [['trade-off', 'CASE', '--cumulative', '50,60', '--technique', 'vmat'], /--technique is "vmat"/],
  [['fractionation', 'CASE', '--fractions', '5'], /--fractions is "5"\. Give at least two/],
  [['fractionation', 'CASE', '--fractions', '5,2.5'], /--fractions is "2\.5", but must be a whole number/],
  [
    ['fractionation', 'CASE', '--fractions', '5,10', '--plan', 'vmat'],
    /--plan is "vmat", but must be one of imrt, fcrt/,
  ],
  [['fractionation', 'CASE', '--fractions', '5,10'], /the alpha\/beta of the target is missing/],
  [['fractionation', 'CASE', '--fractions', '5,10', '--alpha-beta', '0'], /alpha\/beta of the target in Gy is 0/],
])('%j', { timeout: 60_000 }, async (args, sentence) => {
  const run = await respine(...args.map((a) => (a === 'CASE' ? path : a)), '--out', join(folder, 'none'));
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(sentence);
  expect(run.stderr.trim().split('\n')).toHaveLength(1);
  expect(readdirSync(folder)).not.toContain('none');
});

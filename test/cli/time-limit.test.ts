/** `--time-limit`: the plan so far, exit 1 under --strict as it is not proven; a limit that is none is refused before anything. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { leanPhantom } from './lean-phantom.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-time-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

writeFileSync(join(folder, 'lean.json'), JSON.stringify(leanPhantom));
const path = join(folder, 'case.json');
writeFileSync(
  path,
  JSON.stringify({
    patient: { phantom: 'lean.json' },
    doseGrid: { spacing: [10, 10, 10], planning: 100 },
    prior: null,
    goals: [],
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 14 },
  }),
);
const plan = (...options: string[]) =>
  respine('plan', path, '--technique', 'imrt', '--no-pictures', '--out', join(folder, 'out'), ...options);

test('a plan that time cut short exits 1 under --strict, 0 otherwise; a proven one 0', {
  timeout: 300_000,
}, async () => {
  const short = await plan('--time-limit', '0.001', '--strict', '--json');
  expect(short.code).toBe(1);
  expect(JSON.parse(short.stdout).plans[0]).toMatchObject({ status: 'time-limit', certificate: { isProven: false } });
  const lax = await plan('--time-limit', '0.001');
  expect(lax.code).toBe(0);
  expect(lax.stdout).toMatch(/^verdict +UNPROVEN$/m);
  expect(lax.stdout.replace(/\s+/g, ' ')).toContain('IMRT: not proven to be near the best plan: time was over');
  const whole = await plan('--time-limit', '500', '--strict', '--json');
  expect([whole.code, JSON.parse(whole.stdout).plans[0].status]).toEqual([0, 'reached']);
});

test('each plan of a curve is cut short, and its row says so', { timeout: 120_000 }, async () => {
  const both = join(folder, 'both.json');
  const asked = JSON.parse(readFileSync(path, 'utf8'));
  const prior = { dose: 30, fractions: 10, months: 12 };
  writeFileSync(
    both,
    JSON.stringify({
      ...asked,
      prior,
      retreatment: { position: null },
    }),
  );
  const limit = ['--time-limit', '0.001', '--json', '--out', join(folder, 'curve')];
  const caps = await respine('trade-off', both, '--cumulative', '60,70', '--technique', 'imrt', ...limit);
  expect(JSON.parse(caps.stdout).points.map(({ status }: { status: string }) => status)).toEqual([
    'time-limit',
    'time-limit',
  ]);
  const counts = await respine('fractionation', both, '--fractions', '5,22', '--alpha-beta', '10', '--plan', ...limit);
  const rows: { readonly plan: { readonly status: string } }[] = JSON.parse(counts.stdout).rows;
  expect(rows.map(({ plan: { status } }) => status)).toEqual(['time-limit', 'time-limit']);
  const none = await respine('fractionation', both, '--fractions', '5,22', '--alpha-beta', '10', ...limit);
  expect([none.code, none.stderr]).toEqual([
    2,
    'respine: fractionation: --time-limit is of plans. Add --plan, or leave it out.\n',
  ]);
});

test.each(['0', '-3', 'soon', ''])('--time-limit "%s" is refused', async (seconds) => {
  for (const run of [
    await respine('plan', path, '--time-limit', seconds, '--out', join(folder, 'none')),
    await respine('study', path, '--time-limit', seconds, '--out', join(folder, 'none')),
    await respine('trade-off', path, '--caps', '20,25', '--time-limit', seconds, '--out', join(folder, 'none')),
    await respine('trade-off', path, '--cumulative', '50,60', '--time-limit', seconds, '--out', join(folder, 'none')),
    await respine(
      'fractionation',
      path,
      '--fractions',
      '5,22',
      '--plan',
      '--time-limit',
      seconds,
      '--out',
      join(folder, 'none'),
    ),
  ]) {
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--time-limit is ');
  }
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

/** Goals as they are printed: verdict, value with its bound, margin with its sign, source. */
import { expect, test } from 'vitest';
import { createDvh } from '../../src/evaluate/dvh.js';
import { checkProtocols, createProtocol, type ProtocolRow } from '../../src/evaluate/protocol.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { checkCsv, checkTable, goalRows, goalValue } from '../../src/report/goals.js';
import { byColumn } from './read-figure.js';

const row = (more: object = {}): ProtocolRow =>
  ({
    goal: 'SpinalCord Max <= 28 Gy',
    structure: 'SpinalCord',
    metric: 'Max[Gy]',
    limit: 28,
    value: 28.9012345678,
    unit: 'Gy',
    result: 'fail',
    margin: -0.9012345678,
    courses: 'this',
    warnings: [],
    ...more,
  }) as any;
const source = { citation: 'A et al', doi: '10.1/x', evidence: 'found', note: 'read' };
const protocol = (goals: ProtocolRow[], more: object = {}) =>
  ({ name: 'p', title: 'Protocol', result: 'fail', goals, ...more }) as any;

test('a value with its bound; a question mark where none is known', () => {
  expect(goalValue(row())).toBe('28.90 Gy');
  expect(goalValue(row({ errorBound: 0.123 }))).toBe('28.90 ±0.13 Gy');
  // Rounded up, of the figure with four decimals that plan.json has, so that every page says the same.
  expect(goalValue(row({ errorBound: 1.494967 }))).toBe('28.90 ±1.50 Gy');
  expect(goalValue(row({ errorBound: 0.52 }))).toBe('28.90 ±0.52 Gy');
  expect(goalValue(row({ errorBound: null }))).toBe('28.90 ±? Gy');
  expect(goalValue(row({ value: null }))).toBe('');
});

test('the table: a margin of nothing is +0.00, and what is on both courses says so', () => {
  const goals = [
    row({ priority: 1, source }),
    row({ result: 'pass', margin: 0, courses: 'all', source }),
    row({ result: 'variation', courses: 'each', margin: 1.5, warnings: ['far'] }),
    row({ result: 'not evaluable', value: null, margin: null, reason: 'no dose', courses: 'share', warnings: ['w'] }),
    row({ goal: 'interval >= 6 months', courses: 'all', unit: 'months', value: 7, margin: 1 }),
  ];
  const lines = checkTable([protocol(goals, { warning: 'Careful.' })])
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' | '));
  expect(lines[0]).toBe('Protocol');
  expect(lines[2]).toBe('FAIL | 1 | SpinalCord Max <= 28 Gy | 28.90 Gy | -0.90');
  expect(lines[3]).toMatch(/^pass \| SpinalCord Max <= 28 Gy, both courses \| 28\.90 Gy \| \+0\.00$/);
  expect(lines[4]).toMatch(/^VAR\. \| SpinalCord Max <= 28 Gy, each course \| 28\.90 Gy \| \+1\.50 \| far$/);
  expect(lines[5]).toMatch(/^none \| SpinalCord Max <= 28 Gy of both courses \| no dose; w$/);
  expect(lines[6]).toContain('| interval >= 6 months | 7.00 months');
  expect(lines.slice(7)).toEqual(['Careful.', '[found] A et al, doi:10.1/x: read', '']);
  const bare = checkTable([protocol([row({ source: { citation: 'B', evidence: 'recalled' } })])]);
  expect(bare).toMatch(/\n\[recalled\] B\n$/);
});

test('as comma-separated values and JSON, figures to 1e-6', () => {
  const goals = [
    row({ priority: 2, acceptable: 30, source: { citation: 'A', evidence: 'found' }, errorBound: 0.12345678 }),
  ];
  expect(byColumn(checkCsv([protocol(goals)]))).toEqual([
    {
      protocol: 'p',
      priority: '2',
      goal: 'SpinalCord Max <= 28 Gy',
      courses: 'this',
      value: '28.901235',
      unit: 'Gy',
      limit: '28',
      acceptable: '30',
      margin: '-0.901235',
      result: 'fail',
      bound: '0.123457',
      evidence: 'found',
      citation: 'A',
      remarks: '',
    },
  ]);
  const [none, absent] = byColumn(checkCsv([protocol([row({ errorBound: null, value: null, reason: 'why' }), row()])]));
  expect(none).toMatchObject({ bound: 'none', value: '', priority: '', remarks: 'why', evidence: '' });
  expect(absent!.bound).toBe('');
  const [json] = goalRows([protocol(goals)]);
  expect(json).toMatchObject({ protocol: 'p', value: 28.901235, margin: -0.901235, errorBound: 0.123457, priority: 2 });
  expect(goalRows([protocol([row({ value: null, margin: null, errorBound: null })])])[0]).toMatchObject({
    value: null,
    margin: null,
    errorBound: null,
  });
  expect(goalRows([protocol([row()])])[0]).not.toHaveProperty('errorBound');
});

test('a protocol is as good as its worst goal, and keeps the order of its goals', () => {
  const grid = createGrid([1, 1, 2], [2, 2, 2], [0, 0, 0]);
  const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, new Float32Array(2).fill(10));
  const dvh = createDvh(dose, createVolume('mask', grid, new Float32Array(2).fill(1)));
  const given = createProtocol({
    name: 'p',
    title: 'P',
    warning: 'w',
    items: ['A Max <= 12Gy', 'A Max <= 9Gy', 'A Min >= 1Gy'],
  });
  const [checked] = checkProtocols([given], new Map([['A', dvh]]), {});
  expect(checked!.result).toBe('fail');
  expect(checked!.warning).toBe('w');
  expect(checked!.goals.map(({ result }) => result)).toEqual(['pass', 'fail', 'pass']);
  const [bare] = checkProtocols(
    [createProtocol({ name: 'p', title: 'P', items: ['A Max <= 12Gy'] })],
    new Map([['A', dvh]]),
    {},
  );
  expect(bare).not.toHaveProperty('warning');
  expect(bare!.result).toBe('pass');
});

/** Leaf banks: boundaries against the listed ones, their sums, and what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createLeafBank, leafBank, leafBanks, uniformLeaves } from '../../src/machine/mlc.js';
import { hasShared, noteSkipped, shared } from '../shared.js';

/** Pairs, half width along Y, narrowest leaf: what the data sheets are known by. */
const known: [string, number, number, number][] = [
  ['millennium-120', 60, 200, 5],
  ['hd-120', 60, 110, 2.5],
  ['agility', 80, 200, 5],
  ['mlci2', 40, 200, 10],
  ['siemens-160', 80, 200, 5],
  ['moduleaf', 40, 50, 2.5],
  ['brainlab-m3', 26, 51, 3],
];

test.each(known)('%s: %i pairs out to %d mm, narrowest %d mm, symmetric', (name, pairs, half, narrowest) => {
  const { boundaries, transmission, evidence } = leafBank(name);
  expect(boundaries.length).toBe(pairs + 1);
  expect([boundaries[0], boundaries[pairs]]).toEqual([-half, half]);
  expect(Math.min(...boundaries.slice(1).map((y, n) => y - boundaries[n]!))).toBe(narrowest);
  boundaries.forEach((y, n) => {
    expect(y).toBeCloseTo(-boundaries[pairs - n]!, 12);
  });
  expect(transmission).toBeGreaterThan(0);
  for (const text of Object.values(evidence)) expect(text).toMatch(/^(found|recalled|assumed)/);
});

test('every bank is listed', () => {
  expect(Object.keys(leafBanks).sort()).toEqual(known.map(([name]) => name).sort());
});

describe.skipIf(!hasShared)('boundaries as listed elsewhere', () => {
  const names: Record<string, string> = {
    'millennium-120': 'Varian_Millennium120',
    'hd-120': 'Varian_HD120',
    agility: 'Elekta_Agility',
    mlci2: 'Elekta_MLCi2',
    'siemens-160': 'Siemens_160',
    moduleaf: 'DKFZ_Siemens_ModuLeaf',
    'brainlab-m3': 'BrainLAB_m3',
  };
  test.each(Object.entries(names))('%s', (name, listed) => {
    const file = JSON.parse(readFileSync(shared('reference/machine/mlc_geometries.json'), 'utf8'));
    expect(leafBank(name).boundaries).toEqual(file[listed].boundaries_mm);
    const isFound = /^found/.test(file[listed].status);
    expect(/^found/.test(leafBank(name).evidence.boundaries)).toBe(isFound);
  });
});
noteSkipped('leaf boundaries against the listed ones');

test('uniform leaves have a boundary on the axis and reach 200 mm', () => {
  expect(uniformLeaves().boundaries.length).toBe(81);
  const seven = uniformLeaves(7).boundaries;
  expect(seven).toContain(0);
  expect(seven[0]).toBe(-203);
});

test('what is refused, with the remedy', () => {
  expect(() => leafBank('millenium')).toThrow(
    /"millenium" is unknown\. Use one of millennium-120, hd-120, .*boundaries/,
  );
  expect(() => leafBank('constructor')).toThrow(/is unknown/);
  expect(() => createLeafBank([0])).toThrow(/1 boundaries, but at least 2/);
  expect(() => createLeafBank([-5, 5, 5])).toThrow(/boundary 3 is 5 mm after 5 mm/);
  expect(() => createLeafBank([-1, -0.5, 0, 0.5, 1])).toThrow(/at least 1 mm wide\. Give millimetres/);
  expect(() => createLeafBank([-5, 5], { transmission: 1.5 })).toThrow(/Give 1\.5 % as 0\.015/);
  expect(() => createLeafBank([-5, Number.NaN])).toThrow(/finite/);
});

/** Limits of the literature as bounds on single voxels: their numbers, and what is refused. */
import { expect, test } from 'vitest';
import { namedTolerance, toleranceNames } from '../../src/biology/named-tolerances.js';

const context = { fractions: 22, level: 'thoracic' } as const;
const of = (name: string, structure = 'SpinalCord') => namedTolerance(name, structure, context);

test('numbers come with their source, and with how far they are stretched', () => {
  expect(of('hytec-cumulative')).toMatchObject({ courses: 'all', eqd2: 70, alphaBeta: 2 });
  expect(of('hytec-cumulative').warnings).toEqual([
    'stated for ThecalSac, applied to SpinalCord: an extrapolation',
    'stated for 1 to 5 fractions, applied to 22: an extrapolation',
  ]);
  expect(namedTolerance('hytec-cumulative', 'ThecalSac', { ...context, fractions: 5 }).warnings).toEqual([]);
  // BED of 135.5 Gy with alpha/beta 2 Gy is 67.75 Gy EQD2; 98 Gy of each course 49 Gy of this one.
  expect(of('nieder-cumulative')).toMatchObject({ courses: 'all', eqd2: 67.75, warnings: [] });
  expect(of('nieder-course')).toMatchObject({ courses: 'this', eqd2: 49 });
  const oesophagus = of('rulach-oesophagus', 'Esophagus');
  expect(oesophagus).toMatchObject({ courses: 'all', eqd2: 94.2, alphaBeta: 3 });
  expect(oesophagus.warnings).toEqual([expect.stringContaining('without concurrent chemotherapy only')]);
  expect(oesophagus.source.doi).toBe('10.1016/j.ctro.2026.101108');
});

test('every name that is offered was found in its source', () => {
  const names = toleranceNames();
  expect(names).toContain('quantec-54');
  for (const name of names) {
    const { source } = of(name, name === 'rulach-oesophagus' ? 'Esophagus' : 'SpinalCord');
    expect([name, source.evidence]).toEqual([name, 'found']);
  }
});

test.each([
  ['uk-mandatory', 'SpinalCord', /on D0\.1cc, which is no maximum over voxels/],
  ['hytec-share', 'SpinalCord', /a share of all courses, not a dose/],
  ['sahgal-2012', 'ThecalSac', /is recalled, not read in its source, and may not decide/],
  ['hytec-cumulative', 'Esophagus', /it is stated for ThecalSac, another organ/],
  ['rulach-oesophagus', 'Bowel', /it is stated for Esophagus, another organ/],
  ['lung', 'Lung_L', /there is none of this name\. There are hytec-retreatment, /],
])('refused: %s on %s', (name, structure, message) => {
  expect(() => of(name, structure)).toThrow(message);
});

test('refused at a level that it is not stated for', () => {
  expect(() => namedTolerance('nieder-cumulative', 'SpinalCord', { ...context, level: 'lumbar' })).toThrow(
    /not stated for this level/,
  );
});

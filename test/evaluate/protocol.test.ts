/** Protocols over both courses against the hand values of the reference case, and the file that holds goals. */
import { describe, expect, test } from 'vitest';
import { builtInProtocol, protocolNames } from '../../src/evaluate/builtin-protocols.js';
import { createDvh, type Dvh } from '../../src/evaluate/dvh.js';
import {
  createProtocolItem,
  evaluateProtocol,
  type ProtocolContext,
  type ProtocolItemInput,
  type ProtocolRow,
  worstVerdict,
} from '../../src/evaluate/protocol.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { goalFileSchema, parseGoalFile } from '../../src/plan/input/goals-file.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { caseSchema } from '../../src/plan/input/plan-case.js';

const grid = createGrid([1, 1, 2], [10, 10, 10], [0, 0, 0]);

/** A structure of 2 cc in an even dose. */
function even(name: string, dose: number, fractions: number | undefined): Dvh {
  const volume = createDose(grid, { quantity: 'physical', fractions }, new Float32Array(2).fill(dose));
  return createDvh(volume, createVolume('mask', grid, new Float32Array(2).fill(1)), { name });
}

const cordAt = (dose: number, fractions: number | undefined = 22): ReadonlyMap<string, Dvh> =>
  new Map(['SpinalCord', 'ThecalSac'].map((name) => [name, even(name, dose, fractions)]));
const prior = { dose: 38, fractions: 19, months: 17.7 };
const run = (name: string, dose: number, context: ProtocolContext = { prior }): ProtocolRow[] =>
  evaluateProtocol(builtInProtocol(name).items, cordAt(dose), context);

describe('built-in protocols after 38 Gy in 19 fractions, now in 22', () => {
  // EQD2, cumulative EQD2, ratio, cumulative BED: worked examples, alpha/beta 2 Gy.
  test.each([
    [10, 6.14, 44.14, 13.9, 88.27, 'pass', 'pass'],
    [20, 14.55, 52.55, 27.7, 105.09, 'pass', 'pass'],
    [27, 21.78, 59.78, 36.4, 119.57, 'pass', 'pass'],
    [29.8, 24.99, 62.99, 39.7, 125.97, 'pass', 'variation'],
    [30, 25.23, 63.23, 39.9, 126.45, 'fail', 'variation'],
    [39.6, 37.62, 75.62, 49.7, 151.24, 'fail', 'fail'],
  ])('%d Gy to the cord', (dose, eqd2, total, share, bed, hytec, nieder) => {
    const h = run('hytec-retreatment', dose);
    const find = (structure: string, courses: string): ProtocolRow =>
      h.find((row) => row.structure === structure && row.courses === courses)!;
    expect(find('ThecalSac', 'this').value).toBeCloseTo(eqd2, 2);
    expect(find('SpinalCord', 'all').value).toBeCloseTo(total, 2);
    expect(find('ThecalSac', 'share').value).toBeCloseTo(share, 1);
    expect(find('ThecalSac', 'this').result).toBe(hytec);
    const n = run('nieder-retreatment', dose);
    expect(n[0]!.value).toBeCloseTo(bed, 1);
    expect(n[0]!.result).toBe(nieder);
    expect(n[1]!.value).toBeCloseTo(76, 6);
    expect(n[2]).toMatchObject({ goal: 'interval >= 6 months', value: 17.7, unit: 'months', result: 'pass' });
  });

  test('each limit names its source, how it is known, and where it is extrapolated', () => {
    for (const row of protocolNames.flatMap((name) => run(name, 20))) {
      expect(row.source!.citation).toMatch(/IJROBP/);
      expect(row.source!.evidence).toMatch(/^(found|assumed)$/);
    }
    const [sac, , , , cord] = run('hytec-retreatment', 20);
    expect(sac!.warnings).toEqual(['stated for 1 to 5 fractions, applied to 22: an extrapolation']);
    expect(cord!.warnings).toEqual([
      'stated for ThecalSac, applied to SpinalCord: an extrapolation',
      'stated for 1 to 5 fractions, applied to 22: an extrapolation',
    ]);
    const few = evaluateProtocol(builtInProtocol('hytec-retreatment').items, cordAt(15, 5), { prior });
    expect(few[0]!.warnings).toEqual([]);
    expect(builtInProtocol('hytec-retreatment').warning).toMatch(/extrapolation/);
  });

  test('not evaluable: no prior course, no months, no fractions, no structure', () => {
    const without = run('hytec-retreatment', 20, {});
    expect(without.map(({ result }) => result)).toEqual([
      'pass',
      ...['not evaluable', 'not evaluable', 'not evaluable'],
      'pass',
      'not evaluable',
    ]);
    expect(without[1]!.reason).toMatch(/no prior course is given/);
    const undated = run('nieder-retreatment', 20, { prior: { dose: 38, fractions: 19 } });
    expect(undated[2]!.reason).toMatch(/does not tell the months/);
    const { items } = builtInProtocol('hytec-retreatment');
    const silent = evaluateProtocol(items, new Map([['ThecalSac', even('ThecalSac', 20, undefined)]]), { prior });
    expect(silent[0]).toMatchObject({ value: null, reason: expect.stringMatching(/needs the number of fractions/) });
    expect(silent[0]!.warnings).toEqual([]);
    const told = createProtocolItem({ goal: 'ThecalSac Max <= 25Gy', statedFor: { fractions: [1, 5] } });
    expect(evaluateProtocol([told], new Map([['ThecalSac', even('ThecalSac', 20, undefined)]]))[0]!.warnings).toEqual([
      'stated for 1 to 5 fractions; the dose does not tell its fractions',
    ]);
    expect(silent[4]!.reason).toMatch(/no structure "SpinalCord"/);
  });

  test('an unknown protocol', () => {
    expect(() => builtInProtocol('hytec')).toThrow(/not one of hytec-retreatment, nieder-retreatment/);
  });
});

describe('items', () => {
  test('the worst verdict of a list', () => {
    const of = (...results: ProtocolRow['result'][]) => worstVerdict(results.map((result) => ({ result })));
    expect([
      of('pass', 'variation'),
      of('variation', 'not evaluable'),
      of('not evaluable', 'fail'),
      of('pass'),
    ]).toEqual(['variation', 'not evaluable', 'fail', 'pass']);
  });

  test('a share counts as none where no course has any dose', () => {
    const item = createProtocolItem({ goal: 'SpinalCord Max[EQD2/2] <= 50%', courses: 'share' });
    const [row] = evaluateProtocol([item], cordAt(0), { prior: { dose: 0, fractions: 1 } });
    expect(row).toMatchObject({ value: null, result: 'not evaluable' });
  });

  test.each<[ProtocolItemInput, RegExp]>([
    [{ goal: 'SpinalCord Max <= 70Gy', courses: 'all' }, /in EQD2 or BED only/],
    [{ goal: 'SpinalCord gEUD(a=8)[EQD2/2] <= 70Gy', courses: 'all' }, /adds to Max, Min, Mean, D and DC/],
    [{ goal: 'SpinalCord Max[EQD2/2] <= 25Gy', courses: 'share' }, /a limit in %/],
    [{ goal: 'SpinalCord Max <= 70Gy', priority: 0 }, /priority is 0/],
    [{ intervalMonths: -1 }, /intervalMonths is -1/],
  ])('%j is refused', (input, message) => {
    expect(() => createProtocolItem(input)).toThrow(message);
  });

  test('a prior course that makes no sense', () => {
    expect(() => run('nieder-retreatment', 20, { prior: { dose: 38, fractions: 0 } })).toThrow(/fractions is 0/);
  });
});

describe('GOALS.json', () => {
  test('a plain list, and all that may stand beside it', () => {
    expect(parseGoalFile(['PTV D95% >= 95%']).protocols[0]!.items[0]!.goal!.text).toBe('PTV D95% >= 95%');
    const file = parseGoalFile({
      name: 'ours',
      prescription: { dose: 39.6, fractions: 22 },
      prior,
      protocols: ['nieder-retreatment'],
      goals: [
        { goal: 'PTV D95% >= 95%', variation: '90%', priority: 2, source: { citation: 'ours', evidence: 'assumed' } },
        { intervalMonths: 6 },
      ],
    });
    expect(file).toMatchObject({ prescription: 39.6, fractions: 22, prior });
    expect(file.protocols.map(({ name, items }) => [name, items.length])).toEqual([
      ['ours', 2],
      ['nieder-retreatment', 3],
    ]);
    expect(parseGoalFile({ prescription: 40, goals: ['PTV D95% >= 95%'] }).prescription).toBe(40);
  });

  test.each<[unknown, RegExp]>([
    [[], /g\.json: holds no goal/],
    [{ goals: [] }, /holds no goal/],
    ['PTV D95% >= 95%', /g\.json: /],
    [['PTV Q95% >= 95%'], /g\.json: 0: goal "PTV Q95% >= 95%": .*character 1 D, DC/],
    [{ goals: ['A Max <= 1Gy', 7] }, /goals\.1: must be a goal such as/],
    [{ goals: [{ goal: 'PTV D95% >= 95%', source: { citation: 'x', evidence: 'sure' } }] }, /goals\.0/],
    [{ goals: ['A Max <= 1Gy'], prescription: 4000 }, /4000/],
    [{ goals: ['A Max <= 1Gy'], protocol: 'x' }, /protocol/],
    [{ protocols: ['quantec'] }, /protocol "quantec" is not one of/],
  ])('%j is refused', (json, message) => {
    expect(() => parseGoalFile(json, 'g.json')).toThrow(message);
  });

  test('a case takes the same goals, and refuses a slip before planning', () => {
    const patient = { phantom: 'spine-t8' };
    const goals = ['PTV D95% >= 95%', { goal: 'SpinalCord Max[EQD2/2] <= 70Gy', courses: 'all' as const }];
    expect(parseCase({ patient, goals }).goals).toEqual(goals);
    expect(() => parseCase({ patient, goals: ['PTV D95 >= 95%'] })).toThrow(/goals\.0: goal "PTV D95 >= 95%"/);
    expect(JSON.stringify(caseSchema())).toContain('intervalMonths');
    expect(JSON.stringify(goalFileSchema())).toContain('protocols');
  });
});

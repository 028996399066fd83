/** Studies: expansion, keys, the table written and read again, and one sentence for every bad input. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { sha256 } from '../../src/node/sha256.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { expandStudy, parseStudy, type Study, type StudyInput, studySchema } from '../../src/plan/input/study-file.js';
import { runPlan } from '../../src/plan/run-plan.js';
import {
  failedRow,
  readStudyTable,
  studyColumns,
  studyRecord,
  studyRow,
  studyTable,
} from '../../src/report/study-table.js';

const expand = (study: Study, version = '1') => expandStudy(study, { version, hash: sha256 });
const base = { patient: { phantom: 'spine-t8' }, prior: null } as const;
const input = {
  base,
  vary: { cordCap: [25, 29.8], 'imrt.beams': ['posterior-5', [{ gantry: 150 }, { gantry: 210 }]] },
  techniques: ['imrt', 'fcrt'],
  metrics: ['SpinalCord Max', 'PTV_3960 D95%[%]', 'Left Kidney V20Gy'],
} satisfies StudyInput;
const study = parseStudy(input);

describe('expansion', () => {
  test('is every combination with every technique, the last parameter fastest', () => {
    const runs = expand(study);
    expect(runs.map(({ technique, values }) => [technique, ...values.values()])).toEqual(
      [25, 29.8].flatMap((cap) =>
        input.vary['imrt.beams'].flatMap((beams) => [
          ['imrt', cap, beams],
          ['fcrt', cap, beams],
        ]),
      ),
    );
    expect(runs[0]!.input).toEqual({ ...base, cordCap: 25, imrt: { beams: 'posterior-5' } });
    expect(runs[0]!.case.imrt.beamlet, 'defaults stay beside what is changed').toBe(5);
    expect(input.base).toEqual({ patient: { phantom: 'spine-t8' }, prior: null });
  });

  test('cases are changes that belong together; what one leaves alone has its default', () => {
    const cases = [
      { 'patient.ptvMargin': 5, patient: { phantom: 'spine-t4', ptvMargin: 3 } },
      { cordCap: 20, 'patient.phantom': 'spine-t12' },
    ];
    const both = parseStudy({ base, cases, vary: { 'prescription.fractions': [10, 22] } });
    expect(both.parameters).toEqual([
      'patient.ptvMargin',
      'patient',
      'cordCap',
      'patient.phantom',
      'prescription.fractions',
    ]);
    const [first, , third] = expand(both);
    expect(first!.case.patient, 'what is above comes first').toEqual({ phantom: 'spine-t4', ptvMargin: 5 });
    expect(third!.values.get('patient.ptvMargin')).toBeUndefined();
    expect(first!.values.get('cordCap')).toBe(29.8);
    expect(expand(parseStudy({ base }))).toHaveLength(1);
  });
});

test('keys: by content, technique and version, not by order, name or default', () => {
  const keys = expand(study).map(({ key }) => key);
  expect(new Set(keys).size).toBe(8);
  expect(
    expand(study, '2')
      .map(({ key }) => key)
      .filter((key) => keys.includes(key)),
  ).toEqual([]);
  const keyOf = (json: StudyInput): string => expand(parseStudy(json))[0]!.key;
  const plain = keyOf({ base });
  expect(keyOf({ base: { prior: null, name: 'other', cordCap: 29.8, patient: { phantom: 'spine-t8' } } })).toBe(plain);
  expect(keyOf({ base, metrics: [] })).toBe(plain);
  expect(keyOf({ base, vary: { cordCap: [29.8] } })).toBe(plain);
  expect(keyOf({ base: { ...base, cordCap: 29.9 } })).not.toBe(plain);
});

describe('rows', () => {
  const sentence = 'phantom "x", it says,\n is unknown. Use "spine-t8".';
  const rows = expand(study).map((run) => failedRow(study, run, sentence, '1'));

  test('a failure is a row with its sentence on one line, and no figure', () => {
    const record = studyRecord(study, rows[2]!);
    expect(record).toMatchObject({ technique: 'imrt', version: '1', cordCap: 25, status: 'failed', remarks: null });
    expect(record['imrt.beams']).toBe('[{"gantry":150},{"gantry":210}]');
    expect(record['error']).toBe('phantom "x", it says, is unknown. Use "spine-t8".');
    expect([record['gap'], record['SpinalCord Max[Gy]'], record['goals']]).toEqual([null, null, null]);
    expect(studyColumns(study)).toContain('Left Kidney V20Gy[%]');
  });

  test('the table is quoted as in RFC 4180, and reads back to itself, cut off anywhere', () => {
    const text = studyTable(study, rows);
    const lines = text.split('\n');
    expect(lines[3]).toContain('"[{""gantry"":150},{""gantry"":210}]"');
    expect(lines[3]).toMatch(/,"phantom ""x"", it says, is unknown\. Use ""spine-t8""\."$/);
    expect([...readStudyTable(study, text, 't').values()]).toEqual(rows);
    for (let end = 0; end <= text.length; end++) {
      const whole = Math.max(0, text.slice(0, end).split('\n').length - 2);
      expect([...readStudyTable(study, text.slice(0, end), 't').keys()]).toEqual(
        rows.slice(0, whole).map((r) => r.key),
      );
    }
  });

  test('a plan is a row of its figures; what cannot be measured is said', { timeout: 120_000 }, () => {
    const file = fileURLToPath(new URL('../../phantoms/spine-t8.json', import.meta.url));
    const spacing = [6, 6, 6] as const;
    const parameters = { length: 60 };
    const patient = buildPhantom(parsePhantom(JSON.parse(readFileSync(file, 'utf8'))), { spacing, parameters });
    const small = parseStudy({
      ...input,
      base: {
        ...base,
        patient: { ...base.patient, parameters },
        doseGrid: { spacing: [...spacing], planning: 100 },
        imrt: { beamlet: 10, delivery: 'fluence' },
      },
      vary: { 'imrt.beams': ['posterior-3'] },
      techniques: ['imrt'],
    });
    const [run] = expand(small);
    const { plans } = runPlan({ patient, case: run!.case, machine: artiste6mv }, { techniques: ['imrt'] });
    const row = studyRow(small, run!, plans[0]!, '1');
    const record = studyRecord(small, row);
    const { solution, fields } = plans[0]!.plan;
    expect(row.isFailure).toBe(false);
    expect(record['status']).toBe(solution.status);
    expect(record['objective']).toBeCloseTo(solution.certificate.value, 2);
    expect(record['lowerBound']).toBeLessThanOrEqual(record['objective'] as number);
    expect(record['gap']).toBeLessThan(0.02);
    expect(record['evaluations']).toBe(solution.evaluations);
    expect(record['SpinalCord Max[Gy]']).toBeCloseTo(plans[0]!.dvhs.get('SpinalCord')!.max, 3);
    const d95 = plans[0]!.structures.find(({ name }) => name === 'PTV_3960')!.metrics['D95%[Gy]']!;
    expect(record['PTV_3960 D95%[%]']).toBeCloseTo((100 * d95) / 39.6, 2);
    expect(record['monitorUnits']).toBeCloseTo(
      fields.reduce((sum, f) => sum + f.monitorUnits, 0),
      0,
    );
    expect(record['goals']).toBe(5);
    expect(record['goalsPassed']).toBe(plans[0]!.goals.filter(({ result }) => result === 'pass').length);
    expect(record['Left Kidney V20Gy[%]']).toBeNull();
    expect(record['remarks']).toMatch(/^Left Kidney V20Gy\[%\]: no structure "Left Kidney"/);
    expect(record['error']).toBeNull();
    expect(readStudyTable(small, studyTable(small, [row]), 't').get(row.key)).toEqual(row);
  });
});

describe('bad input', () => {
  const bad: [string, object, RegExp][] = [
    [
      'a value that is no case',
      { vary: { cordCap: [25, -1] } },
      /^study with cordCap = -1: cordCap: is -1 Gy, but must be > 0/,
    ],
    ['an unknown path', { vary: { 'imrt.beamz': ['a'] } }, /^study with imrt\.beamz = "a": imrt: .*"beamz"/],
    ['a path through a value', { vary: { 'prior.dose': [38] } }, /prior\.dose leads through null, which has no fields/],
    ['no path', { vary: { 'a..b': [1] } }, /vary\.a\.\.b: .*no dotted path|vary\.a\.\.b/],
    ['no value', { vary: { cordCap: [] } }, /vary\.cordCap: holds no value/],
    [
      'vary and cases',
      { vary: { cordCap: [1] }, cases: [{ cordCap: 2 }] },
      /cordCap stands in both "vary" and "cases"/,
    ],
    ['a plan twice', { vary: { cordCap: [25, 25] } }, /imrt with cordCap = 25 is planned twice/],
    ['a metric', { metrics: ['SpinalCord Maxx'] }, /metrics: "SpinalCord Maxx": /],
    ['no structure', { metrics: ['Max'] }, /metrics: "Max": a structure and a metric are expected/],
    ['a metric twice', { metrics: ['A Max', 'A Max[Gy]'] }, /A Max\[Gy\] is asked for twice/],
    ['a technique twice', { techniques: ['imrt', 'imrt'] }, /imrt is asked for twice/],
    ['a technique', { techniques: ['vmat'] }, /techniques\.0: /],
    ['a misspelt field', { metric: [] }, /Unrecognized key: "metric"/],
    [
      'far too many',
      { vary: Object.fromEntries(['a', 'b', 'c', 'd'].map((k) => [k, Array.from({ length: 60 }, (_, i) => i)])) },
      /12960000 plans, more than 10000000/,
    ],
  ];
  test.each(bad)('%s', (_, more, message) => {
    expect(() => expand(parseStudy({ base, ...more }))).toThrow(message);
  });

  test('the table of another study, or one that was spoilt', () => {
    const rows = expand(study).map((run) => failedRow(study, run, 'x', '1'));
    const text = studyTable(study, rows);
    const other = parseStudy({ ...input, metrics: ['SpinalCord Max'] });
    expect(() => readStudyTable(other, text, 'a.csv')).toThrow(
      /^a\.csv is the table of another study: its column \d+ is "PTV_3960 D95%\[%\]", here "remarks"\. Name another --out/,
    );
    expect(() => readStudyTable(study, 'some text', 'a.csv')).toThrow(/another study/);
    const spoilt = text.replace(/,x\n/, '\n');
    expect(() => readStudyTable(study, spoilt, 'a.csv')).toThrow(
      /^a\.csv: line 2 has \d+ fields, the header \d+ fields/,
    );
    expect(() => readStudyTable(study, text.replace(/,x\n/, ',"x\n'), 'a.csv')).toThrow(/a quote that is not closed/);
    const [head, first] = text.replace(',failed,', ',reached,').split('\n');
    expect(readStudyTable(study, [head, first, first, ''].join('\n'), 'a.csv').size, 'the same twice is one').toBe(1);
    expect(() => readStudyTable(study, [head, first, first!.replace(/,x$/, ',y'), ''].join('\n'), 'a.csv')).toThrow(
      /^a\.csv: the plan \w+ stands there twice, with "x" and "y" as error\. Remove one of the lines/,
    );
  });
});

test('the schema for editors names the fields', () => {
  expect(Object.keys(studySchema().properties as object)).toEqual(
    expect.arrayContaining(['base', 'vary', 'cases', 'techniques', 'metrics']),
  );
});

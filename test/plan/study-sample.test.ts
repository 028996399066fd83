/** What a study draws: streams of their own, distributions as they are stated, and one sentence for every bad input. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { normalProbability } from '../../src/core/normal.js';
import { sha256 } from '../../src/node/sha256.js';
import { drawSample } from '../../src/plan/asked/asked-sample.js';
import { countRuns, expandStudy, parseStudy, type StudyInput } from '../../src/plan/input/study-file.js';

const expand = (input: StudyInput) => expandStudy(parseStudy(input), { version: '1', hash: sha256 });
const base = { patient: { phantom: 'spine-t8' }, prior: { dose: 38, fractions: 19, months: 17.7 } } as const;
const fields = {
  'prior.dose': { uniform: [30, 46] },
  'prior.months': { logNormal: { median: 14, sd: 0.5, max: 120 } },
  'patient.parameters.canalDepth': { normal: { mean: 16.5, sd: 1, min: 15, max: 19 } },
  'prior.fractions': { choice: [10, 19, 20], weights: [1, 2, 0] },
} satisfies NonNullable<StudyInput['sample']>['fields'];
const draw = (draws: number, own: object = fields, seed = 1) => [
  ...drawSample(parseStudy({ base, sample: { draws, seed, fields: own as typeof fields } }).sample!),
];

describe('draws', () => {
  test('are the same on every machine', () => {
    // As drawn by Node 20 on x86-64: what a study of another machine must get.
    expect(draw(2)).toEqual([
      {
        'patient.parameters.canalDepth': 17.0161,
        'prior.dose': 39.4711,
        'prior.fractions': 10,
        'prior.months': 14.9466,
      },
      {
        'patient.parameters.canalDepth': 16.221,
        'prior.dose': 38.961,
        'prior.fractions': 19,
        'prior.months': 6.31093,
      },
    ]);
  });

  test('do not change when there are more of them, nor when another field is drawn or the fields change places', () => {
    const few = draw(5);
    expect(draw(50).slice(0, 5)).toEqual(few);
    const reversed = Object.fromEntries(Object.entries({ cordCap: { uniform: [20, 30] }, ...fields }).reverse());
    expect(draw(5, reversed).map(({ cordCap: _, ...rest }) => rest)).toEqual(few);
    expect(draw(5, fields, 2)).not.toEqual(few);
  });

  test('fields are independent, also those with one distribution', () => {
    const same = { uniform: [0, 1] };
    const two = draw(4000, { 'prior.dose': same, 'prior.months': same });
    const product = two.reduce((sum, own) => sum + (own['prior.dose']! - 0.5) * (own['prior.months']! - 0.5), 0);
    // Standard error of the correlation: 1 / sqrt(4000) = 0.016; four of them.
    expect(Math.abs((12 * product) / 4000)).toBeLessThan(0.064);
  });

  test('have the distribution that is stated: the largest distance of the distribution functions', () => {
    const n = 4000;
    const drawn = draw(n);
    // Kolmogorov and Smirnov at 1e-4: 2.2 / sqrt(n). Seeds are fixed, so that this holds or does not.
    const check = (path: string, below: (value: number) => number): void => {
      const sorted = drawn.map((own) => own[path]!).sort((a, b) => a - b);
      const far = Math.max(...sorted.map((value, k) => Math.abs(below(value) - (k + 0.5) / n)));
      expect(far, path).toBeLessThan(2.2 / Math.sqrt(n));
    };
    check('prior.dose', (x) => (x - 30) / 16);
    check(
      'prior.months',
      (x) => normalProbability(Math.log(x / 14) / 0.5) / normalProbability(Math.log(120 / 14) / 0.5),
    );
    const [low, high] = [normalProbability(-1.5), normalProbability(2.5)];
    check('patient.parameters.canalDepth', (x) => (normalProbability(x - 16.5) - low) / (high - low));
    const depths = drawn.map((own) => own['patient.parameters.canalDepth']!);
    expect([Math.min(...depths) >= 15, Math.max(...depths) <= 19]).toEqual([true, true]);
    const ten = drawn.filter((own) => own['prior.fractions'] === 10).length;
    expect(Math.abs(ten / n - 1 / 3)).toBeLessThan(0.03);
    expect(
      drawn.some((own) => own['prior.fractions'] === 20),
      'of no weight',
    ).toBe(false);
  });

  test('are cases of the study, each with a number; a number in a list is named by its place', () => {
    const runs = expand({
      base: { ...base, isocenter: [0, 5, 0] },
      sample: {
        draws: 2,
        seed: 1,
        fields: { 'prior.dose': { uniform: [30, 46] }, 'isocenter.2': { uniform: [-3, 3] } },
      },
      vary: { cordCap: [25, 28] },
      techniques: ['imrt', 'fcrt'],
    });
    expect(runs.map(({ values }) => values.get('draw'))).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect([...runs[0]!.values.keys()]).toEqual(['draw', 'prior.dose', 'isocenter.2', 'cordCap']);
    const { case: planCase, values } = runs[4]!;
    expect(planCase.isocenter).toEqual([0, 5, values.get('isocenter.2')]);
    expect(planCase.prior).toEqual({ dose: values.get('prior.dose'), fractions: 19, months: 17.7 });
    expect(new Set(runs.map(({ key }) => key)).size).toBe(8);
  });
});

describe('patients', () => {
  const patients = [
    { name: 'wide', patient: { phantom: 'spine-t8', parameters: { canalDepth: 18 } }, 'prior.dose': 30 },
    { 'patient.phantom': 'spine-l3' },
    { folder: 'cohort/p 1', patient: { ct: '{folder}/ct.nrrd', masks: '{folder}' }, target: 'PTV' },
  ];

  test('are named, change what they say, and go with all else', () => {
    const runs = expand({ base, patients, vary: { cordCap: [25, 28] } });
    expect(runs.map(({ values }) => [...values])).toEqual(
      ['wide', 'spine-l3', 'p 1'].flatMap((name) =>
        [25, 28].map((cap) => [
          ['patient', name],
          ['cordCap', cap],
        ]),
      ),
    );
    expect(runs[0]!.case.patient).toEqual({ phantom: 'spine-t8', parameters: { canalDepth: 18 } });
    expect([0, 2].map((r) => (runs[r]!.case.prior as { dose: number }).dose)).toEqual([30, 38]);
    expect(runs[4]!.case).toMatchObject({
      patient: { ct: 'cohort/p 1/ct.nrrd', masks: 'cohort/p 1' },
      target: 'PTV',
    });
  });

  test('draws come before them: more draws leave the first rows', () => {
    const sample = { seed: 1, fields: { cordCap: { uniform: [20, 30] as [number, number] } } };
    const keys = (draws: number) => expand({ base, patients, sample: { ...sample, draws } }).map(({ key }) => key);
    expect(keys(3).slice(0, 6)).toEqual(keys(2));
  });
});

describe('bad input', () => {
  const sampled = (own: object, more: object = {}) => ({ sample: { draws: 3, seed: 1, fields: own, ...more } });
  const bad: [string, object, RegExp][] = [
    ['no draws', sampled(fields, { draws: 0 }), /sample\.draws: is 0, but at least one draw makes a study/],
    ['half a draw', sampled(fields, { draws: 1.5 }), /sample\.draws: is 1\.5, but must be a whole number/],
    ['nothing drawn', sampled({}), /sample\.fields: is empty/],
    [
      'a negative sd',
      sampled({ cordCap: { normal: { mean: 25, sd: -1 } } }),
      /sd: is -1, but a standard deviation must be > 0/,
    ],
    [
      'bounds the wrong way',
      sampled({ cordCap: { normal: { mean: 25, sd: 1, min: 30, max: 20 } } }),
      /bounds between which next to nothing/,
    ],
    [
      'bounds far away',
      sampled({ cordCap: { logNormal: { median: 25, sd: 0.1, min: 200 } } }),
      /bounds between which next to nothing/,
    ],
    ['uniform the wrong way', sampled({ cordCap: { uniform: [30, 20] } }), /must be \[least, largest\]/],
    ['weights', sampled({ cordCap: { choice: [20, 25], weights: [1] } }), /must have a weight for each value/],
    ['no distribution', sampled({ cordCap: { gamma: 1 } }), /sample\.fields\.cordCap: .*(gamma|must be \{ "uniform")/],
    [
      'a value out of its range, with its draw',
      sampled({ 'prior.dose': { uniform: [150, 400] } }),
      /^study with draw = \d, prior\.dose = [\d.]+: prior\.dose: is [\d.]+ Gy, more than 200/,
    ],
    [
      'no whole number',
      sampled({ 'prior.fractions': { uniform: [10, 20] } }),
      /draw = 1, prior\.fractions = .*whole number/,
    ],
    [
      'past the end of a list',
      { ...sampled({ 'isocenter.3': { uniform: [0, 1] } }), base: { ...base, isocenter: [0, 0, 0] } },
      /leads through \[0,0,0\], which has no item "3"\. Its items are 0 to 2/,
    ],
    [
      'drawn and varied',
      { ...sampled(fields), vary: { 'prior.dose': [30] } },
      /prior\.dose stands in both "vary" and "sample"/,
    ],
    [
      'two of one name',
      { patients: ['a/p1', 'b/p1'] },
      /patients\.0 and patients\.1 are both called "p1"\. Give each a "name"/,
    ],
    ['no patient', { patients: [{ name: 'x', cordCap: 3 }] }, /patients\.0 names no patient\. Give a "folder"/],
    ['a patient that is none', { patients: [3] }, /patients\.0: must be a folder, or \{ "name", "folder"/],
    ['no sd', sampled({ cordCap: { normal: { mean: 25 } } }), /normal\.sd: is missing, but must be a number/],
    ['none', { patients: [] }, /patients: holds no patient/],
    [
      'patient varied too',
      { patients: ['a'], vary: { patient: [{ phantom: 'spine-t8' }] } },
      /patient stands in both "vary" and "patients"/,
    ],
    [
      'a patient twice',
      {
        patients: [
          { name: 'a', 'patient.phantom': 'spine-t4' },
          { name: 'b', 'patient.phantom': 'spine-t4' },
        ],
      },
      /imrt with patient = "b" is planned twice/,
    ],
  ];
  test.each(bad)('%s', (_, more, message) => {
    expect(() => expand({ base, ...more } as StudyInput)).toThrow(message);
  });

  test('ten million plans are no slip, more are refused before one is made', () => {
    const asked = (draws: number) =>
      parseStudy({ base, sample: { draws, seed: 1, fields }, vary: { cordCap: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] } });
    expect(countRuns(asked(1_000_000))).toBe(10_000_000);
    expect(() => expandStudy(asked(1_000_001), { version: '1', hash: sha256 })).toThrow(
      /these are 10000010 plans, more than 10000000/,
    );
  });
});

describe('draws that come again are passed over', () => {
  const choices = {
    'prior.fractions': { choice: [10, 19, 20, 20] },
    'prior.months': { choice: [6, 12], weights: [9, 1] },
  };

  test('all combinations of choices come once, in an order of their own; fewer draws are their beginning', () => {
    const all = draw(6, choices);
    expect(new Set(all.map((own) => JSON.stringify(own))).size).toBe(6);
    expect(draw(4, choices)).toEqual(all.slice(0, 4));
    expect(draw(6, choices, 2)).not.toEqual(all);
    const runs = expand({ base, sample: { draws: 6, seed: 1, fields: choices } });
    expect(runs.map(({ values }) => values.get('draw'))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('the likelier ones come first', () => {
    const first = Array.from(
      { length: 300 },
      (_, seed) => draw(1, { 'prior.months': choices['prior.months'] }, seed)[0]!,
    );
    const six = first.filter((own) => own['prior.months'] === 6).length;
    // 270 expected; three standard errors of 5.2.
    expect(Math.abs(six - 270)).toBeLessThan(16);
  });

  test('more than there are is said when the study is read', () => {
    expect(() => parseStudy({ base, sample: { draws: 7, seed: 1, fields: choices } })).toThrow(
      /^study: sample\.draws: is 7, but the choices drawn have 6 combinations, and none is drawn twice: ask for 6 at most/,
    );
    const never = { 'prior.months': { choice: [6, 12], weights: [1, 0] } };
    expect(() => parseStudy({ base, sample: { draws: 2, seed: 1, fields: never } })).toThrow(/have 1 combinations/);
  });

  test('also of a number whose six digits are few, until hardly one is left', () => {
    const narrow = { 'prior.dose': { uniform: [38, 38.001] } };
    // 38 to 38.001 by 0.0001.
    expect(
      draw(11, narrow)
        .map((own) => own['prior.dose'])
        .sort(),
    ).toEqual(Array.from({ length: 11 }, (_, k) => Number((38 + k / 10_000).toFixed(4))));
    expect(() => draw(12, narrow)).toThrow(
      /sample: after 11 draws, \d+ in a row were as one before.* Ask for 11 draws/,
    );
    const many = draw(2000, { 'prior.dose': { uniform: [30, 46] } });
    expect(new Set(many.map((own) => own['prior.dose'])).size).toBe(2000);
  });
});

test.each([
  ['uneven-prior', 80],
  ['spine-study', 2000],
])('examples/%s is a study of %i plans', (name, count) => {
  const file = new URL(`../../examples/${name}/STUDY.json`, import.meta.url);
  expect(expand(JSON.parse(readFileSync(file, 'utf8')))).toHaveLength(count);
});

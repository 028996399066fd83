/** What a case may not ask for: one sentence each, with the value and what to do, before anything is computed. */
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/core/errors.js';
import { parseConstraint, parseConstraints } from '../../../src/plan/asked/asked-constraint.js';
import { checkStructureNames } from '../../../src/plan/input/case-names.js';
import { parseCase } from '../../../src/plan/input/parse-case.js';
import { checkAskedOnPatient } from '../../../src/plan/problem/asked-on-patient.js';

const names = ['External', 'PTV_3960', 'SpinalCord', 'Esophagus', 'Lung_L'];
const read = (asked: object): void =>
  checkStructureNames(parseCase({ patient: { phantom: 'spine-t8' }, ...asked }), names, 'spine-t8');
const sentenceOf = (asked: object): string => {
  try {
    read(asked);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return (error as Error).message;
  }
  return 'taken';
};

const objective = { structure: 'Esophagus', kind: 'overdose', dose: 20, weight: 5 };
const { dose: _, ...mean } = { ...objective, kind: 'mean' };
const objectives: [what: string, own: unknown, said: string][] = [
  ['of an unknown structure', { ...objective, structure: 'Oesophagus' }, 'Did you mean "Esophagus"?'],
  ['of nothing', { ...objective, structure: '' }, 'objectives "" is not a structure'],
  ['of the tissue in small letters', { ...objective, structure: 'tissue' }, 'Did you mean "Tissue"?'],
  ['without structure', { kind: 'mean', weight: 1 }, 'structure: is missing: mean needs structure'],
  ['of no weight', { ...objective, weight: 0 }, 'weight: is 0, but must be > 0'],
  ['of a negative weight', { ...objective, weight: -1 }, 'weight: is -1, but must be > 0'],
  ['of weight NaN', { ...objective, weight: Number.NaN }, 'weight: is NaN, but must be a finite number > 0'],
  ['of a weight in quotes', { ...objective, weight: '5' }, 'weight: is "5", but must be a finite number > 0'],
  ['of a weight without end', { ...objective, weight: 1e12 }, 'at most 1e9'],
  ['without weight', { ...objective, weight: undefined }, 'weight: is missing, but must be a finite number'],
  ['of a misspelt kind', { ...objective, kind: 'overdos' }, '(did you mean "overdose"?)'],
  ['of another kind', { ...objective, kind: 'nicer' }, 'but must be one of deviation, underdose'],
  ['with a field of another kind', { ...objective, a: 2 }, 'a: does not go with overdose (it has kind, weight'],
  ['with a dose that a mean has not', { ...objective, kind: 'mean' }, 'dose: does not go with mean'],
  ['with an unknown field', { ...objective, priority: 1 }, 'Unrecognized key: "priority"'],
  ['gEUD without exponent', { ...objective, kind: 'gEUD' }, 'a: is missing: gEUD needs structure, a, dose'],
  ['gEUD with exponent 0', { ...objective, kind: 'gEUD', a: 0 }, 'a: is 0, but must be >= 1, or < 1 and not 0'],
  ['of a negative dose', { ...objective, dose: -1 }, 'dose: is -1, but must be >= 0'],
  ['of a dose of 1e9', { ...objective, dose: 1e9 }, 'dose: is 1000000000, but must be <= 1000'],
  ['of a dose in quotes', { ...objective, dose: '20' }, 'dose: is "20", but must be total Gy of the course'],
  ['of a dose with its unit', { ...objective, dose: '20Gy' }, 'dose: is "20Gy", but must be total Gy'],
  ['on 120 %', { ...objective, kind: 'maximum-dvh', volume: '120%' }, 'volume: is "120%", but must be above 0 %'],
  ['on 0 %', { ...objective, kind: 'maximum-dvh', volume: '0%' }, 'volume: is "0%", but must be above 0 %'],
  ['on 20', { ...objective, kind: 'maximum-dvh', volume: 20 }, 'volume: is 20, but must be percent, as "45%"'],
  ['on no volume', { ...objective, kind: 'maximum-dvh' }, 'volume: is missing: maximum-dvh needs structure'],
  ['in EQD2 of no ratio', { ...objective, scale: 'EQD2' }, 'scale: is "EQD2", but must be a scale with its alpha/beta'],
  ['in EQD2 of ratio 0', { ...objective, scale: 'EQD2/0' }, 'its alpha/beta must be at least 0.1 Gy'],
  ['of all courses in Gy', { ...objective, courses: 'all' }, 'courses: is "all", which needs a scale'],
  ['from below in EQD2', { ...objective, kind: 'underdose', scale: 'EQD2/3' }, 'it is not convex. Give the physical'],
  ['of a level in Gy', { ...objective, kind: 'underdose', isLevel: true }, 'needs dose in percent'],
  ['a fall-off of an organ', { kind: 'fall-off', weight: 1, structure: 'Esophagus' }, 'a fall-off is of Tissue'],
  ['a fall-off from 0 Gy', { kind: 'fall-off', weight: 1, dose: 0 }, 'dose: is 0, but must be > 0'],
  ['a fall-off that does not fall', { kind: 'fall-off', weight: 1, perMillimetre: '0%' }, 'must be above 0 %'],
  ['smoothness of an organ', { kind: 'smoothness', weight: 1, structure: 'Lung_L' }, 'does not go with smoothness'],
  ['of temperature 0', { ...mean, kind: 'maximum', temperature: 0 }, 'temperature: is 0, but must be >= 0.01'],
  ['a name', 'spine', 'is "spine", but must be an objective { "kind"'],
];

describe('objectives', () => {
  test.each(objectives)('%s', (_what, own, said) => {
    const sentence = sentenceOf({ objectives: [own] });
    expect(sentence).toContain(said);
    expect(sentence.length).toBeLessThanOrEqual(400);
  });

  test.each([
    [[], 'is an empty list: give an objective, or "spine-default"'],
    [['spine-default', 'spine-default'], 'names "spine-default" twice'],
    ['spine', 'is "spine", but must be "spine-default", or a list'],
    [{}, 'is no list, but must be "spine-default", or a list'],
  ])('as %j', (given, said) => {
    expect(sentenceOf({ objectives: given })).toContain(said);
  });

  test('of every kind with what it needs are taken, alone and after the template', () => {
    const all = [
      objective,
      mean,
      { ...objective, kind: 'gEUD', a: 8 },
      { ...objective, kind: 'gEUD', a: -8 },
      { ...objective, kind: 'deviation', dose: '95%' },
      { ...objective, kind: 'underdose', dose: '95%', isLevel: true },
      { ...objective, kind: 'maximum-dvh', volume: '20%' },
      { ...objective, kind: 'minimum-dvh', volume: '100%' },
      { ...mean, kind: 'maximum' },
      { ...mean, kind: 'minimum', temperature: 0.5 },
      { kind: 'fall-off', weight: 1 },
      { ...objective, scale: 'EQD2/3', courses: 'all' },
    ];
    for (const one of all) {
      expect(sentenceOf({ objectives: [one] }), JSON.stringify(one)).toBe('taken');
      expect(sentenceOf({ objectives: ['spine-default', one] }), JSON.stringify(one)).toBe('taken');
    }
  });
});

const constraints: [list: unknown[], said: string][] = [
  [['Esophagus Max <= 20Gy', 'Esophagus Min >= 30Gy'], 'contradict each other: what is at least 30 Gy is never at'],
  [['PTV_3960 D98% >= 36Gy', 'PTV_3960 Max <= 30Gy'], 'contradict each other'],
  [['PTV_3960 D98% >= 36Gy', 'PTV_3960 Mean <= 35.2Gy'], 'what is at least 36 Gy is never at most 35.2 Gy'],
  [['PTV_3960 D98% >= 36Gy', 'PTV_3960 D95% <= 30Gy'], 'contradict each other'],
  [['PTV_3960 V36Gy >= 98%', 'PTV_3960 gEUD(a=2) <= 30Gy'], 'contradict each other'],
  [['PTV_3960 gEUD(a=-5) >= 36Gy', 'PTV_3960 Mean <= 90%'], 'contradict each other'],
  [['Esophagus Mean <= 10Gy', 'Esophagus  Mean <= 10Gy'], 'twice: once is enough'],
  [['Esophagus Max[EQD2] <= 10Gy'], 'alpha/beta in Gy, as in EQD2/2, is expected'],
  [['Esophagus Mean[EQD2/3] >= 5Gy'], 'from below is not convex. Give it as a physical dose'],
  [['Esophagus Mean'], 'it has no comparison'],
  [['Esophagus Meen <= 10Gy'], 'but found "Meen"'],
  [['Esophagus V20Gy <= 120%'], 'its volume is 120 %, but must be from 0 to 100 %'],
  [['Esophagus D120% <= 20Gy'], '120 % of a structure does not exist'],
  [['Esophagus V20Gy <= -5%'], 'its volume is -5 %'],
  [['Esophagus Max <= 0Gy'], 'its dose is 0 Gy, but must be > 0'],
  [['Esophagus Max <= -3Gy'], 'its dose is -3 Gy'],
  [['Esophagus Max <= 1e9Gy'], 'but found "1e9Gy"'],
  [['Esophagus Max <= 1000000000Gy'], 'must be at most 1000 Gy'],
  [['Esophagus Max <= %'], 'a number with Gy, % or cc is expected'],
  [['Tissue Mean <= 5Gy'], 'constraints "Tissue" is not a structure'],
  [['Oesophagus Mean <= 5Gy'], 'Did you mean "Esophagus"?'],
  [['Esophagus Max >= 10Gy'], 'not convex. Bound D2% or the mean'],
  [['Esophagus Min <= 10Gy'], 'not convex. Bound D98% or the mean'],
  [['Esophagus gEUD(a=0.5) <= 10Gy'], 'From above a must be >= 1'],
  [['Esophagus gEUD(a=2) >= 10Gy'], 'From below a must be < 1'],
  [['Esophagus Volume >= 10cc'], 'a plan does not change the volume'],
  [['Esophagus D0.03cc <= 5cc'], 'D is measured in Gy or %, but the limit is in cc'],
  [[5], 'is 5, but must be a string'],
];

describe('constraints', () => {
  test.each(constraints)('%j', (list, said) => {
    const sentence = sentenceOf({ constraints: list });
    expect(sentence).toContain(said);
    expect(sentence.length).toBeLessThanOrEqual(400);
  });

  test.each([
    [['Esophagus Max <= 30Gy', 'Esophagus Min >= 30Gy']],
    [['PTV_3960 D2% >= 36Gy', 'PTV_3960 D98% <= 30Gy', 'PTV_3960 Mean <= 30Gy']],
    [['PTV_3960 D98% >= 36Gy', 'SpinalCord Max <= 20Gy']],
    [['PTV_3960 Mean >= 36Gy', 'PTV_3960 D98% <= 30Gy']],
  ])('may hold together: %j', (list) => {
    expect(sentenceOf({ constraints: list })).toBe('taken');
  });

  test('on what a patient does not have are refused before planning', () => {
    const fractions = new Map([
      ['Esophagus', { structure: 'Esophagus', volumeCc: 12, onGrid: 1, inBody: 1 }],
      ['Liver', { structure: 'Liver', volumeCc: 1200, onGrid: 0.4, inBody: 1 }],
      ['Node', { structure: 'Node', volumeCc: 0, onGrid: 0, inBody: 0 }],
      ['Skin', { structure: 'Skin', volumeCc: 9000, onGrid: 0.4, inBody: 1 }],
    ]);
    const check = (text: string) => (): void =>
      checkAskedOnPatient([parseConstraint(text)], { drawnFractions: fractions, external: 'Skin' });
    expect(check('Liver Mean <= 5Gy')).toThrow('only 40.0 % of Liver (1200 cc as drawn) lies on the dose grid');
    expect(check('Node Max <= 5Gy')).toThrow('Node is empty');
    expect(check('Esophagus D20cc <= 5Gy')).toThrow('has 12 cc, less than the 20 cc');
    expect(check('Esophagus V5Gy >= 20cc')).toThrow('has 12 cc, less than the 20 cc');
    for (const taken of ['Esophagus V5Gy <= 20cc', 'Esophagus D11cc <= 5Gy', 'Skin Max <= 50Gy'])
      expect(check(taken)).not.toThrow();
  });

  test('percent is of the prescription', () => {
    const course = { dose: 40, fractions: 20 };
    const [percent, gray] = parseConstraints(['PTV D98% >= 95%', 'PTV D98% >= 38Gy'], course);
    expect(percent!.dose).toBe(gray!.dose);
    expect(percent!.form).toEqual(gray!.form);
    const [volume, dose] = parseConstraints(['PTV V38Gy >= 98%', 'PTV D98% >= 38Gy'], course);
    expect([volume!.dose, volume!.form]).toEqual([dose!.dose, dose!.form]);
  });
});

test.each([
  [['PTV_3960'], 'must name two structures or more'],
  [['PTV_3960', 'Nope'], 'overlap "Nope" is not a structure'],
  [['PTV_3960', 'PTV_3960'], 'overlap.1: names "PTV_3960" twice'],
  [['PTV_3960', 'Tissue'], 'overlap "Tissue" is not a structure'],
  ['PTV_3960', 'must be an array'],
])('overlap %j', (overlap, said) => {
  expect(sentenceOf({ overlap })).toContain(said);
});

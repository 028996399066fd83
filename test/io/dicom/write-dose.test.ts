/** RTDOSE written: read again it is the same dose, it says what it is, and what it cannot hold it refuses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createGrid, type Grid, isSameGrid } from '../../../src/geometry/grid.js';
import type { DicomStudy } from '../../../src/geometry/patient.js';
import { createDose, type DoseMeaning, type DoseVolume } from '../../../src/geometry/volume.js';
import { number, readDataset, text } from '../../../src/io/dicom/dataset.js';
import { readRtDose } from '../../../src/io/dicom/dose.js';
import { effectComment, meaningOfComment } from '../../../src/io/dicom/effect-comment.js';
import { writeDose } from '../../../src/io/dicom/write-dose.js';

const study: DicomStudy = {
  attributes: { '00100010': 'MÜLLER^ANNA', '00100020': '7', '00080020': '20240131' },
  studyUid: '1.2.3',
  frameOfReferenceUid: '1.2.4',
};
// Odd, unequal dims and spacings.
const grid = createGrid([3, 5, 7], [2.5, 1.25, 3.7], [-7.25, 11.1, -100.55]);
const planUids = ['1.2.5'];

const random = (on: Grid, meaning: DoseMeaning, top: number, seed = 1): DoseVolume => {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const [nz, ny, nx] = on.shape;
  return createDose(
    on,
    meaning,
    Float32Array.from({ length: nz * ny * nx }, () => (next() < 0.3 ? 0 : top * next())),
  );
};
const largest = (data: Float32Array): number => data.reduce((a, b) => Math.max(a, b), 0);

describe('written and read again', () => {
  test.each([32, 16] as const)('%d bits: within half a step, zero stays zero, the largest is kept', (bits) => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 900, noNaN: true }), fc.integer({ min: 1, max: 1000 }), (top, seed) => {
        const dose = random(grid, { quantity: 'physical', fractions: 22 }, top, seed);
        const { file } = writeDose(dose, study, { planUids, bits });
        const read = readRtDose(file).dose;
        const most = largest(dose.data);
        // Half a step, and half a bit of a Float32.
        const near = (most / (2 ** bits - 1)) * (0.5 + 1e-3);
        dose.data.forEach((value, i) => {
          if (Math.abs(read.data[i]! - value) > near + value * 2 ** -24) throw new Error(`${value} -> ${read.data[i]}`);
          if (value === 0 && read.data[i] !== 0) throw new Error('zero was lost');
        });
        expect(largest(read.data) / most).toBeCloseTo(1, 6);
      }),
      { numRuns: 50 },
    );
  });

  test('on the same grid, with the same meaning, of the same study', () => {
    const meanings: DoseMeaning[] = [
      { quantity: 'physical', fractions: 22 },
      { quantity: 'physical' },
      { quantity: 'eqd2', alphaBeta: 2 },
      { quantity: 'bed', alphaBeta: 0.87 },
    ];
    for (const meaning of meanings) {
      const { file } = writeDose(random(grid, meaning, 40), study, { planUids });
      const read = readRtDose(file);
      expect(isSameGrid(read.dose.grid, grid)).toBe(true);
      expect(read.dose).toMatchObject(meaning);
      expect(read).toMatchObject({ frameOfReferenceUid: '1.2.4', planUids, notes: [], summation: 'PLAN' });
      expect(read.study).toEqual({ ...study, attributes: expect.objectContaining(study.attributes) });
    }
  });

  test('a dose of nothing, and one slice', () => {
    const flat = createGrid([1, 2, 3], [1, 2, 3], [0, 0, 5]);
    for (const dose of [createDose(flat, { quantity: 'physical' }), random(flat, { quantity: 'physical' }, 5)]) {
      expect(readRtDose(writeDose(dose, study, { planUids }).file).dose.grid).toEqual(flat);
    }
  });
});

describe('what it says', () => {
  const elementsOf = (meaning: DoseMeaning, uids = planUids) =>
    readDataset(writeDose(random(grid, meaning, 40), study, { planUids: uids }).file).elements;

  test('type, units, label, plans', () => {
    const physical = elementsOf({ quantity: 'physical', fractions: 22 });
    const of = (tag: string) => text(physical, tag);
    expect([of('30040002'), of('30040004'), of('3004000A'), of('00080005')]).toEqual([
      'GY',
      'PHYSICAL',
      'PLAN',
      'ISO_IR 192',
    ]);
    expect(of('0008103E')).toContain('RESEARCH ONLY - NOT FOR CLINICAL USE');
    expect(of('30040006')).toBe('Physical dose, 22 fractions. RESEARCH ONLY');
    expect(number(physical, '00280100')).toBe(32);
    const sum = elementsOf({ quantity: 'eqd2', alphaBeta: 2 }, ['1.2.5', '1.2.6']);
    expect([text(sum, '30040004'), text(sum, '3004000A'), text(sum, '30040006')]).toEqual([
      'EFFECTIVE',
      'MULTI_PLAN',
      'EQD2, alpha/beta 2 Gy, 2 Gy/fraction. RESEARCH ONLY',
    ]);
  });

  test('what is no physical dose is never read as one, whatever is asked for', () => {
    for (const quantity of ['eqd2', 'bed'] as const) {
      const { file } = writeDose(random(grid, { quantity, alphaBeta: 2 }, 40), study, { planUids });
      expect(readRtDose(file).dose.quantity).toBe(quantity);
      expect(() => readRtDose(file, { quantity: 'physical' })).toThrow(
        /holds (EQD2|BED) with alpha\/beta 2 Gy, not ph/,
      );
      expect(() => readRtDose(file, { quantity, alphaBeta: 3 })).toThrow(/alpha\/beta 2 Gy, not .* alpha\/beta 3 Gy/);
      expect(readRtDose(file, { quantity, alphaBeta: 2 }).dose.alphaBeta).toBe(2);
    }
  });

  test('fractions that are not its own are refused', () => {
    const { file } = writeDose(random(grid, { quantity: 'physical', fractions: 22 }, 40), study, { planUids });
    expect(() => readRtDose(file, { fractions: 20 })).toThrow(/20 fractions are given, but the file says 22/);
    expect(readRtDose(file, { fractions: 22 }).dose.fractions).toBe(22);
  });

  test('the comment of every meaning is 64 characters at most, and read again', () => {
    for (const alphaBeta of [0.1, 0.87, 2, 2.4999, 10, 99.999]) {
      for (const quantity of ['eqd2', 'bed'] as const) {
        const comment = effectComment({ quantity, alphaBeta });
        expect(comment.length).toBeLessThanOrEqual(64);
        expect(meaningOfComment(comment)).toEqual({ quantity, alphaBeta });
      }
    }
    for (const foreign of [
      'EQD2',
      'EQD2, alpha/beta 2 Gy',
      '',
      'Physical dose',
      'EQD2, alpha/beta two Gy, x. RESEARCH ONLY',
    ])
      expect(meaningOfComment(foreign)).toBeUndefined();
  });

  test('UIDs are of the content: the same dose the same ones, another dose or study others', () => {
    const dose = random(grid, { quantity: 'physical' }, 40);
    const uid = (of: DoseVolume, to = study): string => writeDose(of, to, { planUids }).uid;
    expect(writeDose(dose, study, { planUids })).toEqual(writeDose(dose, study, { planUids }));
    const other = { ...dose, data: dose.data.map((v, i) => (i === 50 ? v + 1 : v)) };
    const uids = [uid(dose), uid(other), uid(dose, { ...study, studyUid: '1.2.99' })];
    expect(new Set(uids).size).toBe(3);
    for (const one of uids) expect(one).toMatch(/^2\.25\.[1-9]\d{30,38}$/);
  });
});

test.each([
  [Number.NaN, /physical dose is unknown at \(-7\.3, 12\.3, -100\.5\) mm.*beyond: "zero"/],
  [Number.POSITIVE_INFINITY, /physical dose is Infinity Gy/],
  [-1e-3, /physical dose is -0\.001.* Gy at .*must be finite and >= 0/],
])('a dose of %d is refused with its place', (value, message) => {
  const dose = random(grid, { quantity: 'physical' }, 40);
  dose.data[7] = value;
  expect(() => writeDose(dose, study, { planUids })).toThrow(message);
});

/** Structure sets with what hospitals have in them: the right volume, or the right sentence. */
import { expect, test } from 'vitest';
import { contoursVolume } from '../../../src/geometry/contour.js';
import type { StructureSet } from '../../../src/io/dicom/structure-set.js';
import { readStructureSet } from '../../../src/io/dicom/structure-set.js';
import { box, ellipse, type OddRing, type OddRoi, oddStructureSet, range, sagittal } from './odd-structures.js';

const slices = range(-20, 20, 4);
const square = (z: number): OddRing => box(z, -20, -20, 20, 20);
const read = (rois: readonly OddRoi[], options = {}): StructureSet => readStructureSet(oddStructureSet(rois), options);
const volume = (set: StructureSet, name = 'A'): number => {
  const shape = set.structures.find((own) => own.name === name)!.shape;
  if (shape.kind !== 'contours') throw new Error('contours expected');
  return contoursVolume(shape.contours);
};
const one = (rings: readonly OddRing[]): StructureSet => read([{ name: 'A', rings }]);

test('a ring twice, on one slice or on all, by whatever order of points, counts once', () => {
  const clean = slices.map(square);
  expect(volume(one(clean))).toBeCloseTo(70.4, 9);
  expect(one(clean).notes).toEqual([]);
  const jitter = (ring: OddRing): OddRing => ({
    data: ring.data.map((v, i) => (i % 3 === 2 ? v : v + 5e-4 * (-1) ** i)),
  });
  const back = ({ data }: OddRing): OddRing => ({ data: [3, 2, 1, 0, 3].flatMap((p) => data.slice(3 * p, 3 * p + 3)) });
  for (const copy of [(ring: OddRing) => ring, jitter, back]) {
    for (const count of [1, slices.length]) {
      const set = one([...clean, ...clean.slice(3, 3 + count).map(copy)]);
      expect(volume(set)).toBeCloseTo(70.4, 1);
      const passed = Math.min(count, slices.length - 3);
      expect(set.notes).toEqual([`Structure "A": ${passed} contour(s) passed over (drawn twice).`]);
    }
  }
});

test('rings that overlap in part are united with a note; exclusive ones and holes are not', () => {
  const set = one(slices.flatMap((z) => [box(z, -20, 0, 5, 10), box(z, -5, 0, 20, 10)]));
  expect(volume(set)).toBeCloseTo(17.6, 5);
  expect(set.notes).toEqual([
    'Structure "A": contours overlap in part on 11 slices from z = -20 to 20 mm and are united (up to 100 of 400 mm2, at z = -20 mm).',
  ]);
  const type = 'CLOSEDPLANAR_XOR';
  const xor = one(slices.flatMap((z) => [box(z, -20, 0, 5, 10, type), box(z, -5, 0, 20, 10, type)]));
  expect(volume(xor)).toBeCloseTo(13.2, 9);
  expect(xor.notes).toEqual([]);
  const hole = one(slices.flatMap((z) => [square(z), box(z, -10, -10, 10, 10), box(z, -5, -5, 5, 5)]));
  expect(volume(hole)).toBeCloseTo(0.044 * (1600 - 400 + 100), 9);
  expect(hole.notes).toEqual([]);
});

test('islands add up; order and direction of contours change nothing', () => {
  const parts = [-15, 5].map((x) => slices.map((z) => ellipse(z, x, 0, 8, 5)));
  const [a, b] = parts.map((rings) => volume(one(rings)));
  const both = parts.flat();
  expect(volume(one(both))).toBeCloseTo(a! + b!, 9);
  const shuffled = both.map((_, i) => both[(7 * i) % both.length]!);
  expect(volume(one(shuffled))).toBeCloseTo(a! + b!, 9);
  const split = slices.flatMap((z) => [box(z, -20, -20, 0, 20), box(z, 0, -20, 20, 20)]);
  expect(volume(one(split))).toBeCloseTo(70.4, 9);
});

test('slices 3 mm, then 6 mm apart: each contour stands for half the way, with a note', () => {
  const z = [...range(-30, 0, 3), ...range(6, 30, 6)];
  const set = read([
    { name: 'Cord', rings: z.map((at) => ellipse(at, 0, 60, 6, 6)) },
    { name: 'Square', rings: z.map(square) },
  ]);
  expect(volume(set, 'Cord')).toBeCloseTo(0.0645 * 112.8944, 3);
  expect(volume(set, 'Square')).toBeCloseTo(103.2, 9);
  expect(set.notes.length).toBe(2);
  expect(set.notes[1]).toMatch(/^Structure "Square": slices are left out between z = 0 and 30 mm in 5 places/);
  const gap = one([...range(-30, 0, 3), ...range(30, 60, 3)].map(square));
  expect(volume(gap)).toBeCloseTo(1.6 * 66, 9);
  expect(gap.notes[0]).toMatch(/nothing is drawn between z = 0 and 30 mm, and nothing is filled in/);
});

test('a sagittal or tilted structure, or one of another frame, is passed over with a note, whatever else there is', () => {
  const tilted: OddRing = { data: square(0).data.map((v, i) => (i === 2 ? v + 3 : v)) };
  const set = read([
    { name: 'Sag', rings: [sagittal(0, -20, -20, 20, 20)] },
    { name: 'A', rings: slices.map(square) },
    { name: 'Tilted', rings: [...slices.map(square), tilted] },
    { name: 'Other', rings: slices.map(square), frame: '1.2.3' },
  ]);
  expect(set.structures.map(({ name }) => name)).toEqual(['A']);
  expect(set.unfit).toEqual({
    Sag: 'a contour of it spans z = -20 to 20 mm and is not axial',
    Tilted: 'a contour of it spans z = 0 to 3 mm and is not axial',
    Other: 'it lies in another frame of reference, 1.2.3',
  });
  expect(set.notes.length).toBe(3);
  expect(set.frameOfReferenceUid).toBe('1.2.826.0.1.1');
  // Nothing but what cannot be used is still an answer.
  expect(read([{ name: 'Sag', rings: [sagittal(0, -20, -20, 20, 20)] }]).structures).toEqual([]);
  // The CT says which frame counts.
  const other = read(
    [
      { name: 'A', rings: slices.map(square) },
      { name: 'B', rings: slices.map(square), frame: '1.2.3' },
    ],
    { frameOfReferenceUid: '1.2.3' },
  );
  expect(other.structures.map(({ name }) => name)).toEqual(['B']);
});

test('one slice in all: the thickness is asked for by an option that exists', () => {
  expect(() => one([square(0)])).toThrow(/"A" is drawn on one slice only.*--slice-spacing/);
  const set = read([{ name: 'A', rings: [square(0)] }], { sliceSpacing: 4 });
  expect(volume(set)).toBeCloseTo(6.4, 9);
  expect(set.notes).toEqual(['Structure "A": one slice only, at z = 0 mm: its thickness is taken to be 4 mm.']);
});

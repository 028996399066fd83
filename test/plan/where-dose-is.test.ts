/** What lies where: a structure's share with dose, its prior course around it, its bounds by voxel; all by hand. */
import { describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { StructureCells } from '../../src/evaluate/structure-cells.js';
import { createGrid, placeOf } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { excessInWords, maximaOfVoxels, remainingDoseVolume } from '../../src/plan/constraint/structure-tolerance.js';
import { checkTolerancesLeaveDose, cordMaxima, organMaxima } from '../../src/plan/constraint/voxel-maximum.js';
import { constraintOutcomes } from '../../src/plan/evaluation/constraint-outcome.js';
import { checkHasDose, drawnFraction, fractionNote, linesOf } from '../../src/plan/patient/drawn-share.js';
import { priorsOnGrid } from '../../src/plan/patient/prior-around.js';
import { scaleWithin } from '../../src/plan/problem/constrained-voxels.js';

// Faces at x = -10 .. 10, y = -9 .. 9, z = -10 .. 15 mm.
const grid = createGrid([5, 6, 10], [2, 3, 5], [-9, -7.5, -7.5]);
const [nz, ny, nx] = grid.shape;
const solid = (name: string, min: [number, number, number], max: [number, number, number]) =>
  ({ name, role: 'organ', shape: { kind: 'solid', solid: box(min, max) } }) as const;

describe('the share of a drawn structure that has dose', () => {
  const everywhere = solid('Body', [-50, -50, -50], [50, 50, 50]);
  const of = (min: [number, number, number], max: [number, number, number], body = everywhere) => {
    const structure = solid('S', min, max);
    return drawnFraction(linesOf(structure, grid), grid, body, 4);
  };

  test('within the faces of the grid it is whole', () => {
    const share = of([-10, -9, -10], [10, 9, 15]);
    expect(share.volumeCc).toBeCloseTo((20 * 18 * 25) / 1000, 3);
    expect([share.onGrid, share.inBody]).toEqual([expect.closeTo(1, 4), expect.closeTo(1, 4)]);
  });

  test.each<[string, [number, number, number], [number, number, number]]>([
    ['x, below', [-20, -3, -3], [0, 3, 3]],
    ['x, above', [0, -3, -3], [20, 3, 3]],
    ['y, below', [-3, -18, -3], [3, 0, 3]],
    ['y, above', [-3, 0, -3], [3, 18, 3]],
    ['z, below', [-3, -3, -20], [3, 3, 0]],
    ['z, above', [-3, -3, 0], [3, 3, 30]],
  ])('half across its face in %s it is half', (_, min, max) => {
    expect(of(min, max).onGrid).toBeCloseTo(0.5, 3);
    expect(of(min, max).inBody).toBeCloseTo(1, 3);
  });

  test('of the part on the grid what lies in the body counts', () => {
    // Body to x = 5: of the 20 mm on the grid 15 are in it, of 40 mm drawn.
    const share = of([-30, -3, -3], [10, 3, 3], solid('Body', [-50, -50, -50], [5, 50, 50]));
    expect(share.onGrid).toBeCloseTo(0.5, 3);
    expect(share.inBody).toBeCloseTo(0.75, 2);
    // However thin: 0.3 mm, none of it in the body.
    expect(of([5.1, -3, -3], [5.4, 3, 3], solid('Body', [-50, -50, -50], [5, 50, 50])).inBody).toBe(0);
    const off = of([30, -3, -3], [40, 3, 3]);
    expect([off.onGrid, off.inBody]).toEqual([0, 0]);
    const body = drawnFraction(linesOf(everywhere, grid), grid, everywhere);
    expect(body.inBody).toBe(1);
  });

  const share = (onGrid: number, inBody: number, volumeCc = 12.3456) => ({
    structure: 'PTV',
    volumeCc,
    onGrid,
    inBody,
  });

  test('a target of which a hundredth or more has none is refused, with where it is missing', () => {
    expect(checkHasDose('target', share(0.99, 0.99), 'Skin')).toBeUndefined();
    expect(() => checkHasDose('target', share(0.989, 1), 'Skin')).toThrow(
      'case: only 98.9 % of the target "PTV" (12.35 cc as drawn) lies on the CT and its dose grid',
    );
    expect(() => checkHasDose('target', share(1, 0.989), 'Skin')).toThrow('lies inside the body (Skin)');
    expect(() => checkHasDose('target', share(0, 0, 0), 'Skin')).toThrow('target "PTV" is empty');
  });

  test('of other structures it is said', () => {
    expect(fractionNote(share(1, 1), 'Skin')).toBeUndefined();
    expect(fractionNote(share(1 - 5e-5, 0.99), 'Skin')).toBeUndefined();
    expect(fractionNote(share(0.995, 1), 'Skin')).toBe(
      'Only 99.5 % of PTV (12.35 cc as drawn) lies on the dose grid: its metrics are of that part.',
    );
    expect(fractionNote(share(0.985, 1), 'Skin')).toContain('it has no metrics');
    expect(fractionNote(share(0.99, 1), 'Skin')).toContain('of that part');
    expect(fractionNote(share(1, 0.985), 'Skin')).toContain('Only 98.5 % of PTV (12.35 cc as drawn) lies inside Skin');
    expect(fractionNote(share(0, 0, 0), 'Skin')).toBeUndefined();
  });
});

const index = (i: number, j: number, k: number): number => i + nx * (j + ny * k);
const maskOf = (voxels: readonly number[]) => {
  const data = new Float32Array(nx * ny * nz);
  for (const v of voxels) data[v] = 1;
  return createVolume('mask', grid, data);
};

describe('a prior course around a structure', () => {
  const own = [index(4, 2, 2), index(5, 2, 2), index(0, 0, 0)];
  const model = { cells: new Map([['Cord', new StructureCells(maskOf(own))]]) } as any;
  const course = (origin: string, gray: (voxel: number) => number) =>
    ({
      origin,
      dose: createDose(
        grid,
        { quantity: 'physical', fractions: 5 },
        Float32Array.from({ length: nx * ny * nz }, (_, v) => gray(v)),
      ),
    }) as any;
  const around = (one: any) => priorsOnGrid({ courses: [one] }, model, 'Cord', grid)[0]!.data;

  test('where it is unknown beside the structure the most of its own next to there counts, elsewhere none', () => {
    const known = new Map([
      [own[0], 20],
      [own[1], 30],
      [own[2], 8],
      [index(4, 1, 2), 3],
    ]);
    const data = around(course('imported', (v) => known.get(v) ?? Number.NaN));
    expect(own.map((v) => data[v])).toEqual([20, 30, 8]);
    // What is known there stays, though it is less.
    expect(data[index(4, 1, 2)]).toBe(3);
    expect(data[index(3, 2, 2)]).toBe(20);
    expect(data[index(5, 3, 3)]).toBe(30);
    expect(data[index(4, 3, 1)]).toBe(30);
    expect(data[index(6, 1, 1)]).toBe(30);
    expect(data[index(3, 1, 1)]).toBe(20);
    expect([data[index(1, 1, 1)], data[index(1, 0, 0)], data[index(0, 1, 1)]]).toEqual([8, 8, 8]);
    // Two voxels off, and at the far end of the row before or after, there is nothing.
    expect([data[index(7, 2, 2)], data[index(2, 2, 2)], data[index(4, 2, 4)], data[index(9, 0, 0)]]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(data.reduce((count, gray) => count + (gray > 0 ? 1 : 0), 0)).toBe(36 + 8);
  });

  test('what lies across an edge of the grid is not beside it', () => {
    for (const [i, j, k] of [
      [9, 2, 2],
      [4, 5, 2],
      [4, 2, 4],
      [0, 2, 2],
      [4, 0, 2],
      [4, 2, 0],
      [9, 5, 4],
      [0, 0, 0],
    ] as const) {
      const at = index(i, j, k);
      const edge = { cells: new Map([['Cord', new StructureCells(maskOf([at]))]]) } as any;
      const one = course('imported', (v) => (v === at ? 20 : Number.NaN));
      const { data } = priorsOnGrid({ courses: [one] }, edge, 'Cord', grid)[0]!;
      const expected = Array.from({ length: nx * ny * nz }, (_, v) => {
        const [x, y, z] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
        return Math.max(Math.abs(x - i), Math.abs(y - j), Math.abs(z - k)) <= 1 ? 20 : 0;
      });
      expect([...data]).toEqual(expected);
    }
  });

  test('a uniform course is as much beside it; a voxel of its own that is unknown spreads nothing', () => {
    const data = around(course('uniform', (v) => (own.includes(v) ? 20 : 0)));
    expect([data[index(3, 2, 2)], data[index(5, 2, 2)], data[index(1, 1, 1)]]).toEqual([20, 20, 20]);
    const none = around(course('imported', (v) => (v === own[2] ? 8 : Number.NaN)));
    expect([none[own[0]!], none[index(3, 2, 2)], none[own[2]!]]).toEqual([0, 0, 8]);
    // What an imported course gives beside it is not touched, nothing as it may be.
    const zero = around(course('imported', (v) => (own.includes(v) ? 20 : 0)));
    expect(zero[index(3, 2, 2)]).toBe(0);
  });

  test('on another grid it is interpolated, up to the faces', () => {
    const fine = createGrid([2, 2, 2], [1, 1, 1], [grid.origin[0] + 8, grid.origin[1] + 6, grid.origin[2] + 10]);
    const one = course('imported', (v) => 10 + (v % nx));
    const [dose] = priorsOnGrid({ courses: [one] }, model, 'Cord', fine);
    expect(dose!.grid).toEqual(fine);
    expect([...dose!.data.slice(0, 2)]).toEqual([expect.closeTo(14, 4), expect.closeTo(14.5, 4)]);
    const faces = createGrid([1, 1, 1], [1, 1, 1], [-9.9, -8.9, -9.9]);
    expect(priorsOnGrid({ courses: [one] }, model, 'Cord', faces)[0]!.data[0]).toBeCloseTo(10, 4);
  });
});

describe('bounds by voxel', () => {
  const limits = [
    { name: 'own', courses: 'this', eqd2: 20, alphaBeta: 2 },
    { name: 'all', courses: 'all', eqd2: 50, alphaBeta: 3 },
  ];
  const bounds = (structure: string, voxels: number[], dose: number[], more: object = {}) =>
    ({
      structure,
      origin: 'case',
      tolerances: limits,
      voxels: Int32Array.from(voxels),
      maxima: Float64Array.from(dose),
      binding: Int32Array.from(voxels, (_, v) => v % 2),
      exceeded: [],
      ...more,
    }) as any;
  const cord = bounds('Cord', [7, 3, 65], [10, 12, 14]);
  const organ = bounds('Organ', [3, 8], [9, 13]);
  const body = [3, 7, 8];
  const masks = new Map([
    ['Skin', maskOf(body)],
    ['PTV', maskOf([3, 8])],
  ]);
  const model = {
    cord: 'Cord',
    target: 'PTV',
    external: 'Skin',
    grid,
    masks,
    body: { index: Int32Array.from(body) },
  } as any;
  const plan = { prescription: { dose: 13, fractions: 5 } } as any;
  const dose = createDose(grid, { quantity: 'physical', fractions: 5 });
  dose.data.set([8, 0, 0, 0, 9.5, 13], 3);
  dose.data[65] = 13.75;

  test('the place of a voxel is its centre', () => {
    expect(placeOf(grid, index(3, 2, 4))).toEqual([-9 + 6, -7.5 + 6, -7.5 + 20]);
    expect(placeOf(grid, 0)).toEqual([-9, -7.5, -7.5]);
  });

  test('caps are those of the voxels asked for, and no more than the case’s', () => {
    expect([...maximaOfVoxels(cord, [65, 7])]).toEqual([14, 10]);
    expect([...cordMaxima([organ, cord], model, 12.5, [3, 65, 7])]).toEqual([12, 12.5, 10]);
    expect([...cordMaxima([organ], model, 12.5, [3, 65])]).toEqual([12.5, 12.5]);
    expect(() => maximaOfVoxels(cord, [4])).toThrow(/voxel 4 is none of it/);
    const [only, ...others] = organMaxima([cord, bounds('Organ', [3, 4, 8], [9, 1, 13])], model);
    expect(others).toEqual([]);
    expect([[...only!.voxels], [...only!.maxima]]).toEqual([
      [3, 8],
      [9, 13],
    ]);
  });

  test('the remaining dose of a voxel is the least of its maxima; where no tolerance is set there is none', () => {
    const { data } = remainingDoseVolume([cord, organ], model, plan);
    expect([data[3], data[7], data[8], data[65]]).toEqual([9, 10, 13, 14]);
    expect(data.reduce((count, gray) => count + (Number.isNaN(gray) ? 0 : 1), 0)).toBe(4);
    expect(remainingDoseVolume([organ, cord], model, plan).data[3]).toBe(9);
  });

  test('the share of a dose that keeps all caps is that of the worst voxel, and at most all', () => {
    const engine = { index: Int32Array.of(3, 7, 8, 9), dose: Float64Array.of(10, 20, 13, 99) };
    const caps = [cord, organ].map(({ voxels, maxima: own }) => ({ voxels, maxima: own }));
    expect(scaleWithin(engine, caps)).toBe(0.5);
    expect(scaleWithin({ ...engine, dose: Float64Array.of(10, 5, 13, 99) }, caps)).toBe(0.9);
    // Of two caps on one voxel the stricter, in any order.
    expect(scaleWithin({ ...engine, dose: Float64Array.of(10, 5, 13, 99) }, [...caps].reverse())).toBe(0.9);
    expect(scaleWithin({ ...engine, dose: Float64Array.of(9, 10, 13, 99) }, caps)).toBe(1);
  });

  test('what became of them: the voxel nearest to its bound, those above, those of the target below the prescription', () => {
    const chosen = { cord: { rows: [0, 1] }, organs: [{ name: 'Organ', rows: [2] }] };
    const [first, second] = constraintOutcomes([cord, organ], model, plan, {
      dose,
      hold: 'cord',
      voxels: chosen,
    } as any);
    expect(first).toMatchObject({ force: 'hard', voxels: 3, rows: 2, broken: 0, range: [10, 14], targetVoxels: 1 });
    expect(first!.worst!.limit).toBe('own');
    expect(first!.worst!.excess).toBeCloseTo(13.75 - 14, 6);
    expect(first!.worst!.place).toEqual(placeOf(grid, 65));
    expect(first!.worst!.eqd2).toBeCloseTo(eqd2(13.75, 5, 2) - eqd2(14, 5, 2), 6);
    // The organ: 8 of 9 Gy, and exactly its bound of the prescribed 13.
    expect(second).toMatchObject({ rows: 1, broken: 0, targetVoxels: 1 });
    expect(second!.worst).toMatchObject({ limit: 'all', excess: 0 });
    const loose = constraintOutcomes([bounds('Organ', [3, 8], [8 - 1e-5, 13 - 1e-6])], model, plan, {
      dose,
      hold: 'prescription',
      voxels: { cord: { rows: [] }, organs: [] },
    } as any);
    // A dose in single precision may be above by a millionth.
    expect(loose[0]).toMatchObject({ force: 'soft', broken: 1, rows: 0, targetVoxels: 2 });
    const none = constraintOutcomes([bounds('Organ', [], [])], model, plan, {
      dose,
      hold: 'cord',
      voxels: chosen,
    } as any);
    expect(none[0]).not.toHaveProperty('range');
    expect(none[0]).not.toHaveProperty('worst');
  });

  test('a prior course that leaves nothing is told with the first places, and how it is mended', () => {
    const excess = (limit: string, most: number, voxels = 12) => ({
      limit,
      voxels,
      largest: most,
      place: [0.4, 40.6, 3],
      structure: 'Cord',
    });
    expect(excessInWords(excess('own', 8.04) as any)).toBe(
      'exceeds own in 12 voxels, by up to 8.0 Gy EQD2 at (0, 41, 3) mm',
    );
    expect(excessInWords(excess('own', 0.05) as any, ' of Cord')).toBe(
      'exceeds own in 12 voxels of Cord, by up to 0.1 Gy EQD2 at (0, 41, 3) mm',
    );
    expect(excessInWords(excess('own', 0.049) as any)).toBe('uses up own in 12 voxels, at (0, 41, 3) mm');
    expect(checkTolerancesLeaveDose([cord])).toBeUndefined();
    const of =
      (...list: object[]) =>
      () =>
        checkTolerancesLeaveDose([bounds('Cord', [], [], { exceeded: list })]);
    expect(of(excess('a', 1))).toThrow(
      'the prior course alone exceeds a in 12 voxels, by up to 1.0 Gy EQD2 at (0, 41, 3) mm, where',
    );
    expect(of(excess('a', 1), excess('b', 2))).toThrow(
      /mm; b in 12 voxels, by up to 2\.0 Gy EQD2 at \(0, 41, 3\) mm, where/,
    );
    expect(of(excess('a', 1), excess('b', 2), excess('c', 3))).toThrow(/mm; and 1 more, where/);
  });
});

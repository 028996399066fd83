/** What the optimiser sees of a patient: which voxels are rows, what volume each stands for, and what is asked of them. */
import { describe, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { touching } from '../../src/plan/patient/planning-grid.js';
import { posePlanningProblem } from '../../src/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';

// 40 x 9 x 5 voxels of 2, 3 and 5 mm; the target is a plate at i = 0, so that distances are those along x.
const grid = createGrid([5, 9, 40], [2, 3, 5], [1, 2, 3]);
const [nz, ny, nx] = grid.shape;
const size = nx * ny * nz;
const placeOf = (v: number) => [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))] as const;
const volumeOf = (f: (i: number, j: number, k: number) => number) =>
  createVolume(
    'mask',
    grid,
    Float32Array.from({ length: size }, (_, v) => f(...placeOf(v))),
  );
const target = volumeOf((i) => (i === 0 ? 1 : i === 1 ? 0.5 : 0));
const cord = volumeOf((i, j, k) => (i === 21 && j === 4 && k < 4 ? 0.25 : 0));
const organ = volumeOf((i, j) => (i === 33 && j === 3 ? 0.75 : 0));
const inBody = Array.from({ length: size }, (_, v) => v).filter((v) => placeOf(v)[2] < 4 || placeOf(v)[0] < 30);
const model = {
  grid,
  target: 'PTV',
  cord: 'Cord',
  external: 'Skin',
  masks: new Map([
    ['PTV', target],
    ['Cord', cord],
    ['Organ', organ],
  ]),
  isocenter: [11, 12, 13],
  surface: new Float64Array(0),
  fineCord: new Int32Array(0),
  body: {
    index: Int32Array.from(inBody),
    points: Float64Array.from(inBody.flatMap((v) => placeOf(v).map((c, a) => grid.origin[a]! + c * grid.spacing[a]!))),
  },
  targetDistance: () => Float32Array.from({ length: size }, (_, v) => Math.max(0, 2 * placeOf(v)[0] - 2)),
} as any;
const organVoxels = Array.from({ length: size }, (_, v) => v).filter((v) => organ.data[v]! > 0);
const rows = choosePlanningVoxels(model, [{ name: 'Organ', voxels: Int32Array.from(organVoxels) }]);
const voxelOf = (row: number): number => inBody[rows.places[row]!]!;

describe('rows', () => {
  test('are every voxel of target, cord and bounded organs that is in the body, with their parts', () => {
    const of = (mask: typeof target) => inBody.filter((v) => mask.data[v]! > 0);
    expect([...rows.target.rows].map(voxelOf)).toEqual(of(target));
    expect([...rows.target.volumes]).toEqual(of(target).map((v) => target.data[v]!));
    expect([...rows.cord.rows].map(voxelOf)).toEqual(of(cord));
    expect([...rows.cord.voxels]).toEqual(of(cord));
    expect([...rows.cord.volumes]).toEqual(of(cord).map(() => 0.25));
    const [own] = rows.organs;
    // What lies outside the body is left out.
    expect([...own!.voxels]).toEqual(of(organ));
    expect(own!.voxels.length).toBeLessThan(organVoxels.length);
    expect([...own!.rows].map(voxelOf)).toEqual(of(organ));
    expect([...own!.volumes]).toEqual(of(organ).map(() => 0.75));
  });

  test('of tissue are all up to 6 mm from the target, then every second, fourth and eighth along each axis', () => {
    const strideAt = (d: number): number => (d <= 6 ? 1 : d <= 30 ? 2 : d <= 60 ? 4 : 8);
    const expected = inBody.filter((v) => {
      const place = placeOf(v);
      const stride = strideAt(2 * place[0] - 2);
      return target.data[v]! < 1 && place.every((c) => c % stride === 0);
    });
    const found = [...rows.tissue.rows].map(voxelOf);
    // The half-filled ones lie at the target.
    expect(found).toEqual(expected);
    found.forEach((v, t) => {
      const distance = Math.max(0, 2 * placeOf(v)[0] - 2);
      expect(rows.tissue.distance[t]).toBe(distance);
      expect(rows.tissue.volumes[t]).toBe((1 - target.data[v]!) * strideAt(distance) ** 3);
    });
  });

  test('have the places of their voxels; the isocentre is the last', () => {
    const last = rows.points.length / 3 - 1;
    expect(rows.isocenterRow).toBe(last);
    expect([...rows.points.slice(-3)]).toEqual([11, 12, 13]);
    expect(rows.places[last]).toBe(inBody.length);
    for (const row of [0, 7, last - 1]) {
      const place = placeOf(voxelOf(row)).map((c, a) => grid.origin[a]! + c * grid.spacing[a]!);
      expect([...rows.points.slice(3 * row, 3 * row + 3)]).toEqual(place);
    }
    expect(rows.zones).toHaveLength(last + 1);
    expect(new Set(rows.places).size).toBe(last + 1);
  });

  test('a bounded organ without any voxel in the body is left out', () => {
    const outside = Int32Array.from(organVoxels.filter((v) => !inBody.includes(v)));
    expect(outside.length).toBeGreaterThan(0);
    expect(choosePlanningVoxels(model, [{ name: 'Organ', voxels: outside }]).organs).toEqual([]);
    expect(choosePlanningVoxels(model).organs).toEqual([]);
  });

  test('what touches a mask is every voxel up to one away, diagonals included, and nothing across an edge', () => {
    for (const voxel of [0, 39, 40, 200, 1234, size - 1]) {
      const mask = new Float32Array(size);
      mask[voxel] = 0.1;
      const at = placeOf(voxel);
      const expected = Array.from({ length: size }, (_, v) =>
        placeOf(v).every((c, a) => Math.abs(c - at[a]!) <= 1) ? 1 : 0,
      );
      expect([...touching(mask, grid, new Uint8Array(size))]).toEqual(expected);
    }
  });
});

describe('the problem', () => {
  const plan = (to: string) =>
    ({ prescription: { dose: 30, to }, cordCap: 12, objectives: 'spine-default', target: 'PTV' }) as any;
  const caps = [Float64Array.from(rows.organs[0]!.rows, () => 20)];
  const hard = posePlanningProblem(rows, plan('D95'), 'cord', { maxima: 12, organMaxima: caps });

  test('caps are hard where the cord is held, and wishes where the prescription is', () => {
    expect(hard.constraints.map(({ name, kind }) => [name, kind])).toEqual([
      ['cord', 'voxels'],
      ['Organ', 'voxels'],
    ]);
    expect([...(hard.constraints[0] as any).bounds]).toEqual(Array.from(rows.cord.rows, () => 12));
    const soft = posePlanningProblem(rows, plan('D95'), 'prescription', { maxima: 12, organMaxima: caps });
    expect(soft.constraints).toEqual([]);
    expect(soft.objectives.map(({ name }) => name)).toEqual([
      ...hard.objectives.map(({ name }) => name),
      'cord',
      'Organ',
    ]);
    expect([
      ...(posePlanningProblem(rows, plan('D95'), 'cord', { organMaxima: caps }).constraints[0] as any).bounds,
    ]).toContain(12);
    expect(() => posePlanningProblem(rows, plan('D95'), 'cord')).toThrow(/caps of 0 organs for 1 bounded ones/);
  });

  test('a plan that gives the target what is prescribed and nothing else pays nothing', () => {
    const dose = new Float64Array(rows.points.length / 3);
    for (const row of rows.target.rows) dose[row] = 30;
    // Of voxels that are half target the rest is tissue at no distance: no more than what is prescribed.
    const value = (name: string): number =>
      hard.objectives
        .filter((o) => o.name === name)
        .reduce((sum, o) => sum + o.evaluate(dose, new Float64Array(dose.length)), 0);
    expect(value('target')).toBe(0);
    expect(value('tissue around the target')).toBe(0);
    for (const row of rows.target.rows) dose[row] = 29;
    expect(value('target')).toBeGreaterThan(0);
  });

  test('the dose around the target may fall by 6 % per mm, down to 45 %', () => {
    const around = hard.objectives.find(({ name }) => name === 'tissue around the target')!;
    const at = (distance: number, share: number): number => {
      const dose = new Float64Array(rows.points.length / 3);
      rows.tissue.rows.forEach((row, t) => {
        if (rows.tissue.distance[t] === distance) dose[row] = share * 30;
      });
      return around.evaluate(dose, new Float64Array(dose.length));
    };
    // From 1 mm on: at 4 mm 1 - 0.06 x 3 of it.
    expect(at(4, 0.819)).toBe(0);
    expect(at(4, 0.83)).toBeGreaterThan(0);
    expect(at(30, 0.449)).toBe(0);
    expect(at(30, 0.46)).toBeGreaterThan(0);
  });

  test('is prescribed to a share of the target, or to the isocentre', () => {
    expect(hard.prescription).toMatchObject({ fraction: 0.95, dose: 30, level: { value: 30 } });
    expect(hard.prescription!.rows).toBe(rows.target.rows);
    expect(
      posePlanningProblem(rows, plan('D50'), 'cord', { maxima: 12, organMaxima: caps }).prescription!.fraction,
    ).toBe(0.5);
    const point = posePlanningProblem(rows, plan('isocenter'), 'cord', { maxima: 12, organMaxima: caps }).prescription!;
    expect([[...point.rows], point.fraction]).toEqual([[rows.isocenterRow], 0.5]);
  });

  test('under scenarios the cord is held in all of them, and the target is asked for in its worst', () => {
    const first = rows.points.length / 3;
    const shifted = (from: number, isTarget: boolean) => ({
      shift: [1, 0, 0],
      from,
      to: from + 4,
      cord: { rows: Int32Array.of(from, from + 1), volumes: Float64Array.of(1, 1) },
      ...(isTarget ? { target: { rows: Int32Array.of(from + 2), volumes: Float64Array.of(1) } } : {}),
    });
    const robust = {
      ...rows,
      cord: { ...rows.cord, rows: rows.cord.rows.slice(0, 2), volumes: rows.cord.volumes.slice(0, 2) },
      scenarios: [shifted(first, true), shifted(first + 4, false)],
    } as any;
    const posed = posePlanningProblem(robust, plan('D95'), 'cord', {
      maxima: Float64Array.of(10, 11),
      organMaxima: caps,
    });
    const [held] = posed.constraints as any[];
    expect([...held.rows]).toEqual([...robust.cord.rows, first, first + 1, first + 4, first + 5]);
    expect([...held.bounds]).toEqual([10, 11, 10, 11, 10, 11]);
    expect(posed.targets).toHaveLength(2);
    expect(posed.objectives[0]!.name).toBe('target');
    expect(hard.targets).toHaveLength(1);
    const each = posePlanningProblem(robust, plan('D95'), 'cord', {
      maxima: Float64Array.of(1, 2, 3, 4, 5, 6),
      organMaxima: caps,
    });
    expect([...(each.constraints[0] as any).bounds]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

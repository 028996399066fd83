/** Dose along lines: trilinear dose written out, volumes with and without dose, and what interpolation is off by. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { LineSampler } from '../../src/evaluate/line-sample.js';
import { createGrid } from '../../src/geometry/grid.js';
import type { ScanLines } from '../../src/geometry/scan-lines.js';

const grid = createGrid([5, 6, 7], [2, 3, 5], [-6, 4, 10]);
const [nz, ny, nx] = grid.shape;
const size = nx * ny * nz;
/** By the place in voxels. */
const dataOf = (f: (u: number, v: number, w: number) => number): Float32Array =>
  Float32Array.from({ length: size }, (_, p) => f(p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))));
const fieldOf = (...terms: object[]) => ({ quantity: 'physical', grid, terms }) as any;

interface Line {
  /** In voxels, the crossings in pairs. */
  readonly u: readonly number[];
  readonly v: number;
  readonly w: number;
  readonly height?: number;
  readonly depth?: number;
}
/** Each stands for 2 mm2; heights and depths in voxels. */
function linesOf(lines: readonly Line[]): ScanLines {
  const of = (f: (line: Line) => number): Float64Array => Float64Array.from(lines, f);
  const ends = lines.map((_, l) => lines.slice(0, l + 1).reduce((sum, { u }) => sum + u.length, 0));
  return {
    count: lines.length,
    y: of(({ v }) => grid.origin[1] + v * grid.spacing[1]),
    z: of(({ w }) => grid.origin[2] + w * grid.spacing[2]),
    height: of(({ height = 0 }) => height * grid.spacing[1]),
    depth: of(({ depth = 0 }) => depth * grid.spacing[2]),
    weight: of(() => 2),
    first: Uint32Array.from(lines, ({ u }, l) => ends[l]! - u.length),
    end: Uint32Array.from(ends),
    x: Float64Array.from(lines.flatMap(({ u }) => u.map((c) => grid.origin[0] + c * grid.spacing[0]))),
  };
}

/** Trilinear, even beyond the outermost centres. */
function valueAt(data: ArrayLike<number>, place: readonly number[]): number {
  const within = place.map((c, a) => Math.min(grid.shape[2 - a]! - 1, Math.max(0, c)));
  let sum = 0;
  for (let c = 0; c < 8; c++) {
    const share = within.reduce((s, x, a) => s * ((c >> a) & 1 ? x % 1 : 1 - (x % 1)), 1);
    if (share === 0) continue;
    const [i, j, k] = within.map((x, a) => Math.floor(x) + ((c >> a) & 1)) as [number, number, number];
    sum += share * data[i + nx * (j + ny * k)]!;
  }
  return sum;
}

/** Intervals of the pieces: middle, width, volume in mm3. */
function piecesOf(dose: any, lines: readonly Line[], errors = false) {
  const found = new LineSampler().sample('S', dose, linesOf(lines), errors);
  const n = found.volume.length;
  return {
    ...found,
    pieces: Array.from({ length: n }, (_, i) => ({
      middle: (found.ends[i]! + found.ends[n + i]!) / 2,
      width: found.ends[i]! - found.ends[n + i]!,
      volume: 1000 * found.volume[i]!,
      below: found.below[i]!,
      above: found.above[i]!,
    })),
  };
}

const random = createRandom(20241).uniform;
const data = dataOf(() => 10 + 50 * random());

describe('one dose', () => {
  test('a line falls into one piece between two centres, with the doses at its ends', () => {
    const line = { u: [1.25, 3.5], v: 2.3, w: 1.6 };
    const { pieces, largest: most, least, volumeCc, coveredCc } = piecesOf(fieldOf({ data }), [line]);
    const cuts = [1.25, 2, 3, 3.5];
    const ends = cuts.map((u) => valueAt(data, [u, 2.3, 1.6]));
    expect(pieces).toHaveLength(3);
    pieces.forEach(({ middle, width, volume }, i) => {
      expect(middle).toBeCloseTo((ends[i]! + ends[i + 1]!) / 2, 4);
      expect(width).toBeCloseTo(Math.abs(ends[i]! - ends[i + 1]!), 4);
      // 2 mm2 over the length, 2 mm per voxel.
      expect(volume).toBeCloseTo(2 * 2 * (cuts[i + 1]! - cuts[i]!), 9);
    });
    expect([most, least]).toEqual([Math.max(...ends), Math.min(...ends)].map((end) => expect.closeTo(end, 9)));
    expect([volumeCc, coveredCc].map((cc) => 1000 * cc)).toEqual([expect.closeTo(9, 9), expect.closeTo(9, 9)]);
  });

  test('its mean over any lines is the integral of the trilinear dose, seed 20241', () => {
    const lines = Array.from({ length: 12 }, () => {
      const u = [random() * 8 - 1, random() * 8 - 1].sort((a, b) => a - b);
      return { u, v: random() * 6 - 0.5, w: random() * 5 - 0.5 };
    });
    const { pieces, volumeCc, coveredCc } = piecesOf(fieldOf({ data }), lines);
    let integral = 0;
    let length = 0;
    let covered = 0;
    for (const { u, v, w } of lines) {
      length += u[1]! - u[0]!;
      const [from, to] = [Math.max(-0.5, u[0]!), Math.min(nx - 0.5, u[1]!)];
      covered += Math.max(0, to - from);
      const steps = 4000;
      for (let s = 0; s < steps && to > from; s++) {
        integral += (valueAt(data, [from + ((to - from) * (s + 0.5)) / steps, v, w]) * (to - from)) / steps;
      }
    }
    expect(pieces.reduce((sum, { middle, volume }) => sum + middle * volume, 0)).toBeCloseTo(4 * integral, 1);
    expect(1000 * volumeCc).toBeCloseTo(4 * length, 9);
    expect(1000 * coveredCc).toBeCloseTo(4 * covered, 9);
    expect(pieces.reduce((sum, { volume }) => sum + volume, 0)).toBeCloseTo(4 * covered, 9);
  });

  test('half a voxel beyond the outermost centres it is that of the border; further out there is none', () => {
    const { pieces, volumeCc, coveredCc } = piecesOf(fieldOf({ data }), [{ u: [-3, 9], v: 2, w: 1 }]);
    expect(1000 * volumeCc).toBeCloseTo(48, 9);
    expect(1000 * coveredCc).toBeCloseTo(28, 9);
    // Half a voxel, six between centres, half a voxel.
    expect(pieces).toHaveLength(8);
    const [first, last] = [pieces[0]!, pieces[7]!];
    expect([first.middle, first.width, first.volume]).toEqual([expect.closeTo(valueAt(data, [0, 2, 1]), 4), 0, 2]);
    expect([last.middle, last.width, last.volume]).toEqual([expect.closeTo(valueAt(data, [6, 2, 1]), 4), 0, 2]);
  });

  test.each([
    ['y', { v: -0.6, w: 1 }, { v: -0.4, w: 1 }, { v: 0, w: 1 }],
    ['y, far side', { v: 5.6, w: 1 }, { v: 5.4, w: 1 }, { v: 5, w: 1 }],
    ['z', { v: 1, w: -0.6 }, { v: 1, w: -0.4 }, { v: 1, w: 0 }],
    ['z, far side', { v: 1, w: 4.6 }, { v: 1, w: 4.4 }, { v: 1, w: 4 }],
  ])('so it is in %s', (_, outside, within, border) => {
    const none = piecesOf(fieldOf({ data }), [{ u: [1, 3], ...outside }]);
    expect([none.pieces.length, none.coveredCc]).toEqual([0, 0]);
    expect(1000 * none.volumeCc).toBeCloseTo(8, 9);
    // A rectangle about the line does not vary there.
    const some = piecesOf(fieldOf({ data }), [{ u: [1, 3], ...within }]);
    const at = piecesOf(fieldOf({ data }), [{ u: [1, 3], ...border }]);
    expect(some.pieces).toEqual(at.pieces);
    const axis = Object.keys(outside).find((key) => (within as any)[key] !== (border as any)[key])!;
    const wide = piecesOf(fieldOf({ data }), [
      { u: [1, 3], ...within, ...(axis === 'v' ? { height: 1 } : { depth: 1 }) },
    ]);
    expect(wide.pieces).toEqual(at.pieces);
  });

  test('a rectangle about the line widens the interval to the variance of both', () => {
    const ramp = dataOf((u, v, w) => 3 * u + 4 * v + 12 * w);
    const line = { u: [2, 3], v: 2.5, w: 1.5 };
    const width = (more: object): number => piecesOf(fieldOf({ data: ramp }), [{ ...line, ...more }]).pieces[0]!.width;
    expect(width({})).toBeCloseTo(3, 4);
    expect(width({ height: 1 })).toBeCloseTo(5, 4);
    expect(width({ height: 0.5 })).toBeCloseTo(Math.sqrt(13), 4);
    expect(width({ height: 1, depth: 1 })).toBeCloseTo(13, 4);
    const twisted = dataOf((u, v, w) => u * v + 2 * u * w + 3 * v * w + u * v * w);
    const { pieces } = piecesOf(fieldOf({ data: twisted }), [{ ...line, u: [2.2, 2.6], height: 0.4, depth: 0.2 }]);
    const step = (axis: number): number => {
      const at = (by: number): number =>
        valueAt(
          twisted,
          [2.4, 2.5, 1.5].map((c, a) => (a === axis ? c + by : c)),
        );
      return (at(0.25) - at(-0.25)) / 0.5;
    };
    expect(pieces[0]!.width).toBeCloseTo(Math.hypot(0.4 * step(0), 0.4 * step(1), 0.2 * step(2)), 3);
  });

  test('an even dose is one value; so is what varies by less than a millionth', () => {
    const { pieces } = piecesOf(fieldOf({ data: dataOf(() => 20) }), [{ u: [0.5, 2.5], v: 1, w: 1, height: 1 }]);
    expect(pieces.map(({ middle, width }) => [middle, width])).toEqual([
      [20, 0],
      [20, 0],
      [20, 0],
    ]);
  });

  test('several stretches of one line are one by one; a line of no length is nothing', () => {
    const { pieces, volumeCc } = piecesOf(fieldOf({ data }), [
      { u: [0, 0.5, 2, 2, 3.25, 4], v: 1, w: 1 },
      { u: [], v: 1, w: 1 },
    ]);
    expect(pieces.map(({ volume }) => volume)).toEqual([expect.closeTo(2, 9), expect.closeTo(3, 9)]);
    expect(1000 * volumeCc).toBeCloseTo(5, 9);
  });

  test('a dose that is not finite is refused with its voxel', () => {
    const broken = data.slice();
    broken[17] = Number.NaN;
    const near = { u: [2, 4], v: 2, w: 0 };
    expect(() => piecesOf(fieldOf({ data: broken }), [near])).toThrow(/voxel 17 is NaN/);
    expect(() => piecesOf(fieldOf({ data }, { data: broken }), [near])).toThrow(/voxel 17 is NaN/);
    expect(piecesOf(fieldOf({ data: broken }), [{ u: [2, 4], v: 2, w: 3 }]).pieces).toHaveLength(2);
  });
});

test.each([
  ['x', [4, 3, 1]],
  ['y', [4, 1, 3]],
  ['z', [1, 4, 3]],
  ['all axes', [1, 1, 1]],
])('a grid of one voxel along %s has its dose there', (_, shape) => {
  const flat = createGrid(shape as [number, number, number], [2, 2, 2], [0, 0, 0]);
  const count = shape.reduce((a, b) => a * b, 1);
  const own = { grid: flat, terms: [{ data: Float32Array.from({ length: count }, (_, i) => i + 1) }] } as any;
  const last = shape.map((n) => 2 * (n - 1)) as [number, number, number];
  const line: ScanLines = {
    count: 1,
    y: Float64Array.of(last[1]),
    z: Float64Array.of(last[0]),
    height: Float64Array.of(1),
    depth: Float64Array.of(1),
    weight: Float64Array.of(2),
    first: Uint32Array.of(0),
    end: Uint32Array.of(2),
    x: Float64Array.of(last[2] - 0.5, last[2] + 0.5),
  };
  const found = new LineSampler().sample('S', own, line, true);
  // The last voxel holds the largest number.
  expect(found.largest).toBe(count);
  expect(1000 * found.coveredCc).toBeCloseTo(2, 9);
  for (const value of [...found.ends, ...found.below, ...found.above]) expect(Number.isFinite(value)).toBe(true);
});

test('a sum is that of its terms, each converted after it is interpolated', () => {
  const other = dataOf(() => 5 + 30 * random());
  const convert = (gray: number): number => gray * (1 + gray / 10);
  const line = { u: [1.25, 2.75], v: 2.3, w: 1.6, height: 0.5, depth: 0.25 };
  const dose = fieldOf({ data, convert }, { data: other });
  const { pieces } = piecesOf(dose, [line]);
  const sum = (u: number): number => convert(valueAt(data, [u, 2.3, 1.6])) + valueAt(other, [u, 2.3, 1.6]);
  const step = (u: number, axis: number): number => {
    const ahead = [u, 2.3, 1.6].map((c, a) => (a === axis ? Math.floor(c) + 1 : c));
    const back = [u, 2.3, 1.6].map((c, a) => (a === axis ? Math.floor(c) : c));
    const at = valueAt(data, [u, 2.3, 1.6]);
    const half = (valueAt(data, ahead) - valueAt(data, back)) / 2;
    return convert(at + half) - convert(at - half) + valueAt(other, ahead) - valueAt(other, back);
  };
  [
    [1.25, 2],
    [2, 2.75],
  ].forEach(([a, b], i) => {
    const middle = (a! + b!) / 2;
    expect(pieces[i]!.middle).toBeCloseTo((sum(a!) + sum(b!)) / 2, 3);
    const expected = Math.hypot(sum(b!) - sum(a!), 0.5 * step(middle, 1), 0.25 * step(middle, 2));
    expect(pieces[i]!.width).toBeCloseTo(expected, 3);
  });
});

describe('what interpolation is off by', () => {
  // A field with the second differences 2 a, 2 b, 2 c: trilinear dose is t (1 - t) a above it per axis.
  const parabola = dataOf((u, v, w) => 100 + 3 * u * u - 2 * v * v + 5 * w * w);
  const errorsOf = (line: Line, more: object = {}) =>
    piecesOf(fieldOf({ data: parabola, ...more }), [line], true).pieces;

  test('is nothing at the centres, and for a linear dose', () => {
    const ramp = piecesOf(
      fieldOf({ data: dataOf((u, v, w) => u - 2 * v + w) }),
      [{ u: [0.2, 2.4], v: 1.5, w: 2.5 }],
      true,
    );
    for (const { below, above } of ramp.pieces)
      expect([below, above]).toEqual([expect.closeTo(0, 4), expect.closeTo(0, 4)]);
    const none = piecesOf(fieldOf({ data: parabola }), [{ u: [1, 2], v: 1, w: 1 }], false);
    expect([none.below.length, none.above.length]).toEqual([0, 0]);
  });

  test.each([
    ['x, half way within', { u: [2.25, 2.75], v: 2, w: 1 }, -3 / 4],
    ['x, on one side of it', { u: [2.1, 2.3], v: 2, w: 1 }, -3 * 0.3 * 0.7],
    ['x, on the other', { u: [2.6, 2.9], v: 2, w: 1 }, -3 * 0.6 * 0.4],
    ['y', { u: [2, 2], v: 2.5, w: 1 }, 2 / 4],
    ['y, off the middle', { u: [2, 2], v: 2.2, w: 1 }, 2 * 0.2 * 0.8],
    ['z', { u: [2, 2], v: 2, w: 1.5 }, -5 / 4],
    ['y by the height of the rectangle', { u: [2, 2], v: 2, w: 1, height: 0.4 }, 2 * 0.2 * 0.8],
    ['y by a height that reaches half way', { u: [2, 2], v: 2.2, w: 1, height: 0.8 }, 2 / 4],
    ['z by the depth', { u: [2, 2], v: 2, w: 1.1, depth: 0.6 }, -5 * 0.4 * 0.6],
  ])('of a parabola in %s is that of its second difference, to a quarter', (_, line, truth) => {
    // A piece of almost no length, for the axes across it.
    const [u0, u1] = line.u as [number, number];
    const [piece] = errorsOf({ ...line, u: [u0, u1 === u0 ? u0 + 1e-6 : u1] });
    const [low, high] = [truth - Math.abs(truth) / 4, truth + Math.abs(truth) / 4];
    expect(piece!.below).toBeCloseTo(low, 4);
    expect(piece!.above).toBeCloseTo(high, 4);
  });

  test('of all axes adds up', () => {
    const [piece] = errorsOf({ u: [2.25, 2.75], v: 2.5, w: 1.5 });
    const truth = -3 / 4 + 2 / 4 - 5 / 4;
    expect(piece!.below).toBeCloseTo(1.25 * truth, 4);
    expect(piece!.above).toBeCloseTo(0.75 * truth, 4);
  });

  test('between unlike second differences it lies between both', () => {
    // 6 u at the voxel u: 12 at the one end of the piece, 18 at the other.
    const cubic = dataOf((u) => u * u * u);
    const { pieces } = piecesOf(fieldOf({ data: cubic }), [{ u: [2.25, 2.75], v: 2, w: 1 }], true);
    expect(pieces[0]!.below).toBeCloseTo(-1.25 * (18 / 8), 4);
    expect(pieces[0]!.above).toBeCloseTo(-0.75 * (12 / 8), 4);
    // At the border that of the next voxel serves.
    const border = piecesOf(
      fieldOf({ data: cubic }),
      [
        { u: [0.25, 0.75], v: 2, w: 1 },
        { u: [5.25, 5.75], v: 2, w: 1 },
      ],
      true,
    );
    expect(border.pieces[0]!.below).toBeCloseTo(-1.25 * (6 / 8), 4);
    expect(border.pieces[0]!.above).toBeCloseTo(-0.75 * (6 / 8), 4);
    expect(border.pieces[1]!.below).toBeCloseTo(-1.25 * (30 / 8), 4);
    expect(border.pieces[1]!.above).toBeCloseTo(-0.75 * (30 / 8), 4);
  });

  test('of any dose lies between the least and largest second difference at the eight corners', () => {
    // Inside the grid, so that every corner has its own.
    for (const [i, j, k] of [
      [2, 2, 1],
      [3, 3, 2],
      [1, 1, 1],
      [4, 2, 2],
    ] as const) {
      const line = { u: [i + 0.25, i + 0.75], v: j + 0.4, w: k + 0.3 };
      const [piece] = piecesOf(fieldOf({ data }), [line], true).pieces;
      const [low, high] = [0, 1, 2].reduce(
        ([below, above], axis) => {
          const t = [0.5, 0.4, 0.3][axis]!;
          const stride = [1, nx, nx * ny][axis]!;
          const seconds = Array.from({ length: 8 }, (_, c) => {
            const p = i + (c & 1) + nx * (j + ((c >> 1) & 1) + ny * (k + (c >> 2)));
            return data[p - stride]! - 2 * data[p]! + data[p + stride]!;
          });
          const bow = (t * (1 - t)) / 2;
          return [below! - bow * Math.max(...seconds), above! - bow * Math.min(...seconds)];
        },
        [0, 0],
      ) as [number, number];
      expect(piece!.below).toBeCloseTo(low - Math.abs(low) / 4, 3);
      expect(piece!.above).toBeCloseTo(high + Math.abs(high) / 4, 3);
    }
  });

  test('beyond the outermost centres is as much as the dose changes over as far inside', () => {
    const ramp = dataOf((u, v, w) => 2 * u + 3 * v + 7 * w);
    const at = (line: Line) => piecesOf(fieldOf({ data: ramp }), [line], true).pieces.at(-1)!;
    // 0.4 of the steps of all three axes.
    expect(at({ u: [-0.4, -0.1], v: 2, w: 1 }).above).toBeCloseTo(0.4 * 12, 4);
    expect(at({ u: [-0.4, -0.1], v: 2, w: 1 }).below).toBeCloseTo(-0.4 * 12, 4);
    expect(at({ u: [6.1, 6.4], v: 2, w: 1 }).above).toBeCloseTo(0.4 * 12, 4);
    expect(at({ u: [2, 3], v: -0.3, w: 1 }).above).toBeCloseTo(0.3 * 12, 4);
    expect(at({ u: [2, 3], v: 5.3, w: 4.1 }).above).toBeCloseTo(0.4 * 12, 4);
    expect(at({ u: [2, 3], v: 2, w: -0.2 }).below).toBeCloseTo(-0.2 * 12, 4);
  });

  test('of a converted dose is that of the conversion there', () => {
    const convert = (gray: number): number => gray * gray;
    const [piece] = errorsOf({ u: [2.25, 2.75], v: 2, w: 1 }, { convert });
    const here = 100 + 27 - 8 + 5;
    expect(piece!.below).toBeCloseTo((here - 1.25 * 0.75) ** 2 - here ** 2, 2);
    expect(piece!.above).toBeCloseTo((here - 0.75 * 0.75) ** 2 - here ** 2, 2);
  });
});

/** Sliding windows: what they deliver, that none is shorter, and the laws of mirror, scale and finer pixels. */
import { describe, expect, test } from 'vitest';
import { movingFluence } from '../../src/beam/moving-aperture.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import { createIntensityMap } from '../../src/sequence/intensity-map.js';
import { slidingWindow, type WindowPoint, windowFluence, windowPoints } from '../../src/sequence/sliding-window.js';
import { leastBeamOnTime } from '../../src/sequence/sweep.js';

/** Whole numbers that repeat: no map is special. */
function mapOf(rows: number, columns: number, seed: number): Float64Array[] {
  let state = seed;
  const next = (): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  return Array.from({ length: rows }, () =>
    Float64Array.from({ length: columns }, () => (next() < 0.2 ? 0 : Math.floor(20 * next()))),
  );
}

const edgesOf = (columns: number, size = 5): Float64Array =>
  Float64Array.from({ length: columns + 1 }, (_, j) => (j - columns / 2) * size);
const risesOf = (row: Float64Array): number =>
  row.reduce((sum, units, j) => sum + Math.max(0, units - (j === 0 ? 0 : row[j - 1]!)), 0);

/** What moving leaves give each pixel, by the closed form of their mean over time. */
function delivered(points: readonly WindowPoint[], edges: Float64Array): Float64Array[] {
  const rows = points[0]!.left.length;
  const bank = createLeafBank(Array.from({ length: rows + 1 }, (_, i) => (i - rows / 2) * 5));
  const shapeOf = ({ left, right }: WindowPoint) => ({
    leaves: Array.from(left, (x, i): [number, number] => [x, Math.max(x, right[i]!)]),
    jaws: { x1: edges[0]!, x2: edges.at(-1)!, y1: bank.boundaries[0]!, y2: bank.boundaries.at(-1)! },
  });
  const motions = points.slice(1).map((to, n) => {
    const from = points[n]!;
    return { from: shapeOf(from), to: shapeOf(to), monitorUnits: to.units - from.units };
  });
  const { grid, weights } = movingFluence(bank, motions, { travelPixel: 1, pixel: 1 });
  const nx = grid.x.length - 1;
  const out = Array.from({ length: rows }, () => new Float64Array(edges.length - 1));
  weights.forEach((units, c) => {
    const [x, y] = [(grid.x[c % nx]! + grid.x[(c % nx) + 1]!) / 2, grid.y[Math.floor(c / nx)]!];
    const height = grid.y[Math.floor(c / nx) + 1]! - y;
    const row = bank.boundaries.findLastIndex((b) => b <= y + 1e-9);
    const column = edges.findLastIndex((e) => e <= x);
    const width = grid.x[(c % nx) + 1]! - grid.x[c % nx]!;
    const area = 5 * (edges[column + 1]! - edges[column]!);
    out[row]![column]! += (units * width * height) / area;
  });
  return out;
}

const largestDifference = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((far, row, i) => row.reduce((f, units, j) => Math.max(f, Math.abs(units - b[i]![j]!)), far), 0);

const rules = [
  ['free', {}],
  ['no overlap of neighbours', { interleaf: true }],
  ['a gap', { gap: 2 }],
  ['both', { gap: 2, interleaf: true }],
] as const;

describe.each(rules)('%s', (_, more) => {
  const rate = 0.4;
  const gap = 'gap' in more ? more.gap : 0;
  const maps = [1, 2, 3, 4].map((seed) => mapOf(6, 9, seed));

  test('what leaves deliver is the map, where a gap leaves it', () => {
    for (const rows of maps) {
      const edges = edgesOf(9);
      const schedule = slidingWindow(rows, edges, { rate, ...more });
      const asked = rows.map((row) => row.map((units) => Math.max(units, rate * gap)));
      expect(largestDifference(windowFluence(schedule), asked)).toBeLessThan(1e-9);
      const given = delivered(windowPoints(schedule), edges);
      const excess = given.flatMap((row, i) => Array.from(row, (units, j) => units - asked[i]![j]!));
      expect(Math.min(...excess)).toBeGreaterThan(-1e-9);
      if (gap === 0 || !('interleaf' in more)) expect(Math.max(...excess)).toBeLessThan(1e-9);
    }
  });

  test.each([undefined, 7, 40])(
    'no end is too fast, none turns back, gap and neighbours are kept: %s points',
    (count) => {
      for (const rows of maps) {
        const points = windowPoints(slidingWindow(rows, edgesOf(9), { rate, ...more }), count);
        points.forEach(({ units, left, right }, p) => {
          left.forEach((x, i) => {
            expect(right[i]! - x).toBeGreaterThanOrEqual(gap - 1e-9);
            if ('interleaf' in more && i > 0) {
              expect(right[i - 1]! - x).toBeGreaterThanOrEqual(-1e-9);
              expect(right[i]! - left[i - 1]!).toBeGreaterThanOrEqual(-1e-9);
            }
          });
          if (p === 0) return;
          const before = points[p - 1]!;
          for (const side of ['left', 'right'] as const) {
            points[p]![side].forEach((x, i) => {
              expect(x).toBeGreaterThanOrEqual(before[side][i]! - 1e-9);
              expect(x - before[side][i]!).toBeLessThanOrEqual((units - before.units) / rate + 1e-9);
            });
          }
        });
      }
    },
  );
});

test('a row takes the common sweep and its rises; a field, what its longest row takes', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const rows = mapOf(5, 8, seed).map((row) => row.map((units, j) => units + (j === 0 || j === 7 ? 1 : 0)));
    const { units } = slidingWindow(rows, edgesOf(8), { rate: 0.4 });
    expect(units).toBeCloseTo(0.4 * 40 + Math.max(...rows.map(risesOf)), 9);
  }
});

test('less the common sweep it takes what the least segments do, with the interleaf constraint too', () => {
  let longer = 0;
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const rows = mapOf(6, 8, seed);
    rows[0]![0] = rows[0]![7] = 1;
    const map = createIntensityMap(rows.map((row) => Array.from(row)));
    const { units } = slidingWindow(rows, edgesOf(8), { rate: 0.4, interleaf: true });
    expect(units - 0.4 * 40).toBeCloseTo(leastBeamOnTime(map, true), 9);
    if (leastBeamOnTime(map, true) > leastBeamOnTime(map)) longer++;
  }
  expect(longer).toBeGreaterThan(0);
});

test('no trajectory of a row is shorter: one unit less and some end would have to be faster', () => {
  // Waits and speeds of both ends are forced: the sum of what the left end needs, pixel by pixel, is the whole time.
  for (const seed of [1, 2, 3]) {
    const [row] = mapOf(1, 12, seed).map((own) => own.map((units) => units + 1));
    const { units, covered } = slidingWindow([row!], edgesOf(12), { rate: 0.4 });
    const waits = covered.reduce((sum, t, j) => sum + (j === 0 ? t : t - covered[j - 1]!), 0);
    expect(units).toBeCloseTo(waits + 0.4 * 60, 9);
    for (let j = 1; j < 12; j++) {
      expect(covered[j]! - covered[j - 1]!).toBeCloseTo(Math.max(0, row![j]! - row![j - 1]!), 9);
    }
  }
});

test('the mirrored map is delivered by the mirrored leaves backwards', () => {
  for (const seed of [1, 2, 3]) {
    const [row] = mapOf(1, 9, seed);
    const edges = edgesOf(9);
    const points = windowPoints(slidingWindow([row!], edges, { rate: 0.4 }), 31);
    const mirrored = windowPoints(slidingWindow([row!.slice().reverse()], edges, { rate: 0.4 }), 31);
    points.forEach(({ left, right }, p) => {
      const other = mirrored[30 - p]!;
      expect(-other.right[0]!).toBeCloseTo(left[0]!, 9);
      expect(-other.left[0]!).toBeCloseTo(right[0]!, 9);
    });
  }
});

test('twice the units at twice the rate: the same places at twice the units', () => {
  const rows = mapOf(5, 9, 7);
  const edges = edgesOf(9);
  for (const more of [{}, { interleaf: true }, { gap: 1 }]) {
    const once = windowPoints(slidingWindow(rows, edges, { rate: 0.4, ...more }), 20);
    const double = rows.map((row) => row.map((units) => 2 * units));
    const twice = windowPoints(slidingWindow(double, edges, { rate: 0.8, ...more }), 20);
    twice.forEach(({ units, left, right }, p) => {
      expect(units).toBeCloseTo(2 * once[p]!.units, 9);
      for (let i = 0; i < 5; i++) {
        expect(left[i]!).toBeCloseTo(once[p]!.left[i]!, 9);
        expect(right[i]!).toBeCloseTo(once[p]!.right[i]!, 9);
      }
    });
  }
});

test('pixels in two halves change nothing', () => {
  const rows = mapOf(4, 8, 9);
  const halves = rows.map((row) => Float64Array.from({ length: 16 }, (_, j) => row[j >> 1]!));
  const whole = slidingWindow(rows, edgesOf(8), { rate: 0.4, interleaf: true });
  const split = slidingWindow(halves, edgesOf(16, 2.5), { rate: 0.4, interleaf: true });
  expect(split.units).toBeCloseTo(whole.units, 9);
});

test('slower leaves and more fluence take longer, a pair more takes no less', () => {
  const rows = mapOf(5, 8, 11);
  const unitsOf = (own: readonly Float64Array[], rate = 0.4): number =>
    slidingWindow(own, edgesOf(8), { rate, interleaf: true }).units;
  expect(unitsOf(rows, 0.8)).toBeGreaterThan(unitsOf(rows));
  expect(unitsOf([...rows, ...mapOf(1, 8, 12)])).toBeGreaterThanOrEqual(unitsOf(rows));
});

test.each([
  ['no speed', [[1, 2]], { rate: 0 }, 'units per mm is 0'],
  ['a negative fluence', [[1, -2]], { rate: 1 }, 'is -2 units'],
  ['darkness', [[0, 0]], { rate: 1 }, 'nothing to deliver'],
  ['a gap wider than pixels', [[1, 2]], { rate: 1, gap: 6 }, 'the gap is 6 mm, but pixels are 5 mm wide'],
  ['a negative gap', [[1, 2]], { rate: 1, gap: -1 }, 'gap in mm is -1'],
  ['rows of another length', [[1, 2, 3]], { rate: 1 }, '3 pixels between 3 edges'],
])('%s is refused', (_, rows, options, sentence) => {
  expect(() =>
    slidingWindow(
      rows.map((row) => Float64Array.from(row)),
      edgesOf(2),
      options,
    ),
  ).toThrow(sentence);
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { LinearOperator } from '../../src/core/linear-operator.js';
import { maximumDose } from '../../src/optimize/constraint.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import type { Problem } from '../../src/optimize/problem.js';
import { type Solution, solve } from '../../src/optimize/solver.js';
import { coverageOf } from '../../src/sequence/leaf-ends.js';
import { deliveringShapes, type LeafField, type LeafShape } from '../../src/sequence/leaf-field.js';
import { interdigitates } from '../../src/sequence/segment.js';
import { type WeighedSegments, weighSegments } from '../../src/sequence/weighed-segments.js';
import { dense } from '../optimize/problems.js';

/** Voxels and pixels along each side of a flat patient that two fields see from above, the second turned by 90 degrees. */
const side = 9;
const fieldOf = (at: (i: number, j: number) => number): LeafField => ({
  rows: side,
  columns: side,
  beamlets: Int32Array.from({ length: side * side }, (_, n) => at(Math.floor(n / side), n % side)),
});
const fields: LeafField[] = [fieldOf((i, j) => i * side + j), fieldOf((i, j) => side * side + i * side + j)];

/** A pixel blurs by about one voxel; what the first field calls row and column, the second calls column and row. */
function influence(): LinearOperator {
  const dose = (i: number, j: number, u: number, v: number): number =>
    Math.exp(-((i - u) ** 2 + (j - v) ** 2) / 1.2) / 4;
  return dense(
    Array.from({ length: side * side }, (_, voxel) => {
      const [i, j] = [Math.floor(voxel / side), voxel % side];
      return Array.from({ length: 2 * side * side }, (_, beamlet) => {
        const [u, v] = [Math.floor((beamlet % (side * side)) / side), beamlet % side];
        return beamlet < side * side ? dose(i, j, u, v) : dose(i, j, v, u);
      });
    }),
  );
}

const isCord = (i: number, j: number): boolean => Math.hypot(i - 4, j - 4) < 1.2;
const isTarget = (i: number, j: number): boolean => !isCord(i, j) && Math.hypot(i - 4, j - 4) < 3.6 && j < 6;
const voxelsWhere = (is: (i: number, j: number) => boolean) => {
  const rows = Int32Array.from({ length: side * side }, (_, n) => n).filter((n) => is(Math.floor(n / side), n % side));
  return { rows, volumes: new Float64Array(rows.length).fill(1) };
};
const cord = voxelsWhere(isCord);

const operator = influence();
const problem: Problem = {
  operator,
  objectives: [
    squaredDeviation('target', voxelsWhere(isTarget), { value: 10 }, 100),
    squaredOverdose(
      'around',
      voxelsWhere((i, j) => !isTarget(i, j) && !isCord(i, j)),
      0,
      5,
    ),
  ],
  constraints: [maximumDose('cord', cord, 6)],
};

describe('a horseshoe around a cord', () => {
  let fluence: Solution;
  let made: WeighedSegments;
  beforeAll(() => {
    fluence = solve(problem, { gap: 1e-4 });
    made = weighSegments(problem, fields, fluence.weights, { allowed: 10 });
  });

  const doseOf = ({ segments }: Pick<WeighedSegments, 'segments'>): Float64Array => {
    const weights = new Float64Array(operator.columns);
    for (const { field, weight, ...ends } of segments) {
      coverageOf(ends, side).forEach((open, at) => {
        weights[fields[field]!.beamlets[at]!]! += weight * open;
      });
    }
    return operator.apply(weights, new Float64Array(operator.rows));
  };

  test('the dose told is that of the segments, and keeps the constraint', () => {
    const dose = doseOf(made);
    expect(Math.max(...made.solution.dose.map((gray, voxel) => Math.abs(gray - dose[voxel]!)))).toBeLessThan(1e-9);
    expect(Math.max(...cord.rows.map((row) => dose[row]!))).toBeLessThanOrEqual(6 + 1e-9);
    expect(made.segments.length).toBeLessThanOrEqual(10);
    expect(made.segments.every(({ weight, left, right }) => weight >= 0 && left.every((l, i) => l <= right[i]!))).toBe(
      true,
    );
  });

  test('delivery has a price: the value is above the bound of any fluence, and falls with more segments', () => {
    const { lowerBound } = fluence.certificate;
    const values = [3, 6, 10, 30].map(
      (allowed) => weighSegments(problem, fields, fluence.weights, { allowed }).solution.objective / lowerBound! - 1,
    );
    for (const value of values) expect(value).toBeGreaterThan(0);
    for (let n = 1; n < values.length; n++) expect(values[n]).toBeLessThan(values[n - 1]!);
    expect(values[3]).toBeLessThan(0.05);
  });

  test('moving ends between edges lowers the value of the same number of segments', () => {
    const still = weighSegments(problem, fields, fluence.weights, { allowed: 6, rounds: 0 });
    const moved = weighSegments(problem, fields, fluence.weights, { allowed: 6, rounds: 12 });
    expect(moved.segments.length).toBeLessThanOrEqual(6);
    expect(moved.solution.objective).toBeLessThan(0.9 * still.solution.objective);
    const isBetween = moved.segments.some(({ left, right }) =>
      [...left, ...right].some((end) => !Number.isInteger(end)),
    );
    expect(isBetween).toBe(true);
  });

  test('leaves that stand the other way about have the mirrored segments, at the same value', () => {
    const turned = [(i: number, j: number) => i * side + side - 1 - j].flatMap((at) => [
      fieldOf(at),
      fieldOf((i, j) => side * side + at(i, j)),
    ]);
    // A map that is its own mirror image may be sequenced in two ways: the target must be no mirror image of itself.
    const askew: Problem = {
      ...problem,
      objectives: [
        squaredDeviation(
          'target',
          voxelsWhere((i, j) => isTarget(i, j) && 2 * i + j > 6),
          { value: 10 },
          100,
        ),
        ...problem.objectives.slice(1),
      ],
    };
    const { weights } = solve(askew, { gap: 1e-4 });
    // Weights are proven to a gap, and what rounding makes of them decides in the end where ends go: at first they are the same.
    const begun = { allowed: 10, rounds: 2 };
    const own = weighSegments(askew, fields, weights, begun);
    const other = weighSegments(askew, turned, weights, begun);
    expect(other.solution.objective / own.solution.objective).toBeCloseTo(1, 6);
    const all = [fields, turned].map((of) => weighSegments(askew, of, weights, { allowed: 10 }).solution.objective);
    expect(all[1]! / all[0]!).toBeCloseTo(1, 3);
    const openOf = ({ field, left, right, weight }: WeighedSegments['segments'][number], isTurned: boolean) => ({
      field,
      weight: Number(weight.toPrecision(4)),
      open: Array.from(left, (l, i): string => {
        const [from, to] = isTurned ? [side - right[i]!, side - l] : [l, right[i]!];
        return to > from ? `${from.toFixed(3)} to ${to.toFixed(3)}` : 'closed';
      }),
    });
    expect(other.segments.map((one) => openOf(one, true))).toEqual(own.segments.map((one) => openOf(one, false)));
  });

  test('what delivers is told by dose: monitor units where nothing is asked for drown no other shape', () => {
    const doses = [
      [1e-7, 0],
      [0.5, 1],
      [0, 0.1],
    ].map((column) => Float64Array.from(column));
    expect(deliveringShapes(doses, [1e6, 1, 1])).toEqual([0, 1, 2]);
    expect(deliveringShapes(doses, [1, 1, 1])).toEqual([1, 2]);
    expect(deliveringShapes(doses, [1, 1, 0.005])).toEqual([1]);
    expect(deliveringShapes(doses, [0, 0, 0])).toEqual([]);
  });

  describe('with the doses of apertures', () => {
    /** Of a shape in eighths of a pixel, so that ends between pixel edges are sharper than a part of a beamlet, and closed leaves leak. */
    const parts = 8;
    const leaks = 0.01;
    const apertureDose = ({ field, left, right }: LeafShape): Float64Array =>
      Float64Array.from({ length: side * side }, (_, voxel) => {
        const [i, j] = [Math.floor(voxel / side), voxel % side];
        const [row, column] = field === 0 ? [i, j] : [j, i];
        let sum = 0;
        for (let u = 0; u < side; u++) {
          for (let part = 0; part < side * parts; part++) {
            const v = (part + 0.5) / parts;
            const through = v > left[u]! && v < right[u]! ? 1 : leaks;
            sum += (through * Math.exp(-((row - u) ** 2 + (column + 0.5 - v) ** 2) / 1.2)) / 4 / parts;
          }
        }
        return sum;
      });
    const allowed = 8;
    const plain = weighSegments(problem, fields, solve(problem, { gap: 1e-4 }).weights, { allowed });
    let calls = 0;
    const told = weighSegments(problem, fields, solve(problem, { gap: 1e-4 }).weights, {
      allowed,
      delivered: (shapes) => {
        calls++;
        return shapes.map(apertureDose);
      },
    });

    test('dose and constraint are of what is delivered', () => {
      expect(calls).toBeGreaterThan(0);
      const dose = new Float64Array(side * side);
      told.segments.forEach((segment, n) => {
        const own = apertureDose(segment);
        expect(told.doses[n]).toEqual(own);
        for (let voxel = 0; voxel < dose.length; voxel++) dose[voxel]! += segment.weight * own[voxel]!;
      });
      expect(Math.max(...told.solution.dose.map((gray, voxel) => Math.abs(gray - dose[voxel]!)))).toBeLessThan(1e-9);
      expect(Math.max(...cord.rows.map((row) => dose[row]!))).toBeLessThanOrEqual(6 + 1e-9);
    });

    test('ends that are moved for it are worth more than ends moved for the sum of beamlets', () => {
      const columns = plain.segments.map(apertureDose);
      const weighed = solve(
        { ...problem, operator: dense(Array.from({ length: side * side }, (_, v) => columns.map((c) => c[v]!))) },
        { gap: 1e-4 },
      );
      expect(told.solution.objective).toBeLessThan(weighed.objective);
    });

    test('where the sum of beamlets is told, the dose told is the sum', () => {
      const { weights } = solve(problem, { gap: 1e-4 });
      const same = weighSegments(problem, fields, weights, {
        allowed,
        delivered: (shapes) => shapes.map((shape) => doseOf({ segments: [{ ...shape, weight: 1 }] })),
      });
      const dose = doseOf(same);
      expect(Math.max(...same.solution.dose.map((gray, voxel) => Math.abs(gray - dose[voxel]!)))).toBeLessThan(1e-9);
      expect(same.solution.objective / plain.solution.objective).toBeLessThan(1.02);
    });
  });

  test.each([{ interleaf: true }, { least: 2 }, { interleaf: true, least: 3 }])('%o is kept', (rules) => {
    const { segments } = weighSegments(problem, fields, fluence.weights, { allowed: 12, ...rules });
    if (rules.interleaf) expect(segments.some(interdigitates)).toBe(false);
    const openings = segments.flatMap(({ left, right }) => [...right].map((r, i) => r - left[i]!)).filter((w) => w > 0);
    expect(Math.min(...openings)).toBeGreaterThanOrEqual((rules.least ?? 0) - 1e-9);
  });

  test('twice the dose is twice the units, at four times the value', () => {
    const twice: Problem = {
      operator,
      objectives: [
        squaredDeviation('target', voxelsWhere(isTarget), { value: 20 }, 100),
        squaredOverdose(
          'around',
          voxelsWhere((i, j) => !isTarget(i, j) && !isCord(i, j)),
          0,
          5,
        ),
      ],
      constraints: [maximumDose('cord', cord, 12)],
    };
    const doubled = weighSegments(
      twice,
      fields,
      fluence.weights.map((w) => 2 * w),
      { allowed: 10 },
    );
    expect(doubled.solution.objective / made.solution.objective).toBeCloseTo(4, 1);
  });
});

test('too few segments for the fields, a pixel that is twice, and an unknown number are refused', () => {
  const fluence = new Float64Array(operator.columns).fill(1);
  expect(() => weighSegments(problem, fields, fluence, { allowed: 1 })).toThrow('1 segments are too few for 2 fields');
  expect(() => weighSegments(problem, [fields[0]!, fields[0]!], fluence)).toThrow('beamlet 0 is a pixel of 2 fields');
  expect(() => weighSegments(problem, fields, fluence, { allowed: 2.5 })).toThrow('must be a whole number >= 1');
});

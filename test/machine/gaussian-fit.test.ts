/** The fit of commissioning: it is at the minimum of its convex problem, and smoothing costs exact tables nothing. */
import { expect, test } from 'vitest';
import { interpolateCubic, pchipSlopes } from '../../src/core/interpolate.js';
import { nonNegativeLeastSquares } from '../../src/core/linear-algebra.js';
import { createRandom } from '../../src/core/random.js';
import { rowCount } from '../../src/machine/depth-band.js';
import { fitGaussians, type GaussianFitProblem } from '../../src/machine/gaussian-fit.js';
import { solveNonNegative } from '../../src/machine/non-negative-band.js';
import { synthetic } from './synthetic.js';

const { depths, amplitudes } = synthetic.kernel;
const widths = [0, 4, 9, 20, 45, 100];
const sides = [10, 20, 40, 70, 100, 200, 400];
const share = (side: number, width: number): number =>
  width === 0 ? 1 : 1 - Math.exp((-side * side) / (2 * Math.PI * width * width));

/** Doses of the synthetic machine, with or without noise, to be fitted with other widths than its own. */
function problem(
  smoothness: number | ((depth: number) => number),
  noise: number,
  fitted: readonly number[] = widths,
): GaussianFitProblem {
  const random = createRandom(7);
  const design = sides.map((side) => fitted.map((w) => share(side, w)));
  const measured = amplitudes.map((row) =>
    sides.map((side) => {
      const dose = row.reduce((sum, a, j) => sum + a * share(side, synthetic.kernel.widths[j]!), 0);
      return dose * (1 + noise * (2 * random.uniform() - 1));
    }),
  );
  return {
    depths,
    design: depths.map(() => design),
    measured,
    weights: measured.map((row) => row.map(() => 1)),
    attenuation: measured.map((row) => row[4]!),
    smoothness: depths.map((depth) => (typeof smoothness === 'number' ? smoothness : smoothness(depth))),
  };
}

/** The objective of the file's head, written down once more. */
function objective(p: GaussianFitProblem, A: readonly (readonly number[])[]): number {
  let sum = 0;
  A.forEach((row, i) => {
    p.measured[i]!.forEach((m, f) => {
      const dose = row.reduce((total, a, j) => total + a * p.design[i]![f]![j]!, 0);
      sum += p.weights[i]![f]! * (dose / m - 1) ** 2;
    });
    if (i === 0 || i === A.length - 1) return;
    const u = [i - 1, i, i + 1].map((q) => Math.log(p.depths[q]! + 15));
    row.forEach((_, j) => {
      const x = [i - 1, i, i + 1].map((q) => A[q]![j]! / p.attenuation[q]!);
      const curvature = ((x[2]! - x[1]!) / (u[2]! - u[1]!) - (x[1]! - x[0]!) / (u[1]! - u[0]!)) / ((u[2]! - u[0]!) / 2);
      sum += (p.smoothness[i]! * 0.01 * curvature) ** 2;
    });
  });
  return sum;
}

test.each([
  ['as in the build-up', 0.02],
  ['as beyond it', 0.3],
])('no weights >= 0 give less: the minimum, whatever the start, smoothness %s', (_, smoothness) => {
  const p = problem(smoothness, 0.01);
  const found = fitGaussians(p).weights;
  const least = objective(p, found);
  const random = createRandom(11);
  for (let trial = 0; trial < 400; trial++) {
    // Towards other weights that are allowed, near ones and far ones. In a convex problem, downhill in no direction is least.
    const step = 10 ** (-4 * random.uniform());
    const other = found.map((row, i) =>
      row.map((a) => a + step * (2 * random.uniform() * p.attenuation[i]! * 0.2 - a)),
    );
    expect(objective(p, other)).toBeGreaterThan(least);
  }
  // And along every single weight, up and, where there is room, down.
  found.forEach((row, i) => {
    row.forEach((a, j) => {
      for (const change of [1e-3, -1e-3].map((h) => h * p.attenuation[i]!)) {
        if (a + change < 0) continue;
        const other = found.map((r) => [...r]);
        other[i]![j] = a + change;
        expect(objective(p, other), `depth ${p.depths[i]} mm, width ${widths[j]} mm`).toBeGreaterThan(least);
      }
    });
  });
});

/** Rows and right side of the whole problem in x = A / g, depth-major, written down once more. */
function wholeMatrix(p: GaussianFitProblem): { rows: number[][]; right: number[] } {
  const [n, J] = [p.depths.length, p.design[0]![0]!.length];
  const rows: number[][] = [];
  const right: number[] = [];
  p.measured.forEach((fields, i) => {
    fields.forEach((m, f) => {
      const row = new Array<number>(n * J).fill(0);
      const root = Math.sqrt(p.weights[i]![f]!);
      for (let j = 0; j < J; j++) row[i * J + j] = (root * p.design[i]![f]![j]! * p.attenuation[i]!) / m;
      rows.push(row);
      right.push(root);
    });
  });
  for (let i = 1; i < n - 1; i++) {
    const u = [i - 1, i, i + 1].map((q) => Math.log(p.depths[q]! + 15));
    const [before, after] = [u[1]! - u[0]!, u[2]! - u[1]!];
    const scale = (p.smoothness[i]! * 0.01 * 2) / (u[2]! - u[0]!);
    for (let j = 0; j < J; j++) {
      const row = new Array<number>(n * J).fill(0);
      row[(i - 1) * J + j] = scale / before;
      row[i * J + j] = -scale * (1 / before + 1 / after);
      row[(i + 1) * J + j] = scale / after;
      rows.push(row);
      right.push(0);
    }
  }
  return { rows, right };
}

const product = (rows: readonly number[][], x: ArrayLike<number>): number[] =>
  rows.map((row) => row.reduce((sum, value, k) => sum + value * x[k]!, 0));
const relative = (p: GaussianFitProblem, A: readonly (readonly number[])[]): number[] =>
  A.flatMap((row, i) => row.map((a) => a / p.attenuation[i]!));
const asCommissioning = (depth: number): number => (depth <= 15 ? 0.02 : 0.3);

test.each([
  ['without noise', 0],
  ['with 1 % of noise', 0.01],
  ['with 5 % of noise', 0.05],
])('the conditions of Karush, Kuhn and Tucker, and the dense active set, %s', (_, noise) => {
  const p = problem(asCommissioning, noise);
  const { rows, right } = wholeMatrix(p);
  const { weights, optimality } = fitGaussians(p);
  const x = relative(p, weights);
  const residual = product(rows, x).map((value, r) => value - right[r]!);
  const gradient = x.map((__, k) => rows.reduce((sum, row, r) => sum + row[k]! * residual[r]!, 0));
  // In units of the readings, which are of order 1: no slope where a weight is positive, none downhill where it is 0.
  x.forEach((value, k) => {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(gradient[k]!).toBeGreaterThan(-1e-9);
    // The rounding of the slope itself, where the ties are stiff.
    expect(Math.abs(value * gradient[k]!)).toBeLessThan(1e-10);
  });
  // Lawson and Hanson on the whole matrix at once: exact but for its ridge of 1e-12 on an ill-conditioned Gram matrix.
  const slow = nonNegativeLeastSquares(Float64Array.from(rows.flat()), rows.length, x.length, Float64Array.from(right));
  const apart = product(rows, slow).map((value, r) => value - residual[r]! - right[r]!);
  expect(Math.hypot(...apart)).toBeLessThan(1e-5);
  expect(optimality).toBeLessThan(1e-4);
});

test('the bound on the distance from the optimum holds at every step, and above 0.01 % the fit is refused', () => {
  const p = problem(asCommissioning, 0.01);
  const { rows, right } = wholeMatrix(p);
  const width = widths.length;
  const band = {
    depthCount: depths.length,
    width,
    readings: p.measured.map((row, i) =>
      Float64Array.from(row.flatMap((m, f) => p.design[i]![f]!.map((e) => (e * p.attenuation[i]!) / m))),
    ),
    ties: new Float64Array(3 * depths.length),
  };
  for (let i = 1; i < depths.length - 1; i++) {
    const row = rows[depths.length * sides.length + (i - 1) * width]!;
    for (let o = 0; o < 3; o++) band.ties[3 * i + o] = row[(i - 1 + o) * width]!;
  }
  const b = new Float64Array(rowCount(band));
  b.fill(1, 0, depths.length * sides.length);
  const optimum = product(rows, relative(p, fitGaussians(p).weights));
  expect(right.length + 2 * width).toBe(b.length);
  let last = Infinity;
  for (const steps of [1, 2, 4, 6, 8, 10, 13]) {
    const { x, distance } = solveNonNegative(band, b, steps);
    const apart = Math.hypot(...product(rows, x).map((value, r) => value - optimum[r]!));
    expect(distance, `after ${steps} steps`).toBeGreaterThan(apart - 1e-9);
    expect(distance).toBeLessThan(last);
    last = distance;
  }
  expect(() => fitGaussians({ ...p, steps: 3 })).toThrow(
    /fit of 24 depths stopped after 3 steps with doses up to [\d.]+ % from the optimum, but 0\.01 % is allowed\. Look for/,
  );
});

/** The same doses at finer depths: the shape-preserving cubic between the table's rows. */
function refined(p: GaussianFitProblem, step: number): GaussianFitProblem {
  const count = Math.round(p.depths[p.depths.length - 1]! / step);
  const fine = Array.from({ length: count + 1 }, (_, k) => Number((k * step).toFixed(6)));
  const at = (values: readonly number[]): number[] => {
    const slopes = pchipSlopes(p.depths, values);
    return fine.map((depth) => interpolateCubic(p.depths, values, slopes, depth));
  };
  const columns = sides.map((_, f) => at(p.measured.map((row) => row[f]!)));
  const measured = fine.map((_, i) => columns.map((column) => column[i]!));
  return {
    depths: fine,
    design: fine.map(() => p.design[0]!),
    measured,
    weights: measured.map((row) => row.map(() => 1)),
    attenuation: measured.map((row) => row[4]!),
    smoothness: fine.map(asCommissioning),
  };
}

const doses = (p: GaussianFitProblem, A: readonly (readonly number[])[], i: number): number[] =>
  p.design[i]!.map((E) => E.reduce((sum, e, j) => sum + e * A[i]![j]!, 0));

// In percent of the field's maximum, at the rows of the table. The steps of its curvature at the rows, which the dose does
// not have, are smoothed: above 6 mm, where it rises by a tenth per millimetre, they weigh most.
test.each([1, 0.1])('rows interpolated to %d mm give the doses of the coarse ones', { timeout: 60_000 }, (step) => {
  const p = problem(asCommissioning, 0);
  const fine = refined(p, step);
  const [coarseFit, fineFit] = [fitGaussians(p), fitGaussians(fine)];
  expect(fineFit.optimality).toBeLessThan(1e-3);
  p.depths.forEach((depth, i) => {
    const fineDoses = doses(fine, fineFit.weights, Math.round(depth / step));
    doses(p, coarseFit.weights, i).forEach((dose, f) => {
      const maximum = Math.max(...p.measured.map((row) => row[f]!));
      const percent = (100 * (fineDoses[f]! - dose)) / maximum;
      expect(Math.abs(percent), `${sides[f]} mm field at ${depth} mm`).toBeLessThan(depth < 6 ? 0.5 : 0.1);
    });
  });
});

test('a table of another scale scales the weights; the order of the fields is none', () => {
  const p = problem(asCommissioning, 0.01);
  const plain = fitGaussians(p).weights;
  const scaled = fitGaussians({
    ...p,
    measured: p.measured.map((row) => row.map((m) => 1000 * m)),
    attenuation: p.attenuation.map((g) => 1000 * g),
  }).weights;
  const order = [3, 0, 6, 2, 5, 1, 4];
  const turned = fitGaussians({
    ...p,
    measured: p.measured.map((row) => order.map((f) => row[f]!)),
    design: p.design.map((fields) => order.map((f) => fields[f]!)),
  }).weights;
  plain.forEach((row, i) => {
    row.forEach((a, j) => {
      // The optimum is flat where neighbouring widths trade places: weights agree to the root of the bound.
      expect(Math.abs(scaled[i]![j]! / 1000 - a) / p.attenuation[i]!).toBeLessThan(1e-5);
      expect(Math.abs(turned[i]![j]! - a) / p.attenuation[i]!).toBeLessThan(1e-5);
    });
  });
});

test('more widths than fields, a depth without readings: still weights that are finite and fit', () => {
  const p = problem(asCommissioning, 0, [0, 3, 4, 5, 7, 9, 13, 20, 45, 70, 100, 150]);
  const weights = p.weights.map((row, i) => row.map((v) => (i === 0 || i === 9 || i === 10 ? 0 : v)));
  const { weights: A, optimality } = fitGaussians({ ...p, weights });
  expect(optimality).toBeLessThan(1e-3);
  expect(A.flat().every((a) => Number.isFinite(a) && a >= 0)).toBe(true);
  p.measured.forEach((row, i) => {
    if (weights[i]![0] === 0) return;
    const found = doses(p, A, i);
    expect(Math.max(...row.map((m, f) => Math.abs(found[f]! / m - 1)))).toBeLessThan(5e-3);
  });
});

test('smoothing leaves tables without noise what they are, and noisy ones within their noise', () => {
  const worst = (p: GaussianFitProblem): number => {
    const A = fitGaussians(p).weights;
    return Math.max(
      ...p.measured.flatMap((row, i) =>
        row.map((m, f) => 100 * Math.abs(A[i]!.reduce((sum, a, j) => sum + a * p.design[i]![f]![j]!, 0) / m - 1)),
      ),
    );
  };
  const own = synthetic.kernel.widths;
  expect(worst(problem(0, 0, own))).toBeLessThan(1e-6);
  expect(worst(problem(asCommissioning, 0, own))).toBeLessThan(0.05);
  expect(worst(problem(asCommissioning, 0.01))).toBeLessThan(1);
});

test('a point of weight 0 is left out, and signed weights may be negative', () => {
  const p = problem(0.02, 0);
  const spoilt = p.measured.map((row, i) => row.map((m, f) => (i === 5 && f === 2 ? 1.3 * m : m)));
  const weights = p.weights.map((row, i) => row.map((w, f) => (i === 5 && f === 2 ? 0 : w)));
  const clean = fitGaussians({ ...p, weights }).weights;
  const kept = fitGaussians({ ...p, measured: spoilt, weights }).weights;
  const apart = clean.flatMap((row, i) => row.map((a, j) => Math.abs(a - kept[i]![j]!)));
  expect(Math.max(...apart)).toBeLessThan(1e-12);

  // A kernel that is negative in places cannot be fitted with positive weights, but exactly with signed ones.
  const truth = [0.9, -0.05, 0.2, -0.02, 0.1, 0.05];
  const measured = p.measured.map(() =>
    sides.map((side) => widths.reduce((sum, w, j) => sum + truth[j]! * share(side, w), 0)),
  );
  const signed = { ...p, measured, attenuation: measured.map((row) => row[4]!), smoothness: depths.map(() => 0) };
  const worst = (A: readonly (readonly number[])[]): number =>
    Math.max(
      ...sides.map((_, f) =>
        Math.abs(A[3]!.reduce((sum, a, j) => sum + a * p.design[3]![f]![j]!, 0) / measured[3]![f]! - 1),
      ),
    );
  expect(worst(fitGaussians({ ...signed, isSigned: true }).weights)).toBeLessThan(1e-4);
  expect(worst(fitGaussians(signed).weights)).toBeGreaterThan(1e-3);
});

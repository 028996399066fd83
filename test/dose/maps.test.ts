/** The engine's parts one by one: lattices, blurred cells, tables of terms, the scale of widths; each against its formula. */
import { describe, expect, test } from 'vitest';
import { gaussianInterval } from '../../src/core/error-function.js';
import { createRandom } from '../../src/core/random.js';
import { FluenceMap } from '../../src/dose/fluence-map.js';
import { addTerms, createAxis, createKernelTable, DEPTH_NODES, depthOfNode } from '../../src/dose/kernel-table.js';
import { addGaussian, createKernelWidths, excessBlur } from '../../src/dose/kernel-widths.js';
import { type Lattice, readLattice, writeLattice } from '../../src/dose/lattice.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { blurVariance } from '../../src/machine/machine.js';

const random = createRandom(77).uniform;

/** The quadratic B-spline. */
const spline = (t: number): number => {
  const a = Math.abs(t);
  return a < 0.5 ? 0.75 - a * a : a < 1.5 ? (1.5 - a) ** 2 / 2 : 0;
};

describe.each([1, 3, 4, 6])('a lattice of %d terms', (terms) => {
  const [nu, nv] = [7, 6];
  const lattice: Lattice = {
    u0: -4,
    v0: 10,
    step: 2.5,
    nu,
    nv,
    terms,
    nodes: Float64Array.from({ length: nu * nv * terms }, () => random() - 0.3),
  };
  const count = 60;
  const points = {
    u: Float32Array.from({ length: count }, () => -4 + 2.5 * (7 * random() - 0.5)),
    v: Float32Array.from({ length: count }, () => 10 + 2.5 * (6 * random() - 0.5)),
    weights: Float32Array.from({ length: count * terms }, () => random()),
  };
  const inNodes = (p: number): [number, number] => [(points.u[p]! + 4) / 2.5, (points.v[p]! - 10) / 2.5];
  const isInside = (p: number): boolean => {
    const [x, y] = inNodes(p);
    return x >= 0.5 && x < nu - 1.5 && y >= 0.5 && y < nv - 1.5;
  };

  test('is read by the nine nodes around a point, each as its spline; beyond its rim nothing', () => {
    const out = new Float64Array(count).fill(1);
    readLattice(lattice, points, out);
    let outside = 0;
    for (let p = 0; p < count; p++) {
      let expected = 1;
      if (isInside(p)) {
        const [x, y] = inNodes(p);
        for (let j = 0; j < nv; j++) {
          for (let i = 0; i < nu; i++) {
            for (let k = 0; k < terms; k++) {
              const node = lattice.nodes[(j * nu + i) * terms + k]!;
              expected += points.weights[p * terms + k]! * node * spline(x - i) * spline(y - j);
            }
          }
        }
      } else outside++;
      expect(out[p]).toBeCloseTo(expected, 9);
    }
    expect(outside).toBeGreaterThan(5);
    expect(outside).toBeLessThan(count - 10);
  });

  test('is written by the transpose of that', () => {
    const values = Float64Array.from({ length: count }, (_, p) => (p % 7 === 0 ? 0 : random() - 0.5));
    const read = new Float64Array(count);
    readLattice(lattice, points, read);
    const nodes = new Float64Array(lattice.nodes.length);
    writeLattice({ ...lattice, nodes }, points, values);
    const left = read.reduce((sum, value, p) => sum + value * values[p]!, 0);
    const right = nodes.reduce((sum, value, n) => sum + value * lattice.nodes[n]!, 0);
    expect(right).toBeCloseTo(left, 9);
    // A single point, node by node.
    const p = Array.from({ length: count }, (_, q) => q).find((q) => isInside(q) && values[q] !== 0)!;
    const one = { ...lattice, nodes: new Float64Array(lattice.nodes.length) };
    writeLattice(
      one,
      points,
      values.map((value, q) => (q === p ? value : 0)),
    );
    const [x, y] = inNodes(p);
    one.nodes.forEach((node, n) => {
      const [i, j] = [Math.floor(n / terms) % nu, Math.floor(n / terms / nu)];
      const weight = points.weights[p * terms + (n % terms)]!;
      expect(node).toBeCloseTo(values[p]! * weight * spline(x - i) * spline(y - j), 9);
    });
  });
});

describe('maps of blurred cells', () => {
  // Narrow rungs of four terms, wide ones of three: both ways through the loops.
  const sigmasX = Float64Array.of(1.5, 2.5, 9, 20);
  const sigmasY = Float64Array.of(2, 3, 8, 22);
  const bands = [
    { first: 0, count: 2, terms: 4, coefficients: Float64Array.from({ length: 8 }, () => random()) },
    { first: 2, count: 2, terms: 3, coefficients: Float64Array.from({ length: 6 }, () => random()) },
  ];
  const kernel = { widths: { sigmasX, sigmasY }, bands } as any;
  const cells = { x: Float64Array.of(-9, -4, 1, 8), y: Float64Array.of(-6, 0, 5) } as any;
  const machine = {
    primaryFluence: { radius: Float64Array.of(0, 10, 20), value: Float64Array.of(1, 1.2, 1.3) },
  } as any;
  const extent = { u0: -30, u1: 30, v0: -25, v1: 28 };
  const map = new FluenceMap(machine, kernel, cells, extent, 0.7);
  const count = 25;
  const points = {
    u: Float32Array.from({ length: count }, () => 50 * random() - 25),
    v: Float32Array.from({ length: count }, () => 45 * random() - 22),
    weights: [4, 3].map((terms) => Float32Array.from({ length: count * terms }, () => random())),
  };
  const horn = Float64Array.from({ length: 6 }, (_, c) => {
    const [i, j] = [c % 3, Math.floor(c / 3)];
    const r = Math.hypot((cells.x[i] + cells.x[i + 1]) / 2, (cells.y[j] + cells.y[j + 1]) / 2);
    return r < 10 ? 1 + 0.02 * r : 1.1 + 0.01 * r;
  });
  /** Dose of one cell at a point: Gaussians of all rungs, by the terms' weights. */
  const doseOf = (c: number, p: number): number => {
    const [i, j] = [c % 3, Math.floor(c / 3)];
    const [u, v] = [points.u[p]!, points.v[p]!];
    let sum = 0;
    bands.forEach(({ first, count: rungs, terms, coefficients }, b) => {
      for (let r = 0; r < rungs; r++) {
        let amount = 0;
        for (let k = 0; k < terms; k++) amount += points.weights[b]![p * terms + k]! * coefficients[k * rungs + r]!;
        const x = gaussianInterval(u - cells.x[i + 1], u - cells.x[i], sigmasX[first + r]!);
        const y = gaussianInterval(v - cells.y[j + 1], v - cells.y[j], sigmasY[first + r]!);
        sum += amount * x * y;
      }
    });
    return horn[c]! * sum;
  };
  const weights = Float64Array.from({ length: 6 }, (_, c) => (c === 1 ? 0 : random()));

  test('primary fluence is that of each cell’s centre', () => {
    expect([...map.horn]).toEqual([...horn].map((value) => expect.closeTo(value, 9)));
  });

  test('are the sum of the cells, each blurred by every rung', () => {
    map.spread(weights);
    const out = map_gather();
    const largest = Math.max(...out);
    for (let p = 0; p < count; p++) {
      const expected = weights.reduce((sum, w, c) => sum + w * doseOf(c, p), 0);
      // The spline's error, h^3 F''' / 125, for nodes of half the narrowest blur.
      expect(Math.abs(out[p]! - expected)).toBeLessThan(2e-3 * largest);
    }
  });
  const map_gather = (): Float64Array => {
    const out = new Float64Array(count);
    map.gather(points, out);
    return out;
  };

  test('a row is what every cell alone gives a point', () => {
    const rows = Array.from({ length: count }, (_, p) => {
      const out = new Float64Array(6).fill(9);
      map.row(points, p, out);
      return out;
    });
    for (let c = 0; c < 6; c++) {
      map.spread(Float64Array.from({ length: 6 }, (_, q) => (q === c ? 1 : 0)));
      map_gather().forEach((dose, p) => {
        expect(Math.abs(rows[p]![c]! - dose)).toBeLessThan(1e-7);
        expect(Math.abs(dose - doseOf(c, p))).toBeLessThan(2e-3);
      });
    }
  });

  test('the transpose collects what every cell gives to the values', () => {
    const values = Float64Array.from({ length: count }, () => random() - 0.5);
    map.scatter(points, values);
    const collected = new Float64Array(6).fill(5);
    map.collect(collected);
    for (let c = 0; c < 6; c++) {
      map.spread(Float64Array.from({ length: 6 }, (_, q) => (q === c ? 1 : 0)));
      const expected = map_gather().reduce((sum, dose, p) => sum + dose * values[p]!, 0);
      expect(Math.abs(collected[c]! - expected)).toBeLessThan(1e-6);
    }
  });

  test('the narrow band reaches 5.7 of its widths beyond the cells, the wide one all that is read', () => {
    const [narrow, wide] = map.bands;
    expect([narrow!.step, wide!.step]).toEqual([0.7, 5]);
    expect(narrow!.u0).toBeLessThan(-9 - 5.7 * 2.5);
    expect(narrow!.u0).toBeGreaterThan(-9 - 5.7 * 2.5 - 6 * 0.7);
    expect(narrow!.v0 + (narrow!.nv - 1) * 0.7).toBeGreaterThan(5 + 5.7 * 3);
    expect(narrow!.v0 + (narrow!.nv - 1) * 0.7).toBeLessThan(5 + 5.7 * 3 + 6 * 0.7);
    expect(wide!.u0).toBeLessThan(-30);
    expect(wide!.u0 + (wide!.nu - 1) * 5).toBeGreaterThan(30);
    const first = map.firstBands(
      Float32Array.of(0, -29, 0, 29, 0),
      Float32Array.of(0, 0, 27, 0, -28),
      0,
      5,
      new Uint8Array(5),
    );
    expect([...first]).toEqual([0, 1, 1, 1, 1]);
    const one = new FluenceMap(machine, { ...kernel, bands: bands.slice(0, 1) }, cells, extent, 0.7);
    expect([...one.firstBands(Float32Array.of(99), Float32Array.of(0), 0, 1, Uint8Array.of(7))]).toEqual([0]);
  });

  test('nodes of the narrow band are half its least blur apart, from 0.4 to 1 mm', () => {
    const stepOf = (x: number, y: number): number => {
      const widths = { sigmasX: Float64Array.of(x, 3), sigmasY: Float64Array.of(y, 3) };
      const own = { first: 0, count: 2, terms: 1, coefficients: Float64Array.of(1, 1) };
      return new FluenceMap(machine, { widths, bands: [own] } as any, cells, extent).bands[0]!.step;
    };
    expect([stepOf(1.4, 1.8), stepOf(1.8, 1.2), stepOf(0.3, 2), stepOf(4, 5)]).toEqual([0.7, 0.6, 0.4, 1]);
  });
});

describe('tables of terms', () => {
  test('depth nodes lie 0.125 mm apart to 25 mm, 4 mm to 425 mm, 32 mm to two metres', () => {
    expect([0, 1, 200, 201, 300, 301, DEPTH_NODES - 1].map(depthOfNode)).toEqual([0, 0.125, 25, 29, 425, 457, 2025]);
  });

  test('an axis has steps of at most what is asked, and one node for one value', () => {
    expect(createAxis(0, 10, 4)).toEqual({ first: 0, step: 10 / 3, count: 4 });
    expect(createAxis(5, 13, 4)).toEqual({ first: 5, step: 4, count: 3 });
    expect(createAxis(5, 5, 4)).toEqual({ first: 5, step: 1, count: 1 });
    expect(createAxis(5, 5 + 1e-10, 4).count).toBe(1);
  });

  const distances = createAxis(800, 1100, 80);
  const scales = createAxis(-0.2, 0.3, 0.06);
  const none = { first: 0, step: 1, count: 1 };
  const sad = 1000;

  test.each([
    ['distance and scale', distances, scales],
    ['distance', distances, none],
    ['scale', none, scales],
    ['neither', none, none],
  ])('are read linearly along depth, %s', (_, distance, scale) => {
    // Linear in depth, in distance and in the ln of the scale, so that reading is exact.
    const amplitudes = Array.from({ length: DEPTH_NODES }, (_, i) =>
      Float64Array.of(1 + depthOfNode(i) / 100, 0, 2 - depthOfNode(i) / 2000),
    );
    const put = (j: number, at: number, ln: number, band: number, k: number): number =>
      (1 + j) * (1 + at / 1000) * (2 + ln) * (1 + band) + k;
    const bandTerms = [4, 3];
    const asked: number[] = [];
    const table = createKernelTable(amplitudes, 3, distance, scale, bandTerms, (j, at, ln) => {
      asked.push(j);
      return bandTerms.map((K, band) => Float64Array.from({ length: K }, (__, k) => put(j, at, ln, band, k)));
    });
    // A width without weight is not asked for.
    expect(new Set(asked)).toEqual(new Set([0, 2]));
    const depths = Float32Array.of(0, 3.3, 24.99, 25, 120, 425, 700, 2025, 3000);
    const n = depths.length;
    const toSource = Float32Array.from({ length: n }, (__, p) => 810 + 31 * p);
    const densities = Float32Array.from({ length: n }, (__, p) => (sad / toSource[p]!) * Math.exp(0.19 - 0.04 * p));
    const factors = Float32Array.from({ length: n }, (__, p) => 1 + p / 10);
    const firstBand = Uint8Array.from({ length: n }, (__, p) => (p === 4 ? 1 : 0));
    const expected = (p: number, band: number, k: number): number => {
      const depth = Math.min(2025, depths[p]!);
      const at = distance.count > 1 ? toSource[p]! : 0;
      const ln = scale.count > 1 ? Math.log(sad / toSource[p]! / densities[p]!) : 0;
      const A = [1 + depth / 100, 0, 2 - depth / 2000];
      const sum = A[0]! * put(0, at, ln, band, k) + A[2]! * put(2, at, ln, band, k);
      return (sad / toSource[p]!) ** 2 * factors[p]! * sum;
    };
    const out = bandTerms.map((K) => new Float32Array(n * K).fill(1));
    addTerms(table, sad, { depths, distances: toSource, densities, factors, firstBand }, 0, n, out);
    for (let p = 0; p < n; p++) {
      bandTerms.forEach((K, band) => {
        for (let k = 0; k < K; k++) {
          const value = p === 4 && band === 0 ? 1 : 1 + expected(p, band, k);
          expect(out[band]![p * K + k]! / value).toBeCloseTo(1, 4);
        }
      });
    }
    // A stretch of points writes from its own beginning; without factors and bands all is read.
    const part = bandTerms.map((K) => new Float32Array(2 * K));
    addTerms(table, sad, { depths, distances: toSource, densities }, 4, 6, part);
    expect(part[0]![0]! / (expected(4, 0, 0) / factors[4]!)).toBeCloseTo(1, 4);
    expect(part[1]![3]! / (expected(5, 1, 0) / factors[5]!)).toBeCloseTo(1, 4);
    if (scale.count > 1) {
      const bare = bandTerms.map((K) => new Float32Array(K));
      addTerms(table, sad, { depths: Float32Array.of(25), distances: Float32Array.of(950) }, 0, 1, bare);
      const ln = Math.log(sad / 950);
      const at = distance.count > 1 ? 950 : 0;
      const sum = 1.25 * put(0, at, ln, 0, 0) + (2 - 25 / 2000) * put(2, at, ln, 0, 0);
      expect(bare[0]![0]! / ((sad / 950) ** 2 * sum)).toBeCloseTo(1, 4);
    }
  });
});

test('a table has at its nodes what was put there, at either end of its axes too', () => {
  const distance = createAxis(800, 1100, 80);
  const scale = createAxis(-0.2, 0.3, 0.06);
  const known = new Map<string, number>();
  const table = createKernelTable(
    Array.from({ length: DEPTH_NODES }, () => Float64Array.of(1)),
    1,
    distance,
    scale,
    [4],
    (_, at, ln) => {
      const value = 1 + random();
      known.set(`${at.toFixed(6)} ${ln.toFixed(6)}`, value);
      return [Float64Array.of(value, 0, 0, 0)];
    },
  );
  for (let q = 0; q < distance.count; q++) {
    for (let s = 0; s < scale.count; s++) {
      const at = distance.first + q * distance.step;
      const ln = scale.first + s * scale.step;
      const out = [new Float32Array(4)];
      const densities = Float32Array.of(1000 / at / Math.exp(ln));
      addTerms(table, 1000, { depths: Float32Array.of(10), distances: Float32Array.of(at), densities }, 0, 1, out);
      const expected = (1000 / at) ** 2 * known.get(`${at.toFixed(6)} ${ln.toFixed(6)}`)!;
      expect(out[0]![0]! / expected).toBeCloseTo(1, 4);
    }
  }
});

describe('the scale of widths', () => {
  const widths = createKernelWidths(artiste6mv, 800, 1100, 140);
  const { base, positions, count, sigmasX, sigmasY } = widths;
  const s2 = Math.sqrt(base[0] * base[1]);

  test('begins with the source’s blur at the nearest distance and rises by its factors past the widest', () => {
    expect(base).toEqual([0, 1].map((axis) => Math.max(0.0625, blurVariance(artiste6mv, axis as 0 | 1, 800))));
    expect([sigmasX[0], sigmasY[0]]).toEqual([Math.sqrt(base[0]), Math.sqrt(base[1])].map((s) => expect.closeTo(s, 9)));
    const ratios = [...positions].slice(1).map((t, i) => Number(Math.exp(t - positions[i]!).toFixed(6)));
    expect(ratios.slice(0, 7)).toEqual([1.2, 1.2, 1.2, 1.25, 1.3, 1.4, 1.5]);
    expect(new Set(ratios.slice(7))).toEqual(new Set([1.5]));
    const widest = 0.5 * Math.log(s2 + 140 * 140);
    expect(positions[count - 1]).toBeGreaterThanOrEqual(widest);
    expect(positions[count - 2]).toBeLessThan(widest);
    expect(createKernelWidths(artiste6mv, 800, 1100, 0).count).toBe(4);
  });

  test('far up a rung is as wide as it says, but for the blur that the distances differ by', () => {
    const added = Math.exp(2 * positions[count - 1]!) - s2;
    const mean = excessBlur(widths, artiste6mv, 1100);
    const excess = Math.max(0, blurVariance(artiste6mv, 0, 1100) - base[0]);
    expect(sigmasX[count - 1]! ** 2).toBeCloseTo(base[0] + excess + added - mean, 4);
    expect(excessBlur(widths, artiste6mv, 800)).toBeCloseTo(0, 9);
    expect(mean).toBeCloseTo((excess + Math.max(0, blurVariance(artiste6mv, 1, 1100) - base[1])) / 2, 9);
  });

  test('a Gaussian between rungs is the cubic of the four around it, one on a rung that rung', () => {
    const on = new Float64Array(count + 2);
    addGaussian(widths, Math.exp(2 * positions[5]!) - s2, 3, on, 2);
    on.forEach((share, r) => {
      expect(share).toBeCloseTo(r === 7 ? 3 : 0, 9);
    });
    for (const t of [positions[0]! + 0.01, (positions[4]! + positions[5]!) / 2, positions[count - 1]! - 0.1]) {
      const out = new Float64Array(count);
      addGaussian(widths, Math.exp(2 * t) - s2, 1, out, 0);
      for (const power of [0, 1, 2, 3]) {
        const sum = out.reduce((total, share, r) => total + share * positions[r]! ** power, 0);
        expect(sum).toBeCloseTo(t ** power, 8);
      }
      const used = [...out].map((share, r) => (share === 0 ? -1 : r)).filter((r) => r >= 0);
      expect(used).toHaveLength(4);
      // Two on either side, but at the ends.
      const middle = positions[used[1]!]! <= t && t <= positions[used[2]!]!;
      expect(middle || used[0] === 0 || used[3] === count - 1).toBe(true);
    }
  });
});

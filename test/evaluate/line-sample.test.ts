/** Samples on lines: one dose by the short way, as by the way that any sum of doses takes. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import type { DoseField } from '../../src/evaluate/dose-field.js';
import type { Dvh } from '../../src/evaluate/dvh.js';
import { LineSampler, type LineSamples } from '../../src/evaluate/line-sample.js';
import { createStructureDvh, StructureDvhWorkspace } from '../../src/evaluate/structure-dvh.js';
import { StructureLines } from '../../src/evaluate/structure-lines.js';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import { coarsestStep, scanStructure } from '../../src/geometry/scan.js';
import { box, sphere, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose } from '../../src/geometry/volume.js';

const seed = 517;
const grid = createGrid([9, 12, 11], [2.1, 1.7, 2.6], [-11.3, -9.1, -10.2]);
const of = (solid: Solid): Structure => ({ name: 's', role: 'organ', shape: { kind: 'solid', solid } });
const linesOf = (solid: Solid, division: number) => {
  const structure = of(solid);
  return scanStructure(structure, coarsestStep(structure, 300), division);
};
/** Within the grid, and over its border on all sides. */
const inside = union(sphere([0.3, -0.4, 0.2], 5), box([-6, -5, -4], [2, 1, 3]));
const across = box([-14, -12, -14], [15, 13, 14]);

function randomDose(own: Grid): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: own.shape[0] * own.shape[1] * own.shape[2] }, () => 40 * random.uniform());
}
const fieldOf = (data: Float32Array, convert?: (gray: number) => number): DoseField => ({
  grid,
  quantity: 'physical',
  terms: [{ data, ...(convert && { convert }) }],
});
const kept = (samples: LineSamples): LineSamples => ({
  ...samples,
  ends: samples.ends.slice(),
  volume: samples.volume.slice(),
  below: samples.below.slice(),
  above: samples.above.slice(),
});

test.each([
  ['inside', inside],
  ['across the border', across],
])(`%s: the same intervals as of a sum with an identity (seed ${seed})`, (_, solid) => {
  const data = randomDose(grid);
  const lines = linesOf(solid, 2);
  const plain = new LineSampler().sample('s', fieldOf(data), lines, true);
  const converted = new LineSampler().sample(
    's',
    fieldOf(data, (gray) => gray),
    lines,
    true,
  );
  expect(plain.volume.length).toBeGreaterThan(500);
  for (const key of ['ends', 'volume', 'largest', 'least', 'volumeCc', 'coveredCc'] as const) {
    expect(plain[key], key).toEqual(converted[key]);
  }
  // The identity is taken of a sum, which rounds.
  for (const key of ['below', 'above'] as const) {
    plain[key].forEach((gray, i) => {
      expect(Math.abs(gray - converted[key][i]!)).toBeLessThan(1e-4);
    });
  }
});

test(`a sampler and a workspace may be used again: the same bits as new ones (seed ${seed})`, () => {
  const data = randomDose(grid);
  const even = new Float32Array(data.length).fill(3);
  const used = new LineSampler();
  const workspace = new StructureDvhWorkspace();
  const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, data);
  for (const solid of [across, inside, across]) {
    for (const errors of [true, false]) {
      for (const own of [data, even]) {
        const lines = linesOf(solid, 2);
        const again = kept(used.sample('s', fieldOf(own), lines, errors));
        expect(again).toEqual(kept(new LineSampler().sample('s', fieldOf(own), lines, errors)));
      }
    }
    const lines = new StructureLines(of(solid), grid, 20_000, 4);
    const options = { partial: 'covered' } as const;
    const first = createStructureDvh(dose, lines, { ...options, workspace });
    const bytes = bytesOf(first);
    createStructureDvh(dose, of(inside), { ...options, budget: 20_000, workspace });
    expect(bytesOf(first), 'a DVH does not change with the next').toBe(bytes);
    expect(bytesOf(createStructureDvh(dose, lines, options))).toBe(bytes);
  }
});

/** Everything in a DVH, exactly. */
const bytesOf = (dvh: Dvh): string =>
  JSON.stringify(dvh, (_, value) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
      : value,
  );

test(`errors of interpolation: as from all 24 second differences of every piece (seed ${seed})`, () => {
  const data = randomDose(grid);
  const [nz, ny, nx] = grid.shape;
  const [fields, lines] = [fieldOf(data), linesOf(inside, 1)];
  const { below, above, volume } = new LineSampler().sample('s', fields, lines, true);
  const bowAt = (t: number): number => ((t - Math.floor(t)) * (1 - (t - Math.floor(t)))) / 2;
  const largestBow = (a: number, b: number): number =>
    Math.floor(b - 0.5) > Math.floor(a - 0.5) ? 1 / 8 : Math.max(bowAt(a), bowAt(b));
  let piece = 0;
  for (let l = 0; l < lines.count; l++) {
    const [v, w] = [lines.y[l]!, lines.z[l]!].map((c, a) => (c - grid.origin[a + 1]!) / grid.spacing[a + 1]!) as [
      number,
      number,
    ];
    const [hy, hz] = [lines.height[l]! / grid.spacing[1], lines.depth[l]! / grid.spacing[2]];
    const [j, k] = [Math.floor(v), Math.floor(w)];
    for (let c = lines.first[l]!; c < lines.end[l]!; c += 2) {
      const [a, b] = [lines.x[c]!, lines.x[c + 1]!].map((x) => (x - grid.origin[0]) / grid.spacing[0]) as [
        number,
        number,
      ];
      for (let at = a; at < b; ) {
        const i = Math.floor(at);
        const stop = Math.min(b, i + 1);
        const bows = [largestBow(at, stop), largestBow(v - hy / 2, v + hy / 2), largestBow(w - hz / 2, w + hz / 2)];
        let [low, high] = [0, 0];
        [1, nx, nx * ny].forEach((stride, axis) => {
          const seconds = Array.from({ length: 8 }, (_, corner) => {
            const place = [i + (corner & 1), j + ((corner >> 1) & 1), k + ((corner >> 2) & 1)] as const;
            const p = place[0] + nx * (place[1] + ny * place[2]);
            return data[p - stride]! - 2 * data[p]! + data[p + stride]!;
          });
          low -= bows[axis]! * Math.max(...seconds);
          high -= bows[axis]! * Math.min(...seconds);
        });
        expect(below[piece]).toBeCloseTo(low - 0.25 * Math.abs(low), 4);
        expect(above[piece]).toBeCloseTo(high + 0.25 * Math.abs(high), 4);
        piece++;
        at = stop;
      }
    }
  }
  expect(piece).toBe(volume.length);
  expect(nz).toBe(9);
});

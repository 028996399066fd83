/** Neighbouring beamlets: pairs that share an edge, each once, none across fields. */
import { expect, test } from 'vitest';
import { type BeamletSet, neighbouringBeamlets, uniformFluenceGrid } from '../../src/beam/fluence.js';

const setOf = (nx: number, ny: number, pixels: readonly number[]): { readonly beamlets: BeamletSet } => ({
  beamlets: { grid: uniformFluenceGrid(0, 0, 5, nx, ny), pixels: Int32Array.from(pixels) },
});
const pairsOf = (list: Int32Array): string[] =>
  Array.from({ length: list.length / 2 }, (_, q) => `${list[2 * q]}-${list[2 * q + 1]}`).sort();

test('a full grid of nx by ny has nx (ny - 1) + ny (nx - 1) pairs, each of two that share an edge', () => {
  const [nx, ny] = [4, 3];
  const pairs = neighbouringBeamlets([
    setOf(
      nx,
      ny,
      Array.from({ length: nx * ny }, (_, p) => p),
    ),
  ]);
  expect(pairs.length / 2).toBe(nx * (ny - 1) + ny * (nx - 1));
  expect(new Set(pairsOf(pairs)).size).toBe(pairs.length / 2);
  for (let q = 0; q < pairs.length; q += 2) {
    const [a, b] = [pairs[q]!, pairs[q + 1]!];
    expect(Math.abs((a % nx) - (b % nx)) + Math.abs(Math.floor(a / nx) - Math.floor(b / nx))).toBe(1);
  }
});

test('a hole has no neighbours; the end of a line is none of the next line', () => {
  // . x x      0: pixel 1, 1: pixel 2, 2: pixel 3, 3: pixel 5
  // x . x      pixel 2 ends its line, pixel 3 begins the next
  expect(pairsOf(neighbouringBeamlets([setOf(3, 2, [1, 2, 3, 5])]))).toEqual(['0-1', '1-3']);
});

test('fields add: their pairs one after the other, none across', () => {
  const one = setOf(2, 2, [0, 1, 2, 3]);
  const two = setOf(3, 1, [0, 1, 2]);
  const moved = neighbouringBeamlets([two]).map((c) => c + 4);
  expect([...neighbouringBeamlets([one, two])]).toEqual([...neighbouringBeamlets([one]), ...moved]);
  expect(neighbouringBeamlets([setOf(1, 1, [0]), setOf(1, 1, [0])]).length).toBe(0);
  expect(neighbouringBeamlets([]).length).toBe(0);
});

test('the mirrored fluence has the mirrored pairs', () => {
  const [nx, ny] = [5, 4];
  const pixels = [1, 2, 3, 6, 7, 11, 12, 13, 17, 19];
  const mirrored = pixels.map((p) => nx - 1 - (p % nx) + nx * Math.floor(p / nx));
  const places = (of: readonly number[], mirror: boolean): string[] => {
    const list = neighbouringBeamlets([setOf(nx, ny, of)]);
    const at = (c: number): number => (mirror ? pixels[mirrored.indexOf(of[c]!)]! : of[c]!);
    return Array.from({ length: list.length / 2 }, (_, q) =>
      [at(list[2 * q]!), at(list[2 * q + 1]!)].sort((a, b) => a - b).join('-'),
    ).sort();
  };
  const sorted = [...mirrored].sort((a, b) => a - b);
  expect(places(sorted, true)).toEqual(places(pixels, false));
});

/** What shifts do to a DVH: closed forms of a ramp, and the curve that lies within its band. */
import { expect, test } from 'vitest';
import { aroundCurve, shiftBand } from '../../src/evaluate/shift-band.js';

/** Voxels 0 to 999 with a dose that rises evenly from 0 to 10 Gy, moved by so many Gy. */
const ramp = (by: number): Float64Array =>
  Float64Array.from({ length: 1000 }, (_, v) => Math.max(0, (v + 0.5) / 100 + by));
const even = new Float64Array(1000).fill(1);

test('a ramp that is moved by 1 Gy gains and loses a tenth of the volume', () => {
  const { dose, low, high, count } = shiftBand([ramp(0), ramp(1), ramp(-1)], even, 111);
  expect(count).toBe(2);
  expect(dose[0]).toBe(0);
  expect(dose.at(-1)).toBeGreaterThan(10.99);
  const at = (gray: number): number => dose.findIndex((d) => d >= gray);
  for (const gray of [2, 4, 6, 8]) {
    // One voxel is 0.1 %; a dose of the band lies up to one step of 0.1 Gy beside.
    expect(high[at(gray)]).toBeCloseTo(10, 0);
    expect(low[at(gray)]).toBeCloseTo(-10, 0);
  }
  for (const end of [low[0], high[0], low.at(-1)]) expect(end).toBeCloseTo(0, 9);
  // Without a shift there is no band.
  const none = shiftBand([ramp(0)], even);
  expect([...none.low, ...none.high].every((change) => change === 0)).toBe(true);
});

test('voxels count by their part in the structure, others not at all', () => {
  const doses = [
    [1.5, 1.5, 1.5],
    [3, 1.5, 9],
    [1.5, 0, 0],
  ];
  const { dose, low, high } = shiftBand(doses, Float64Array.of(1, 0.5, 0), 4);
  expect(Math.max(...dose)).toBeCloseTo(3, 4);
  // Two thirds rise above 2 Gy, a third falls below 1 Gy.
  expect(high[2]).toBeCloseTo(200 / 3, 10);
  expect(low[1]).toBeCloseTo(-100 / 3, 10);
  expect(() => shiftBand([[1]], [0])).toThrow(/no volume/);
});

test('around a curve of the structure as drawn: it holds the curve, lies in 0 to 100 percent and never rises', () => {
  const band = shiftBand([ramp(0), ramp(1.5), ramp(-2)], even, 61);
  const curve = (gray: number): number => Math.max(0, Math.min(100, 101 - 10.2 * gray));
  const { dose, low, high } = aroundCurve(band, curve);
  for (let i = 0; i < dose.length; i++) {
    const own = curve(dose[i]!);
    expect(low[i]).toBeLessThanOrEqual(own + 1e-9);
    expect(high[i]).toBeGreaterThanOrEqual(own - 1e-9);
    expect(low[i]! >= 0 && high[i]! <= 100).toBe(true);
    if (i > 0) expect(low[i]! <= low[i - 1]! && high[i]! <= high[i - 1]!).toBe(true);
  }
});

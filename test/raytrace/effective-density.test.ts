/** Effective densities: water is water, layers against the integral, and what is not a patient stays finite. */
import { describe, expect, test } from 'vitest';
import { createBeamFrame } from '../../src/geometry/frame.js';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import {
  type EffectiveDensities,
  effectiveDensities,
  defaultDensityMemory as memory,
} from '../../src/raytrace/effective-density.js';

const grid = createGrid([21, 100, 21], [10, 2, 10], [-100, -99, -100]);

function fill(of: (depth: number, x: number) => number, on: Grid = grid): Volume<'density'> {
  const [nz, ny, nx] = on.shape;
  const density = createVolume('density', on);
  for (let v = 0; v < nz * ny * nx; v++) {
    const i = v % nx;
    const j = Math.floor(v / nx) % ny;
    density.data[v] = of(on.spacing[1] * (j + 0.5), on.origin[0] + i * on.spacing[0]);
  }
  return density;
}

/** Seen from gantry 0, surface at y = -100 mm, at points (x, depth, z). */
function at(
  density: Volume<'density'>,
  points: readonly (readonly [number, number, number])[],
  ssd = 900,
): EffectiveDensities {
  const frame = createBeamFrame({ isocenter: [0, 900 - ssd, 0], gantry: 0, collimator: 0, couch: 0 }, 1000);
  const along = points.map(([, depth]) => ssd + depth);
  return effectiveDensities(density, frame, {
    u: Float32Array.from(points, ([x], p) => (1000 * x) / along[p]!),
    v: Float32Array.from(points, ([, , z], p) => (1000 * z) / along[p]!),
    along: Float32Array.from(along),
  });
}

/** The definition, by steps of 0.02 mm along a straight ray. */
function direct(of: (depth: number) => number, depth: number, thick: number): { electron: number; scatter: number } {
  const h = 0.02;
  const mean = (upstream: number, downstream: number, share: number): number => {
    let [numerator, denominator] = [0, 0];
    for (const [step, range, weight, end] of [
      [-h, upstream, 1, 0],
      [h, downstream, share, thick],
    ] as const) {
      if (weight === 0) continue;
      let s = 0;
      for (let l = depth + step / 2; step < 0 ? l > end : l < end; l += step) {
        const rho = of(l);
        const w = weight * Math.exp(-(s + (rho * h) / 2) / range);
        numerator += rho * w;
        denominator += w;
        s += rho * h;
      }
    }
    return numerator / denominator;
  };
  return {
    electron: mean(memory.electron, 1, 0),
    scatter: mean(memory.scatter, memory.scatterBehind, memory.shareBehind),
  };
}

test.each([700, 900, 1200])('a box of water in air, surface %d mm from the source: 1 to 1e-6 everywhere', (ssd) => {
  const box = fill((_, x) => (Math.abs(x) < 60 ? 1 : 0));
  const points: [number, number, number][] = [];
  // To the last voxel on all sides, where neighbouring rays miss the box.
  for (const x of [-64.9, -31, 0, 64.9]) for (const depth of [0.1, 1, 50, 199.9]) points.push([x, depth, x / 2]);
  const { electron, scatter } = at(box, points, ssd);
  for (const rho of [...electron, ...scatter]) expect(Math.abs(rho - 1)).toBeLessThan(1e-6);
});

test('layers: the means are those of their definition', () => {
  const lung = (depth: number): number => (depth > 50 && depth < 130 ? 0.26 : depth > 150 && depth < 160 ? 1.7 : 1);
  const depths = [5, 49, 53, 60, 90, 125, 133, 145, 152, 158, 165, 190];
  const { electron, scatter } = at(
    fill(lung),
    depths.map((depth) => [0, depth, 0]),
  );
  depths.forEach((depth, p) => {
    const truth = direct(lung, depth, 200);
    expect(Math.abs(electron[p]! - truth.electron), `electrons at ${depth} mm`).toBeLessThan(0.02);
    expect(Math.abs(scatter[p]! - truth.scatter), `scatter at ${depth} mm`).toBeLessThan(0.01);
  });
});

describe('what is not a patient', () => {
  const finite = ({ electron, scatter }: EffectiveDensities): boolean =>
    [...electron, ...scatter].every((rho) => Number.isFinite(rho) && rho > 0);
  const line = Array.from({ length: 40 }, (_, i) => [0, 5 * i + 0.3, 0] as const);

  test('air inside the body, metal, a density of zero, a ray that enters twice', () => {
    const air = at(
      fill((depth) => (depth > 60 && depth < 90 ? 0.001 : 1)),
      line,
    );
    expect(finite(air)).toBe(true);
    // What the electrons remember of the water before 30 mm of air.
    expect(Math.min(...air.electron)).toBeLessThan(0.12);
    const metal = at(
      fill((depth) => (depth > 60 && depth < 70 ? 7.8 : 1)),
      line,
    );
    expect(finite(metal)).toBe(true);
    expect(Math.max(...metal.electron)).toBeCloseTo(7.8, 1);
    // Nothing lies between arm and trunk: it is left out, and both are water.
    const twice = at(
      fill((depth) => (depth > 40 && depth < 90 ? 0 : 1)),
      line,
    );
    expect([...twice.electron, ...twice.scatter].every((rho) => Math.abs(rho - 1) < 1e-6)).toBe(true);
    expect(
      finite(
        at(
          fill(() => 0),
          line,
        ),
      ),
    ).toBe(true);
  });

  test('a range that is no range', () => {
    const frame = createBeamFrame({ isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0 }, 1000);
    const point = { u: Float32Array.of(0), v: Float32Array.of(0), along: Float32Array.of(1000) };
    expect(() =>
      effectiveDensities(
        fill(() => 1),
        frame,
        point,
        { ...memory, scatter: Number.NaN },
      ),
    ).toThrow(/effective density: scatter is NaN, but must be finite and positive/);
  });
});

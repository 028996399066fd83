/** Axes of beams run from the isocentre to their sources. */
import { describe, expect, test } from 'vitest';
import { beamLines } from '../../src/render/beam-lines.js';
import { viewOf } from '../../src/render/panel-view.js';
import { profileFigure } from '../../src/render/profile-figure.js';
import { hounsfield, isocenter } from './scene.js';

const beam = (x: number, y: number, z: number) => ({
  label: 'B',
  source: [isocenter[0] + x, isocenter[1] + y, isocenter[2] + z] as const,
});

describe('beam lines', () => {
  const ends = (plane: 'axial' | 'sagittal', x: number, y: number, z: number): number[] => {
    const options = { hounsfield, plane, point: isocenter, beams: [beam(x, y, z)] };
    const svg = beamLines(options, viewOf(options, { width: 600, height: 600 }));
    return [...(/<line x1="(.*?)" y1="(.*?)" x2="(.*?)" y2="(.*?)"/.exec(svg) ?? [])].slice(1).map(Number);
  };

  test('a posterior beam runs down the axial plane, one from the left to the right of the page', () => {
    const [x1, y1, x2, y2] = ends('axial', 0, 1000, 0);
    expect(x2).toBeCloseTo(x1!, 6);
    expect(y2).toBeGreaterThan(y1!);
    const [a1, b1, a2, b2] = ends('axial', 1000, 0, 0);
    expect(a2).toBeGreaterThan(a1!);
    expect(b2).toBeCloseTo(b1!, 6);
  });

  test('a posterior beam runs to the right of the sagittal plane', () => {
    const [x1, y1, x2, y2] = ends('sagittal', 0, 1000, 0);
    expect(x2).toBeGreaterThan(x1!);
    expect(y2).toBeCloseTo(y1!, 6);
  });

  test('one across the plane is left out, and a mirrored beam gives the mirrored line', () => {
    expect(ends('axial', 0, 900, 300)).toEqual([]);
    const [x1, , right, y2] = ends('axial', 700, 700, 0);
    const [, , left, z2] = ends('axial', -700, 700, 0);
    expect(right! - x1!).toBeCloseTo(x1! - left!, 1);
    expect(y2).toBe(z2);
  });
});

test('a profile without points is refused', () => {
  expect(() => profileFigure({ title: 'P', along: 'mm', curves: [], spans: [] })).toThrow(/no curve/);
});

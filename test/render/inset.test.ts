/** An inset shows the place that its mark says: a dose peak in the structure lies within half a pixel, in all planes, on odd dims and unequal spacing. */
import { expect, test } from 'vitest';
import { createGrid, type Vec3, voxelCount, voxelOf } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { doseDrawing } from '../../src/render/dose-figure.js';
import type { Drawing } from '../../src/render/drawing.js';
import { PLANE_AXES, type Plane } from '../../src/render/slice.js';

/** 61 x 53 x 47 voxels. */
const grid = createGrid([47, 53, 61], [2, 3, 4], [-60, -70, -90]);
const [nx, ny] = [61, 53];
const data = (value: (at: Vec3) => number): Float32Array =>
  Float32Array.from({ length: voxelCount(grid) }, (_, v) =>
    value([-60 + 2 * (v % nx), -70 + 3 * (Math.floor(v / nx) % ny), -90 + 4 * Math.floor(v / (nx * ny))]),
  );
const MIDDLE: Vec3 = [20, 26, 30];
/** A bead off the middle of the patient, and all of it but a rim. */
const bead = data(([x, y, z]) => (Math.hypot(x - MIDDLE[0], y - MIDDLE[1], z - MIDDLE[2]) < 9 ? 1 : 0));
const whole = data(([x, y, z]) => (Math.abs(x) < 58 && Math.abs(y) < 68 && Math.abs(z) < 88 ? 1 : 0));
const structures = [
  { name: 'Bead', color: '#00ff00', mask: createVolume('mask', grid, bead) },
  { name: 'External', color: '#ffffff', mask: createVolume('mask', grid, whole) },
];
const peak = data(() => 0);
peak[voxelOf(grid, MIDDLE)!] = 40;
const common = {
  hounsfield: createVolume(
    'hounsfield',
    grid,
    data(() => -1000),
  ),
  dose: createDose(grid, { quantity: 'physical', fractions: 20 }, peak),
  ...{ structures, prescription: 40, title: 'T', washFrom: 60, washOpacity: 1 },
};
const drawn = (plane: Plane, structure: string, point = MIDDLE): Drawing =>
  doseDrawing({ ...common, plane, point, inset: { structure, margin: 8 } });

/** Middle of the coloured pixels of an image, in the figure. */
function middleOfColour({ x, y, width, height, pixels }: Drawing['images'][number]): [number, number] {
  let [sumX, sumY, count] = [0, 0, 0];
  for (let p = 0; p < pixels.width * pixels.height; p++) {
    if (pixels.data[3 * p] === pixels.data[3 * p + 2]) continue;
    sumX += (p % pixels.width) + 0.5;
    sumY += Math.floor(p / pixels.width) + 0.5;
    count++;
  }
  expect(count).toBeGreaterThan(20);
  return [x + (width * sumX) / count / pixels.width, y + (height * sumY) / count / pixels.height];
}

test.each(['axial', 'sagittal', 'coronal'] as const)('%s', (plane) => {
  const { images, vectors, width } = drawn(plane, 'Bead');
  const [panel, inset] = images as [Drawing['images'][0], Drawing['images'][0]];
  // The bead is round, so that its middle is that of the inset.
  const [x, y] = middleOfColour(inset);
  expect(Math.abs(x - inset.x - inset.width / 2)).toBeLessThan(0.5);
  expect(Math.abs(y - inset.y - inset.height / 2)).toBeLessThan(0.5);
  // The mark is around the peak in the panel, and as large as the words say.
  const [, left, top, across, down] = /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" [^>]*#ffffff/
    .exec(vectors)!
    .map(Number) as [number, number, number, number, number];
  const [atX, atY] = middleOfColour(panel);
  expect(Math.abs(panel.x + left + across / 2 - atX)).toBeLessThan(0.5);
  expect(Math.abs(panel.y + top + down / 2 - atY)).toBeLessThan(0.5);
  const times = Number(/Bead, ([\d.]+) times as large/.exec(vectors)![1]);
  expect(inset.width / across).toBeCloseTo(times, 0);
  expect(inset.height / down).toBeCloseTo(times, 0);
  // Nothing lies on something else.
  expect(inset.x).toBeGreaterThan(panel.x + panel.width);
  expect(inset.x + inset.width).toBeLessThan(width - 196);
});

test('no inset of what is not in the plane, or fills it', () => {
  const through = PLANE_AXES.axial.through;
  const beside = MIDDLE.map((mm, axis) => (axis === through ? mm - 40 : mm)) as unknown as Vec3;
  for (const drawing of [drawn('axial', 'Bead', beside), drawn('axial', 'External')]) {
    expect([drawing.images.length, drawing.width]).toEqual([1, 920]);
  }
});

test('numbers in Gy in place of percent, at the lines and in the key', () => {
  const level = { prescription: 80, levels: [25], numbers: 'gray', plane: 'axial', point: MIDDLE } as const;
  const { vectors } = doseDrawing({ ...common, ...level });
  expect(vectors).toContain('>20.0 Gy<');
  expect(vectors).not.toMatch(/\d %/);
});

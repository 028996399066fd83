/** A small synthetic patient for the picture tests: an ellipse with a vertebra, a cord, lungs, and a horseshoe of dose. */
import { createDvh, cumulativeCurve } from '../../src/evaluate/dvh.js';
import { createGrid, type Grid, type Vec3, voxelCount } from '../../src/geometry/grid.js';
import { createDose, createVolume, type DoseVolume, type Volume } from '../../src/geometry/volume.js';
import { structureColor } from '../../src/render/colour.js';
import type { FigureStructure } from '../../src/render/panel-view.js';

type Distance = (x: number, y: number, z: number) => number;

const cord: Distance = (x, y) => Math.hypot(x, y) - 5;
const external: Distance = (x, y) => (Math.hypot(x / 150, (y + 20) / 100) - 1) * 100;
const body: Distance = (x, y, z) => Math.max(Math.hypot(x / 1.3, y + 26) - 14, Math.abs(z) - 12);
const ring: Distance = (x, y, z) => Math.max(Math.abs(Math.hypot(x, y) - 15) - 5, Math.abs(z) - 12, -8 - y);
const lungs: Distance = (x, y) => Math.hypot((Math.abs(x) - 75) / 45, (y + 35) / 60) * 45 - 45;
/** An organ on the patient's left, in front: a landmark for the orientation letters. */
const heart: Distance = (x, y) => Math.hypot(x - 22, y + 80) - 24;
const bone: Distance = (x, y, z) =>
  Math.min(body(x, y, z + Math.round(z / -30) * 30), Math.max(Math.hypot(x, y) - 19, 8.5 - Math.hypot(x, y)));
const ptv: Distance = (x, y, z) => Math.max(Math.min(body(x, y, z), ring(x, y, z)) - 3, 2 - cord(x, y, z));

const fraction = (distance: number, spacing: number): number => Math.min(1, Math.max(0, 0.5 - distance / spacing));

export const PRESCRIPTION = 39.6;

export const ctGrid = createGrid([31, 85, 125], [2.5, 2.5, 3], [-155, -125, -45]);
export const doseGrid = createGrid([25, 61, 83], [3, 3, 3], [-123, -110, -36]);

function fill<T extends Float32Array>(grid: Grid, value: Distance, out: T): T {
  const [nz, ny, nx] = grid.shape;
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, at++)
        out[at] = value(
          grid.origin[0] + i * grid.spacing[0],
          grid.origin[1] + j * grid.spacing[1],
          grid.origin[2] + k * grid.spacing[2],
        );
  return out;
}

const volumeOf = (grid: Grid, value: Distance): Float32Array => fill(grid, value, new Float32Array(voxelCount(grid)));

export function maskOn(grid: Grid, distance: Distance): Volume<'mask'> {
  return createVolume(
    'mask',
    grid,
    volumeOf(grid, (x, y, z) => fraction(distance(x, y, z), grid.spacing[0])),
  );
}

export const hounsfield: Volume<'hounsfield'> = createVolume(
  'hounsfield',
  ctGrid,
  volumeOf(ctGrid, (x, y, z) => {
    const inside = fraction(external(x, y, z), 2.5);
    let hu = -1000 + inside * 1040;
    hu += fraction(lungs(x, y, z), 2.5) * -780;
    hu += fraction(heart(x, y, z), 2.5) * (45 - hu);
    hu += fraction(bone(x, y, z), 2.5) * (350 - hu);
    hu += fraction(cord(x, y, z), 2.5) * (35 - hu);
    return hu;
  }),
);

/** @param spare how deep the dose dips at the cord, 0..1 */
export function doseLike(spare: number): DoseVolume {
  const data = volumeOf(doseGrid, (x, y, z) => {
    if (external(x, y, z) > 0) return 0;
    const near = 1 / (1 + Math.exp(Math.max(-6, ptv(x, y, z)) / 4));
    const bath =
      0.34 * Math.exp(-((x / 90) ** 2) - ((y - 30) / 110) ** 2) * (1 / (1 + Math.exp((Math.abs(z) - 16) / 3)));
    const dip = 1 - spare * Math.exp(-Math.hypot(x, y, 0) / 7);
    return PRESCRIPTION * Math.min(1.09, (1.25 * near + bath) * dip);
  });
  return createDose(doseGrid, { quantity: 'physical', fractions: 22 }, data);
}

const named: readonly (readonly [string, Distance])[] = [
  ['PTV_3960', ptv],
  ['CTV', (x, y, z) => Math.min(body(x, y, z), ring(x, y, z))],
  ['SpinalCord', cord],
  ['Heart', heart],
  ['Lungs', lungs],
  ['External', external],
];

export const structures: readonly FigureStructure[] = named.map(([name, distance]) => ({
  name,
  color: structureColor(name),
  mask: maskOn(doseGrid, distance),
}));

export const isocenter: Vec3 = [0, -12, 0];

export function dvhCurves(doses: readonly DoseVolume[]) {
  return doses.flatMap((dose, plan) =>
    structures
      .filter(({ name }) => name !== 'External')
      .map(({ name, color, mask }) => ({
        structure: name,
        color,
        plan,
        points: cumulativeCurve(createDvh(dose, mask, { name }), 161),
      })),
  );
}

/**
 * What lies at a point of the patient lies there in the picture: a bright voxel, a dose peak and a contour within half a pixel, in all
 * planes, on odd dims and unequal spacing, with a dose grid off the CT grid by parts of a voxel, and from a CT in every patient position.
 */
import { describe, expect, test } from 'vitest';
import { createGrid, type Grid, gridBox, type Vec3, voxelCount, voxelOf } from '../../src/geometry/grid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose, createVolume, type DoseVolume, type Volume } from '../../src/geometry/volume.js';
import { readCt } from '../../src/io/dicom/ct.js';
import { encodeDicom } from '../../src/io/dicom/element-writer.js';
import { composeLayers } from '../../src/render/compose.js';
import type { Drawing } from '../../src/render/drawing.js';
import { PLANE_AXES, type Plane } from '../../src/render/slice.js';
import { dosePictures } from '../../src/report/dose-pictures.js';

const PLANES = ['axial', 'sagittal', 'coronal'] as const;
/** px */
const HALF = 0.5;

/** 13 x 11 x 9 voxels. */
const ctGrid = createGrid([9, 11, 13], [2.5, 3, 4], [-17, -12, 40]);
const [nx, ny, nz] = [13, 11, 9];
const BRIGHT: Vec3 = [-17 + 9 * 2.5, -12 + 3 * 3, 40 + 6 * 4];
/** Off the CT grid by a third of a voxel and more. */
const doseGrid = createGrid([10, 13, 12], [2.1, 2.4, 3.3], [-14.3, -11.1, 41.7]);
const PEAK: Vec3 = [-14.3 + 3 * 2.1, -11.1 + 8 * 2.4, 41.7 + 4 * 3.3];
/** Edges off every lattice. */
const SQUARE = { x: [-8.3, 3.1], y: [-6.6, 9.9], z: [46, 62] } as const;

/** One value at one point of a grid, another everywhere else. */
function single(grid: Grid, at: Vec3, value: number, elsewhere: number): Float32Array {
  const data = new Float32Array(voxelCount(grid)).fill(elsewhere);
  data[voxelOf(grid, at)!] = value;
  return data;
}

const hounsfield = createVolume('hounsfield', ctGrid, single(ctGrid, BRIGHT, 500, -1000));
const peak = (value = 40): DoseVolume =>
  createDose(doseGrid, { quantity: 'physical', fractions: 20 }, single(doseGrid, PEAK, value, 0));

const square: Structure = {
  name: 'PTV',
  role: 'target',
  shape: {
    kind: 'contours',
    contours: {
      spacing: 4,
      // Slabs of 4 mm around 48, 52, 56 and 60.
      planes: [48, 52, 56, 60].map((z) => ({
        z,
        polygons: [
          Float64Array.of(
            ...[SQUARE.x[0], SQUARE.y[0], SQUARE.x[1], SQUARE.y[0]],
            ...[SQUARE.x[1], SQUARE.y[1], SQUARE.x[0], SQUARE.y[1]],
          ),
        ],
      })),
    },
  },
};

function drawn(plane: Plane, point: Vec3, ct: Volume<'hounsfield'> = hounsfield, dose = peak()): Drawing {
  const plan = { label: 'T', dose };
  const look = { window: { level: 0, width: 2000 }, washFrom: 30, washOpacity: 1, levels: [99] };
  const request = { hounsfield: ct, structures: [square], plan, planes: [plane], point, prescription: 40, ...look };
  return dosePictures(request).get(plane)!;
}

/** Where a point lies in the figure, px. */
function placeOf(
  { images: [image] }: Drawing,
  plane: Plane,
  { min, max }: ReturnType<typeof gridBox>,
  point: Vec3,
): [number, number] {
  const { across, down } = PLANE_AXES[plane];
  const part = (axis: 0 | 1 | 2): number => (point[axis] - min[axis]) / (max[axis] - min[axis]);
  // Only superior is up on the page; posterior is down.
  const fromTop = down === 2 ? 1 - part(down) : part(down);
  return [image!.x + part(across) * image!.width, image!.y + fromTop * image!.height];
}

/** Middle of the pixels of the image that count, of the figure as it is composed. */
function middle(drawing: Drawing, weight: (r: number, g: number, b: number) => number): [number, number] {
  const [width, height] = [Math.round(drawing.width), Math.round(drawing.height)];
  const { data } = composeLayers(drawing, { width, height, data: new Uint8Array(4 * width * height) });
  const [image] = drawing.images;
  let [x, y, total] = [0, 0, 0];
  for (let r = Math.ceil(image!.y) + 1; r < image!.y + image!.height - 1; r++)
    for (let c = Math.ceil(image!.x) + 1; c < image!.x + image!.width - 1; c++) {
      const at = 3 * (c + width * r);
      const w = weight(data[at]!, data[at + 1]!, data[at + 2]!);
      x += w * (c + 0.5);
      y += w * (r + 0.5);
      total += w;
    }
  expect(total).toBeGreaterThan(0);
  return [x / total, y / total];
}

const isColoured = (r: number, g: number, b: number): number => (Math.max(r, g, b) - Math.min(r, g, b) > 40 ? 1 : 0);
/** Above the grey of air. */
const brightness = (r: number, g: number, b: number): number => (isColoured(r, g, b) ? 0 : Math.max(0, r - 20));

function expectNear(found: readonly number[], wanted: readonly number[]): void {
  for (const axis of [0, 1]) expect(Math.abs(found[axis]! - wanted[axis]!), `${found} at ${wanted}`).toBeLessThan(HALF);
}

describe.each(PLANES)('%s', (plane) => {
  const box = gridBox(ctGrid);

  test('a bright voxel', () => {
    const drawing = drawn(plane, BRIGHT, hounsfield, peak(1));
    expectNear(middle(drawing, brightness), placeOf(drawing, plane, box, BRIGHT));
  });

  test('a dose peak, on a grid off that of the CT', () => {
    const drawing = drawn(plane, PEAK);
    expectNear(middle(drawing, isColoured), placeOf(drawing, plane, box, PEAK));
  });

  test('a contour, its edges between voxels', () => {
    const centre = (['x', 'y', 'z'] as const).map((axis) => (SQUARE[axis][0] + SQUARE[axis][1]) / 2) as unknown as Vec3;
    const drawing = drawn(plane, centre);
    const [, left, top] = /translate\(([\d.]+) ([\d.]+)\)/.exec(drawing.vectors)!.map(Number);
    const [, d] = /<path d="([^"]+)"[^>]*stroke="#ff519d"/.exec(drawing.vectors)!;
    const numbers = d!.match(/[\d.]+/g)!.map(Number);
    const side = (axis: 0 | 1): [number, number] => {
      const own = numbers.filter((_, i) => i % 2 === axis).map((mm) => mm + (axis === 0 ? left! : top!));
      return [Math.min(...own), Math.max(...own)];
    };
    const { across, down } = PLANE_AXES[plane];
    const corner = (end: 0 | 1): Vec3 => (['x', 'y', 'z'] as const).map((axis) => SQUARE[axis][end]) as unknown as Vec3;
    const [low, high] = [placeOf(drawing, plane, box, corner(0)), placeOf(drawing, plane, box, corner(1))];
    const wanted = [0, 1].map((axis) => [Math.min(low[axis]!, high[axis]!), Math.max(low[axis]!, high[axis]!)]);
    // Half a pixel of the middle. Of an edge a tenth of a voxel more, by which a cubic through fractions of voxels may be off.
    const scale = drawing.images[0]!.width / (box.max[across] - box.min[across]);
    for (const axis of [0, 1] as const) {
      const [from, to] = side(axis);
      expect(Math.abs((from + to) / 2 - (wanted[axis]![0]! + wanted[axis]![1]!) / 2)).toBeLessThan(HALF + 0.1 * scale);
      const voxel = ctGrid.spacing[axis === 0 ? across : down];
      for (const end of [0, 1]) {
        expect(Math.abs([from, to][end]! - wanted[axis]![end]!), `${plane} ${axis} ${end}`).toBeLessThan(
          HALF + 0.2 * voxel * scale,
        );
      }
    }
  });
});

/** Direction cosines of rows and columns as scanners store them. */
const POSITIONS = {
  HFS: [1, 0, 0, 0, 1, 0],
  HFP: [-1, 0, 0, 0, -1, 0],
  FFS: [-1, 0, 0, 0, 1, 0],
  FFP: [1, 0, 0, 0, -1, 0],
  HFDR: [0, -1, 0, 1, 0, 0],
  HFDL: [0, 1, 0, -1, 0, 0],
  FFDR: [0, -1, 0, -1, 0, 0],
  FFDL: [0, 1, 0, 1, 0, 0],
} as const;

describe.each(Object.keys(POSITIONS) as (keyof typeof POSITIONS)[])('a CT in %s', (position) => {
  const cosines = POSITIONS[position];
  const axisOf = (from: 0 | 3): 0 | 1 => (cosines[from] !== 0 ? 0 : 1);
  const count = [nx, ny];
  /** Place of pixel (c, r) of a slice: the first stands where the stored directions begin. */
  const place =
    (z: number) =>
    (c: number, r: number): Vec3 => {
      const out = [0, 0, z];
      for (const [from, index] of [
        [0, c],
        [3, r],
      ] as const) {
        const axis = axisOf(from);
        const isBackward = cosines[from + axis]! < 0;
        out[axis] = ctGrid.origin[axis] + ctGrid.spacing[axis] * (isBackward ? count[axis]! - 1 - index : index);
      }
      return out as unknown as Vec3;
    };
  const slices = Array.from({ length: nz }, (_, k) => {
    const z = 40 + 4 * k;
    const [columns, rows] = [count[axisOf(0)]!, count[axisOf(3)]!];
    const values = new Int16Array(rows * columns);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        const isBright = place(z)(c, r).every((mm, axis) => Math.abs(mm - BRIGHT[axis]!) < 1e-9);
        values[c + columns * r] = isBright ? 500 : -1000;
      }
    const spacing = [ctGrid.spacing[axisOf(3)], ctGrid.spacing[axisOf(0)]];
    return {
      name: `${k}`,
      bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.2', '1.2.3', [
        [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
        [0x00185100, 'CS', position],
        [0x0020000e, 'UI', '1.2.3'],
        [0x00200032, 'DS', place(z)(0, 0).join('\\')],
        [0x00200037, 'DS', cosines.join('\\')],
        [0x00200052, 'UI', '1.2.4'],
        [0x00280002, 'US', [1]],
        [0x00280010, 'US', [rows]],
        [0x00280011, 'US', [columns]],
        [0x00280030, 'DS', spacing.join('\\')],
        [0x00280100, 'US', [16]],
        [0x00280101, 'US', [16]],
        [0x00280102, 'US', [15]],
        [0x00280103, 'US', [1]],
        [0x00281052, 'DS', '0'],
        [0x00281053, 'DS', '1'],
        [0x7fe00010, 'OW', new Uint8Array(values.buffer)],
      ]),
    };
  });

  test('shows a bright voxel at its place of the patient', () => {
    const ct = readCt(slices).hounsfield;
    for (const plane of PLANES) {
      const drawing = drawn(plane, BRIGHT, ct, peak(1));
      expectNear(middle(drawing, brightness), placeOf(drawing, plane, gridBox(ct.grid), BRIGHT));
    }
  });
});

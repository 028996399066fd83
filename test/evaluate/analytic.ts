/** The closed-form shapes and fields of the DVH reference, and their fractional masks by brute force. */
import { createGrid, type Grid, type Vec3, voxelCount } from '../../src/geometry/grid.js';
import { createDose, createVolume, type DoseVolume, type Volume } from '../../src/geometry/volume.js';

export type Inside = (x: number, y: number, z: number) => boolean;
export type Field = (x: number, y: number, z: number) => number;

/** Shapes of the reference README: parameters in mm, centred on the origin. */
export function shapeOf(kind: string, a: number, b: number, c: number): Inside {
  switch (kind) {
    case 'sphere':
      return (x, y, z) => x * x + y * y + z * z <= a * a;
    case 'cylz':
      return (x, y, z) => x * x + y * y <= a * a && Math.abs(z) <= b / 2;
    case 'cylx':
      return (x, y, z) => z * z + y * y <= a * a && Math.abs(x) <= b / 2;
    case 'conez':
      return (x, y, z) => Math.abs(z) <= b / 2 && Math.hypot(x, y) <= a * (0.5 - z / b);
    case 'coney':
      return (x, y, z) => Math.abs(y) <= b / 2 && Math.hypot(x, z) <= a * (0.5 - y / b);
    case 'box':
      return (x, y, z) => Math.abs(x) <= a / 2 && Math.abs(y) <= b / 2 && Math.abs(z) <= c / 2;
    default:
      throw new Error(`no shape ${kind}`);
  }
}

export function fieldOf(kind: string, p: readonly number[]): Field {
  switch (kind) {
    case 'lin':
      return (x, y, z) => p[3]! + p[4]! * (x * p[0]! + y * p[1]! + z * p[2]!);
    case 'gauR':
      return (x, y, z) => p[0]! * Math.exp(-(x * x + y * y + z * z) / (2 * p[1]! ** 2));
    case 'gauC':
      return (x, y) => p[0]! * Math.exp(-(x * x + y * y) / (2 * p[1]! ** 2));
    case 'gau1':
      return (x) => p[0]! * Math.exp(-((x - p[2]!) ** 2) / (2 * p[1]! ** 2));
    default:
      throw new Error(`no field ${kind}`);
  }
}

/** A grid around the origin that is not aligned with the shapes: odd, unequal, shifted. */
export function gridAround(radius: number, spacing: Vec3, shift: Vec3 = [0.31, -0.47, 0.23]): Grid {
  const n = spacing.map((s) => 2 * Math.ceil(radius / s) + 3);
  const origin = spacing.map((s, a) => -((n[a]! - 1) / 2) * s + shift[a]!) as unknown as Vec3;
  return createGrid([n[2]!, n[1]!, n[0]!], spacing, origin);
}

/** Fractions by `points` places of a Kronecker sequence per voxel: unlike a lattice it does not alias with flat faces. */
export function maskOf(inside: Inside, grid: Grid, points = 700): Volume<'mask'> {
  // Steps of the plastic number's three-dimensional relative (Roberts 2018).
  const g = 1.2207440846057596;
  const offsets = Array.from({ length: points }, (_, i) => [1, 2, 3].map((a) => ((0.5 + (i + 1) / g ** a) % 1) - 0.5));
  const [sx, sy, sz] = grid.spacing;
  const data = new Float32Array(voxelCount(grid));
  forEachVoxel(grid, (index, x, y, z) => {
    let count = 0;
    for (const [a, b, c] of offsets) if (inside(x + a! * sx, y + b! * sy, z + c! * sz)) count++;
    data[index] = count / points;
  });
  return createVolume('mask', grid, data);
}

export function doseOf(field: Field, grid: Grid): DoseVolume {
  const data = new Float32Array(voxelCount(grid));
  forEachVoxel(grid, (index, x, y, z) => {
    data[index] = field(x, y, z);
  });
  return createDose(grid, { quantity: 'physical', fractions: 22 }, data);
}

export function forEachVoxel(grid: Grid, visit: (index: number, x: number, y: number, z: number) => void): void {
  const [nz, ny, nx] = grid.shape;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++)
        visit(
          i + nx * (j + ny * k),
          grid.origin[0] + i * grid.spacing[0],
          grid.origin[1] + j * grid.spacing[1],
          grid.origin[2] + k * grid.spacing[2],
        );
}

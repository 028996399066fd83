/**
 * Outlines: of a solid, by marching squares on its signed distance; of a set of pixels, along their edges.
 *
 * The distance is sampled at half a pixel and is nearly linear there, so crossings interpolate to a few hundredths of a
 * pixel. Because |distance| never exceeds the way to the boundary, blocks that are wholly in or out are not sampled.
 */
import { contours } from 'd3-contour';
import { createContours } from './contour.js';
import { contourGaps, nextSlice, samePlane } from './contour-slabs.js';
import { solidOfStructure } from './contour-solid.js';
import { coordinateAt, type Grid } from './grid.js';
import type { Solid } from './solid.js';
import type { ContourPlane, Contours, Structure } from './structure.js';

/** Lattice cells per side of a block that is skipped as a whole. */
const block = 8;

/**
 * Closed contours of a structure on the slices of a grid; inner rings are holes (even-odd).
 *
 * Contours that already lie on all slices between their ends are returned as they are. Outlines may reach beyond the grid in the plane.
 *
 * @param grid its z positions are the slices, its in-plane spacing sets the sampling (half a pixel)
 * @returns undefined where the structure meets no slice
 */
export function contoursOfStructure(structure: Structure, grid: Grid): Contours | undefined {
  const sz = grid.spacing[2];
  if (structure.shape.kind === 'contours') {
    const { planes, spacing } = structure.shape.contours;
    const isGap = contourGaps(structure.shape.contours);
    const isOnEvery = planes.every(({ z }, p) => p === 0 || isGap[p - 1] || z - planes[p - 1]!.z < nextSlice * sz);
    const isOnSlices = planes.every(({ z }) => {
      const k = Math.round((z - grid.origin[2]) / sz);
      return k >= 0 && k < grid.shape[0] && Math.abs(coordinateAt(grid, 2, k) - z) < samePlane;
    });
    if (isOnSlices && isOnEvery && Math.abs(spacing - sz) < samePlane) return structure.shape.contours;
  }
  const solid = solidOfStructure(structure);
  const planes: ContourPlane[] = [];
  const spacing = [grid.spacing[0] / 2, grid.spacing[1] / 2] as const;
  const { low, high } = columnPart(solid, Math.max(...spacing));
  let column: Float64Array[] | undefined;
  for (let k = 0; k < grid.shape[0]; k++) {
    const z = coordinateAt(grid, 2, k);
    if (z < solid.box.min[2] || z > solid.box.max[2]) continue;
    const isColumn = z >= low && z <= high;
    const polygons: Float64Array[] = (isColumn ? column : undefined) ?? traceSolid(solid, z, spacing);
    if (isColumn) column = polygons;
    if (polygons.length > 0) planes.push({ z, polygons });
  }
  return planes.length === 0 ? undefined : createContours(planes, sz);
}

/** Between which z every section is the same, mm: at least as far from the ends of a column as samples lie from a contour. */
function columnPart({ within }: Solid, sample: number): { low: number; high: number } {
  if (!within?.solid.isColumn) return { low: Infinity, high: -Infinity };
  return { low: within.low + sample, high: within.high - sample };
}

/** Rings of the section of a solid at z, [x0, y0, x1, y1, ...] in mm, on a lattice of the given spacing. */
export function traceSolid(solid: Solid, z: number, spacing: readonly [number, number]): Float64Array[] {
  const [hx, hy] = spacing;
  // Two cells of margin, so that every ring closes within the lattice.
  const x0 = solid.box.min[0] - 2 * hx;
  const y0 = solid.box.min[1] - 2 * hy;
  const nx = Math.ceil((solid.box.max[0] - x0) / hx) + 3;
  const ny = Math.ceil((solid.box.max[1] - y0) / hy) + 3;
  const values = new Float64Array(nx * ny);
  let any = false;
  // Beyond this distance from a block's middle the boundary cannot cut a cell that the block touches.
  const reach = Math.hypot(hx, hy) * (block / 2 + 1);
  // A crossing is interpolated between samples next to each other, both nearer to the boundary than this.
  const near = 1.01 * Math.max(hx, hy);
  for (let jb = 0; jb < ny; jb += block) {
    for (let ib = 0; ib < nx; ib += block) {
      const jEnd = Math.min(ny, jb + block);
      const iEnd = Math.min(nx, ib + block);
      const middle = solid.distance(x0 + (ib + (block - 1) / 2) * hx, y0 + (jb + (block - 1) / 2) * hy, z, reach);
      const isPlain = Math.abs(middle) >= reach;
      for (let j = jb; j < jEnd; j++) {
        for (let i = ib; i < iEnd; i++) {
          const value = isPlain ? -middle : -solid.distance(x0 + i * hx, y0 + j * hy, z, near);
          values[i + nx * j] = value;
          any ||= value > 0;
        }
      }
    }
  }
  if (!any) return [];
  return traceLevel(values, [nx, ny], 0, [x0, y0], spacing);
}

/**
 * Rings around what reaches a level, [x0, y0, x1, y1, ...] in mm, between samples on a line; inner rings are holes (even-odd).
 *
 * @param values  x fastest, shape [ny, nx]
 * @param count   [nx, ny]
 * @param origin  of sample (0, 0), mm
 */
export function traceLevel(
  values: Float64Array,
  count: readonly [number, number],
  level: number,
  origin: readonly [number, number],
  spacing: readonly [number, number],
): Float64Array[] {
  // d3-contour reads by index only; its types ask for number[].
  const shape = contours()
    .size([...count])
    .contour(values as unknown as number[], level);
  const rings = shape.coordinates.flat() as [number, number][][];
  return rings.map((ring) => {
    // The last point repeats the first. Sample (i, j) stands at (i + 0.5, j + 0.5) in d3-contour.
    const polygon = new Float64Array(2 * (ring.length - 1));
    for (let p = 0; p + 1 < ring.length; p++) {
      polygon[2 * p] = origin[0] + (ring[p]![0] - 0.5) * spacing[0];
      polygon[2 * p + 1] = origin[1] + (ring[p]![1] - 0.5) * spacing[1];
    }
    return polygon;
  });
}

/**
 * Rings along the edges of a set of pixels: their even-odd inside is the pixels, exactly.
 *
 * @param inside one slice, x fastest; a pixel belongs to the set where it is not 0
 * @param grid gives the size, spacing and origin in the plane
 */
export function tracePixels(inside: Uint8Array, grid: Grid): Float64Array[] {
  const [, ny, nx] = grid.shape;
  const [sx, sy] = grid.spacing;
  const stride = nx + 1;
  // Directed edges with the inside on the left, by their first corner; a corner has two where pixels meet diagonally.
  const next = new Map<number, number[]>();
  const add = (from: number, to: number): void => {
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  };
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const pixel = i + nx * j;
      if (inside[pixel] === 0) continue;
      const corner = i + stride * j;
      if (j === 0 || inside[pixel - nx] === 0) add(corner, corner + 1);
      if (i === nx - 1 || inside[pixel + 1] === 0) add(corner + 1, corner + 1 + stride);
      if (j === ny - 1 || inside[pixel + nx] === 0) add(corner + 1 + stride, corner + stride);
      if (i === 0 || inside[pixel - 1] === 0) add(corner + stride, corner);
    }
  }
  const rings: Float64Array[] = [];
  for (const start of next.keys()) {
    while (next.get(start)!.length > 0) {
      const points: number[] = [];
      let before = 0;
      let corner = start;
      do {
        const to = next.get(corner)!.pop()!;
        const step = to - corner;
        if (step !== before) {
          points.push(
            grid.origin[0] + ((corner % stride) - 0.5) * sx,
            grid.origin[1] + (Math.floor(corner / stride) - 0.5) * sy,
          );
        }
        before = step;
        corner = to;
      } while (corner !== start);
      rings.push(Float64Array.from(points));
    }
  }
  return rings;
}

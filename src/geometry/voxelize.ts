/**
 * Voxelisation: the fraction of every voxel that a structure fills.
 *
 * Contours are exact: coverage of a pixel = area of (even-odd polygon) n pixel, by signed-area accumulation of the
 * trapezoids' sides as font rasterisers do it, times the overlap of the plane's slab with the voxel in z. Summed over
 * the voxels this is the polygon volume at every grid spacing, to the rounding of Float32.
 */
import { insideTrapezoids } from './contour.js';
import { contourSlabs } from './contour-slabs.js';
import { type Grid, voxelCount } from './grid.js';
import type { Contours, Structure } from './structure.js';
import { createVolume, type Volume } from './volume.js';
import { voxelizeSolid } from './voxelize-solid.js';

/** Fractional mask of a structure on any grid, contours or solid. What lies outside the grid is cut off. */
export function voxelizeStructure(structure: Structure, grid: Grid): Volume<'mask'> {
  return structure.shape.kind === 'contours'
    ? voxelizeContours(structure.shape.contours, grid)
    : voxelizeSolid(structure.shape.solid, grid);
}

/**
 * Fractional mask of planar contours: exact area per pixel times exact overlap in z. O(points + pixels of the planes).
 *
 * @param contours LPS, mm; each plane fills its slab (half-slice rule)
 * @param grid any grid of the patient frame
 * @returns fractions 0..1, shape [nz, ny, nx]
 */
export function voxelizeContours(contours: Contours, grid: Grid): Volume<'mask'> {
  const [nz, ny, nx] = grid.shape;
  const [, , sz] = grid.spacing;
  const zFace = grid.origin[2] - sz / 2;
  const sums = new Float64Array(nx * ny);
  const data = new Float32Array(voxelCount(grid));
  const slabs = contourSlabs(contours);
  contours.planes.forEach((plane, p) => {
    const low = (slabs[2 * p]! - zFace) / sz;
    const high = (slabs[2 * p + 1]! - zFace) / sz;
    const first = Math.max(0, Math.floor(low));
    const last = Math.min(nz - 1, Math.ceil(high) - 1);
    if (first > last) return;
    const rows = planeCoverage(insideTrapezoids(plane.polygons), grid, sums);
    for (let k = first; k <= last; k++) {
      const weight = Math.min(high, k + 1) - Math.max(low, k);
      const offset = k * ny * nx;
      for (let i = rows[0] * nx; i < rows[1] * nx; i++) {
        if (sums[i] !== 0) data[offset + i]! += weight * sums[i]!;
      }
    }
    sums.fill(0, rows[0] * nx, rows[1] * nx);
  });
  // Rounding leaves 1e-16 outside and 1 + 1e-7 inside.
  for (let i = 0; i < data.length; i++) data[i] = data[i]! < 1e-7 ? 0 : data[i]! > 1 - 1e-6 ? 1 : data[i]!;
  return createVolume('mask', grid, data);
}

/** Adds the covered fraction of each pixel to `sums` (zero on entry); returns the rows touched, [first, end). */
function planeCoverage(trapezoids: Float64Array, grid: Grid, sums: Float64Array): [number, number] {
  const [, ny, nx] = grid.shape;
  const [sx, sy] = grid.spacing;
  const left = grid.origin[0] - sx / 2;
  const top = grid.origin[1] - sy / 2;
  let first = ny;
  let end = 0;
  for (let t = 0; t < trapezoids.length; t += 6) {
    const v0 = (trapezoids[t]! - top) / sy;
    const v1 = (trapezoids[t + 1]! - top) / sy;
    if (v1 <= 0 || v0 >= ny) continue;
    first = Math.min(first, Math.max(0, Math.floor(v0)));
    end = Math.max(end, Math.min(ny, Math.ceil(v1)));
    for (let side = 0; side < 2; side++) {
      const u0 = (trapezoids[t + 2 + 2 * side]! - left) / sx;
      const u1 = (trapezoids[t + 3 + 2 * side]! - left) / sx;
      accumulateSide(u0, v0, u1, v1, side === 0 ? 1 : -1, nx, ny, sums);
    }
  }
  if (first >= end) return [0, 0];
  for (let j = first; j < end; j++) {
    let running = 0;
    for (let i = j * nx; i < (j + 1) * nx; i++) {
      running += sums[i]!;
      sums[i] = Math.abs(running) < 1e-12 ? 0 : running;
    }
  }
  return [first, end];
}

/**
 * Adds the derivative along x of the area to the right of one side, in pixel units; a prefix sum turns it into coverage.
 *
 * Row by row: the part of the side within a row covers the pixels to its right by its height and the pixels that it
 * passes through by the trapezoid that it cuts off.
 */
function accumulateSide(
  u0: number,
  v0: number,
  u1: number,
  v1: number,
  sign: number,
  nx: number,
  ny: number,
  sums: Float64Array,
): void {
  const slope = (u1 - u0) / (v1 - v0);
  const start = Math.max(v0, 0);
  const stop = Math.min(v1, ny);
  for (let j = Math.floor(start); j < stop; j++) {
    const low = Math.max(start, j);
    const high = Math.min(stop, j + 1);
    const height = sign * (high - low);
    if (height === 0) continue;
    const a = u0 + (low - v0) * slope;
    const b = u0 + (high - v0) * slope;
    const from = Math.min(a, b);
    const to = Math.max(a, b);
    if (to <= 0) {
      sums[j * nx]! += height;
      continue;
    }
    if (from >= nx) continue;
    // `covered(i)`: mean over the row part of how much of pixels 0..i-1 lies right of the side; differences give the pixels.
    const firstPixel = Math.max(0, Math.floor(from));
    const lastPixel = Math.min(nx - 1, Math.floor(to));
    let before = rightOf(firstPixel, from, to);
    let fraction = 0;
    for (let i = firstPixel; i <= lastPixel; i++) {
      const after = rightOf(i + 1, from, to);
      const pixel = after - before;
      sums[j * nx + i]! += height * (pixel - fraction);
      fraction = pixel;
      before = after;
    }
    if (lastPixel + 1 < nx) sums[j * nx + lastPixel + 1]! += height * (1 - fraction);
  }
}

/** Mean of max(0, x - u) for u uniform in [from, to]. */
function rightOf(x: number, from: number, to: number): number {
  if (x <= from) return 0;
  if (x >= to) return x - (from + to) / 2;
  return ((x - from) * (x - from)) / (2 * (to - from));
}

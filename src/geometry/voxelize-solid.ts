/**
 * Fractional voxelisation of a solid, and its volume: the same octree over different cells.
 *
 * A cell whose centre lies further from the boundary than its half-diagonal is wholly in or out, because a solid's distance
 * never exceeds the true one. Others are split; a leaf of edge h at distance d counts `1/2 - d / h`, the fraction below a
 * plane that lies along one of its faces, within 0..1. Errors of neighbouring leaves cancel.
 */
import { type Box, type Grid, voxelCount } from './grid.js';
import type { Solid } from './solid.js';
import { createVolume, type Volume } from './volume.js';

/** Leaves are no larger than this, mm, and no larger than this part of the solid's least extent. */
const leafEdge = 0.5;
const leafPart = 1 / 24;

/** Voxels per edge of the blocks that are tested first. */
const block = 8;

/**
 * Fraction of every voxel that lies inside, 0..1; shape [nz, ny, nx].
 *
 * Volumes come out within 0.5 % (1 % under 1 cc) at spacings up to 3 mm. O(surface / leaf^2) distances.
 */
export function voxelizeSolid(solid: Solid, grid: Grid): Volume<'mask'> {
  const [nz, ny, nx] = grid.shape;
  const [sx, sy, sz] = grid.spacing;
  const data = new Float32Array(voxelCount(grid));
  const depth = Math.max(0, Math.ceil(Math.log2(Math.max(sx, sy, sz) / leafOf(solid.box))));
  const first = [0, 1, 2].map((a) =>
    Math.max(0, Math.floor((solid.box.min[a]! - grid.origin[a]!) / grid.spacing[a]! + 0.5)),
  );
  const last = [0, 1, 2].map((a) =>
    Math.min([nx, ny, nz][a]! - 1, Math.ceil((solid.box.max[a]! - grid.origin[a]!) / grid.spacing[a]! - 0.5)),
  );
  const blockRadius = (block / 2) * Math.hypot(sx, sy, sz);
  for (let k0 = first[2]!; k0 <= last[2]!; k0 += block) {
    for (let j0 = first[1]!; j0 <= last[1]!; j0 += block) {
      for (let i0 = first[0]!; i0 <= last[0]!; i0 += block) {
        const middle = (block - 1) / 2;
        const d = solid.distance(
          grid.origin[0] + (i0 + middle) * sx,
          grid.origin[1] + (j0 + middle) * sy,
          grid.origin[2] + (k0 + middle) * sz,
        );
        if (d >= blockRadius) continue;
        const isFull = d <= -blockRadius;
        for (let k = k0; k <= Math.min(last[2]!, k0 + block - 1); k++) {
          for (let j = j0; j <= Math.min(last[1]!, j0 + block - 1); j++) {
            for (let i = i0; i <= Math.min(last[0]!, i0 + block - 1); i++) {
              data[i + nx * (j + ny * k)] = isFull
                ? 1
                : insideFraction(
                    solid,
                    grid.origin[0] + i * sx,
                    grid.origin[1] + j * sy,
                    grid.origin[2] + k * sz,
                    sx / 2,
                    sy / 2,
                    sz / 2,
                    depth,
                  );
            }
          }
        }
      }
    }
  }
  return createVolume('mask', grid, data);
}

/** Volume of a solid, cc; octree over its box with leaves of 1/128 of its least extent. */
export function solidVolume(solid: Solid): number {
  const { min, max } = solid.box;
  const size = [0, 1, 2].map((a) => max[a]! - min[a]!);
  if (size.some((s) => s <= 0)) return 0;
  const leaf = Math.min(...size) / 128;
  const cells = size.map((s) => Math.max(1, Math.round(s / Math.min(...size))));
  const half = size.map((s, a) => s / cells[a]! / 2);
  const depth = Math.ceil(Math.log2((2 * Math.max(...half)) / leaf));
  let sum = 0;
  for (let k = 0; k < cells[2]!; k++) {
    for (let j = 0; j < cells[1]!; j++) {
      for (let i = 0; i < cells[0]!; i++) {
        const x = min[0] + (2 * i + 1) * half[0]!;
        const y = min[1] + (2 * j + 1) * half[1]!;
        const z = min[2] + (2 * k + 1) * half[2]!;
        sum += insideFraction(solid, x, y, z, half[0]!, half[1]!, half[2]!, depth);
      }
    }
  }
  return (sum * 8 * half[0]! * half[1]! * half[2]!) / 1000;
}

function leafOf(box: Box): number {
  const least = Math.min(...[0, 1, 2].map((a) => box.max[a]! - box.min[a]!));
  return Math.max(0.1, Math.min(leafEdge, least * leafPart));
}

/** Fraction of the cell around (x, y, z), of half edges (hx, hy, hz), that lies inside. */
function insideFraction(
  solid: Solid,
  x: number,
  y: number,
  z: number,
  hx: number,
  hy: number,
  hz: number,
  depth: number,
): number {
  const d = solid.distance(x, y, z);
  const radius = Math.sqrt(hx * hx + hy * hy + hz * hz);
  if (d >= radius) return 0;
  if (d <= -radius) return 1;
  if (depth === 0) {
    const f = 0.5 - (1.5 * d) / (hx + hy + hz);
    return f < 0 ? 0 : f > 1 ? 1 : f;
  }
  const qx = hx / 2;
  const qy = hy / 2;
  const qz = hz / 2;
  let sum = 0;
  for (let c = 0; c < 8; c++) {
    sum += insideFraction(
      solid,
      x + (c & 1 ? qx : -qx),
      y + (c & 2 ? qy : -qy),
      z + (c & 4 ? qz : -qz),
      qx,
      qy,
      qz,
      depth - 1,
    );
  }
  return sum / 8;
}

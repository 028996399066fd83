/** Which voxels stand for all: the nearer to the target, the more of them, on lattices that lie in each other. */

/** Distances from the target, mm, up to which every voxel counts, and every second along each axis; then every fourth. */
export const NEAR = 6;
export const MIDDLE = 30;
const FAR = 60;

/** Strides are powers of two: a coordinate is on the lattice where its lowest bits are 0. @param distance from the target, mm */
export function strideAt(distance: number): number {
  if (distance <= NEAR) return 1;
  if (distance <= MIDDLE) return 2;
  return distance <= FAR ? 4 : 8;
}

/** Whether a line of voxels lies on the lattice of every `stride`-th in y and z. */
export function isOnLattice(line: number, ny: number, stride: number): boolean {
  const k = Math.floor(line / ny);
  return ((line - ny * k) & (stride - 1)) === 0 && (k & (stride - 1)) === 0;
}

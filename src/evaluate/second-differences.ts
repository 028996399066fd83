/**
 * Second differences of a dose around a line along x, from which the errors of its interpolation are told (`line-sample.ts`).
 */

/**
 * Least and largest second differences along x, y and z at the four voxels around a line in one plane of voxel centres; 0 along
 * an axis with fewer than three. Two pieces of a line share a plane.
 */
export class SecondDifferences {
  leastX = 0;
  largestX = 0;
  leastY = 0;
  largestY = 0;
  leastZ = 0;
  largestZ = 0;
  /** Corner voxel and term that they are of. */
  private corner = -1;
  private term = -1;

  forget(): void {
    this.corner = -1;
    this.leastX = this.largestX = this.leastY = this.largestY = this.leastZ = this.largestZ = 0;
  }

  /** At the voxels i, j and j + 1, k and k + 1. */
  find(
    data: Float32Array,
    term: number,
    [nz, ny, nx]: readonly [number, number, number],
    i: number,
    j: number,
    k: number,
  ): void {
    const p = i + nx * (j + ny * k);
    if (p === this.corner && term === this.term) return;
    this.corner = p;
    this.term = term;
    const stepY = ny > 1 ? nx : 0;
    const stepZ = nz > 1 ? nx * ny : 0;
    if (nx >= 3) {
      // At the border the second difference of the next voxel serves.
      const q = p + inward(i, nx);
      const a = second(data, q, 1);
      const b = second(data, q + stepY, 1);
      const c = second(data, q + stepZ, 1);
      const d = second(data, q + stepY + stepZ, 1);
      this.leastX = leastOf(a, b, c, d);
      this.largestX = largestOf(a, b, c, d);
    }
    if (ny >= 3) {
      const near = p + nx * inward(j, ny);
      const far = p + nx + nx * inward(j + 1, ny);
      const a = second(data, near, nx);
      const b = second(data, far, nx);
      const c = second(data, near + stepZ, nx);
      const d = second(data, far + stepZ, nx);
      this.leastY = leastOf(a, b, c, d);
      this.largestY = largestOf(a, b, c, d);
    }
    if (nz >= 3) {
      const layer = nx * ny;
      const near = p + layer * inward(k, nz);
      const far = p + layer + layer * inward(k + 1, nz);
      const a = second(data, near, layer);
      const b = second(data, far, layer);
      const c = second(data, near + stepY, layer);
      const d = second(data, far + stepY, layer);
      this.leastZ = leastOf(a, b, c, d);
      this.largestZ = largestOf(a, b, c, d);
    }
  }
}

/** Voxels from a place to the nearest with neighbours on both sides. */
const inward = (place: number, n: number): number => (place <= 0 ? 1 : place >= n - 1 ? n - 2 - place : 0);

const second = (data: Float32Array, p: number, stride: number): number =>
  data[p - stride]! - 2 * data[p]! + data[p + stride]!;

/** What is no number counts for nothing. */
function leastOf(a: number, b: number, c: number, d: number): number {
  let least = Infinity;
  if (a < least) least = a;
  if (b < least) least = b;
  if (c < least) least = c;
  if (d < least) least = d;
  return least;
}

function largestOf(a: number, b: number, c: number, d: number): number {
  let largest = -Infinity;
  if (a > largest) largest = a;
  if (b > largest) largest = b;
  if (c > largest) largest = c;
  if (d > largest) largest = d;
  return largest;
}

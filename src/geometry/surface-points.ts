/**
 * Exact distances for a solid that gives only bounds of them, as cuts and intersections do.
 *
 * Points are found on the boundary wherever an edge of a fine lattice crosses it, and on its sharp edges within the cells of
 * the lattice (dual contouring), and kept in cells of space; the distance is
 * that to the nearest of them. On a flat face points h apart overestimate it by h^2 / 16 d on average, which is taken off.
 */
import type { Box } from './grid.js';
import type { Solid } from './solid.js';

/** Lattice nodes per block that is skipped as a whole. */
const block = 8;

/**
 * The same region with distances of both signs true to about h^2 / 16 d.
 *
 * @param h distance of the points on the boundary, mm. O(box / h^2) to O(box / h^3) once, then the points near each query
 */
export function redistance(solid: Solid, h: number): Solid {
  const points = surfacePoints(solid, h);
  const index = new PointIndex(points, 2 * h, solid.box);
  const correction = (h * h) / 8;
  return {
    distance(x, y, z, reach = Infinity) {
      const bound = solid.distance(x, y, z, reach);
      if (Math.abs(bound) >= reach) return bound;
      const squared = index.nearestSquared(x, y, z, Math.min(reach + h, 1e6));
      const d = Math.sqrt(Math.max(bound * bound, squared - correction));
      return bound < 0 ? -d : d;
    },
    box: solid.box,
    isExact: true,
    isExactInside: true,
  };
}

/** Crossings of the boundary with the edges of a lattice of spacing h, [x, y, z, ...]. */
function surfacePoints(solid: Solid, h: number): Float64Array {
  const { min, max } = solid.box;
  const n = [0, 1, 2].map((a) => Math.ceil((max[a]! - min[a]!) / h) + 3) as [number, number, number];
  const [x0, y0, z0] = [0, 1, 2].map((a) => (min[a]! + max[a]! - (n[a]! - 1) * h) / 2) as [number, number, number];
  const points: number[] = [];
  const radius = (Math.sqrt(3) * h * block) / 2;
  for (let k = 0; k < n[2]; k += block) {
    for (let j = 0; j < n[1]; j += block) {
      for (let i = 0; i < n[0]; i += block) {
        const middle = block / 2;
        const d = solid.distance(x0 + (i + middle) * h, y0 + (j + middle) * h, z0 + (k + middle) * h, radius);
        if (Math.abs(d) < radius) blockPoints(solid, [x0 + i * h, y0 + j * h, z0 + k * h], h, points);
      }
    }
  }
  return new Float64Array(points);
}

/** The four edges of a unit cell along each axis: offsets of their lower ends. */
const edgesOfCell = [
  [0, 0, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
  [0, 0, 1, 1],
  [1, 0, 0, 0],
  [1, 1, 0, 0],
  [1, 0, 0, 1],
  [1, 1, 0, 1],
  [2, 0, 0, 0],
  [2, 1, 0, 0],
  [2, 0, 1, 0],
  [2, 1, 1, 0],
] as const;

function blockPoints(solid: Solid, [x0, y0, z0]: readonly [number, number, number], h: number, points: number[]): void {
  const m = block + 1;
  const at = (i: number, j: number, k: number): number => i + m * (j + m * k);
  const values = new Float64Array(m * m * m);
  for (let k = 0; k < m; k++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < m; i++) values[at(i, j, k)] = solid.distance(x0 + i * h, y0 + j * h, z0 + k * h);
    }
  }
  /** Of the edge from each node along each axis: where its crossing begins in `hits`, + 1; there x, y, z and the normal. */
  const hitOf = new Int32Array(3 * m * m * m);
  const hits: number[] = [];
  for (let k = 0; k < m; k++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < m; i++) {
        const here = values[at(i, j, k)]!;
        for (let axis = 0; axis < 3; axis++) {
          const [di, dj, dk] = [axis === 0 ? 1 : 0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0];
          if (i + di >= m || j + dj >= m || k + dk >= m) continue;
          if (here < 0 === values[at(i + di, j + dj, k + dk)]! < 0) continue;
          const t = crossing(solid, [x0 + i * h, y0 + j * h, z0 + k * h], axis, h, here < 0);
          const p: Triple = [x0 + (i + di * t) * h, y0 + (j + dj * t) * h, z0 + (k + dk * t) * h];
          hitOf[3 * at(i, j, k) + axis] = hits.length + 1;
          hits.push(...p, ...normalAt(solid, p, h));
          points.push(...p);
        }
      }
    }
  }
  for (let k = 0; k + 1 < m; k++) {
    for (let j = 0; j + 1 < m; j++) {
      for (let i = 0; i + 1 < m; i++) {
        const met: number[] = [];
        for (const [axis, di, dj, dk] of edgesOfCell) {
          const hit = hitOf[3 * at(i + di, j + dj, k + dk) + axis]!;
          if (hit > 0) met.push(hit - 1);
        }
        const feature = featurePoint(hits, met, h);
        if (feature && Math.abs(solid.distance(...feature)) < h / 20) points.push(...feature);
      }
    }
  }
}

type Triple = [number, number, number];

/** Outward normal of the boundary at a point of it, from differences of the distance. */
function normalAt(solid: Solid, [x, y, z]: Triple, h: number): Triple {
  const e = h / 100;
  const gx = solid.distance(x + e, y, z) - solid.distance(x - e, y, z);
  const gy = solid.distance(x, y + e, z) - solid.distance(x, y - e, z);
  const gz = solid.distance(x, y, z + e) - solid.distance(x, y, z - e);
  const size = Math.hypot(gx, gy, gz) || 1;
  return [gx / size, gy / size, gz / size];
}

/**
 * The point of an edge or corner of the boundary within a cell: where the tangent planes at its crossings meet, in the least
 * squares sense, held near their middle along directions that the planes leave open.
 *
 * @see Ju, Losasso, Schaefer and Warren, ACM Trans. Graph. 21 (2002) 339, doi:10.1145/566654.566586 (dual contouring)
 * @returns undefined where the planes are nearly one
 */
function featurePoint(hits: readonly number[], met: readonly number[], h: number): Triple | undefined {
  if (met.length < 2) return undefined;
  let isFlat = true;
  const middle: Triple = [0, 0, 0];
  for (const q of met) {
    let cosine = 0;
    for (let a = 0; a < 3; a++) {
      cosine += hits[q + 3 + a]! * hits[met[0]! + 3 + a]!;
      middle[a]! += hits[q + a]! / met.length;
    }
    if (cosine < sharpCosine) isFlat = false;
  }
  if (isFlat) return undefined;
  // (sum n n' + eps) u = sum n (n . (p - middle)), by Cramer's rule.
  const A = [openWeight, 0, 0, openWeight, 0, openWeight];
  const b: Triple = [0, 0, 0];
  for (const q of met) {
    const [nx, ny, nz] = [hits[q + 3]!, hits[q + 4]!, hits[q + 5]!];
    const off = nx * (hits[q]! - middle[0]) + ny * (hits[q + 1]! - middle[1]) + nz * (hits[q + 2]! - middle[2]);
    A[0]! += nx * nx;
    A[1]! += nx * ny;
    A[2]! += nx * nz;
    A[3]! += ny * ny;
    A[4]! += ny * nz;
    A[5]! += nz * nz;
    b[0] += nx * off;
    b[1] += ny * off;
    b[2] += nz * off;
  }
  const [xx, xy, xz, yy, yz, zz] = A as [number, number, number, number, number, number];
  const [c0, c1, c2] = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy];
  const det = xx * c0 + xy * c1 + xz * c2;
  const u: Triple = [
    (c0 * b[0] + c1 * b[1] + c2 * b[2]) / det,
    (c1 * b[0] + (xx * zz - xz * xz) * b[1] + (xy * xz - xx * yz) * b[2]) / det,
    (c2 * b[0] + (xy * xz - xx * yz) * b[1] + (xx * yy - xy * xy) * b[2]) / det,
  ];
  if (Math.max(...u.map(Math.abs)) > h) return undefined;
  return [middle[0] + u[0], middle[1] + u[1], middle[2] + u[2]];
}

/** Normals within 25 degrees belong to one smooth face. */
const sharpCosine = 0.9;

/** How much a direction that no plane fixes pulls to the middle. */
const openWeight = 1e-3;

/** Where along an edge of length h the sign changes, 0..1, by halving. */
function crossing(solid: Solid, [x, y, z]: Readonly<Triple>, axis: number, h: number, isIn: boolean): number {
  let low = 0;
  let high = 1;
  for (let n = 0; n < 20; n++) {
    const t = (low + high) / 2;
    const step = t * h;
    const d = solid.distance(x + (axis === 0 ? step : 0), y + (axis === 1 ? step : 0), z + (axis === 2 ? step : 0));
    if (d < 0 === isIn) low = t;
    else high = t;
  }
  return (low + high) / 2;
}

/** Points in cubic cells; the nearest one is sought shell by shell. */
class PointIndex {
  private readonly n: readonly [number, number, number];
  private readonly start: Uint32Array;
  private readonly sorted: Float64Array;

  constructor(
    points: Float64Array,
    private readonly cell: number,
    private readonly box: Box,
  ) {
    this.n = [0, 1, 2].map((a) => Math.max(1, Math.ceil((box.max[a]! - box.min[a]!) / cell))) as [
      number,
      number,
      number,
    ];
    const cells = this.n[0] * this.n[1] * this.n[2];
    this.start = new Uint32Array(cells + 1);
    const count = points.length / 3;
    const home = new Uint32Array(count);
    for (let p = 0; p < count; p++) {
      const [i, j, k] = this.cellOf(points[3 * p]!, points[3 * p + 1]!, points[3 * p + 2]!);
      home[p] = i + this.n[0] * (j + this.n[1] * k);
      this.start[home[p]! + 1]!++;
    }
    for (let c = 0; c < cells; c++) this.start[c + 1]! += this.start[c]!;
    const next = this.start.slice();
    this.sorted = new Float64Array(points.length);
    for (let p = 0; p < count; p++) this.sorted.set(points.subarray(3 * p, 3 * p + 3), 3 * next[home[p]!]!++);
  }

  private cellOf(x: number, y: number, z: number): [number, number, number] {
    const { box, cell, n } = this;
    const at = (value: number, a: 0 | 1 | 2): number =>
      Math.min(n[a] - 1, Math.max(0, Math.floor((value - box.min[a]) / cell)));
    return [at(x, 0), at(y, 1), at(z, 2)];
  }

  /** Squared distance to the nearest point, or that of `reach` where none is nearer. */
  nearestSquared(x: number, y: number, z: number, reach: number): number {
    const { n, start, sorted, cell, box } = this;
    const [ci, cj, ck] = this.cellOf(x, y, z);
    // How far the query lies outside the cells: shells are counted from the nearest cell.
    const outside = Math.hypot(
      Math.max(0, box.min[0] - x, x - box.max[0]),
      Math.max(0, box.min[1] - y, y - box.max[1]),
      Math.max(0, box.min[2] - z, z - box.max[2]),
    );
    let best = reach * reach;
    const last = Math.max(...n);
    for (let shell = 0; shell <= last; shell++) {
      const nearest = Math.max(outside, (shell - 1) * cell);
      if (nearest * nearest > best) break;
      for (let k = Math.max(0, ck - shell); k <= Math.min(n[2] - 1, ck + shell); k++) {
        for (let j = Math.max(0, cj - shell); j <= Math.min(n[1] - 1, cj + shell); j++) {
          const isFace = Math.abs(k - ck) === shell || Math.abs(j - cj) === shell;
          for (let i = ci - shell; i <= ci + shell; i += isFace || shell === 0 ? 1 : 2 * shell) {
            if (i < 0 || i >= n[0]) continue;
            const c = i + n[0] * (j + n[1] * k);
            for (let p = 3 * start[c]!, end = 3 * start[c + 1]!; p < end; p += 3) {
              const dx = sorted[p]! - x;
              const dy = sorted[p + 1]! - y;
              const dz = sorted[p + 2]! - z;
              const squared = dx * dx + dy * dy + dz * dz;
              if (squared < best) best = squared;
            }
          }
        }
      }
    }
    return best;
  }
}

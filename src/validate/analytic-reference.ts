/**
 * Exact DVHs to hold ours against, none of them made with the code that they check.
 *
 * - Linear doses in a stack of slabs: each slab's section is cut by the isodose plane, its area by quadrature along y.
 * - Any dose: trilinear interpolation at points of a low-discrepancy sequence, those inside counted and sorted.
 */
import type { DoseVolume } from '../geometry/volume.js';
import { type AnalyticCase, type DoseField, sectionWidth } from './analytic-case.js';

/** A DVH by its inverse: Gy that the hottest `cc` receive, and the volume. */
export interface ExactDvh {
  readonly volumeCc: number;
  dose(cc: number): number;
}

/** The closed form where slabs make up the very shape: a prism along z. */
const isPrism = ({ shape }: AnalyticCase): boolean => shape === 'box' || shape === 'cylz';

/** Places along y per section; Gauss-Chebyshev-like, so that round ends converge. */
const nodes = 1000;

/**
 * DVH of the shape as slabs of thickness `spacing` around planes at (k + 1/2) spacing, each of the section's area.
 *
 * @returns undefined where the slabs are the shape itself, or the dose is not linear along one axis
 */
export function slabDvh(shape: AnalyticCase, spacing: number): ExactDvh | undefined {
  const { linear, solid } = shape;
  if (linear === undefined || isPrism(shape) || linear.direction.filter((u) => u !== 0).length !== 1) return undefined;
  const axis = linear.direction.findIndex((u) => u !== 0);
  const slope = linear.slope * linear.direction[axis]!;
  const { min, max } = solid.box;
  const planes: number[] = [];
  for (let k = Math.floor(min[2] / spacing); (k + 0.5) * spacing < max[2]; k++) {
    if ((k + 0.5) * spacing > min[2]) planes.push((k + 0.5) * spacing);
  }
  // Volume beyond the place p on the side of the larger dose.
  const beyond = (p: number): number => {
    let volume = 0;
    for (const z of planes) {
      if (axis === 2) {
        const inside = slope > 0 ? z + spacing / 2 - p : p - z + spacing / 2;
        volume += Math.min(spacing, Math.max(0, inside)) * areaBeyond(shape, z, 1, Number.NEGATIVE_INFINITY, 1);
      } else volume += spacing * areaBeyond(shape, z, axis, p, Math.sign(slope));
    }
    return volume / 1000;
  };
  const [low, high] = [min[axis]! - spacing, max[axis]! + spacing];
  const volumeCc = beyond(slope > 0 ? low : high);
  return {
    volumeCc,
    dose(cc) {
      let [cold, hot] = slope > 0 ? [low, high] : [high, low];
      for (let n = 0; n < 40; n++) {
        const middle = (cold + hot) / 2;
        if (beyond(middle) >= cc) cold = middle;
        else hot = middle;
      }
      return linear.dose + (slope * (cold + hot)) / 2;
    },
  };
}

/** Area of the section at z where x (axis 0) or y (axis 1) lies beyond p in the direction of `sign`, mm^2. */
function areaBeyond(shape: AnalyticCase, z: number, axis: number, p: number, sign: number): number {
  const section = sectionWidth(shape, z);
  let { low, high } = section;
  if (axis === 1) {
    if (sign > 0) low = Math.min(high, Math.max(low, p));
    else high = Math.max(low, Math.min(high, p));
  }
  let area = 0;
  for (let n = 0; n < nodes; n++) {
    const angle = (Math.PI * (n + 0.5)) / nodes;
    const y = (low + high) / 2 - ((high - low) / 2) * Math.cos(angle);
    const w = section.width(y, 0, 0);
    const length = axis === 0 ? Math.min(2 * w, Math.max(0, sign > 0 ? w - p : p + w)) : 2 * w;
    area += length * Math.sin(angle);
  }
  return (area * (high - low) * Math.PI) / (2 * nodes);
}

/** Steps of the three-dimensional relative of the golden ratio (Roberts 2018). */
const g = 1.2207440846057596;

/** DVH of the trilinear dose by counting points. */
export function countedDvh(dose: DoseVolume, shape: AnalyticCase, slabs: number | undefined, points: number): ExactDvh {
  const { min, max } = shape.solid.box;
  const size = [0, 1, 2].map((a) => max[a]! - min[a]!) as [number, number, number];
  const at = trilinear(dose);
  const values = new Float32Array(points);
  let count = 0;
  for (let n = 1; n <= points; n++) {
    const x = min[0] + size[0] * ((0.5 + n / g) % 1);
    const y = min[1] + size[1] * ((0.5 + n / (g * g)) % 1);
    const z = min[2] + size[2] * ((0.5 + n / (g * g * g)) % 1);
    const isIn =
      slabs === undefined
        ? shape.solid.distance(x, y, z) < 0
        : isInSlab(shape, x, y, (Math.floor(z / slabs) + 0.5) * slabs);
    if (isIn) values[count++] = at(x, y, z);
  }
  const sorted = values.subarray(0, count).sort();
  const perPoint = (size[0] * size[1] * size[2]) / points / 1000;
  return {
    volumeCc: count * perPoint,
    // In shares of the count: the counted volume itself is only as good as the number of points.
    dose: (cc) => sorted[Math.max(0, Math.min(count - 1, Math.round(count - cc / perPoint)))]!,
  };
}

function isInSlab(shape: AnalyticCase, x: number, y: number, z: number): boolean {
  const { width, low, high } = sectionWidth(shape, z);
  return y > low && y < high && Math.abs(x) < width(y, 0, 0);
}

/** Plain trilinear interpolation, in the words of a textbook. */
function trilinear({ grid, data }: DoseVolume): DoseField {
  const [, ny, nx] = grid.shape;
  const value = (i: number, j: number, k: number): number => data[i + nx * (j + ny * k)]!;
  return (x, y, z) => {
    const [u, v, w] = [x, y, z].map((c, a) => (c - grid.origin[a]!) / grid.spacing[a]!) as [number, number, number];
    const [i, j, k] = [Math.floor(u), Math.floor(v), Math.floor(w)];
    let sum = 0;
    for (let c = 0; c < 8; c++) {
      const [di, dj, dk] = [c & 1, (c >> 1) & 1, c >> 2];
      sum +=
        value(i + di, j + dj, k + dk) * (di ? u - i : 1 - u + i) * (dj ? v - j : 1 - v + j) * (dk ? w - k : 1 - w + k);
    }
    return sum;
  };
}

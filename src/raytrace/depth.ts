/**
 * Radiological depth: water-equivalent millimetres from the body surface to a point, along the ray from the source.
 *
 * Outside the body the density is zero by construction, so the path integral from the source is the depth from the skin.
 */
import { InvalidInputError } from '../core/errors.js';
import { gridBox, type Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import { occupiedBox } from './occupied.js';
import { RayTracer } from './siddon.js';

/**
 * Radiological depth of points, seen from a point source.
 *
 * Exact Siddon path sum up to each point. O(points x path).
 *
 * @param density relative electron density, dimensionless, finite and >= 0, zero outside the body
 * @param source  position in the patient frame (DICOM LPS), mm; must lie outside the grid
 * @param points  x, y, z triples in LPS, mm
 * @param out     depth, mm of water, one per point; overwritten and returned
 * @param occupied of the density, where it is known
 * @throws {InvalidInputError} if the source is inside the grid
 * @see Siddon, Med. Phys. 12 (1985) 252, doi:10.1118/1.595715
 */
export function depthOfPoints(
  density: Volume<'density'>,
  source: Vec3,
  points: Float64Array,
  out: Float32Array = new Float32Array(points.length / 3),
  occupied: readonly number[] = occupiedBox(density.grid, density.data),
): Float32Array {
  const box = gridBox(density.grid);
  if ([0, 1, 2].every((axis) => source[axis]! > box.min[axis]! && source[axis]! < box.max[axis]!)) {
    throw new InvalidInputError(
      `radiological depth: the source (${source.map((s) => s.toFixed(1)).join(', ')}) mm lies inside the image. Check isocentre and SAD.`,
    );
  }
  const tracer = new RayTracer(density.grid, density.data, source, occupied);
  const n = points.length / 3;
  for (let p = 0; p < n; p++) out[p] = tracer.pathTo(points[3 * p]!, points[3 * p + 1]!, points[3 * p + 2]!);
  return out;
}

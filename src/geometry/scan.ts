/**
 * A structure as lines along x: where a row of the patient enters it and leaves it again.
 *
 * Along x nothing is sampled: the crossings are those of the polygons' edges, or roots of the solid's distance. Across, a
 * line stands for a small rectangle of y and z; its weight is that rectangle's area, for contours scaled so that the lines
 * of a plane hold the exact area of the plane's polygons. So volumes cost no accuracy, and what is computed along a line
 * (a dose that is interpolated linearly between voxel centres) is exact in one of three directions.
 */
import { contourAreas } from './contour.js';
import { contourSlabs } from './contour-slabs.js';
import { LineBuffer, type ScanLines, type ScanStep } from './scan-lines.js';
import { scanSolid } from './scan-solid.js';
import type { Contours, Structure } from './structure.js';

/** Steps across the smaller of the extents in y and z in the coarsest scan. */
const coarseSteps = 8;

/**
 * The step of the coarsest scan of a structure.
 *
 * @param lines that it may hold, about
 */
export function coarsestStep(structure: Structure, lines: number): ScanStep {
  const [ey, ez] = extentOf(structure);
  const step = Math.max(Math.min(ey, ez) / coarseSteps, Math.sqrt((ey * ez) / lines));
  // Every plane of contours has a row at least, however close they lie.
  const planes = structure.shape.kind === 'contours' ? structure.shape.contours.planes.length : 0;
  return { y: Math.max(step, (ey * planes) / lines), z: step };
}

/** Extent in y and z, mm. */
function extentOf({ shape }: Structure): [number, number] {
  if (shape.kind === 'solid') {
    const { min, max } = shape.solid.box;
    return [max[1] - min[1], max[2] - min[2]];
  }
  const slabs = contourSlabs(shape.contours);
  let low = Infinity;
  let high = -Infinity;
  for (const plane of shape.contours.planes) {
    const [a, b] = rangeOfY(plane.polygons);
    low = Math.min(low, a);
    high = Math.max(high, b);
  }
  return [Math.max(0, high - low), slabs[slabs.length - 1]! - slabs[0]!];
}

/**
 * Lines through a structure.
 *
 * @param step     of the coarsest scan
 * @param division every step is cut into this many, a whole number >= 1
 */
export function scanStructure(structure: Structure, step: ScanStep, division: number): ScanLines {
  return structure.shape.kind === 'contours'
    ? scanContours(structure.shape.contours, step, division)
    : scanSolid(structure.shape.solid, step, division);
}

/** Volume that the lines hold, cc. */
export function scannedVolume(lines: ScanLines): number {
  let volume = 0;
  for (let l = 0; l < lines.count; l++) {
    let length = 0;
    for (let c = lines.first[l]!; c < lines.end[l]!; c += 2) length += lines.x[c + 1]! - lines.x[c]!;
    volume += length * lines.weight[l]!;
  }
  return volume / 1000;
}

/** Every plane's lines, on each of the layers into which its slab is cut. */
function scanContours(contours: Contours, step: ScanStep, division: number): ScanLines {
  const slabs = contourSlabs(contours);
  const areas = contourAreas(contours);
  const out = new LineBuffer();
  contours.planes.forEach((plane, p) => {
    const area = areas[p]!;
    if (!(area > 0)) return;
    const low = slabs[2 * p]!;
    const thickness = slabs[2 * p + 1]! - low;
    const [from, to] = rangeOfY(plane.polygons);
    const n = division * Math.max(1, Math.ceil((to - from) / step.y - 1e-9));
    // Within a slab only the dose changes along z: layers need be no closer than rows, nor half as many.
    const slabSteps = thickness / step.z - 1e-9;
    const layers = Math.max(
      1,
      Math.min(Math.ceil(division / 2) * Math.ceil(slabSteps), Math.ceil(division * slabSteps)),
    );
    const height = (to - from) / n;
    const { first, length } = crossEdges(plane.polygons, from, height, n, out);
    // Rows between vertices of a sliver may all miss it: then nothing can be scaled, and it holds no volume worth a line.
    if (!(length > 0)) return;
    const weight = (area / length) * (thickness / layers);
    for (let layer = 0; layer < layers; layer++) {
      const z = low + ((layer + 0.5) * thickness) / layers;
      for (let j = 0; j < n; j++) {
        if (first[j + 1]! > first[j]!) {
          out.add(from + (j + 0.5) * height, z, height, thickness / layers, weight, first[j]!, first[j + 1]!);
        }
      }
    }
  });
  return out.finish();
}

/** Sorted crossings of n rows with the edges, appended to the buffer; rows lie at from + (j + 1/2) height. */
function crossEdges(
  polygons: readonly Float64Array[],
  from: number,
  height: number,
  n: number,
  out: LineBuffer,
): { first: Uint32Array; length: number } {
  const first = new Uint32Array(n + 1);
  // Counted once, then filled: rows j with y0 <= y < y1, so that a vertex on a row counts for one of its two edges.
  const rowFrom = (y: number): number => Math.min(n, Math.max(0, Math.ceil((y - from) / height - 0.5)));
  for (const ring of polygons) {
    for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
      const y0 = Math.min(ring[i + 1]!, ring[k + 1]!);
      const y1 = Math.max(ring[i + 1]!, ring[k + 1]!);
      for (let j = rowFrom(y0), stop = rowFrom(y1); j < stop; j++) first[j + 1]!++;
    }
  }
  first[0] = out.used;
  for (let j = 0; j < n; j++) first[j + 1]! += first[j]!;
  const x = out.reserve(first[n]! - first[0]!);
  const next = first.slice();
  for (const ring of polygons) {
    for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
      const isUp = ring[i + 1]! > ring[k + 1]!;
      const [a, b] = isUp ? [k, i] : [i, k];
      const y0 = ring[a + 1]!;
      const y1 = ring[b + 1]!;
      const slope = (ring[b]! - ring[a]!) / (y1 - y0);
      for (let j = rowFrom(y0), stop = rowFrom(y1); j < stop; j++) {
        insertSorted(x, first[j]!, next[j]!++, ring[a]! + (from + (j + 0.5) * height - y0) * slope);
      }
    }
  }
  let length = 0;
  for (let c = first[0]!; c < first[n]!; c += 2) length += x[c + 1]! - x[c]!;
  return { first, length };
}

function insertSorted(x: Float64Array, first: number, end: number, value: number): void {
  let at = end;
  for (; at > first && x[at - 1]! > value; at--) x[at] = x[at - 1]!;
  x[at] = value;
}

function rangeOfY(polygons: readonly Float64Array[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const ring of polygons) {
    for (let i = 1; i < ring.length; i += 2) {
      if (ring[i]! < low) low = ring[i]!;
      if (ring[i]! > high) high = ring[i]!;
    }
  }
  return [low, high];
}

/**
 * Solid of planar contours: every plane's even-odd polygon, extruded over its slab.
 *
 * Outside, the distance is `min over slabs sqrt(dz^2 + d^2)`, d = distance to the slab's polygon in the plane. Inside it
 * is the same formula for the complement, which is tiled by the complements of the polygons within their slabs and by
 * the empty layers between and beyond the pieces. Both are exact.
 */
import { contourSlabs } from './contour-slabs.js';
import { EdgeIndex } from './edge-index.js';
import type { Box } from './grid.js';
import type { Solid } from './solid.js';
import type { Contours, Structure } from './structure.js';

/** Signed distance of a structure, whichever way it is kept. A contour solid is indexed once; keep it for many queries. */
export function solidOfStructure(structure: Structure): Solid {
  const { shape } = structure;
  if (shape.kind === 'solid') return shape.solid;
  const known = solids.get(shape.contours);
  if (known) return known;
  const solid = solidOfContours(shape.contours);
  solids.set(shape.contours, solid);
  return solid;
}

const solids = new WeakMap<Contours, Solid>();

/** One horizontal layer of space: a slab with its polygons, or an empty layer. */
interface Layer {
  readonly low: number;
  readonly high: number;
  readonly polygons?: readonly Float64Array[];
  /** Of the polygons, from the first question on. */
  outline?: EdgeIndex;
}

function outlineOf(layer: Layer | undefined): EdgeIndex | undefined {
  if (layer?.polygons === undefined) return undefined;
  layer.outline ??= new EdgeIndex(boundaryEdges(layer.polygons));
  return layer.outline;
}

/**
 * @param contours LPS, mm
 * @returns exact signed distance, negative inside; O(edges near the point) per query
 */
export function solidOfContours(contours: Contours): Solid {
  const slabs = contourSlabs(contours);
  const layers: Layer[] = [];
  let end = -Infinity;
  contours.planes.forEach((plane, p) => {
    const low = slabs[2 * p]!;
    const high = slabs[2 * p + 1]!;
    if (low > end + 1e-9) layers.push({ low: end, high: low });
    layers.push({ low, high, polygons: plane.polygons });
    end = high;
  });
  layers.push({ low: end, high: Infinity });
  return {
    distance: (x, y, z, reach = Infinity) => layeredDistance(layers, x, y, z, reach),
    box: boxOf(contours, slabs),
    isExact: true,
    isExactInside: true,
  };
}

function layeredDistance(layers: readonly Layer[], x: number, y: number, z: number, reach: number): number {
  let home = 0;
  let top = layers.length - 1;
  while (home < top) {
    const middle = (home + top) >> 1;
    if (layers[middle]!.high < z) home = middle + 1;
    else top = middle;
  }
  const outline = outlineOf(layers[home]);
  // A point on the face between two layers belongs to both.
  const shared = z === layers[home]!.high ? outlineOf(layers[home + 1]) : undefined;
  const inside = (outline?.contains(x, y) ?? false) || (shared?.contains(x, y) ?? false);
  let best = reach;
  for (let step = 0, up = true, down = true; up || down; step++) {
    up &&= home + step < layers.length && layers[home + step]!.low - z < best;
    if (up) best = layerDistance(layers[home + step]!, inside, x, y, z, best);
    down &&= home - step >= 0 && z - layers[home - step]!.high < best;
    if (down && step > 0) best = layerDistance(layers[home - step]!, inside, x, y, z, best);
  }
  return inside ? -best : best;
}

/** Distance to what is of the other kind within one layer, or `best` where that is nearer. */
function layerDistance(layer: Layer, inside: boolean, x: number, y: number, z: number, best: number): number {
  const dz = Math.max(0, layer.low - z, z - layer.high);
  const outline = outlineOf(layer);
  if (outline === undefined) return inside ? Math.min(best, dz) : best;
  if (dz >= best) return best;
  const squared = outline.contains(x, y) === inside ? outline.squaredDistance(x, y, best * best - dz * dz) : 0;
  return Math.min(best, Math.sqrt(dz * dz + squared));
}

/** Edges [x0, y0, x1, y1, ...] that bound the inside: an edge drawn twice, as a keyhole's channel is, bounds nothing. */
function boundaryEdges(polygons: readonly Float64Array[]): Float64Array {
  const edges: number[] = [];
  // By a sum that does not tell the direction; edges that share one are compared.
  const bySum = new Map<number, number>();
  for (const ring of polygons) {
    let x0 = ring[ring.length - 2]!;
    let y0 = ring[ring.length - 1]!;
    for (let i = 0; i < ring.length; i += 2) {
      const x1 = ring[i]!;
      const y1 = ring[i + 1]!;
      if (x0 !== x1 || y0 !== y1) {
        const sum = x0 + x1 + Math.PI * (y0 + y1) + Math.E * Math.abs(x0 - x1) + Math.SQRT2 * Math.abs(y0 - y1);
        const at = bySum.get(sum);
        if (at !== undefined && isSameEdge(edges, at, x0, y0, x1, y1)) {
          edges[at] = Number.NaN;
          bySum.delete(sum);
        } else {
          bySum.set(sum, edges.length);
          edges.push(x0, y0, x1, y1);
        }
      }
      x0 = x1;
      y0 = y1;
    }
  }
  let kept = 0;
  for (let e = 0; e < edges.length; e += 4) {
    if (Number.isNaN(edges[e]!)) continue;
    for (let c = 0; c < 4; c++) edges[kept++] = edges[e + c]!;
  }
  return new Float64Array(edges.slice(0, kept));
}

function isSameEdge(edges: readonly number[], at: number, x0: number, y0: number, x1: number, y1: number): boolean {
  const [a, b, c, d] = [edges[at], edges[at + 1], edges[at + 2], edges[at + 3]];
  return (a === x0 && b === y0 && c === x1 && d === y1) || (a === x1 && b === y1 && c === x0 && d === y0);
}

function boxOf(contours: Contours, slabs: Float64Array): Box {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const plane of contours.planes) {
    for (const ring of plane.polygons) {
      for (let i = 0; i < ring.length; i += 2) {
        x0 = Math.min(x0, ring[i]!);
        x1 = Math.max(x1, ring[i]!);
        y0 = Math.min(y0, ring[i + 1]!);
        y1 = Math.max(y1, ring[i + 1]!);
      }
    }
  }
  return { min: [x0, y0, slabs[0]!], max: [x1, y1, slabs[slabs.length - 1]!] };
}

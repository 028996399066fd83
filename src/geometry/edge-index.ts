/**
 * Edges of polygons in a plane, indexed for the two questions of a signed distance: is a point inside, and how far is it.
 *
 * Edges lie in runs with bounding boxes. A search begins in the run that held the last answer, as queries come from
 * neighbouring points, and opens only runs whose box lies nearer than the best edge so far.
 */

/** Edges per bounding box. */
const run = 6;

/** Distances kept for points that are asked for again, a power of two; and how finely they are told apart. */
const slots = 1024;
const slotsPerMm = 4;

export class EdgeIndex {
  private readonly boxes: Float64Array;
  /** Run of the last nearest edge: where the next search begins. */
  private recent = 0;
  /** x, y and signed distance of recent points; from the first question on. */
  private known: Float64Array | undefined;

  /** @param edges [x0, y0, x1, y1, ...], mm; neighbours in the list should be neighbours in the plane */
  constructor(private readonly edges: Float64Array) {
    const n = Math.ceil(edges.length / (4 * run));
    this.boxes = new Float64Array(4 * n);
    for (let c = 0; c < n; c++) {
      const box = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
      const stop = Math.min(edges.length, 4 * run * (c + 1));
      for (let e = 4 * run * c; e < stop; e += 2) {
        box[0] = Math.min(box[0], edges[e]!);
        box[1] = Math.min(box[1], edges[e + 1]!);
        box[2] = Math.max(box[2], edges[e]!);
        box[3] = Math.max(box[3], edges[e + 1]!);
      }
      this.boxes.set(box, 4 * c);
    }
  }

  /** Signed distance to the boundary, negative inside. */
  signedDistance(x: number, y: number): number {
    this.known ??= new Float64Array(3 * slots).fill(NaN);
    const { known } = this;
    // Cells of an octree lie on a lattice: those above one another ask for the same point of the plane.
    const slot = 3 * (((x * slotsPerMm) ^ ((y * slotsPerMm) << 5)) & (slots - 1));
    if (known[slot] === x && known[slot + 1] === y) return known[slot + 2]!;
    const d = Math.sqrt(this.squaredDistance(x, y, Infinity));
    known[slot] = x;
    known[slot + 1] = y;
    known[slot + 2] = this.contains(x, y) ? -d : d;
    return known[slot + 2]!;
  }

  /** Whether an odd number of edges lies to the right of the point. */
  contains(x: number, y: number): boolean {
    const { edges, boxes } = this;
    let odd = false;
    for (let b = 0; b < boxes.length; b += 4) {
      if (y < boxes[b + 1]! || y >= boxes[b + 3]! || x >= boxes[b + 2]!) continue;
      const stop = Math.min(edges.length, (b + 4) * run);
      for (let e = b * run; e < stop; e += 4) {
        const y0 = edges[e + 1]!;
        const y1 = edges[e + 3]!;
        if (y0 > y === y1 > y) continue;
        if (x < edges[e]! + ((edges[e + 2]! - edges[e]!) * (y - y0)) / (y1 - y0)) odd = !odd;
      }
    }
    return odd;
  }

  /** Squared distance to the nearest edge, or `limit` where that is smaller. */
  squaredDistance(x: number, y: number, limit: number): number {
    const { boxes, recent } = this;
    let best = boxes.length > 0 ? this.searchRun(recent, x, y, limit) : limit;
    for (let b = 0; b < boxes.length; b += 4) {
      const bx = Math.max(0, boxes[b]! - x, x - boxes[b + 2]!);
      const by = Math.max(0, boxes[b + 1]! - y, y - boxes[b + 3]!);
      if (bx * bx + by * by >= best || b === recent) continue;
      const squared = this.searchRun(b, x, y, best);
      if (squared < best) {
        best = squared;
        this.recent = b;
      }
    }
    return best;
  }

  /** @param b where the run's box begins */
  private searchRun(b: number, x: number, y: number, limit: number): number {
    const { edges } = this;
    let best = limit;
    const stop = Math.min(edges.length, (b + 4) * run);
    for (let e = b * run; e < stop; e += 4) {
      const ax = edges[e]!;
      const ay = edges[e + 1]!;
      const ux = edges[e + 2]! - ax;
      const uy = edges[e + 3]! - ay;
      const along = ((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy);
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const dx = x - ax - t * ux;
      const dy = y - ay - t * uy;
      const squared = dx * dx + dy * dy;
      if (squared < best) best = squared;
    }
    return best;
  }
}

/**
 * The order of a field's segments: between two of them the beam is off until the slowest leaf has arrived, so that short ways save time.
 *
 * What is sought is the shortest path through all segments, from any to any. It is begun with the nearest next one, from each segment in
 * turn, and mended by turning parts of it around as long as that shortens it (2-opt); the shortest of these paths is taken.
 *
 * A closed pair delivers the same wherever it stands under the jaws or between its neighbours: it waits where its leaves meet halfway.
 */
import { type Aperture, createAperture } from '../beam/aperture.js';

/** Paths that are begun, for fields of few segments one from each, fewer the more there are. */
const STARTS = 2000;
/** Ways that differ by less, mm, are the same. */
const SAME = 1e-9;

/** Farthest that a leaf end moves from one aperture to another of the same leaves, mm. */
export const leafTravel = (from: Pick<Aperture, 'leaves'>, to: Pick<Aperture, 'leaves'>): number =>
  from.leaves.reduce((farthest, [x1, x2], n) => {
    const [other1, other2] = to.leaves[n] ?? [x1, x2];
    return Math.max(farthest, Math.abs(other1 - x1), Math.abs(other2 - x2));
  }, 0);

/** The same of leaf ends and jaws. */
export function travelBetween(from: Aperture, to: Aperture): number {
  if (from === to) return 0;
  const farthest = leafTravel(from, to);
  const [a, b] = [from.jaws, to.jaws];
  if (!(a && b)) return farthest;
  return (['x1', 'x2', 'y1', 'y2'] as const).reduce((far, key) => Math.max(far, Math.abs(a[key] - b[key])), farthest);
}

/** Farthest that an end has to move where closed pairs wait halfway, mm. */
function leastTravel(from: Aperture, to: Aperture): number {
  return from.leaves.reduce((farthest, [x1, x2], n) => {
    const [other1, other2] = to.leaves[n]!;
    const isClosed = !(x2 > x1) || !(other2 > other1);
    const way = isClosed
      ? Math.max(x2 - x1, other2 - other1) / 2
      : Math.max(Math.abs(other1 - x1), Math.abs(other2 - x2));
    return Math.max(farthest, way);
  }, 0);
}

/**
 * The same segments with closed pairs where their leaves met, or will open, as far as that lies between the ends that are open: for machines
 * on which opposing ends of neighbours may overlap.
 */
export function withWaitingPairs<T extends { readonly aperture: Aperture }>(segments: readonly T[]): T[] {
  const places = segments[0]?.aperture.leaves.map((_, n): number | undefined => {
    const first = segments.map(({ aperture }) => aperture.leaves[n]!).find(([x1, x2]) => x2 > x1);
    return first && (first[0] + first[1]) / 2;
  });
  return segments.map((segment) => {
    const { bank, leaves, jaws } = segment.aperture;
    const open = leaves.filter(([x1, x2]) => x2 > x1);
    const [low, high] = [Math.min(...open.map(([x1]) => x1)), Math.max(...open.map(([, x2]) => x2))];
    const standing = leaves.map(([x1, x2], n): [number, number] => {
      if (x2 > x1) {
        places![n] = (x1 + x2) / 2;
        return [x1, x2];
      }
      places![n] = Math.min(Math.max(places![n] ?? (low + high) / 2, low), high);
      return [places![n], places![n]];
    });
    return open.length === 0 ? segment : { ...segment, aperture: createAperture(bank, standing, jaws) };
  });
}

/** The same segments in an order of short ways, no longer than the order given. */
export function inShortOrder<T extends { readonly aperture: Aperture }>(
  segments: readonly T[],
  wayBetween: (from: Aperture, to: Aperture) => number = travelBetween,
): T[] {
  const way = segments.map(({ aperture: from }) => segments.map(({ aperture: to }) => wayBetween(from, to)));
  const given = segments.map((_, n) => n);
  let best = mended(given, way);
  for (const first of given.slice(0, Math.ceil(STARTS / given.length))) {
    const path = mended(nearestFrom(first, way), way);
    if (lengthOf(path, way) < lengthOf(best, way) - SAME) best = path;
  }
  return best.map((n) => segments[n]!);
}

/** Segments in an order and with closed pairs at places that make ways short; where `interleaf` holds, pairs stay where they are. */
export function inDeliveryOrder<T extends { readonly aperture: Aperture }>(
  segments: readonly T[],
  { interleaf }: { readonly interleaf: boolean },
): T[] {
  return interleaf ? inShortOrder(segments) : withWaitingPairs(inShortOrder(segments, leastTravel));
}

const lengthOf = (path: readonly number[], way: readonly (readonly number[])[]): number =>
  path.slice(1).reduce((sum, to, n) => sum + way[path[n]!]![to]!, 0);

function nearestFrom(first: number, way: readonly (readonly number[])[]): number[] {
  const path = [first];
  const left = new Set(way.keys());
  left.delete(first);
  while (left.size > 0) {
    const from = way[path.at(-1)!]!;
    let next = -1;
    for (const to of left) if (next < 0 || from[to]! < from[next]!) next = to;
    path.push(next);
    left.delete(next);
  }
  return path;
}

/** A path with parts turned around until no turn shortens it. */
function mended(given: readonly number[], way: readonly (readonly number[])[]): number[] {
  const path = given.slice();
  const step = (a: number, b: number): number => (a < 0 || b >= path.length ? 0 : way[path[a]!]![path[b]!]!);
  for (let hasTurned = true; hasTurned; ) {
    hasTurned = false;
    for (let i = 0; i < path.length; i++) {
      for (let j = i + 1; j < path.length; j++) {
        const before = i > 0 ? way[path[i - 1]!]![path[j]!]! : 0;
        const after = j + 1 < path.length ? way[path[i]!]![path[j + 1]!]! : 0;
        if (before + after >= step(i - 1, i) + step(j, j + 1) - SAME) continue;
        path.splice(i, j - i + 1, ...path.slice(i, j + 1).reverse());
        hasTurned = true;
      }
    }
  }
  return path;
}

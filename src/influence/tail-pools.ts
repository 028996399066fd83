/**
 * The slow part of an influence: what the wide widths of the kernel bring, told at places some beamlets apart.
 *
 * The wide band of a fluence map has standard deviations of 10 mm and more, so between places 16 mm apart it is nearly linear. The other widths
 * reach a few beamlets. A preconditioner makes use of that; doses do not.
 */
import type { BeamletSet, FluenceGrid } from '../beam/fluence.js';
import type { MapPoints } from '../dose/banded-matrix.js';
import type { FluenceMap } from '../dose/fluence-map.js';

/** From one place to the next, mm. */
const APART = 16;

/** Places on the beams' grids, and between which of them a beamlet lies. */
export interface TailPools {
  readonly count: number;
  /** Places of each beam: pixels of its grid. */
  readonly pixels: readonly Int32Array[];
  /** First place of each beam. */
  readonly offsets: readonly number[];
  /** [beamlet][4] */
  readonly of: Int32Array;
  readonly weights: Float32Array;
}

export function tailPools(beams: readonly { readonly beamlets: BeamletSet }[]): TailPools {
  const pixels: Int32Array[] = [];
  const offsets: number[] = [];
  const of: number[] = [];
  const weights: number[] = [];
  let count = 0;
  for (const { beamlets } of beams) {
    const { x, y } = beamlets.grid;
    const nx = x.length - 1;
    const [across, along] = [placesOn(x), placesOn(y)];
    offsets.push(count);
    pixels.push(Int32Array.from(along.flatMap((j) => across.map((i) => i + nx * j))));
    for (const pixel of beamlets.pixels) {
      const [i, f] = between(across, pixel % nx);
      const [j, g] = between(along, Math.floor(pixel / nx));
      const first = count + i + across.length * j;
      const [right, up] = [f > 0 ? 1 : 0, g > 0 ? across.length : 0];
      of.push(first, first + right, first + up, first + right + up);
      weights.push((1 - f) * (1 - g), f * (1 - g), (1 - f) * g, f * g);
    }
    count += across.length * along.length;
  }
  return { count, pixels, offsets, of: Int32Array.from(of), weights: Float32Array.from(weights) };
}

/** Pixels along one axis, the first and the last among them. */
function placesOn(edges: FluenceGrid['x']): number[] {
  const last = edges.length - 2;
  const steps = Math.ceil((edges[last]! - edges[0]!) / APART);
  const places = Array.from({ length: steps + 1 }, (_, q) => Math.round((q * last) / Math.max(1, steps)));
  return places.filter((place, q) => place !== places[q - 1]);
}

/** The place before a pixel and the fraction of the way to the next. */
function between(places: readonly number[], pixel: number): readonly [number, number] {
  let q = places.findLastIndex((place) => place <= pixel);
  if (q === places.length - 1) q = Math.max(0, q - 1);
  const next = places[q + 1];
  return next === undefined ? [q, 0] : [q, (pixel - places[q]!) / (next - places[q]!)];
}

/** The wide part of a map; undefined where it has none. */
export function wideBand(map: FluenceMap, points: MapPoints): { map: FluenceMap; points: MapPoints } | undefined {
  const [, wide] = map.bands;
  const [, weights] = points.weights;
  if (wide === undefined || weights === undefined) return undefined;
  const own = Object.create(map, { bands: { value: [wide] } }) as FluenceMap;
  return { map: own, points: { ...points, weights: [weights] } };
}

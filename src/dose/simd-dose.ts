/**
 * Dose of one field at pieces of points in WebAssembly memory: weights from the tables, places on the maps, the gather; four terms at
 * a time in Float32, each sum over beams in Float64.
 *
 * The operator's loop (`simd-maps.ts`) reads with the same kernels the same numbers: where both compute a point of a fluence they agree
 * to the last bit.
 */
import { callWasm } from '../core/wasm.js';
import { WasmLayout } from '../core/wasm-layout.js';
import type { BeamKernel } from './beam-kernel.js';
import type { PointSet } from './beam-points.js';
import type { FluenceMap } from './fluence-map.js';
import { mapKernels, placeMaps } from './simd-maps.js';
import { SimdTables, weightKernels } from './simd-weights.js';

/** Points in memory at once: their weights stay in the cache. */
const PIECE = 4096;

/** Addresses of a piece of points. */
type PiecePlaces = Readonly<Record<'u' | 'v' | 'depths' | 'distances' | 'electron' | 'scatter' | 'factors', number>>;

/**
 * out[p] += dose of a fluence, one weight per pixel, at every point, Gy.
 *
 * @param map of the field; its nodes are left as they are
 */
export function addSimdDose(
  map: FluenceMap,
  kernel: BeamKernel,
  sad: number,
  points: PointSet,
  fluence: Float64Array,
  out: Float64Array,
): void {
  const layout = new WasmLayout();
  const field = placeField(layout, map, kernel, sad, fluence);
  layout.lend((memory) => addPieces(memory, field, points, out));
}

/** A field with memory for a piece of points. */
interface PlacedField extends ReturnType<typeof placeMaps> {
  readonly map: FluenceMap;
  readonly tables: SimdTables;
  readonly pixels: number;
  readonly at: PiecePlaces;
  readonly firstBand: number;
  readonly bandWeights: readonly number[];
  readonly places: number;
  readonly sums: number;
}

function placeField(
  layout: WasmLayout,
  map: FluenceMap,
  kernel: BeamKernel,
  sad: number,
  fluence: Float64Array,
): PlacedField {
  const tables = new SimdTables(kernel, sad, layout);
  const placed = placeMaps(layout, map);
  const pixels = layout.place(Float32Array.from(fluence, (weight, c) => weight * map.horn[c]!));
  const array = (): number => layout.reserve(4 * PIECE);
  const at: PiecePlaces = {
    u: array(),
    v: array(),
    depths: array(),
    distances: array(),
    electron: array(),
    scatter: array(),
    factors: array(),
  };
  const firstBand = layout.reserve(PIECE);
  const bandWeights = placed.bands.map(({ groups }) => layout.reserve(16 * groups * PIECE));
  const places = layout.reserve(12 * PIECE);
  const sums = layout.reserve(8 * PIECE);
  return { ...placed, map, tables, pixels, at, firstBand, bandWeights, places, sums };
}

/** The field's dose at all points, piece by piece. */
function addPieces(memory: WebAssembly.Memory, field: PlacedField, points: PointSet, out: Float64Array): void {
  const { map, tables, pixels, at, firstBand, bandWeights, places, sums, bands, rows, lines } = field;
  const { buffer } = memory;
  const maps = mapKernels(memory);
  const weights = weightKernels(memory);
  const isSingle = bands.length === 1;
  const [narrow, wide] = [isSingle ? 0 : bandWeights[0]!, bandWeights[isSingle ? 0 : 1]!];
  const [nx, ny] = [map.pixels.x.length - 1, map.pixels.y.length - 1];
  for (const { band, widths, lineBytes, groups, nodes } of bands) {
    // biome-ignore format: as the kernel's parameters
    callWasm(
      maps.spread, widths, band.widths.length, pixels, nx, ny, lineBytes, band.nv, groups, nodes, rows, lines,
    );
  }
  for (let from = 0; from < points.count; from += PIECE) {
    const to = Math.min(points.count, from + PIECE);
    const count = to - from;
    const placed = placePiece(buffer, at, points, from, to);
    map.firstBands(points.u, points.v, from, to, new Uint8Array(buffer, firstBand, count));
    tables.weigh(weights, { ...placed, firstBand }, count, narrow, wide);
    const values = new Float64Array(buffer, sums, count).fill(0);
    for (let b = 0; b < bands.length; b++) {
      const { band, groups, lineBytes, nodes } = bands[b]!;
      const { u0, v0, step, nu, nv } = band;
      // biome-ignore format: as the kernel's parameters
      callWasm(
        weights.placesOf, count, at.u, at.v, u0, v0, step, nu, nv, lineBytes / 4, 16 * groups, places,
      );
      callWasm(maps.gather, nodes, lineBytes, groups, count, places, bandWeights[b]!, sums);
    }
    for (let p = 0; p < count; p++) out[from + p]! += values[p]!;
  }
}

/** Puts the points [from, to) into memory; what they have none of has no address. */
function placePiece(buffer: ArrayBuffer, at: PiecePlaces, points: PointSet, from: number, to: number): PiecePlaces {
  const put = (address: number, values: Float32Array | undefined): number => {
    if (values === undefined) return 0;
    new Float32Array(buffer, address, to - from).set(values.subarray(from, to));
    return address;
  };
  const { u, v, depths, distances, densities, factors } = points;
  return {
    u: put(at.u, u),
    v: put(at.v, v),
    depths: put(at.depths, depths),
    distances: put(at.distances, distances),
    electron: put(at.electron, densities?.electron),
    scatter: put(at.scatter, densities?.scatter),
    factors: put(at.factors, factors),
  };
}

/**
 * Dose of one field at pieces of points in WebAssembly memory: weights from the tables, places on the maps, the gather; four terms at
 * a time in Float32, each sum over beams in Float64.
 *
 * The operator's loop (`simd-maps.ts`) reads with the same kernels the same numbers: where both compute a point of a fluence they agree
 * to the last bit.
 */
import { WasmLayout } from '../core/wasm-layout.js';
import type { BeamKernel } from './beam-kernel.js';
import type { PointSet } from './beam-points.js';
import type { FluenceMap } from './fluence-map.js';
import { type MapKernels, mapKernels, type PlacedMap, placeMaps } from './simd-maps.js';
import { SimdTables, type WeightKernels, weightKernels } from './simd-weights.js';

/** Points in memory at once: their weights stay in the cache. */
export const PIECE = 4096;

export class SimdDose {
  private readonly memory: WebAssembly.Memory;
  private readonly maps: MapKernels;
  private readonly weights: WeightKernels;
  private readonly tables: SimdTables;
  private readonly bands: readonly PlacedMap[];
  private readonly at: Readonly<
    Record<'u' | 'v' | 'depths' | 'distances' | 'electron' | 'scatter' | 'factors', number>
  >;
  private readonly firstBand: number;
  private readonly bandWeights: readonly number[];
  private readonly places: number;
  private readonly values: number;
  private readonly hasFactors: boolean;
  private readonly hasDensities: boolean;

  /** Spreads the fluence, one weight per cell. */
  constructor(
    private readonly map: FluenceMap,
    kernel: BeamKernel,
    sad: number,
    points: PointSet,
    fluence: Float64Array,
  ) {
    const layout = new WasmLayout();
    this.tables = new SimdTables(kernel, sad, layout);
    const { bands, rows, lines } = placeMaps(layout, map);
    this.bands = bands;
    const cells = layout.place(Float32Array.from(fluence, (weight, c) => weight * map.horn[c]!));
    const array = (): number => layout.reserve(4 * PIECE);
    this.at = {
      u: array(),
      v: array(),
      depths: array(),
      distances: array(),
      electron: array(),
      scatter: array(),
      factors: array(),
    };
    this.firstBand = layout.reserve(PIECE);
    this.bandWeights = bands.map(({ groups }) => layout.reserve(16 * groups * PIECE));
    this.places = layout.reserve(12 * PIECE);
    this.values = layout.reserve(8 * PIECE);
    this.hasFactors = points.factors !== undefined;
    this.hasDensities = points.densities !== undefined;
    this.memory = layout.create();
    this.maps = mapKernels(this.memory);
    this.weights = weightKernels(this.memory);
    const [nx, ny] = [map.cells.x.length - 1, map.cells.y.length - 1];
    for (const { band, rungs, lineBytes, groups, nodes } of bands) {
      this.maps.spread(rungs, band.rungs.length, cells, nx, ny, lineBytes, band.nv, groups, nodes, rows, lines);
    }
  }

  /** out[p] += dose at the points [from, to), at most {@link PIECE}, Gy. */
  add(points: PointSet, from: number, to: number, out: Float64Array): void {
    const { at, memory, bands, bandWeights } = this;
    const { buffer } = memory;
    const count = to - from;
    const put = (address: number, values: Float32Array): void => {
      new Float32Array(buffer, address, count).set(values.subarray(from, to));
    };
    put(at.u, points.u);
    put(at.v, points.v);
    put(at.depths, points.depths);
    put(at.distances, points.distances);
    if (points.densities) {
      put(at.electron, points.densities.electron);
      put(at.scatter, points.densities.scatter);
    }
    if (points.factors) put(at.factors, points.factors);
    this.map.firstBands(points.u, points.v, from, to, new Uint8Array(buffer, this.firstBand, count));
    const placed = {
      depths: at.depths,
      distances: at.distances,
      electron: this.hasDensities ? at.electron : 0,
      scatter: this.hasDensities ? at.scatter : 0,
      factors: this.hasFactors ? at.factors : 0,
      firstBand: this.firstBand,
    };
    const isSingle = bands.length === 1;
    this.tables.weigh(this.weights, placed, count, isSingle ? 0 : bandWeights[0]!, bandWeights[isSingle ? 0 : 1]!);
    const values = new Float64Array(buffer, this.values, count).fill(0);
    bands.forEach(({ band, groups, lineBytes, nodes }, b) => {
      const { u0, v0, step, nu, nv } = band;
      // biome-ignore format: as the kernel's parameters
      this.weights.placesOf(count, at.u, at.v, u0, v0, step, nu, nv, lineBytes / 4, 16 * groups, this.places);
      this.maps.gather(nodes, lineBytes, groups, count, this.places, bandWeights[b]!, this.values);
    });
    for (let p = 0; p < count; p++) out[p]! += values[p]!;
  }
}

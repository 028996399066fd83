/**
 * The kernel's tables in WebAssembly memory, and the weights of points from them: `kernel-table.ts` in Float32, four terms at a time.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
import { LANES, WasmLayout } from '../core/wasm-layout.js';
import type { BeamKernel } from './beam-kernel.js';
import type { PointSet } from './beam-points.js';
import { COARSE_STEP, COARSE_UNTIL, DEEP_STEP, FINE_STEP, FINE_UNTIL } from './kernel-table.js';
import { binary } from './weigh.wasm.js';

export type WeightKernels = Record<'setDepthAxis' | 'weigh' | 'placesOf', WasmFunction>;

/** The module's kernels on a memory. */
export function weightKernels(memory: WebAssembly.Memory): WeightKernels {
  const kernels = instantiateWasm(compileWasm(binary)!, memory) as WeightKernels;
  callWasm(kernels.setDepthAxis, FINE_STEP, FINE_UNTIL, COARSE_STEP, COARSE_UNTIL, DEEP_STEP);
  return kernels;
}

/** Vectors of a point in the narrow band and in the wide one; where there is one band it counts as wide. */
export function groupsOf({ bands }: BeamKernel): readonly [narrow: number, wide: number] {
  const groups = bands.map(({ terms }) => Math.ceil(terms / LANES));
  return groups.length === 1 ? [0, groups[0]!] : [groups[0]!, groups[1]!];
}

/** Addresses of a piece of points in memory; 0 where there is none of it. */
export interface PlacedPoints {
  readonly depths: number;
  readonly distances: number;
  readonly electron: number;
  readonly scatter: number;
  readonly factors: number;
  readonly firstBand: number;
}

export class SimdTables {
  private readonly addresses: readonly number[];
  private readonly groups: readonly [number, number];

  constructor(
    private readonly kernel: BeamKernel,
    private readonly sad: number,
    layout: WasmLayout,
  ) {
    this.addresses = kernel.tables.map((table) => layout.place(table.terms));
    this.groups = groupsOf(kernel);
  }

  /** Weights of the first `count` points into both bands' arrays. */
  weigh(kernels: WeightKernels, points: PlacedPoints, count: number, narrow: number, wide: number): void {
    const densities = [points.electron, points.scatter];
    this.kernel.tables.forEach(({ depthCount, distance, scale }, t) => {
      // biome-ignore format: as the kernel's parameters
      callWasm(
        kernels.weigh, count, this.sad, points.depths, points.distances, densities[t]!, points.factors, points.firstBand, this.addresses[t]!,
        depthCount, distance.first, 1 / distance.step, distance.count, scale.first, 1 / scale.step, scale.count,
        this.groups[0], this.groups[1], t === 0 ? 1 : 0, narrow, wide,
      );
    });
  }
}

/** Points weighed at a time. */
const PIECE = 4096;

/**
 * Weights of all points, [band][point][k], as `weighPoints` gives them, in Float32.
 *
 * @param out one array per band; overwritten and returned
 */
export function weighWithSimd(
  kernel: BeamKernel,
  sad: number,
  points: PointSet,
  out: readonly Float32Array[],
): readonly Float32Array[] {
  const layout = new WasmLayout();
  const tables = new SimdTables(kernel, sad, layout);
  const size = Math.min(PIECE, points.count);
  const { depths, distances, densities, factors } = points;
  const arrays = [depths, distances, densities?.electron, densities?.scatter, factors];
  const at = arrays.map((array) => (array === undefined ? 0 : layout.reserve(4 * size)));
  const groups = kernel.bands.map(({ terms }) => Math.ceil(terms / LANES));
  const bands = groups.map((g) => layout.reserve(16 * g * size));
  layout.lend((memory) => {
    const kernels = weightKernels(memory);
    const placed = {
      depths: at[0]!,
      distances: at[1]!,
      electron: at[2]!,
      scatter: at[3]!,
      factors: at[4]!,
      firstBand: 0,
    };
    const isSingle = bands.length === 1;
    for (let from = 0; from < points.count; from += size) {
      const count = Math.min(size, points.count - from);
      arrays.forEach((array, a) => {
        if (array) new Float32Array(memory.buffer, at[a], count).set(array.subarray(from, from + count));
      });
      tables.weigh(kernels, placed, count, isSingle ? 0 : bands[0]!, bands[isSingle ? 0 : 1]!);
      kernel.bands.forEach(({ terms }, b) => {
        const width = LANES * groups[b]!;
        const weights = new Float32Array(memory.buffer, bands[b], width * count);
        const to = out[b]!;
        if (width === terms) to.set(weights, from * terms);
        else for (let p = 0; p < count; p++) to.set(weights.subarray(p * width, p * width + terms), (from + p) * terms);
      });
    }
  });
  return out;
}

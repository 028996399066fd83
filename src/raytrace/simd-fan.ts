/**
 * A strip of the fan in WebAssembly memory: the pass of `beam-pass.ts`, four rays at a time in Float32.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction, wasmMemory } from '../core/wasm.js';
import { padded } from '../core/wasm-layout.js';
import type { DensityBox } from './density-box.js';
import {
  type Fan,
  type FanGeometry,
  type FanPoints,
  type FanSettings,
  type FanStrip,
  hull,
  isEmpty,
  meet,
  type RayRange,
  raysOfSlice,
  type SeenPoints,
} from './fan.js';
import { binary } from './pass.wasm.js';

type PassKernels = Record<
  | 'setBox'
  | 'setMemory'
  | 'sampleSlice'
  | 'blurAlong'
  | 'blurAcross'
  | 'marchDensity'
  | 'finishSlice'
  | 'projectPoints'
  | 'traceAlong'
  | 'readPoints',
  WasmFunction
>;

/** Whether this machine runs the SIMD kernels. */
export function hasPassKernels(): boolean {
  return compileWasm(binary) !== null;
}

/** Planes of a node before it is finished: electron density, slope, two of scatter, mass and length of its step. */
const NODE_PLANES = 6;

/** Bytes kept free around planes: vectors read over their ends, and the footprint before their beginning. */
const RIM = 256;

/** Addresses of a strip's planes. */
interface Layout {
  readonly nu: number;
  readonly line: number;
  /** Lines of sampled planes, and of nodes: those without the footprint's reach. */
  readonly nv: number;
  readonly rows: number;
  readonly skip: number;
  readonly density: number;
  readonly mask: number;
  readonly scratch: number;
  readonly smooth: readonly [number, number];
  readonly smoothMask: readonly [number, number];
  readonly length: number;
  readonly state: number;
  readonly planes: number;
  readonly end: number;
}

/** Addresses of a piece of points: places in Float64, the frame's numbers, then arrays of Float32. */
interface PiecePlaces {
  readonly frame: number;
  readonly points: number;
  readonly u: number;
  readonly v: number;
  readonly distances: number;
  readonly depths: number;
  /** Voxel coordinates along x, y and z. */
  readonly voxels: readonly [number, number, number];
  readonly electron: number;
  readonly scatter: number;
}

/** Points in memory at once. */
const PIECE = 8192;
/** What the strips of most patients take: reserved at once, since memory that is made anew is dear. */
const USUAL_STRIP = 60e6;

export class SimdFan implements Fan {
  private kernels!: PassKernels;
  private memory!: WebAssembly.Memory;
  private size = 0;
  private readonly fixed: number;
  private readonly kernel: number;
  /** The box as it is, x the fastest axis; and with y the fastest, filled when it is first wanted: for rays that cross x most. */
  private readonly upright = RIM;
  private readonly turned: number;
  private hasTurned = false;
  private readonly at: PiecePlaces;
  private made: { readonly layout: Layout; readonly geometry: FanGeometry; readonly strip: FanStrip } | undefined;

  constructor(
    private readonly box: DensityBox,
    private readonly settings: FanSettings,
  ) {
    const [nx, ny] = box.counts;
    let end = RIM;
    const take = (bytes: number): number => {
      const at = end;
      end += Math.ceil(bytes / 16) * 16;
      return at;
    };
    // Reads may go a plane of zeros and a line's vectors beyond the box.
    const volume = (): number => take(4 * (box.densities.length + nx * ny + Math.max(nx, ny)) + RIM);
    volume();
    this.turned = volume();
    this.kernel = take(4 * settings.footprint.length + RIM);
    const array = (): number => take(4 * PIECE + RIM);
    this.at = {
      frame: take(160),
      points: take(24 * PIECE),
      u: array(),
      v: array(),
      distances: array(),
      depths: array(),
      voxels: [array(), array(), array()],
      electron: array(),
      scatter: array(),
    };
    this.fixed = end;
  }

  make(geometry: FanGeometry, strip: FanStrip): void {
    const reach = this.settings.footprint.length - 1;
    const layout = this.layoutOf(strip);
    this.reserve(Math.max(layout.end + RIM, this.fixed + USUAL_STRIP));
    this.made = { layout, geometry, strip };
    const { line, rows, skip, scratch } = layout;
    const { count, u0, v0 } = strip;
    const { kernels, memory } = this;
    const size = line * rows;
    new Float32Array(memory.buffer, layout.state, size).fill(0);
    this.placeLengths(geometry, strip, layout);
    const { sad, pitch, step, source, axis, perU, perV } = geometry;
    const around = padded(reach);
    const all: RayRange = { u0: u0 + around, u1: u0 + strip.nu - around, v0: v0 + skip, v1: v0 + skip + rows };
    const own = Array.from({ length: count }, (_, k) => meet(raysOfSlice(this.box, geometry, strip.k0 + k), all));

    /** Samples a slice, for the rays of a range, and averages it over the footprint. */
    const sample = (k: number, range: RayRange, w: 0 | 1): void => {
      if (isEmpty(range)) return;
      const wide = widen(range, reach);
      const a = sad + (strip.k0 + k) * step;
      const at = (d: number): number => source[d]! + a * axis[d]!;
      const along = (per: readonly number[], d: number): number => a * pitch * per[d]!;
      const offset = line * (wide.v0 - v0) + 4 * (wide.u0 - u0);
      // biome-ignore format: as the kernel's parameters
      callWasm(
        kernels.sampleSlice, at(0), at(1), at(2), along(perU, 0), along(perU, 1), along(perU, 2), along(perV, 0), along(perV, 1), along(perV, 2),
        wide.u0, wide.v0, wide.u1 - wide.u0, wide.v1 - wide.v0, line, layout.density + offset, layout.mask + offset,
      );
      const width = 4 * (range.u1 - range.u0);
      const height = range.v1 - range.v0;
      const first = 4 * (range.u0 - u0);
      const [low, high] = [first + line * (wide.v0 - v0), first + line * (range.v0 - v0)];
      for (const [from, to] of [
        [layout.density, layout.smooth[w]],
        [layout.mask, layout.smoothMask[w]],
      ] as const) {
        callWasm(kernels.blurAlong, from + low, scratch + low, this.kernel, reach, width, height + 2 * reach, line);
        callWasm(kernels.blurAcross, scratch + high, to + high, this.kernel, reach, width, height, line);
      }
    };
    const planes = (k: number): number => layout.planes + k * NODE_PLANES * size;
    sample(0, own[0]!, 0);
    for (let k = 0; k < count; k++) {
      const w = (k & 1) as 0 | 1;
      const x = (1 - w) as 0 | 1;
      const range = own[k]!;
      if (k < count - 1) sample(k + 1, hull(range, own[k + 1]!), x);
      if (isEmpty(range)) continue;
      const here = 4 * (range.u0 - u0) + line * (range.v0 - v0);
      const node = here - line * skip;
      // The last slice lies behind the box, and reads itself.
      const next = k < count - 1 ? x : w;
      // biome-ignore format: as the kernel's parameters
      callWasm(
        kernels.marchDensity, 4 * (range.u1 - range.u0), range.v1 - range.v0, line, size, layout.length + node, layout.smooth[w] + here,
        layout.smoothMask[w] + here, layout.smooth[next] + here, layout.smoothMask[next] + here, layout.state + node,
        planes(k) + node,
      );
    }
    new Float32Array(memory.buffer, layout.state, size).fill(0);
    new Float32Array(memory.buffer, layout.state + 2 * size, size / 4).fill(1);
    for (let k = count - 1; k >= 0; k--) {
      const range = own[k]!;
      if (isEmpty(range)) continue;
      const node = 4 * (range.u0 - u0) + line * (range.v0 - v0 - skip);
      // biome-ignore format: as the kernel's parameters
      callWasm(
        kernels.finishSlice, 4 * (range.u1 - range.u0), range.v1 - range.v0, line, size, layout.state + node, planes(k) + node,
      );
    }
  }

  /** Length of every ray's step, mm. */
  private placeLengths({ sad, pitch, step }: FanGeometry, { u0, v0, nu }: FanStrip, layout: Layout): void {
    const { line, rows, skip } = layout;
    const length = new Float32Array(this.memory.buffer, layout.length, (line * rows) / 4);
    for (let v = 0; v < rows; v++) {
      const pv = (v0 + skip + v) * pitch;
      for (let u = 0; u < nu; u++) {
        const pu = (u0 + u) * pitch;
        length[(line / 4) * v + u] = step * Math.sqrt(1 + (pu * pu + pv * pv) / (sad * sad));
      }
    }
  }

  see(
    geometry: FanGeometry,
    points: Float64Array,
    { u, v, distances, depths }: Partial<SeenPoints>,
    outside?: Float32Array,
  ): void {
    // A strip follows where densities are wanted.
    this.reserve(outside ? this.fixed + USUAL_STRIP : this.fixed);
    const { memory, at, kernels } = this;
    const { buffer } = memory;
    const n = points.length / 3;
    this.placeFrame(geometry);
    const outputs = ([u, v, distances, depths, outside] as const).map((array, q) => ({
      array,
      from: [at.u, at.v, at.distances, at.depths, at.electron][q]!,
    }));
    const places = new Float64Array(buffer, at.points, 3 * PIECE);
    for (let from = 0; from < n; from += PIECE) {
      const count = Math.min(PIECE, n - from);
      places.set(points.subarray(3 * from, 3 * (from + count)));
      // biome-ignore format: as the kernel's parameters
      callWasm(
        kernels.projectPoints, count, at.points, at.frame, geometry.sad, at.u, at.v, at.distances, ...at.voxels, outside ? at.electron : 0,
      );
      if (depths) this.trace(geometry, count);
      for (const { array, from: address } of outputs) {
        if (array) array.set(new Float32Array(buffer, address, count), from);
      }
    }
  }

  /** Depths of the piece in memory: by each axis, until every point has the one that its ray crosses most planes of. */
  private trace({ source, axis }: FanGeometry, count: number): void {
    const { at, box } = this;
    new Float32Array(this.memory.buffer, at.depths, count).fill(0);
    const [nx, ny, nz] = box.counts;
    const last = [nx - 1, ny - 1, nz - 1];
    let left = count;
    for (const a of [0, 1, 2].sort((p, q) => Math.abs(axis[q]!) - Math.abs(axis[p]!))) {
      if (a === 0) this.turn();
      // The axis along which voxels follow each other, and the third.
      const [b, c] = a === 0 ? [1, 2] : a === 1 ? [0, 2] : [0, 1];
      const [volume, strides] =
        a === 0 ? [this.turned, [4 * ny, 4, 4 * nx * ny]] : [this.upright, [4, 4 * nx, 4 * nx * ny]];
      // biome-ignore format: as the kernel's parameters
      left -= callWasm(
        this.kernels.traceAlong, count, at.voxels[a]!, at.voxels[b]!, at.voxels[c]!, volume, strides[a]!, strides[c]!, last[a]!, last[b]!, last[c]!,
        source[a]!, source[b]!, source[c]!, b! < a ? 1 : 0, c! < a ? 1 : 0, at.distances, at.depths,
      );
      if (left <= 0) return;
    }
  }

  /** Fills the volume whose fastest axis is y. */
  private turn(): void {
    if (this.hasTurned) return;
    const { densities, counts } = this.box;
    const [nx, ny, nz] = counts;
    const to = new Float32Array(this.memory.buffer, this.turned, densities.length);
    for (let k = 0; k < nz; k++) {
      for (let j = 0; j < ny; j++) {
        const from = nx * (j + ny * k);
        const first = nx * ny * k + j;
        for (let i = 0; i < nx; i++) to[first + ny * i] = densities[from + i]!;
      }
    }
    this.hasTurned = true;
  }

  private placeFrame({ beamFromPatient: m }: FanGeometry): void {
    const { origin, spacing } = this.box;
    const columns = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14].map((i) => m[i]!);
    const toBox = [...spacing.map((s) => 1 / s), ...origin.map((o, a) => -o / spacing[a]!)];
    new Float64Array(this.memory.buffer, this.at.frame, 18).set([...columns, ...toBox]);
  }

  read({ u, v, distances, low, high, electron, scatter }: FanPoints): void {
    const { layout, geometry, strip } = this.made!;
    const { line, rows, skip, planes } = layout;
    const { sad, pitch, step } = geometry;
    const plane = line * rows;
    const { buffer } = this.memory;
    const { at } = this;
    const n = electron.length;
    for (let from = 0; from < n; from += PIECE) {
      const to = Math.min(n, from + PIECE);
      const count = to - from;
      if (!isAny(v, from, to, (low - 1) * pitch, (high + 1) * pitch)) continue;
      const place = (address: number, values: Float32Array): Float32Array => {
        const placed = new Float32Array(buffer, address, count);
        placed.set(values.subarray(from, to));
        return placed;
      };
      place(at.u, u);
      place(at.v, v);
      place(at.distances, distances);
      const electrons = place(at.electron, electron);
      const scatters = place(at.scatter, scatter);
      // biome-ignore format: as the kernel's parameters
      callWasm(
        this.kernels.readPoints, count, at.u, at.v, at.distances, sad, 1 / pitch, 1 / step, strip.u0, strip.v0 + skip, strip.k0, low, high,
        line, plane, NODE_PLANES * plane, planes, at.electron, at.scatter,
      );
      electron.set(electrons, from);
      scatter.set(scatters, from);
    }
  }

  release(): void {
    this.memory = undefined!;
    this.kernels = undefined!;
    this.made = undefined;
    this.size = 0;
  }

  /** A memory of at least so many bytes, with box and footprint in it. */
  private reserve(bytes: number): void {
    if (bytes <= this.size) return;
    const { box, settings } = this;
    this.size = bytes;
    this.memory = wasmMemory(this.size);
    this.hasTurned = false;
    new Float32Array(this.memory.buffer, this.upright, box.densities.length).set(box.densities);
    new Float32Array(this.memory.buffer, this.kernel, settings.footprint.length).set(settings.footprint);
    this.kernels = instantiateWasm(compileWasm(binary)!, this.memory) as PassKernels;
    callWasm(this.kernels.setBox, this.upright, ...box.counts);
    const { electron, scatter, scatterBehind, fractionBehind } = settings.memory;
    callWasm(this.kernels.setMemory, electron, scatter, scatterBehind, fractionBehind);
  }

  private layoutOf({ nu, nv, count }: FanStrip): Layout {
    const skip = this.settings.footprint.length - 1;
    const rows = nv - 2 * skip;
    const line = 4 * padded(nu);
    let end = this.fixed;
    const take = (bytes: number): number => {
      const at = end;
      end += Math.ceil((bytes + RIM) / 16) * 16;
      return at;
    };
    const plane = (): number => take(line * nv);
    return {
      nu,
      line,
      nv,
      rows,
      skip,
      density: plane(),
      mask: plane(),
      scratch: plane(),
      smooth: [plane(), plane()],
      smoothMask: [plane(), plane()],
      length: take(line * rows),
      state: take(4 * line * rows),
      planes: take(NODE_PLANES * line * rows * count),
      end: take(0),
    };
  }
}

/** Whether any of the numbers [from, to) lies between two. */
function isAny(values: Float32Array, from: number, to: number, low: number, high: number): boolean {
  for (let p = from; p < to; p++) if (values[p]! >= low && values[p]! <= high) return true;
  return false;
}

/** A range and `reach` rays around it, in whole vectors along u. */
function widen({ u0, u1, v0, v1 }: RayRange, reach: number): RayRange {
  const around = padded(reach);
  return { u0: u0 - around, u1: u1 + around, v0: v0 - reach, v1: v1 + reach };
}

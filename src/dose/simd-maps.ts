/**
 * One beam's maps and points in WebAssembly memory: `FluenceMap` in Float32, four terms at a time.
 *
 * The same products and the same reads as the Float64 reference, to single precision: doses agree within 2e-6 of the largest. Built
 * for the optimiser's loop, where a beam's weights stay and only its fluence changes.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
import { LANES, padded, padTerms, WasmLayout } from '../core/wasm-layout.js';
import type { BandedMatrix, BandMap, MapPoints, WidthMatrices } from './banded-matrix.js';
import type { FluenceMap } from './fluence-map.js';
import { binary } from './maps.wasm.js';

export type MapKernels = Record<'spread' | 'collect' | 'gather' | 'scatter', WasmFunction>;

/** Whether this machine runs the SIMD kernels. */
export function hasSimd(): boolean {
  return compileWasm(binary) !== null;
}

/** Fields of one width, 32 bits each; see maps.as.ts. */
const RUNG_FIELDS = 13;

/** Addresses and counts of one band, without its points. */
export interface PlacedMap {
  readonly band: BandMap;
  readonly groups: number;
  readonly lineBytes: number;
  readonly widths: number;
  readonly nodes: number;
  readonly nodeBytes: number;
}

/** A band with its points. */
interface PlacedBand extends PlacedMap {
  readonly weights: number;
  /** Of every point, as {@link placesOf}. */
  readonly places: number;
}

/** Points whose values are in memory at a time: each beam has this memory for itself. */
const PIECE = 4096;

export class SimdMaps {
  private readonly kernels: MapKernels;
  private readonly bands: readonly PlacedBand[];
  private readonly memory: WebAssembly.Memory;
  private readonly nx: number;
  private readonly ny: number;
  private readonly count: number;
  private readonly horn: Float64Array;
  private readonly pixels: number;
  private readonly rows: number;
  private readonly lines: number;
  private readonly values: number;

  /** Copies what it needs; neither map nor points are kept. */
  constructor(map: FluenceMap, points: MapPoints) {
    const layout = new WasmLayout();
    this.nx = map.pixels.x.length - 1;
    this.ny = map.pixels.y.length - 1;
    this.count = points.u.length;
    this.horn = map.horn;
    this.pixels = layout.reserve(4 * this.nx * this.ny);
    this.values = layout.reserve(8 * Math.min(PIECE, this.count));
    const { bands, rows, lines } = placeMaps(layout, map);
    this.bands = bands.map((placed, b) => ({
      ...placed,
      weights: layout.place(padTerms(points.weights[b]!, placed.band.terms, placed.groups)),
      places: layout.place(placesOf(placed.band, points, placed.lineBytes, placed.groups)),
    }));
    this.rows = rows;
    this.lines = lines;
    this.memory = layout.create();
    this.kernels = mapKernels(this.memory);
  }

  /** out[p] += dose of the fluence (one weight per pixel) at every point. */
  apply(fluence: Float64Array, out: Float64Array): void {
    const pixels = new Float32Array(this.memory.buffer, this.pixels, fluence.length);
    for (let c = 0; c < pixels.length; c++) pixels[c] = fluence[c]! * this.horn[c]!;
    for (const placed of this.bands) callWasm(this.kernels.spread, ...this.spreadArguments(placed));
    this.forPieces((from, values) => {
      values.fill(0);
      for (const placed of this.bands)
        callWasm(this.kernels.gather, ...this.readArguments(placed, from, values.length));
      for (let p = 0; p < values.length; p++) out[from + p]! += values[p]!;
    });
  }

  /** Transpose of `apply`: fluence = what the points' values ask of every cell. */
  applyTranspose(rowValues: Float64Array, fluence: Float64Array): void {
    const pixels = new Float32Array(this.memory.buffer, this.pixels, fluence.length).fill(0);
    for (const { nodes, nodeBytes } of this.bands) new Uint8Array(this.memory.buffer, nodes, nodeBytes).fill(0);
    this.forPieces((from, values) => {
      values.set(rowValues.subarray(from, from + values.length));
      for (const placed of this.bands)
        callWasm(this.kernels.scatter, ...this.readArguments(placed, from, values.length));
    });
    for (const placed of this.bands) callWasm(this.kernels.collect, ...this.spreadArguments(placed));
    for (let c = 0; c < pixels.length; c++) fluence[c] = pixels[c]! * this.horn[c]!;
  }

  /** Weights of every point in a band as `MapPoints` has them, in the maps' own memory; undefined where they are padded there. */
  weightsOf(band: number): Float32Array | undefined {
    const { groups, weights, band: own } = this.bands[band]!;
    return own.terms === LANES * groups
      ? new Float32Array(this.memory.buffer, weights, own.terms * this.count)
      : undefined;
  }

  private spreadArguments({ band, groups, lineBytes, widths, nodes }: PlacedBand): number[] {
    const { pixels, nx, ny, rows, lines } = this;
    return [widths, band.widths.length, pixels, nx, ny, lineBytes, band.nv, groups, nodes, rows, lines];
  }

  /** Of the points [from, from + count). */
  private readArguments(placed: PlacedBand, from: number, count: number): number[] {
    const { groups, lineBytes, nodes, weights, places } = placed;
    return [nodes, lineBytes, groups, count, places + 12 * from, weights + 16 * groups * from, this.values];
  }

  /** Gives the memory for the values of some points after the other; each point is in one piece. */
  private forPieces(use: (from: number, values: Float64Array) => void): void {
    for (let from = 0; from < this.count; from += PIECE) {
      use(from, new Float64Array(this.memory.buffer, this.values, Math.min(PIECE, this.count - from)));
    }
  }
}

/** The maps of all bands: matrices placed, room for nodes and scratch. */
export function placeMaps(
  layout: WasmLayout,
  map: FluenceMap,
): { readonly bands: readonly PlacedMap[]; readonly rows: number; readonly lines: number } {
  const ny = map.pixels.y.length - 1;
  let [rows, lines] = [0, 0];
  const bands = map.bands.map((band): PlacedMap => {
    const groups = Math.ceil(band.terms / LANES);
    const lineBytes = 4 * padded(band.nu);
    const nodeBytes = 4 * LANES * groups * padded(band.nu) * band.nv;
    rows = Math.max(rows, lineBytes * ny * band.widths.length);
    lines = Math.max(lines, lineBytes * Math.max(band.widths.length, band.nv));
    const placed = placeWidths(layout, band, groups, ny);
    return { band, groups, lineBytes, widths: placed, nodes: layout.reserve(nodeBytes), nodeBytes };
  });
  return { bands, rows: layout.reserve(rows), lines: layout.reserve(lines) };
}

/** The module's kernels on a memory. */
export function mapKernels(memory: WebAssembly.Memory): MapKernels {
  return instantiateWasm(compileWasm(binary)!, memory) as MapKernels;
}

/**
 * Where each point reads a band: the byte of the first of its 3 x 3 nodes, -1 beyond the lattice, then how far it lies from
 * the middle one along u and v, as Float32 bits.
 */
function placesOf(
  { u0, v0, step, nu, nv }: BandMap,
  { u, v }: MapPoints,
  lineBytes: number,
  groups: number,
): Int32Array {
  const places = new Int32Array(3 * u.length);
  const offsets = new Float32Array(places.buffer);
  const nodeBytes = 16 * groups;
  for (let p = 0; p < u.length; p++) {
    const x = (u[p]! - u0) / step + 0.5;
    const y = (v[p]! - v0) / step + 0.5;
    if (!(x >= 1 && x < nu - 1 && y >= 1 && y < nv - 1)) {
      places[3 * p] = -1;
      continue;
    }
    const [i, j] = [Math.trunc(x), Math.trunc(y)];
    places[3 * p] = nodeBytes * ((lineBytes / 4) * (j - 1) + (i - 1));
    offsets[3 * p + 1] = x - i - 0.5;
    offsets[3 * p + 2] = y - j - 0.5;
  }
  return places;
}

/** The matrices of all widths and their addresses; returns where those stand. */
function placeWidths(layout: WasmLayout, band: BandMap, groups: number, ny: number): number {
  const { widths, coefficients, terms, nv } = band;
  const table = new Int32Array(RUNG_FIELDS * widths.length);
  widths.forEach((width, r) => {
    const U = byPixel(width.U);
    const V = byLine(width, nv, ny);
    const c = new Float32Array(LANES * groups);
    for (let k = 0; k < terms; k++) c[k] = coefficients[k * widths.length + r]!;
    const parts = [U.first, U.count, U.start, U.values, V.first, V.count, V.start, V.values, c];
    parts.push(width.V.first, width.V.count, width.V.start, Float32Array.from(width.V.values));
    table.set(
      parts.map((part) => layout.place(part)),
      RUNG_FIELDS * r,
    );
  });
  return layout.place(table);
}

interface PlacedMatrix {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly start: Int32Array;
  readonly values: Float32Array;
}

/** The matrix by cell, every line of values padded with zeros to whole vectors. */
function byPixel({ first, count, start, values }: BandedMatrix): PlacedMatrix {
  const at = new Int32Array(first.length);
  let total = 0;
  count.forEach((n, i) => {
    at[i] = total;
    total += padded(n);
  });
  const out = new Float32Array(total);
  count.forEach((n, i) => {
    out.set(values.subarray(start[i]!, start[i]! + n), at[i]);
  });
  return { first, count, start: at, values: out };
}

/** The matrix V by line of nodes: the cells that reach it, from the first to the last. */
function byLine({ V }: WidthMatrices, nv: number, ny: number): PlacedMatrix {
  const first = new Int32Array(nv);
  const count = new Int32Array(nv);
  const start = new Int32Array(nv);
  const values: number[] = [];
  for (let v = 0; v < nv; v++) {
    let [low, high] = [ny, 0];
    const entry = (j: number): number => {
      const q = v - V.first[j]!;
      return q < 0 || q >= V.count[j]! ? 0 : V.values[V.start[j]! + q]!;
    };
    for (let j = 0; j < ny; j++) {
      if (entry(j) === 0) continue;
      low = Math.min(low, j);
      high = j + 1;
    }
    first[v] = Math.min(low, high);
    count[v] = Math.max(0, high - low);
    start[v] = values.length;
    for (let j = low; j < high; j++) values.push(entry(j));
  }
  return { first, count, start, values: Float32Array.from(values) };
}

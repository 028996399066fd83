/**
 * Rows of one beam's influence by WebAssembly: `FluenceMap.row` in Float32, four cells at a time.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
import { padded, WasmLayout } from '../core/wasm-layout.js';
import type { BandedMatrix, BandMap, MapPoints } from '../dose/banded-matrix.js';
import type { FluenceMap } from '../dose/fluence-map.js';
import { binary } from './rows.wasm.js';

type RowKernels = Record<'rows' | 'pack', WasmFunction>;

/** Points whose rows are read at a time. */
const CHUNK = 256;

/** Where rows are written: the first number of the first one, and how far apart they begin. */
export interface RowsOut {
  readonly matrix: Float32Array;
  readonly stride: number;
  readonly at: number;
}

/**
 * matrix[at + stride i + b] = dose of the i-th point from 1 monitor unit of beamlet b, Gy.
 *
 * @param points what the map's points are, all of them
 * @param which  indices of the points whose rows are read
 * @param pixels  of the map, one per beamlet
 * @returns false where there is no SIMD: nothing was read
 */
export function readRows(
  map: FluenceMap,
  points: MapPoints,
  which: Int32Array,
  pixels: Int32Array,
  { matrix, stride, at }: RowsOut,
): boolean {
  const module = compileWasm(binary);
  if (module === null) return false;
  const nx = map.pixels.x.length - 1;
  const ny = map.pixels.y.length - 1;
  const [widthU, widthV] = [padded(nx), padded(ny)];
  const layout = new WasmLayout();
  const pick = (values: Float32Array): number => {
    const picked = new Float32Array(which.length);
    for (let i = 0; i < picked.length; i++) picked[i] = values[which[i]!]!;
    return layout.place(picked);
  };
  const [us, vs] = [pick(points.u), pick(points.v)];
  const widths = Math.max(...map.bands.map((band) => band.widths.length));
  const [across, along] = [layout.reserve(4 * widthU * widths), layout.reserve(4 * widthV * widths)];
  const size = widthU * ny;
  const out = layout.reserve(4 * size * CHUNK);
  const packed = layout.reserve(4 * pixels.length * CHUNK);
  const places = layout.place(Int32Array.from(pixels, (pixel) => (pixel % nx) + widthU * Math.floor(pixel / nx)));
  const horn = layout.place(Float32Array.from(pixels, (pixel) => map.horn[pixel]!));
  const bands = map.bands.map((band, b) => placeBand(layout, band, points.weights[b]!, which, widthU, widthV));
  layout.lend((memory) => {
    const kernels = instantiateWasm(module, memory) as RowKernels;
    const values = new Float32Array(memory.buffer, out, size * CHUNK);
    const lines = new Float32Array(memory.buffer, packed, pixels.length * CHUNK);
    for (let from = 0; from < which.length; from += CHUNK) {
      const count = Math.min(CHUNK, which.length - from);
      values.fill(0);
      for (const { band, groups, tableU, tableV, coefficients, weights } of bands) {
        const { u0, v0, step, nu, nv } = band;
        const shift = (origin: number): number => 0.5 - origin / step;
        // biome-ignore format: as the kernel's parameters
        callWasm(
          kernels.rows, tableU, tableV, coefficients, band.widths.length, nu, nv, widthU, ny, widthV, groups, 1 / step, shift(u0), shift(v0),
        count, us + 4 * from, vs + 4 * from, weights + 16 * groups * from, across, along, out,
      );
      }
      callWasm(kernels.pack, out, size, count, places, horn, pixels.length, packed);
      for (let i = 0, read = 0; i < count; i++) {
        // Too short for `set`, whose call takes longer than the copy.
        for (let b = 0, to = at + (from + i) * stride; b < pixels.length; b++, to++, read++) matrix[to] = lines[read]!;
      }
    }
  });
  return true;
}

function placeBand(
  layout: WasmLayout,
  band: BandMap,
  weights: Float32Array,
  which: Int32Array,
  widthU: number,
  widthV: number,
) {
  const { terms, widths, nu, nv, coefficients } = band;
  const groups = padded(terms) / 4;
  const width = 4 * groups;
  const own = new Float32Array(which.length * width);
  for (let i = 0; i < which.length; i++) {
    for (let k = 0, from = which[i]! * terms, to = i * width; k < terms; k++) own[to + k] = weights[from + k]!;
  }
  const c = new Float32Array(4 * groups * widths.length);
  const tableU = new Float32Array(nu * widthU * widths.length);
  const tableV = new Float32Array(nv * widthV * widths.length);
  widths.forEach(({ U, V }, r) => {
    for (let k = 0; k < terms; k++) c[4 * groups * r + k] = coefficients[k * widths.length + r]!;
    byNode(U, widthU, tableU.subarray(nu * widthU * r));
    byNode(V, widthV, tableV.subarray(nv * widthV * r));
  });
  return {
    band,
    groups,
    tableU: layout.place(tableU),
    tableV: layout.place(tableV),
    coefficients: layout.place(c),
    weights: layout.place(own),
  };
}

function byNode({ first, count, start, values }: BandedMatrix, width: number, out: Float32Array): void {
  first.forEach((node, pixel) => {
    for (let q = 0; q < count[pixel]!; q++) out[(node + q) * width + pixel] = values[start[pixel]! + q]!;
  });
}

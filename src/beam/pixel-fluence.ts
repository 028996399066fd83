/**
 * Piecewise constant fluences on rectilinear cells: paint them, drop edges that separate nothing, split wide cells.
 */
import { checkPositive } from '../core/check.js';
import { type FluenceGrid, pixelCount } from './fluence.js';

/** Fluence per pixel, relative to the open beam, or monitor units. */
export interface PixelFluence {
  readonly grid: FluenceGrid;
  readonly weights: Float64Array;
}

/** Two edges closer than this are one, mm. */
const SAME = 1e-6;

/** Cells between all edges, each with the value at its centre. Edges may come unsorted and doubled, mm. */
export function paintPixels(
  xEdges: readonly number[],
  yEdges: readonly number[],
  value: (x: number, y: number) => number,
): PixelFluence {
  const x = risingEdges(xEdges);
  const y = risingEdges(yEdges);
  const nx = x.length - 1;
  const weights = new Float64Array(nx * (y.length - 1));
  for (let j = 0; j < y.length - 1; j++) {
    for (let i = 0; i < nx; i++) weights[i + nx * j] = value((x[i]! + x[i + 1]!) / 2, (y[j]! + y[j + 1]!) / 2);
  }
  return { grid: { x, y }, weights };
}

/** Sorted edges, those within 1e-6 mm of each other as one. */
export function risingEdges(values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values).sort();
  return sorted.filter((value, i) => i === 0 || value - sorted[i - 1]! > SAME);
}

/** Index of the edge at `value`, within rounding. */
export function edgeAt(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle]! <= value + SAME) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The same fluence without dark borders, and without edges between rows or columns that are equal. */
export function mergePixels({ grid, weights }: PixelFluence): PixelFluence {
  const nx = grid.x.length - 1;
  const ny = grid.y.length - 1;
  const runs = (n: number, others: number, stride: number, step: number): { pixels: number[]; end: number } => {
    const isAlike = (a: number, b: number): boolean => {
      for (let q = 0; q < others; q++)
        if (weights[a * stride + q * step] !== weights[b * stride + q * step]) return false;
      return true;
    };
    const isDark = (a: number): boolean => {
      for (let q = 0; q < others; q++) if (weights[a * stride + q * step] !== 0) return false;
      return true;
    };
    let first = 0;
    let end = n;
    while (first < n && isDark(first)) first++;
    while (end > first && isDark(end - 1)) end--;
    if (first === end) return { pixels: [0], end: n };
    const pixels = [first];
    for (let i = first + 1; i < end; i++) if (!isAlike(i - 1, i)) pixels.push(i);
    return { pixels, end };
  };
  const x = runs(nx, ny, 1, nx);
  const y = runs(ny, nx, nx, 1);
  const edges = (all: Float64Array, { pixels, end }: { pixels: number[]; end: number }): Float64Array =>
    Float64Array.from([...pixels, end], (i) => all[i]!);
  return {
    grid: { x: edges(grid.x, x), y: edges(grid.y, y) },
    weights: Float64Array.from(y.pixels.flatMap((j) => x.pixels.map((i) => weights[i + nx * j]!))),
  };
}

/**
 * The same fluence on smaller cells: equal parts of each, so that what varies within a cell is sampled well enough.
 *
 * @param pixel largest side where a row or column exceeds a tenth of the maximum, mm; four times that elsewhere
 */
export function splitPixels({ grid, weights }: PixelFluence, pixel: number): PixelFluence {
  checkPositive('fluence: cell', pixel);
  const nx = grid.x.length - 1;
  const isBrightColumn = new Uint8Array(nx);
  const isBrightRow = new Uint8Array(grid.y.length - 1);
  const bright = 0.1 * weights.reduce((a, b) => Math.max(a, b), 0);
  for (let c = 0; c < weights.length; c++) {
    if (weights[c]! > bright) isBrightColumn[c % nx] = isBrightRow[Math.floor(c / nx)] = 1;
  }
  const x = splitEdges(grid.x, isBrightColumn, pixel);
  const y = splitEdges(grid.y, isBrightRow, pixel);
  const fine = { x: x.edges, y: y.edges };
  const out = new Float64Array(pixelCount(fine));
  y.parents.forEach((j, b) => {
    x.parents.forEach((i, a) => {
      out[a + x.parents.length * b] = weights[i + nx * j]!;
    });
  });
  return { grid: fine, weights: out };
}

function splitEdges(
  edges: Float64Array,
  isBright: Uint8Array,
  pixel: number,
): { edges: Float64Array; parents: number[] } {
  const out = [edges[0]!];
  const parents: number[] = [];
  for (let i = 0; i < edges.length - 1; i++) {
    const low = edges[i]!;
    const width = edges[i + 1]! - low;
    const parts = Math.max(1, Math.ceil(width / (isBright[i] ? pixel : 4 * pixel) - 1e-6));
    for (let q = 1; q <= parts; q++) {
      out.push(q === parts ? edges[i + 1]! : low + (width * q) / parts);
      parents.push(i);
    }
  }
  return { edges: Float64Array.from(out), parents };
}

/** A fluence on equal square pixels that cover it: the mean of what lies in each, so that the integral stays. */
export function evenPixels({ grid, weights }: PixelFluence, size: number): PixelFluence {
  checkPositive('fluence: pixel', size);
  const [x, overX] = evenEdges(grid.x, size);
  const [y, overY] = evenEdges(grid.y, size);
  const nx = x.length - 1;
  const own = grid.x.length - 1;
  const even = new Float64Array(nx * (y.length - 1));
  for (const { pixel: q, even: j, part: height } of overY) {
    for (const { pixel: p, even: i, part: width } of overX) even[i + nx * j]! += width * height * weights[p + own * q]!;
  }
  return { grid: { x, y }, weights: even };
}

/** Even edges around given ones, and which part of each even pixel lies in which given one. */
function evenEdges(
  edges: Float64Array,
  size: number,
): [Float64Array, { readonly pixel: number; readonly even: number; readonly part: number }[]] {
  const first = Math.floor(edges[0]! / size + SAME);
  const count = Math.ceil(edges.at(-1)! / size - SAME) - first;
  const even = Float64Array.from({ length: count + 1 }, (_, n) => (first + n) * size);
  const parts = [];
  for (let pixel = 0; pixel < edges.length - 1; pixel++) {
    const [low, high] = [edges[pixel]!, edges[pixel + 1]!];
    for (let n = edgeAt(even, low); n < count && even[n]! < high; n++) {
      const part = (Math.min(high, even[n + 1]!) - Math.max(low, even[n]!)) / size;
      if (part > 0) parts.push({ pixel, even: n, part });
    }
  }
  return [even, parts];
}

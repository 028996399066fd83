/**
 * Products with some rows of Float32 numbers in Float64: each row with a vector, and a combination of all rows.
 *
 * Where WebAssembly is at hand two columns at a time are done by SIMD. Both versions add up in the same order and agree to the last bit.
 */
import { compileWasm, instantiateWasm } from '../core/wasm.js';
import { padded, WasmLayout } from '../core/wasm-layout.js';
import { binary } from './products.wasm.js';

export interface RowProducts {
  /** out[k] = row k times x; overwrites and returns `out`. */
  dots(x: Float64Array, out: Float64Array): Float64Array;
  /** out = sum over rows of forces[k] times row k; overwrites and returns `out`. */
  combine(forces: Float64Array, out: Float64Array): Float64Array;
}

export interface ProductOptions {
  /** Whether WebAssembly may be used. @default true */
  readonly isAccelerated?: boolean;
}

/**
 * @param matrix one row of `columns` values after the other; the rows chosen are copied where WebAssembly works on them
 * @param starts where in the matrix each chosen row starts
 */
export function createRowProducts(
  matrix: Float32Array,
  starts: ArrayLike<number>,
  columns: number,
  { isAccelerated = true }: ProductOptions = {},
): RowProducts {
  const module = isAccelerated ? compileWasm(binary) : null;
  return module === null ? plainProducts(matrix, starts, columns) : fastProducts(module, matrix, starts, columns);
}

function fastProducts(
  module: WebAssembly.Module,
  matrix: Float32Array,
  starts: ArrayLike<number>,
  columns: number,
): RowProducts {
  const count = starts.length;
  const width = padded(columns);
  const layout = new WasmLayout();
  const rowsAt = layout.reserve(4 * count * width);
  const columnsAt = layout.reserve(8 * width);
  const forcesAt = layout.reserve(8 * count);
  const memory = layout.create();
  const { buffer } = memory;
  const rows = new Float32Array(buffer, rowsAt, count * width);
  for (let k = 0; k < count; k++) rows.set(matrix.subarray(starts[k]!, starts[k]! + columns), k * width);
  // Zero beyond the columns, as the rows are.
  const ofColumns = new Float64Array(buffer, columnsAt, width);
  const ofRows = new Float64Array(buffer, forcesAt, count);
  const { dots, combine } = instantiateWasm(module, memory) as Record<'dots' | 'combine', (...args: number[]) => void>;
  return {
    dots(x, out) {
      ofColumns.set(x);
      dots(rowsAt, count, width, columnsAt, forcesAt);
      out.set(ofRows);
      return out;
    },
    combine(forces, out) {
      ofRows.set(forces);
      ofColumns.fill(0);
      combine(rowsAt, count, width, forcesAt, columnsAt);
      out.set(ofColumns.subarray(0, columns));
      return out;
    },
  };
}

function plainProducts(matrix: Float32Array, starts: ArrayLike<number>, columns: number): RowProducts {
  return {
    dots(x, out) {
      const sums = new Float64Array(4);
      for (let k = 0; k < starts.length; k++) {
        const start = starts[k]!;
        sums.fill(0);
        for (let c = 0; c < columns; c++) sums[c & 3]! += matrix[start + c]! * x[c]!;
        out[k] = sums[0]! + sums[1]! + (sums[2]! + sums[3]!);
      }
      return out;
    },
    combine(forces, out) {
      out.fill(0);
      for (let k = 0; k < starts.length; k++) {
        const start = starts[k]!;
        for (let c = 0; c < columns; c++) out[c]! += forces[k]! * matrix[start + c]!;
      }
      return out;
    },
  };
}

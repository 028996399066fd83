/**
 * Products with some rows of Float32 numbers in Float64: each row with a vector, and a combination of all rows.
 *
 * Where WebAssembly is at hand two columns at a time are done by SIMD. Both versions add up in the same order and agree to the last bit.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
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
  return module === null ? plainProducts(matrix, starts, columns) : new FastProducts(module, matrix, starts, columns);
}

class FastProducts implements RowProducts {
  private readonly count: number;
  private readonly width: number;
  private readonly rowsAt: number;
  /** Zero beyond the columns, as the rows are. */
  private readonly ofColumns: Float64Array;
  private readonly ofRows: Float64Array;
  private readonly kernels: Record<'dots' | 'combine', WasmFunction>;

  constructor(
    module: WebAssembly.Module,
    matrix: Float32Array,
    starts: ArrayLike<number>,
    private readonly columns: number,
  ) {
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
    this.count = count;
    this.width = width;
    this.rowsAt = rowsAt;
    this.ofColumns = new Float64Array(buffer, columnsAt, width);
    this.ofRows = new Float64Array(buffer, forcesAt, count);
    this.kernels = instantiateWasm(module, memory) as Record<'dots' | 'combine', WasmFunction>;
  }

  dots(x: Float64Array, out: Float64Array): Float64Array {
    const { kernels, rowsAt, count, width, ofColumns, ofRows } = this;
    ofColumns.set(x);
    callWasm(kernels.dots, rowsAt, count, width, ofColumns.byteOffset, ofRows.byteOffset);
    out.set(ofRows);
    return out;
  }

  combine(forces: Float64Array, out: Float64Array): Float64Array {
    const { kernels, rowsAt, count, width, ofColumns, ofRows } = this;
    ofRows.set(forces);
    ofColumns.fill(0);
    callWasm(kernels.combine, rowsAt, count, width, ofRows.byteOffset, ofColumns.byteOffset);
    out.set(ofColumns.subarray(0, this.columns));
    return out;
  }
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

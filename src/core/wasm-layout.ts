/**
 * How arrays lie in WebAssembly memory for vectors of four Float32.
 */
import { giveBackMemory, lendMemory, wasmMemory } from './wasm.js';

/** Float32 values in a vector. */
export const LANES = 4;

/** The next multiple of a vector's length. */
export const padded = (n: number): number => Math.ceil(n / LANES) * LANES;

/** Hands out 16-byte aligned addresses; the memory is made when all is known. */
export class WasmLayout {
  private end = 16;
  private readonly writes: ((buffer: ArrayBuffer) => void)[] = [];

  reserve(bytes: number): number {
    const at = this.end;
    // A vector's width more: vectors may read over the end of a line.
    this.end += Math.ceil((bytes + 16) / 16) * 16;
    return at;
  }

  place(values: Float32Array | Int32Array): number {
    const at = this.reserve(values.byteLength);
    this.writes.push((buffer) => {
      const to = values instanceof Float32Array ? Float32Array : Int32Array;
      new to(buffer, at, values.length).set(values);
    });
    return at;
  }

  create(): WebAssembly.Memory {
    return this.filled(wasmMemory(this.end));
  }

  /** What is made of a memory that is needed no longer when `use` returns. */
  lend<T>(use: (memory: WebAssembly.Memory) => T): T {
    const memory = lendMemory(this.end);
    try {
      return use(this.filled(memory));
    } finally {
      giveBackMemory(memory);
    }
  }

  private filled(memory: WebAssembly.Memory): WebAssembly.Memory {
    for (const write of this.writes) write(memory.buffer);
    return memory;
  }
}

/** [point][k], padded with zeros to whole vectors. */
export function padTerms(weights: Float32Array, terms: number, groups: number): Float32Array {
  const width = LANES * groups;
  if (terms === width) return weights;
  const count = weights.length / terms;
  const out = new Float32Array(count * width);
  for (let p = 0; p < count; p++) {
    for (let k = 0; k < terms; k++) out[p * width + k] = weights[p * terms + k]!;
  }
  return out;
}

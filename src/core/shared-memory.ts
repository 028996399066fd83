/** Memory that all threads of a pool see; of one thread it is its own. */
import type { SharableArray } from './executor.js';

export class SharedMemory {
  private readonly copies = new WeakMap<SharableArray, SharableArray>();

  constructor(private readonly threads: number) {}

  /** Zeros: so many numbers of 8 bytes. */
  allocate(length: number): Float64Array {
    return this.threads === 1 ? new Float64Array(length) : new Float64Array(new SharedArrayBuffer(8 * length));
  }

  /** The array where all threads see it, copied once. */
  share<T extends SharableArray>(array: T): T {
    if (this.threads === 1 || array.buffer instanceof SharedArrayBuffer) return array;
    const known = this.copies.get(array) as T | undefined;
    if (known) return known;
    const Type = array.constructor as new (buffer: SharedArrayBuffer) => T;
    const copy = new Type(new SharedArrayBuffer(array.byteLength));
    copy.set(array);
    this.copies.set(array, copy);
    return copy;
  }
}

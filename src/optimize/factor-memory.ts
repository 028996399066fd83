/**
 * Where the Cholesky factor of many columns lies: once, where all threads make it and the calling one solves with it.
 *
 * Before there is a factor the same memory holds the matrices of clusters, one per thread. Behind it every thread has its scratch. With
 * one thread it is ordinary memory; where WebAssembly is not to be had, shared bytes for the plain version.
 */
import type { Executor } from '../core/executor.js';
import { compileWasm, lendSharedMemory, wasmMemory } from '../core/wasm.js';
import { sharedBytes } from './compact-rows.js';
import { binary } from './dense.wasm.js';
import { BLOCK, type DenseMemory, paddedSize, panelFloats } from './dense-kernel.js';

export interface FactorMemory extends DenseMemory {
  /** Columns of the widest matrix. */
  readonly capacity: number;
  /** Entries of the matrix of one thread's cluster, as they lie one after the other from the first entry on. */
  readonly ofCluster: number;
  /** First byte of each thread's scratch. */
  readonly scratch: readonly number[];
  /** Of the one that solves: `capacity` Float64 numbers and one per row of a block. */
  readonly solutionAt: number;
}

export interface FactorSize {
  /** Of the largest factor, in blocks, and its columns, further ones among them. */
  readonly blocks: number;
  readonly columns: number;
  /** Of the largest cluster. */
  readonly cluster: number;
  /** Clusters that are made at a time. */
  readonly slots: number;
}

/** Entries of the first blocks of a factor, which is kept block by block of its rows, `width` columns. */
export const packedEntries = (blocks: number, width: number): number =>
  BLOCK * (blocks * width - (BLOCK * blocks * (blocks - 1)) / 2);

/** To be given back to `giveBackSharedMemory` where it is shared. */
export function factorMemory(
  executor: Executor,
  { blocks, columns, cluster, slots }: FactorSize,
  isAccelerated: boolean,
): FactorMemory {
  const capacity = paddedSize(Math.max(columns, cluster));
  const ofCluster = paddedSize(cluster) ** 2;
  const entries = Math.max(packedEntries(blocks, columns), slots * ofCluster);
  const aligned = (bytes: number): number => 16 * Math.ceil(bytes / 16);
  let bytes = aligned(4 * entries);
  const reserve = (length: number): number => {
    const at = bytes;
    // A vector's width more: vectors may read over the end of a line.
    bytes = aligned(bytes + length + 16);
    return at;
  };
  const scratch = Array.from({ length: executor.threads }, () => reserve(4 * panelFloats(capacity)));
  const solutionAt = reserve(8 * (capacity + BLOCK));
  const isShared = executor.threads > 1;
  const place = { entries, capacity, ofCluster, scratch, solutionAt, isShared };
  if (!isAccelerated || compileWasm(binary, isShared) === null)
    return { ...place, buffer: sharedBytes(executor, bytes) };
  const memory = isShared ? lendSharedMemory(bytes) : wasmMemory(bytes);
  return { ...place, buffer: memory.buffer, memory };
}

/**
 * WebAssembly modules that travel as base64 in a source file.
 */

const compiled = {
  own: new Map<string, WebAssembly.Module | null>(),
  shared: new Map<string, WebAssembly.Module | null>(),
};

/**
 * The module, compiled on first use; null where WebAssembly or its SIMD is missing or forbidden: callers then use their plain
 * version.
 *
 * @param isShared whether it is to work on memory that all threads see. @default false
 */
export function compileWasm(base64: string, isShared = false): WebAssembly.Module | null {
  const known = isShared ? compiled.shared : compiled.own;
  let module = known.get(base64);
  if (module === undefined) {
    module = compile(base64, isShared);
    known.set(base64, module);
  }
  return module;
}

/** How a module asks for memory of its own, at least no page of it: the section of imports, which is of `env.memory` alone. */
const OWN = [2, 15, 1, 3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, 0];
/** The same for shared memory, which must have a largest size: 65,536 pages, three bytes more. */
const SHARED = [...OWN.slice(0, 1), 18, ...OWN.slice(2, -2), 3, 0, 0x80, 0x80, 4];

/** The same code on shared memory: a module says which of the two it takes. */
function sharedModule(bytes: Uint8Array): Uint8Array {
  for (let at = 8; at + OWN.length <= bytes.length; at++) {
    if (!OWN.every((byte, k) => bytes[at + k] === byte)) continue;
    return Uint8Array.from([...bytes.subarray(0, at), ...SHARED, ...bytes.subarray(at + OWN.length)]);
  }
  throw new Error('wasm: the module imports something else than env.memory. Compile it with --importMemory.');
}

function compile(base64: string, isShared: boolean): WebAssembly.Module | null {
  if (typeof WebAssembly !== 'object') return null;
  try {
    const own = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bytes = isShared ? sharedModule(own) : own;
    return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  } catch {
    return null;
  }
}

const PAGE = 65536;

/** Memory of at least so many bytes, all zero. */
export function wasmMemory(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
}

/** Memories that were given back: filling one with zeros is ten times as fast as having the system make it. */
const spare: WebAssembly.Memory[] = [];
const MOST_SPARE = 2;

/** Memory of at least so many bytes, those zero, for a while: to be given back. */
export function lendMemory(bytes: number): WebAssembly.Memory {
  const fits = spare.findIndex(({ buffer }) => buffer.byteLength >= bytes);
  if (fits < 0) return wasmMemory(bytes);
  const memory = spare.splice(fits, 1)[0]!;
  new Uint8Array(memory.buffer, 0, bytes).fill(0);
  return memory;
}

/** Takes back what was lent; the largest few are kept. */
export function giveBackMemory(memory: WebAssembly.Memory): void {
  spare.push(memory);
  spare.sort((a, b) => a.buffer.byteLength - b.buffer.byteLength);
  if (spare.length > MOST_SPARE) spare.shift();
}

/** The largest memory for all threads that was given back: other threads hold on to what they have seen, so that new ones would pile up. */
let spareShared: WebAssembly.Memory | undefined;

/** Memory that all threads see, of at least so many bytes, those zero: to be given back. */
export function lendSharedMemory(bytes: number): WebAssembly.Memory {
  if (spareShared === undefined || spareShared.buffer.byteLength < bytes) {
    const pages = Math.ceil(bytes / PAGE);
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }
  const memory = spareShared;
  spareShared = undefined;
  new Uint8Array(memory.buffer, 0, bytes).fill(0);
  return memory;
}

/** Takes back what was lent: nobody may use it any more. */
export function giveBackSharedMemory(memory: WebAssembly.Memory): void {
  if (memory.buffer.byteLength > (spareShared?.buffer.byteLength ?? 0)) spareShared = memory;
}

/** A function of a module: numbers and addresses in, a number or nothing out. */
export type WasmFunction = (...args: number[]) => number;

/**
 * Calls a function of a module. All calls go through here, a place that sees functions of many instances: one that only sees those of a
 * single instance is compiled for it, with all that calls it, and anew when its memory is gone.
 */
export function callWasm(f: WasmFunction, ...args: number[]): number {
  return f(...args);
}

/** What a module exports, working on a memory. */
export function instantiateWasm(module: WebAssembly.Module, memory: WebAssembly.Memory): unknown {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}

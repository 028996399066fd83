/**
 * WebAssembly modules that travel as base64 in a source file.
 */

const compiled = new Map<string, WebAssembly.Module | null>();

/**
 * The module, compiled on first use; null where WebAssembly or its SIMD is missing or forbidden: callers then use their plain
 * version.
 */
export function compileWasm(base64: string): WebAssembly.Module | null {
  let module = compiled.get(base64);
  if (module === undefined) {
    module = compile(base64);
    compiled.set(base64, module);
  }
  return module;
}

function compile(base64: string): WebAssembly.Module | null {
  if (typeof WebAssembly !== 'object') return null;
  try {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
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

/** What a module exports, working on a memory. */
export function instantiateWasm(module: WebAssembly.Module, memory: WebAssembly.Memory): unknown {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}

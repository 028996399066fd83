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

/** What a module exports, working on a memory. */
export function instantiateWasm(module: WebAssembly.Module, memory: WebAssembly.Memory): unknown {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}

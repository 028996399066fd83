/** The little of WebAssembly that is used, and the one name for base64: every host has them, no shared library declares them. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: { initial: number });
  }
  class Instance {
    readonly exports: unknown;
    constructor(module: Module, imports: object);
  }
  function validate(bytes: Uint8Array): boolean;
}
declare function atob(text: string): string;

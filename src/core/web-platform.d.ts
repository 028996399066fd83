/**
 * Of the web platform what respine uses, all of it in every browser and in Node: the one place that declares it.
 *
 * The DOM library, the one of workers and Node's types each bring hundreds of names that the others lack (`document`, `location`,
 * `process`), and a core that sees one of them compiles with a slip that fails elsewhere. So the core is typed without any of the
 * three (tsconfig.core.json), and this says the few names that they share.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
  }
  class Instance {
    readonly exports: unknown;
    constructor(module: Module, imports: object);
  }
  function validate(bytes: Uint8Array): boolean;
}

declare var TextEncoder: new () => { encode(text: string): Uint8Array };
declare var TextDecoder: new (label?: string) => { decode(bytes: Uint8Array): string };

/** Base64 to a text of one character per byte, and back. */
declare function atob(text: string): string;
declare function btoa(bytes: string): string;

/** The two streams of bytes, as the Streams standard calls them. */
interface GenericTransformStream {
  readonly writable: { getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> } };
  readonly readable: {
    getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }>; cancel(): Promise<void> };
  };
}
declare var CompressionStream: new (format: 'gzip') => GenericTransformStream;
declare var DecompressionStream: new (format: 'gzip') => GenericTransformStream;

/** The part of dcmjs that is used: it ships no types. */
declare module 'dcmjs' {
  interface Element {
    readonly vr: string;
    readonly Value?: readonly unknown[];
  }
  interface ReadOptions {
    readonly ignoreErrors?: boolean;
    readonly untilTag?: string;
    readonly includeUntilTagValue?: boolean;
    readonly stopOnGreaterTag?: boolean;
  }
  interface DicomDict {
    /** By tag, eight upper-case hexadecimal digits. */
    readonly meta: Readonly<Record<string, Element>>;
    readonly dict: Readonly<Record<string, Element>>;
  }
  const dcmjs: {
    readonly data: { readonly DicomMessage: { readFile(buffer: ArrayBuffer, options?: ReadOptions): DicomDict } };
    readonly log: {
      setLevel(level: string): void;
      getLogger(name: string): { setLevel(level: string): void };
    };
  };
  export default dcmjs;
}

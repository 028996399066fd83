/** What is used of papaparse: its own types bring Node's with them, and the core is to see neither `process` nor `Buffer`. */
declare module 'papaparse' {
  interface Step {
    readonly data: readonly string[];
    /** `index`: where in the text the field begins. */
    readonly errors: readonly { readonly type: 'Quotes' | 'Delimiter' | 'FieldMismatch'; readonly index?: number }[];
    /** `cursor`: where in the text the record ends. */
    readonly meta: { readonly cursor: number };
  }
  const papa: {
    parse(
      text: string,
      options: {
        delimiter: string;
        newline: string;
        comments: string | false;
        skipEmptyLines: 'greedy';
        step: (step: Step) => void;
      },
    ): void;
    unparse(rows: readonly (readonly (string | null)[])[], options: { newline: string }): string;
  };
  export default papa;
}

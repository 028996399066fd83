/**
 * One line of the validation table: a quantity, what it is held against, how far off it is, and how far off it may be.
 */
export interface Comparison {
  /** What is compared, e.g. `depth dose 100 mm, SSD 900`. */
  readonly quantity: string;
  /** Against what. */
  readonly reference: string;
  /** Largest deviation found, in `unit`. */
  readonly value: number;
  /** Largest that may be found; null where the number is shown for information only. */
  readonly limit: number | null;
  readonly unit: string;
  /** What else is worth knowing, e.g. where the largest deviation lies. */
  readonly note?: string;
}

/** Bytes of a reference file by its path below the reference folder; undefined where it is not there. */
export type ReferenceReader = (path: string) => Uint8Array | undefined;

export const isMet = ({ value, limit }: Comparison): boolean => limit === null || Math.abs(value) <= limit;

/** The table in Markdown, one line per comparison. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const digits = (value: number): string => String(Number(value.toPrecision(3)));
  const rows = comparisons.map((c) => {
    const limit = c.limit === null ? '' : `<= ${c.limit} ${c.unit}`;
    const verdict = c.limit === null ? '' : isMet(c) ? 'met' : '**missed**';
    return `| ${c.quantity} | ${c.reference} | ${digits(c.value)} ${c.unit} | ${limit} | ${verdict} | ${c.note ?? ''} |`;
  });
  return [
    '| quantity | reference | largest deviation | allowed | | where |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Largest absolute value and root mean square of a list, and the item with the largest. */
export function spread<T>(items: readonly T[], deviation: (item: T) => number): { max: number; rms: number; at: T } {
  let at = items[0] as T;
  let sum = 0;
  for (const item of items) {
    const d = deviation(item);
    sum += d * d;
    if (Math.abs(d) > Math.abs(deviation(at))) at = item;
  }
  return { max: Math.abs(deviation(at)), rms: Math.sqrt(sum / items.length), at };
}

/**
 * One line of the validation table: a quantity, what it is held against, how far off it is, how far off it may be, and whether
 * anything was fitted to the very data that it is held against.
 */
import { toDigits } from '../core/rounding.js';
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
  /** What was fitted to, or chosen on, the same data: such a line says how well the fit is, not how well it predicts. */
  readonly fitted?: string;
  /** What else is worth knowing, e.g. where the largest deviation lies. */
  readonly note?: string;
}

/** Bytes of a reference file by its path below the reference folder; undefined where it is not there. */
export type ReferenceReader = (path: string) => Uint8Array | undefined;

export const isMet = ({ value, limit }: Comparison): boolean => limit === null || Math.abs(value) <= limit;

/** Distance of a figure from its limit, percent of the limit; negative where it is missed. Null without a limit other than zero. */
export const marginOf = ({ value, limit }: Comparison): number | null =>
  limit === null || limit === 0 ? null : 100 * (1 - Math.abs(value) / limit);

/** The table in Markdown, one line per comparison. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const digits = (value: number, count = 3): string => String(toDigits(value, count));
  const rows = comparisons.map((c) => {
    const limit = c.limit === null ? 'information' : `${c.limit} ${c.unit}`;
    const own = marginOf(c);
    const fraction = own === null ? '' : `${digits(own, 2)} %`;
    const margin = isMet(c) ? fraction : `**missed** ${fraction}`.trimEnd();
    const cells = [
      c.quantity,
      c.reference,
      `${digits(c.value)} ${c.unit}`,
      limit,
      margin,
      c.fitted ?? '',
      c.note ?? '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| quantity | reference | largest deviation | allowed | margin, of the limit | fitted to the same data | where |',
    '|---|---|---|---|---|---|---|',
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

/** Rows as text: comma-separated values, and columns for a terminal. */
import { plainText } from '../core/sentence.js';

/** One line of RFC 4180, with its end; null is an empty field. */
export function csvLine(values: readonly (string | number | null)[]): string {
  return `${values.map((value) => (value === null ? '' : csvField(String(value)))).join(',')}\n`;
}

/** One cell, quoted where it must be. */
export function csvField(value: string): string {
  const text = csvText(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The text of a cell: a name that a spreadsheet would take for a formula gets an apostrophe before it, and what steers a terminal
 * is shown as its escape. Numbers stay numbers.
 */
export function csvText(text: string): string {
  const plain = plainText(text);
  return /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(plain) && !NUMBER.test(plain) ? `'${plain}` : plain;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Columns two spaces apart: the first and what holds words to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  const isNumeric = widths.map(
    (_, c) => c > 0 && rows.slice(1).every((row) => /^[-\d.]*( ±[\d.?]+| %)?$/.test(row[c] ?? '')),
  );
  const lines = rows.map((row) =>
    row.map((cell, c) => (isNumeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Rows as text: comma-separated values, and columns for a terminal. */

/** One line of RFC 4180, with its end; null is an empty field. */
export function csvLine(values: readonly (string | number | null)[]): string {
  const fields = values.map((value) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${fields.join(',')}\n`;
}

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

/**
 * Reference tables: comma-separated, comment lines with `#`, one header line, quoted fields allowed.
 */
import { readCsv } from '../io/csv.js';
import { utf8Decode } from '../io/utf8.js';

export type CsvRow = Readonly<Record<string, string>>;

/** @throws {FormatError} if a row has another number of fields than the header */
export function parseCsv(bytes: Uint8Array, path: string): CsvRow[] {
  const [header = [], ...rows] = readCsv(utf8Decode(bytes), path, { comments: '#' });
  const names = header.map((name) => name.trim());
  return rows.map((fields) => Object.fromEntries(names.map((name, f) => [name, fields[f]!.trim()])));
}

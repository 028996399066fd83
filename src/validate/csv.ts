/**
 * Reference tables: comma-separated, comment lines with `#`, one header line, quoted fields allowed.
 */
import { FormatError } from '../core/errors.js';
import { utf8Decode } from '../io/nrrd.js';

export type CsvRow = Readonly<Record<string, string>>;

/** @throws {FormatError} if a row has another number of fields than the header */
export function parseCsv(bytes: Uint8Array, path: string): CsvRow[] {
  const lines = utf8Decode(bytes)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const header = fieldsOf(lines[0] ?? '');
  return lines.slice(1).map((line, i) => {
    const fields = fieldsOf(line);
    if (fields.length !== header.length) {
      throw new FormatError(`row ${i + 2} has ${fields.length} fields, the header ${header.length}.`, path);
    }
    return Object.fromEntries(header.map((name, f) => [name, fields[f]!]));
  });
}

function fieldsOf(line: string): string[] {
  const fields = line.match(/("[^"]*"|[^,]*)(,|$)/g) ?? [];
  // The pattern also matches the empty text at the end of the line.
  const texts = fields.map((field) => field.replace(/,$/, '').replace(/^"|"$/g, '').trim());
  return line.endsWith(',') ? texts : texts.slice(0, -1);
}

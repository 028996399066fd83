/** Comma-separated values (RFC 4180), written and read by papaparse. */
import papa from 'papaparse';
import { FormatError } from '../core/errors.js';
import { plainText } from '../core/sentence.js';

export type CsvValue = string | number | null;

/** Rows of RFC 4180, each with its end; null is an empty field. */
export function csvTable(rows: readonly (readonly CsvValue[])[]): string {
  const cells = rows.map((row) => row.map((value) => (value === null ? null : csvText(String(value)))));
  return rows.length === 0 ? '' : `${papa.unparse(cells, { newline: '\n' })}\n`;
}

/** One row of {@link csvTable}. */
export const csvLine = (values: readonly CsvValue[]): string => csvTable([values]);

/**
 * The text of a cell: a name that a spreadsheet would take for a formula gets an apostrophe before it, and what steers a terminal
 * is shown as its escape. Numbers stay numbers.
 */
export function csvText(text: string): string {
  const plain = plainText(text);
  return /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(plain) && !NUMBER.test(plain) ? `'${plain}` : plain;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

export interface CsvOptions {
  /** What a line begins with that is none of the table. @default none */
  readonly comments?: string;
  /** The last sentence of an error. @default 'Correct that line.' */
  readonly remedy?: string;
}

/**
 * The records of a table, its header first; blank lines are left out, a byte-order mark and any line ends are taken.
 *
 * @param path name of the file, for messages
 * @throws {FormatError} with the line, for a quote that is not closed and a record that is not as long as the header
 */
export function readCsv(text: string, path: string, options: CsvOptions = {}): (readonly string[])[] {
  const { comments = false, remedy = 'Correct that line.' } = options;
  const lines = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const records: (readonly string[])[] = [];
  const step = ({ data, errors, meta }: Parameters<Parameters<typeof papa.parse>[1]['step']>[0]): void => {
    const unclosed = errors.find(({ type }) => type === 'Quotes');
    const header = records[0]?.length ?? data.length;
    if (unclosed === undefined && data.length === header) {
      records.push(data);
      return;
    }
    const found = unclosed === undefined ? `${data.length} fields` : 'a quote that is not closed';
    const aim = records.length === 0 ? '' : `, the header ${header} fields`;
    const line = lineAt(lines, unclosed?.index ?? meta.cursor - 1);
    throw new FormatError(`line ${line} has ${found}${aim}. ${remedy}`, path);
  };
  papa.parse(lines, { delimiter: ',', newline: '\n', comments, skipEmptyLines: 'greedy', step });
  return records;
}

/** The line, from 1, in which a character of the text stands. */
const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** Comma-separated values: bytes as RFC 4180 has them, tables read back to themselves, errors that name the line. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { csvLine, csvTable, readCsv } from '../../src/io/csv.js';
import { parseCsv } from '../../src/validate/csv.js';

/** RFC 4180, section 2, in one line per cell: what is quoted, and how. */
const slowCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// Names as structures have them, with everything that needs a quote. What csvText changes has its own test.
const cell = fc
  .string({ unit: fc.constantFrom(...'aZ09_é^ ,"\n;\t'), maxLength: 8 })
  .filter((text) => !/^[\s]*[=+\-@]/.test(text));

test('bytes are those of RFC 4180 with LF; only a cell that begins or ends with a blank is quoted beyond need (seed 11)', () => {
  const row = fc.array(cell, { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(row, (values) => {
      const slow = values.map((text) => (/^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : slowCell(text)));
      expect(csvLine(values)).toBe(`${slow.join(',')}\n`);
    }),
    { seed: 11, numRuns: 500 },
  );
  expect(csvLine(['Cord, left', 'the "hot" one', 'two\nlines', null, 1.5, -2e-7, ''])).toBe(
    '"Cord, left","the ""hot"" one","two\nlines",,1.5,-2e-7,\n',
  );
  expect(csvTable([])).toBe('');
});

test('what is written reads back to itself, with LF, CRLF or CR and with a byte-order mark (seed 12)', () => {
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((n) => fc.array(fc.array(cell, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 5 }))
    .filter((rows) => rows.every((row) => row.join('').trim() !== ''));
  fc.assert(
    fc.property(table, (rows) => {
      const text = csvTable(rows);
      for (const other of [text, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r'), `\ufeff${text}`])
        expect(readCsv(other, 'a.csv')).toEqual(rows);
    }),
    { seed: 12, numRuns: 300 },
  );
});

test('comments and blank lines are left out, a last line needs no end', () => {
  const text = '# a table of 1, 2 and "3\n\nx_mm,name\n# between\n 1 ,"A, b"\n \t\n2,"# no comment"';
  expect(parseCsv(new TextEncoder().encode(`\ufeff${text}`), 'a.csv')).toEqual([
    { x_mm: '1', name: 'A, b' },
    { x_mm: '2', name: '# no comment' },
  ]);
  expect(parseCsv(new Uint8Array(), 'a.csv')).toEqual([]);
  expect(readCsv('#1,2\n', 'a.csv')).toEqual([['#1', '2']]);
});

test.each([
  ['one field too few', 'a,b\n# c\n\n1,2\n3\n', 'line 5 has 1 fields, the header 2 fields. Correct that line.'],
  ['too many, with CRLF', 'a,b\r\n1,2,3\r\n4,5\r\n', 'line 2 has 3 fields, the header 2 fields. Correct that line.'],
  ['at the end, without a line end', 'a,b\n"1\n1",2\n3', 'line 4 has 1 fields, the header 2 fields.'],
  ['an open quote', 'a,b\n1,2\n3,"4\n5,6\n', 'line 3 has a quote that is not closed, the header 2 fields.'],
  ['text after a quote', 'a,b\n1,2\n"3"x,4\n', 'line 3 has a quote that is not closed, the header 2 fields.'],
  ['an open quote before others', 'a,b\n1,"2\n3,"4"\n', 'line 2 has a quote that is not closed, the header 2 fields.'],
  ['in the header', '# c\n"a,b\n', 'line 2 has a quote that is not closed. Correct that line.'],
])('refused with path and line: %s', (_, text, message) => {
  const read = (): unknown => readCsv(text, 'dir/a.csv', { comments: '#' });
  expect(read).toThrow(FormatError);
  expect(read).toThrow(`dir/a.csv: ${message}`);
});

/**
 * The memory that tables of a study take where they are merged or summarised, looked at before one is read.
 *
 * Held are a run for each plan of the study, the cells of each row, and the text of each table, which cells are pieces of. Their bytes were measured as the
 * smallest heap in which made tables came to their end (`node --max-old-space-size`, bisected to 5 %, of which 25 MB are the program's own): drawn plans under four
 * levels of two factors, 50,000 rows of 24 columns (11 MB), of 42 (18 MB), 200,000 of 24 (44 MB). Merged from two folders they took 164, 193 and 600 MB, which is told as
 * 169, 205 and 603; summarised 254, 332 and between 880 and 1000 MB, told as 254, 328 and 941. What figures take outside that heap is up to as
 * much again.
 */
import { constants } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { InvalidInputError } from '../core/errors.js';
import { countRuns, type Study } from '../plan/input/study-file.js';
import { studyColumns } from '../report/study-table.js';
import { readBytes } from './files.js';

/** Bytes of each plan of the study, each row beside its cells, each cell; of a summary with its levels, pairs and points of figures. */
const HELD = {
  merge: { plan: 1700, row: 200, cell: 32, verb: 'putting the tables together' },
  summary: { plan: 1700, row: 860, cell: 75, verb: 'summarising the table' },
};
/** Bytes of the program itself. */
const PROGRAM = 25e6;
/** Of the memory that JavaScript may take, what is left for its cleaning up. */
const FREE = 0.2;

/**
 * @param files tables, of which some need not be there
 * @throws {InvalidInputError} with what it takes and what there is, where that is more
 */
export async function checkTableMemory(study: Study, files: readonly string[], work: keyof typeof HELD): Promise<void> {
  let [bytes, rows] = [0, 0];
  for (const file of files) {
    const known = await stat(file).catch(() => undefined);
    if (known === undefined || !known.isFile()) continue;
    checkLength(file, known.size);
    bytes += known.size;
    rows += await linesOf(file);
  }
  const { plan, row, cell, verb } = HELD[work];
  // How many patients a folder holds is not looked up for this.
  const plans = typeof study.patients === 'string' ? rows : countRuns(study);
  const needed = PROGRAM + bytes + plans * plan + rows * (row + cell * studyColumns(study).length);
  const room = (1 - FREE) * getHeapStatistics().heap_size_limit;
  if (needed <= room) return;
  const heap = Math.ceil(needed / (1 - FREE) / 1e6);
  const whole = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const remedy =
    heap * 1e6 < whole
      ? `Give more memory, NODE_OPTIONS=--max-old-space-size=${heap}.`
      : `Do it on a machine with more than ${gb(heap * 1e6)}, with NODE_OPTIONS=--max-old-space-size=${heap}, or divide the study into several.`;
  throw new InvalidInputError(
    `${study.path}: ${verb} of ${rows} rows for ${plans} plans takes about ${gb(needed)} of the ${gb(room)} of memory there are for it. ${remedy}`,
  );
}

/**
 * The text of a table.
 *
 * @throws {InvalidInputError} where it cannot be read, or is longer than a text may be
 */
export async function tableText(file: string): Promise<string> {
  checkLength(file, (await stat(file).catch(() => undefined))?.size ?? 0);
  return new TextDecoder().decode(await readBytes(file));
}

function checkLength(file: string, bytes: number): void {
  if (bytes <= constants.MAX_STRING_LENGTH) return;
  throw new InvalidInputError(
    `${file}: this table has ${gb(bytes)}, more than the ${gb(constants.MAX_STRING_LENGTH)} that are read as one text. Divide the study into several, or ask for fewer metrics.`,
  );
}

/** Ends of lines in a file, in pieces: 1 GB a second or so. */
async function linesOf(file: string): Promise<number> {
  let count = 0;
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = piece as Buffer;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  }
  return Math.max(0, count - 1);
}

const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

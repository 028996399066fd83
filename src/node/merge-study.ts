/** Tables of a study's shards, put together into the one that the whole study would have made. */
import { join } from 'node:path';
import { InvalidInputError } from '../core/errors.js';
import type { Study, StudyRun } from '../plan/input/study-file.js';
import { readStudyTable, type StudyRow, tablePieces } from '../report/study-table.js';
import { writeFileAtomic } from './files.js';
import { inOrder, inOwnFolder, readTable, runsOfStudy, TABLE } from './run-study.js';
import { checkBuilds, markFolder } from './study-build.js';
import { checkTableMemory, tableText } from './table-memory.js';

export interface MergeOutcome {
  readonly file: string;
  /** Of every run that some table holds, in the order of the study. */
  readonly rows: readonly StudyRow[];
  /** Runs of the study that no table holds. */
  readonly missing: readonly StudyRun[];
  /** Rows that are of no run of this study in this version; they are kept at the end of the table. */
  readonly others: number;
}

/**
 * Merges the tables of folders, and that of `outDir` where there is one.
 *
 * Where two tables hold one plan, a row that was made comes before a failure; two that were made must be the same.
 *
 * @param dirs folders of `study.csv`
 * @throws {InvalidInputError} for a folder without a table, tables that memory does not hold, the table of another study, or two rows of one plan that
 *   differ
 * @throws {FormatError} for a line that is no row
 */
export async function mergeStudy(study: Study, dirs: readonly string[], outDir: string): Promise<MergeOutcome> {
  await checkBuilds([...dirs, outDir]);
  const file = join(outDir, TABLE);
  await checkTableMemory(study, [...dirs.map((dir) => join(dir, TABLE)), file], 'merge');
  const runs = await runsOfStudy(study);
  const found = new Map<string, { readonly row: StudyRow; readonly from: string }>();
  const add = (rows: ReadonlyMap<string, StudyRow>, from: string): void => {
    for (const [key, row] of rows) found.set(key, { row: better(found.get(key), { row, from }), from });
  };
  for (const dir of dirs) {
    const from = join(dir, TABLE);
    add(readStudyTable(study, await tableText(from), from), from);
  }
  return inOwnFolder(outDir, file, async () => {
    add(await readTable(study, file), file);
    const rows = new Map([...found].map(([key, { row }]) => [key, row]));
    const sorted = inOrder(runs, rows);
    await writeFileAtomic(file, tablePieces(study, sorted));
    await markFolder(outDir);
    const own = runs.filter(({ key }) => rows.has(key));
    return {
      file,
      rows: sorted.slice(0, own.length),
      missing: runs.filter(({ key }) => !rows.has(key)),
      others: sorted.length - own.length,
    };
  });
}

interface FoundRow {
  readonly row: StudyRow;
  readonly from: string;
}

function better(known: FoundRow | undefined, other: FoundRow): StudyRow {
  if (known === undefined || (known.row.isFailure && !other.row.isFailure)) return other.row;
  if (other.row.isFailure) return known.row;
  const at = known.row.cells.findIndex((cell, c) => cell !== other.row.cells[c]);
  if (at < 0) return known.row;
  throw new InvalidInputError(
    `study: ${known.from} and ${other.from} hold the plan ${other.row.cells[0]} with other figures ("${known.row.cells[at]}" and "${other.row.cells[at]}" in column ${at + 1}): its files or the machine's arithmetic differ. Leave one of the folders out.`,
  );
}

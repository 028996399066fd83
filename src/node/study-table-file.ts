/**
 * The table of a study on disk, while its rows come.
 *
 * It is written anew, whole or not at all, as long as that costs little beside the plans. What has grown large is written anew seldom, and rows
 * are put to its end meanwhile: a last line that is cut off counts for nothing when it is read, and the next run puts the rows in order.
 */
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StudyRow } from '../report/study-table.js';
import { orUnwritable, writeFileAtomic } from './files.js';

/** Of the time, at most this fraction goes into writing the table anew. */
const SHARE = 0.05;

export interface TableContent {
  /** The whole table, in pieces. */
  whole(): Iterable<string>;
  /** The line of one row. */
  line(row: StudyRow): string;
}

export class TableFile {
  private last: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private pending: StudyRow[] = [];
  /** ms: when it was last written anew, and how long that took. */
  private written = { at: Number.NEGATIVE_INFINITY, took: 0 };
  private isWhole = true;

  /** @param now ms */
  constructor(
    private readonly file: string,
    private readonly content: TableContent,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns when the row stands in the file; rows that come while it is written go together with the next ones */
  put(row: StudyRow): Promise<void> {
    this.pending.push(row);
    return this.soon(() => this.isDue());
  }

  /** Writes it anew, in its order. */
  write(): Promise<void> {
    return this.soon(() => true);
  }

  /** Once all rows are there: leaves it in its order. */
  async end(): Promise<void> {
    await (this.next ?? this.last);
    if (!this.isWhole) await this.write();
  }

  private soon(isDue: () => boolean): Promise<void> {
    this.next ??= this.last.then(() => {
      this.next = undefined;
      const rows = this.pending;
      this.pending = [];
      this.last = isDue() ? this.anew() : this.append(rows);
      return this.last;
    });
    return this.next;
  }

  private isDue(): boolean {
    const { at, took } = this.written;
    return (this.now() - at) * SHARE >= took;
  }

  private async anew(): Promise<void> {
    const begun = this.now();
    await writeFileAtomic(this.file, this.content.whole());
    this.written = { at: this.now(), took: this.now() - begun };
    this.isWhole = true;
  }

  private async append(rows: readonly StudyRow[]): Promise<void> {
    this.isWhole = false;
    const text = rows.map((row) => this.content.line(row)).join('');
    await orUnwritable(dirname(this.file), () => appendFile(this.file, text));
  }
}

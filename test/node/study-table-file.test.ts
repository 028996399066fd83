/** A study's table on disk while its rows come: whole as long as that is cheap, then with rows at its end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sha256 } from '../../src/node/sha256.js';
import { TableFile } from '../../src/node/study-table-file.js';
import { expandStudy, parseStudy } from '../../src/plan/input/study-file.js';
import {
  failedRow,
  readStudyTable,
  rowLine,
  type StudyRow,
  studyTable,
  tablePieces,
} from '../../src/report/study-table.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-table-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const study = parseStudy({ base: { patient: { phantom: 'spine-t8' } }, vary: { cordCap: [20, 21, 22, 23, 24, 25] } });
const runs = expandStudy(study, { version: '1', hash: (text) => sha256(text).slice(0, 16) });
const made = (k: number): StudyRow => {
  const { cells, ...row } = failedRow(study, runs[k]!, '', '1');
  return { ...row, isFailure: false, cells: cells.map((cell) => (cell === 'failed' ? 'reached' : cell)) };
};

/** A disk on which a whole table takes some ms. */
function table(name: string, milliseconds: number) {
  const rows = new Map<string, StudyRow>();
  const disk = { now: 0, anew: 0 };
  const file = join(folder, name);
  const sorted = () => runs.flatMap(({ key }) => rows.get(key) ?? []);
  const whole = () => {
    disk.now += milliseconds;
    disk.anew++;
    return tablePieces(study, sorted());
  };
  const writer = new TableFile(file, { whole, line: rowLine }, () => disk.now);
  const put = (row: StudyRow, seconds: number): Promise<void> => {
    disk.now += 1000 * seconds;
    rows.set(row.key, row);
    return writer.put(row);
  };
  return { disk, put, writer, read: () => readFileSync(file, 'utf8'), sorted };
}

test('a small table is written anew with every row, in its order', async () => {
  const { disk, put, read } = table('small.csv', 5);
  for (const k of [3, 0, 5]) await put(made(k), 4);
  expect(disk.anew).toBe(3);
  expect(read()).toBe(studyTable(study, [made(0), made(3), made(5)]));
});

test('a large one gets rows at its end, is whole at any moment, and in its order once it has ended', async () => {
  const { disk, put, writer, read, sorted } = table('large.csv', 2000);
  for (const k of [3, 0, 5]) {
    await put(made(k), 4);
    expect([...readStudyTable(study, read(), 't').keys()], 'as they came').toContain(runs[k]!.key);
  }
  expect(disk.anew).toBe(1);
  expect(read()).toBe(studyTable(study, [made(3), made(0), made(5)]));
  // Cut off in its last line, as by a full disk or a kill.
  expect(readStudyTable(study, read().slice(0, -30), 't').size).toBe(2);
  // 2 s of each 40.
  await put(made(1), 33);
  expect(disk.anew).toBe(2);
  await Promise.all([put(made(4), 0), put(made(2), 0)]);
  expect(disk.anew).toBe(2);
  await writer.end();
  expect(read()).toBe(studyTable(study, sorted()));
  expect(sorted()).toHaveLength(6);
});

test('of a plan that failed and was planned again the later line counts', async () => {
  const { put, read } = table('retried.csv', 2000);
  await put(failedRow(study, runs[0]!, 'no more memory', '1'), 1);
  await put(failedRow(study, runs[0]!, 'no more time', '1'), 1);
  await put(made(0), 1);
  expect([...readStudyTable(study, read(), 't').values()]).toEqual([made(0)]);
});

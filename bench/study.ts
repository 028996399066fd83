/**
 * A study one plan after the other and side by side: wall time, memory, and whether the tables are the same bytes. One after the other is
 * measured twice: each plan on one core, as side by side, and each on all cores, which `--jobs 1` is.
 *
 *     npm run bench:study [-- PLANS [JOBS]]      40 plans of T8 at 4 mm, two at a time, unless given
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RowMaker, runStudy } from '../dist/node/run-study.js';
import { planRuns } from '../dist/node/study-threads.js';
import { parseStudy } from '../dist/plan/input/study-file.js';

const [plans = 40, jobs = 2] = process.argv.slice(2).map(Number);
const targets = ['body', 'body-pedicle', 'horseshoe', 'ring'];
const caps = Array.from(
  { length: Math.ceil(plans / targets.length) },
  (_, k) => 20 + (16 * k * targets.length) / plans,
);
const study = parseStudy({
  base: {
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [4, 4, 4] },
    imrt: { delivery: 'fluence' },
  },
  vary: { 'patient.target': targets, cordCap: caps },
  techniques: ['imrt'],
});

const folder = mkdtempSync(join(tmpdir(), 'respine-bench-study-'));
try {
  const onOneCore: RowMaker = {
    jobs: 1,
    rows: (own, runs, { onRun, onRow, timeLimit }) =>
      planRuns(own, runs, { jobs: 1, threads: 1, timeLimit }, onRun, onRow),
  };
  const measured = async (
    name: string,
    side: number,
    maker?: RowMaker,
  ): Promise<{ seconds: number; table: string }> => {
    const begun = performance.now();
    const { rows, memory } = await runStudy(study, join(folder, name), { jobs: side, ...(maker && { maker }) });
    const seconds = (performance.now() - begun) / 1000;
    const failed = rows.filter(({ isFailure }) => isFailure).length;
    console.log(
      `${name}: ${rows.length} plans, ${failed} failed, ${seconds.toFixed(1)} s, ${(seconds / rows.length).toFixed(2)} s a plan, at most ${(memory / 1e6).toFixed(0)} MB`,
    );
    return { seconds, table: readFileSync(join(folder, name, 'study.csv'), 'utf8') };
  };
  const alone = await measured('one after the other, each on one core', 1, onOneCore);
  const one = await measured('one after the other, each on all cores', 1);
  const beside = await measured(`${jobs} at a time`, jobs);
  const isSame = beside.table === one.table && beside.table === alone.table;
  const [ofOne, ofAll] = [alone, one].map(({ seconds }) => (beside.seconds / seconds).toFixed(2));
  console.log(
    `ratio ${ofOne} of one core's, ${ofAll} of all cores'; tables ${isSame ? 'the same, byte for byte' : 'DIFFER'}`,
  );
  if (!isSame) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

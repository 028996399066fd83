/**
 * A study one plan after the other and side by side: wall time, CPU time, memory, and whether the tables are the same bytes. One after the
 * other is measured three times: each plan by itself, with nothing kept of the one before (of every fifth plan); each on one core, as side
 * by side; and each on all cores, which `--jobs 1` is.
 *
 *     npm run bench:study [-- PLANS [JOBS]]      40 plans of T8 at 4 mm, two at a time, unless given
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RowMaker, runStudy } from '../dist/node/run-study.js';
import { StudyPlanner } from '../dist/node/study-planner.js';
import { planRuns } from '../dist/node/study-threads.js';
import { parseStudy, type Study } from '../dist/plan/input/study-file.js';

const [plans = 40, jobs = 2] = process.argv.slice(2).map(Number);
const targets = ['body', 'body-pedicle', 'horseshoe', 'ring'];
const caps = Array.from(
  { length: Math.ceil(plans / targets.length) },
  (_, k) => 20 + (16 * k * targets.length) / plans,
);
const studyOf = (cordCap: readonly number[]): Study =>
  parseStudy({
    base: {
      patient: { phantom: 'spine-t8' },
      doseGrid: { spacing: [4, 4, 4] },
      imrt: { delivery: 'fluence' },
    },
    vary: { 'patient.target': targets, cordCap },
    techniques: ['imrt'],
  });
const study = studyOf(caps);
/** Every n-th, from the first. */
const every = (n: number, values: readonly number[]): number[] => values.filter((_, k) => k % n === 0);

const folder = mkdtempSync(join(tmpdir(), 'respine-bench-study-'));
try {
  const onOneCore: RowMaker = {
    jobs: 1,
    rows: (own, runs, { onRun, onRow, timeLimit }) =>
      planRuns(own, runs, { jobs: 1, threads: 1, timeLimit }, onRun, onRow),
  };
  const byItself: RowMaker = {
    jobs: 1,
    rows: async (own, runs, { onRun, onRow }) => {
      for (const run of runs) {
        onRun(run);
        const planner = new StudyPlanner(own, { threads: 1 });
        await onRow(await planner.row(run), run);
        await planner.close();
      }
    },
  };
  const measured = async (
    name: string,
    side: number,
    { maker, of = study }: { maker?: RowMaker; of?: Study } = {},
  ): Promise<{ seconds: number; table: string }> => {
    const begun = performance.now();
    const cpu = process.cpuUsage();
    const { rows, memory } = await runStudy(of, join(folder, name), { jobs: side, ...(maker && { maker }) });
    const seconds = (performance.now() - begun) / 1000 / rows.length;
    const { user, system } = process.cpuUsage(cpu);
    const failed = rows.filter(({ isFailure }) => isFailure).length;
    console.log(
      `${name}: ${rows.length} plans, ${failed} failed, ${(seconds * rows.length).toFixed(1)} s, ${seconds.toFixed(2)} s a plan by the clock, ${((user + system) / 1e6 / rows.length).toFixed(2)} of CPU, at most ${(memory / 1e6).toFixed(0)} MB`,
    );
    return { seconds, table: readFileSync(join(folder, name, 'study.csv'), 'utf8') };
  };
  const own = await measured('each by itself', 1, { maker: byItself, of: studyOf(every(5, caps)) });
  const alone = await measured('one after the other, each on one core', 1, { maker: onOneCore });
  const one = await measured('one after the other, each on all cores', 1);
  const beside = await measured(`${jobs} at a time`, jobs);
  const isSame = beside.table === one.table && beside.table === alone.table;
  const [ofOwn, ofOne, ofAll] = [own, alone, one].map(({ seconds }) => (beside.seconds / seconds).toFixed(2));
  console.log(
    `ratio of the time a plan: ${ofOwn} of each by itself, ${ofOne} of one core's, ${ofAll} of all cores'; tables ${isSame ? 'the same, byte for byte' : 'DIFFER'}`,
  );
  if (!isSame) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

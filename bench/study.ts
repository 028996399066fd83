/**
 * A study one plan after the other and side by side: wall time, memory, and whether the tables are the same bytes.
 *
 *     npm run bench:study [-- PLANS [JOBS]]      40 plans of T8 at 4 mm, two at a time, unless given
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStudy } from '../dist/node/run-study.js';
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
  const measured = async (name: string, side: number): Promise<{ seconds: number; table: string }> => {
    const begun = performance.now();
    const { rows, memory } = await runStudy(study, join(folder, name), { jobs: side });
    const seconds = (performance.now() - begun) / 1000;
    const failed = rows.filter(({ isFailure }) => isFailure).length;
    console.log(
      `${name}: ${rows.length} plans, ${failed} failed, ${seconds.toFixed(1)} s, ${(seconds / rows.length).toFixed(2)} s a plan, at most ${(memory / 1e6).toFixed(0)} MB`,
    );
    return { seconds, table: readFileSync(join(folder, name, 'study.csv'), 'utf8') };
  };
  const one = await measured('one after the other', 1);
  const beside = await measured(`${jobs} at a time`, jobs);
  console.log(
    `ratio ${(beside.seconds / one.seconds).toFixed(2)}; tables ${beside.table === one.table ? 'the same, byte for byte' : 'DIFFER'}`,
  );
  if (beside.table !== one.table) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

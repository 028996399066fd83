/**
 * Two courses into one EQD2 volume against the clock, the second one turned and shifted, on one thread and on two.
 *
 *     npm run bench:accumulate [-- tiny]
 *
 * 512 x 512 x 200 voxels, the prior course on a grid as fine and on a clinical dose grid of its own. The probe streams as
 * many bytes as the sum must at least read and write, in the same run.
 */

import type { DoseVolume, Grid } from 'respine';
import { accumulate } from 'respine/biology';
import { createDose, createGrid, createRigidTransform } from 'respine/geometry';
import { startWorkerPool, version } from 'respine/node';
import { voxelCount } from '../dist/geometry/grid.js';

const isTiny = process.argv[2] === 'tiny';
const fine = isTiny
  ? createGrid([20, 51, 51], [10, 10, 10], [-250, -250, -95])
  : createGrid([200, 512, 512], [0.98, 0.98, 1.5], [-250, -250, -149]);
const coarse = createGrid([90, 110, 150], [2.5, 2.5, 3], [-180, -130, -130]);

function smooth(grid: Grid, fractions: number): DoseVolume {
  const data = new Float32Array(voxelCount(grid));
  for (let i = 0; i < data.length; i++) data[i] = 20 + 15 * Math.sin(i * 1e-4);
  return createDose(grid, { quantity: 'physical', fractions }, data);
}

function best<T>(repeats: number, job: () => T): { seconds: number; cpu: number; value: T } {
  let seconds = Infinity;
  let cpu = Infinity;
  let value!: T;
  for (let i = 0; i < repeats; i++) {
    const from = process.cpuUsage();
    const start = performance.now();
    value = job();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(from);
    cpu = Math.min(cpu, (user + system) / 1e6);
  }
  return { seconds, cpu, value };
}

/** Seconds to read two and write one Float32 volume in a row. */
function stream(count: number): number {
  const [a, b, out] = [0, 0, 0].map(() => new Float32Array(count).fill(1));
  return best(3, () => {
    for (let i = 0; i < count; i++) out![i] = a![i]! + b![i]!;
  }).seconds;
}

const now = smooth(fine, 22);
const priors: [string, DoseVolume][] = [
  ['as fine', smooth(fine, 19)],
  ['2.5 x 2.5 x 3 mm', smooth(coarse, 19)],
];
const turned = createRigidTransform({ rotation: [2, -1.5, 3], translation: [4, -2.5, 6] });
const shifted = createRigidTransform({ translation: [4.3, -2.5, 6.1] });

console.log(
  `respine ${version}, Node ${process.version}, stream of the bytes ${stream(voxelCount(fine)).toFixed(2)} s`,
);
console.log('\n| prior grid | transform | threads | s | CPU s of all threads | M voxels/s | without a value |');
console.log('|---|---|---|---|---|---|---|');
for (const threads of [1, 2]) {
  const executor = await startWorkerPool({ threads: threads });
  for (const [grid, prior] of priors) {
    for (const [name, sumFromCourse] of [
      ['turned', turned],
      ['shifted', shifted],
    ] as const) {
      const courses = [
        { name: 'prior', dose: prior, sumFromCourse },
        { name: 'now', dose: now },
      ];
      const { seconds, cpu, value } = best(isTiny ? 1 : 3, () => accumulate(courses, fine, { alphaBeta: 2, executor }));
      const rate = (voxelCount(fine) / seconds / 1e6).toFixed(1);
      console.log(
        `| ${grid} | ${name} | ${threads} | ${seconds.toFixed(2)} | ${cpu.toFixed(2)} | ${rate} | ${value.missing} |`,
      );
    }
  }
  await executor.close();
}

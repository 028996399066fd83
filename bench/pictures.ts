/**
 * Pictures: a figure of 1200 x 900 pixels, the set of the main job, and growth with pixels and structures. CPU seconds of all threads beside
 * those of the clock, as others' work on the machine adds only to the latter.
 *
 *     npm run bench:pictures [-- PLAN_DIR]     plans the reference case first, unless the folder of a plan of it is given
 *
 * Fails where a figure takes more than 0.3 s, or the set of a process that has drawn nothing like it more than 2 s, on the clock: for a machine with two free
 * cores. The first figure of a process is told too.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildPhantom, runPlan } from 'respine';
import { readPhantom, startWorkerPool } from 'respine/node';
import { axisCentres, voxelCount } from '../dist/geometry/grid.js';
import type { DoseVolume } from '../dist/geometry/volume.js';
import { voxelizeStructure } from '../dist/geometry/voxelize.js';
import { loadJob } from '../dist/node/load-job.js';
import { loadPlan } from '../dist/node/load-plan.js';
import { figureFiles, startPictureThread } from '../dist/node/pictures.js';
import { remakePlan } from '../dist/plan/run-plan.js';
import { structureColor } from '../dist/render/colour.js';
import { type DoseFigureOptions, doseDrawing } from '../dist/render/dose-figure.js';
import { planPictures } from '../dist/report/plan-figures.js';

const PIXELS = 1200 * 900;
const [FIGURE, SET] = [0.3, 2];

interface Seconds {
  readonly clock: number;
  readonly cpu: number;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function timed(work: () => Promise<unknown>): Promise<Seconds> {
  const [clock, cpu] = [performance.now(), cpuSeconds()];
  await work();
  return { clock: (performance.now() - clock) / 1000, cpu: cpuSeconds() - cpu };
}

/** The least of several. */
async function best(work: () => Promise<unknown>, repeats = 7): Promise<Seconds> {
  let least = { clock: Infinity, cpu: Infinity };
  for (let i = 0; i < repeats; i++) {
    const own = await timed(work);
    least = { clock: Math.min(least.clock, own.clock), cpu: Math.min(least.cpu, own.cpu) };
  }
  return least;
}

const told = ({ clock, cpu }: Seconds): string => `${clock.toFixed(3)} s on the clock, ${cpu.toFixed(3)} CPU s`;

/** The T8 phantom under a dose that falls off from a target, with as many structures as asked for. */
async function scene(): Promise<(structures: number) => DoseFigureOptions> {
  const { hounsfield, structures } = buildPhantom(await readPhantom('spine-t8'), { spacing: [2, 2, 2] });
  const { grid } = hounsfield;
  const [xs, ys, zs] = [0, 1, 2].map((axis) => axisCentres(grid, axis)) as [Float64Array, Float64Array, Float64Array];
  const data = new Float32Array(voxelCount(grid));
  let v = 0;
  for (const z of zs)
    for (const y of ys) for (const x of xs) data[v++] = 40 * Math.exp(-((x / 40) ** 2 + (y / 30) ** 2 + (z / 40) ** 2));
  const dose: DoseVolume = { grid, kind: 'dose', data, quantity: 'physical', fractions: 22 };
  const masks = structures.map((s) => ({
    name: s.name,
    color: structureColor(s.name),
    mask: voxelizeStructure(s, grid),
  }));
  return (count) => ({
    hounsfield,
    dose,
    // What is asked for beyond those that there are is drawn again, under another name.
    structures: Array.from({ length: count }, (_, i) => {
      const one = masks[i % masks.length]!;
      return { ...one, name: i < masks.length ? one.name : `${one.name}_${i}` };
    }),
    ...{ plane: 'axial', point: [0, 0, 0], prescription: 39.6, title: 'Bench', width: 1200 },
  });
}

/** Drawn, rasterised, encoded, in as many pixels as asked for. */
async function draw(options: DoseFigureOptions, pixels: number): Promise<void> {
  const drawing = doseDrawing(options);
  await figureFiles(new Map([['figure', drawing]]), { scale: Math.sqrt(pixels / (drawing.width * drawing.height)) });
}

const options = await scene();
if (process.argv[2] === 'first') {
  const { clock, cpu } = await timed(() => draw(options(12), PIXELS));
  console.log(JSON.stringify({ clock, cpu }));
} else {
  const self = fileURLToPath(import.meta.url);
  const ofOne = Array.from(
    { length: 3 },
    (): Seconds => JSON.parse(spawnSync(process.execPath, [self, 'first'], { encoding: 'utf8' }).stdout),
  );
  const first = ofOne.reduce((a, b) => (a.clock < b.clock ? a : b));
  const warm = await best(() => draw(options(12), PIXELS));
  console.log(
    `axial figure of 12 structures, 1200 x 900 pixels\n  first of its process: ${told(first)}\n  later: ${told(warm)}`,
  );

  console.log('\n| million pixels | CPU s | per million |\n|---|---|---|');
  for (const factor of [0.25, 1, 4, 16]) {
    const { cpu } = await best(() => draw(options(12), factor * PIXELS), 4);
    console.log(
      `| ${((factor * PIXELS) / 1e6).toFixed(2)} | ${cpu.toFixed(3)} | ${((1e6 * cpu) / factor / PIXELS).toFixed(3)} |`,
    );
  }
  console.log('\n| structures | CPU s | of 3 |\n|---|---|---|');
  let three = 0;
  for (const count of [3, 12, 48, 192]) {
    const { cpu } = await best(() => draw(options(count), PIXELS), 4);
    three ||= cpu;
    console.log(`| ${count} | ${cpu.toFixed(3)} | ${(cpu / three).toFixed(2)} |`);
  }

  const result = await mainJob(process.argv[2]);
  const drawn: number[] = [];
  const set = async (): Promise<void> => {
    const thread = startPictureThread();
    drawn.push((await figureFiles(planPictures(result), { thread })).size);
  };
  const firstSet = await timed(set);
  const laterSet = await best(set, 4);
  console.log(`\nset of the main job, ${drawn[0]} pictures\n  first: ${told(firstSet)}\n  later: ${told(laterSet)}`);
  const missed = [
    ...(warm.clock > FIGURE ? [`a figure takes ${warm.clock.toFixed(2)} s, more than ${FIGURE}`] : []),
    ...(firstSet.clock > SET ? [`the set takes ${firstSet.clock.toFixed(2)} s, more than ${SET}`] : []),
  ];
  for (const one of missed) console.log(`MISSED: ${one}`);
  if (missed.length > 0) process.exitCode = 1;
}

async function mainJob(folder: string | undefined) {
  const executor = await startWorkerPool();
  try {
    if (folder === undefined) return runPlan(await loadJob('phantoms/cases/reference.json'), { executor });
    const { job, records } = await loadPlan(`${folder}/plan.json`);
    return remakePlan(job, records, { executor, techniques: records.map(({ technique }) => technique) });
  } finally {
    await executor.close();
  }
}

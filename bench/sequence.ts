/**
 * Sequencing against the clock: nine fields of the reference case, growth with rows, columns and levels, and the direct aperture stage.
 *
 *     npm run bench:sequence [-- tiny]
 *
 * Nine fields: their optimised fluence is rounded to so many levels of the highest and sequenced. Beside it, in the same run, a naive
 * sequencer on the same maps: unit sweeps, one level at a time and every row by itself, equal shapes joined. CPU ms, the best of seven;
 * growth is the exponent between two sizes, 1 where the time grows as the size does.
 *
 * Fails where nine fields take more than 0.1 s, where segments do not deliver their map, or where the cap does not hold.
 */
import { type PlanCaseInput, runPlan } from 'respine';
import { jobOf, version } from 'respine/node';
import type { PixelFluence } from '../dist/beam/pixel-fluence.js';
import { createRandom } from '../dist/core/random.js';
import { uniformLeaves } from '../dist/machine/mlc.js';
import { fewSegments } from '../dist/sequence/few-segments.js';
import { createIntensityMap, type IntensityMap } from '../dist/sequence/intensity-map.js';
import { leafRowsOf } from '../dist/sequence/leaf-rows.js';
import { beamOnTime, deliveredIntensities, type Segment } from '../dist/sequence/segment.js';
import { leastSweep, sweepSegments } from '../dist/sequence/sweep.js';

const isTiny = process.argv.includes('tiny');
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** CPU seconds of a job, the best of a few. */
function best<T>(job: () => T, repeats = 7): { readonly seconds: number; readonly value: T } {
  let seconds = Infinity;
  let value!: T;
  for (let n = 0; n < repeats; n++) {
    const begin = cpu();
    value = job();
    seconds = Math.min(seconds, cpu() - begin);
  }
  return { seconds, value };
}

/** The k-th unit of a row goes from its k-th rise to its k-th fall; shapes that are equal one after the other are one segment. */
function naiveSegments({ rows, columns, intensities }: IntensityMap): Segment[] {
  const intervals = Array.from({ length: rows }, (_, i): [number, number][] => {
    const [rises, falls]: [number[], number[]] = [[], []];
    for (let j = 0, before = 0; j <= columns; j++) {
      const now = j < columns ? intensities[i * columns + j]! : 0;
      for (let n = before; n < now; n++) rises.push(j);
      for (let n = now; n < before; n++) falls.push(j);
      before = now;
    }
    return rises.map((from, n) => [from, falls[n]!]);
  });
  const units = intervals.reduce((high, row) => Math.max(high, row.length), 0);
  const segments: { left: Int32Array; right: Int32Array; weight: number }[] = [];
  for (let n = 0; n < units; n++) {
    const left = Int32Array.from(intervals, (row) => row[n]?.[0] ?? 0);
    const right = Int32Array.from(intervals, (row) => row[n]?.[1] ?? 0);
    const last = segments.at(-1);
    if (last?.left.every((l, i) => l === left[i] && last.right[i] === right[i])) last.weight++;
    else segments.push({ left, right, weight: 1 });
  }
  return segments;
}

let isFailed = false;
const delivers = (segments: readonly Segment[], { rows, columns, intensities }: IntensityMap): boolean =>
  deliveredIntensities(segments, rows, columns).intensities.every((units, at) => units === intensities[at]);

const ways: readonly (readonly [string, (map: IntensityMap) => Segment[]])[] = [
  ['few segments', (map) => fewSegments(map)],
  ['the same, greedy', (map) => fewSegments(map, { tries: 1 })],
  ['sweep, interleaf', (map) => sweepSegments(leastSweep(map, true))],
  ['naive', naiveSegments],
];

function told(maps: readonly IntensityMap[], way: (map: IntensityMap) => Segment[]) {
  const { seconds, value } = best(() => maps.map(way));
  if (!value.every((segments, n) => delivers(segments, maps[n]!))) isFailed = true;
  const count = value.reduce((sum, segments) => sum + segments.length, 0);
  const units = value.reduce((sum, segments) => sum + beamOnTime(segments), 0);
  return { seconds, count, units };
}

const bigger = (asked: 'step-and-shoot' | 'fluence'): PlanCaseInput => ({
  patient: { phantom: 'spine-t8', target: 'horseshoe', spacing: isTiny ? [6, 6, 6] : [2, 2, 2] },
  prior: { dose: 38, fractions: 19, months: 17.7 },
  cordCap: 29.8,
  ...(isTiny && { doseGrid: { spacing: [6, 6, 6], planning: 6 } }),
  imrt: { beams: isTiny ? 'posterior-3' : 'posterior-9', delivery: asked, ...(isTiny && { beamlet: 8 }) },
});

async function planned(asked: 'step-and-shoot' | 'fluence') {
  const job = await jobOf(bigger(asked));
  const stages: { name: string; begin: number }[] = [];
  const onStage = (name: string): void => {
    stages.push({ name, begin: cpu() });
  };
  const [plan] = runPlan(job, { techniques: ['imrt'], onStage }).plans;
  const end = cpu();
  const seconds = stages.map(({ name, begin }, s) => ({ name, seconds: (stages[s + 1]?.begin ?? end) - begin }));
  return { plan: plan!, seconds };
}

console.log(`respine ${version}, Node ${process.version}, one thread, CPU seconds`);
const { plan } = await planned('fluence');
const { fields } = plan.plan;
const highest = fields.reduce((high, { fluence }) => fluence.weights.reduce((a, b) => Math.max(a, b), high), 0);
const leaves = uniformLeaves(isTiny ? 8 : 5);
const mapsOf = (levels: number): IntensityMap[] =>
  fields.map(({ fluence }) => {
    const { rows } = leafRowsOf(fluence as PixelFluence, leaves);
    return createIntensityMap(rows.map((row) => Array.from(row, (units) => Math.round((levels * units) / highest))));
  });

console.log(`\n${fields.length} fields of the reference case`);
console.log('| levels | way | ms | of naive | segments | units |\n|---|---|---|---|---|---|');
for (const levels of [7, 15, 30]) {
  const maps = mapsOf(levels);
  const naive = told(maps, naiveSegments).seconds;
  for (const [name, way] of ways) {
    const { seconds, count, units } = told(maps, way);
    if (name === 'few segments' && levels <= 15 && seconds > 0.1) isFailed = true;
    const row = [levels, name, (1000 * seconds).toFixed(2), (seconds / naive).toFixed(1), count, units];
    console.log(`| ${row.join(' | ')} |`);
  }
}

/** Smooth random intensities. */
function randomMap(seed: number, rows: number, columns: number, levels: number): IntensityMap {
  const random = createRandom(seed);
  return createIntensityMap(
    Array.from({ length: rows }, () => {
      let height = random.uniform();
      return Array.from({ length: columns }, () => {
        height = Math.min(1, Math.max(0, height + 0.6 * (random.uniform() - 0.5)));
        return Math.round(levels * height);
      });
    }),
  );
}

console.log(
  '\n| rows x columns, levels | few segments, ms (growth) | segments | sweep, ms (growth) | naive, ms | segments |',
);
console.log('|---|---|---|---|---|---|');
const base = isTiny ? ([5, 5, 5] as const) : ([10, 10, 10] as const);
for (const axis of [0, 1, 2] as const) {
  let before: readonly [number, number] | undefined;
  for (const factor of isTiny ? [1, 2] : [1, 2, 4]) {
    const [rows, columns, levels] = base.map((size, a) => (a === axis ? size * factor : size)) as [
      number,
      number,
      number,
    ];
    // Several maps, so that a time is more than the clock's step.
    const maps = Array.from({ length: 8 }, (_, n) => randomMap(n + 1, rows, columns, levels));
    const [few, , sweep, naive] = ways.map(([, way]) => told(maps, way));
    const growth = (now: number, n: 0 | 1): string =>
      before === undefined ? '' : ` (${Math.log2(now / before[n]).toFixed(1)})`;
    const ms = ({ seconds }: { seconds: number }): string => ((1000 * seconds) / maps.length).toFixed(2);
    console.log(
      `| ${rows} x ${columns}, ${levels} | ${ms(few!)}${growth(few!.seconds, 0)} | ${few!.count / 8} | ${ms(sweep!)}${growth(sweep!.seconds, 1)} | ${ms(naive!)} | ${naive!.count / 8} |`,
    );
    before = [few!.seconds, sweep!.seconds];
  }
}

const made = await planned('step-and-shoot');
console.log('\nDirect aperture: stages of the plan in segments');
console.log('| stage | CPU s |\n|---|---|');
for (const { name, seconds } of made.seconds) console.log(`| ${name} | ${seconds.toFixed(2)} |`);
const { delivery } = made.plan.plan;
const cord = made.plan.structures.find(({ name }) => name === 'SpinalCord')?.metrics['Max[Gy]'] ?? Infinity;
console.log(
  `${delivery!.segments} segments, price ${(100 * delivery!.price!).toFixed(2)} %, cord ${cord.toFixed(2)} Gy`,
);
if (cord > 29.8 + 1e-6) isFailed = true;
if (isFailed) process.exitCode = 1;

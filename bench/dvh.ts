/**
 * DVHs against the clock, in CPU seconds of one process.
 *
 *     npm run bench:dvh [-- tiny | RTSTRUCT RTDOSE]
 *
 * First how the cost grows with voxels and structures, beside a plain sort of the voxels inside (which has no partial voxels,
 * no interpolation and no bounds). Then, with two files, every DVH of them from the bytes on disk: read, parsed, done.
 */
import { readFileSync } from 'node:fs';
import type { DoseVolume, Structure, Volume } from 'respine';
import { readRtDose, readStructureSet } from 'respine/dicom';
import { createDvh, createStructureDvh, type Dvh, metricBound, parseMetric, StructureCells } from 'respine/dvh';
import { createDose, createGrid, voxelizeStructure } from 'respine/geometry';
import { version } from 'respine/node';
import { DvhWorkspace } from '../dist/evaluate/dvh.js';
import { sphere } from '../dist/geometry/shape.js';

const [first, second] = process.argv.slice(2);
const isTiny = first === 'tiny';

/** Best CPU seconds of a few runs. */
function cpu<T>(repeats: number, job: () => T): { seconds: number; value: T } {
  let seconds = Infinity;
  let value!: T;
  for (let n = 0; n < repeats; n++) {
    const from = process.cpuUsage();
    value = job();
    const { user, system } = process.cpuUsage(from);
    seconds = Math.min(seconds, (user + system) / 1e6);
  }
  return { seconds, value };
}

/** A smooth dose of 60 Gy with a penumbra of some 8 mm on a cube of 200 mm. */
function doseOn(spacing: number): DoseVolume {
  const n = Math.round(200 / spacing);
  const grid = createGrid([n, n, n], [spacing, spacing, spacing], [-100, -100, -100]);
  const data = new Float32Array(n ** 3);
  for (let k = 0, at = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++, at++) {
        const r = Math.hypot(i - 0.5 * n, 1.2 * (j - 0.45 * n), 0.9 * (k - 0.5 * n)) * spacing;
        data[at] = 30 - 30 * Math.tanh((r - 45) / 8);
      }
    }
  }
  return createDose(grid, { quantity: 'physical', fractions: 22 }, data);
}

/** What a plain DVH does: the voxels whose larger part is inside, sorted. */
function naiveD95(dose: DoseVolume, mask: Volume<'mask'>): number {
  const inside: number[] = [];
  for (let i = 0; i < mask.data.length; i++) if (mask.data[i]! >= 0.5) inside.push(dose.data[i]!);
  inside.sort((a, b) => b - a);
  return inside[Math.floor(0.95 * inside.length)]!;
}

const ball = (n: number): Structure => ({
  name: `ball ${n}`,
  role: 'organ',
  shape: { kind: 'solid', solid: sphere([12 * Math.cos(n), 12 * Math.sin(n), 5 * Math.sin(3 * n)], 20 + 4 * n) },
});

console.log(`respine ${version}, Node ${process.version}, one thread`);
console.log(
  '\n| dose grid | structures | voxels inside | plain sort, s | from masks, s | from their cells, s | from the structures, with bounds, s |',
);
console.log('|---|---|---|---|---|---|---|');
for (const spacing of isTiny ? [8] : [4, 2.5, 2]) {
  const dose = doseOn(spacing);
  for (const count of isTiny ? [2] : [1, 4, 12]) {
    const structures = Array.from({ length: count }, (_, n) => ball(n));
    const masks = structures.map((s) => voxelizeStructure(s, dose.grid));
    const inside = masks.reduce((sum, m) => sum + m.data.reduce((n, f) => n + (f > 0 ? 1 : 0), 0), 0);
    const sorted = cpu(3, () => masks.map((m) => naiveD95(dose, m)));
    const masked = cpu(3, () => masks.map((m) => createDvh(dose, m)));
    // What a second plan of the same patient costs.
    const cells = masks.map((mask) => new StructureCells(mask));
    const options = { name: 'ball', workspace: new DvhWorkspace() };
    const again = cpu(3, () => cells.map((own) => createDvh(dose, own, options)));
    const direct = cpu(3, () => structures.map((s) => createStructureDvh(dose, s, { tolerance: 0.01 })));
    console.log(
      `| ${dose.grid.shape.join(' x ')} | ${count} | ${inside} | ${[sorted, masked, again, direct].map((r) => r.seconds.toFixed(3)).join(' | ')} |`,
    );
  }
}

if (first !== undefined && second !== undefined) clinical(first, second);

/** All DVHs of two files, from the bytes on disk: once cold, then the best of ten. */
function clinical(structurePath: string, dosePath: string): void {
  const load = (): { structures: readonly Structure[]; dose: DoseVolume } => ({
    structures: readStructureSet({ name: structurePath, bytes: readFileSync(structurePath) }).structures,
    dose: readRtDose({ name: dosePath, bytes: readFileSync(dosePath) }).dose,
  });
  const from = (tolerance: number) => (): Dvh[] => {
    const { structures, dose } = load();
    return structures.map((s) => createStructureDvh(dose, s, { tolerance, partial: 'covered' }));
  };
  const masked = (): Dvh[] => {
    const { structures, dose } = load();
    return structures.map((s) => createDvh(dose, voxelizeStructure(s, dose.grid), { name: s.name }));
  };
  console.log(
    '\n| every DVH of the files | first, s | best of ten, s | largest bound of D95%, D2%, Mean; % of the span |',
  );
  console.log('|---|---|---|---|');
  for (const [name, job] of [
    ['read and parse alone', load],
    ['from masks on the dose grid, no bounds', masked],
    ['from the contours, tolerance 2 %', from(0.02)],
    ['from the contours, tolerance 1 %', from(0.01)],
    ['from the contours, tolerance 0.2 % (default)', from(0.002)],
  ] as const) {
    const cold = cpu(1, job as () => unknown);
    const { seconds, value } = cpu(10, job as () => unknown);
    const bound = Array.isArray(value) ? largestBound(value as Dvh[]) : undefined;
    console.log(`| ${name} | ${cold.seconds.toFixed(2)} | ${seconds.toFixed(2)} | ${bound?.toFixed(2) ?? ''} |`);
  }
}

function largestBound(dvhs: readonly Dvh[]): number | undefined {
  const metrics = ['D95%', 'D2%', 'Mean'].map(parseMetric);
  if (dvhs[0] === undefined || metricBound(metrics[0]!, dvhs[0]) === undefined) return undefined;
  return Math.max(
    ...dvhs.flatMap((dvh) => metrics.map((m) => (100 * metricBound(m, dvh)!.sampling) / (dvh.max - dvh.min))),
  );
}

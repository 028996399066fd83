/**
 * Forward dose of open fields on a large image: voxels, beams and lanes against the clock and the memory's bandwidth.
 *
 *     npm run bench:forward [-- tiny | single]
 *
 * The largest case is 167 x 167 x 129 voxels (600,000 in the body), nine open 100 mm fields, ray tracing included. Each grid
 * and number of beams is run on one lane and on all; the bound is what the nine node reads, the weights and the dose of a
 * beam-voxel take at the bandwidth measured in the same run. `single` runs the largest case alone, for its memory.
 */
import { artiste6mv } from 'respine';
import { createBeam, voxelsInside } from 'respine/dose';
import { createGrid, createVolume } from 'respine/geometry';
import { startWorkerPool, version } from 'respine/node';
import { uniformFluenceGrid } from '../dist/beam/fluence.js';
import { ForwardDose } from '../dist/dose/forward-dose.js';

/** Bytes per second, the best of five. */
function bandwidth(): number {
  const probeFrom = new Float64Array(4 << 20).fill(1);
  const probeTo = new Float64Array(4 << 20);
  let best = Infinity;
  for (let r = 0; r < 5; r++) {
    const start = performance.now();
    for (let i = 0; i < probeFrom.length; i++) probeTo[i] = 1.0001 * probeFrom[i]!;
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return (16 * probeFrom.length) / best;
}

/** A water box of 300 x 150 x 300 mm in an image of 500 x 500 x 322 mm. */
function waterBox([sx, sy, sz]: readonly [number, number, number]): ReturnType<typeof createVolume<'density'>> {
  const [nx, ny, nz] = [Math.round(500 / sx), Math.round(500 / sy), Math.round(322 / sz)];
  const grid = createGrid(
    [nz, ny, nx],
    [sx, sy, sz],
    [(-(nx - 1) / 2) * sx, (-(ny - 1) / 2) * sy, (-(nz - 1) / 2) * sz],
  );
  const density = createVolume('density', grid);
  const at = (n: number, i: number, s: number): number => Math.abs((i - (n - 1) / 2) * s);
  for (let v = 0; v < density.data.length; v++) {
    const i = v % nx;
    const j = Math.floor(v / nx) % ny;
    const k = Math.floor(v / (nx * ny));
    if (at(nx, i, sx) < 150 && at(ny, j, sy) < 75 && at(nz, k, sz) < 150) density.data[v] = 1;
  }
  return density;
}

const pool = await startWorkerPool();
console.log(`respine ${version}, Node ${process.version}, ${pool.threads} lanes`);
console.log('\n| voxel mm | voxels in body | beams | lanes | s | M beam-voxels/s | of the bandwidth bound | peak MB |');
console.log('|---|---|---|---|---|---|---|---|');
const fluence = { grid: uniformFluenceGrid(-50, -50, 5, 20, 20), weights: new Float64Array(400).fill(1) };
const clinical = [3, 3, 2.5] as const;
const isSingle = process.argv.includes('single');
const spacings = isSingle
  ? [clinical]
  : process.argv.includes('tiny')
    ? [[12, 12, 12] as const]
    : [[6, 6, 6] as const, [4, 4, 4] as const, clinical];
for (const spacing of spacings) {
  const density = waterBox(spacing);
  const mask = { ...density, kind: 'mask' as const };
  const body = voxelsInside(mask);
  const count = body.index.length;
  for (const beams of isSingle ? [9] : [1, 4, 9]) {
    const fields = Array.from({ length: beams }, (_, b) => ({
      beam: createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry: 40 * b, collimator: 0, couch: 0 }),
      fluence,
    }));
    for (const executor of isSingle ? [pool] : [undefined, pool]) {
      let best = Infinity;
      for (let r = 0; r < (isSingle ? 1 : 3); r++) {
        const start = performance.now();
        const forward = new ForwardDose(density, body.points, executor ? { executor } : {});
        forward.total(fields);
        forward.close();
        best = Math.min(best, (performance.now() - start) / 1000);
      }
      const peak = process.resourceUsage().maxRSS / 1024;
      const rate = (count * beams) / best;
      // u, v, depth, distance (16 bytes) written and read, the dose read and written, once per beam-voxel.
      const bound = (count * beams * (2 * 16 + 16)) / bandwidth();
      console.log(
        `| ${spacing.join(' x ')} | ${count} | ${beams} | ${executor ? pool.threads : 1} | ${best.toFixed(2)} | ${(rate / 1e6).toFixed(2)} | ${(best / bound).toFixed(0)} x | ${peak.toFixed(0)} |`,
      );
    }
  }
}
pool.close();
console.log(`\nmemory ${(bandwidth() / 1e9).toFixed(1)} GB/s`);

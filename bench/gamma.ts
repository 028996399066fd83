/**
 * The gamma index against the clock: CPU seconds and judged voxels per second, by criteria and by size of the grids.
 *
 *     npm run bench:gamma [-- tiny | REFERENCE EVALUATED]
 *
 * Two dose files (RTDOSE or NRRD), or three shifted Gaussians with ripples and noise on 176 x 88 x 136 voxels. Each row is a
 * fresh search, the first of them cold as a command is; sizes are those of the same doses on coarser and finer grids.
 */

import type { DoseVolume, Grid } from 'respine';
import { type GammaCriteria, gammaIndex } from 'respine/dvh';
import { createDose, createGrid } from 'respine/geometry';
import { loadDose, version } from 'respine/node';
import { resample } from '../dist/geometry/resample.js';

const [first, second] = process.argv.slice(2);
const isTiny = first === 'tiny';

/** Peaks of 60 Gy with penumbras of some 5 mm, ripples of 1 % and noise of 0.3 % of it. */
function synthetic(grid: Grid, shift: number): DoseVolume {
  const [nz, ny, nx] = grid.shape;
  const data = new Float32Array(nx * ny * nz);
  let state = 12345 + shift * 1000;
  for (let k = 0, at = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        const x = grid.origin[0] + i * grid.spacing[0] - shift;
        const y = grid.origin[1] + j * grid.spacing[1] + shift / 2;
        const z = grid.origin[2] + k * grid.spacing[2];
        const r = Math.hypot(x, 1.4 * y, 0.8 * z);
        const edge = 0.5 - 0.5 * Math.tanh((r - 60) / 5) + 0.25 * Math.exp(-((r / 140) ** 2));
        state = (1103515245 * state + 12345) % 2147483648;
        const noise = 0.006 * (state / 2147483648 - 0.5);
        data[at] = Math.max(0, 48 * edge * (1 + 0.01 * Math.sin(x / 3) * Math.cos(z / 4) + noise));
      }
    }
  }
  return createDose(grid, { quantity: 'physical' }, data);
}

/** The same box in voxels `factor` times as large. */
function scaled(grid: Grid, factor: number): Grid {
  const shape = grid.shape.map((n) => Math.max(2, Math.floor((n - 1) / factor) + 1));
  const spacing = grid.spacing.map((s) => s * factor);
  return createGrid([shape[0]!, shape[1]!, shape[2]!], [spacing[0]!, spacing[1]!, spacing[2]!], grid.origin);
}

const on = (dose: DoseVolume, grid: Grid): DoseVolume =>
  createDose(grid, { quantity: 'physical' }, resample(dose, grid).volume.data);

function row(reference: DoseVolume, evaluated: DoseVolume, criteria: GammaCriteria): void {
  const from = process.cpuUsage();
  const { passRate, evaluated: judged } = gammaIndex(reference, evaluated, criteria);
  const { user, system } = process.cpuUsage(from);
  const seconds = (user + system) / 1e6;
  const { dose, distance, local, threshold = 10, cap = 2 } = criteria;
  const shape = [...reference.grid.shape].reverse().join(' x ');
  console.log(
    `| ${shape} | ${dose} % ${local ? 'local' : 'global'}, ${distance} mm, threshold ${threshold} %, cap ${cap} | ${judged} | ${passRate.toFixed(2)} | ${seconds.toFixed(2)} | ${(judged / seconds / 1e6).toFixed(2)} |`,
  );
}

const voxel = isTiny ? 10 : 2.5;
const grid = createGrid(isTiny ? [34, 22, 44] : [136, 88, 176], [voxel, voxel, voxel], [-219, -109, -169]);
const [reference, evaluated] =
  first !== undefined && second !== undefined
    ? [(await loadDose(first)).dose, (await loadDose(second)).dose]
    : [synthetic(grid, 0), synthetic(grid, 1.5)];

console.log(`respine ${version}, Node ${process.version}, one thread`);
console.log('\n| voxels | criteria | judged | pass rate % | CPU s | M voxels/s |');
console.log('|---|---|---|---|---|---|');
row(reference, evaluated, { dose: 3, distance: 3 });
const cases: GammaCriteria[] = [
  { dose: 3, distance: 3 },
  { dose: 2, distance: 2, local: true },
  { dose: 3, distance: 1 },
  { dose: 3, distance: 5 },
  { dose: 3, distance: 10 },
  { dose: 3, distance: 3, cap: 5 },
  { dose: 3, distance: 3, threshold: 1 },
];
for (const criteria of isTiny ? cases.slice(0, 2) : cases) row(reference, evaluated, criteria);
for (const factor of isTiny ? [] : [2, 1.5, 0.8]) {
  const coarser = scaled(reference.grid, factor);
  row(on(reference, coarser), on(evaluated, coarser), { dose: 3, distance: 3 });
}

/**
 * Voxelising at coarser and coarser slices: the time must fall, or stay, as the voxels become fewer.
 *
 *     npm run bench:slices [-- PHANTOM]
 */
import { buildPhantom, type PhantomSpec } from 'respine';
import { voxelizeStructure } from 'respine/geometry';
import { readPhantom } from 'respine/node';
import { voxelCount } from '../dist/geometry/grid.js';

const TALLEST = [4, 8, 12, 16, 20, 40];

/** CPU seconds, the best of some: other processes' time does not count. */
function seconds(spec: PhantomSpec, sz: number, repeats = 5): { best: number; voxels: number } {
  let best = Infinity;
  let voxels = 0;
  for (let i = 0; i < repeats; i++) {
    const before = process.cpuUsage();
    const { hounsfield, structures } = buildPhantom(spec, { spacing: [4, 4, sz] });
    for (const structure of structures) voxelizeStructure(structure, hounsfield.grid);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
    voxels = voxelCount(hounsfield.grid);
  }
  return { best, voxels };
}

const spec = await readPhantom(process.argv[2] ?? 'spine-t8');
const first = seconds(spec, TALLEST[0]!).best;
console.log(`${spec.name}: paint and all masks\n\n| spacing mm | voxels | CPU s | of 4 x 4 x 4 |\n|---|---|---|---|`);
for (const sz of TALLEST) {
  const { best, voxels } = seconds(spec, sz);
  console.log(`| 4 x 4 x ${sz} | ${voxels} | ${best.toFixed(2)} | ${(best / first).toFixed(2)} |`);
}

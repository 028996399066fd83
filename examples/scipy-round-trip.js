/** Influence out to SciPy, its weights back, the plan of them judged. Run: node examples/scipy-round-trip.js [DIR], with python3 and scipy */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planOfWeights } from 'respine';
import { exportInfluence, importWeights, jobOf } from 'respine/node';

const folder = join(process.argv[2] ?? 'out/examples', 'influence');
const job = await jobOf({
  patient: { phantom: 'spine-t8', target: 'body', parameters: { length: 90 } },
  doseGrid: { spacing: [5, 5, 5], planning: 4 },
  imrt: { beams: 'posterior-5', beamlet: 8 },
});
const { rows, columns, entries } = await exportInfluence(job, folder, { cut: 0 });
console.log(`${rows} voxels x ${columns} beamlets, ${entries} entries`);

// The same problem, solved by L-BFGS-B in examples/solve_influence.py.
const script = fileURLToPath(new URL('./solve_influence.py', import.meta.url));
const python = spawnSync('python3', [script, folder], { encoding: 'utf8' });
if (python.status !== 0)
  console.log(`not solved: python3 with numpy and scipy is not there. ${folder}/README.txt says more.`);
else {
  process.stdout.write(python.stdout);
  const weights = await importWeights(join(folder, 'weights.npy'), job);
  // Scaled down by what SciPy left above a maximum; the case's own problem, solved beside it, gives the bound.
  const { plans } = planOfWeights(job, weights, { scaleIntoConstraints: true, prove: true });
  const { scale, solution, dose, fineDose } = plans[0].plan;
  const { value, gap } = solution.certificate;
  console.log(
    `plan of SciPy's weights: ${solution.status}, scaled by ${scale.toFixed(6)}, ${solution.prescriptionDose.toFixed(2)} Gy`,
  );
  console.log(
    `objective ${value.toFixed(3)}, at most ${(100 * (gap ?? Number.NaN)).toFixed(2)} % above the best possible`,
  );

  // Row by row: SciPy's A w, scaled alike, against the dose of the engine.
  const bytes = readFileSync(join(folder, 'dose.npy'));
  const given = new Float64Array(Uint8Array.from(bytes.subarray(bytes.length - 8 * rows)).buffer);
  let [largest, maximum] = [0, 0];
  for (const line of readFileSync(join(folder, 'voxels.csv'), 'utf8').trim().split('\n').slice(1)) {
    const [row, , , , grid, voxel] = line.split(',');
    const own = (grid === 'dose' ? dose : grid === 'planning' ? fineDose : undefined)?.data[Number(voxel)];
    if (own === undefined) continue;
    maximum = Math.max(maximum, own);
    largest = Math.max(largest, Math.abs(own - scale * given[Number(row)]));
  }
  console.log(`A w differs from the engine's dose by at most ${(largest / maximum).toExponential(1)} of the maximum`);
}

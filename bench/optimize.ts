/**
 * The optimiser: evaluations and seconds to a proven gap of 1 and 0.1 %, one evaluation against the memory's bandwidth, and
 * how both grow with voxels and beamlets.
 *
 *     npm run bench:optimize [-- tiny | scaling]      the reference case unless given
 *
 * An evaluation is one product with the operator and one with its transpose. Seconds count from the operator being ready;
 * reading the preconditioner's sample off it is a column of its own. The bound is what an evaluation has to stream: per beam
 * and voxel u, v and eight weights in Float32, twice, at the bandwidth measured in the same run.
 */
import { artiste6mv, buildPhantom, type Executor, parseCase } from 'respine';
import { beamletsCovering, beamsOf } from 'respine/dose';
import { readPhantom, startWorkerPool, version } from 'respine/node';
import { solve } from 'respine/optimize';
import { serialExecutor } from '../dist/core/executor.js';
import { DividedOperator } from '../dist/influence/divided-operator.js';
import { NormalMatrix } from '../dist/optimize/normal-matrix.js';
import { modelPatient } from '../dist/plan/patient/patient-model.js';
import { posePlanningProblem } from '../dist/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../dist/plan/problem/planning-voxels.js';
import { clusterVoxels } from '../dist/plan/problem/voxel-clusters.js';
import { sampleInfluence } from '../dist/plan/technique/prepared-influence.js';
import { freeModel } from './free-model.js';

/** Bytes per second, the best of five. */
function bandwidth(): number {
  const from = new Float64Array(4 << 20).fill(1);
  const to = new Float64Array(4 << 20);
  let best = Infinity;
  for (let r = 0; r < 5; r++) {
    const start = performance.now();
    for (let i = 0; i < from.length; i++) to[i] = 1.0001 * from[i]!;
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return (16 * from.length) / best;
}

const BYTES = 2 * (2 * 4 + 8 * 4);
const seconds = (from: number): number => (performance.now() - from) / 1000;
const spec = await readPhantom('spine-t8');

function run(spacing: number, beamlet: number, executor: Executor, gaps: readonly number[]): void {
  const grid: [number, number, number] = [spacing, spacing, spacing];
  const patient = buildPhantom(spec, { target: 'horseshoe', spacing: grid });
  const plan = parseCase({ patient: { phantom: 'spine-t8' }, doseGrid: { spacing: grid }, imrt: { beamlet } });
  const model = modelPatient(patient, plan, executor);
  const voxels = choosePlanningVoxels(model);
  const target = model.masks.get(model.target)!;
  const beams = beamsOf('posterior-9', model, artiste6mv).map((beam) => ({
    beam,
    beamlets: beamletsCovering(beam.frame, target, beamlet, 5),
  }));
  const operator = new DividedOperator(beams, patient.density, voxels.points, { executor });
  const { rows, columns } = operator;
  const dose = new Float64Array(rows);
  const weights = new Float64Array(columns).fill(1);
  let evaluation = Infinity;
  for (let r = 0; r < 6; r++) {
    const start = performance.now();
    operator.applyTranspose(operator.apply(weights, dose), weights.slice());
    evaluation = Math.min(evaluation, seconds(start));
  }
  const bound = (rows * beams.length * BYTES) / bandwidth();
  let start = performance.now();
  const sample = sampleInfluence(operator, clusterVoxels(voxels.points, voxels.zones, grid, columns));
  const read = seconds(start);
  for (const gap of gaps) {
    start = performance.now();
    let steps = 0;
    const preconditioner = new NormalMatrix(sample, columns, { executor });
    // A name of its own: what the optimiser can be spared is not part of the public problem.
    const problem = { operator, sample, preconditioner, ...posePlanningProblem(voxels, plan, 'cord') };
    const { evaluations, certificate } = solve(problem, {
      gap,
      onProgress: ({ step }) => {
        steps = step;
      },
    });
    const solved = seconds(start);
    preconditioner.close();
    console.log(
      `| ${[
        `${spacing} / ${beamlet}`,
        rows,
        columns,
        executor.threads,
        (1000 * evaluation).toFixed(1),
        `${(evaluation / bound).toFixed(0)} x`,
        sample.count,
        read.toFixed(2),
        `${100 * gap} %`,
        steps,
        evaluations,
        solved.toFixed(2),
        `${(100 * certificate.gap!).toFixed(3)} %`,
        certificate.violation!.amount <= 0 ? 'kept' : certificate.violation!.amount.toFixed(4),
      ].join(' | ')} |`,
    );
  }
  operator.close();
  freeModel(model);
}

const pool = await startWorkerPool();
console.log(
  `respine ${version}, Node ${process.version}, ${pool.threads} threads, memory ${(bandwidth() / 1e9).toFixed(1)} GB/s\n`,
);
console.log(
  '| voxel / beamlet mm | rows | beamlets | threads | ms per evaluation | of the bound | sample rows | sample s | gap asked | steps | evaluations | s | gap | cap |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
if (process.argv.includes('tiny')) run(6, 10, pool, [0.01]);
else if (process.argv.includes('scaling')) {
  for (const beamlet of [10, 5]) for (const spacing of [5, 3.15, 1.98]) run(spacing, beamlet, pool, [0.01]);
} else for (const executor of [serialExecutor, pool]) run(2, 5, executor, [0.01, 0.001]);
await pool.close();
console.log(`\npeak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);

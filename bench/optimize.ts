/**
 * The optimiser: evaluations and seconds to a proven gap of 1 and 0.1 %, one evaluation against the memory's bandwidth, and
 * how both grow with voxels and beamlets.
 *
 *     npm run bench:optimize [-- tiny | scaling | large [CASE ...]]      the reference case unless given
 *
 * An evaluation is one product with the operator and one with its transpose. Seconds count from the operator being ready;
 * reading the preconditioner's sample off it is a column of its own. The bound is what an evaluation has to stream: per beam
 * and voxel u, v and eight weights in Float32, twice, at the bandwidth measured in the same run.
 *
 * `large`: the reference case with beamlets of 2.5 mm to a gap of 0.8 % (CASE 2 / 9), then with 7, 13 and 26 equispaced beams of them, on voxels of 1.7,
 * 1.35 and 1.07 mm (CASE 1.35 / 13 and so on), the oesophagus as further rows with a maximum in each and a largest mean, to 0.1 %. The CT has voxels of 2 mm.
 * CASE is written VOXEL/BEAMS; each is best run in a process of its own, whose peak is printed, with what each part of it has added.
 * `memory`: one step only, after which all is held that will be.
 */
import { artiste6mv, buildPhantom, type Executor, parseCase } from 'respine';
import { beamletsCovering, beamsOf } from 'respine/dose';
import { readPhantom, startWorkerPool, version } from 'respine/node';
import { type Constraint, maximumMean, solve } from 'respine/optimize';
import { serialExecutor } from '../dist/core/executor.js';
import { DividedOperator } from '../dist/influence/divided-operator.js';
import { NormalMatrix } from '../dist/optimize/normal-matrix.js';
import { modelPatient } from '../dist/plan/patient/patient-model.js';
import { posePlanningProblem } from '../dist/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../dist/plan/problem/planning-voxels.js';
import { clusterVoxels } from '../dist/plan/problem/voxel-clusters.js';
import { prepareRows, sampleInfluence } from '../dist/plan/technique/prepared-influence.js';
import { freeModel } from './free-model.js';
import { peak, Resident } from './resident.js';

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

/** What the oesophagus keeps, Gy: in every voxel, and on average. */
const OESOPHAGUS = { maximum: 36, mean: 14 };

interface LargeCase {
  /** mm */
  readonly voxel: number;
  /** Of the arrangement of the reference case, or so many all around. */
  readonly beams: 'posterior-9' | number;
  readonly gap: number;
}

function runLarge({ voxel, beams: arrangement, gap }: LargeCase, executor: Executor): void {
  const resident = new Resident();
  const grid: [number, number, number] = [voxel, voxel, voxel];
  const isReference = arrangement === 'posterior-9';
  const patient = buildPhantom(spec, { target: 'horseshoe', spacing: [2, 2, 2] });
  const plan = parseCase({ patient: { phantom: 'spine-t8' }, doseGrid: { spacing: grid }, imrt: { beamlet: 2.5 } });
  const model = modelPatient(patient, plan, executor);
  resident.mark('patient');
  const inside: number[] = [];
  model.masks.get('Esophagus')!.data.forEach((fraction, v) => {
    if (fraction > 0.5) inside.push(v);
  });
  const organ = { name: 'Esophagus', voxels: Int32Array.from(inside) };
  const voxels = choosePlanningVoxels(model, isReference ? [] : [organ]);
  resident.mark('planning voxels');
  const angles = isReference
    ? arrangement
    : Array.from({ length: arrangement }, (_, b) => ({ gantry: (360 * b) / arrangement, collimator: 0, couch: 0 }));
  const target = model.masks.get(model.target)!;
  const beams = beamsOf(angles, model, artiste6mv).map((beam) => ({
    beam,
    beamlets: beamletsCovering(beam.frame, target, 2.5, 5),
  }));
  const operator = new DividedOperator(beams, patient.density, voxels.points, { executor });
  resident.mark('operator');
  let start = performance.now();
  const { sample, preconditioner } = prepareRows(operator, voxels, executor);
  const read = seconds(start);
  resident.mark('rows');
  const organMaxima = voxels.organs.map(({ rows }) => new Float64Array(rows.length).fill(OESOPHAGUS.maximum));
  const posed = posePlanningProblem(voxels, plan, 'cord', { organMaxima });
  const [oesophagus] = voxels.organs;
  const constraints: Constraint[] = [...posed.constraints];
  if (oesophagus) constraints.push(maximumMean('Esophagus mean', oesophagus, OESOPHAGUS.mean));
  start = performance.now();
  const before = process.cpuUsage();
  let steps = 0;
  const problem = { operator, sample, preconditioner, ...posed, constraints };
  const { evaluations, certificate, status } = solve(problem, {
    gap,
    ...(process.argv.includes('memory') && { maxSteps: 1 }),
    onProgress: (progress) => {
      steps = progress.step;
      if (process.argv.includes('steps')) console.log(progress, seconds(start).toFixed(0));
    },
  });
  const solved = seconds(start);
  const { user, system } = process.cpuUsage(before);
  resident.mark('solution');
  preconditioner.close();
  const { rows, columns } = operator;
  operator.close();
  freeModel(model);
  console.log(
    `| ${[
      voxel,
      isReference ? 9 : arrangement,
      rows,
      columns,
      halfSpaces(constraints),
      read.toFixed(1),
      `${100 * gap} %`,
      steps,
      evaluations,
      solved.toFixed(1),
      ((user + system) / 1e6).toFixed(1),
      `${(100 * certificate.gap!).toFixed(3)} %`,
      status,
      certificate.violation!.amount <= 0 ? 'kept' : certificate.violation!.amount.toFixed(4),
      peak(),
    ].join(' | ')} |`,
  );
  const half = (4 * columns ** 2) / 2 / 2 ** 20;
  console.log(`\nMB: ${resident.describe()}; an upper half of the normal matrix is ${half.toFixed(0)}\n`);
}

const halfSpaces = (constraints: readonly Constraint[]): number =>
  constraints.reduce((sum, constraint) => sum + (constraint.kind === 'voxels' ? constraint.rows.length : 1), 0);

const LARGE: readonly LargeCase[] = [
  { voxel: 2, beams: 'posterior-9', gap: 0.008 },
  ...[1.7, 1.35, 1.07].flatMap((voxel) => [7, 13, 26].map((beams) => ({ voxel, beams, gap: 0.001 }))),
];
const nameOf = ({ voxel, beams }: LargeCase): string => `${voxel}/${beams === 'posterior-9' ? 9 : beams}`;

const pool = await startWorkerPool();
console.log(
  `respine ${version}, Node ${process.version}, ${pool.threads} threads, memory ${(bandwidth() / 1e9).toFixed(1)} GB/s\n`,
);
const isLarge = process.argv.includes('large');
if (isLarge) {
  console.log(
    '| voxel mm | beams | rows | beamlets | constraints | rows read s | gap asked | steps | evaluations | s | CPU s | gap | status | constraints | peak MB |',
  );
  console.log(`|${'---|'.repeat(15)}`);
  const asked = LARGE.filter((large) => process.argv.includes(nameOf(large)));
  for (const large of asked.length > 0 ? asked : LARGE) runLarge(large, pool);
  await pool.close();
  process.exit();
}
console.log(
  '| voxel / beamlet mm | rows | beamlets | threads | ms per evaluation | of the bound | sample rows | sample s | gap asked | steps | evaluations | s | gap | cap |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
if (process.argv.includes('tiny')) run(6, 10, pool, [0.01]);
else if (process.argv.includes('scaling')) {
  for (const beamlet of [10, 5]) for (const spacing of [5, 3.15, 1.98]) run(spacing, beamlet, pool, [0.01]);
} else for (const executor of [serialExecutor, pool]) run(2, 5, executor, [0.01, 0.001]);
await pool.close();
console.log(`\npeak ${peak()} MB`);

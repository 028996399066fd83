/**
 * The C-shape phantom with the peer's machine, beamlets, objectives and ownership rule: its optimum, proven, on all voxels.
 *
 *     npm run bench:c-shape -- REFERENCE [GAP] [tg119 | habits]      REFERENCE: the reference folder; GAP in percent, 0.1 unless given
 *
 * The solver sees target, core, the body around them and, from the second round on, the body that the first plan heats. Terms
 * left out are never negative, so the lower bound counts for all voxels; the value is computed on all. `tg119` takes the goals of TG-119 instead of the peer's objectives.
 *
 * `habits` computes dose as the peer does (`peer-habits.ts`): what its own weights are worth then is to be its own objective, oblique beams
 * included, and the optimum is that of its very problem.
 *
 * Without `habits` what is compared is the optimum: by voxel the two doses are held against each other for gantry 0 only (`respine validate`).
 */
import { readFileSync } from 'node:fs';
import type { Machine } from 'respine';
import { type Beam, type BeamletSet, createBeam } from 'respine/dose';
import { createVolume } from 'respine/geometry';
import { startWorkerPool } from 'respine/node';
import {
  type Level,
  type Objective,
  solve,
  squaredDeviation,
  squaredOverdose,
  squaredUnderdose,
  type VoxelSet,
} from 'respine/optimize';
import { fluenceOfBeamlets, uniformFluenceGrid } from '../dist/beam/fluence.js';
import { type DoseField, ForwardDose } from '../dist/dose/forward-dose.js';
import { DividedOperator } from '../dist/influence/divided-operator.js';
import { decodeNrrd } from '../dist/io/nrrd.js';
import { NormalMatrix } from '../dist/optimize/normal-matrix.js';
import { clusterVoxels } from '../dist/plan/problem/voxel-clusters.js';
import { sampleInfluence } from '../dist/plan/technique/prepared-influence.js';
import { addHabits, MatrixOperator, shiftedBeams } from './peer-habits.js';

const internal = (path: string): Promise<any> => import(new URL(`../dist/${path}`, import.meta.url).href);
const { peerMachine } = (await internal('validate/peer.js')) as { peerMachine: (peer: object, ssd: number) => Machine };
const { sourceSurfaceDistance } = await internal('dose/pencil-beam.js');

const [reference, percent = '0.1', goals] = process.argv.slice(2);
if (reference === undefined) throw new Error('c-shape: give the reference folder');
const read = (name: string): Uint8Array => readFileSync(`${reference}/matrad/${name}`);
const FRACTIONS = 30;
/** The peer's kernel scales depth alone, and its phantom is water. */
const water = { heterogeneity: 'depth' } as const;
/** Body within this distance of target and core, voxels of 3 mm along each axis. */
const REACH = 3;
/** Body that the first round's plan gives more than this is seen by the second, Gy; steps of the first. */
const HOT = 26;
const HOT_STEPS = 6;

const clock = (): number => performance.now() / 1000;
const begin = clock();
const pool = await startWorkerPool();
const ct = await decodeNrrd(read('cshape_dosegrid_hu.nrrd'));
const masks = await Promise.all(
  ['OuterTarget', 'Core', 'BODY'].map((name) => decodeNrrd(read(`cshape_dosegrid_mask_${name}.nrrd`))),
);
const [targetMask, coreMask, bodyMask] = masks.map(({ data }) => data);
const { grid } = ct;
const [, ny, nx] = grid.shape;
const density = createVolume(
  'density',
  grid,
  Float32Array.from(ct.data, (hu) => (hu > -500 ? 1 : 0)),
);

// Target before core before body.
const owner = Int8Array.from(targetMask!, (t, v) => (t > 0 ? 0 : coreMask![v]! > 0 ? 1 : bodyMask![v]! > 0 ? 2 : -1));
const near = new Uint8Array(owner.length);
for (let v = 0; v < owner.length; v++) {
  if (owner[v] !== 0 && owner[v] !== 1) continue;
  for (let k = -REACH; k <= REACH; k++) {
    for (let j = -REACH; j <= REACH; j++) for (let i = -REACH; i <= REACH; i++) near[v + i + nx * (j + ny * k)] = 1;
  }
}
const pointOf = (v: number): number[] => {
  const at = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
  return at.map((n, axis) => grid.origin[axis]! + n * grid.spacing[axis]!);
};
const counts = [0, 0, 0];
for (const o of owner) if (o >= 0) counts[o]!++;
const peer = JSON.parse(new TextDecoder().decode(read('generic_6mv_machine.json'))) as {
  kernels_by_SSD_mm: Record<string, unknown>;
};
const ssds = Object.keys(peer.kernels_by_SSD_mm).map(Number);
const machines = new Map<number, Machine>();
const lines = new TextDecoder().decode(read('cshape_opt9_beamlets.csv')).trim().split('\n').slice(1);
const listed = lines.map((line) => line.split(',').map(Number));
const beams = Array.from({ length: 9 }, (_, b): { beam: Beam; beamlets: BeamletSet } => {
  const own = listed.filter(([beam]) => beam === b + 1);
  const pose = { isocenter: [0, -13.888, 0] as const, gantry: 40 * b, collimator: 0, couch: 0 };
  const near = (beam: Beam): number => {
    const ssd = sourceSurfaceDistance(beam, density) as number;
    return ssds.reduce((best, s) => (Math.abs(s - ssd) < Math.abs(best - ssd) ? s : best));
  };
  const first = machines.values().next().value ?? peerMachine(peer, 900);
  const ssd = near(createBeam(first, pose));
  if (!machines.has(ssd)) machines.set(ssd, peerMachine(peer, ssd));
  const beam = createBeam(machines.get(ssd)!, pose);
  const xs = own.map((line) => line[3]!);
  const ys = own.map((line) => line[4]!);
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
  const columns = (Math.max(...xs) - left) / 5 + 1;
  const rows = (Math.max(...ys) - bottom) / 5 + 1;
  const cells = Int32Array.from(own, (_, q) => (xs[q]! - left) / 5 + columns * ((ys[q]! - bottom) / 5)).sort();
  return { beam, beamlets: { grid: uniformFluenceGrid(left - 2.5, bottom - 2.5, 5, columns, rows), pixels: cells } };
});
/** weight / N sum over owned voxels, doses per fraction; of the body the rows stand for N of all. */
const dose = (gray: number): number => gray / FRACTIONS;
const level = (gray: number): Level => ({ value: dose(gray) });
function objectivesOf([target, core, body]: readonly VoxelSet[]): Objective[] {
  const outside = squaredOverdose('body', body!, dose(30), (100 * body!.rows.length) / counts[2]!);
  return goals === 'tg119'
    ? [
        squaredDeviation('target', target!, level(52), 300),
        squaredUnderdose('target', target!, level(50.5), 1, 3000),
        squaredOverdose('core', core!, dose(18), 300),
        outside,
      ]
    : [squaredDeviation('target', target!, level(50), 1000), squaredOverdose('core', core!, dose(25), 300), outside];
}

const all = Array.from(owner.keys()).filter((v) => owner[v]! >= 0);
/** Dose of fields at voxels, Gy, one beam at a time: what a beam needs for half a million voxels is freed before the next. */
function doseAt(voxels: readonly number[], fields: readonly DoseField[]): Float64Array {
  const points = new Float64Array(3 * voxels.length);
  voxels.forEach((v, q) => {
    points.set(pointOf(v), 3 * q);
  });
  const total = new Float64Array(voxels.length);
  for (const field of fields) {
    const forward = new ForwardDose(density, points, { executor: pool, ...water });
    forward.total([field]).dose.forEach((d, q) => {
      total[q]! += d;
    });
    forward.close();
  }
  return total;
}
/** Every second voxel along each axis. */
const sparse = all.filter(
  (v) => (v % nx) % 2 === 0 && (Math.floor(v / nx) % ny) % 2 === 0 && Math.floor(v / (nx * ny)) % 2 === 0,
);
/** Ours, or with the peer's habits. */
function operatorOf(points: Float64Array): DividedOperator | MatrixOperator {
  const options = { executor: pool, ...water };
  if (!hasHabits) return new DividedOperator(beams, density, points, options);
  const shifted = new DividedOperator(shiftedBeams(beams), density, points, options);
  const matrix = shifted.readRows(Int32Array.from({ length: shifted.rows }, (_, r) => r));
  addHabits(matrix, beams, points);
  shifted.close();
  return new MatrixOperator(matrix, shifted.rows, shifted.columns);
}
const timed = <T>(what: string, job: () => T): T => {
  const from = clock();
  const value = job();
  console.log(`${what}: ${(clock() - from).toFixed(1)} s`);
  return value;
};

/** The peer's own weights, in the order of ours, for what of the difference is dose and what is the plan. */
const theirs = Float64Array.from(
  beams.flatMap(({ beamlets }, b) => {
    const byCell = new Map(
      listed.filter(([beam]) => beam === b + 1).map((line) => [`${line[3]} ${line[4]}`, line[5]!] as const),
    );
    const { x, y } = beamlets.grid;
    const columns = x.length - 1;
    return Array.from(beamlets.pixels, (cell) => {
      const [i, j] = [cell % columns, Math.floor(cell / columns)];
      return byCell.get(`${x[i]! + 2.5} ${y[j]! + 2.5}`)!;
    });
  }),
);
const fieldsOf = (all: Float64Array): DoseField[] => {
  let offset = 0;
  return beams.map(({ beam, beamlets }) => {
    const own = fluenceOfBeamlets(beamlets, all, offset);
    offset += beamlets.pixels.length;
    return { beam, fluence: { grid: beamlets.grid, weights: own } };
  });
};
const hasHabits = goals === 'habits';
let weights: Float64Array | undefined;
if (hasHabits) {
  // Rows are what the peer's own plan heats; none of its weights is 0 to start from.
  const own = timed("dose of the peer's weights", () => doseAt(all, fieldsOf(theirs)));
  all.forEach((v, q) => {
    near[v] = owner[v]! < 2 || own[q]! > dose(HOT - 2) ? 1 : 0;
  });
  weights = theirs.map((w) => Math.max(w, 1e-4));
}
// Round one, a few steps only, finds the body that a plan heats; round two is the optimum.
for (const round of hasHabits ? ['best'] : ['hot', 'best']) {
  const rowVoxels = all.filter((v) => near[v]);
  const points = Float64Array.from(rowVoxels.flatMap(pointOf));
  const sets = [0, 1, 2].map((o): VoxelSet => {
    const rows = Int32Array.from(rowVoxels.keys()).filter((r) => owner[rowVoxels[r]!] === o);
    return { rows, volumes: new Float64Array(rows.length).fill(1) };
  });
  console.log(`rows ${rowVoxels.length}: ${sets.map(({ rows }) => rows.length).join(' + ')} of ${counts.join(' + ')}`);
  const operator = timed('operator', () => operatorOf(points));
  const zones = Uint8Array.from(rowVoxels, (v) => (owner[v] === 2 ? 2 : 1));
  const sample = timed('sample', () =>
    sampleInfluence(operator as DividedOperator, clusterVoxels(points, zones, grid.spacing, operator.columns)),
  );
  console.log(`${operator.columns} beamlets, sample of ${sample.count} rows`);
  const preconditioner = timed('norms', () => new NormalMatrix(sample, operator.columns, { executor: pool }));
  const from = clock();
  const cpu = process.cpuUsage().user;
  // A name of its own: what the optimiser can be spared is not part of the public problem.
  const problem = { operator, objectives: objectivesOf(sets), sample, preconditioner };
  const solution = solve(problem, {
    gap: Number(percent) / 100,
    ...(round === 'hot' ? { maxSteps: HOT_STEPS } : {}),
    ...(weights ? { start: weights } : {}),
    onProgress: ({ step, evaluations, objective, gap: proven }) =>
      console.log(
        `${(clock() - from).toFixed(1)} s, step ${step}, ${evaluations} evaluations: ${objective.toFixed(6)}, gap ${(100 * proven).toFixed(3)} %`,
      ),
  });
  console.log(
    `solved in ${(clock() - from).toFixed(1)} s (CPU ${((process.cpuUsage().user - cpu) / 1e6).toFixed(1)} s) with ${solution.evaluations} evaluations`,
  );
  preconditioner.close();
  const peerDose = operator.apply(theirs, new Float64Array(operator.rows));
  // Without the habits its dose lacks far scatter: its plan is compared at its best scale too.
  const ignored = new Float64Array(operator.rows);
  const valueAt = (scale: number): number =>
    objectivesOf(sets).reduce(
      (sum, o) =>
        sum +
        o.evaluate(
          peerDose.map((d) => scale * d),
          ignored,
        ),
      0,
    );
  const scales = Array.from({ length: 61 }, (_, q) => 0.97 + q / 1000);
  const best = scales.reduce((a, b) => (valueAt(b) < valueAt(a) ? b : a));
  console.log(
    `the peer's weights under this dose: ${valueAt(1).toFixed(6)}, times ${best.toFixed(3)} ${valueAt(best).toFixed(6)}`,
  );
  operator.close();
  weights = solution.weights;
  const fields = fieldsOf(solution.weights);
  if (round === 'hot') {
    const search = timed('dose of every eighth voxel', () => doseAt(sparse, fields));
    sparse.forEach((v, q) => {
      if (!(search[q]! > dose(HOT))) return;
      for (const k of [-1, 0, 1]) {
        for (const j of [-1, 0, 1]) for (const i of [-1, 0, 1]) near[v + i + nx * (j + ny * k)] = 1;
      }
    });
    continue;
  }
  if (hasHabits) {
    const { objective, certificate } = solution;
    const bound = certificate.lowerBound!;
    console.log(
      `with the peer's habits: its weights ${valueAt(1).toFixed(6)} (it says 0.564939), the best ${objective.toFixed(6)}, none below ${bound.toFixed(6)}: its plan is ${(100 * (valueAt(1) / objective - 1)).toFixed(1)} % above the best one`,
    );
    continue;
  }
  const total = timed('dose of all voxels', () => doseAt(all, fields));
  let beyond = 0;
  all.forEach((v, q) => {
    if (!near[v]) beyond += (100 / counts[2]!) * Math.max(0, total[q]! - dose(30)) ** 2;
  });
  const value = solution.objective + beyond;
  const lowerBound = solution.certificate.lowerBound!;
  const gray = ({ rows }: VoxelSet): number[] =>
    Array.from(rows, (row) => FRACTIONS * solution.dose[row]!).sort((a, b) => b - a);
  const [t, c] = [gray(sets[0]!), gray(sets[1]!)];
  const at = (sorted: number[], volume: number): string =>
    sorted[Math.min(sorted.length - 1, Math.floor(volume * sorted.length))]!.toFixed(2);
  console.log(`beyond the rows ${beyond.toExponential(1)}`);
  console.log(
    `objective on ${all.length} voxels ${value.toFixed(6)}, lower bound ${lowerBound.toFixed(6)}, gap ${((100 * (value - lowerBound)) / value).toFixed(3)} %; to the peer's 0.564939 ${(100 * (value / 0.564939 - 1)).toFixed(2)} %`,
  );
  console.log(
    `target D95 ${at(t, 0.95)}, D10 ${at(t, 0.1)}, D2 ${at(t, 0.02)}; core maximum ${c[0]!.toFixed(2)}, D10 ${at(c, 0.1)} Gy`,
  );
}
console.log(
  'doses of peer and engine are compared by voxel for perpendicular entry only (gantry 0, respine validate); of these nine beams eight enter obliquely, where model and plan are compared together',
);
await pool.close();
console.log(`in all ${(clock() - begin).toFixed(1)} s, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);

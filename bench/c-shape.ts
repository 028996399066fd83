/**
 * The C-shape phantom with the peer's machine, beamlets, objectives and ownership rule: its optimum, proven, on all voxels.
 *
 *     npm run bench:c-shape -- REFERENCE [GAP] [tg119]      REFERENCE: the reference folder; GAP in percent, 0.1 unless given
 *
 * The solver sees target, core and the body within a distance; of the rest it is shown afterwards that no voxel is above
 * its level, where the objective has neither value nor slope. So the lower bound counts for all voxels, and the value is
 * computed on all. `tg119` takes the goals of TG-119 instead of the peer's objectives.
 */
import { readFileSync } from 'node:fs';
import {
  type Beam,
  type BeamletSet,
  createBeam,
  createVolume,
  DividedOperator,
  decodeNrrd,
  ForwardDose,
  fluenceOfBeamlets,
  groupRows,
  type Level,
  type Machine,
  type Objective,
  type RowSet,
  sampleInfluence,
  solve,
  squaredDeviation,
  squaredOverdose,
  squaredUnderdose,
  uniformFluenceGrid,
} from 'respine';
import { startWorkerPool } from 'respine/node';

const internal = (path: string): Promise<any> => import(new URL(`../dist/${path}`, import.meta.url).href);
const { peerMachine } = (await internal('validate/peer.js')) as { peerMachine: (peer: object, ssd: number) => Machine };
const { sourceSurfaceDistance } = await internal('dose/pencil-beam.js');

const [reference, percent = '0.1', goals] = process.argv.slice(2);
if (reference === undefined) throw new Error('c-shape: give the reference folder');
const read = (name: string): Uint8Array => readFileSync(`${reference}/matrad/${name}`);
const FRACTIONS = 30;
/** Body within this distance of target and core, voxels of 3 mm along each axis. */
const REACH = 5;

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
const rowVoxels = Array.from(owner.keys()).filter((v) => owner[v]! >= 0 && near[v]);
const points = Float64Array.from(rowVoxels.flatMap(pointOf));
const setOf = (o: number): RowSet => {
  const rows = Int32Array.from(rowVoxels.keys()).filter((r) => owner[rowVoxels[r]!] === o);
  return { rows, volumes: new Float64Array(rows.length).fill(1) };
};
const [target, core, body] = [0, 1, 2].map(setOf) as [RowSet, RowSet, RowSet];

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
  return { beam, beamlets: { grid: uniformFluenceGrid(left - 2.5, bottom - 2.5, 5, columns, rows), cells } };
});
console.log(
  `rows ${rowVoxels.length}: target ${target.rows.length}, core ${core.rows.length}, near body ${body.rows.length} of ${counts[2]}`,
);
const operator = new DividedOperator(beams, density, points, { executor: pool });
console.log(`operator ready after ${(clock() - begin).toFixed(1)} s, ${operator.columns} beamlets`);

/** weight / N sum over owned voxels, doses per fraction; the near body stands for N of all. */
const dose = (gray: number): number => gray / FRACTIONS;
const share = body.rows.length / counts[2]!;
const level = (gray: number): Level => ({ value: dose(gray) });
const objectives: Objective[] =
  goals === 'tg119'
    ? [
        squaredDeviation('target', target, level(52), 300),
        squaredUnderdose('target', target, level(50.5), 1, 3000),
        squaredOverdose('core', core, dose(18), 300),
        squaredOverdose('body', body, dose(30), 100 * share),
      ]
    : [
        squaredDeviation('target', target, level(50), 1000),
        squaredOverdose('core', core, dose(25), 300),
        squaredOverdose('body', body, dose(30), 100 * share),
      ];

const zones = Uint8Array.from(rowVoxels, (v) => (owner[v] === 2 ? 2 : 1));
let from = clock();
const groups = groupRows(points, zones, grid.spacing, operator.columns);
const sample = sampleInfluence(beams, density, groups, pool);
console.log(`sample of ${sample.count} rows after ${(clock() - from).toFixed(1)} s`);
from = clock();
const solution = solve(
  { operator, objectives, sample },
  {
    gap: Number(percent) / 100,
    onProgress: ({ step, evaluations, objective, gap }) =>
      console.log(
        `${(clock() - from).toFixed(1)} s, step ${step}, ${evaluations} evaluations: ${objective.toFixed(6)}, gap ${(100 * gap).toFixed(3)} %`,
      ),
  },
);
console.log(`solved in ${(clock() - from).toFixed(1)} s with ${solution.evaluations} evaluations`);
operator.close();

// All voxels of the body, in the operator's own form of the dose.
const all = Array.from(owner.keys()).filter((v) => owner[v]! >= 0);
const forward = new ForwardDose(density, Float64Array.from(all.flatMap(pointOf)), { executor: pool });
let offset = 0;
const total = forward.total(
  beams.map(({ beam, beamlets }) => {
    const weights = fluenceOfBeamlets(beamlets, solution.weights, offset);
    offset += beamlets.cells.length;
    return { beam, fluence: { grid: beamlets.grid, weights } };
  }),
).dose;
forward.close();
await pool.close();
let beyond = 0;
let hottest = 0;
all.forEach((v, q) => {
  if (near[v]) return;
  hottest = Math.max(hottest, FRACTIONS * total[q]!);
  beyond += (100 / counts[2]!) * Math.max(0, total[q]! - dose(30)) ** 2;
});
const value = solution.objective + beyond;
const { lowerBound } = solution.certificate;
const gray = (set: RowSet): number[] =>
  Array.from(set.rows, (row) => FRACTIONS * solution.dose[row]!).sort((a, b) => b - a);
const [t, c] = [gray(target), gray(core)];
const at = (sorted: number[], volume: number): string =>
  sorted[Math.min(sorted.length - 1, Math.floor(volume * sorted.length))]!.toFixed(2);
console.log(`body beyond: hottest ${hottest.toFixed(1)} Gy, adds ${beyond.toExponential(1)}`);
console.log(
  `objective on ${all.length} voxels ${value.toFixed(6)}, lower bound ${lowerBound!.toFixed(6)}, gap ${((100 * (value - lowerBound!)) / value).toFixed(3)} %`,
);
console.log(`peer 0.564939: ${(100 * (value / 0.564939 - 1)).toFixed(2)} %`);
console.log(
  `target D95 ${at(t, 0.95)}, D10 ${at(t, 0.1)}, D2 ${at(t, 0.02)}; core maximum ${c[0]!.toFixed(2)}, D10 ${at(c, 0.1)} Gy`,
);
console.log(`in all ${(clock() - begin).toFixed(1)} s, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);

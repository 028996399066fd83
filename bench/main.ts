/**
 * Speed of the main job's steps at three sizes.
 *
 *     npm run bench [-- --size tiny|clinical|large|all]
 *
 * Every line is the best of a few runs, as seconds, a physical rate, and a ratio taken in the same run: the probe streams
 * 64 MB of Float64 (one read, one write), so that a noisy machine shows in both numbers.
 */

import { artiste6mv, buildPhantom, encodePng, parseCase } from 'respine';
import { beamletsCovering, beamsOf, InfluenceOperator } from 'respine/dose';
import { voxelizeStructure } from 'respine/geometry';
import { loadRasterizer, readPhantom, version } from 'respine/node';
import { doseFigure } from 'respine/report';
import { rasterizeAperture } from '../dist/beam/aperture.js';
import { conformAperture } from '../dist/beam/conform.js';
import { addFieldDose, viewOfBeam } from '../dist/dose/beam-view.js';
import { voxelCount } from '../dist/geometry/grid.js';
import { modelPatient } from '../dist/plan/patient/patient-model.js';
import { choosePlanningVoxels } from '../dist/plan/problem/planning-voxels.js';
import { planModulated } from '../dist/plan/technique/imrt.js';
import { depthOfPoints } from '../dist/raytrace/depth.js';

const sizes = { tiny: 6, clinical: 3, large: 2 } as const;
type Size = keyof typeof sizes;

function best<T>(repeats: number, job: () => T): { seconds: number; value: T } {
  let seconds = Infinity;
  let value!: T;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    value = job();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return { seconds, value };
}

const probeFrom = new Float64Array(4 << 20).fill(1);
const probeTo = new Float64Array(4 << 20);
/** Bytes per second. */
const bandwidth = (): number =>
  (2 * 8 * probeFrom.length) /
  best(5, () => {
    for (let i = 0; i < probeFrom.length; i++) probeTo[i] = 1.0001 * probeFrom[i]!;
  }).seconds;

const rows: string[][] = [];
const line = (size: Size, step: string, seconds: number, count: number, unit: string, note = ''): void => {
  rows.push([size, step, seconds.toFixed(3), `${(count / seconds / 1e6).toFixed(2)} M${unit}/s`, note]);
};

async function run(size: Size): Promise<void> {
  const mm = sizes[size];
  const repeats = size === 'large' ? 1 : 3;
  const spec = await readPhantom('spine-t8');
  const painted = best(repeats, () => buildPhantom(spec, { spacing: [mm, mm, mm] }));
  const patient = painted.value;
  const voxels = voxelCount(patient.hounsfield.grid);
  line(size, 'paint the phantom', painted.seconds, voxels, 'voxels');
  const masks = best(repeats, () => patient.structures.map((s) => voxelizeStructure(s, patient.hounsfield.grid)));
  line(
    size,
    `voxelise ${patient.structures.length} structures`,
    masks.seconds,
    voxels * patient.structures.length,
    'voxels',
  );

  const plan = parseCase({ patient: { phantom: 'spine-t8' }, doseGrid: { spacing: [mm, mm, mm] } });
  const model = modelPatient(patient, plan);
  const beams = beamsOf('posterior-9', model, artiste6mv);
  const { points } = model.body;
  const count = points.length / 3;
  const traced = best(repeats, () => depthOfPoints(patient.density, beams[0]!.frame.source, points));
  line(size, 'ray trace, one beam', traced.seconds, count, 'rays');

  const target = model.masks.get(model.target)!;
  const view = viewOfBeam(beams[4]!, patient.density, model.body);
  const { grid, open } = rasterizeAperture(conformAperture(beams[4]!.frame, target, { margin: 6, leafWidth: 5 }));
  const field = { grid, weights: open };
  const dosed = best(repeats, () => addFieldDose(view, field, new Float64Array(count)));
  line(size, 'dose of one field', dosed.seconds, count, 'voxels');

  const chosen = choosePlanningVoxels(model);
  for (const n of [3, 9]) {
    const some = beams.filter((_, i) => (n === 9 ? true : i % 4 === 0));
    const operator = new InfluenceOperator(
      some.map((beam) => ({ beam, beamlets: beamletsCovering(beam.frame, target) })),
      patient.density,
      chosen.points,
    );
    const weights = new Float64Array(operator.columns).fill(1);
    const dose = new Float64Array(operator.rows);
    const pair = best(5, () => operator.applyTranspose(operator.apply(weights, dose), weights.slice()));
    // What a dense Float64 matrix would have to stream, twice, at the bandwidth of this minute.
    const dense = (2 * 8 * operator.rows * operator.columns) / bandwidth();
    line(
      size,
      `A w and A' y, ${n} beams, ${operator.columns} beamlets`,
      pair.seconds,
      2 * operator.rows * n,
      'beam-voxels',
      `${(dense / pair.seconds).toFixed(1)} x the dense matrix at memory speed`,
    );
  }
  const optimised = best(1, () => planModulated(model, chosen, plan, artiste6mv));
  const { evaluations } = optimised.value.solution;
  line(
    size,
    `optimise IMRT, ${evaluations} evaluations`,
    optimised.seconds,
    evaluations * (chosen.points.length / 3) * 9,
    'beam-voxels',
  );

  const rasterizer = await loadRasterizer();
  const structures = [...model.masks].slice(0, 8).map(([name, mask]) => ({ name, color: '#c03060', mask }));
  const drawn = best(repeats, () =>
    encodePng(
      rasterizer.rasterize(
        doseFigure({
          hounsfield: patient.hounsfield,
          dose: optimised.value.dose,
          structures,
          plane: 'axial',
          point: model.isocenter,
          prescription: 39.6,
          title: 'bench',
        }),
      ),
    ),
  );
  line(size, 'render one dose figure to PNG', drawn.seconds, 920 * 600, 'pixels');
}

const asked = process.argv[process.argv.indexOf('--size') + 1] ?? 'all';
const chosenSizes = asked in sizes ? [asked as Size] : (Object.keys(sizes) as Size[]);
console.log(
  `respine ${version}, Node ${process.version}, ${process.arch}, memory ${(bandwidth() / 1e9).toFixed(1)} GB/s`,
);
for (const size of chosenSizes) await run(size);
console.log('\n| size | step | s | rate | in the same run |\n|---|---|---|---|---|');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);

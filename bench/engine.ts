/**
 * The dose engine against itself: what its own steps cost in accuracy, what the dose grid does to a report, what it costs in time.
 *
 *     npm run bench:engine [-- tiny | REFERENCE PATIENTS]      folders of the reference data and of treated patients
 *
 * Convergence: the dose with the default pitch and step of the pass against both halved twice. Shifts: what a patient off its
 * place is given with the effective densities of the place where it should lie. Grid: one plan's fluence on dose grids as they
 * are and moved by half a voxel, DVHs as a report makes them. Speed: processor time of nine open fields, one lane.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artiste6mv, buildPhantom, type Grid, type Patient, parseCase, runPlan, type Vec3, type Volume } from 'respine';
import { patientFromDicom } from 'respine/dicom';
import { type Beam, createBeam, type DoseVoxels, type FluenceField, voxelsInside } from 'respine/dose';
import { createStructureDvh, evaluateMetric, metricBound, parseMetric } from 'respine/dvh';
import { createDose, createGrid, createVolume, voxelizeStructure } from 'respine/geometry';
import { readPhantom, version } from 'respine/node';
import { uniformFluenceGrid } from '../dist/beam/fluence.js';
import { addFieldDose, viewOfBeam } from '../dist/dose/beam-view.js';
import { type DoseField, ForwardDose } from '../dist/dose/forward-dose.js';

import { gridBox, gridCovering } from '../dist/geometry/grid.js';
import { decodeNrrd } from '../dist/io/nrrd.js';
import { BeamPass, type PassOptions } from '../dist/raytrace/beam-pass.js';
import { createDensityBox } from '../dist/raytrace/density-box.js';

const args = process.argv.slice(2);
const isTiny = args[0] === 'tiny';
const [reference, patients] = isTiny ? [] : args;

const table = (...heads: string[]): void => {
  row(...heads);
  row(...heads.map(() => '---'));
};
const row = (...cells: (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
const poseAt = (isocenter: Vec3, gantry: number) => ({ isocenter, gantry, collimator: 0, couch: 0 });

function openField(side: number): FluenceField {
  const cells = side / 5;
  return {
    grid: uniformFluenceGrid(-side / 2, -side / 2, 5, cells, cells),
    weights: new Float64Array(cells * cells).fill(1),
  };
}

const bodyOf = ({ grid, data }: Volume<'density'>): DoseVoxels =>
  voxelsInside(
    createVolume(
      'mask',
      grid,
      data.map((rho) => (rho > 0 ? 1 : 0)),
    ),
  );

const spine = async (mm: number): Promise<Patient> =>
  buildPhantom(await readPhantom('spine-t8'), { target: 'horseshoe', spacing: [mm, mm, mm] });

/** Max, p99.9, p99 and rms of differences, % of a dose. */
function spread(differences: Float64Array, largest: number): string[] {
  const sorted = differences.map((d) => (100 * Math.abs(d)) / largest).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  const rms = Math.sqrt(sorted.reduce((sum, d) => sum + d * d, 0) / sorted.length);
  return [at(1), at(0.999), at(0.99), rms].map((x) => x.toFixed(3));
}

interface Case {
  readonly name: string;
  readonly density: Volume<'density'>;
  readonly isocenter: Vec3;
  readonly gantries: readonly number[];
}

async function cases(): Promise<Case[]> {
  const gantries = isTiny ? [120] : [180, 120, 230];
  const own = await Promise.all(
    (isTiny ? [6] : [2, 3]).map(
      async (mm): Promise<Case> => ({
        name: `spine-t8, ${mm} mm`,
        density: (await spine(mm)).density,
        isocenter: [0, 30, 0],
        gantries,
      }),
    ),
  );
  if (reference !== undefined) {
    const read = (name: string) => decodeNrrd(readFileSync(join(reference, 'montecarlo/spine', `${name}.nrrd`)));
    const [{ grid, data }, { data: bits }] = [await read('red'), await read('structures')];
    // Air around the body belongs to the simulation, not to the patient.
    const inside = Float32Array.from(data, (rho, v) => (bits[v]! & 1 ? rho : 0));
    own.push({
      name: `thoracic phantom, ${grid.spacing[0]} mm`,
      density: createVolume('density', grid, inside),
      isocenter: [0, 39, 0],
      gantries: [0, 120, 140],
    });
  }
  const folder = patients && join(patients, 'thorax-a/CT');
  if (folder && existsSync(folder)) {
    const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
    const { density } = patientFromDicom(files, undefined, { findExternal: true });
    const { points, index } = bodyOf(density);
    const mean = (axis: number): number => index.reduce((sum, _, p) => sum + points[3 * p + axis]!, 0) / index.length;
    const spacing = density.grid.spacing.map((s) => Number(s.toFixed(2))).join(' x ');
    own.push({
      name: `thorax-a, ${spacing} mm`,
      density,
      isocenter: [mean(0), mean(1), mean(2)],
      gantries: [180, 120, 230],
    });
  }
  return own;
}

/** Points that share a fan are this wide, mm: a fine one for a whole body is beyond its memory. */
const SLAB = 20;

/** Dose at points, slab by slab across u: what a point is given does not depend on the others. */
function doseBySlab(
  beam: Beam,
  density: Volume<'density'>,
  points: Float64Array,
  field: FluenceField,
  pass: BeamPass,
): Float64Array {
  const { beamFromPatient: m } = beam.frame;
  const slabs = new Map<number, number[]>();
  for (let p = 0; p < points.length / 3; p++) {
    const u = m[0]! * points[3 * p]! + m[4]! * points[3 * p + 1]! + m[8]! * points[3 * p + 2]! + m[12]!;
    const slab = Math.floor(u / SLAB);
    const known = slabs.get(slab);
    if (known) known.push(p);
    else slabs.set(slab, [p]);
  }
  const dose = new Float64Array(points.length / 3);
  for (const which of slabs.values()) {
    const own = pointsAt(points, which);
    const view = viewOfBeam(beam, density, { points: own }, {}, pass);
    const part = addFieldDose(view, field, new Float64Array(which.length));
    which.forEach((p, q) => {
      dose[p] = part[q]!;
    });
  }
  return dose;
}

function pointsAt(points: Float64Array, which: readonly number[]): Float64Array {
  const own = new Float64Array(3 * which.length);
  which.forEach((p, q) => {
    own.set(points.subarray(3 * p, 3 * p + 3), 3 * q);
  });
  return own;
}

/** The points above a tenth of the maximum, and that maximum. */
function heated(
  density: Volume<'density'>,
  beam: Beam,
  field: FluenceField,
): { points: Float64Array; largest: number } {
  const { points, index } = bodyOf(density);
  const dose = addFieldDose(viewOfBeam(beam, density, { points }), field, new Float64Array(index.length));
  const largest = dose.reduce((a, b) => Math.max(a, b));
  return {
    points: pointsAt(
      points,
      [...dose.keys()].filter((p) => dose[p]! > largest / 10),
    ),
    largest,
  };
}

/** The default pitch of the pass, mm; its step is half of it. */
const pitchOf = (density: Volume<'density'>): number => Math.min(3, Math.max(2, Math.min(...density.grid.spacing)));

function convergence({ name, density, isocenter, gantries }: Case): void {
  const box = createDensityBox(density);
  const pitch = pitchOf(density);
  const field = openField(60);
  for (const gantry of gantries) {
    const beam = createBeam(artiste6mv, poseAt(isocenter, gantry));
    const { points, largest } = heated(density, beam, field);
    const at = (options: PassOptions): Float64Array =>
      doseBySlab(beam, density, points, field, new BeamPass(box, options));
    const fine = at({ pitch: pitch / 4, step: pitch / 8 });
    for (const [options, label] of [
      [{}, `${pitch} and ${pitch / 2}`],
      [{ pitch: pitch / 2, step: pitch / 4 }, `${pitch / 2} and ${pitch / 4}`],
    ] as const) {
      const apart = at(options).map((d, p) => d - fine[p]!);
      row(name, gantry, points.length / 3, label, ...spread(apart, largest));
    }
  }
}

function shiftedRows({ name, density, isocenter, gantries }: Case): void {
  const field = openField(60);
  for (const gantry of gantries) {
    const beam = createBeam(artiste6mv, poseAt(isocenter, gantry));
    const { points, largest } = heated(density, beam, field);
    const count = points.length / 3;
    const apart: number[] = [];
    for (const axis of [0, 1, 2]) {
      for (const mm of [-3, 3]) {
        const shift: Vec3 = [axis === 0 ? mm : 0, axis === 1 ? mm : 0, axis === 2 ? mm : 0];
        const truly = createBeam(artiste6mv, poseAt([0, 1, 2].map((a) => isocenter[a]! - shift[a]!) as never, gantry));
        const [own, moved] = [
          viewOfBeam(beam, density, { points }, { shifted: [{ shift, from: 0, to: count }] }),
          viewOfBeam(truly, density, { points }),
        ].map((view) => addFieldDose(view, field, new Float64Array(count)));
        own!.forEach((d, p) => {
          apart.push(d - moved![p]!);
        });
      }
    }
    row(name, gantry, count, ...spread(Float64Array.from(apart), largest));
  }
}

/** Dose of fields on any grid; outside the external contour it is zero. */
function doseOn(grid: Grid, patient: Patient, fields: readonly DoseField[]): ReturnType<typeof createDose> {
  const external = patient.structures.find((s) => s.role === 'external')!;
  const body = voxelsInside(voxelizeStructure(external, grid));
  const forward = new ForwardDose(patient.density, body.points);
  const { dose } = forward.total(fields);
  forward.close();
  const out = createDose(grid, { quantity: 'physical', fractions: 22 });
  body.index.forEach((voxel, p) => {
    out.data[voxel] = dose[p]!;
  });
  return out;
}

const METRICS = [
  ['SpinalCord', 'Max'],
  ['SpinalCord', 'D0.03cc'],
  ['PTV_3960', 'D95%'],
] as const;

/** An IMRT plan of nine posterior beams, its cord under 29.8 Gy, on grids that are moved by half a voxel; the image stays what it is. */
async function gridShift(): Promise<void> {
  const mm = isTiny ? 6 : 2;
  const patient = await spine(mm);
  const plan = parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [mm, mm, mm], planning: isTiny ? mm : 2 },
    cordCap: 29.8,
    imrt: { beams: 'posterior-9' },
  });
  const [planned] = runPlan({ patient, case: plan, machine: artiste6mv }, { techniques: ['imrt'] }).plans;
  const { fields } = planned!.plan;
  const halves: readonly Vec3[] = [
    [0, 0, 0],
    [0.5, 0, 0],
    [0, 0.5, 0],
    [0, 0, 0.5],
    [0.5, 0.5, 0.5],
  ];
  for (const size of isTiny ? [6] : [2, 3, 4]) {
    const still = gridCovering(gridBox(patient.density.grid), [size, size, size]);
    const values = halves.map((half) => {
      const origin = still.origin.map((o, a) => o + half[a]! * size) as unknown as Vec3;
      const grid = createGrid(still.shape, still.spacing, origin);
      const dose = doseOn(grid, patient, fields);
      return METRICS.map(([name, metric]) => {
        const structure = patient.structures.find((s) => s.name === name)!;
        const dvh = createStructureDvh(dose, structure, { partial: 'covered', ...(isTiny && { budget: 20_000 }) });
        const parsed = parseMetric(metric);
        return { value: evaluateMetric(parsed, dvh).value, bound: metricBound(parsed, dvh)!.total };
      });
    });
    METRICS.forEach(([name, metric], q) => {
      const first = values[0]![q]!.value;
      const bound = Math.max(...values.map((own) => own[q]!.bound));
      const moves = values.slice(1).map((own) => own[q]!.value - first);
      const signed = moves.map((d) => `${d < 0 ? '-' : '+'}${Math.abs(d).toFixed(3)}`);
      const largest = Math.max(...moves.map(Math.abs));
      row(size, `${name} ${metric}`, first.toFixed(2), ...signed, largest.toFixed(3), bound.toFixed(2));
    });
  }
}

/** A water box of 300 x 150 x 300 mm in an image of 500 x 500 x 322 mm. */
function waterBox([sx, sy, sz]: Vec3): Volume<'density'> {
  const [nx, ny, nz] = [Math.round(500 / sx), Math.round(500 / sy), Math.round(322 / sz)];
  const middle = (n: number, s: number): number => (-(n - 1) / 2) * s;
  const density = createVolume(
    'density',
    createGrid([nz, ny, nx], [sx, sy, sz], [middle(nx, sx), middle(ny, sy), middle(nz, sz)]),
  );
  const at = (n: number, i: number, s: number): number => Math.abs((i - (n - 1) / 2) * s);
  for (let v = 0; v < density.data.length; v++) {
    const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
    if (at(nx, i, sx) < 150 && at(ny, j, sy) < 75 && at(nz, k, sz) < 150) density.data[v] = 1;
  }
  return density;
}

/** Processor time of a job, s. */
function cpu(job: () => void): number {
  const from = process.cpuUsage();
  job();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

function speed(name: string, density: Volume<'density'>, isocenter: Vec3): void {
  const { points, index } = bodyOf(density);
  const field = openField(100);
  const fields = Array.from({ length: 9 }, (_, b) => ({
    beam: createBeam(artiste6mv, poseAt(isocenter, 40 * b)),
    fluence: field,
  }));
  const models = ['density', 'depth'] as const;
  const best = models.map(() => [Infinity, Infinity] as [number, number]);
  // In turns, so that both models see the same machine.
  for (let r = 0; r < (isTiny ? 1 : 3); r++) {
    models.forEach((heterogeneity, m) => {
      const forward = new ForwardDose(density, points, { heterogeneity });
      for (const q of [0, 1] as const)
        best[m]![q] = Math.min(
          best[m]![q],
          cpu(() => forward.total(fields)),
        );
      forward.close();
    });
  }
  const [scaled, depth] = best.map((own) => own.map((s) => (1e9 * s) / (9 * index.length)));
  for (const [q, label] of [
    [0, 'from nothing'],
    [1, 'views kept'],
  ] as const) {
    const [a, b] = [scaled![q]!, depth![q]!];
    row(name, index.length, label, a.toFixed(0), b.toFixed(0), (a / b).toFixed(2));
  }
}

console.log(`respine ${version}, Node ${process.version}, one lane`);

const all = await cases();
console.log('\nConvergence: against pitch and step halved twice, voxels above 10 %, % of the maximum\n');
table('patient', 'gantry', 'voxels', 'pitch and step mm', 'max', 'p99.9', 'p99', 'rms');
for (const one of all) convergence(one);

console.log('\nShifts of +-3 mm along x, y and z against beams that are truly moved, % of the maximum\n');
table('patient', 'gantry', 'voxels', 'max', 'p99.9', 'p99', 'rms');
shiftedRows(all[0]!);

console.log('\nDose grid moved by half a voxel, Gy\n');
table('grid mm', 'metric', 'as it is', 'x', 'y', 'z', 'all', 'largest', 'bound');
await gridShift();

console.log('\nNine open 100 mm fields, ns of processor time per beam-voxel\n');
table('patient', 'voxels', 'step', 'density', 'depth', 'ratio');
speed('water box', waterBox(isTiny ? [12, 12, 12] : [3, 3, 2.5]), [0, 0, 0]);
speed(all[0]!.name, all[0]!.density, all[0]!.isocenter);

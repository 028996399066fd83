/**
 * The peer's generic 6 MV machine in this engine, against doses that the peer computed with it.
 *
 * Its kernels w_i(r) are tables in the isocentre plane, one set per SSD; with its depth functions D_i(d) they are a pencil
 * kernel like any other, carried back to patient millimetres and fitted with Gaussians (of either sign: the tables have kinks).
 * Three habits of the peer are known and are put into the comparison, not into the engine: every beamlet sits 0.25 mm low on
 * both axes, the inverse square takes the distance along the beam's axis, and a beamlet's dose ends 50 mm + 5 / sqrt 2 mm
 * from its centre.
 */
import { createBeam } from '../beam/beam.js';
import { uniformFluenceGrid } from '../beam/fluence.js';
import { createRandom } from '../core/random.js';
import { addFieldDose, viewOfBeam } from '../dose/beam-view.js';
import { createVolume } from '../geometry/volume.js';
import { decodeNrrd } from '../io/nrrd.js';
import { utf8Decode } from '../io/utf8.js';
import { commissionFromKernel } from '../machine/commission-kernel.js';
import { openFieldDose, squareField } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import { type Comparison, type ReferenceReader, spread } from './comparison.js';
import { parseCsv } from './csv.js';

interface PeerMachine {
  readonly SAD_mm: number;
  readonly m_per_mm: number;
  readonly betas_per_mm: readonly number[];
  readonly penumbraFWHMatIso_mm: number;
  readonly kernelPos_mm: readonly number[];
  readonly kernels_by_SSD_mm: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const WIDTHS = [0, 1.2, 2, 3, 4.3, 6.2, 9, 13, 19, 27, 39, 56, 80, 110];
/** Radii in the isocentre plane, mm, at which the kernels are integrated. */
const RADII = [
  0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12.5, 15, 17.5, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 120, 140, 160, 176,
];
const DEPTHS = [
  ...Array.from({ length: 30 }, (_, i) => i + 0.5),
  ...Array.from({ length: 54 }, (_, i) => 32.5 + 5 * i),
];
/** The peer's pixel, mm. */
const PIXEL = 0.5;
const SHIFT = 0.25;
const CUT_OFF = 50 + 5 / Math.SQRT2;

/** @param ssd one of the SSDs of the peer's file, mm */
export function peerMachine(peer: PeerMachine, ssd: number, isSigned = true): Machine {
  const kernels = peer.kernels_by_SSD_mm[String(ssd)]!;
  const cumulative = kernels.map((kernel) => cumulate(kernel));
  const depthFunctions = (d: number): number[] =>
    peer.betas_per_mm.map(
      (beta) => (beta / (beta - peer.m_per_mm)) * (Math.exp(-peer.m_per_mm * d) - Math.exp(-beta * d)),
    );
  /** Dose within a radius of the isocentre plane, at each of RADII. */
  const within = (depth: number): number[] => {
    const D = depthFunctions(depth);
    return RADII.map((_, r) => cumulative.reduce((sum, c, i) => sum + D[i]! * c[r]!, 0));
  };
  const values = DEPTHS.map((depth) => {
    // A radius of the isocentre plane is larger by L / SAD in the patient: the table wants the dose at patient radii.
    const scale = (ssd + depth) / peer.SAD_mm;
    const doses = within(depth);
    const at = (radius: number): number => interpolateByArea(RADII, doses, radius / scale);
    return RADII.map((radius, r) => {
      const inner = r === 0 ? 0 : RADII[r - 1]!;
      return (at(radius) - (r === 0 ? 0 : at(inner))) / (Math.PI * (radius ** 2 - inner ** 2));
    });
  });
  const sigma = peer.penumbraFWHMatIso_mm / Math.sqrt(8 * Math.log(2));
  const machine = commissionFromKernel(
    { depths: DEPTHS, radii: RADII, values },
    { name: 'peer', source: 'generic 6 MV machine of the peer', widths: WIDTHS, isSigned, sad: peer.SAD_mm },
  );
  // Its absolute scale instead of the calibration: the dose within 60 mm, 102.5 mm deep.
  const depth = 102.5;
  const i = DEPTHS.indexOf(depth);
  const radius = (60 * (ssd + depth)) / peer.SAD_mm;
  const fitted = WIDTHS.reduce(
    (sum, w, j) =>
      sum + machine.kernel.amplitudes[i]![j]! * (w === 0 ? 1 : 1 - Math.exp((-radius * radius) / (2 * w * w))),
    0,
  );
  const factor = within(depth)[RADII.indexOf(60)]! / fitted;
  return {
    ...machine,
    penumbra: { sigma: [sigma, sigma], collimator: [0, 0] },
    kernel: { ...machine.kernel, amplitudes: machine.kernel.amplitudes.map((row) => row.map((a) => a * factor)) },
  };
}

/**
 * The same as a machine file may say it: no weight below zero, and the dose of the reference field on the usual scale. The peer's is
 * in a unit of its own, and a plan's weights take up what they differ by.
 *
 * @param ssd one of the SSDs of the peer's file, mm
 */
export function peerMachineFile(peer: PeerMachine, ssd: number): Machine {
  const machine = peerMachine(peer, ssd, false);
  const { gyPerMu, ssd: at, depth, fieldSide } = machine.calibration;
  const factor = gyPerMu / openFieldDose(machine, squareField(fieldSide), at, depth);
  const { scatter: _, ...kernel } = machine.kernel;
  const amplitudes = kernel.amplitudes.map((row) => row.map((a) => Math.max(0, a * factor)));
  return { ...machine, name: `peer-6mv-ssd${ssd}`, kernel: { ...kernel, amplitudes } };
}

/** Integral of a kernel, given per pixel, within each of RADII; the first pixel is a disc of its area. */
function cumulate(kernel: readonly number[]): number[] {
  const density = (radius: number): number => {
    if (radius < PIXEL) return kernel[1]! / PIXEL ** 2;
    const i = Math.min(kernel.length - 2, Math.floor(radius / PIXEL));
    const t = radius / PIXEL - i;
    return ((1 - t) * kernel[i]! + t * kernel[i + 1]!) / PIXEL ** 2;
  };
  let sum = kernel[0]!;
  let from = PIXEL / Math.sqrt(Math.PI);
  return RADII.map((to) => {
    const n = 400;
    const step = (to - from) / n;
    for (let q = 0; q < n; q++) {
      const r = from + (q + 0.5) * step;
      sum += density(r) * 2 * Math.PI * r * step;
    }
    from = to;
    return sum;
  });
}

/** Linear in the square of the radius between the table's radii; flat beyond its last. */
function interpolateByArea(radii: readonly number[], values: readonly number[], radius: number): number {
  const i = radii.findIndex((r) => r >= radius);
  if (i < 0) return values[values.length - 1]!;
  if (i === 0) return values[0]!;
  const t = (radius ** 2 - radii[i - 1]! ** 2) / (radii[i]! ** 2 - radii[i - 1]! ** 2);
  return values[i - 1]! + t * (values[i]! - values[i - 1]!);
}

/** What the peer's axial inverse square adds at (u, v) of the isocentre plane. */
const axial = (u: number, v: number): number => 1 + (u * u + v * v) / 1e6;

export async function validatePeer(read: ReferenceReader): Promise<Comparison[]> {
  const bytes = read('matrad/generic_6mv_machine.json');
  if (bytes === undefined) return [];
  const peer = JSON.parse(utf8Decode(bytes)) as PeerMachine;
  return [...validateOpenFields(peer, read), ...(await validateCShape(peer, read))];
}

function validateOpenFields(peer: PeerMachine, read: ReferenceReader): Comparison[] {
  const ssd = 900;
  const machine = peerMachine(peer, ssd);
  return [30, 100].flatMap((side): Comparison[] => {
    const path = `matrad/analytic_open${side}_profiles.csv`;
    const depthPath = `matrad/analytic_open${side}_pdd.csv`;
    const rows = parseCsv(read(path)!, path);
    const axis = parseCsv(read(depthPath)!, depthPath).map(
      (row) => [Number(row.depth_mm), Number(row.dose_cut176)] as const,
    );
    const largest = Math.max(...axis.map(([, dose]) => dose));
    const points = [15, 50, 100, 200].flatMap((depth) =>
      rows.map((row) => {
        const x = Number(row.x_mm);
        const u = (x * peer.SAD_mm) / (ssd + depth);
        const dose = openFieldDose(machine, squareField(side), ssd, depth, u + SHIFT, SHIFT) * axial(u, 0);
        return { depth, x, percent: (100 * (dose - Number(row[`d${depth}_cut176`]))) / largest };
      }),
    );
    const depthDose = axis
      .filter(([depth]) => depth <= 290)
      .map(([depth, dose]) => ({
        depth,
        x: 0,
        percent: (100 * (openFieldDose(machine, squareField(side), ssd, depth) - dose)) / largest,
      }));
    const { max, at } = spread([...points, ...depthDose], (p) => p.percent);
    return [
      {
        quantity: `peer's machine, open ${side} mm field in water, axis and profiles`,
        reference: 'the peer, untruncated',
        value: max,
        limit: 0.2,
        unit: '% of maximum',
        note: `depth ${at.depth} mm, ${at.x} mm off axis; after its 0.25 mm shift and axial inverse square`,
      },
    ];
  });
}

/**
 * One open beam on the C-shape phantom, at a random sample of voxels (seed 3). It is the only single beam that the peer's doses
 * hold, and meets the flat face of a water box at right angles: nothing is said of oblique entry.
 */
async function validateCShape(peer: PeerMachine, read: ReferenceReader): Promise<Comparison[]> {
  const ct = await decodeNrrd(read('matrad/cshape_ct.nrrd')!);
  const dose = await decodeNrrd(read('matrad/cshape_beam_gantry0_couch0_dose.nrrd')!);
  const path = 'matrad/cshape_beam_gantry0_couch0_beamlets.csv';
  const beamlets = parseCsv(read(path)!, path).map((row) => [Number(row.x_bev_mm), Number(row.z_bev_mm)] as const);
  const [nz, ny, nx] = ct.grid.shape;
  const [sx, sy, sz] = ct.grid.spacing;
  const [ox, oy, oz] = ct.grid.origin;
  const density = createVolume(
    'density',
    ct.grid,
    Float32Array.from(ct.data, (hu) => (hu > -500 ? 1 : 0)),
  );
  const largest = dose.data.reduce((a, b) => Math.max(a, b), 0);
  const random = createRandom(3);
  const points: number[] = [];
  const expected: number[] = [];
  while (expected.length < 1500) {
    const i = Math.floor(nx * random.uniform());
    const j = Math.floor(ny * random.uniform());
    const k = Math.floor(nz * random.uniform());
    const value = dose.data[i + nx * (j + ny * k)]!;
    // The peer computes on planes 3 mm apart and interpolates to these: its edges along z are not its model's.
    if (value < 0.02 * largest || Math.abs(oz + k * sz) > 34) continue;
    points.push(ox + i * sx, oy + j * sy, oz + k * sz);
    expected.push(value);
  }
  // Its SSD of 939 mm lies between two of the file's kernels.
  const doses = [920, 950].map((ssd) => {
    const beam = createBeam(peerMachine(peer, ssd), {
      isocenter: [0, -13.888, 0],
      gantry: 0,
      collimator: 0,
      couch: 0,
    });
    const view = viewOfBeam(
      beam,
      density,
      { points: Float64Array.from(points) },
      { tolerance: 2e-4, heterogeneity: 'depth' },
    );
    const shifted = {
      ...view,
      points: { ...view.points, u: view.points.u.map((u) => u + SHIFT), v: view.points.v.map((v) => v + SHIFT) },
    };
    const total = new Float64Array(expected.length);
    const one = new Float64Array(expected.length);
    for (const [x, z] of beamlets) {
      const grid = uniformFluenceGrid(x - 2.5, z - 2.5, 5, 1, 1);
      addFieldDose(shifted, { grid, weights: Float64Array.of(1) }, one.fill(0));
      for (let p = 0; p < total.length; p++) {
        const [u, v] = [view.points.u[p]!, view.points.v[p]!];
        if (Math.hypot(u - x, v - z) <= CUT_OFF) total[p]! += one[p]! * axial(u, v);
      }
    }
    return total;
  });
  const t = (938.9 - 920) / 30;
  const deviations = expected.map(
    (value, p) => (100 * ((1 - t) * doses[0]![p]! + t * doses[1]![p]! - value)) / largest,
  );
  const { max, rms, at } = spread(
    deviations.map((percent, p) => ({ percent, p })),
    (d) => d.percent,
  );
  return [
    {
      quantity: "peer's machine, C-shape phantom, one beam of 323 beamlets at right angles to a flat face",
      reference: 'the peer',
      value: max,
      limit: 0.2,
      unit: '% of maximum',
      note: `1500 voxels at (${points
        .slice(3 * at.p, 3 * at.p + 3)
        .map((c) => c.toFixed(0))
        .join(', ')}) mm; rms ${rms.toFixed(2)} %; after shift, axial inverse square and cut-off`,
    },
  ];
}

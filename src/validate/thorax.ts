/**
 * A thoracic phantom with lung, vertebra and canal, against Monte Carlo in three dimensions.
 *
 * The machine is commissioned from the Monte Carlo kernel of water. A correct pencil beam that scales depth alone then differs
 * from the simulated dose to medium by known amounts, and agrees with an independent evaluation of the same model on the
 * central axis; the engine must show both.
 */
import { createBeam } from '../beam/beam.js';
import { uniformFluenceGrid } from '../beam/fluence.js';
import { addFieldDose, viewOfBeam, voxelsInside } from '../dose/forward.js';
import { gammaIndex } from '../evaluate/gamma.js';
import { createDose, createVolume, type Volume } from '../geometry/volume.js';
import { decodeNrrd } from '../io/nrrd.js';
import { commissionFromKernel } from '../machine/commission-kernel.js';
import { openFieldDose, squareField } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import { type Comparison, type ReferenceReader, spread } from './comparison.js';
import { parseCsv } from './csv.js';
import { readPencilKernel } from './kernel-table.js';

/** What a correct one-dimensional model shows against dose to medium, percent; and its listed gamma at 3 %/3 mm. */
const KNOWN = {
  180: { side: 60, soft: 1.7, bone: 5.4, canal: -0.1, gamma: 82 },
  140: { side: 30, soft: 2.0, bone: 4.7, lung: 19, gamma: 67 },
} as const;
type Gantry = keyof typeof KNOWN;

/** In the field: this far inside its edges, mm, and above this dose (1: the reference field at 100 mm). */
const INSET = 6;
const LEAST = 0.3;

/** The machine of the divergent simulations: 1 per monitor unit at the reference point. */
export function divergentMachine(read: ReferenceReader): Machine | undefined {
  const path = 'montecarlo/water/water_pencil_kernel.csv';
  const bytes = read(path);
  if (bytes === undefined) return undefined;
  const table = readPencilKernel(
    bytes,
    path,
    { depth: ['depth_lo_mm', 'depth_hi_mm'], radius: ['r_lo_mm', 'r_hi_mm'], dose: 'k_per_mm2' },
    1,
  );
  return commissionFromKernel(table, {
    name: 'monte-carlo-divergent',
    source: 'EGSnrc water kernel of the divergent simulations',
    calibration: { gyPerMu: 1, ssd: 900, depth: 100, fieldSide: 100 },
  });
}

/** Depth doses of square fields at SSD 900 mm: the kernel of a parallel pencil carries over to divergent fields. */
export function validateDivergentWater(read: ReferenceReader): Comparison[] {
  const machine = divergentMachine(read);
  const path = 'montecarlo/water/water_depth_dose.csv';
  const bytes = read(path);
  if (machine === undefined || bytes === undefined) return [];
  const points = parseCsv(bytes, path)
    .map((row) => ({ side: Number(row.field_mm), depth: Number(row.depth_mm), dose: Number(row.dose_rel) }))
    .filter((p) => p.depth < 288);
  const largest = new Map<number, number>();
  for (const p of points) largest.set(p.side, Math.max(largest.get(p.side) ?? 0, p.dose));
  const { max, at } = spread(
    points,
    (p) => (100 * (openFieldDose(machine, squareField(p.side), 900, p.depth) - p.dose)) / largest.get(p.side)!,
  );
  return [
    {
      quantity: 'water at SSD 900 mm, fields 10 to 200 mm, build-up included',
      reference: 'Monte Carlo',
      value: max,
      limit: 0.5,
      unit: '% of maximum',
      note: `depth ${at.depth} mm, ${at.side} mm field`,
    },
  ];
}

export async function validateThorax(read: ReferenceReader): Promise<Comparison[]> {
  const machine = divergentMachine(read);
  const folder = 'montecarlo/spine';
  if (machine === undefined || read(`${folder}/red.nrrd`) === undefined) return [];
  const volume = (name: string): ReturnType<typeof decodeNrrd> => decodeNrrd(read(`${folder}/${name}.nrrd`)!);
  const red = await volume('red');
  const medium = (await volume('medium')).data;
  const bits = (await volume('structures')).data;
  const density = createVolume('density', red.grid, Float32Array.from(red.data));
  const mask: Volume<'mask'> = createVolume(
    'mask',
    red.grid,
    Float32Array.from(bits, (b) => b & 1),
  );
  const body = voxelsInside(mask);
  const out: Comparison[] = [];
  for (const gantry of [180, 140] as Gantry[]) {
    const known = KNOWN[gantry];
    const { side } = known;
    const beam = createBeam(machine, { isocenter: [0, 39, 0], gantry, collimator: 0, couch: 0 });
    const cells = side / 5;
    const field = {
      grid: uniformFluenceGrid(-side / 2, -side / 2, 5, cells, cells),
      weights: new Float64Array(cells * cells).fill(1),
    };
    const axisPath = `${folder}/g${gantry}_central_axis.csv`;
    const rows = parseCsv(read(axisPath)!, axisPath).filter((row) => Number(row.geom_depth_mm) > 20);
    const axis = viewOfBeam(beam, density, {
      points: Float64Array.from(rows.flatMap((row) => [Number(row.x_mm), Number(row.y_mm), 0])),
    });
    const onAxis = addFieldDose(axis, field, new Float64Array(rows.length));
    const independent = spread(
      rows.map((row, i) => ({ row, percent: 100 * (onAxis[i]! / Number(row.pb) - 1) })),
      (p) => p.percent,
    );
    const name = `thorax, gantry ${gantry}, ${side} mm field`;
    out.push({
      quantity: `${name}: central axis`,
      reference: 'independent evaluation of the same model',
      value: independent.max,
      limit: 1,
      unit: '%',
      note: `${independent.at.row.material}, depth ${independent.at.row.geom_depth_mm} mm`,
    });

    const simulated = (await volume(`g${gantry}_dose`)).data;
    const view = viewOfBeam(beam, density, body);
    const dose = addFieldDose(view, field, new Float64Array(body.index.length));
    const sums: Record<string, [number, number]> = {};
    body.index.forEach((voxel, p) => {
      const edge = side / 2 - INSET;
      if (Math.abs(view.points.u[p]!) > edge || Math.abs(view.points.v[p]!) > edge || simulated[voxel]! < LEAST) return;
      const region = regionOf(medium[voxel]!, bits[voxel]!);
      if (region === undefined) return;
      sums[region] ??= [0, 0];
      sums[region][0] += dose[p]!;
      sums[region][1] += simulated[voxel]!;
    });
    for (const region of ['soft', 'bone', 'canal', 'lung'] as const) {
      const expected = (known as Partial<Record<typeof region, number>>)[region];
      const sum = sums[region];
      if (expected === undefined || sum === undefined) continue;
      const found = 100 * (sum[0] / sum[1] - 1);
      out.push({
        quantity: `${name}: mean in ${regionNames[region]}`,
        reference: `${expected} % of a correct one-dimensional model`,
        value: found - expected,
        limit: 1,
        unit: '%',
        note: `${found.toFixed(1)} % above Monte Carlo dose to medium`,
      });
    }

    const meaning = { quantity: 'physical', fractions: 1 } as const;
    const reference = createDose(red.grid, meaning, Float32Array.from(simulated));
    const evaluated = createDose(red.grid, meaning);
    body.index.forEach((voxel, p) => {
      evaluated.data[voxel] = dose[p]!;
    });
    const { passRate } = gammaIndex(reference, evaluated, { dose: 3, distance: 3, threshold: 10 });
    out.push({
      quantity: `${name}: gamma 3 %/3 mm`,
      reference: 'Monte Carlo dose to medium',
      value: passRate,
      limit: null,
      unit: '% pass',
      note: `an independent run of the model is listed with ${known.gamma} %, its interpolation and voxels are not stated`,
    });
  }
  return out;
}

const regionNames = { soft: 'soft tissue', bone: 'vertebral bone', canal: 'canal and cord', lung: 'lung' };

/** Media 2 tissue, 3 lung, 4 bone; structure bits 8 cord, 16 canal. */
function regionOf(medium: number, bits: number): keyof typeof regionNames | undefined {
  if (medium === 3) return 'lung';
  if (medium === 4) return 'bone';
  if ((bits & 24) !== 0) return 'canal';
  return medium === 2 ? 'soft' : undefined;
}

/**
 * Layers of water, lung and bone under a parallel beam, against Monte Carlo on the central axis.
 *
 * The machine is commissioned from the Monte Carlo kernel of water, so that what is left over is the engine's: its ray trace,
 * its maps, and how it treats matter that is not water. The error of scaling depth alone is tabulated beside the Monte Carlo dose
 * (water dose at the radiological depth): the engine must reproduce it when it is told to scale depth alone, and remove it
 * when it scales density.
 */
import { createBeam } from '../beam/beam.js';
import { uniformFluenceGrid } from '../beam/fluence.js';
import { addFieldDose, viewOfBeam } from '../dose/beam-view.js';
import type { DoseModelOptions } from '../dose/pencil-beam.js';
import { doseFactor } from '../dose/tissue.js';
import { createGrid } from '../geometry/grid.js';
import { createVolume, type Volume } from '../geometry/volume.js';
import { commissionFromKernel } from '../machine/commission-kernel.js';
import type { DepthDoseCurves } from '../machine/depth-dose-curves.js';
import type { Machine } from '../machine/machine.js';
import { type Comparison, type ReferenceReader, spread } from './comparison.js';
import { parseCsv } from './csv.js';
import { readPencilKernel } from './kernel-table.js';

interface SlabPoint {
  readonly depth: number;
  /** mm of water */
  readonly radiological: number;
  readonly side: number;
  readonly monteCarlo: number;
  /** Error of reading water's dose at the radiological depth, percent of the Monte Carlo dose. */
  readonly known: number;
  readonly model: number;
}

/** mm: so far away that its beam is parallel to 3e-4. */
const FAR = 1e6;
const LAYERS = {
  water: [[0, 300, 1]],
  lung: [
    [0, 50, 1],
    [50, 150, 0.2581],
    [150, 300, 1],
  ],
  bone: [
    [0, 50, 1],
    [50, 80, 1.737],
    [80, 300, 1],
  ],
} as const;
export type SlabName = keyof typeof LAYERS;

/** Radiological depth of the kernel's table that both can read; its last centimetre lacks back-scatter. */
const DEEPEST = 290;
/** Depth of the maximum and beyond. */
const BEYOND = 15;

export function slabMachine(read: ReferenceReader): Machine | undefined {
  const path = 'montecarlo/slabs/water_pencil_kernel.csv';
  const bytes = read(path);
  if (bytes === undefined) return undefined;
  const table = readPencilKernel(
    bytes,
    path,
    { depth: ['depth_lo_cm', 'depth_hi_cm'], radius: ['r_lo_cm', 'r_hi_cm'], dose: 'dose_Gy_per_photon' },
    10,
  );
  return commissionFromKernel(table, {
    name: 'monte-carlo-parallel',
    source: 'EGSnrc water kernel of the slab simulations',
    sad: FAR,
    calibration: { gyPerMu: 0.01, ssd: FAR - 100, depth: 100, fieldSide: 100 },
  });
}

/** Model, simulation and tabulated error at every depth and field of one slab phantom. */
export function slabPoints(
  name: SlabName,
  machine: Machine,
  read: ReferenceReader,
  options: DoseModelOptions = {},
): SlabPoint[] {
  const path = `montecarlo/slabs/${name}_field_dose.csv`;
  const rows = parseCsv(read(path)!, path).map((row) => ({
    depth: 5 * (Number(row.depth_lo_cm) + Number(row.depth_hi_cm)),
    radius: 10 * Number(row.R_cm),
    side: 10 * Number(row.square_cm),
    dose: Number(row.dose_Gy_cm2),
    known: Number(row.pb_minus_mc_pct),
  }));
  const sides = [...new Set(rows.map((row) => row.side))];
  const depths = [...new Set(rows.map((row) => row.depth))];
  const points = Float64Array.from(depths.flatMap((depth) => [0, depth, 0]));
  const beam = createBeam(machine, { isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0 });
  const view = viewOfBeam(beam, slab(name), { points }, options);
  const doses = new Map(
    sides.map((side) => {
      const radius = rows.find((row) => row.side === side)!.radius;
      return [side, addFieldDose(view, disc(radius), new Float64Array(depths.length))];
    }),
  );
  // Both are relative to their own 10 cm field in water at 10 cm; the simulation's own number is that of its water run.
  const unit = waterReference(read) / referenceOf(machine);
  return rows.map((row) => ({
    depth: row.depth,
    radiological: radiologicalDepth(name, row.depth),
    side: row.side,
    monteCarlo: row.dose,
    known: row.known,
    model: doses.get(row.side)![depths.indexOf(row.depth)]! * unit,
  }));
}

/** What of the model these very simulations have set. */
const KERNEL = 'the machine: commissioned from the water kernel of these simulations';
const RANGES = 'the four ranges of the density memory, on these slabs';

/** Errors of the model against the simulation, scaling depth alone and scaling density. */
export function validateSlabs(read: ReferenceReader): Comparison[] {
  const machine = slabMachine(read);
  if (machine === undefined) return [];
  const out: Comparison[] = [];
  for (const name of Object.keys(LAYERS) as SlabName[]) {
    const pointsOf = (heterogeneity: 'depth' | 'density'): SlabPoint[] =>
      slabPoints(name, machine, read, { heterogeneity }).filter((p) => p.radiological < DEEPEST && p.depth >= BEYOND);
    const density = pointsOf('density');
    if (name === 'water') {
      const { max, at } = spread(density, errorOf);
      out.push({
        quantity: 'slab of water, beyond the maximum, fields 10 to 300 mm',
        reference: 'Monte Carlo',
        value: max,
        limit: 0.5,
        unit: '%',
        fitted: KERNEL,
        note: where(at),
      });
      continue;
    }
    const depth = pointsOf('depth');
    const known = spread(depth, (p) => errorOf(p) - p.known);
    out.push({
      quantity: `water, ${name}, water: error of scaling depth alone`,
      reference: 'the same error, tabulated',
      value: known.max,
      limit: 1,
      unit: '%',
      fitted: KERNEL,
      note: where(known.at),
    });
    const byDepth = new Map(depth.map((p) => [`${p.depth} ${p.side}`, p]));
    for (const { what, limit, isIn } of slabRows(name)) {
      const mine = density.filter((p) => p.depth <= BEFORE_EXIT && isIn(p));
      const { max, at } = spread(mine, (p) => errorInMedium(name, p));
      const plain = spread(
        mine.map((p) => byDepth.get(`${p.depth} ${p.side}`)!),
        (p) => errorInMedium(name, p),
      );
      out.push({
        quantity: `water, ${name}, water: ${what}, density scaling`,
        reference: 'Monte Carlo',
        value: max,
        limit,
        unit: '%',
        fitted: RANGES,
        note: `${where(at)}; scaling depth alone ${plain.max.toFixed(1)} % (${where(plain.at)})`,
      });
    }
  }
  return out;
}

const errorOf = (p: SlabPoint): number => 100 * (p.model / p.monteCarlo - 1);
const where = (p: SlabPoint): string => `depth ${p.depth} mm, ${p.side} mm field`;

/** In bone the simulated dose is to bone, and the engine's is converted. Elsewhere the media are water but for 1 % in lung. */
function errorInMedium(name: SlabName, p: SlabPoint): number {
  const [from, to, density] = LAYERS[name][1]!;
  const factor = name === 'bone' && p.depth > from && p.depth < to ? doseFactor(density, 'medium') : 1;
  return 100 * ((p.model * factor) / p.monteCarlo - 1);
}

/** Large fields miss their back-scatter in the last 50 mm: the simulated phantom ends at 300 mm. */
const BEFORE_EXIT = 250;

interface SlabRow {
  readonly what: string;
  readonly limit: number | null;
  readonly isIn: (p: SlabPoint) => boolean;
}

/** What is asked of the model in and behind a layer. */
function slabRows(name: 'lung' | 'bone'): SlabRow[] {
  const [from, to] = LAYERS[name][1]!;
  const apart = (p: SlabPoint): number => Math.min(Math.abs(p.depth - from), Math.abs(p.depth - to));
  const isInside = (p: SlabPoint): boolean => p.depth > from && p.depth < to;
  const inside: SlabRow[] =
    name === 'bone'
      ? [
          {
            what: 'inside, as dose to medium, 5 mm from the entrance or more',
            limit: 2,
            isIn: (p) => isInside(p) && p.depth > from + 5,
          },
          {
            what: 'inside, as dose to medium, first 5 mm',
            limit: null,
            isIn: (p) => isInside(p) && p.depth < from + 5,
          },
        ]
      : [
          {
            what: 'inside, within 10 mm of an interface, fields >= 30 mm',
            limit: null,
            isIn: (p) => isInside(p) && apart(p) < 10 && p.side >= 30,
          },
        ];
  return [
    {
      what: 'fields >= 30 mm, 10 mm from an interface or more',
      limit: 2,
      isIn: (p) => p.depth > from && apart(p) >= 10 && p.side >= 30,
    },
    { what: 'fields >= 30 mm, everywhere behind', limit: 3, isIn: (p) => p.depth > to && p.side >= 30 },
    {
      what: '20 mm field, 10 mm from an interface or more and everywhere behind',
      limit: 4,
      isIn: (p) => p.side === 20 && p.depth > from && (apart(p) >= 10 || p.depth > to),
    },
    {
      what: '10 mm field, everywhere from 10 mm inside on',
      limit: null,
      isIn: (p) => p.side === 10 && p.depth >= from + 10,
    },
    ...inside,
  ];
}

function radiologicalDepth(name: SlabName, depth: number): number {
  return LAYERS[name].reduce((sum, [from, to, density]) => sum + density * Math.max(0, Math.min(depth, to) - from), 0);
}

function slab(name: SlabName): Volume<'density'> {
  // 2 mm layers: every boundary is a voxel face; the sides are where no scatter comes from.
  const grid = createGrid([3, 150, 3], [200, 2, 200], [-200, 1, -200]);
  const density = createVolume('density', grid);
  for (let v = 0; v < density.data.length; v++) {
    const depth = 2 * (Math.floor(v / 3) % 150) + 1;
    density.data[v] = LAYERS[name].find(([from, to]) => depth > from && depth < to)![2];
  }
  return density;
}

/** A circle on cells of 1/60 of its radius, each weighted with its share inside (16 x 16 sub-cells at the rim). */
function disc(radius: number): { grid: ReturnType<typeof uniformFluenceGrid>; weights: Float64Array } {
  const n = 120;
  const size = (2 * radius) / n;
  const weights = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const x = (i + 0.5 - n / 2) * size;
      const y = (j + 0.5 - n / 2) * size;
      const r = Math.hypot(x, y);
      if (Math.abs(r - radius) > size) {
        weights[i + n * j] = r < radius ? 1 : 0;
        continue;
      }
      let inside = 0;
      for (let q = 0; q < 256; q++) {
        const dx = ((q % 16) - 7.5) / 16;
        const dy = (Math.floor(q / 16) - 7.5) / 16;
        if (Math.hypot(x + dx * size, y + dy * size) < radius) inside++;
      }
      weights[i + n * j] = inside / 256;
    }
  }
  return { grid: uniformFluenceGrid(-radius, -radius, size, n, n), weights };
}

/** Simulated dose of the 10 cm field (equivalent square) in water at 100 mm: the mean of the bins on both sides. */
function waterReference(read: ReferenceReader): number {
  const path = 'montecarlo/slabs/water_field_dose.csv';
  const near = parseCsv(read(path)!, path).filter(
    (row) => Number(row.square_cm) === 10 && (Number(row.depth_hi_cm) === 10 || Number(row.depth_lo_cm) === 10),
  );
  return near.reduce((sum, row) => sum + Number(row.dose_Gy_cm2), 0) / near.length;
}

/** The machine's own dose of that circular field, from its kernel. */
function referenceOf(machine: Machine): number {
  const { depths, widths, amplitudes } = machine.kernel;
  const radius = 100 / Math.sqrt(Math.PI);
  const inside = widths.map((w) => 1 - Math.exp((-radius * radius) / (2 * w * w)));
  const at = (i: number): number => amplitudes[i]!.reduce((sum, a, j) => sum + a * inside[j]!, 0);
  const i = depths.findIndex((depth) => depth > 100);
  return at(i - 1) + ((100 - depths[i - 1]!) / (depths[i]! - depths[i - 1]!)) * (at(i) - at(i - 1));
}

/** Simulated points and the engine's lines of one slab phantom, percent of the field's simulated maximum, for a picture. */
export function slabCurves(
  name: SlabName,
  sides: readonly number[],
  read: ReferenceReader,
  options: DoseModelOptions = {},
): DepthDoseCurves[] {
  const machine = slabMachine(read);
  if (machine === undefined) return [];
  const inRange = (p: SlabPoint): boolean => p.radiological < DEEPEST;
  const all = slabPoints(name, machine, read, options).filter(inRange);
  return sides.map((side) => {
    const mine = all.filter((p) => p.side === side);
    const largest = Math.max(...mine.map((p) => p.monteCarlo));
    return {
      side,
      points: mine.map((p) => ({
        depth: p.depth,
        measured: (100 * p.monteCarlo) / largest,
        residual: (100 * (p.model - p.monteCarlo)) / largest,
        isExcluded: false,
      })),
      model: {
        depths: mine.map((p) => p.depth),
        percent: mine.map((p) => (100 * p.model) / largest),
      },
    };
  });
}

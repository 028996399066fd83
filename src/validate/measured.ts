/**
 * The built-in machine against measurements of other 6 MV machines: depth doses, penumbra and what lies outside the field.
 *
 * A machine of the same energy differs in its target and filter, so these are agreements within a class; only the width of
 * the source is fitted, on one profile.
 */
import { artiste6mv } from '../machine/artiste-6mv.js';
import { openFieldDose, squareField } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import { type Comparison, type ReferenceReader, spread } from './comparison.js';
import { type CsvRow, parseCsv } from './csv.js';

const SSD = 900;

/** Percentage depth doses of 100 mm fields. */
export function validateDepthDoses(read: ReferenceReader): Comparison[] {
  const path = 'measured/pdd_measured_summary.csv';
  const bytes = read(path);
  if (bytes === undefined) return [];
  const rows = parseCsv(bytes, path).filter((row) => row.field_cm!.startsWith('10x10'));
  const groups = new Map<string, CsvRow[]>();
  for (const row of rows) groups.set(row.source!, [...(groups.get(row.source!) ?? []), row]);
  return [...groups].map(([source, list]) => {
    const ssd = Number(list[0]!.SSD_mm);
    const depths = ssd === SSD ? [100, 200] : [50, 100, 200];
    const dose = (depth: number): number => openFieldDose(artiste6mv, squareField(100), ssd, depth);
    const maximum = Math.max(...Array.from({ length: 40 }, (_, i) => dose(10 + 0.25 * i)));
    const points = list.filter((row) => depths.includes(Number(row.depth_mm)));
    const { max, at } = spread(points, (row) => (100 * dose(Number(row.depth_mm))) / maximum - Number(row.PDD_percent));
    return {
      quantity: `depth dose 100 x 100 mm, SSD ${ssd} mm, at ${depths.join(', ')} mm`,
      reference: source.replace(/ selftest03|06MV_10x10 |10x10PDD /, ''),
      value: max,
      limit: ssd === SSD ? 0.7 : 1.5,
      unit: 'points of maximum',
      note: `depth ${at.depth_mm} mm`,
    };
  });
}

type Axis = 0 | 1;
interface Profile {
  readonly depth: number;
  readonly axis: Axis;
  readonly side: number;
  readonly points: readonly (readonly [number, number])[];
}

/** Penumbra and the dose outside the field, both fields, both axes, four depths. */
export function validateProfiles(read: ReferenceReader): Comparison[] {
  const profiles = [50, 100].flatMap((side) => readProfiles(read, side));
  if (profiles.length === 0) return [];
  const out: Comparison[] = [];
  for (const axis of [0, 1] as const) {
    const mine = profiles.filter((p) => p.axis === axis);
    const sigma = fitSourceWidth(mine.find((p) => p.side === 50 && p.depth === 50)!);
    const machine = withSigma(sigma);
    const pairs = mine.map((measured) => ({
      measured,
      m: shapeOf(measured.points),
      c: shapeOf(modelled(machine, measured)),
    }));
    const penumbra = spread(pairs, ({ m, c }) => c.penumbra - m.penumbra);
    const outside = spread(pairs, ({ m, c }) => c.outside - m.outside);
    const name = axis === 0 ? 'cross-plane' : 'in-plane';
    const where = ({ measured }: { readonly measured: Profile }): string =>
      `${measured.side} mm field, depth ${measured.depth} mm`;
    out.push(
      {
        quantity: `penumbra 80-20 %, ${name}, 50 and 100 mm fields, depths 15 to 200 mm`,
        reference: 'pymedphys M2619',
        value: penumbra.max,
        limit: 1,
        unit: 'mm',
        fitted: `the source's width, ${(2.3548 * sigma).toFixed(1)} mm (FWHM), on one of these eight profiles: 50 mm field, depth 50 mm`,
        note: where(penumbra.at),
      },
      {
        quantity: `dose 20 mm outside the edge, ${name}`,
        reference: 'pymedphys M2619',
        value: outside.max,
        limit: 1,
        unit: '% of axis',
        fitted: "the source's width, on one of these profiles",
        note: where(outside.at),
      },
    );
  }
  return out;
}

function readProfiles(read: ReferenceReader, side: number): Profile[] {
  const path = `measured/profiles/06MV_${String(side / 10).padStart(2, '0')}x${String(side / 10).padStart(2, '0')}.csv`;
  const bytes = read(path);
  if (bytes === undefined) return [];
  const groups = new Map<string, [number, number][]>();
  for (const row of parseCsv(bytes, path)) {
    if (!row.curve!.endsWith('PLANE_PROFILE')) continue;
    const key = `${row.curve} ${Number(row.depth_mm)}`;
    groups.set(key, [...(groups.get(key) ?? []), [Number(row.pos_mm), Number(row.reading)]]);
  }
  return [...groups].map(([key, points]) => ({
    depth: Number(key.split(' ')[1]),
    axis: key.startsWith('CROSS') ? 0 : 1,
    side,
    points,
  }));
}

function withSigma(sigma: number): Machine {
  return { ...artiste6mv, penumbra: { ...artiste6mv.penumbra, sigma: [sigma, sigma] } };
}

/** The profile that the model gives at the same place, every half millimetre. */
function modelled(machine: Machine, { side, depth, axis }: Profile): [number, number][] {
  const scale = machine.sad / (SSD + depth);
  const n = Math.round(2.4 * side);
  return Array.from({ length: 2 * n + 1 }, (_, i) => {
    const x = (i - n) / 2;
    const u = axis === 0 ? x * scale : 0;
    const v = axis === 0 ? 0 : x * scale;
    return [x, openFieldDose(machine, squareField(side), SSD, depth, u, v)];
  });
}

/** Standard deviation of the source blur, mm, for which the model has the measured penumbra; bisection to 1e-4 mm. */
function fitSourceWidth(profile: Profile): number {
  const wanted = shapeOf(profile.points).penumbra;
  let low = 0.2;
  let high = 6;
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    if (shapeOf(modelled(withSigma(middle), profile)).penumbra < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** 80-20 % width (mean of both sides, mm) and dose 20 mm outside the 50 % edge (percent of the axis). */
function shapeOf(points: readonly (readonly [number, number])[]): { penumbra: number; outside: number } {
  const read = (x: number): number => {
    const i = Math.max(
      1,
      points.findIndex(([at]) => at >= x),
    );
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  };
  const axis = read(0);
  const crossing = (level: number, sign: 1 | -1): number => {
    const half = points
      .filter(([x]) => sign * x >= 0)
      .map(([x, y]) => [sign * x, y] as const)
      .sort((a, b) => a[0] - b[0]);
    const i = half.findIndex(([, y]) => y < level * axis);
    const [[x0, y0], [x1, y1]] = [half[i - 1]!, half[i]!];
    return x0 + ((level * axis - y0) * (x1 - x0)) / (y1 - y0);
  };
  const mean = (level: number): number => (crossing(level, 1) + crossing(level, -1)) / 2;
  const edge = mean(0.5);
  return { penumbra: mean(0.2) - mean(0.8), outside: (50 * (read(edge + 20) + read(-edge - 20))) / axis };
}

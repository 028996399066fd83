/**
 * DVHs of 41 analytic cases at three dose grids, the structure as a solid and as contours, against closed forms.
 *
 * What each is held against: a linear dose is met by trilinear interpolation exactly, so a solid's closed form is the
 * reference, and for contours that of the slabs they stand for. A Gaussian dose is not: there the reference is the DVH of
 * its trilinear interpolant, by counting points, and the closed form only where the grid is fine enough (spacing <= sigma / 18).
 */
import { toDigits } from '../core/rounding.js';
import type { Dvh } from '../evaluate/dvh.js';
import { metricBound } from '../evaluate/metric-bound.js';
import { parseMetric } from '../evaluate/metric-parser.js';
import { evaluateMetric } from '../evaluate/metric-value.js';
import { createStructureDvh } from '../evaluate/structure-dvh.js';
import type { StructureShape } from '../geometry/structure.js';
import { type AnalyticCase, analyticCases, contoursOfCase, doseOfCase } from './analytic-case.js';
import { countedDvh, type ExactDvh, slabDvh } from './analytic-reference.js';
import type { Comparison, ReferenceReader } from './comparison.js';

/** Distance of the contours, mm. */
const sliceSpacing = 1;

/** The figures' metrics. */
const fractionMetrics = ['D99%', 'D98%', 'D95%', 'D50%', 'D5%', 'D2%', 'D1%'];
const nearMax = 'D0.03cc';

/** Points of the counted references: their own errors stay near 0.03 % of the span. */
const points = 1_000_000;

export type Representation = 'solid' | 'contours';

/** One metric of one case. */
export interface MetricError {
  readonly metric: string;
  /** Ours minus the reference, in percent of the span of dose in the structure. */
  readonly error: number;
  /** The same for the closed form of the shape itself. */
  readonly closedForm: number;
  /** Bound of the sampling error, and of that and the dose grid's, in the same unit. */
  readonly samplingBound: number;
  readonly bound: number;
}

export interface CaseResult {
  readonly name: string;
  readonly isLinear: boolean;
  /** Gaussian: spacing over sigma; else 0. */
  readonly coarseness: number;
  readonly volumeCc: number;
  /** Ours against the reference's, percent. */
  readonly volumeError: number;
  readonly metrics: readonly MetricError[];
}

/**
 * Measures one case.
 *
 * @param spacing of the dose grid, mm
 * @param counted points of the counted reference of a Gaussian case
 */
export function measureCase(
  shape: AnalyticCase,
  representation: Representation,
  spacing: number,
  counted = points,
): CaseResult {
  const dose = doseOfCase(shape, spacing);
  const dvh = createStructureDvh(dose, {
    name: shape.name,
    role: 'organ',
    shape: shapeOf(shape, representation),
  });
  const slabs = representation === 'contours' ? sliceSpacing : undefined;
  const exact =
    shape.linear === undefined
      ? countedDvh(dose, shape, slabs, counted)
      : slabs === undefined
        ? undefined
        : slabDvh(shape, slabs);
  const volume = slabs === undefined ? shape.volumeCc : (exact?.volumeCc ?? shape.volumeCc);
  return {
    name: shape.name,
    isLinear: shape.linear !== undefined,
    coarseness: shape.sigma === undefined ? 0 : spacing / shape.sigma,
    volumeCc: volume,
    volumeError: 100 * (dvh.volumeCc / volume - 1),
    metrics: [...fractionMetrics, nearMax].flatMap((metric) => metricError(shape, dvh, metric, exact) ?? []),
  };
}

function shapeOf(shape: AnalyticCase, representation: Representation): StructureShape {
  return representation === 'solid'
    ? { kind: 'solid', solid: shape.solid }
    : { kind: 'contours', contours: contoursOfCase(shape, sliceSpacing) };
}

/** Undefined where the structure is smaller than the volume asked for. */
function metricError(
  shape: AnalyticCase,
  dvh: Dvh,
  name: string,
  exact: ExactDvh | undefined,
): MetricError | undefined {
  const table = shape.doses.get(name);
  const metric = parseMetric(name);
  const { value } = metric.at!;
  if (table === undefined || (metric.at!.unit === 'cc' && value > (exact?.volumeCc ?? shape.volumeCc)))
    return undefined;
  const cc = (volume: number): number => (metric.at!.unit === '%' ? (value / 100) * volume : value);
  const reference = exact === undefined ? table : exact.dose(cc(exact.volumeCc));
  const percent = 100 / (shape.max - shape.min);
  const ours = evaluateMetric(metric, dvh).value;
  const bound = metricBound(metric, dvh)!;
  return {
    metric: name,
    error: (ours - reference) * percent,
    closedForm: (ours - table) * percent,
    samplingBound: bound.sampling * percent,
    bound: bound.total * percent,
  };
}

/** What the issue of the figures allows, percent of the span: of the Dx%, and of D0.03cc. */
const allowed = (spacing: number): { fraction: number; near: number } =>
  spacing >= 3 ? { fraction: 1, near: 1 } : { fraction: 0.3, near: 0.5 };

interface Group {
  readonly representation: Representation;
  readonly spacing: number;
  readonly results: readonly CaseResult[];
}

/**
 * The table. About a minute.
 *
 * @param spacings of the dose grids, mm. @default [1, 2, 3]
 */
export function validateDvh(read: ReferenceReader, spacings: readonly number[] = [1, 2, 3]): Comparison[] {
  const cases = analyticCases(read);
  if (cases.length === 0) return [];
  const groups: Group[] = [];
  for (const representation of ['solid', 'contours'] as const) {
    for (const spacing of spacings) {
      groups.push({ representation, spacing, results: cases.map((c) => measureCase(c, representation, spacing)) });
    }
  }
  const drawn = groups.find((g) => g.representation === 'contours')!;
  const solids = groups.filter((g) => g.representation === 'solid');
  return [...groups.flatMap(groupRows), shapeRow(drawn), ...analyticRows(solids, cases)];
}

function groupRows({ representation, spacing, results }: Group): Comparison[] {
  const name = representation === 'solid' ? 'solid' : `contours ${sliceSpacing} mm`;
  const { fraction, near } = allowed(spacing);
  const rows: Comparison[] = [];
  for (const isLinear of [true, false]) {
    const some = results.filter((r) => r.isLinear === isLinear);
    const kind = isLinear ? 'linear' : 'Gaussian';
    const reference = isLinear
      ? representation === 'solid'
        ? 'closed form'
        : 'closed form of the slabs'
      : 'exact DVH of the trilinear dose';
    const of = (isNear: boolean) => pick(some, (m) => (m.metric === nearMax) === isNear);
    const label = `${some.length} ${kind} DVHs, ${name}, dose ${spacing} mm`;
    rows.push(errorRow(`${label}: D99% to D1%`, reference, of(false), fraction));
    rows.push(errorRow(`${label}: D0.03cc`, reference, of(true), near));
  }
  const large = results.filter((r) => r.volumeCc >= 0.1);
  const small = results.filter((r) => r.volumeCc < 0.1);
  // The counted references know volumes to 0.01 % only; closed forms and sums of slabs, exactly.
  for (const [text, some, limit] of [
    ['0.1 cc or more', large, 0.5],
    ['under 0.1 cc', small, 2],
  ] as const) {
    rows.push({
      ...errorRow(
        `volume of ${some.length} structures of ${text}, ${name}, dose ${spacing} mm`,
        representation === 'solid' ? 'closed form' : 'sum of the slabs',
        some.map((r) => ({ where: r.name, error: r.volumeError })),
        limit,
      ),
      unit: '%',
    });
  }
  return rows;
}

/** What the slices themselves lose: the contours' DVHs against the shape that they were drawn from. */
function shapeRow({ spacing, results }: Group): Comparison {
  const some = results.filter((r) => r.isLinear && r.volumeCc >= 0.5);
  return errorRow(
    `${some.length} linear DVHs of 0.5 cc or more, contours ${sliceSpacing} mm, dose ${spacing} mm: the slices' own error`,
    'closed form of the shape',
    some.flatMap((r) => r.metrics.map((m) => ({ where: `${r.name} ${m.metric}`, error: m.closedForm }))),
    null,
  );
}

interface Named {
  readonly where: string;
  readonly error: number;
}

function pick(results: readonly CaseResult[], wanted: (m: MetricError) => boolean): Named[] {
  return results.flatMap((r) =>
    r.metrics.filter(wanted).map((m) => ({ where: `${r.name} ${m.metric}`, error: m.error })),
  );
}

function errorRow(quantity: string, reference: string, errors: readonly Named[], limit: number | null): Comparison {
  const largest = errors.reduce((a, b) => (Math.abs(b.error) > Math.abs(a.error) ? b : a));
  return {
    quantity,
    reference,
    value: Math.abs(largest.error),
    limit,
    unit: '% of span',
    note: `${largest.where}; median ${toDigits(median(errors.map((e) => Math.abs(e.error))), 2)}`,
  };
}

/** What of the bounds these very cases have set. */
const CONSTANTS = 'the constants of the sampling bound, on these cases';

/** Solids against closed forms, where the dose grid counts as well: its error is reported, and the bounds must hold it. */
function analyticRows(groups: readonly Group[], cases: readonly AnalyticCase[]): Comparison[] {
  const rows: Comparison[] = [];
  const gaussian = groups.flatMap(({ spacing, results }) =>
    results.filter((r) => !r.isLinear).flatMap((r) => r.metrics.map((m) => ({ ...m, spacing, result: r }))),
  );
  const closed = (some: typeof gaussian): Named[] =>
    some.map((m) => ({ where: `${m.result.name} ${m.metric}, ${m.spacing} mm`, error: m.closedForm }));
  const fine = gaussian.filter((m) => m.result.coarseness <= 1 / 18 + 1e-9);
  const coarse = gaussian.filter((m) => m.result.coarseness > 1 / 18 + 1e-9);
  if (fine.length > 0) {
    rows.push(errorRow('Gaussian DVHs, spacing <= sigma / 18', 'closed form of the dose', closed(fine), 0.3));
  }
  if (coarse.length > 0) {
    rows.push(
      errorRow('Gaussian DVHs, coarser: the error of the dose grid', 'closed form of the dose', closed(coarse), null),
    );
  }
  const all = groups.flatMap(({ spacing, results }) =>
    results.map((r) => ({
      where: `${r.name}, ${spacing} mm`,
      broken: r.metrics.filter((m) => Math.abs(m.closedForm) > m.bound).length,
      ratio: Math.max(...r.metrics.map((m) => m.bound)) / Math.max(...r.metrics.map((m) => Math.abs(m.closedForm))),
    })),
  );
  const broken = all.filter((c) => c.broken > 0);
  rows.push({
    quantity: `error bounds of ${cases.length} DVHs as solids, all dose grids: metrics that exceed theirs`,
    reference: 'closed form of the dose',
    value: broken.reduce((sum, c) => sum + c.broken, 0),
    limit: 0,
    unit: `of ${groups.reduce((n, g) => n + g.results.reduce((m, r) => m + r.metrics.length, 0), 0)}`,
    fitted: CONSTANTS,
    ...(broken.length > 0 ? { note: broken.map((c) => c.where).join('; ') } : {}),
  });
  rows.push({
    quantity: 'largest bound over largest error, median case',
    reference: 'closed form of the dose',
    value: median(all.map((c) => c.ratio)),
    limit: 3,
    unit: 'x',
    fitted: CONSTANTS,
  });
  return rows;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}

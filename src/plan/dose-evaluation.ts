/**
 * Structures of a dose as a report: volumes, metrics and curves, with what is missing said in words.
 */
import { cumulativeCurve, DVH_ESTIMATORS, type Dvh, differentialCurve } from '../evaluate/dvh.js';
import type { ErrorBound } from '../evaluate/error-bound.js';
import { formatMetric, type Metric } from '../evaluate/metric.js';
import { metricBound } from '../evaluate/metric-bound.js';
import { parseMetric } from '../evaluate/metric-parser.js';
import { evaluateMetric, type MetricContext, whyNoValue } from '../evaluate/metric-value.js';
import type { DoseVolume } from '../geometry/volume.js';
import { type AnyStructure, type StructureDvh, structureDvh } from './structure-dvh.js';
import { csvLine } from './table.js';

/** What is shown of every structure where nothing else is asked for. */
export const defaultMetrics: readonly Metric[] = [
  ...['Mean', 'Min', 'Max', 'D99%', 'D98%', 'D95%', 'D50%', 'D5%', 'D2%', 'D1%', 'D0.03cc', 'D0.1cc', 'D1cc'],
].map(parseMetric);

export interface StructureEvaluation extends StructureDvh {
  /** By canonical notation with unit; null, with a remark, where there is no value. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** How far off a metric may be, in its unit, for every metric with a value; null where no bound is known, as for masks. */
  readonly errorBounds: Readonly<Record<string, ErrorBound | null>>;
  readonly remarks: readonly string[];
}

export interface DoseEvaluationOptions extends MetricContext {
  /** @default {@link defaultMetrics} */
  readonly metrics?: readonly Metric[];
  /** Evaluate the part of a structure that lies in the dose grid. @default false */
  readonly partial?: boolean;
}

/**
 * @param dose total dose, Gy
 * @throws {InvalidInputError} if a mask is not 0..1 or a dose not finite
 */
export function evaluateDose(
  dose: DoseVolume,
  structures: readonly AnyStructure[],
  options: DoseEvaluationOptions = {},
): StructureEvaluation[] {
  return structures.map((structure) => {
    const found = structureDvh(dose, structure, options);
    return { ...found, ...metricsOf(found, options) };
  });
}

function metricsOf(
  { dvh, reason }: StructureDvh,
  options: DoseEvaluationOptions,
): Pick<StructureEvaluation, 'metrics' | 'errorBounds' | 'remarks'> {
  const metrics: Record<string, number | null> = {};
  const errorBounds: Record<string, ErrorBound | null> = {};
  const remarks: string[] = [...(reason === undefined ? [] : [reason]), ...(dvh?.remarks ?? [])];
  for (const metric of options.metrics ?? defaultMetrics) {
    const name = formatMetric(metric);
    metrics[name] = null;
    if (dvh === undefined) continue;
    const why = whyNoValue(metric, dvh, options);
    if (why !== undefined) {
      remarks.push(`${name}: ${why}`);
      continue;
    }
    const { value, flag } = evaluateMetric(metric, dvh, options);
    metrics[name] = value;
    if (flag !== undefined) remarks.push(`${name}: ${flag}`);
    errorBounds[name] = metricBound(metric, dvh, options) ?? null;
  }
  return { metrics, errorBounds, remarks };
}

/**
 * The content of `dvh --json`; figures to 1e-6.
 *
 * @param assumptions that the structures rest on, as the end rule
 */
export function doseReport(
  dose: DoseVolume,
  structures: readonly StructureEvaluation[],
  assumptions: readonly string[] = [],
): Record<string, unknown> {
  const { quantity, fractions, alphaBeta } = dose;
  return {
    notice: 'Research software, not for clinical use.',
    dose: { quantity, fractions: fractions ?? null, ...(alphaBeta === undefined ? {} : { alphaBeta }) },
    assumptions: ['Dose is the total of its course in Gy.', ...estimatorsOf(structures), ...assumptions],
    structures: structures.map(({ name, role, volumeCc, coverage, metrics, errorBounds, remarks }) => ({
      name,
      role,
      volumeCc: rounded(volumeCc),
      coverage: rounded(coverage),
      metrics: Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, rounded(value)])),
      errorBounds: Object.fromEntries(Object.entries(errorBounds).map(([key, bound]) => [key, roundedBound(bound)])),
      ...(remarks.length > 0 ? { remarks } : {}),
    })),
  };
}

/** How extremes and near-maxima were read off, once for every way that occurs. */
function estimatorsOf(structures: readonly StructureEvaluation[]): string[] {
  const ways = structures.flatMap(({ dvh }) => (dvh === undefined ? [] : [dvh.estimators ?? DVH_ESTIMATORS]));
  return [...new Set(ways.map(({ max, min, nearMax }) => `Max: ${max}. Min: ${min}. Near-maximum: ${nearMax}.`))];
}

const roundedBound = (bound: ErrorBound | null): Record<string, number | null> | null =>
  bound === null
    ? null
    : { sampling: rounded(bound.sampling), doseGrid: rounded(bound.doseGrid), total: rounded(bound.total) };

/** One line per structure: `structure,volume_cc,coverage,Mean[Gy],Mean[Gy] bound,...`; empty where there is no value, a bound of `none` where none is known. */
export function metricsCsv(structures: readonly StructureEvaluation[]): string {
  const names = Object.keys(structures[0]?.metrics ?? {});
  const lines = [csvLine(['structure', 'volume_cc', 'coverage', ...names.flatMap((n) => [n, `${n} bound`])])];
  for (const { name, volumeCc, coverage, metrics, errorBounds } of structures) {
    const figures = names.flatMap((n) => [rounded(metrics[n] ?? null), boundCell(errorBounds[n])]);
    lines.push(csvLine([name, ...[volumeCc, coverage].map(rounded), ...figures]));
  }
  return lines.join('');
}

/** `none` where there is a value without a bound; empty where there is no value. */
const boundCell = (bound: ErrorBound | null | undefined): number | string | null =>
  bound === undefined ? null : bound === null ? 'none' : rounded(bound.total);

/** Cumulative and differential curves of every structure that has one, one line per dose level. */
export function curvesCsv(dvhs: ReadonlyMap<string, Dvh>, levels = 201): string {
  const head = ['structure', 'dose_Gy', 'volume_cc', 'volume_percent', 'differential_cc_per_Gy'];
  const lines = [csvLine(head)];
  for (const [name, dvh] of dvhs) {
    const { dose, volume, percent } = cumulativeCurve(dvh, levels);
    const differential = differentialCurve(dvh, levels - 1);
    for (let i = 0; i < levels; i++) {
      const density = i < levels - 1 ? rounded(differential.volume[i]!) : null;
      lines.push(csvLine([name, rounded(dose[i]!), rounded(volume[i]!), rounded(percent[i]!), density]));
    }
  }
  return lines.join('');
}

const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toFixed(6)));

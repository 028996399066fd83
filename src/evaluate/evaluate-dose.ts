/**
 * Structures of a dose as a report: volumes, metrics and curves, with what is missing said in words.
 */

import type { DoseVolume } from '../geometry/volume.js';
import type { ErrorBound } from './error-bound.js';
import { formatMetric, type Metric } from './metric.js';
import { metricBound } from './metric-bound.js';
import { parseMetric } from './metric-parser.js';
import { evaluateMetric, type MetricContext, whyNoValue } from './metric-value.js';
import { type AnyStructure, type StructureDvh, structureDvh } from './roi-dvh.js';

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

/**
 * The error bound of a metric, in the metric's own unit.
 */

import type { Dvh } from './dvh.js';
import { type ErrorBound, errorBound, extremeBound, type Reading } from './error-bound.js';
import type { Metric } from './metric.js';
import { evaluateMetric, type MetricContext } from './metric-value.js';

/** Volumes this many times as large, and doses this fraction of the span below and above, must agree too. */
const nearVolumes = [1 / 1.5, 1 / 1.2, 1.2, 1.5];
const nearDose = 0.02;

/**
 * How far off the value of a metric may be.
 *
 * @param context as for the value
 * @returns undefined where the DVH carries no bounds, as those made from a mask do not
 * @throws {InvalidInputError} where the metric cannot be evaluated
 */
export function metricBound(metric: Metric, dvh: Dvh, context: MetricContext = {}): ErrorBound | undefined {
  if (dvh.bounds === undefined) return undefined;
  const read =
    (m: Metric): Reading =>
    (d) =>
      evaluateMetric(m, d, context).value;
  if (metric.kind === 'Max' || metric.kind === 'Min') return extremeBound(dvh, read(metric));
  return errorBound(dvh, [read(metric), ...nearby(metric, dvh).map(read)]);
}

/** Metrics on either side. */
function nearby(metric: Metric, dvh: Dvh): Metric[] {
  const { at, kind } = metric;
  if (at === undefined) return [];
  const moved = (value: number): Metric => ({ ...metric, at: { ...at, value } });
  if (kind === 'D' || kind === 'DC') {
    const whole = at.unit === '%' ? 100 : dvh.volumeCc;
    if (at.value >= whole) return [];
    // Near the whole structure the rest is what counts.
    return nearVolumes.map((f) => moved(at.value > whole / 2 ? whole - (whole - at.value) * f : at.value * f));
  }
  const step = nearDose * (dvh.max - dvh.min) * (at.unit === 'Gy' ? 1 : at.value / Math.max(dvh.max, 1e-9));
  return [at.value - step, at.value + step].filter((value) => value >= 0).map(moved);
}

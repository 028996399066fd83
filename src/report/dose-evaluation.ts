/** Structures of a dose: JSON and CSV. */

import { cumulativeCurve, DVH_ESTIMATORS, type Dvh, differentialCurve } from '../evaluate/dvh.js';
import type { ErrorBound } from '../evaluate/error-bound.js';
import type { StructureEvaluation } from '../evaluate/evaluate-dose.js';
import type { DoseVolume } from '../geometry/volume.js';
import { decimalsOrNull } from './numbers.js';
import { csvLine } from './table.js';

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
      volumeCc: decimalsOrNull(volumeCc, 6),
      coverage: decimalsOrNull(coverage, 6),
      metrics: Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, decimalsOrNull(value, 6)])),
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
    : {
        sampling: decimalsOrNull(bound.sampling, 6),
        doseGrid: decimalsOrNull(bound.doseGrid, 6),
        total: decimalsOrNull(bound.total, 6),
      };

/** One line per structure: `structure,volume_cc,coverage,Mean[Gy],Mean[Gy] bound,...`; empty where there is no value, a bound of `none` where none is known. */
export function metricsCsv(structures: readonly StructureEvaluation[]): string {
  const names = Object.keys(structures[0]?.metrics ?? {});
  const lines = [csvLine(['structure', 'volume_cc', 'coverage', ...names.flatMap((n) => [n, `${n} bound`])])];
  for (const { name, volumeCc, coverage, metrics, errorBounds } of structures) {
    const figures = names.flatMap((n) => [decimalsOrNull(metrics[n] ?? null, 6), boundCell(errorBounds[n])]);
    lines.push(csvLine([name, ...[volumeCc, coverage].map((value) => decimalsOrNull(value, 6)), ...figures]));
  }
  return lines.join('');
}

/** `none` where there is a value without a bound; empty where there is no value. */
const boundCell = (bound: ErrorBound | null | undefined): number | string | null =>
  bound === undefined ? null : bound === null ? 'none' : decimalsOrNull(bound.total, 6);

/** Cumulative and differential curves of every structure that has one, one line per dose level. */
export function curvesCsv(dvhs: ReadonlyMap<string, Dvh>, levels = 201): string {
  const head = ['structure', 'dose_Gy', 'volume_cc', 'volume_percent', 'differential_cc_per_Gy'];
  const lines = [csvLine(head)];
  for (const [name, dvh] of dvhs) {
    const { dose, volume, percent } = cumulativeCurve(dvh, levels);
    const differential = differentialCurve(dvh, levels - 1);
    for (let i = 0; i < levels; i++) {
      const density = i < levels - 1 ? decimalsOrNull(differential.volume[i]!, 6) : null;
      lines.push(
        csvLine([
          name,
          decimalsOrNull(dose[i]!, 6),
          decimalsOrNull(volume[i]!, 6),
          decimalsOrNull(percent[i]!, 6),
          density,
        ]),
      );
    }
  }
  return lines.join('');
}

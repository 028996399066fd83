/** A comparison of two doses: JSON, the DVH bands as CSV, and a table for the terminal. */
import { toDecimals } from '../core/rounding.js';
import type { DoseComparison, StructureComparison } from '../evaluate/compare.js';
import type { GammaCriteria } from '../evaluate/gamma.js';
import { columns, csvLine } from './table.js';

const figures = (values: object): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? toDecimals(value, 6) : null]),
  );

/** The content of `compare --json`. */
export function comparisonReport(
  { difference, gamma, structures, unmatched }: DoseComparison,
  criteria: GammaCriteria,
  threshold: number,
): Record<string, unknown> {
  const { map: _map, percentiles, ...statistics } = difference;
  return {
    notice: 'Research software, not for clinical use.',
    difference: {
      of: 'evaluated - reference, Gy, on the reference grid',
      threshold,
      ...figures(statistics),
      percentiles: figures(percentiles),
    },
    ...(gamma === undefined ? {} : { gamma: { criteria, ...withoutMap(gamma) } }),
    structures: structures.map(({ name, referenceVolumeCc, evaluatedVolumeCc, metrics, distance }) => ({
      name,
      referenceVolumeCc: toDecimals(referenceVolumeCc, 6),
      evaluatedVolumeCc: toDecimals(evaluatedVolumeCc, 6),
      metrics: metrics.map(({ reference, evaluated, difference: apart, ...rest }) => ({
        ...rest,
        ...figures({ reference, evaluated, difference: apart }),
      })),
      largestVolumeDifference: figures(distance.volume),
      largestDoseDifference: figures(distance.dose),
    })),
    unmatched,
  };
}

function withoutMap({ map: _, ...rest }: NonNullable<DoseComparison['gamma']>): Record<string, unknown> {
  return rest;
}

/** One line per structure and dose level. */
export function bandCsv(structures: readonly StructureComparison[]): string {
  const lines = [csvLine(['structure', 'dose_Gy', 'low_percent', 'high_percent'])];
  for (const { name, band } of structures) {
    band.dose.forEach((dose, i) => {
      lines.push(csvLine([name, toDecimals(dose, 6), toDecimals(band.low[i]!, 6), toDecimals(band.high[i]!, 6)]));
    });
  }
  return lines.join('');
}

/** Difference, gamma, and per structure: how far the curves are apart, then the metrics. */
export function comparisonTable(
  { difference, gamma, structures, unmatched }: DoseComparison,
  criteria: GammaCriteria,
  threshold: number,
): string {
  const { voxels, outside, mean, standardDeviation, rootMeanSquare, minimum, maximum, percentiles } = difference;
  const gy = (value: number): string => value.toFixed(3);
  const lines = [
    `evaluated - reference, ${voxels} voxels at or above ${threshold} % of the reference maximum, Gy`,
    `  mean ${gy(mean)}, standard deviation ${gy(standardDeviation)}, rms ${gy(rootMeanSquare)}`,
    `  minimum ${gy(minimum)}, 1 % ${gy(percentiles[1])}, median ${gy(percentiles[50])}, 99 % ${gy(percentiles[99])}, maximum ${gy(maximum)}`,
  ];
  if (outside > 0) lines.push(`  ${outside} more voxels lie outside the evaluated dose`);
  if (gamma) {
    const { dose, distance, local } = criteria;
    lines.push(
      `gamma ${dose} % / ${distance} mm ${local ? 'local' : 'global'}: ${gamma.passRate.toFixed(2)} % of ${gamma.evaluated} voxels pass, mean ${gamma.mean.toFixed(3)}`,
    );
  }
  let text = `${lines.join('\n')}\n`;
  for (const { name, metrics, distance, referenceVolumeCc } of structures) {
    const { volume, dose } = distance;
    text += `\n${name}, ${referenceVolumeCc.toFixed(2)} cc: curves at most ${signed(volume.points)} points of volume apart at ${volume.atDose.toFixed(1)} Gy, ${signed(dose.gy)} Gy at ${dose.atPercent.toFixed(0)} %\n`;
    const rows = metrics.map(({ metric, reference, evaluated, difference: apart, reason }) => [
      metric,
      reference === null ? '-' : reference.toFixed(3),
      evaluated === null ? '-' : evaluated.toFixed(3),
      apart === null ? '-' : apart.toFixed(3),
      reason ?? '',
    ]);
    text += columns([['', 'reference', 'evaluated', 'difference', ''], ...rows]);
  }
  if (unmatched.length > 0) text += `\nIn one dose only: ${unmatched.join(', ')}\n`;
  return text;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(2)}`;

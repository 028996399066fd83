/** A plan on a finer grid: JSON and words. */
import { toDecimals } from '../core/rounding.js';
import type { GridCheck, GridCheckRow } from '../plan/sweep/grid-check.js';
import { shownBound } from './numbers.js';

/** The block `gridCheck` of a plan in plan.json. */
export function gridCheckReport({ spacing, points, rows }: GridCheck): Record<string, unknown> {
  return {
    note: `The same fluence computed anew at ${points} points around target and cord, ${spacing} mm apart.`,
    spacing,
    points,
    metrics: rows.map((row) => ({
      ...row,
      planned: toDecimals(row.planned, 4),
      errorBound: toDecimals(row.errorBound, 4),
      recomputed: toDecimals(row.recomputed, 4),
      isWithinBound: isWithin(row),
    })),
  };
}

const isWithin = ({ planned, errorBound, recomputed }: GridCheckRow): boolean =>
  Math.abs(recomputed - planned) <= errorBound + 1e-9;

/** A table for the terminal. */
export function gridCheckSummary({ technique, spacing, points, rows }: GridCheck): string {
  const lines = rows.map((row) => {
    const difference = row.recomputed - row.planned;
    const [, name = row.metric, unit = ''] = /^(.*)\[(.*)\]$/.exec(row.metric) ?? [];
    const verdict = isWithin(row) ? '' : '  beyond the bound';
    return `  ${row.structure.padEnd(14)} ${name.padEnd(8)} ${row.planned.toFixed(2)} ±${shownBound(row.errorBound)}, recomputed ${row.recomputed.toFixed(2)} ${unit} (${difference < 0 ? '' : '+'}${difference.toFixed(2)})${verdict}`;
  });
  return [
    `${technique.toUpperCase()} at ${points} points around target and cord, ${spacing} mm apart, same fluence`,
    ...lines,
  ].join('\n');
}

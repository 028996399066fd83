/** Accumulated courses: JSON and words. */

import { describeGrid } from '../geometry/grid.js';
import type { Accumulation } from '../plan/evaluation/accumulated-courses.js';
import { decimalsOrNull, inWords } from './numbers.js';
import { columns } from './table.js';

/** The content of accumulate.json; figures to 1e-6. */
export function accumulationReport({ courses, doses, total, structures }: Accumulation): Record<string, unknown> {
  const { quantity, alphaBeta, beyond } = courses;
  return {
    notice: 'Research software, not for clinical use.',
    dose: { quantity, alphaBeta, grid: describeGrid(total.dose.grid), unit: 'Gy' },
    assumptions: [
      `Each course's physical dose is interpolated at the voxel, then converted to ${quantity.toUpperCase()} with alpha/beta ${alphaBeta} Gy and added: ${quantity.toUpperCase()} is never interpolated.`,
      `Beyond its grid a course ${beyond === 'zero' ? 'is taken to have given nothing' : 'has no value, and neither has the sum'}.`,
      'No recovery between the courses; incomplete repair between fractions is not modelled.',
    ],
    courses: doses.map(({ name, dose }, c) => ({
      name,
      fractions: dose.fractions ?? null,
      months: courses.courses[c]!.months ?? null,
      maximum: decimalsOrNull(total.courses[c]!.max, 6),
      voxelsBeyond: total.courses[c]!.beyond,
    })),
    maximumOfSum: decimalsOrNull(largest(total.dose.data), 6),
    sumOfMaxima: decimalsOrNull(
      total.courses.reduce((sum, { max }) => sum + max, 0),
      6,
    ),
    voxels: total.dose.data.length,
    missing: total.missing,
    structures: structures.map(({ metrics: values, courses: each, ...rest }) => ({
      ...rest,
      volumeCc: decimalsOrNull(rest.volumeCc, 6),
      coverage: decimalsOrNull(rest.coverage, 6),
      maximumOfSum: decimalsOrNull(rest.maximumOfSum, 6),
      sumOfMaxima: decimalsOrNull(rest.sumOfMaxima, 6),
      courses: Object.fromEntries(Object.entries(each).map(([key, value]) => [key, decimalsOrNull(value, 6)])),
      metrics: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [`${key}[Gy]`, decimalsOrNull(value, 6)]),
      ),
    })),
  };
}

/** For the terminal. */
export function accumulationSummary({ courses, doses, total, structures }: Accumulation): string {
  const { quantity, alphaBeta } = courses;
  const gy = (value: number | null): string => inWords(value, 2);
  const lines = [
    `${quantity.toUpperCase()} of ${doses.length} courses, alpha/beta ${alphaBeta} Gy, no recovery, on ${describeGrid(total.dose.grid)}`,
    ...doses.map(
      ({ name, dose }, c) =>
        `  ${name}: ${dose.fractions} fractions, maximum ${gy(total.courses[c]!.max)} Gy; ${total.courses[c]!.beyond} voxels beyond its grid`,
    ),
    `Maximum of the sum ${gy(largest(total.dose.data))} Gy, sum of the maxima ${gy(total.courses.reduce((sum, { max }) => sum + max, 0))} Gy; ${total.missing} of ${total.dose.data.length} voxels without a value`,
  ];
  if (structures.length > 0) {
    const head = ['structure', 'Max', 'D0.03cc', 'sum of maxima', ...doses.map(({ name }) => `Max ${name}`), ''];
    const rows = structures.map((s) => [
      s.name,
      gy(s.maximumOfSum),
      gy(s.metrics['D0.03cc']!),
      gy(s.sumOfMaxima),
      ...doses.map(({ name }) => gy(s.courses[name]!)),
      s.reason ?? '',
    ]);
    lines.push('', columns([head, ...rows]).trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

function largest(data: Float32Array): number | null {
  let maximum: number | null = null;
  for (let i = 0; i < data.length; i++) if (data[i]! > (maximum ?? -1)) maximum = data[i]!;
  return maximum;
}

/** A retreatment's assessment in words: the sentence, the table, and the same as JSON. */

import { toDecimals } from '../core/rounding.js';
import { excessInWords } from '../plan/constraint/structure-tolerance.js';
import type { RecoveryRow } from '../plan/evaluation/cord-estimates.js';
import type { RetreatmentAssessment } from '../plan/evaluation/retreatment.js';
import type { PositionReport } from '../plan/evaluation/setup-uncertainty.js';
import type { AssessmentRow } from '../plan/evaluation/tolerance-rows.js';
import { decimalsOrNull } from './numbers.js';
import { columns } from './table.js';

/**
 * What a physician asks first: the cord's maximum, both courses together by which convention, which limit binds and by how
 * much.
 */
export function retreatmentSentence(
  assessment: RetreatmentAssessment,
  fractions: number,
  position?: PositionReport,
): string {
  const { cord, maximum, binding, strictest, exceeded } = assessment;
  const { thisCourse, alphaBeta, priorEqd2, cumulative, sumOfMaxima } = maximum;
  const apart = sumOfMaxima - cumulative > 0.005 ? `; sum of maxima ${gy(sumOfMaxima)}` : '';
  const parts = [
    `${cord}: maximum ${gy(thisCourse)} of this course in ${fractions} fractions, with the prior course (up to ${gy(priorEqd2)} EQD2) ${gy(cumulative)} EQD2 in all, no recovery, alpha/beta ${alphaBeta} Gy${apart}`,
  ];
  if (position !== undefined) {
    const { search, worst, worstInside, expected } = position;
    const [a, b, c] = search;
    const size = a === b && b === c ? `${a} mm` : `${search.join(' x ')} mm (semi-axes)`;
    parts.push(
      `under rigid shifts of either course within ${size} at worst ${gy(worst)} EQD2 (${gy(worstInside)} from places within it), expected ${gy(expected)}`,
    );
  }
  if (binding !== undefined) parts.push(`${nameOf(binding)} binds, ${leftOf(binding)}`);
  if (strictest !== undefined && strictest !== binding && strictest.result === 'fail') {
    parts.push(`on ${strictest.structure} ${nameOf(strictest)} is ${leftOf(strictest)}`);
  }
  for (const excess of exceeded) {
    const told = excessInWords(excess, ` of ${excess.structure}`);
    parts.push(`the prior course alone ${told}, where this course is allowed nothing`);
  }
  return `${parts.join('; ')}.`;
}

/** Limits, then conventions with `none` first, then risks. */
export function retreatmentTable(assessment: RetreatmentAssessment): string {
  const { rows, recovery, risk, maximum } = assessment;
  const verdicts = { pass: 'pass', fail: 'FAIL', 'not evaluable': 'none' };
  const head = ['', 'limit', 'structure', 'of', 'limit', 'has', 'margin', 'left here, Gy', ''];
  const body = rows.map((row) => [
    verdicts[row.result],
    row.title,
    row.structure,
    `${row.metric}${{ this: '', all: ', both', each: ', each', share: ', share' }[row.metric === 'interval' ? 'this' : row.courses]}`,
    `${row.limit.toFixed(1)} ${row.scale}`,
    row.value === null ? '' : row.value.toFixed(2),
    row.margin === null ? '' : signed(row.margin),
    row.room === null ? '' : signed(row.room),
    `[${row.source.evidence}]${row.role === 'comparison' ? ' compared' : ''}${row.warnings.length > 0 ? ' *' : ''}`,
  ]);
  const conventions = recovery.map((row) => [
    row.name,
    `${row.cumulative.toFixed(1)} of ${row.tolerance.toFixed(1)} Gy`,
    `allows ${row.allowed.toFixed(1)} Gy here`,
    `[${row.source.evidence}] ${row.title}`,
  ]);
  const notes = [...new Set(rows.flatMap(({ warnings }) => warnings))];
  const { schultheiss, nieder, lyman } = risk;
  const percent = (p: number): string => `${(100 * p).toPrecision(2)} %`;
  return [
    columns([head, ...body]),
    ...(notes.length > 0 ? [`* ${notes.join('\n* ')}\n`] : []),
    `\nRecovery, for the maximum in EQD2 (no recovery is credited in any figure above):\n`,
    columns([['convention', 'cumulative EQD2', '', ''], ...conventions]),
    `\nRisk, for orientation: Nieder ${nieder === null ? 'not told by a prior EQD2 of another alpha/beta' : `${nieder.points} points (${nieder.group}, alpha/beta ${nieder.alphaBeta} Gy) [${nieder.source.evidence}]`}; `,
    `Schultheiss ${percent(schultheiss.thisCourse)} of this course, ${schultheiss.cumulative === null ? 'none told' : percent(schultheiss.cumulative)} of both without recovery [${schultheiss.source.evidence}]; `,
    `Lyman ${percent(lyman.cumulative)} (pessimistic: never a pass or fail) [${lyman.source.evidence}].\n`,
    ...(/cauda/i.test(assessment.cord)
      ? [`Conventions and risks are those of the spinal cord, applied to ${assessment.cord}: an extrapolation.\n`]
      : []),
    `Incomplete repair between fractions is not modelled; EQD2 with alpha/beta ${maximum.alphaBeta} Gy is converted point by point.\n`,
  ].join('');
}

/** The band is for pictures. */
function withoutBand({ band: _, ...told }: PositionReport): Omit<PositionReport, 'band'> {
  return told;
}

/** The content of `retreatment` in plan.json; figures to 1e-4. */
export function retreatmentReport(
  assessment: RetreatmentAssessment,
  fractions: number,
  position?: PositionReport,
): Record<string, unknown> {
  const { cord, level, prior, maximum, cumulativeNearMax, rows, binding, strictest, recovery, risk, exceeded } =
    assessment;
  const idOf = (row: AssessmentRow | undefined): unknown =>
    row === undefined
      ? null
      : { name: row.name, structure: row.structure, result: row.result, room: decimalsOrNull(row.room, 4) };
  return {
    sentence: retreatmentSentence(assessment, fractions, position),
    cord,
    level,
    prior: {
      origin: prior.origin,
      ...(prior.courses.length === 1
        ? { fractions: prior.courses[0]!.dose.fractions ?? null }
        : {
            courses: prior.courses.map(({ origin, dose, months }) => ({
              origin,
              fractions: dose.fractions ?? null,
              months,
            })),
          }),
      months: prior.months,
      description: prior.description,
      notes: prior.notes,
    },
    maximum: figures(maximum),
    ...(position === undefined
      ? {}
      : {
          position: {
            ...withoutBand(position),
            ...figures({
              nominal: position.nominal,
              worst: position.worst,
              worstInside: position.worstInside,
              expected: position.expected,
              percentile95: position.percentile95,
            }),
          },
        }),
    cumulativeNearMax: decimalsOrNull(cumulativeNearMax, 4),
    limits: rows.map((row) => ({ ...row, ...figures(pick(row)) })),
    binding: idOf(binding),
    strictest: idOf(strictest),
    recovery: recovery.map((row: RecoveryRow) => ({
      ...row,
      ...figures({ prior: row.prior, cumulative: row.cumulative, tolerance: row.tolerance, allowed: row.allowed }),
    })),
    risk: {
      nieder: risk.nieder,
      schultheiss: {
        ...risk.schultheiss,
        ...figures({ thisCourse: risk.schultheiss.thisCourse, cumulative: risk.schultheiss.cumulative }, 6),
      },
      lyman: { ...risk.lyman, cumulative: decimalsOrNull(risk.lyman.cumulative, 6) },
    },
    priorExceeds: exceeded.map(({ limit, voxels, largest, at, structure, place }) => {
      return { limit, voxels, most: decimalsOrNull(largest, 4), at, structure, place };
    }),
  };
}

function pick({ limit, value, sumOfMaxima, margin, allowed, room }: AssessmentRow): Record<string, number | null> {
  return { limit, value, margin, allowed, room, ...(sumOfMaxima === undefined ? {} : { sumOfMaxima }) };
}

function figures(values: Readonly<Record<string, number | null>>, digits = 4): Record<string, number | null> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, decimalsOrNull(value, digits)]));
}

function nameOf({ title, limit, scale, metric, warnings }: AssessmentRow): string {
  const stated = warnings.filter((warning) => warning.startsWith('stated')).map((w) => w.split(',')[0]);
  return `${title} (${metric} ${toDecimals(limit, 2)} ${scale === '%' ? '%' : `Gy ${scale}`}${stated.length > 0 ? `, ${stated.join(', ')}` : ''})`;
}

function leftOf({ room, result }: AssessmentRow): string {
  return result === 'fail'
    ? `missed by ${gy(-room!)} of this course`
    : `with ${gy(Math.max(0, room!))} of this course left`;
}

const gy = (value: number): string => `${value.toFixed(1)} Gy`;
const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;

/** Goals checked against a dose: JSON, CSV and a table for the terminal. */

import { toDecimals } from '../core/rounding.js';
import type { Verdict } from '../evaluate/goal.js';
import type { CheckedProtocol, ProtocolRow } from '../evaluate/protocol.js';
import { decimalsOrNull, shownBound } from './numbers.js';
import { columns, csvLine } from './table.js';

/** The goals of `check --json`, one after the other; figures to 1e-6. */
export function goalRows(protocols: readonly CheckedProtocol[]): Record<string, unknown>[] {
  return protocols.flatMap(({ name, goals }) =>
    goals.map((row) => ({
      protocol: name,
      ...row,
      value: decimalsOrNull(row.value, 6),
      margin: decimalsOrNull(row.margin, 6),
      ...(row.errorBound === undefined ? {} : { errorBound: decimalsOrNull(row.errorBound, 6) }),
    })),
  );
}

const words: Record<Verdict, string> = { pass: 'pass', variation: 'VAR.', fail: 'FAIL', 'not evaluable': 'none' };

/** `pass` by the first limit, `VAR.` by the acceptable one, `FAIL`, or `none` with the reason. */
export function checkTable(protocols: readonly CheckedProtocol[]): string {
  return protocols
    .map(({ title, warning, goals }) => {
      const rows = goals.map((row) => [
        words[row.result],
        row.priority === undefined ? '' : String(row.priority),
        goalText(row),
        goalValue(row),
        row.margin === null ? '' : `${row.margin >= 0 ? '+' : ''}${row.margin.toFixed(2)}`,
        remarkOf(row),
      ]);
      const table = columns([['', 'prio', 'goal', 'value', 'margin', ''], ...rows]);
      return `${title}\n${table}${warning === undefined ? '' : `${warning}\n`}${sourcesOf(goals)}`;
    })
    .join('\n');
}

/** One line per goal. */
export function checkCsv(protocols: readonly CheckedProtocol[]): string {
  const head = [
    'protocol',
    'priority',
    'goal',
    'courses',
    'value',
    'unit',
    'limit',
    'acceptable',
    'margin',
    'result',
    'bound',
  ];
  const lines = [csvLine([...head, 'evidence', 'citation', 'remarks'])];
  for (const { name, goals } of protocols) {
    for (const row of goals) {
      const {
        priority = null,
        goal,
        courses,
        value,
        unit,
        limit,
        acceptable = null,
        margin,
        result,
        source,
        errorBound,
      } = row;
      const figures = [value, unit, limit, acceptable, margin].map((v) =>
        typeof v === 'number' ? toDecimals(v, 6) : v,
      );
      const sourced = [source?.evidence ?? null, source?.citation ?? null];
      const bound = errorBound === undefined ? null : errorBound === null ? 'none' : toDecimals(errorBound, 6);
      lines.push(csvLine([name, priority, goal, courses, ...figures, result, bound, ...sourced, remarkOf(row)]));
    }
  }
  return lines.join('');
}

/** `28.90 ±0.12 Gy`; `±?` where no bound is known. */
export function goalValue({ value, unit, errorBound }: ProtocolRow): string {
  if (value === null) return '';
  const bound = errorBound === undefined ? '' : ` ±${errorBound === null ? '?' : shownBound(errorBound)}`;
  return `${value.toFixed(2)}${bound} ${unit}`;
}

function goalText({ goal, courses }: ProtocolRow): string {
  return { this: goal, all: `${goal}, both courses`, each: `${goal}, each course`, share: `${goal} of both courses` }[
    goal.startsWith('interval') ? 'this' : courses
  ];
}

const remarkOf = ({ reason, warnings }: ProtocolRow): string =>
  [...(reason === undefined ? [] : [reason]), ...warnings].join('; ');

function sourcesOf(goals: readonly ProtocolRow[]): string {
  const lines = new Set<string>();
  for (const { source } of goals) {
    if (source === undefined) continue;
    const { citation, doi, evidence, note } = source;
    lines.add(
      `[${evidence}] ${citation}${doi === undefined ? '' : `, doi:${doi}`}${note === undefined ? '' : `: ${note}`}\n`,
    );
  }
  return [...lines].join('');
}

/**
 * The rows of a retreatment's table: one limit on one structure, what the plan has of it, and what is left in Gy.
 *
 * `margin` is in the limit's own scale. `allowed` is the same limit as a physical dose of this course, given what the prior
 * course did to the metric; `room` what is left to it, so that limits in different scales compare: the one with the least
 * room binds.
 */

import { type CordTolerance, hytecSource, niederSource } from '../../biology/cord-tolerances.js';
import type { Source } from '../../biology/evidence.js';
import { bed, doseFromBed, doseFromEqd2, eqd2 } from '../../biology/linear-quadratic.js';
import type { SpineLevel } from '../../biology/risk.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import type { PatientModel } from '../patient/patient-model.js';

/** One limit of the literature on one structure: its value, its verdict, and what it leaves of this course. */
export interface AssessmentRow {
  readonly name: string;
  readonly title: string;
  readonly structure: string;
  /** `Max`, `D0.1cc`; `interval` for months. */
  readonly metric: string;
  /** Of this course, of all together, of the larger, or this course's share of all, in percent. */
  readonly courses: 'this' | 'all' | 'each' | 'share';
  /** `EQD2/2`, `BED/2`, `%` or `months`. */
  readonly scale: string;
  /** In `scale`. */
  readonly limit: number;
  /** null where it could not be evaluated. */
  readonly value: number | null;
  /** Of limits on both courses: prior maximum + this course's metric. */
  readonly sumOfMaxima?: number;
  readonly result: 'pass' | 'fail' | 'not evaluable';
  /** How far the value is from failing, in `scale`; negative where it fails, null without a value. */
  readonly margin: number | null;
  /** Physical Gy of this course that meet the limit, for this metric. */
  readonly allowed: number | null;
  /** Physical Gy left to it; negative by how much it is missed. */
  readonly room: number | null;
  readonly role: 'criterion' | 'comparison';
  readonly source: Source;
  readonly warnings: readonly string[];
  readonly reason?: string;
}

export interface RowContext {
  readonly model: PatientModel;
  /** This course, physical. */
  readonly dvhs: ReadonlyMap<string, Dvh>;
  readonly both: {
    of(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh | string;
    /** Of the prior courses, or the reason where it cannot be told. */
    largestPrior(
      structure: string,
      quantity: 'eqd2' | 'bed',
      alphaBeta: number,
    ): { readonly all: number; readonly each: readonly number[] } | string;
  };
  /** Of this course. */
  readonly fractions: number;
}

/** Limits that hold to this relative tolerance: doses are Float32. */
const TOLERANCE = 1e-6;

/**
 * Every limit on the structure that it is stated for, as far as that is there; those for the thecal sac also on the cord
 * within it.
 */
export function limitRows(limits: readonly CordTolerance[], context: RowContext): AssessmentRow[] {
  const { cord } = context.model;
  return limits.flatMap((limit) => {
    const stated = limit.structure === 'cord' ? cord : limit.structure;
    const structures = stated === 'ThecalSac' ? [stated, cord] : [stated];
    return structures.filter((name) => context.dvhs.has(name)).map((name) => rowOf(limit, name, stated, context));
  });
}

/** The least intervals of HyTEC and Nieder. */
export function intervalRows(months: number, level: SpineLevel, fractions: number): AssessmentRow[] {
  const row = (name: string, title: string, least: number, source: Source, warnings: string[]): AssessmentRow => ({
    name,
    title,
    structure: '',
    metric: 'interval',
    courses: 'all',
    scale: 'months',
    limit: least,
    value: months,
    result: months >= least ? 'pass' : 'fail',
    margin: months - least,
    allowed: null,
    room: null,
    role: 'criterion',
    source,
    warnings,
  });
  return [
    row('hytec-interval', 'HyTEC, interval', 5, hytecSource, manyFractions([1, 5], fractions)),
    ...(level === 'lumbar' ? [] : [row('nieder-interval', 'Nieder, interval', 6, niederSource, [])]),
  ];
}

/** Of the criteria the one with the least room; undefined where none could be evaluated. */
export function bindingRow(rows: readonly AssessmentRow[]): AssessmentRow | undefined {
  return rows
    .filter(({ role, room }) => role === 'criterion' && room !== null)
    .reduce<AssessmentRow | undefined>(
      (least, row) => (least === undefined || row.room! < least.room! ? row : least),
      undefined,
    );
}

function rowOf(limit: CordTolerance, structure: string, stated: string, context: RowContext): AssessmentRow {
  const { dvhs, both, fractions } = context;
  const { quantity, alphaBeta, courses } = limit;
  const convert = quantity === 'eqd2' ? eqd2 : bed;
  const metric = parseMetric(limit.metric);
  const own = evaluateMetric(metric, dvhs.get(structure)!);
  const scale = courses === 'share' ? '%' : `${quantity.toUpperCase()}/${alphaBeta}`;
  const { role, source, name, title } = limit;
  const head = { name, title, structure, metric: limit.metric, courses, scale, limit: limit.limit, role, source };
  const warnings = [
    ...(stated === structure ? [] : [`stated for ${stated}, applied to ${structure}: an extrapolation`]),
    ...(limit.fractions === undefined ? [] : manyFractions(limit.fractions, fractions)),
    ...(own.flag === undefined ? [] : [own.flag]),
  ];
  const sum = courses === 'this' ? undefined : both.of(structure, quantity, alphaBeta);
  if (typeof sum === 'string') {
    const none = { value: null, margin: null, allowed: null, room: null } as const;
    return { ...head, ...none, result: 'not evaluable', warnings, reason: sum };
  }
  const now = convert(Math.max(0, own.value), fractions, alphaBeta);
  const all = sum === undefined ? now : evaluateMetric(metric, sum).value;
  // Of a limit on this course alone the prior ones are not asked, which may not tell them.
  const known = sum === undefined ? { all: 0, each: [] } : both.largestPrior(structure, quantity, alphaBeta);
  const { all: before, each } = typeof known === 'string' ? { all: 0, each: [] } : known;
  const largest = Math.max(0, ...each);
  const value = { this: now, all, each: Math.max(now, largest), share: all > 0 ? (100 * now) / all : 0 }[courses];
  const margin = limit.limit - value;
  const left = {
    this: limit.limit,
    all: limit.limit - (all - now),
    // A prior course above its limit leaves nothing that this one could mend.
    each: largest > limit.limit ? 0 : limit.limit,
    share: shareLeft(limit, all - now),
  };
  const allowed = physical(left[courses], quantity, fractions, alphaBeta);
  return {
    ...head,
    value,
    ...(courses === 'all' ? { sumOfMaxima: before + now } : {}),
    result: margin >= -TOLERANCE * limit.limit ? 'pass' : 'fail',
    margin,
    allowed,
    room: allowed - own.value,
    warnings,
  };
}

/** What this course may be for its share of all to be the limit. */
function shareLeft({ limit }: CordTolerance, before: number): number {
  return (before * limit) / (100 - limit);
}

function physical(left: number, quantity: CordTolerance['quantity'], fractions: number, alphaBeta: number): number {
  if (left <= 0) return 0;
  return (quantity === 'eqd2' ? doseFromEqd2 : doseFromBed)(left, fractions, alphaBeta);
}

/** Said where a limit stated for some numbers of fractions is applied to another. */
export function manyFractions([few, many]: readonly [number, number], fractions: number): string[] {
  if (fractions >= few && fractions <= many) return [];
  return [
    `stated for ${few} to ${many} fractions, applied to ${fractions}: an extrapolation by the linear-quadratic model`,
  ];
}

/**
 * Dose-volume metrics in the notation of Mayo et al. and AAPM TG-263: `D95%[Gy]`, `D0.03cc[Gy]`, `V20Gy[cc]`.
 *
 *     D<x>%  D<x>cc    dose that the hottest x of the structure receive at least          default unit Gy
 *     DC<x>% DC<x>cc   dose that the coldest x receive at most (complement)                default unit Gy
 *     V<x>%  V<x>Gy    volume that receives at least x (percent: of the prescription)      default unit %
 *     CV<x>% CV<x>Gy   volume that receives less than x (complement)                       default unit %
 *     Mean  Max  Min                                                                       default unit Gy
 *     Volume                                                                               default unit cc
 *
 * Dose in % is of the prescribed total dose, volume in % of the structure. `cGy` is read and turned into Gy.
 *
 * @see Mayo et al., Pract. Radiat. Oncol. 6 (2016) 117, doi:10.1016/j.prro.2015.10.017
 */

import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Dvh, type DvhReading, doseAtVolume, volumeAtDose } from './dvh.js';

export type MetricUnit = 'Gy' | '%' | 'cc';

export interface Metric {
  readonly kind: 'D' | 'DC' | 'V' | 'CV' | 'Mean' | 'Max' | 'Min' | 'Volume';
  /** What follows the letter: a volume for D and DC, a dose for V and CV. */
  readonly at?: { readonly value: number; readonly unit: MetricUnit };
  /** Unit of the result. */
  readonly unit: MetricUnit;
  /** Whether the text named the unit, or the default was taken. */
  readonly isUnitGiven: boolean;
}

export interface MetricContext {
  /** Prescribed total dose of the course, Gy; needed wherever dose is in percent. */
  readonly prescription?: number;
}

export interface MetricValue extends DvhReading {
  readonly unit: MetricUnit;
}

/**
 * Reads one metric.
 *
 * @param text e.g. `D95%[Gy]`; spaces are ignored, letters may be of either case
 * @throws {InvalidInputError} with the position of the first character that does not fit
 */
export function parseMetric(text: string): Metric {
  const scanner = createScanner(text);
  const kind = scanner.kind();
  const wantsVolume = kind === 'D' || kind === 'DC';
  const wantsDose = kind === 'V' || kind === 'CV';
  let at: Metric['at'];
  if (wantsVolume || wantsDose) {
    const position = scanner.position();
    const value = scanner.number();
    at = scanner.unit(value, wantsVolume ? ['%', 'cc'] : ['%', 'Gy']);
    if (wantsVolume && at.unit === '%' && value > 100) {
      throw new InvalidInputError(
        `metric "${text}": at character ${position + 1}, ${value} % of a structure does not exist. Use 0 to 100.`,
      );
    }
  }
  const allowed: readonly MetricUnit[] = wantsDose ? ['%', 'cc'] : kind === 'Volume' ? ['cc'] : ['Gy', '%'];
  const given = scanner.bracket(allowed);
  scanner.end();
  return { kind, ...(at === undefined ? {} : { at }), unit: given ?? allowed[0]!, isUnitGiven: given !== undefined };
}

/** The metric in canonical notation, with its unit: `D95%[Gy]`. Numbers are kept to 12 digits. */
export function formatMetric(metric: Metric): string {
  const at = metric.at === undefined ? '' : `${Number(metric.at.value.toPrecision(12))}${metric.at.unit}`;
  return `${metric.kind}${at}[${metric.unit}]`;
}

/**
 * Value of a metric.
 *
 * @param context.prescription total Gy, for doses in percent
 * @returns value in `unit`; `flag` where the structure is smaller than the volume asked for
 * @throws {InvalidInputError} if a dose in percent is asked for without a prescription
 */
export function evaluateMetric(metric: Metric, dvh: Dvh, context: MetricContext = {}): MetricValue {
  const { kind, at, unit } = metric;
  const prescription = (): number => {
    if (context.prescription === undefined) {
      throw new InvalidInputError(
        `metric ${formatMetric(metric)} of ${dvh.name}: percent of dose needs a prescription, and none is given. Give it in Gy (total), or ask for Gy.`,
      );
    }
    return checkPositive('metric: prescription', context.prescription);
  };
  const volume = (cc: number): MetricValue => ({ value: unit === '%' ? (100 * cc) / dvh.volumeCc : cc, unit });
  const dose = (reading: DvhReading): MetricValue => ({
    ...reading,
    value: unit === '%' ? (100 * reading.value) / prescription() : reading.value,
    unit,
  });
  if (kind === 'Volume') return { value: dvh.volumeCc, unit };
  if (kind === 'Mean') return dose({ value: dvh.mean });
  if (kind === 'Max') return dose({ value: dvh.max });
  if (kind === 'Min') return dose({ value: dvh.min });
  if (kind === 'V' || kind === 'CV') {
    const above = volumeAtDose(dvh, at!.unit === '%' ? (at!.value / 100) * prescription() : at!.value);
    return volume(kind === 'V' ? above : Math.max(0, dvh.volumeCc - above));
  }
  const cc = at!.unit === '%' ? (at!.value / 100) * dvh.volumeCc : at!.value;
  if (kind === 'D') return dose(doseAtVolume(dvh, cc));
  if (cc > dvh.volumeCc) {
    return dose({ value: dvh.max, flag: `${doseAtVolume(dvh, cc).flag!.split(':')[0]}: maximum dose given` });
  }
  return dose(doseAtVolume(dvh, dvh.volumeCc - cc));
}

interface Scanner {
  position(): number;
  kind(): Metric['kind'];
  number(): number;
  unit(value: number, allowed: readonly MetricUnit[]): NonNullable<Metric['at']>;
  bracket(allowed: readonly MetricUnit[]): MetricUnit | undefined;
  end(): void;
}

// Longer words first, so that D does not swallow DC.
const KINDS = ['Volume', 'Mean', 'Max', 'Min', 'DC', 'CV', 'D', 'V'] as const;
const UNITS: readonly (readonly [string, MetricUnit, number])[] = [
  ['cGy', 'Gy', 0.01],
  ['Gy', 'Gy', 1],
  ['cm3', 'cc', 1],
  ['cc', 'cc', 1],
  ['%', '%', 1],
];

function createScanner(text: string): Scanner {
  let at = 0;
  const skip = (): void => {
    while (at < text.length && text[at]!.trim() === '') at++;
  };
  const fail = (expected: string): never => {
    const found = at < text.length ? `found "${text.slice(at, at + 12)}"` : 'the text ends';
    throw new InvalidInputError(
      `metric "${text}": at character ${at + 1} ${expected} is expected, but ${found}. Write for example D95%[Gy], D0.03cc[Gy], V20Gy[cc], V95%[%], Mean[Gy] or Max[Gy].`,
    );
  };
  const word = (candidate: string): boolean => {
    if (text.slice(at, at + candidate.length).toLowerCase() !== candidate.toLowerCase()) return false;
    at += candidate.length;
    return true;
  };
  const unitOf = (allowed: readonly MetricUnit[]): readonly [MetricUnit, number] => {
    skip();
    for (const [name, unit, factor] of UNITS) {
      if (allowed.includes(unit) && word(name)) return [unit, factor];
    }
    return fail(`a unit (${allowed.join(' or ')})`);
  };
  return {
    position() {
      skip();
      return at;
    },
    kind() {
      skip();
      for (const kind of KINDS) if (word(kind)) return kind;
      return fail('D, DC, V, CV, Mean, Max, Min or Volume');
    },
    number() {
      skip();
      const match = /^(\d+\.?\d*|\.\d+)/.exec(text.slice(at));
      if (match === null) return fail('a number');
      at += match[0].length;
      return Number(match[0]);
    },
    unit(value, allowed) {
      const [unit, factor] = unitOf(allowed);
      return { value: value * factor, unit };
    },
    bracket(allowed) {
      skip();
      if (!word('[')) return undefined;
      skip();
      // Results are never in cGy: one representation of each thing.
      const [unit, factor] = unitOf(allowed);
      if (factor !== 1) fail('a unit of the result in Gy, not cGy; the unit');
      skip();
      if (!word(']')) fail('"]"');
      return unit;
    },
    end() {
      skip();
      if (at < text.length) fail('the end');
    },
  };
}

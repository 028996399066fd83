/** Values of metrics, read from a DVH. */
import { InvalidInputError } from '../core/errors.js';
import { scaleMap } from './dose-scale.js';
import { type Dvh, type DvhReading, doseAtVolume, volumeAtDose } from './dvh.js';
import { formatMetric, isVolume, type Metric, type MetricUnit } from './metric.js';
import { powerMean } from './power-mean.js';

/** What a metric needs besides the DVH. */
export interface MetricContext {
  /** Prescribed total dose of the course, physical Gy; needed wherever dose is in percent. */
  readonly prescription?: number;
}

/** The value of a metric, with its unit. */
export interface MetricValue {
  /** In `unit`. */
  readonly value: number;
  readonly unit: MetricUnit;
  /** Why the number is not what was asked for, where it is not. */
  readonly flag?: string;
}

/** Why a metric has no value on this DVH; undefined where it has one. */
export function whyNoValue(metric: Metric, dvh: Dvh, context: MetricContext = {}): string | undefined {
  const usesPrescription = isVolume(metric) ? metric.at?.unit === '%' : metric.unit === '%';
  if (usesPrescription) {
    const { prescription } = context;
    if (prescription === undefined) return 'percent of dose needs a prescription: give it in Gy (total), or ask for Gy';
    if (!(prescription > 0 && prescription < Infinity))
      return `the prescription is ${prescription} Gy, but must be > 0`;
    if (dvh.quantity !== 'physical')
      return `the dose is ${dvh.quantity}, but the prescription it would be percent of is physical: ask for Gy`;
  }
  const map = scaleMap(dvh, metric.scale);
  return typeof map === 'string' ? map : undefined;
}

/**
 * Value of a metric.
 *
 * @param context.prescription total Gy, for doses in percent
 * @returns value in `unit`; `flag` where the structure is smaller than the volume asked for
 * @throws {InvalidInputError} for the reasons of {@link whyNoValue}
 */
export function evaluateMetric(metric: Metric, dvh: Dvh, context: MetricContext = {}): MetricValue {
  const reason = whyNoValue(metric, dvh, context);
  if (reason !== undefined) {
    throw new InvalidInputError(`metric ${formatMetric(metric)} of ${dvh.name}: ${reason}.`);
  }
  const { kind, at, unit, scale, exponent } = metric;
  const map = scaleMap(dvh, scale);
  if (typeof map === 'string') throw new InvalidInputError(map);
  const volume = (cc: number): MetricValue => ({ value: unit === '%' ? (100 * cc) / dvh.volumeCc : cc, unit });
  const percent = (gy: number): number => (unit === '%' ? (100 * gy) / context.prescription! : gy);
  const dose = (reading: DvhReading): MetricValue => ({ ...reading, value: percent(map.to(reading.value)), unit });
  switch (kind) {
    case 'Volume':
      return { value: dvh.volumeCc, unit };
    case 'Max':
      return dose({ value: dvh.max });
    case 'Min':
      return dose({ value: dvh.min });
    case 'Mean':
      return { value: percent(scale === undefined ? dvh.mean : powerMean(dvh, 1, map.to)), unit };
    case 'gEUD':
      return { value: percent(powerMean(dvh, exponent!, map.to)), unit };
    case 'V':
    case 'CV': {
      const level = at!.unit === '%' ? (at!.value / 100) * context.prescription! : map.from(at!.value);
      const above = volumeAtDose(dvh, level);
      return volume(kind === 'V' ? above : Math.max(0, dvh.volumeCc - above));
    }
    default: {
      const cc = at!.unit === '%' ? (at!.value / 100) * dvh.volumeCc : at!.value;
      return dose(kind === 'D' ? doseAtVolume(dvh, cc) : complement(dvh, cc));
    }
  }
}

/** Dose that the coldest `cc` receive at most. */
function complement(dvh: Dvh, cc: number): DvhReading {
  if (cc <= dvh.volumeCc) return doseAtVolume(dvh, dvh.volumeCc - cc);
  return { value: dvh.max, flag: `${doseAtVolume(dvh, cc).flag!.split(':')[0]}: maximum dose given` };
}

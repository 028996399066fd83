/**
 * Dose-volume metrics in the notation of Mayo et al. and AAPM TG-263: `D95%[Gy]`, `D0.03cc[Gy]`, `V20Gy[cc]`.
 *
 *     D<x>%  D<x>cc    dose that the hottest x of the structure receive at least          default unit Gy
 *     DC<x>% DC<x>cc   dose that the coldest x receive at most (complement)                default unit Gy
 *     V<x>%  V<x>Gy    volume that receives at least x                                     default unit %
 *     CV<x>% CV<x>Gy   volume that receives less than x (complement)                       default unit %
 *     Mean  Max  Min                                                                       default unit Gy
 *     gEUD(a=<x>)      generalised equivalent uniform dose, (mean of D^a)^(1/a)            default unit Gy
 *     Volume                                                                               default unit cc
 *
 * A percentage is never ambiguous: of a volume it is of the structure, of a dose it is of the prescribed total dose. So
 * `D95%[%]` is the dose to 95 % of the structure in percent of the prescription, `V95%[%]` the fraction of the structure that
 * receives 95 % of the prescription. `cGy` is read and turned into Gy.
 *
 * Biological scales are our addition, as the literature writes them: `Max[EQD2/2]` is the maximum as EQD2 with alpha/beta
 * 2 Gy, in Gy, `V25EQD2/2[cc]` the volume at or above 25 Gy of it; `BED/2` likewise. They need the number of fractions,
 * and each voxel is converted before anything is read off: `Mean[EQD2/2]` is no EQD2 of a mean.
 *
 * @see Mayo et al., Pract. Radiat. Oncol. 6 (2016) 117, doi:10.1016/j.prro.2015.10.017
 */
import { toDigits } from '../core/rounding.js';
/** What the number of a metric is in. */
export type MetricUnit = 'Gy' | '%' | 'cc';

/** A biological dose; Gy. */
export interface DoseScale {
  readonly quantity: 'eqd2' | 'bed';
  /** Gy, > 0 */
  readonly alphaBeta: number;
}

/** One figure read off a DVH, as D95% or V20Gy; read from text by `parseMetric`. */
export interface Metric {
  readonly kind: 'D' | 'DC' | 'V' | 'CV' | 'Mean' | 'Max' | 'Min' | 'gEUD' | 'Volume';
  /** What follows the letter: a volume for D and DC, a dose for V and CV. */
  readonly at?: { readonly value: number; readonly unit: MetricUnit };
  /** a of gEUD: large for organs of serial structure, 1 for the mean, negative for targets; never 0. */
  readonly exponent?: number;
  /** What the dose of the metric (its result, or that of V and CV) is turned into. @default the dose as it is */
  readonly scale?: DoseScale;
  /** Unit of the result. */
  readonly unit: MetricUnit;
  /** Whether the text named the unit, or the default was taken. */
  readonly isUnitGiven: boolean;
}

/** The metric in canonical notation, with its unit: `D95%[Gy]`. Numbers are kept to 12 digits. */
export function formatMetric(metric: Metric): string {
  const { kind, at, exponent, scale, unit } = metric;
  const scaled = scale === undefined ? 'Gy' : `${scale.quantity.toUpperCase()}/${plain(scale.alphaBeta)}`;
  const point = at === undefined ? '' : `${plain(at.value)}${at.unit === 'Gy' ? scaled : at.unit}`;
  const of = exponent === undefined ? '' : `(a=${plain(exponent)})`;
  return `${kind}${point}${of}[${unit === 'Gy' ? scaled : unit}]`;
}

/** The metric in words: `dose that the hottest 95 % of the structure receive at least, in % of the prescription`. */
export function describeMetric(metric: Metric): string {
  const { kind, at, exponent, scale, unit } = metric;
  const scaled = scale === undefined ? 'Gy' : `Gy ${scale.quantity.toUpperCase()} (alpha/beta ${scale.alphaBeta} Gy)`;
  const inUnit = { Gy: scaled, cc: 'cc', '%': isVolume(metric) ? '% of the structure' : '% of the prescription' }[unit];
  const point = (): string => {
    const value = plain(at!.value);
    if (at!.unit === 'cc') return `${value} cc`;
    if (at!.unit === 'Gy') return `${value} ${scaled}`;
    return `${value} % of the ${kind === 'D' || kind === 'DC' ? 'structure' : 'prescription'}`;
  };
  switch (kind) {
    case 'D':
      return `dose that the hottest ${point()} receive at least, in ${inUnit}`;
    case 'DC':
      return `dose that the coldest ${point()} receive at most, in ${inUnit}`;
    case 'V':
      return `volume that receives at least ${point()}, in ${inUnit}`;
    case 'CV':
      return `volume that receives less than ${point()}, in ${inUnit}`;
    case 'gEUD':
      return `generalised equivalent uniform dose with a = ${plain(exponent!)}, in ${inUnit}`;
    case 'Volume':
      return `volume, in ${inUnit}`;
    default:
      return `${{ Mean: 'mean', Max: 'maximum', Min: 'minimum' }[kind]} dose, in ${inUnit}`;
  }
}

/** Is the result a volume? Else it is a dose. */
export function isVolume({ kind }: Metric): boolean {
  return kind === 'V' || kind === 'CV' || kind === 'Volume';
}

const plain = (value: number): string => String(toDigits(value, 12));

/** What a plan is delivered by: monitor units, segments, time and complexity; of segments, how far they are from the best fluence. */
import { toDecimals, toDigits } from '../core/rounding.js';
import { type PlanDelivery, planDelivery } from '../plan/evaluation/delivered-fields.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { TechniquePlan } from '../plan/technique/technique-plan.js';
import type { DeliveryFigures } from '../sequence/delivery-metrics.js';
import { decimalsOrNull } from './numbers.js';
import { columns, csvTable } from './table.js';

type DeliveredCase = PlanningResult['case'];
type DeliveredPlan = Pick<TechniquePlan, 'fields' | 'delivery'>;

/** Sum over all fields and the whole course. */
const monitorUnitsOf = ({ fields }: Pick<TechniquePlan, 'fields'>): number =>
  fields.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0);

/** The block `delivery` of plan.json: none of a plan of fluence. */
export function deliveryReport(plan: DeliveredPlan, planCase: DeliveredCase): { readonly delivery?: object } {
  const metrics = planDelivery(plan, planCase);
  if (metrics === undefined) return {};
  const { kind, all, monitorUnitsPerGray, speeds } = metrics;
  const delivery = {
    kind,
    // Of leaves that move, steps from one control point to the next.
    segments: all.segments,
    monitorUnits: toDecimals(monitorUnitsOf(plan), 1),
    monitorUnitsPerFraction: toDecimals(all.monitorUnits, 2),
    monitorUnitsPerGray: toDecimals(monitorUnitsPerGray, 2),
    ...shapeFigures(all),
    beamOnSeconds: toDecimals(all.beamOn, 1),
    secondsPerFraction: toDecimals(all.time, 1),
    at: { ...speeds },
    ...(plan.delivery && priceBlock(plan.delivery)),
  };
  return { delivery };
}

const shapeFigures = ({ meanArea, complexity }: DeliveryFigures) => ({
  meanAreaCm2: decimalsOrNull(meanArea, 3),
  complexity: decimalsOrNull(complexity, 4),
});

function priceBlock(delivery: NonNullable<TechniquePlan['delivery']>): Record<string, unknown> {
  const { value, lowerBound, price, sequenced } = delivery;
  return {
    value: toDigits(value, 6),
    fluenceLowerBound: lowerBound === null ? null : toDigits(lowerBound, 6),
    price: price === null ? null : toDigits(price, 3),
    ...(sequenced !== undefined && { priceOfSequence: sequenced === null ? null : toDigits(sequenced, 3) }),
  };
}

/** What plan.json tells of every field besides its place: nothing of a plan of fluence. */
export function fieldDeliveries(plan: DeliveredPlan, planCase: DeliveredCase): Record<string, unknown>[] {
  // Static beams stand for an arc: what is told of it is told of all.
  const metrics = plan.delivery?.arc ? undefined : planDelivery(plan, planCase);
  return plan.fields.map((_, f) => {
    const own = metrics?.fields[f];
    if (own === undefined) return {};
    return { segments: own.segments, ...shapeFigures(own), secondsPerFraction: toDecimals(own.time, 1) };
  });
}

/** Lines for the terminal and the report: all fields in a sentence, then each; none of a plan of fluence. */
export function deliveryLines(plan: DeliveredPlan, planCase: DeliveredCase): string[] {
  const metrics = planDelivery(plan, planCase);
  if (metrics === undefined) return [];
  const { all, monitorUnitsPerGray, speeds } = metrics;
  const { doseRate, leafSpeed, gantrySpeed, betweenFields } = speeds;
  const pause = betweenFields > 0 ? `, ${betweenFields} s between fields` : '';
  const recalled = planCase.delivery === undefined ? ', all recalled' : '';
  const of = `${all.segments} ${WHAT[metrics.kind]}`;
  return [
    `${of}, ${all.monitorUnits.toFixed(0)} MU a fraction, ${monitorUnitsPerGray.toFixed(0)} MU per Gy of its prescribed dose, ${monitorUnitsOf(plan).toFixed(0)} MU in all`,
    `mean area ${said(all.meanArea, 1)} cm2, complexity score ${said(all.complexity, 2)} (1: an open rectangle)`,
    `${minutes(all.time)} a fraction, ${minutes(all.beamOn)} of it beam, at ${doseRate} MU/min, leaves ${leafSpeed} mm/s, gantry ${gantrySpeed} degrees/s${pause}${recalled}`,
    ...(plan.delivery === undefined ? [] : [priceSentence(plan.delivery)]),
    ...columns([TABLE, ...rowsOf(metrics)])
      .trimEnd()
      .split('\n'),
  ];
}

/** What monitor units are given in, one after the other. */
const WHAT: Readonly<Record<PlanDelivery['kind'], string>> = {
  static: 'fields',
  'step-and-shoot': 'segments',
  'sliding-window': 'intervals of sliding windows',
  arc: 'intervals of an arc',
};

const TABLE = ['field', 'MU', 'segments', 'area cm2', 'score', 's'];

const rowsOf = ({ fields, names }: PlanDelivery): string[][] =>
  fields.map(({ monitorUnits, segments, meanArea, complexity, time }, f) => [
    names[f]!.name,
    monitorUnits.toFixed(1),
    String(segments),
    said(meanArea, 1),
    said(complexity, 2),
    time.toFixed(0),
  ]);

const said = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits));

/** "2 min 05 s" */
function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return whole < 60 ? `${whole} s` : `${(whole - rest) / 60} min ${String(rest).padStart(2, '0')} s`;
}

type Delivery = NonNullable<TechniquePlan['delivery']>;

/** Of a price that is none below zero but for rounding. */
const percent = (price: number): string => (100 * Math.max(0, price)).toFixed(2);

/** What the weights are of. */
const partsOf = ({ kind }: Pick<Delivery, 'kind'>): string =>
  kind === 'arc' ? 'intervals' : kind === 'sliding-window' ? 'leaf ways' : 'segments';

function priceSentence(delivery: Delivery): string {
  const { price } = delivery;
  const cost =
    price === null
      ? 'no bound of the fluence is proven'
      : (priceGained(delivery) ??
        `the objective at most ${percent(price)} % above that of the best fluence of these beamlets`);
  return `${cost}; "above the best" is of the weights of these ${partsOf(delivery)}`;
}

/**
 * Of a price below zero, what that means: leaves end within beamlets too, where no fluence that is even on each beamlet can. None
 * otherwise.
 */
export function priceGained(delivery: Pick<Delivery, 'kind' | 'price'>): string | undefined {
  const { price } = delivery;
  if (price === null || price > -0.5e-4) return undefined;
  return `the objective of its ${partsOf(delivery)} is at least ${(-100 * price).toFixed(2)} % better than that of any fluence that is even on each beamlet, as leaves end within beamlets too`;
}

/** Of the summary: the price, and of how many segments or control points; undefined where nothing is proven. */
export function priceCell(delivery: Delivery): string | undefined {
  const { price, segments, kind } = delivery;
  if (price === null || price === undefined) return undefined;
  const cost = priceGained(delivery) === undefined ? `${percent(price)} %` : 'none';
  return `${cost}, ${segments} ${kind === undefined ? 'segments' : 'control points'}`;
}

/** Of the summary: segments, monitor units and time of a fraction. */
export function deliveryCell(plan: DeliveredPlan, planCase: DeliveredCase): string | undefined {
  const metrics = planDelivery(plan, planCase);
  if (metrics === undefined) return undefined;
  const { segments, monitorUnits, time } = metrics.all;
  return `${segments} / ${monitorUnits.toFixed(0)} / ${(time / 60).toFixed(1)}`;
}

/** Every field of the plans that can be delivered, and all fields of each: delivery.csv; undefined where there is none. */
export function deliveryTable({ plans, case: planCase }: Pick<PlanningResult, 'plans' | 'case'>): string | undefined {
  const rows = plans.flatMap(({ plan }) => {
    const metrics = planDelivery(plan, planCase);
    if (metrics === undefined) return [];
    const row = (field: string, gantry: string, own: DeliveryFigures): string[] => [
      plan.technique,
      field,
      gantry,
      own.monitorUnits.toFixed(4),
      String(own.segments),
      own.meanArea?.toFixed(4) ?? '',
      own.complexity?.toFixed(5) ?? '',
      own.beamOn.toFixed(2),
      own.time.toFixed(2),
    ];
    return [
      ...metrics.names.map(({ name, gantry }, f) => row(name, String(gantry), metrics.fields[f]!)),
      row('all', '', metrics.all),
    ];
  });
  const head = ['technique', 'field', 'gantry_deg', 'MU_per_fraction', 'segments', 'mean_area_cm2', 'complexity'];
  return rows.length === 0 ? undefined : csvTable([[...head, 'beam_on_s', 'time_s'], ...rows]);
}

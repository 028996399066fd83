/** A plan's fields as a machine delivers them in one fraction, and their figures. */
import {
  type DeliveredField,
  type DeliveryMetrics,
  type DeliveryPoint,
  type DeliverySpeeds,
  type DeliveryStep,
  deliveryMetrics,
  stepsBetween,
} from '../../sequence/delivery-metrics.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlannedField, TechniquePlan } from '../technique/technique-plan.js';

/** Of a case that names none; recalled: common settings of machines that deliver 6 MV with a flattening filter. */
const SPEEDS: DeliverySpeeds = { doseRate: 600, leafSpeed: 25, gantrySpeed: 6, betweenFields: 0 };

/** Figures of a plan that can be delivered; monitor units and times are of one fraction. */
export interface PlanDelivery extends DeliveryMetrics {
  /** One aperture a field, segments, or leaves that move while the beam is on. */
  readonly kind: 'static' | 'step-and-shoot' | 'sliding-window' | 'arc';
  /** What each of `fields` is called, and where its gantry stands, or begins. */
  readonly names: readonly { readonly name: string; readonly gantry: number }[];
  /** Of a fraction per Gy of its prescribed dose. */
  readonly monitorUnitsPerGray: number;
  readonly speeds: DeliverySpeeds;
}

/** @returns undefined for a plan of fluence, which no machine delivers as it is */
export function planDelivery(
  { fields, delivery: planned }: Pick<TechniquePlan, 'fields' | 'delivery'>,
  { prescription, delivery, imrt }: Pick<PlanCase, 'prescription' | 'delivery' | 'imrt'>,
): PlanDelivery | undefined {
  const { dose, fractions } = prescription;
  const arc = planned?.arc;
  const given = arc
    ? [{ name: 'Arc', pose: { ...fields[0]!.beam.pose, gantry: arc[0]!.gantry }, steps: stepsBetween(arc) }]
    : fields.map(({ beam, ...field }) => ({ name: beam.name, pose: beam.pose, steps: stepsOf(field) }));
  const delivered = given.flatMap(({ pose: { gantry, collimator, couch }, steps }): DeliveredField[] => {
    const own = steps?.map((step) => ({ ...step, monitorUnits: step.monitorUnits / fractions }));
    return own ? [{ pose: { gantry, collimator, couch }, steps: own }] : [];
  });
  if (delivered.length < given.length) return undefined;
  const speeds = { ...SPEEDS, ...(planned?.kind && speedsOf(imrt.delivery)), ...delivery };
  const metrics = deliveryMetrics(delivered, speeds);
  return {
    ...metrics,
    kind: planned?.kind ?? (fields.some(({ segments }) => segments !== undefined) ? 'step-and-shoot' : 'static'),
    names: given.map(({ name, pose }) => ({ name, gantry: pose.gantry })),
    monitorUnitsPerGray: (metrics.all.monitorUnits * fractions) / dose,
    speeds,
  };
}

/** What leaves that move are planned with holds for their time too. */
function speedsOf(delivery: PlanCase['imrt']['delivery']): Partial<DeliverySpeeds> {
  if (typeof delivery !== 'object' || delivery.kind === 'step-and-shoot') return {};
  const { leafSpeed, doseRate } = delivery;
  if (delivery.kind === 'sliding-window') return { leafSpeed, doseRate: delivery.doseRate };
  return { leafSpeed, gantrySpeed: delivery.gantrySpeed, ...(Array.isArray(doseRate) && { doseRate: doseRate[1] }) };
}

/** What may deliver a field. */
type Delivering = Omit<PlannedField, 'beam'> & { readonly controlPoints?: readonly DeliveryPoint[] };

function stepsOf({ aperture, segments, controlPoints, monitorUnits }: Delivering): DeliveryStep[] | undefined {
  if (controlPoints !== undefined) return stepsBetween(controlPoints);
  if (segments !== undefined) {
    return segments.map((own) => ({ from: own.aperture, to: own.aperture, monitorUnits: own.monitorUnits }));
  }
  return aperture && [{ from: aperture, to: aperture, monitorUnits }];
}

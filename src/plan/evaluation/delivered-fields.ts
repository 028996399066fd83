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
  readonly kind: 'static' | 'step-and-shoot' | 'moving';
  /** Of a fraction per Gy of its prescribed dose. */
  readonly monitorUnitsPerGray: number;
  readonly speeds: DeliverySpeeds;
}

/** @returns undefined for a plan of fluence, which no machine delivers as it is */
export function planDelivery(
  { fields }: Pick<TechniquePlan, 'fields'>,
  { prescription, delivery }: Pick<PlanCase, 'prescription' | 'delivery'>,
): PlanDelivery | undefined {
  const { dose, fractions } = prescription;
  const delivered = fields.map((field) => deliveredField(field, fractions));
  if (!delivered.every((field) => field !== undefined)) return undefined;
  const speeds = delivery ?? SPEEDS;
  const metrics = deliveryMetrics(delivered, speeds);
  const steps = delivered.flatMap((field) => field.steps);
  const isMoving = steps.some(({ from, to }) => from !== to);
  const kind = isMoving
    ? 'moving'
    : fields.some(({ segments }) => segments !== undefined)
      ? 'step-and-shoot'
      : 'static';
  return { ...metrics, kind, monitorUnitsPerGray: (metrics.all.monitorUnits * fractions) / dose, speeds };
}

/** The steps of a field, one after the other; undefined of a fluence. */
function deliveredField({ beam, ...field }: PlannedField, fractions: number): DeliveredField | undefined {
  const { gantry, collimator, couch } = beam.pose;
  const steps = stepsOf(field)?.map((step) => ({ ...step, monitorUnits: step.monitorUnits / fractions }));
  return steps && { pose: { gantry, collimator, couch }, steps };
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

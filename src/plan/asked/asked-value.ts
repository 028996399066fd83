/** What a dose is in the terms of a constraint that the case asks for: its value, by what it misses, whether it is kept. */
import { type Dvh, doseAtVolume } from '../../evaluate/dvh.js';
import { evaluateGoal } from '../../evaluate/goal.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import type { AskedConstraint } from './asked-constraint.js';

/** Of a case: what a percent of dose is of, Gy. */
interface Prescribed {
  readonly prescription: { readonly dose: number };
}

/** The dose of a plan that a constraint is on, Gy in its scale. */
export function heldValue({ form, goal }: AskedConstraint, dvh: Dvh): number {
  const { metric } = goal;
  switch (form.kind) {
    case 'extreme':
      return metric.kind === 'Min' ? dvh.min : dvh.max;
    case 'volume': {
      const own = form.unit === '%' ? (form.volume / 100) * dvh.volumeCc : form.volume;
      return doseAtVolume(dvh, form.isRest ? Math.max(0, dvh.volumeCc - own) : own).value;
    }
    default:
      return evaluateMetric({ ...metric, unit: 'Gy' }, dvh).value;
  }
}

/** By what a dose misses its bound, fraction of it; negative where it keeps it. */
export const missOf = ({ dose, sign }: AskedConstraint, value: number): number =>
  dose > 0 ? (sign * (value - dose)) / dose : sign * (value - dose);

/** Whether a plan keeps a constraint, as the table of goals judges it. */
export function isKept({ goal }: AskedConstraint, dvh: Dvh, { prescription }: Prescribed): boolean {
  const { result } = evaluateGoal(goal, new Map([[goal.structure, dvh]]), { prescription: prescription.dose });
  return result === 'pass';
}

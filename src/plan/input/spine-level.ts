/** The level of the spine, which decides what limits apply. */
import type { SpineLevel } from '../../biology/risk.js';
import type { PlanCase } from './plan-case.js';

/** Cervical, thoracic or lumbar: as the case says, by the name of the phantom, else thoracic. */
export function levelOf(plan: Pick<PlanCase, 'patient' | 'retreatment'>): SpineLevel {
  if (plan.retreatment.level !== undefined) return plan.retreatment.level;
  const name = 'phantom' in plan.patient ? plan.patient.phantom : '';
  return /-c\d/i.test(name) ? 'cervical' : /-l\d/i.test(name) ? 'lumbar' : 'thoracic';
}

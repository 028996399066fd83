/** The level of the spine, which decides what limits apply. */
import type { SpineLevel } from '../../biology/risk.js';
import type { PlanCase } from './plan-case.js';

/** Cervical, thoracic or lumbar: as the case says, by the name of the phantom, else thoracic. */
export function levelOf(planCase: Pick<PlanCase, 'patient' | 'retreatment'>): SpineLevel {
  if (planCase.retreatment.level !== undefined) return planCase.retreatment.level;
  const name = 'phantom' in planCase.patient ? planCase.patient.phantom : '';
  return /-c\d/i.test(name) ? 'cervical' : /-l\d/i.test(name) ? 'lumbar' : 'thoracic';
}

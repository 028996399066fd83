/** Several targets in words and as JSON: what each was asked for, and what it received. */
import { toDecimals } from '../core/rounding.js';
import type { PlanEvaluation } from '../plan/evaluation/evaluate-plan.js';

type Evaluated = Pick<PlanEvaluation, 'targets'>;
type Outcome = NonNullable<Evaluated['targets']>[number];

/** The block `targets` of a plan in plan.json. */
export const targetsReport = ({ targets = [] }: Evaluated): Record<string, unknown>[] =>
  targets.map(({ structure, dose, to, reached, isOff }) => ({
    structure,
    dose,
    to,
    reached: reached === null ? null : toDecimals(reached, 4),
    percent: reached === null ? null : toDecimals((100 * reached) / dose, 2),
    isOff,
  }));

/** One line per target. */
export const targetSentences = ({ targets = [] }: Evaluated): string[] =>
  targets.map((own) => {
    const { structure, dose, to, reached } = own;
    const got = reached === null ? 'no dose is known' : `${reached.toFixed(2)} Gy`;
    return `${structure} ${to}: ${got} of ${dose} Gy${offOf(own, ', ')}`;
  });

/** Of those that miss their dose by more than 2 %, for a warning; the first is the prescription's, of which the status tells. */
export const targetsOff = ({ targets = [] }: Evaluated): string[] =>
  targets
    .slice(1)
    .filter(({ isOff }) => isOff)
    .map((own) => `${own.structure} is asked for ${own.dose} Gy (${own.to})${offOf(own, ' and is ')}`);

/** How far off a target is, where that is to be said. @param lead before it */
export function offOf({ dose, reached, isOff }: Outcome, lead: string): string {
  if (!isOff || reached === null) return '';
  const percent = 100 * (reached / dose - 1);
  return `${lead}${Math.abs(percent).toFixed(1)} % ${percent < 0 ? 'below' : 'above'}`;
}

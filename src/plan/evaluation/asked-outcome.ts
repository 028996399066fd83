/** What became of every constraint that the case asks for: its value in the reported dose, and what it cost. */
import type { Dvh } from '../../evaluate/dvh.js';
import { evaluateGoal, type GoalContext, type GoalResult } from '../../evaluate/goal.js';
import { type AskedConstraint, askedCourse, parseConstraints } from '../asked/asked-constraint.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { TechniquePlan } from '../technique/technique-plan.js';

/** A constraint of the case, judged in the dose that is reported. */
export interface AskedOutcome extends Omit<GoalResult, 'goal'> {
  /** As the case asks for it. */
  readonly constraint: string;
  /** `hard`: kept whatever it costs; `soft`: judged alone, as the technique holds its prescription. */
  readonly force: 'hard' | 'soft';
  /** What the optimiser was held to, as a multiple of the dose asked for: what its rows and the structure as drawn differ by. */
  readonly factor: number;
  /** Of a constraint on a volume: rows of the structure that were held one by one; 0 where the plan keeps it without. */
  readonly chosenRows?: number;
  /** By how much the objective falls per Gy more (or less, where it is from below); null where nothing is known. */
  readonly price: number | null;
}

/** @internal In the order of the case. */
export function askedOutcomes(
  { hold, held = [], solution }: Pick<TechniquePlan, 'hold' | 'held' | 'solution'>,
  { cord }: Pick<PatientModel, 'cord'>,
  planCase: Pick<PlanCase, 'constraints' | 'prescription' | 'target' | 'targets'>,
  dvhs: ReadonlyMap<string, Dvh>,
  context: GoalContext,
): AskedOutcome[] {
  return parseConstraints(planCase.constraints, askedCourse(planCase)).map((asked): AskedOutcome => {
    const { goal: text, ...judged } = evaluateGoal(asked.goal, dvhs, context);
    const own = held.find(({ constraint }) => constraint === asked.text);
    return {
      constraint: text,
      ...judged,
      force: hold === 'cord' ? 'hard' : 'soft',
      factor: own?.factor ?? 1,
      ...(asked.form.kind === 'volume' && { chosenRows: own?.rows ?? 0 }),
      price: priceOf(
        asked,
        judged,
        solution.certificate.prices.find(({ limit }) => limit === priceName(asked, cord)),
      ),
    };
  });
}

/** A constraint that is kept with more room than this fraction of its limit costs nothing: its multiplier is that of any interior point. */
const HELD = 0.02;

function priceOf(
  { form }: AskedConstraint,
  { margin, limit }: Pick<GoalResult, 'margin' | 'limit'>,
  found: { readonly price: number } | undefined,
): number | null {
  if (found === undefined) return null;
  // Of a volume the rows that are held may bind while the volume has room.
  const hasRoom = form.kind !== 'volume' && margin !== null && margin > HELD * Math.abs(limit);
  return hasRoom ? 0 : found.price;
}

/** What the optimiser calls the constraint: maxima by voxel go by their structure. */
function priceName({ text, form, sign, structure }: AskedConstraint, cord: string): string {
  if (form.kind !== 'extreme' || sign < 0) return text;
  return structure === cord ? 'cord' : structure;
}

/** What became of the case's priorities: of every goal its value in the reported dose, and what the optimiser proved of it. */
import type { Dvh } from '../../evaluate/dvh.js';
import { evaluateGoal, type GoalContext, type GoalResult } from '../../evaluate/goal.js';
import { parsePriority } from '../asked/asked-priority.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlannedPriority, TechniquePlan } from '../technique/technique-plan.js';

/** A list of the case's priorities in a plan. */
export interface PriorityOutcome extends Partial<Omit<PlannedPriority, 'goals' | 'status'>> {
  /** How its turn ended; `judged`: it had none, as the technique holds its prescription; `no turn`: the plan ended before. */
  readonly status: PlannedPriority['status'] | 'judged' | 'no turn';
  readonly goals: readonly PriorityGoal[];
}

/** A goal of a list, as it is reported, and in the optimiser's rows. */
export interface PriorityGoal {
  /** As the case asks for it. */
  readonly goal: string;
  /** In the reported dose; of a goal without a limit only the value counts. */
  readonly reported: Pick<GoalResult, 'value' | 'unit' | 'errorBound'> & {
    readonly result: GoalResult['result'] | 'least';
  };
  /** In the optimiser's rows, Gy; absent where the list had no turn. */
  readonly optimised?: PlannedPriority['goals'][number];
}

/** @internal List by list, in the order of the case. */
export function priorityOutcomes(
  { hold, priorities }: Pick<TechniquePlan, 'hold' | 'priorities'>,
  { priorities: asked, prescription }: Pick<PlanCase, 'priorities' | 'prescription'>,
  dvhs: ReadonlyMap<string, Dvh>,
  context: GoalContext,
): PriorityOutcome[] {
  return asked.map((list, l): PriorityOutcome => {
    const turn = priorities?.[l];
    const goals = list.map((text): PriorityGoal => {
      const { asked: own, isLeast } = parsePriority(text, prescription);
      const { value, unit, errorBound, result } = evaluateGoal(own.goal, dvhs, context);
      const optimised = turn?.goals.find(({ name }) => name === own.text);
      return {
        goal: own.text,
        reported: {
          value,
          unit,
          ...(errorBound !== undefined && { errorBound }),
          result: isLeast && value !== null ? 'least' : result,
        },
        ...(optimised && { optimised }),
      };
    });
    if (turn === undefined) return { status: hold === 'cord' ? 'no turn' : 'judged', goals };
    const { shortfall, lowerBound, gap, status } = turn;
    return { status, shortfall, lowerBound, gap, goals };
  });
}

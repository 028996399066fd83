/** What a case asks of its plans, written out as CASE.json has it. */
import { objectivesInFull } from '../plan/asked/asked-objective.js';
import type { PlanCase, Technique } from '../plan/input/plan-case.js';

/** What is written out. */
type FullCase = Pick<
  PlanCase,
  | 'fcrt'
  | 'imrt'
  | 'target'
  | 'targets'
  | 'prescription'
  | 'objectives'
  | 'constraints'
  | 'priorities'
  | 'overlap'
  | 'cordCap'
  | 'retreatment'
>;

/** Per technique, whose templates differ in weights: the objectives, and the constraints that it keeps. */
export function askedInFull(planCase: FullCase): Record<Technique, Record<string, unknown>> {
  const of = (technique: Technique): Record<string, unknown> => {
    const isHard = planCase[technique].hold === 'cord';
    return {
      hold: planCase[technique].hold,
      objectives: objectivesInFull(planCase.objectives, planCase, isHard),
      ...(planCase.targets && { targets: planCase.targets }),
      ...(planCase.priorities.length > 0 && { [isHard ? 'priorities' : 'prioritiesJudgedOnly']: planCase.priorities }),
      ...(planCase.overlap && { overlap: planCase.overlap }),
      [isHard ? 'constraints' : 'judgedOnly']: planCase.constraints,
      cordCap: planCase.cordCap,
      ...(planCase.retreatment.bounds && { bounds: planCase.retreatment.bounds }),
    };
  };
  return { fcrt: of('fcrt'), imrt: of('imrt') };
}

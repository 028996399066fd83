/**
 * Every name in a case, looked up before anything is computed: arrangements, leaf banks, recovery and limits against what is
 * built in; structures against those of the patient.
 */
import { arrangementAngles } from '../../beam/arrangement.js';
import { cordToleranceNames } from '../../biology/cord-tolerances.js';
import { namedTolerance } from '../../biology/named-tolerances.js';
import { InvalidInputError } from '../../core/errors.js';
import { nearNames } from '../../core/near-names.js';
import { createProtocolItem, type ProtocolItemInput } from '../../evaluate/protocol.js';
import { missingStructure, whyUnfit } from '../../evaluate/structure-name.js';
import { askedCourse, parseConstraints, plainText } from '../asked/asked-constraint.js';
import { checkConsistent } from '../asked/asked-contradiction.js';
import { TISSUE } from '../asked/asked-objective.js';
import { parsePriority } from '../asked/asked-priority.js';
import { type AskedFields, structuresNamed } from '../asked/asked-structures.js';
import { checkTargets, TARGETS } from '../asked/asked-target.js';
import { wedgesOf } from '../asked/asked-wedge.js';
import { resolveLeafBank } from './check-json.js';
import type { PlanCase, PriorCourseCase } from './plan-case.js';
import { conventionOf } from './recovery-convention.js';
import { levelOf } from './spine-level.js';

/**
 * @param path where the case came from, for the message
 * @throws {InvalidInputError} naming the field and what there is instead
 */
export function checkCaseNames(planCase: PlanCase, path: string): void {
  const { fcrt, imrt, retreatment, prescription } = planCase;
  checkTargets(planCase, path);
  const resolve = (field: string, look: () => unknown): void => {
    try {
      look();
    } catch (cause) {
      if (!(cause instanceof InvalidInputError)) throw cause;
      throw new InvalidInputError(`${path}: ${field}: ${cause.message}`);
    }
  };
  const beams = (field: string, named: string | readonly unknown[] | undefined): void => {
    if (typeof named === 'string') resolve(field, () => arrangementAngles(named));
  };
  beams('fcrt.beams', fcrt.beams);
  beams('imrt.beams', imrt.beams);
  for (const [at, { fields }] of namedPriors(planCase)) beams(`${at}.fields.beams`, fields?.beams);
  if (fcrt.mlc !== undefined) resolve('fcrt.mlc', () => resolveLeafBank(fcrt.mlc!));
  const { wedges } = fcrt;
  if (wedges !== undefined) resolve('fcrt.wedges', () => wedgesOf(wedges, 0.01));
  checkNested(planCase, path);
  const { delivery } = imrt;
  if (typeof delivery === 'object' && delivery.mlc !== undefined) {
    const { mlc } = delivery;
    resolve('imrt.delivery.mlc', () => resolveLeafBank(mlc));
  }
  checkHotSpot(planCase, path);
  resolve('retreatment.recovery', () => conventionOf(retreatment.recovery));
  const known = cordToleranceNames();
  const typo = retreatment.omit.find((name) => !known.includes(name));
  if (typo !== undefined) {
    throw new InvalidInputError(
      `${path}: retreatment.omit names "${typo}", which is no limit. There are ${known.join(', ')}.`,
    );
  }
  resolve('constraints', () => checkConsistent(parseConstraints(planCase.constraints, askedCourse(planCase))));
  retreatment.bounds?.forEach(({ limit, structure }, b) => {
    if (limit === undefined) return;
    const tissue = /cauda/i.test(structure) ? 'cauda' : 'cord';
    const context = { fractions: prescription.fractions, level: levelOf(planCase), tissue } as const;
    resolve(`retreatment.bounds.${b}`, () => namedTolerance(limit, structure, context));
  });
}

/** @throws {InvalidInputError} for smaller fields within those that have wedges, or that priorities would have to weigh */
function checkNested({ fcrt, priorities }: Pick<PlanCase, 'fcrt' | 'priorities'>, path: string): void {
  if (fcrt.fieldInField === undefined) return;
  const other =
    fcrt.wedges !== undefined
      ? 'fcrt.wedges'
      : fcrt.hold === 'cord' && priorities.length > 0
        ? 'priorities'
        : undefined;
  if (other === undefined) return;
  throw new InvalidInputError(
    `${path}: fcrt.fieldInField: smaller fields are found for open fields by objectives and constraints, but the case has ${other} too. Leave one of the two out.`,
  );
}

/** Goals that are met one after the other make the target as hot as it helps them, where nothing is said of that. */
function checkHotSpot(
  {
    target,
    constraints,
    priorities,
    prescription,
  }: Pick<PlanCase, 'target' | 'constraints' | 'priorities' | 'prescription'>,
  path: string,
): void {
  if (priorities.length === 0) return;
  const twice = priorities.flat().find((text) => constraints.some((own) => plainText(own) === plainText(text)));
  if (twice !== undefined) {
    throw new InvalidInputError(
      `${path}: priorities: "${twice}" is among the constraints too, where it is kept whatever it costs. Leave it out of one of the two.`,
    );
  }
  const asked = [
    ...parseConstraints(constraints, prescription),
    ...priorities.flat().map((text) => parsePriority(text, prescription).asked),
  ];
  if (asked.some(({ structure, sign }) => structure === target && sign > 0)) return;
  throw new InvalidInputError(
    `${path}: priorities: nothing bounds ${target} from above, which goals in order would make as hot as it helps them. Add "${target} Max <= 115%" to constraints, or a goal such as "${target} D2% <= 107%" to the first list.`,
  );
}

/**
 * @param names   of the patient's structures
 * @param patient its name, for the message
 * @param unfit   why other structures of its file cannot be used
 * @throws {InvalidInputError} naming the field whose structure there is not
 */
export function checkStructureNames(
  planCase: Pick<PlanCase, 'target' | 'targets' | 'cord' | 'prior' | 'retreatment' | 'goals'> & AskedFields,
  names: readonly string[],
  patient: string,
  unfit?: Readonly<Record<string, string>>,
): void {
  const { target, targets = [], cord, retreatment } = planCase;
  const asked: [field: string, name: string | undefined][] = [
    ['target', target],
    ...targets.map(({ structure }, t): [string, string] => [`targets.${t}`, structure]),
    ['cord', cord],
    ...namedPriors(planCase).map(([at, { region }]): [string, string | undefined] => [`${at}.region`, region]),
    ...(retreatment.bounds ?? []).map(({ structure }): [string, string] => ['retreatment.bounds', structure]),
    ...retreatment.limits.map(({ structure }): [string, string] => ['retreatment.limits', structure]),
    ...structuresNamed(planCase),
  ];
  for (const [field, name] of asked) {
    if (name === undefined || names.includes(name)) continue;
    const why = whyUnfit(name, unfit);
    if (why !== undefined) throw new InvalidInputError(`case: ${field} ${why}. Draw it anew, or name another.`);
    const near = nearNames(name, field === 'objectives' ? [...names, TISSUE, TARGETS] : names).map((own) => `"${own}"`);
    const meant = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    throw new InvalidInputError(
      `case: ${field} "${name}" is not a structure of ${patient}.${meant} It has ${names.join(', ')}.`,
    );
  }
  for (const [word, meaning] of [
    [TISSUE, 'the body outside the targets'],
    [TARGETS, 'all targets together'],
  ]) {
    if (!names.includes(word!) || !JSON.stringify(planCase.objectives).includes(`"${word}"`)) continue;
    throw new InvalidInputError(
      `case: objectives: "${word}" is ${meaning}, but ${patient} has a structure of that name. Give the structure another name, e.g. by patient.rename.`,
    );
  }
  for (const goal of planCase.goals ?? []) {
    const { structure } = createProtocolItem(goal as ProtocolItemInput).goal ?? {};
    if (structure === undefined || names.includes(structure)) continue;
    const why = whyUnfit(structure, unfit);
    if (why !== undefined) throw new InvalidInputError(`case: goals: ${why}. Draw it anew, or leave the goal out.`);
    const said = typeof goal === 'string' ? goal : (goal as { goal: string }).goal;
    throw new InvalidInputError(`case: goals: "${said}": ${patient} has ${missingStructure(structure, names)}`);
  }
}

/** As `priorsOf` of `plan-case.ts`, which this file is a part of. */
const listOf = (given: PlanCase['prior']): readonly PriorCourseCase[] =>
  given === null ? [] : Array.isArray(given) ? given : [given];

/** With their place in the case. */
function namedPriors(planCase: Pick<PlanCase, 'prior'>): [field: string, course: PriorCourseCase][] {
  const isList = Array.isArray(planCase.prior);
  return listOf(planCase.prior).map((course, c) => [isList ? `prior.${c}` : 'prior', course]);
}

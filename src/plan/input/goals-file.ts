/**
 * GOALS.json: what a dose is checked against. A plain list of goals, or an object with the prescription, the prior course
 * and built-in protocols by name beside them.
 */
import { z } from 'zod';
import { builtInProtocol } from '../../evaluate/builtin-protocols.js';
import { createProtocol, type PriorCourse, type Protocol, type ProtocolItemInput } from '../../evaluate/protocol.js';
import { checkJson } from './check-json.js';
import { dose, fractions } from './course.js';
import { goalList } from './goal-list.js';

const object = z.strictObject({
  /** For editors; not read. */
  $schema: z.string().optional(),
  name: z.string().default('goals'),
  title: z.string().optional(),
  /** Printed with the results. */
  warning: z.string().optional(),
  /** Total Gy, or with its fractions. */
  prescription: z.union([dose, z.strictObject({ dose, fractions: fractions.optional() })]).optional(),
  prior: z.strictObject({ dose, fractions, months: z.number().nonnegative().optional() }).nullable().optional(),
  /** Built-in protocols by name. */
  protocols: z.array(z.string()).default([]),
  goals: goalList.default([]),
});
const schema = z.union([goalList, object], {
  error: 'must be a list of goals such as "SpinalCord Max <= 29.8Gy", or { "goals": [...], "prescription": Gy, ... }',
});

export interface GoalFile {
  /** Total physical dose, Gy. */
  readonly prescription?: number | undefined;
  /** Of the course that is checked. */
  readonly fractions?: number | undefined;
  readonly prior?: PriorCourse | undefined;
  /** The file's own goals first, then the built-in protocols that it names. */
  readonly protocols: readonly Protocol[];
}

/**
 * @param json parsed GOALS.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule; also where there is no goal at all
 */
export function parseGoalFile(json: unknown, path = 'goals'): GoalFile {
  const remedy = 'The fields are described in docs/evaluate.md.';
  // A list is checked as a list, so that the message names the goal and not the alternatives.
  const file = Array.isArray(json)
    ? { name: 'goals', protocols: [], goals: checkJson(goalList, json, path, remedy) }
    : checkJson(object, json, path, remedy);
  const { name, title, warning, prescription, prior, protocols, goals } = file as z.output<typeof object>;
  checkJson(z.array(z.unknown()).min(1, { error: 'holds no goal' }), [...goals, ...protocols], path, remedy);
  const own = createProtocol({
    name,
    title: title ?? name,
    ...(warning === undefined ? {} : { warning }),
    items: goals as readonly ProtocolItemInput[],
  });
  const [total, number] =
    typeof prescription === 'object' ? [prescription.dose, prescription.fractions] : [prescription];
  return {
    ...(total === undefined ? {} : { prescription: total }),
    ...(number === undefined ? {} : { fractions: number }),
    ...(prior ? { prior } : {}),
    protocols: [...(goals.length > 0 ? [own] : []), ...protocols.map(builtInProtocol)],
  };
}

/** The JSON Schema of GOALS.json, for editors. */
export function goalFileSchema(): unknown {
  return z.toJSONSchema(schema, { io: 'input' });
}

/**
 * GOALS.json: what a dose is checked against. A plain list of goals, or an object with the prescription, the prior course
 * and built-in protocols by name beside them.
 */
import * as z from 'zod/mini';
import { described, editorSchema, type JsonSchema, jsonSchema } from '../../core/described.js';
import { builtInProtocol } from '../../evaluate/builtin-protocols.js';
import { createProtocol, type PriorCourse, type Protocol, type ProtocolItemInput } from '../../evaluate/protocol.js';
import { checkJson } from './check-json.js';
import { dose, fractions } from './course.js';
import { goalList } from './goal-list.js';

const object = z.strictObject({
  $schema: editorSchema(z.string()),
  name: described('Of the goals, for tables.', z._default(z.string(), 'goals')),
  title: described('For headings. By default `name`.', z.optional(z.string())),
  warning: described('Printed with the results.', z.optional(z.string())),
  prescription: described(
    'Total Gy, or with its fractions: what percentages of dose are of.',
    z.optional(
      z.union([
        dose,
        z.strictObject({
          dose: described('Total of the course, Gy.', dose),
          fractions: described('Number of fractions.', z.optional(fractions)),
        }),
      ]),
    ),
  ),
  prior: described(
    'The prior course, one dose in every structure; `null` for none.',
    z.optional(
      z.nullable(
        z.strictObject({
          dose: described('Total of the course, Gy.', dose),
          fractions: described('Number of fractions.', fractions),
          months: described('Since its end.', z.optional(z.number().check(z.nonnegative()))),
        }),
      ),
    ),
  ),
  protocols: described('Built-in protocols by name.', z._default(z.array(z.string()), [])),
  goals: described('Texts, or objects with what belongs to a goal.', z._default(goalList, [])),
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
  checkJson(
    z.array(z.unknown()).check(z.minLength(1, { error: 'holds no goal' })),
    [...goals, ...protocols],
    path,
    remedy,
  );
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
export const goalFileSchema = (): JsonSchema => jsonSchema(schema, 'GOALS.json of respine');

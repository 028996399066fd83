/** Goals as they stand in JSON files: a text, or an object with what belongs to it. */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { createProtocolItem, type ProtocolItemInput } from '../../evaluate/protocol.js';

const count = z.number().check(z.int(), z.minimum(1));
const evidence = z.enum(['found', 'recalled', 'computed', 'assumed']);

/** Where a number comes from. */
export const sourceOf = <T extends z.core.$ZodType<string, string>>(text: T) =>
  z.strictObject({
    citation: described('Who states it, and where.', z.string().check(z.minLength(1))),
    doi: described('Of the citation.', z.optional(text)),
    evidence: described('Found in the source, recalled, computed or assumed.', evidence),
    note: described('Printed beside it.', z.optional(text)),
  });
const common = {
  priority: described('1 is the most important.', z.optional(count)),
  source: described('Where the limit comes from; printed.', z.optional(sourceOf(z.string()))),
  statedFor: described(
    'What the source states the limit for; elsewhere a warning says that it is extrapolated.',
    z.optional(
      z.strictObject({
        structure: described('By name.', z.optional(z.string())),
        fractions: described('Fewest and most.', z.optional(z.tuple([count, count]))),
      }),
    ),
  ),
};
const item = z.union(
  [
    z.string(),
    z.strictObject({
      goal: described('`STRUCTURE METRIC <= LIMIT`, with `<=`, `>=`, `<` or `>`.', z.string()),
      variation: described('A weaker limit that is still acceptable.', z.optional(z.union([z.string(), z.number()]))),
      courses: described(
        '`this` (default); `all`: metric + prior dose; `each`: the larger of the two; `share`: metric / (metric + prior dose), with a limit in %.',
        z.optional(z.enum(['this', 'all', 'each', 'share'])),
      ),
      ...common,
    }),
    z.strictObject({
      intervalMonths: described('Least time since the prior course.', z.number().check(z.nonnegative())),
      ...common,
    }),
  ],
  {
    error:
      'must be a goal such as "SpinalCord Max <= 29.8Gy", or { "goal", "variation", "priority", "courses": "this" | "all" | "each" | "share", "source": { "citation", "evidence": "found" | "recalled" | "computed" | "assumed" } }, or { "intervalMonths" }',
  },
);

/** A list of goals, each of which can be read: a slip shows before anything is computed. */
export const goalList = z.array(item).check(
  z.maxLength(1000),
  z.superRefine((items, context) => {
    items.forEach((input, i) => {
      try {
        createProtocolItem(input as ProtocolItemInput);
      } catch (error) {
        const message = (error as Error).message.replace(/\.$/, '');
        context.addIssue({ code: 'custom', path: [i], message });
      }
    });
  }),
);

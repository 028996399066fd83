/** Goals as they stand in JSON files: a text, or an object with what belongs to it. */
import { z } from 'zod';
import { createProtocolItem, type ProtocolItemInput } from '../../evaluate/protocol.js';

const source = z.strictObject({
  citation: z.string().min(1),
  doi: z.string().optional(),
  evidence: z.enum(['found', 'recalled', 'computed', 'assumed']),
  note: z.string().optional(),
});
const common = {
  priority: z.number().int().min(1).optional(),
  source: source.optional(),
  statedFor: z
    .strictObject({
      structure: z.string().optional(),
      fractions: z.tuple([z.number().int().min(1), z.number().int().min(1)]).optional(),
    })
    .optional(),
};
const item = z.union(
  [
    z.string(),
    z.strictObject({
      goal: z.string(),
      variation: z.union([z.string(), z.number()]).optional(),
      courses: z.enum(['this', 'all', 'each', 'share']).optional(),
      ...common,
    }),
    z.strictObject({ intervalMonths: z.number().nonnegative(), ...common }),
  ],
  {
    error:
      'must be a goal such as "SpinalCord Max <= 29.8Gy", or { "goal", "variation", "priority", "courses": "this" | "all" | "each" | "share", "source": { "citation", "evidence": "found" | "recalled" | "computed" | "assumed" } }, or { "intervalMonths" }',
  },
);

/** A list of goals, each of which can be read: a slip shows before anything is computed. */
export const goalList = z
  .array(item)
  .max(1000)
  .superRefine((items, context) => {
    items.forEach((input, i) => {
      try {
        createProtocolItem(input as ProtocolItemInput);
      } catch (error) {
        const message = (error as Error).message.replace(/\.$/, '');
        context.addIssue({ code: 'custom', path: [i], message });
      }
    });
  });

/** What CASE.json says of a bound on every voxel of a structure: a limit of the literature by name, or a number. */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { dose } from './course.js';

const positive = z.number().check(z.minimum(0.1), z.maximum(100));

/** In EQD2, of this course or of all. */
export const voxelBound = z
  .strictObject({
    structure: described('By name.', z.string()),
    limit: described(
      'A limit of docs/retreatment.md#limits-by-name, which brings its own numbers; or the next three.',
      z.optional(z.string()),
    ),
    courses: described('Of this course, or of all.', z.optional(z.enum(['this', 'all']))),
    eqd2: described('Gy EQD2.', z.optional(dose)),
    alphaBeta: described('Gy.', z.optional(positive)),
    source: described('Where the number comes from; printed.', z.optional(z.string())),
    metric: described('`Max`, the only one that a voxel can have.', z.optional(z.string())),
  })
  .check(
    z.superRefine((bound, context) => {
      const say = (message: string, key: string): void => context.addIssue({ code: 'custom', message, path: [key] });
      if (bound.metric !== undefined && bound.metric !== 'Max') {
        say(
          `is "${bound.metric}", which is no maximum over voxels: a bound holds in every voxel. Bound Max, or judge ${bound.metric} among "goals"`,
          'metric',
        );
      }
      for (const key of ['courses', 'eqd2', 'alphaBeta'] as const) {
        const isGiven = bound[key] !== undefined;
        if (bound.limit === undefined && !isGiven) {
          say('is missing: give "courses", "eqd2" and "alphaBeta", or the name of a "limit"', key);
        } else if (bound.limit !== undefined && isGiven) say('does not go with "limit", which brings its own', key);
      }
      if (bound.limit !== undefined && bound.source !== undefined) {
        say('does not go with "limit", which brings its own', 'source');
      }
    }),
  );

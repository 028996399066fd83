/** What CASE.json says of a bound on every voxel of a structure: a limit of the literature by name, or a number. */
import { z } from 'zod';
import { dose } from './course.js';

const positive = z.number().min(0.1).max(100);

/** In EQD2, of this course or of all. */
export const voxelBound = z
  .strictObject({
    structure: z.string(),
    /** Name of a limit of the literature; its numbers come with it. */
    limit: z.string().optional(),
    courses: z.enum(['this', 'all']).optional(),
    eqd2: dose.optional(),
    alphaBeta: positive.optional(),
    /** Where the number comes from; printed. */
    source: z.string().optional(),
    /** @default 'Max', the only one that a voxel can have */
    metric: z.string().optional(),
  })
  .superRefine((bound, context) => {
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
  });

/** What CASE.json says of how a retreatment is judged and limited. */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { text } from './check-json.js';
import { dose, fractions } from './course.js';
import { sourceOf } from './goal-list.js';
import { voxelBound } from './voxel-constraint.js';

const finite = z.number();
export const alphaBetaValue = z.number().check(z.minimum(0.1), z.maximum(100));
/** Semi-axes and standard deviations of shifts, mm. */
const shiftExtent = z.number().check(z.nonnegative(), z.maximum(50));
const extent = z.tuple([shiftExtent, shiftExtent, shiftExtent]);

/** A limit of the case's own, in EQD2 or BED, or this course's share of all in percent; means and volumes are `goals`. */
const ownLimit = z
  .strictObject({
    name: described('As it is printed.', z.string()),
    structure: described('That it is stated for.', z.string()),
    metric: described(
      'What it limits.',
      z._default(z.enum(['Max', 'D0.03cc', 'D0.035cc', 'D0.1cc', 'D0.35cc', 'D1cc']), 'Max'),
    ),
    courses: described(
      'This course, all, each of them, or the share of this in all.',
      z.enum(['this', 'all', 'each', 'share']),
    ),
    quantity: described('Its scale.', z._default(z.enum(['eqd2', 'bed']), 'eqd2')),
    alphaBeta: described('Gy.', alphaBetaValue),
    limit: described('Gy in its scale; percent (below 100) of a share.', dose),
    fractions: described('Fewest and most that its source states it for.', z.optional(z.tuple([fractions, fractions]))),
    role: described('Decides, or stands beside.', z._default(z.enum(['criterion', 'comparison']), 'criterion')),
    source: described(
      '`{ citation, doi, evidence, note }`; `evidence` is `found`, `recalled`, `computed` or `assumed`.',
      sourceOf(text),
    ),
  })
  .check(
    z.refine(({ courses, limit }) => courses !== 'share' || limit < 100, {
      path: ['limit'],
      error: 'is a share of all courses in percent, and must be below 100',
    }),
  );

const ownRecovery = z.strictObject({
  convention: described('Which of them the table is for.', z.enum(['discount-prior', 'scale-tolerance', 'ang'])),
  table: described(
    'Pairs of months and the fraction forgotten, or the factor.',
    z.array(z.tuple([finite, finite])).check(z.minLength(1), z.maxLength(100)),
  ),
});

const position = z.strictObject({
  search: described('Semi-axes of the ellipsoid that is searched, mm.', z._default(extent, [3, 3, 3])),
  priorSd: described(
    'Systematic set-up error of the prior course, standard deviations, mm.',
    z._default(extent, [2.3, 2.3, 2.3]),
  ),
  sd: described('The same of the new course, mm.', z._default(extent, [0.2, 0.2, 0.2])),
});

export const retreatment = z.strictObject({
  level: described(
    "Decides alpha/beta in Nieder's score (2 Gy; 4 Gy lumbar) and which limits apply. By default that of the phantom, else `thoracic`.",
    z.optional(z.enum(['cervical', 'thoracic', 'lumbar'])),
  ),
  tolerance: described(
    'EQD2 that the cord tolerates without a prior course, for the conventions, Gy.',
    z._default(dose, 50),
  ),
  // Any but `none` is said beside every result.
  recovery: described(
    'Convention that the tolerances by voxel credit, by name or with a table of its own.',
    z._default(z.union([z.string(), ownRecovery]), 'none'),
  ),
  omit: described('Built-in limits that are left out, by name.', z._default(z.array(text).check(z.maxLength(200)), [])),
  limits: described(
    'Further limits, judged as the built-in ones are.',
    z._default(z.array(ownLimit).check(z.maxLength(200)), []),
  ),
  bounds: described(
    "Voxelwise and hard, of any organ. By default HyTEC's 25 Gy (this course) and 70 Gy (both) EQD2 on the cord after a prior course, else none; `[]` means none.",
    z.optional(z.array(voxelBound).check(z.maxLength(200))),
  ),
  position: described(
    'Rigid shifts under which the cumulative maximum is told; `null` for none.',
    z._default(z.nullable(position), { search: [3, 3, 3], priorSd: [2.3, 2.3, 2.3], sd: [0.2, 0.2, 0.2] }),
  ),
  clinical: described(
    'For the report: `site`, `histology`, `intent`, `priorDates`, `priorTechnique`, `priorTarget`, `priorToxicity`, `imageGuidance`, `followUp`, `toxicityScale`, ...',
    z._default(z.record(text, text), {}),
  ),
});

/** What CASE.json says of a prior course: uniform in a region, computed from simple fields, or read from a dose file. */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { beams, text } from './check-json.js';
import { dose, doseFileFields, fractions, months, vector } from './course.js';

const fieldSide = z.number().check(z.positive(), z.maximum(600));

/** Fields of a prior course that is computed by the engine on the same patient. */
const priorFields = z.strictObject({
  beams: described('`ap-pa`, `posterior-1`, `posterior-2`, or a list of angles.', z._default(beams, 'ap-pa')),
  width: described('Of every field at the isocentre, across, mm.', z._default(fieldSide, 80)),
  length: described('The same, along the spine, mm.', z._default(fieldSide, 100)),
  isocenter: described('LPS, mm. By default that of this plan.', z.optional(vector)),
  shift: described('Added to their isocentre, and to a reference point, mm: another set-up.', z.optional(vector)),
  reference: described(
    'Point that received `dose`, every beam the same; LPS, mm. By default their isocentre.',
    z.optional(vector),
  ),
});

const fields = z.strictObject({
  dose: described('Total Gy: of `region`, or of the reference point of `fields`.', z.optional(dose)),
  fractions: described('Number of fractions.', z.optional(fractions)),
  months: described('Since its end.', months),
  region: described('Structure that received it, and nothing else did. By default every structure.', z.optional(text)),
  fields: described('Simulated on the same patient from simple fields.', z.optional(priorFields)),
  file: described('RTDOSE or NRRD: a physical dose, or an EQD2 or BED as `accumulate` writes it.', z.optional(text)),
  beyond: described(
    'Beyond the grid of the file the dose is unknown (refused where the cord is), or there was none. By default `missing`.',
    z.optional(z.enum(['missing', 'zero'])),
  ),
  ...doseFileFields,
});

/** With the rules of what goes with what. */
export const prior = fields.check(
  z.superRefine((p, context) => {
    const say = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
    const clash = (keys: readonly (keyof typeof p)[], why: string): void => {
      for (const key of keys) if (p[key] !== undefined) say(`does not go with ${why}`, key);
    };
    if (p.file !== undefined) {
      clash(['dose', 'region', 'fields'], '"file", whose dose it is');
      return;
    }
    if (p.dose === undefined) say('is missing: give the total dose in Gy, or a "file"', 'dose');
    if (p.fractions === undefined) {
      say('is missing: the EQD2 of a course in an unknown number of fractions is undefined', 'fractions');
    }
    if (p.fields !== undefined) clash(['region'], '"fields", which say where the dose went');
    clash(['plan', 'extent', 'gyPerUnit', 'transform', 'beyond'], 'a course without "file"');
  }),
);

/**
 * One sentence for what is wrong in a JSON file, and the schemas that its kinds share.
 */

import * as z from 'zod/mini';
import { checkSchema } from '../../core/check-schema.js';
import { described } from '../../core/described.js';
import { InvalidInputError, shownPath } from '../../core/errors.js';
import { createLeafBank, type LeafBank, leafBank } from '../../machine/mlc.js';

/**
 * Checks a parsed file against its schema and fills in defaults.
 *
 * @param path   where it came from, for the message
 * @param remedy last sentence of the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function checkJson<S extends z.core.$ZodType>(
  schema: S,
  json: unknown,
  path: string,
  remedy: string,
): z.output<S> {
  const checked = checkSchema(schema, json, path);
  if ('data' in checked) return checked.data;
  throw new InvalidInputError(`${shownPath(path)}: ${checked.wrong}. ${remedy}`);
}

/** Names and paths. */
export const text = z.string().check(z.maxLength(1000));

/** No arrangement has more beams. */
const MOST_BEAMS = 360;
const angle = z.number().check(z.minimum(-360), z.maximum(360));
const angles = z.strictObject({
  gantry: described('Degrees, IEC 61217; 180 is posterior of a patient HFS.', angle),
  collimator: described('Degrees. By default 0.', z.optional(angle)),
  couch: described('Degrees. By default 0.', z.optional(angle)),
});
/** Directions of beams: an arrangement by name, or a list. */
export const beams = z.union([text, z.array(angles).check(z.minLength(1), z.maxLength(MOST_BEAMS))], {
  error: 'must be the name of an arrangement such as "posterior-9", or a list of 1 to 360 { "gantry": degrees }',
});

const transmitted = z.number().check(z.minimum(0), z.lt(1));

/** A leaf bank by name, or by its boundaries. */
export const leafBankSchema = z.union(
  [
    z.string(),
    z.strictObject({
      name: described('Of a bank of your own, for messages.', z.optional(z.string())),
      boundaries: described(
        'Leaf edges, mm, from -Y upward.',
        z.array(z.number().check(z.minimum(-500), z.maximum(500))).check(z.minLength(2), z.maxLength(1001)),
      ),
      reach: described(
        'How far from the axis a leaf end can be, mm. By default 200.',
        z.optional(z.number().check(z.positive(), z.maximum(500))),
      ),
      overtravel: described(
        'How far past the axis, mm.',
        z.optional(z.number().check(z.minimum(-500), z.maximum(500))),
      ),
      span: described(
        'How far apart the ends of leaves on one carriage may stand, mm: wider fields of segments are split. Not checked by default.',
        z.optional(z.number().check(z.positive(), z.maximum(1000))),
      ),
      transmission: described('Fraction of the open fluence. By default 0.', z.optional(transmitted)),
    }),
  ],
  {
    error:
      'must be the name of a leaf bank such as "millennium-120", or { "boundaries": [mm, ...], "reach", "overtravel", "span", "transmission" }',
  },
);

/** Fractions of the open fluence; what is left out takes its default. */
export const transmissionSchema = described(
  'Fractions of the open fluence that closed areas let through: see docs/case.md#collimators.',
  z._default(
    z.strictObject({
      jaws: described(
        'By default 0, as the kernel is fitted to fields whose jaws leaked already.',
        z.optional(transmitted),
      ),
      leaves: described('By default that of the leaf bank; uniform leaves have none.', z.optional(transmitted)),
    }),
    {},
  ),
);

const machineNumber = (largest: number, unit: string) =>
  z.number({ error: (issue) => `is ${String(issue.input)}, but must be a number of ${unit}` }).check(
    z.refine((value) => value > 0 && value <= largest, {
      error: (issue) => `is ${String(issue.input)} ${unit}, but must be above 0 and at most ${largest}`,
    }),
  );

/** What leaves that move while the beam is on may do; the numbers are recalled, not found. */
const movingLeaves = {
  mlc: described(
    'Name of a leaf bank, or one of your own: see docs/case.md#collimators. By default leaves as wide as a beamlet.',
    z.optional(leafBankSchema),
  ),
  leafSpeed: described(
    'Of a leaf in the isocentre plane, mm/s, above 0 and at most 500; the default is recalled, not found.',
    z._default(machineNumber(500, 'mm/s'), 25),
  ),
  leafGap: described(
    'Least distance of the ends of a pair, mm; the default is recalled, not found.',
    z._default(z.number().check(z.minimum(0), z.maximum(50)), 0.5),
  ),
  interleaf: described('Whether opposing ends of neighbouring pairs must not overlap.', z._default(z.boolean(), false)),
  transmission: transmissionSchema,
};

/** IMRT by leaves that cross each field once. */
export const slidingWindowSchema = z.strictObject({
  kind: described('Leaves that cross each field while the beam is on.', z.literal('sliding-window')),
  doseRate: described(
    'At most, MU/min, above 0 and at most 10000; the default is recalled, not found.',
    z._default(machineNumber(10_000, 'MU/min'), 600),
  ),
  points: described(
    'Control points of each field, evenly over its monitor units.',
    z._default(z.int().check(z.minimum(2), z.maximum(1000)), 100),
  ),
  ...movingLeaves,
});

const gantryAngle = z.number().check(z.minimum(-360), z.maximum(360));
/** Shorter intervals than a static beam of an arc stands for would not be computed one by one. */
const LEAST_SPACING = 2;

const arcFields = z.strictObject({
  kind: described('Leaves that move while the gantry turns with the beam on.', z.literal('arc')),
  start: described('Gantry angle where it begins; the angle rises from there, degrees.', z._default(gantryAngle, 181)),
  stop: described('Where it ends.', z._default(gantryAngle, 179)),
  spacing: described(
    'Of control points, about, degrees: as many intervals of one size as fit a part of the arc best.',
    z._default(z.number().check(z.minimum(LEAST_SPACING), z.maximum(20)), LEAST_SPACING),
  ),
  every: described(
    'Of the beams whose fluence is optimised and proven, degrees: leaves cross the field once while the gantry turns by so much. They take the place of `imrt.beams`.',
    z._default(z.number().check(z.minimum(5), z.maximum(60)), 20),
  ),
  leafTravel: described(
    'Of a leaf per degree of gantry, at most, mm, above 0 and at most 200; the gantry slows down for it.',
    z._default(machineNumber(200, 'mm'), 10),
  ),
  gantrySpeed: described(
    'At most, degrees/s, above 0 and at most 60; the default is recalled, not found.',
    z._default(machineNumber(60, 'degrees/s'), 6),
  ),
  doseRate: described(
    'Least and largest while the beam is on, MU/min, at most 10000; the default is recalled, not found.',
    z._default(z.tuple([z.number().check(z.minimum(0)), machineNumber(10_000, 'MU/min')]), [0, 600]),
  ),
  ...movingLeaves,
});

/** An arc's beams: how many parts it has, how many intervals each has between control points, and how far each of those turns, degrees. */
export function arcSectors({
  start,
  stop,
  spacing,
  every,
}: Pick<z.output<typeof arcFields>, 'start' | 'stop' | 'spacing' | 'every'>): {
  readonly sectors: number;
  readonly intervals: number;
  readonly turn: number;
} {
  const span = (((stop - start) % 360) + 360) % 360;
  const sectors = Math.max(1, Math.round(span / every));
  const intervals = Math.max(1, Math.round(span / sectors / spacing));
  return { sectors, intervals, turn: span / sectors / intervals };
}

/** IMRT by leaves that move while the gantry turns. */
export const arcSchema = arcFields.check(
  z.refine(({ start, stop, spacing }) => (((stop - start) % 360) + 360) % 360 >= spacing, {
    error: (issue) => {
      const { start, stop } = issue.input as { start: number; stop: number };
      return `goes from ${start} to ${stop} degrees, in which there is no control point: give a start and a stop that differ, of a whole turn 181 and 179`;
    },
  }),
  z.refine(({ spacing, every }) => spacing <= every, {
    error: 'has control points farther apart than beams of fluence: give a spacing of at most "every"',
  }),
  z.refine(({ doseRate: [least, largest] }) => least < largest, {
    error: 'has a least dose rate that is not below the largest: give [least, largest] in MU/min',
  }),
);

/** The gantry angles, within 0 to 360 degrees, whose fluence an arc delivers around them: the middles of its parts. */
export function arcAngles(arc: Parameters<typeof arcSectors>[0]): { gantry: number }[] {
  const { sectors, intervals, turn } = arcSectors(arc);
  return Array.from({ length: sectors }, (_, s) => {
    const gantry = arc.start + (s + 0.5) * intervals * turn;
    return { gantry: ((gantry % 360) + 360) % 360 };
  });
}

/** How the dose engine treats matter that is not water, and what its dose is given to. */
export const doseModelSchema = described(
  'How matter that is not water counts, and what the dose is given to: docs/how-it-works.md#which-dose.',
  z._default(
    z.strictObject({
      heterogeneity: described(
        '`density` scales the kernel with the densities that it has crossed, `depth` depth alone.',
        z._default(z.enum(['density', 'depth']), 'density'),
      ),
      medium: described(
        '`engine`: water of the electron density of the voxel; `medium`: the tissue; `water`: a little water in it.',
        z._default(z.enum(['engine', 'medium', 'water']), 'engine'),
      ),
    }),
    { heterogeneity: 'density', medium: 'engine' },
  ),
);

/** @throws {InvalidInputError} for an unknown name or boundaries that cannot be leaves */
export function resolveLeafBank(input: z.output<typeof leafBankSchema>): LeafBank {
  if (typeof input === 'string') return leafBank(input);
  const { boundaries, ...options } = input;
  return createLeafBank(boundaries, options);
}

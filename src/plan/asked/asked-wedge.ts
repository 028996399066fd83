/** What may stand in the fields of FCRT besides leaves: `fcrt.wedges` and `fcrt.cordBlock` of CASE.json. */
import * as z from 'zod/mini';
import { checkWedge, type Wedge } from '../../beam/wedge.js';
import { described } from '../../core/described.js';
import { InvalidInputError } from '../../core/errors.js';

const notOne = (issue: { readonly input?: unknown }): string =>
  `is ${String(issue.input)}, but a wedge has 1 to 75 degrees; an open field is always there`;
const angle = z
  .int({ error: (issue) => `is ${String(issue.input)}, but must be whole degrees` })
  .check(z.minimum(1, { error: notOne }), z.maximum(75, { error: notOne }));
const orientation = z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)], {
  error: 'must be 0, 90, 180 or 270 degrees: where the thin side lies, counted from +Y of the collimator',
});
const physical = z.strictObject({
  name: described('For messages, names of fields and RTPLAN.', z.string().check(z.minLength(1), z.maxLength(12))),
  angle: described('Nominal, degrees.', angle),
  profile: described(
    '[mm in the isocentre plane towards the thin side, fraction of the open fluence], places rising.',
    z.array(z.tuple([z.number(), z.number()])).check(z.minLength(2), z.maxLength(1000)),
  ),
});

export const wedgesSchema = z
  .strictObject({
    angles: described(
      'Of virtual wedges, degrees. By default 15, 30, 45, 60; with `physical` none.',
      z.optional(z.array(angle).check(z.maxLength(20))),
    ),
    attenuation: described(
      'Of virtual wedges, per mm. By default that of the machine at 100 mm depth.',
      z.optional(z.number().check(z.positive(), z.lt(0.1))),
    ),
    physical: described(
      'Wedges of metal, by what they let through.',
      z._default(z.array(physical).check(z.maxLength(20)), []),
    ),
    orientations: described(
      'Where the thin side may lie, degrees from +Y of the collimator as it turns: 90 is -X, 270 is +X.',
      z._default(z.array(orientation).check(z.minLength(1), z.maxLength(4)), [90, 270]),
    ),
  })
  .check(
    z.refine(({ angles, physical }) => angles === undefined || angles.length + physical.length > 0, {
      error: 'has neither angles of virtual wedges nor physical ones: give some, or leave wedges out',
    }),
  );

export const cordBlockSchema = z.strictObject({
  margin: described(
    "Grown around the cord's shadow, mm in the isocentre plane.",
    z._default(z.number().check(z.minimum(0), z.maximum(50)), 2),
  ),
  transmission: described(
    'Fraction of the open fluence behind it. By default 0.05, which is recalled: five half-value layers let 3 % through.',
    z._default(z.number().check(z.minimum(0), z.lt(1)), 0.05),
  ),
});

type Wedges = z.output<typeof wedgesSchema>;

/** Angles of the virtual wedges that linacs usually have, degrees: recalled. */
const USUAL = [15, 30, 45, 60];

/**
 * Every wedge of a case in every orientation.
 *
 * @param attenuation of the machine, 1/mm, for virtual wedges of a case that gives none
 * @throws {InvalidInputError} for a profile that is none, or a wedge that is there twice
 */
export function wedgesOf({ angles, physical, orientations, attenuation: given }: Wedges, attenuation: number): Wedge[] {
  const virtual = angles ?? (physical.length > 0 ? [] : USUAL);
  const kinds: Omit<Wedge, 'orientation'>[] = [
    ...virtual.map((own) => ({
      name: `V${own}`,
      angle: own,
      transmission: { kind: 'virtual', attenuation: given ?? attenuation } as const,
    })),
    ...physical.map(({ name, angle: own, profile }) => ({
      name,
      angle: own,
      transmission: { kind: 'physical', profile } as const,
    })),
  ];
  const twice = kinds.find(({ name }, n) => kinds.findIndex((other) => other.name === name) < n);
  if (twice !== undefined) {
    throw new InvalidInputError(`wedge ${twice.name} is there twice. Give it once, or another name.`);
  }
  return kinds.flatMap((kind) => [...new Set(orientations)].map((own) => checkWedge({ ...kind, orientation: own })));
}

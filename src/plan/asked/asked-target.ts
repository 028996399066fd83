/**
 * Targets as CASE.json asks for them: `target` with `prescription`, which the level follows, and `targets` beside it, each with a dose of its own.
 *
 * A voxel belongs to one target: to that of the highest dose, or to the first in `overlap` where the case orders them there. Doses in
 * percent of a target, in goals, constraints and objectives, are of its own dose; all others are of the prescription.
 */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';

/** What objectives call all targets together: each voxel is asked for the dose of the target that it belongs to. */
export const TARGETS = 'Targets';

/** A further target may be asked for so many times the prescription, and no less than one so-manieth: beyond it is a slip of units. */
const WIDEST_RATIO = 3;

const outOfRange = ({ input }: { readonly input?: unknown }): string =>
  `is ${String(input)} Gy, but must be > 0 and at most 200 Gy, the total of the course`;

const given = z.strictObject({
  structure: described('By name; not `target` itself.', z.string().check(z.minLength(1), z.maxLength(1000))),
  dose: described(
    'Total of the course, Gy.',
    z.number().check(z.positive({ error: outOfRange }), z.maximum(200, { error: outOfRange })),
  ),
  to: described(
    'What the dose is the value of. By default as in `prescription`; `D50` where that is a point.',
    z.optional(z.enum(['D50', 'D95'])),
  ),
});

/** `targets` of CASE.json. */
export const furtherTargets = z.array(given).check(
  z.maxLength(50),
  z.superRefine((list, context) => {
    const twice = list.findIndex(({ structure }, i) => list.findIndex((own) => own.structure === structure) < i);
    if (twice < 0) return;
    const message = `names "${list[twice]!.structure}" twice: give each target one dose`;
    context.addIssue({ code: 'custom', path: [twice, 'structure'], message });
  }),
);

/** What the targets of a case are read from. */
export interface TargetsCase {
  readonly target: string;
  readonly prescription: { readonly dose: number; readonly to?: 'D50' | 'D95' | 'isocenter' };
  readonly targets?: z.output<typeof furtherTargets> | undefined;
}

/** A target with the dose that it is asked for. */
export interface AskedTarget {
  readonly name: string;
  /** Total of the course, Gy. */
  readonly dose: number;
  /** Fraction of its volume that receives it; of a prescription to a point, half. */
  readonly fraction: 0.5 | 0.95;
}

/** All targets of a case: the one that the level follows, then the others, from the highest dose down, whatever their order in the case. */
export function targetsOf({ target, prescription, targets = [] }: TargetsCase): [AskedTarget, ...AskedTarget[]] {
  const fractionAt = (to: string | undefined): 0.5 | 0.95 => (to === 'D95' ? 0.95 : 0.5);
  const others = targets.map(({ structure, dose, to = prescription.to }): AskedTarget => {
    return { name: structure, dose, fraction: fractionAt(to) };
  });
  others.sort((a, b) => b.dose - a.dose || (a.name < b.name ? -1 : 1));
  return [{ name: target, dose: prescription.dose, fraction: fractionAt(prescription.to) }, ...others];
}

/** The dose that percent of a structure's dose are of, Gy: a target's own, else the prescription's. */
export function prescribedIn(planCase: TargetsCase): (structure: string) => number {
  const doses = dosesOfTargets(planCase);
  return (structure) => doses.get(structure) ?? planCase.prescription.dose;
}

/** The dose of every target, Gy, by name. */
export const dosesOfTargets = (planCase: TargetsCase): ReadonlyMap<string, number> =>
  new Map(targetsOf(planCase).map(({ name, dose }) => [name, dose]));

/** What the fields of a case say of its targets together. */
export interface CheckedTargets extends TargetsCase {
  readonly overlap?: readonly string[] | undefined;
  readonly imrt: { readonly robust?: { readonly target: string } | undefined };
}

/**
 * What several fields say of the targets together.
 *
 * @param path where the case came from, for the message
 * @throws {InvalidInputError} for a further target that is the target, of a dose that is none of this course, or an `overlap` that orders some of the targets
 * @throws {UnsupportedError} for a robust plan in which the coverage of several targets counts in every scenario
 */
export function checkTargets(planCase: CheckedTargets, path: string): void {
  const { target, prescription, targets = [], overlap = [], imrt } = planCase;
  targets.forEach(({ structure, dose }, t) => {
    if (structure === target) {
      throw new InvalidInputError(
        `${path}: targets.${t} is "${target}", which is the case's target: its dose is prescription.dose. Name another structure, or leave it out.`,
      );
    }
    const ratio = dose / prescription.dose;
    if (ratio > WIDEST_RATIO || ratio < 1 / WIDEST_RATIO) {
      throw new InvalidInputError(
        `${path}: targets.${t} ("${structure}") asks for ${dose} Gy, ${ratio.toPrecision(2)} times the prescription of ${prescription.dose} Gy; from 1/${WIDEST_RATIO} to ${WIDEST_RATIO} times can be planned in one course. Give the total of the course in Gy.`,
      );
    }
  });
  const names = [target, ...targets.map(({ structure }) => structure)];
  const ordered = names.filter((name) => overlap.includes(name));
  const missing = names.find((name) => !overlap.includes(name));
  if (ordered.length > 1 && missing !== undefined) {
    throw new InvalidInputError(
      `${path}: overlap orders ${ordered.join(' and ')}, but not the target "${missing}". Let it name all targets, or at most one of them: then the higher dose owns what they share.`,
    );
  }
  if (targets.length > 0 && (imrt.robust?.target ?? 'nominal') !== 'nominal') {
    throw new UnsupportedError(
      `${path}: imrt.robust.target is "${imrt.robust!.target}", but of several targets coverage counts at the nominal place only. Let it be "nominal", or leave targets out.`,
    );
  }
}

/**
 * The targets in the order in which they own what they share: as in `overlap`, where the case orders them there; else the higher dose
 * first, of equal doses the smaller.
 *
 * @param volumeOf cc
 */
export function ownersOf(
  targets: readonly AskedTarget[],
  overlap: readonly string[] | undefined,
  volumeOf: (name: string) => number,
): AskedTarget[] {
  const at = (name: string): number => overlap?.indexOf(name) ?? -1;
  const isOrdered = targets.filter(({ name }) => at(name) >= 0).length > 1;
  return [...targets].sort((a, b) => {
    if (isOrdered) return at(a.name) - at(b.name);
    return b.dose - a.dose || volumeOf(a.name) - volumeOf(b.name) || (a.name < b.name ? -1 : 1);
  });
}

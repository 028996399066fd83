/**
 * Wedges: what lets less through towards one side, as a fraction of the open fluence along one axis of the collimator.
 *
 * A physical wedge is its transmission profile. A virtual one is a jaw that moves while the beam is on, so that the fluence is the
 * exact exponential
 *
 *     T(s) = exp(-mu tan(angle) (e - s)),      s towards the thin side, e the jaw's edge there, mm in the isocentre plane
 *
 * 1 where the beam is on all the time. mu is the fall of the dose with depth at {@link WEDGE_DEPTH}: where the dose falls by mu per
 * mm of depth and rises by mu tan(angle) per mm across, lines of equal dose are tilted by the angle. Scatter, which knows nothing
 * of the wedge, makes that somewhat less. Beam hardening in a physical wedge is not modelled.
 *
 * Orientation is that of DICOM and IEC 61217, degrees in the collimator: the thin side lies to +Y at 0, to -X at 90, to -Y at 180, to +X at 270.
 *
 * @see DICOM PS3.3 C.36.2.2.10: from the thick to the thin edge is along +y of the wedge
 */
import { checkFinite } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { openFieldDose, squareField } from '../machine/field-integral.js';
import type { Machine } from '../machine/machine.js';
import type { JawField } from './aperture.js';
import type { PixelFluence } from './pixel-fluence.js';

/** Degrees from the collimator's +Y to the thin side, counted as the collimator turns. */
export type WedgeOrientation = 0 | 90 | 180 | 270;

/** A wedge in a field. */
export interface Wedge {
  readonly name: string;
  /** Nominal, degrees. */
  readonly angle: number;
  readonly orientation: WedgeOrientation;
  readonly transmission: WedgeTransmission;
}

/** How much a wedge lets through along the way to its thin side. */
export type WedgeTransmission =
  | {
      readonly kind: 'virtual';
      /** mu, 1/mm. */
      readonly attenuation: number;
    }
  | {
      readonly kind: 'physical';
      /** [mm towards the thin side, fraction of the open fluence], places rising; straight lines between them. */
      readonly profile: readonly (readonly [number, number])[];
    };

/** Depth at which the angle of a wedge is defined, mm: ICRU Report 24 (1976). */
export const WEDGE_DEPTH = 100;
/** Field in which mu is taken, mm. */
const WEDGE_FIELD = 100;
/** Largest side of pixels under a wedge, mm: each has the mean of what the wedge lets through over it. */
export const WEDGE_PIXEL = 2.5;
/** Angles of a wedge lie between, degrees: 0 is an open field, and no machine has steeper ones. */
const STEEPEST = 75;

/** @throws {InvalidInputError} unless the angle is above 0 and at most 75 degrees, and transmissions are above 0 and at most 1 */
export function checkWedge(wedge: Wedge): Wedge {
  const { name, angle, orientation, transmission } = wedge;
  if (!(angle > 0 && angle <= STEEPEST)) {
    throw new InvalidInputError(
      `wedge ${name}: its angle is ${angle} degrees, but must be above 0, which is the open field, and at most ${STEEPEST}. Leave it out or mend it.`,
    );
  }
  if (![0, 90, 180, 270].includes(orientation)) {
    throw new InvalidInputError(
      `wedge ${name}: its orientation is ${orientation} degrees, but must be 0, 90, 180 or 270. Turn the collimator for others.`,
    );
  }
  if (transmission.kind === 'virtual') {
    const { attenuation } = transmission;
    if (!(attenuation > 0 && attenuation < 0.1)) {
      throw new InvalidInputError(
        `wedge ${name}: its attenuation is ${attenuation} per mm, but must be above 0 and below 0.1. Give it per mm: 6 MV photons have about 0.006.`,
      );
    }
    return wedge;
  }
  const { profile } = transmission;
  if (profile.length < 2) {
    throw new InvalidInputError(`wedge ${name}: its profile has ${profile.length} places, but needs at least 2.`);
  }
  profile.forEach(([place, value], n) => {
    checkFinite(`wedge ${name}: place ${n + 1} of its profile`, place);
    if (n > 0 && !(place > profile[n - 1]![0])) {
      throw new InvalidInputError(
        `wedge ${name}: place ${n + 1} of its profile is ${place} mm after ${profile[n - 1]![0]} mm, but places must rise. Sort them from the thick to the thin side.`,
      );
    }
    if (!(value > 0 && value <= 1)) {
      throw new InvalidInputError(
        `wedge ${name}: at ${place} mm its profile lets ${value} of the open fluence through, but a transmission is above 0 and at most 1. Mend the profile.`,
      );
    }
  });
  if (!(profile.at(-1)![1] > profile[0]![1])) {
    throw new InvalidInputError(
      `wedge ${name}: its profile lets ${profile[0]![1]} through at ${profile[0]![0]} mm and ${profile.at(-1)![1]} at ${profile.at(-1)![0]} mm, but must let more through on the thin side, where places are positive. Turn it round.`,
    );
  }
  return wedge;
}

/**
 * mu of a machine, 1/mm: how fast the dose of a 100 mm field falls at 100 mm depth, where the isocentre lies, the distance from the
 * source included. Of the machine's own kernel, from 95 to 105 mm.
 */
export function effectiveAttenuation(machine: Machine): number {
  const at = (depth: number): number =>
    openFieldDose(machine, squareField(WEDGE_FIELD), machine.sad - WEDGE_DEPTH, depth);
  return Math.log(at(WEDGE_DEPTH - 5) / at(WEDGE_DEPTH + 5)) / 10;
}

/** The axis that a wedge acts along, and the sign of the thin side there. */
const thinSide = (orientation: WedgeOrientation): readonly ['x' | 'y', 1 | -1] =>
  orientation === 0 ? ['y', 1] : orientation === 90 ? ['x', -1] : orientation === 180 ? ['y', -1] : ['x', 1];

/**
 * The same fluence behind a wedge: every pixel times the mean of what the wedge lets through over it.
 *
 * @param jaws of the aperture: the edge on the thin side is where a virtual wedge lets all through
 * @throws {InvalidInputError} where a profile ends within the jaws
 */
export function wedgedFluence({ grid, weights }: PixelFluence, wedge: Wedge, jaws: JawField): PixelFluence {
  const [axis, sign] = thinSide(wedge.orientation);
  const [low, high] = [jaws[`${axis}1`], jaws[`${axis}2`]];
  const mean = meanOf(wedge, sign > 0 ? [low, high] : [-high, -low]);
  const edges = grid[axis];
  const through = Float64Array.from({ length: edges.length - 1 }, (_, i) =>
    sign > 0 ? mean(edges[i]!, edges[i + 1]!) : mean(-edges[i + 1]!, -edges[i]!),
  );
  const nx = grid.x.length - 1;
  return { grid, weights: weights.map((w, p) => w * through[axis === 'x' ? p % nx : Math.floor(p / nx)]!) };
}

/** The mean transmission between two places, mm towards the thin side. */
function meanOf(
  { name, angle, transmission }: Wedge,
  [from, to]: readonly [number, number],
): (a: number, b: number) => number {
  if (transmission.kind === 'virtual') {
    const slope = transmission.attenuation * Math.tan((angle * Math.PI) / 180);
    // Beyond the jaw all is what leaks: as at its edge.
    const integral = (s: number): number => (s < to ? Math.exp(slope * (s - to)) / slope : 1 / slope + (s - to));
    return (a, b) => (integral(b) - integral(a)) / (b - a);
  }
  const { profile } = transmission;
  const [first, last] = [profile[0]!, profile.at(-1)!];
  if (from < first[0] - 1e-6 || to > last[0] + 1e-6) {
    throw new InvalidInputError(
      `wedge ${name}: its profile covers ${first[0]} to ${last[0]} mm towards the thin side, but the field is open from ${from} to ${to} mm. Give more of the profile, or leave that orientation out.`,
    );
  }
  return (a, b) => (profileIntegral(profile, b) - profileIntegral(profile, a)) / (b - a);
}

/** Of the profile from its first place to s; beyond its ends as at them. */
function profileIntegral(profile: readonly (readonly [number, number])[], s: number): number {
  const [first, start] = profile[0]!;
  if (s <= first) return (s - first) * start;
  let sum = 0;
  for (let n = 1; n < profile.length; n++) {
    const [[x0, t0], [x1, t1]] = [profile[n - 1]!, profile[n]!];
    if (s <= x1) return sum + (s - x0) * (t0 + (((s - x0) / (x1 - x0)) * (t1 - t0)) / 2);
    sum += ((x1 - x0) * (t0 + t1)) / 2;
  }
  const [end, rest] = profile.at(-1)!;
  return sum + (s - end) * rest;
}

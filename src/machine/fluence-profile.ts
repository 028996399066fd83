/**
 * The in-air fluence from a profile in water, where nobody scanned in air.
 *
 * Across a large open field the dose follows the fluence Psi but for the scatter, which blurs it, and the attenuation along
 * slanted rays. So Psi is corrected by what the model still leaves over, and the model is fitted again:
 *
 *     Psi <- Psi * measured(r) / model(r; Psi)
 *
 * The correction is nearly the answer itself, since most dose is local: the first rounds leave a tenth of the error each, the
 * later ones half, next to the end of the profile. They end when nothing changes any more that a scan could show. What
 * comes out is the fluence with which *this model* gives the profile: softening of the beam off the axis is part of it, as
 * it stands at the depth of the scan.
 */
import { InvalidInputError } from '../core/errors.js';
import { interpolateCubic, pchipSlopes } from '../core/interpolate.js';
import type { Fluence, OpenProfile } from './beam-data.js';
import { edgeOfSquare } from './beam-data-check.js';
import { openFieldDose, squareField } from './field-integral.js';
import type { Machine } from './machine.js';

/** Relative difference to which a scan in a water tank repeats itself; above it the profile is not met. */
const REPEATED = 1e-3;
/** A tenth of that: further rounds change nothing that the scan knows. */
const SETTLED = 1e-4;
/** Six are usual. */
const ROUNDS = 20;
/** Nearer to the field's edge than this, the source and the leaves decide the dose, not the fluence; mm. */
const PENUMBRA = 20;

/**
 * Fluence from the axis to 20 mm within the field's edge; the engine takes it constant beyond.
 *
 * @param fit the machine that commissioning gives with a fluence
 * @throws {InvalidInputError} if the rounds do not come to an end
 */
export function fluenceFromProfile(profile: OpenProfile, fit: (fluence: Fluence) => Machine): Fluence {
  const { ssd, depth, side } = profile;
  const end = edgeOfSquare(side, profile.angle) - PENUMBRA;
  // At the radii that the machine will hold: between them a correction would correct nothing, and grow from round to round.
  const scan = resampleFluence({ radius: profile.radius, value: profile.dose });
  const radius = scan.radius.filter((r) => r <= end);
  const measured = scan.value.slice(0, radius.length);
  const [cos, sin] = [Math.cos((profile.angle * Math.PI) / 180), Math.sin((profile.angle * Math.PI) / 180)];
  let value = measured;
  for (let round = 0; ; round++) {
    const machine = fit({ radius, value });
    const model = radius.map((r) => openFieldDose(machine, squareField(side), ssd, depth, r * cos, r * sin));
    const correction = model.map((m, i) => (measured[i]! * model[0]!) / m);
    const change = Math.max(...correction.map((c, i) => (measured[i] === 0 ? 0 : Math.abs(c - 1))));
    if (change < SETTLED || (round === ROUNDS && change < REPEATED)) return { radius, value };
    if (round === ROUNDS) {
      throw new InvalidInputError(
        `profile: after ${ROUNDS} rounds the model still misses it by ${(100 * change).toPrecision(2)} %. Look for a step in profile.dat, and check profile_side and profile_depth.`,
      );
    }
    value = value.map((psi, i) => psi * correction[i]!);
  }
}

/** The in-air fluence on even radii of 10 mm, 1 on the axis. */
export function resampleFluence({ radius, value }: Fluence): Fluence {
  const slopes = pchipSlopes(radius, value);
  const count = Math.floor(radius[radius.length - 1]! / 10) + 1;
  const even = Array.from({ length: count }, (_, i) => 10 * i);
  return { radius: even, value: even.map((r) => interpolateCubic(radius, value, slopes, r) / value[0]!) };
}

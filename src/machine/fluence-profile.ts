/**
 * The in-air fluence from a profile in water, where nobody scanned in air.
 *
 * Across a large open field the dose follows the fluence Psi but for the scatter, which blurs it, and the attenuation along
 * slanted rays. So Psi is corrected by what the model still leaves over, and the model is fitted again:
 *
 *     Psi <- Psi * measured(r) / model(r; Psi)
 *
 * The correction is nearly the answer itself, since most dose is local: each round leaves about a fifth of the error. What
 * comes out is the fluence with which *this model* gives the profile: softening of the beam off the axis is part of it, as
 * it stands at the depth of the scan.
 */
import type { Fluence, OpenProfile } from './beam-data.js';
import { edgeOfSquare } from './beam-data-check.js';
import { openFieldDose, squareField } from './field-integral.js';
import type { Machine } from './machine.js';

const ROUNDS = 5;
/** Nearer to the field's edge than this, the source and the leaves decide the dose, not the fluence; mm. */
const PENUMBRA = 20;

/**
 * Fluence from the axis to 20 mm within the field's edge; the engine takes it constant beyond.
 *
 * @param fit the machine that commissioning gives with a fluence
 */
export function fluenceFromProfile(profile: OpenProfile, fit: (fluence: Fluence) => Machine): Fluence {
  const { radius: radii, dose, ssd, depth, side } = profile;
  const end = edgeOfSquare(side, profile.angle) - PENUMBRA;
  const radius = radii.filter((r) => r <= end);
  const [cos, sin] = [Math.cos((profile.angle * Math.PI) / 180), Math.sin((profile.angle * Math.PI) / 180)];
  const measured = radius.map((_, i) => dose[i]! / dose[0]!);
  let value = measured;
  for (let round = 0; round < ROUNDS; round++) {
    const machine = fit({ radius, value });
    const model = radius.map((r) => openFieldDose(machine, squareField(side), ssd, depth, r * cos, r * sin));
    value = value.map((psi, i) => (psi * measured[i]! * model[0]!) / model[i]!);
  }
  return { radius, value };
}

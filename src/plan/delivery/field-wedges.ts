/** Wedges in the fields of FCRT: every field open and behind each wedge there is, and which of them a plan is made of. */
import type { Beam } from '../../beam/beam.js';
import type { Wedge } from '../../beam/wedge.js';

/** A field of which a plan has a weight. */
export interface WedgeableField {
  readonly beam: Beam;
  /** Index of its direction. */
  readonly of: number;
  readonly wedge?: Wedge | undefined;
}

/** Monitor units of a fraction below which a field or a shape is not delivered: ours. */
const LEAST_UNITS = 2;
/** The same as a fraction of the heaviest. */
const NEGLIGIBLE = 0.01;

/** Monitor units of all fractions that a field or a shape delivers at least, in a plan of these. */
export function leastUnits(units: Float64Array, fractions: number): number {
  const heaviest = units.reduce((a, b) => Math.max(a, b), 0);
  return Math.min(heaviest, Math.max(NEGLIGIBLE * heaviest, LEAST_UNITS * fractions));
}

/**
 * Of each direction the open field and the one wedge that delivers most, as long as they deliver anything: the numbers of the
 * fields that a plan keeps.
 *
 * @param units monitor units of each field
 * @param least of a field that is kept
 */
export function usedFields(fields: readonly WedgeableField[], units: Float64Array, least: number): number[] {
  const best = new Map<number, number>();
  fields.forEach(({ of, wedge }, n) => {
    if (wedge !== undefined && units[n]! > (units[best.get(of) ?? -1] ?? 0)) best.set(of, n);
  });
  return fields.flatMap(({ of, wedge }, n) =>
    units[n]! > 0 && units[n]! >= least && (wedge === undefined || best.get(of) === n) ? [n] : [],
  );
}

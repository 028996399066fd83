/** Fields as leaves see them, and shapes of leaves with the dose that they give. */
import { InvalidInputError } from '../core/errors.js';
import type { LeafEnds } from './leaf-ends.js';

/** The beamlets of one field as its leaves see them: one row of pixels per leaf pair. */
export interface LeafField {
  readonly rows: number;
  readonly columns: number;
  /** Column of the operator of each pixel, x-fastest; -1 where there is no beamlet: never opened. */
  readonly beamlets: Int32Array;
}

/** Ends of the leaves of one of several fields. */
export interface LeafShape extends LeafEnds {
  /** Index of the field. */
  readonly field: number;
}

/** A segment of one of several fields. */
export interface FieldSegment extends LeafShape {
  /** Monitor units, > 0. */
  readonly weight: number;
}

/** A shape with its dose per unit. */
export interface Shape extends LeafShape {
  /** Area that is open, in pixels. */
  readonly pixels: number;
  readonly dose: Float64Array;
}

/** @throws {InvalidInputError} unless every beamlet is a pixel of one field */
export function checkFields(fields: readonly LeafField[], columns: number): void {
  const times = new Uint8Array(columns);
  fields.forEach(({ rows, columns: across, beamlets }, f) => {
    if (beamlets.length !== rows * across) {
      throw new InvalidInputError(
        `segments: field ${f + 1} has ${beamlets.length} pixels, but ${rows} rows of ${across}. Give -1 where there is no beamlet.`,
      );
    }
    for (const beamlet of beamlets) if (beamlet >= 0 && beamlet < columns) times[beamlet]!++;
  });
  const wrong = times.findIndex((count) => count !== 1);
  if (wrong < 0) return;
  throw new InvalidInputError(
    `segments: beamlet ${wrong} is a pixel of ${times[wrong]} fields, but must be one of exactly one. Check the fields.`,
  );
}

/** The shape a part of the way from one to another whose ends are nowhere more than a pixel away: its dose is as far between theirs. */
export function between(from: Shape, to: Shape, part: number): Shape {
  const mix = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + part * (b[i]! - value));
  return {
    field: from.field,
    left: mix(from.left, to.left),
    right: mix(from.right, to.right),
    pixels: from.pixels + part * (to.pixels - from.pixels),
    dose: mix(from.dose, to.dose),
  };
}

/** Of the highest dose that any shape gives: what gives less everywhere is not delivered. */
const NEGLIGIBLE = 1e-3;

/**
 * Which shapes deliver anything, by the highest dose that each gives. Monitor units alone would not tell: those of a shape whose dose
 * lies where nothing is asked of it can be a thousand times those of the others.
 *
 * @param doses   per unit of each shape, Gy
 * @param weights of each
 * @returns their indices, rising
 */
export function deliveringShapes(doses: readonly Float64Array[], weights: ArrayLike<number>): number[] {
  const highest = doses.map((dose, n) => {
    let high = 0;
    for (let row = 0; row < dose.length; row++) if (dose[row]! > high) high = dose[row]!;
    return high * weights[n]!;
  });
  const least = NEGLIGIBLE * highest.reduce((a, b) => Math.max(a, b), 0);
  return highest.flatMap((high, n) => (high > least ? [n] : []));
}

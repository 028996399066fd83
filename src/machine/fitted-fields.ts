/**
 * The fields that commissioning fits: the columns of the depth-dose table whose side has an output factor.
 *
 * A depth-dose column knows only the shape of its curve; the output factor says how high it stands among the others. A
 * side beyond those of the output factors would have to be extrapolated, so its column is left out, and said to be.
 */
import { interpolateCubic, pchipSlopes } from '../core/interpolate.js';
import { type BeamData, depthOfMaximum } from './beam-data.js';

export interface FittedField {
  /** mm */
  readonly side: number;
  /** Of the depth-dose table. */
  readonly column: number;
  /** Depth of its largest value, mm. */
  readonly maximum: number;
  /** Output factor; between the measured sides that of the shape-preserving cubic. */
  readonly factor: number;
}

/** A side that is this near to the ends of the output factors has the factor of the end; mm, finer than jaws are set. */
const NEAR = 1;

const hasFactor = ({ outputFactors: { sides } }: BeamData, side: number): boolean =>
  side >= sides[0]! - NEAR && side <= sides[sides.length - 1]! + NEAR;

export function fittedFields(data: BeamData): FittedField[] {
  return data.depthDose.sides.flatMap((side, column) =>
    side > 0 && hasFactor(data, side)
      ? [{ side, column, maximum: depthOfMaximum(data.depthDose, column), factor: outputFactor(data, side) }]
      : [],
  );
}

/** Sides of the depth-dose table that have no output factor, mm; 0 is no field. */
export function leftOutSides(data: BeamData): number[] {
  return data.depthDose.sides.filter((side) => side > 0 && !hasFactor(data, side));
}

/** The measured factor of a side, interpolated. */
export function outputFactor({ outputFactors: { sides, values } }: BeamData, side: number): number {
  return interpolateCubic(sides, values, pchipSlopes(sides, values), side);
}

/**
 * Beam data as measured: what a physicist brings.
 *
 * Depth doses by field side (tissue-phantom ratios, or percentage depth doses at a stated SSD), total output factors, the
 * in-air fluence of the largest open field, and the conditions they were measured under. `readBeamData` in
 * `beam-data-file.ts` reads them from text tables.
 */
import { InvalidInputError } from '../core/errors.js';
import { checkRising } from '../core/interpolate.js';
import type { SourceBlur } from './machine.js';

export interface BeamData {
  readonly name: string;
  /** Nominal, MV. */
  readonly energy: number;
  readonly sad: number;
  readonly penumbra: SourceBlur;
  readonly depthDose: DepthDose;
  readonly outputFactors: {
    /** Square field sides in the isocentre plane, mm. */
    readonly sides: readonly number[];
    readonly values: readonly number[];
    readonly ssd: number;
    readonly depth: number;
  };
  /**
   * Dose at the surface in percent of the field's maximum, by square field side (mm). Chambers that average over depth read
   * far too much there, so where it is given it replaces the depth-dose table's row at depth 0.
   */
  readonly surface?: { readonly sides: readonly number[]; readonly percent: readonly number[] };
  /** Radius in the isocentre plane, mm, and fluence; its value on the axis sets the scale. */
  readonly primaryFluence: { readonly radius: readonly number[]; readonly value: readonly number[] };
}

/** Relative doses on the axis; each field side may have its own scale, which the output factors replace. */
export interface DepthDose {
  /** `tpr`: measuring point at the isocentre for every depth. `pdd`: the surface stays at `ssd`. */
  readonly kind: 'tpr' | 'pdd';
  /** mm; only for `pdd` */
  readonly ssd?: number;
  /** mm of water, rising */
  readonly depths: readonly number[];
  /** Square field sides in the isocentre plane, mm, rising; 0 (extrapolated by whoever made the table) is left out. */
  readonly sides: readonly number[];
  /** [depth][side] */
  readonly values: readonly (readonly number[])[];
}

/** Depth of the largest value of a column, mm. */
export function depthOfMaximum(table: DepthDose, column: number): number {
  let best = 0;
  table.values.forEach((row, i) => {
    if (row[column]! > table.values[best]![column]!) best = i;
  });
  return table.depths[best]!;
}

/** @throws {InvalidInputError} for tables that cannot be a megavoltage photon beam in millimetres */
export function checkBeamData(data: BeamData): void {
  const { depthDose, outputFactors, primaryFluence } = data;
  const { depths, sides, kind } = depthDose;
  checkRising(`${kind}: depths`, depths);
  checkRising(`${kind}: field sides`, sides);
  checkRising('output factors: sides', outputFactors.sides);
  checkRising('primary fluence: radii', primaryFluence.radius);
  const deepest = depths[depths.length - 1]!;
  if (deepest < 100) {
    throw new InvalidInputError(
      `${kind}: the deepest entry is ${deepest} mm. Depths must be millimetres and reach 100; were they centimetres?`,
    );
  }
  const used = sides.filter((side) => side > 0);
  if (used.length < 3) {
    throw new InvalidInputError(`${kind}: ${used.length} field sides, but at least 3 are needed. Measure more fields.`);
  }
  if (used[used.length - 1]! < 40) {
    throw new InvalidInputError(
      `${kind}: the largest field side is ${used[used.length - 1]} mm. Sides must be millimetres; were they centimetres?`,
    );
  }
  const [low, high] = [outputFactors.sides[0]!, outputFactors.sides[outputFactors.sides.length - 1]!];
  for (const side of used) {
    if (side < low - 1 || side > high + 1) {
      throw new InvalidInputError(
        `output factors: there is none for the ${side} mm field of ${kind}; they reach from ${low} to ${high} mm. Add that field size.`,
      );
    }
  }
  sides.forEach((side, column) => {
    const largest = depthOfMaximum(depthDose, column);
    depthDose.values.forEach((row, i) => {
      const value = row[column]!;
      const at = `at depth ${depths[i]} mm, side ${side} mm`;
      if (!(value > 0) || !Number.isFinite(value)) {
        throw new InvalidInputError(`${kind}: ${value} ${at}, but every value must be > 0.`);
      }
      // Noise may lift a point a little; a step of more than 2 % beyond the build-up is a slip of the pen.
      if (i > 0 && depths[i - 1]! >= largest && value > 1.02 * depthDose.values[i - 1]![column]!) {
        throw new InvalidInputError(
          `${kind}: ${value} ${at} is larger than ${depthDose.values[i - 1]![column]} at ${depths[i - 1]} mm, but beyond the maximum dose must fall. Mend the table.`,
        );
      }
    });
  });
  if (data.surface) {
    checkRising('surface dose: sides', data.surface.sides);
    for (const percent of data.surface.percent) {
      if (!(percent > 0 && percent < 100)) {
        throw new InvalidInputError(`surface dose: ${percent} is not between 0 and 100 percent of the maximum.`);
      }
    }
    if (depths[0] !== 0) {
      throw new InvalidInputError(
        `surface dose: ${kind} begins at ${depths[0]} mm. It needs a row at depth 0 to replace.`,
      );
    }
  }
  for (const value of outputFactors.values) {
    if (!(value > 0)) throw new InvalidInputError(`output factors: ${value} is not > 0.`);
  }
  if (!(primaryFluence.value[0]! > 0)) {
    throw new InvalidInputError(`primary fluence: ${primaryFluence.value[0]} on the axis is not > 0.`);
  }
}

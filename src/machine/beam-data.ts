/**
 * Beam data as measured: what a physicist brings.
 *
 * Depth doses by field side (tissue-phantom ratios, or percentage depth doses at a stated SSD), total output factors, the
 * in-air fluence of the largest open field or its profile in water, and the conditions they were measured under.
 * `parseBeamData` in `beam-data-file.ts` reads them from text tables, `checkBeamData` holds them against common sense.
 */
import { interpolateLinear } from '../core/interpolate.js';
import type { Machine, SourceBlur } from './machine.js';

/** Measured tables of one linac: depth doses, output factors, and the fluence of the open beam. */
export interface BeamData {
  readonly name: string;
  /** Nominal, MV. */
  readonly energy: number;
  /** Source-axis distance, mm. */
  readonly sad: number;
  readonly penumbra: SourceBlur;
  readonly depthDose: DepthDose;
  /** Output factors of square fields, with the distance and depth that they were measured at, mm. */
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
  readonly surface?: { readonly sides: readonly number[]; readonly percent: readonly number[] } | undefined;
  /** Radius in the isocentre plane, mm, from 0, and fluence; its value on the axis sets the scale. */
  readonly primaryFluence?: Machine['primaryFluence'] | undefined;
  /** Instead of the fluence: what a scan of the largest field in water shows of it. */
  readonly profile?: OpenProfile | undefined;
  /** The machine's monitor calibration. @default 0.01 Gy at SSD 900, depth 100, 100 x 100 mm */
  readonly calibration?: Machine['calibration'] | undefined;
}

/** In-air fluence of the open beam against radius in the isocentre plane, mm. */
export type Fluence = Machine['primaryFluence'];

/** Dose across an open square field in water, from the axis outwards. */
export interface OpenProfile {
  /** mm in the isocentre plane, from 0, rising */
  readonly radius: readonly number[];
  /** Any scale; the value on the axis sets it. */
  readonly dose: readonly number[];
  /** mm */
  readonly ssd: number;
  /** mm */
  readonly depth: number;
  /** Side of the field in the isocentre plane, mm. */
  readonly side: number;
  /** Direction of the scan, degrees from X: 0 along X, 45 the diagonal, 90 along Y. */
  readonly angle: number;
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

/** A column of the depth-dose table, with its value at depth 0 taken from the surface doses where they reach its side. */
export function depthDoseCurve({ surface, depthDose }: BeamData, column: number): number[] {
  const curve = depthDose.values.map((row) => row[column]!);
  const side = depthDose.sides[column]!;
  // Beyond the measured sides the ends' slope would be a guess: such points are not fitted.
  if (surface === undefined || depthDose.depths[0] !== 0 || !hasSurfaceDose(surface, side)) return curve;
  return [(interpolateLinear(surface.sides, surface.percent, side) / 100) * Math.max(...curve), ...curve.slice(1)];
}

/** True where the side lies within those of the surface doses. */
export function hasSurfaceDose({ sides }: NonNullable<BeamData['surface']>, side: number): boolean {
  return side >= sides[0]! && side <= sides[sides.length - 1]!;
}

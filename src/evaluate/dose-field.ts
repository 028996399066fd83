/**
 * What a structure's DVH is taken of: one dose on a grid, or the sum of several, each converted after it is interpolated.
 *
 *     dose(p) = sum over terms of convert(trilinear dose of the term at p)
 *
 * A conversion to EQD2 is not linear: converted at the voxels and then interpolated, the largest dose of a course would differ
 * from the conversion of its largest dose, and a maximum of a sum could exceed the sum of the maxima. Here it cannot.
 */
import type { Grid } from '../geometry/grid.js';
import type { DoseMeaning, DoseVolume } from '../geometry/volume.js';

export interface DoseTerm {
  /** Gy, one per voxel. */
  readonly data: Float32Array;
  /** Must not fall with the dose, and not bend down, as EQD2 and BED do not. @default the dose as it is */
  readonly convert?: (gray: number) => number;
}

/** A sum of doses on one grid; its meaning is that of the sum. */
export interface DoseField extends DoseMeaning {
  readonly grid: Grid;
  readonly terms: readonly DoseTerm[];
}

/** One dose as a field. */
export function fieldOf(dose: DoseVolume | DoseField): DoseField {
  if ('terms' in dose) return dose;
  const { data, kind, ...meaning } = dose;
  return { ...meaning, terms: [{ data }] };
}

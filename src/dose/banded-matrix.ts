/** Matrices of a fluence map: few entries in a row, side by side. */
import type { Lattice } from './lattice.js';

/** Rectangle of the isocentre plane that is to be read, mm. */
export interface MapExtent {
  readonly u0: number;
  readonly u1: number;
  readonly v0: number;
  readonly v1: number;
}

/** N points in the isocentre plane, mm, with the weights of every band, [band][point][k]. */
export interface MapPoints {
  readonly u: Float32Array;
  readonly v: Float32Array;
  readonly weights: readonly Float32Array[];
}

/** Values of one matrix, by column (cell), on the contiguous nodes where they are not negligible. */
export interface BandedMatrix {
  /** First node of each cell's band, its length, and where its values start. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly start: Int32Array;
  readonly values: Float64Array;
}

/** The matrices of one width, and the nodes along u that any cell reaches, [low, high). */
export interface WidthMatrices {
  readonly U: BandedMatrix;
  readonly V: BandedMatrix;
  readonly low: number;
  readonly high: number;
}

/** A band on its lattice. */
export interface BandMap extends Lattice {
  readonly coefficients: Float64Array;
  readonly widths: readonly WidthMatrices[];
  /** Scratch: cells along v by nodes along u; one line of nodes. */
  readonly rows: Float64Array;
  readonly line: Float64Array;
}

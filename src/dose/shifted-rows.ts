/**
 * Points seen with the patient off its place: a scenario is a range of an operator's rows with a shift of its own.
 *
 * In the frame of a beam a shift of the patient moves the points, and nothing else: the fluence, its convolution with the
 * kernel and the nodes of its maps stay. So nominal and shifted points of one beam share its maps, and a scenario costs what
 * its points cost. Depth and effective densities are traced anew from where the source then stands.
 */
import { type Beam, createBeam } from '../beam/beam.js';
import { InvalidInputError } from '../core/errors.js';
import type { Vec3 } from '../geometry/grid.js';

/** Rows [from, to) that are seen with the patient shifted. */
export interface ShiftedRows {
  /** Of the patient against the beams, LPS, mm: the isocentre lies off by the opposite. */
  readonly shift: Vec3;
  readonly from: number;
  readonly to: number;
}

export interface ShiftOptions {
  /** In rising order, without overlap; rows in none are nominal. @default none */
  readonly shifted?: readonly ShiftedRows[];
}

/** Rows [from, to) and the beam that sees them. */
export interface RowView {
  readonly beam: Beam;
  readonly from: number;
  readonly to: number;
}

/** The beam as a patient sees it who lies off by `shift`, mm. */
export function shiftedBeam({ machine, pose, name }: Beam, shift: Vec3): Beam {
  const [x, y, z] = pose.isocenter;
  return createBeam(machine, { ...pose, isocenter: [x - shift[0], y - shift[1], z - shift[2]] }, name);
}

/**
 * All rows in their order, each range with the beam that sees it.
 *
 * @throws {InvalidInputError} for ranges that overlap, fall back or leave the rows
 */
export function rowViews(beam: Beam, rows: number, shifted: readonly ShiftedRows[] = []): RowView[] {
  const views: RowView[] = [];
  let end = 0;
  for (const { shift, from, to } of shifted) {
    if (!(from >= end && to > from && to <= rows)) {
      throw new InvalidInputError(
        `shifted rows: [${from}, ${to}) does not follow row ${end} within ${rows} rows. Give ranges in rising order, without overlap.`,
      );
    }
    if (from > end) views.push({ beam, from: end, to: from });
    views.push({ beam: shiftedBeam(beam, shift), from, to });
    end = to;
  }
  if (end < rows) views.push({ beam, from: end, to: rows });
  return views;
}

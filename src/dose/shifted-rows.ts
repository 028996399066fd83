/**
 * Points seen with the patient off its place: a scenario is a range of an operator's rows with a shift of its own.
 *
 * In the frame of a beam a shift of the patient moves the points, and nothing else: the fluence, its convolution with the
 * kernel and the nodes of its maps stay. So nominal and shifted points of one beam share its maps, and a scenario costs what
 * its points cost. Depth is traced anew from where the source then stands; effective densities are those of the place in the beam where it should
 * stand.
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

/** The beam with its isocentre moved, mm in LPS. */
export function shiftedBeam(beam: Beam, [dx, dy, dz]: Vec3): Beam {
  if (dx === 0 && dy === 0 && dz === 0) return beam;
  const [x, y, z] = beam.pose.isocenter;
  return createBeam(beam.machine, { ...beam.pose, isocenter: [x + dx, y + dy, z + dz] }, beam.name);
}

/**
 * The same points once for every shift, those of the first shift first.
 *
 * @param points x, y, z triples in LPS, mm
 * @param shifts of the patient against the beams, LPS, mm
 */
export function repeatPoints(
  points: Float64Array,
  shifts: readonly Vec3[],
): { readonly points: Float64Array; readonly shifted: readonly ShiftedRows[] } {
  const all = new Float64Array(shifts.length * points.length);
  const each = points.length / 3;
  shifts.forEach((_, s) => {
    all.set(points, s * points.length);
  });
  const shifted = each === 0 ? [] : shifts.map((shift, s) => ({ shift, from: s * each, to: (s + 1) * each }));
  return { points: all, shifted };
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
    const [x, y, z] = shift;
    if (!(from >= end && to > from && to <= rows)) {
      throw new InvalidInputError(
        `shifted rows: [${from}, ${to}) does not follow row ${end} within ${rows} rows. Give ranges in rising order, without overlap.`,
      );
    }
    if (from > end) views.push({ beam, from: end, to: from });
    views.push({ beam: shiftedBeam(beam, [-x, -y, -z]), from, to });
    end = to;
  }
  if (end < rows || rows === 0) views.push({ beam, from: end, to: rows });
  return views;
}

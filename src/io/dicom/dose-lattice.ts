/** The lattice of an RT dose, and the way from its frames, rows and columns to the voxels of a grid. */

import { FormatError, UnsupportedError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import { createGrid, type Grid } from '../../geometry/grid.js';
import { type PatientAxis, patientAxis } from './axes.js';
import { type Dataset, needNumbers, number, numbers } from './dataset.js';

/** Coordinates of frames are rounded to 0.01 mm in some exports. */
const rounding = 0.02;

export interface DoseLattice {
  readonly grid: Grid;
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** Element of the grid of the first stored value. */
  readonly first: number;
  /** Elements from one frame, row and column to the next; negative where they run against the axes. */
  readonly frameStep: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** One direction of the stored array: how many values, where the first lies, which way and how far the next, mm. */
interface Direction {
  readonly axis: 0 | 1 | 2;
  readonly count: number;
  readonly start: number;
  readonly step: number;
}

/**
 * @throws {UnsupportedError} for oblique axes, or frames that are not evenly spaced
 * @throws {FormatError} if an element is missing or does not fit the others
 */
export function doseLattice(dataset: Dataset): DoseLattice {
  const { name } = dataset;
  const cosines = needNumbers(dataset, '00200037', 'ImageOrientationPatient', 6);
  const row = patientAxis(cosines.subarray(0, 3));
  const column = patientAxis(cosines.subarray(3, 6));
  if (row === undefined || column === undefined || row.axis === column.axis) {
    throw new UnsupportedError(
      `${name}: image axes (${cosines.join(', ')}) are not along those of the patient. Export the dose on an unturned grid.`,
    );
  }
  const position = needNumbers(dataset, '00200032', 'ImagePositionPatient', 3);
  const [betweenRows, betweenColumns] = needNumbers(dataset, '00280030', 'PixelSpacing', 2);
  if (!(betweenRows! > 0 && betweenColumns! > 0)) {
    throw new FormatError('PixelSpacing must be > 0. Export it again.', name);
  }
  const count = (tag: string, keyword: string): number => needNumbers(dataset, tag, keyword, 1)[0]!;
  const rows = count('00280010', 'Rows');
  const columns = count('00280011', 'Columns');
  const alongRow = along(row, columns, betweenColumns!, position);
  const alongColumn = along(column, rows, betweenRows!, position);
  const alongNormal = frameDirection(dataset, normalOf(row, column), position);
  const directions = [alongRow, alongColumn, alongNormal];
  const [x, y, z] = [0, 1, 2].map((axis) => directions.find((d) => d.axis === axis)!) as [
    Direction,
    Direction,
    Direction,
  ];
  const lowest = (d: Direction): number => Math.min(d.start, d.start + (d.count - 1) * d.step);
  const grid = createGrid(
    [z.count, y.count, x.count],
    [Math.abs(x.step), Math.abs(y.step), Math.abs(z.step)],
    [lowest(x), lowest(y), lowest(z)],
  );
  const stride = [1, x.count, x.count * y.count];
  const steps = directions.map((d) => Math.sign(d.step) * stride[d.axis]!);
  const first = directions.reduce((at, d) => at + (d.step < 0 ? (d.count - 1) * stride[d.axis]! : 0), 0);
  const [columnStep, rowStep, frameStep] = steps as [number, number, number];
  return { grid, frames: alongNormal.count, rows, columns, first, frameStep, rowStep, columnStep };
}

/** `scale` x stored values into `out`, x fastest. */
export function fillLattice(
  lattice: DoseLattice,
  stored: ArrayLike<number>,
  scale: number,
  out: Float32Array,
): Float32Array {
  const { frames, rows, columns, first, frameStep, rowStep, columnStep } = lattice;
  for (let f = 0, from = 0; f < frames; f++) {
    for (let r = 0; r < rows; r++) {
      let to = first + f * frameStep + r * rowStep;
      for (let c = 0; c < columns; c++, from++, to += columnStep) out[to] = scale * stored[from]!;
    }
  }
  return out;
}

function along({ axis, sign }: PatientAxis, count: number, spacing: number, position: Float64Array): Direction {
  return { axis, count, start: position[axis]!, step: sign * spacing };
}

/** Row x column. */
function normalOf(row: PatientAxis, column: PatientAxis): PatientAxis {
  const axis = (3 - row.axis - column.axis) as 0 | 1 | 2;
  const isCyclic = (row.axis + 1) % 3 === column.axis;
  return { axis, sign: (isCyclic ? 1 : -1) * row.sign * column.sign };
}

/** Places of the frames: relative to the first, or absolute z; evenly spaced, rising or falling. */
function frameDirection(dataset: Dataset, normal: PatientAxis, position: Float64Array): Direction {
  const { elements, name } = dataset;
  const offsets = numbers(elements, '3004000C');
  const frames = number(elements, '00280008') ?? 1;
  const here = position[normal.axis]!;
  if (frames === 1 && offsets.length <= 1) {
    const thickness = number(elements, '00180050');
    if (thickness === undefined || !(thickness > 0)) {
      throw new UnsupportedError(
        `${name}: a single frame without SliceThickness has no extent. Export the whole dose.`,
      );
    }
    return { axis: normal.axis, count: 1, start: here, step: thickness };
  }
  if (offsets.length !== frames || !offsets.every(Number.isFinite)) {
    throw new FormatError(
      `GridFrameOffsetVector holds ${offsets.length} numbers for ${frames} frame(s). Export the file again.`,
      name,
    );
  }
  const places = offsets.map((offset) => here + normal.sign * offset);
  if (offsets[0] !== 0) {
    if (normal.axis !== 2 || Math.abs(offsets[0]! - here) > rounding) {
      throw new FormatError(
        `GridFrameOffsetVector begins with ${offsets[0]}, which is neither 0 nor the z of ImagePositionPatient (${position[2]}). Export the file again.`,
        name,
      );
    }
    places.set(offsets);
  }
  const step = (places[frames - 1]! - places[0]!) / (frames - 1);
  const allowed = Math.max(rounding, 0.01 * Math.abs(step));
  const odd = places.findIndex((place, k) => Math.abs(place - places[0]! - k * step) > allowed);
  if (odd >= 0 || step === 0) {
    const gap = (k: number): number => toDecimals(places[k]! - places[k - 1]!, 3);
    const at = places.findIndex(
      (_, k) => k > 0 && Math.abs(places[k]! - places[k - 1]! - (places[1]! - places[0]!)) > rounding,
    );
    throw new UnsupportedError(
      step === 0 || at < 0
        ? `${name}: the frames of GridFrameOffsetVector are not evenly spaced. Resample the dose to even spacing.`
        : `${name}: frames are ${gap(1)} mm apart at first, but ${gap(at)} mm between frames ${at} and ${at + 1}. Resample the dose to even spacing.`,
    );
  }
  return { axis: normal.axis, count: frames, start: places[0]!, step };
}

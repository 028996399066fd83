/**
 * Slice: the values of a volume on an axial, sagittal or coronal plane, with where they lie in the patient.
 *
 *     plane      across (u)                    down (v)                       seen from
 *     axial      x, patient's left to the right  y, posterior down              the feet (radiological convention)
 *     sagittal   y, anterior to the left         -z, superior up                the patient's left
 *     coronal    x, patient's left to the right  -z, superior up                the front
 *
 * The plane through a point lies between two planes of voxels; values are interpolated linearly between them.
 */
import { InvalidInputError } from '../core/errors.js';
import { type Box, describeGrid, type Grid, gridBox, type Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';

/** The plane of a slice. */
export type Plane = 'axial' | 'sagittal' | 'coronal';

export interface PlaneAxes {
  /** Patient axis (0 x, 1 y, 2 z) across, down, and through the plane. */
  readonly across: 0 | 1 | 2;
  readonly down: 0 | 1 | 2;
  readonly through: 0 | 1 | 2;
  /** Whether the patient coordinate falls towards the bottom of the page. */
  readonly isDownReversed: boolean;
  /** Orientation letters at the left, right, top and bottom edge. */
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
}

export const PLANE_AXES: Readonly<Record<Plane, PlaneAxes>> = {
  axial: {
    across: 0,
    down: 1,
    through: 2,
    isDownReversed: false,
    letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
  },
  sagittal: {
    across: 1,
    down: 2,
    through: 0,
    isDownReversed: true,
    letters: { left: 'A', right: 'P', top: 'S', bottom: 'I' },
  },
  coronal: {
    across: 0,
    down: 2,
    through: 1,
    isDownReversed: true,
    letters: { left: 'R', right: 'L', top: 'S', bottom: 'I' },
  },
};

/** Row-major samples; sample (column c, row r) lies at `u0 + c du` across and `v0 + r dv` down, patient mm. */
export interface Slice {
  readonly plane: Plane;
  readonly columns: number;
  readonly rows: number;
  readonly u0: number;
  readonly du: number;
  readonly v0: number;
  readonly dv: number;
  readonly data: Float32Array;
}

/**
 * The plane of a volume through a point, rows in rising patient coordinate (a reversed page is the drawer's matter).
 *
 * @param point LPS, mm; only its coordinate through the plane counts, and must lie inside the grid
 * @throws {InvalidInputError} if the plane misses the grid
 */
export function extractSlice(volume: Volume, plane: Plane, point: Vec3): Slice {
  const { grid } = volume;
  const { across, down, through } = planeAxes(plane);
  const box = gridBox(grid);
  const at = point[through];
  if (!(at >= box.min[through]! && at <= box.max[through]!)) {
    throw new InvalidInputError(
      `slice: the ${plane} plane at ${'xyz'[through]} = ${at} mm misses the grid ${describeGrid(grid)}. Choose a point inside it.`,
    );
  }
  const count = [grid.shape[2], grid.shape[1], grid.shape[0]] as const;
  const position = Math.min(count[through] - 1, Math.max(0, (at - grid.origin[through]) / grid.spacing[through]));
  const first = Math.min(Math.floor(position), Math.max(0, count[through] - 2));
  const t = position - first;
  const columns = count[across];
  const rows = count[down];
  const data = new Float32Array(columns * rows);
  // x-fastest: how far apart neighbours along x, y and z lie.
  const step = [1, count[0], count[0] * count[1]] as const;
  const near = first * step[through];
  const beyond = (Math.min(first + 1, count[through] - 1) - first) * step[through];
  const values = volume.data;
  for (let r = 0, out = 0; r < rows; r++) {
    for (let c = 0, at = near + r * step[down]; c < columns; c++, out++, at += step[across]) {
      const a = values[at]!;
      data[out] = t === 0 ? a : a + t * (values[at + beyond]! - a);
    }
  }
  return {
    plane,
    columns,
    rows,
    u0: grid.origin[across],
    du: grid.spacing[across],
    v0: grid.origin[down],
    dv: grid.spacing[down],
    data,
  };
}

/** @throws {InvalidInputError} unless `plane` is one of the three */
export function planeAxes(plane: Plane): PlaneAxes {
  const axes = PLANE_AXES[plane];
  if (axes === undefined) {
    throw new InvalidInputError(`plane is ${String(plane)}, but must be axial, sagittal or coronal.`);
  }
  return axes;
}

/** The samples within `margin` samples of the window [uMin, uMax] x [vMin, vMax], mm; may be empty. */
export function cropSlice(
  slice: Slice,
  window: { uMin: number; uMax: number; vMin: number; vMax: number },
  margin = 3,
): Slice {
  const clamp = (value: number, largest: number): number => Math.min(largest, Math.max(0, value));
  const c0 = clamp(Math.floor((window.uMin - slice.u0) / slice.du) - margin, slice.columns);
  const c1 = clamp(Math.ceil((window.uMax - slice.u0) / slice.du) + margin + 1, slice.columns);
  const r0 = clamp(Math.floor((window.vMin - slice.v0) / slice.dv) - margin, slice.rows);
  const r1 = clamp(Math.ceil((window.vMax - slice.v0) / slice.dv) + margin + 1, slice.rows);
  return partOfSlice(slice, c0, r0, c1, r1);
}

/** Columns c0 to c1 - 1 of rows r0 to r1 - 1. */
export function partOfSlice(slice: Slice, c0: number, r0: number, c1: number, r1: number): Slice {
  const columns = Math.max(0, c1 - c0);
  const rows = Math.max(0, r1 - r0);
  const data = new Float32Array(columns * rows);
  for (let r = 0; r < rows; r++) {
    const from = (r0 + r) * slice.columns + c0;
    data.set(slice.data.subarray(from, from + columns), r * columns);
  }
  return { ...slice, columns, rows, u0: slice.u0 + c0 * slice.du, v0: slice.v0 + r0 * slice.dv, data };
}

/**
 * The slice on a lattice `factor` times finer, by Catmull-Rom cubics: smooth isolines from coarse voxels.
 *
 * Samples of the old lattice are kept exactly.
 */
export function refineSlice(slice: Slice, factor: number): Slice {
  if (factor === 1 || slice.columns < 2 || slice.rows < 2) return slice;
  const wide = refineRows(slice.data, slice.columns, slice.rows, factor);
  const columns = (slice.columns - 1) * factor + 1;
  const tall = refineRows(transpose(wide, columns, slice.rows), slice.rows, columns, factor);
  const rows = (slice.rows - 1) * factor + 1;
  return {
    ...slice,
    columns,
    rows,
    du: slice.du / factor,
    dv: slice.dv / factor,
    data: transpose(tall, rows, columns),
  };
}

function refineRows(data: Float32Array, columns: number, rows: number, factor: number): Float32Array {
  const width = (columns - 1) * factor + 1;
  const out = new Float32Array(width * rows);
  for (let r = 0, row = 0, at = 0; r < rows; r++, row += columns) {
    for (let c = 0; c < columns - 1; c++, at += factor) {
      const b = data[row + c]!;
      const d = data[row + c + 1]!;
      const a = c > 0 ? data[row + c - 1]! : 2 * b - d;
      const e = c + 2 < columns ? data[row + c + 2]! : 2 * d - b;
      out[at] = b;
      // Most of a mask is flat.
      const isFlat = a === b && b === d && d === e;
      for (let k = 1; k < factor; k++) {
        const t = k / factor;
        out[at + k] = isFlat ? b : b + 0.5 * t * (d - a + t * (2 * a - 5 * b + 4 * d - e + t * (3 * (b - d) + e - a)));
      }
    }
    out[at++] = data[row + columns - 1]!;
  }
  return out;
}

function transpose(data: Float32Array, columns: number, rows: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!;
  return out;
}

/**
 * Bilinear values at all (u, v), row by row.
 *
 * @param us,vs positions across and down, mm, rising or falling
 * @param outside value beyond the outer faces of the samples
 */
export function resampleSlice(slice: Slice, us: Float64Array, vs: Float64Array, outside: number): Float64Array {
  const sample = rowSampler(slice, us, vs, outside);
  const out = new Float64Array(us.length * vs.length);
  for (let r = 0; r < vs.length; r++) out.set(sample(r), r * us.length);
  return out;
}

/** Two rows of samples, worked out at all u, between which a row lies. */
export interface RowPair {
  readonly top: Float64Array;
  readonly bottom: Float64Array;
  /** How far the row is from the top one, 0 to 1. */
  readonly part: number;
  /** Positions within the samples: from the first to before the end. */
  readonly first: number;
  readonly end: number;
}

/**
 * The samples on either side of each row, undefined for rows beyond their outer faces.
 *
 * The steps between samples are worked out once per column and row, and rows of samples are mixed once for all the rows
 * between them.
 *
 * @param us,vs positions across and down, mm, rising or falling
 */
export function rowPairs(slice: Slice, us: Float64Array, vs: Float64Array): (r: number) => RowPair | undefined {
  const { columns, data } = slice;
  const across = stepsOf(us, slice.u0, slice.du, columns);
  const down = stepsOf(vs, slice.v0, slice.dv, slice.rows);
  const { first, end } = across;
  const wide: Float64Array[] = [];
  const rowAt = (r: number): Float64Array => {
    wide[r] ??= mixRow(data, r * columns, across);
    return wide[r];
  };
  return (r) => {
    const near = down.near[r]!;
    if (near < 0 || data.length === 0) return undefined;
    return { top: rowAt(near), bottom: rowAt(down.far[r]!), part: down.part[r]!, first, end };
  };
}

/** As {@link resampleSlice}, one row at a time: gives the values at all u and the r-th v, overwritten by the next call. */
export function rowSampler(
  slice: Slice,
  us: Float64Array,
  vs: Float64Array,
  outside: number,
): (r: number) => Float64Array {
  const pairOf = rowPairs(slice, us, vs);
  const out = new Float64Array(us.length);
  return (r) => {
    out.fill(outside);
    const pair = pairOf(r);
    if (pair === undefined) return out;
    const { top, bottom, part, first, end } = pair;
    for (let c = first; c < end; c++) out[c] = top[c]! * (1 - part) + bottom[c]! * part;
    return out;
  };
}

/** The samples from `row` on, mixed to the positions across. */
function mixRow(data: Float32Array, row: number, across: Steps): Float64Array {
  const { near, far, part, first, end } = across;
  const out = new Float64Array(near.length);
  for (let c = first; c < end; c++) {
    const t = part[c]!;
    out[c] = data[row + near[c]!]! * (1 - t) + data[row + far[c]!]! * t;
  }
  return out;
}

interface Steps {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly part: Float64Array;
  /** Positions that lie inside: from the first to before the end. */
  readonly first: number;
  readonly end: number;
}

/** Samples on either side of each position, and how far it is from the near one; near is -1 outside. @param positions rising or falling */
function stepsOf(positions: Float64Array, first: number, step: number, n: number): Steps {
  const near = new Int32Array(positions.length).fill(-1);
  const far = new Int32Array(positions.length);
  const part = new Float64Array(positions.length);
  let [begin, end] = [positions.length, 0];
  for (let p = 0; p < positions.length; p++) {
    const x = (positions[p]! - first) / step;
    if (x < -0.5 || x > n - 0.5) continue;
    const inside = Math.min(n - 1, Math.max(0, x));
    near[p] = Math.min(Math.floor(inside), Math.max(0, n - 2));
    far[p] = Math.min(near[p]! + 1, n - 1);
    part[p] = inside - near[p]!;
    begin = Math.min(begin, p);
    end = p + 1;
  }
  return { near, far, part, first: begin, end };
}

/** The part of the patient that a grid shows in a plane, mm. */
export function planeExtent(
  grid: Grid,
  plane: Plane,
  crop?: Box,
): { uMin: number; uMax: number; vMin: number; vMax: number } {
  const { across, down } = planeAxes(plane);
  const box = gridBox(grid);
  const low = (axis: 0 | 1 | 2): number => Math.max(box.min[axis], crop?.min[axis] ?? -Infinity);
  const high = (axis: 0 | 1 | 2): number => Math.min(box.max[axis], crop?.max[axis] ?? Infinity);
  const extent = { uMin: low(across), uMax: high(across), vMin: low(down), vMax: high(down) };
  if (!(extent.uMax > extent.uMin && extent.vMax > extent.vMin)) {
    throw new InvalidInputError(
      `figure: the crop box leaves nothing of the ${plane} plane of the grid ${describeGrid(grid)}. Give a box, LPS mm, that overlaps it.`,
    );
  }
  return extent;
}

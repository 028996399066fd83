/**
 * A CT series as one volume in HU.
 *
 * Slices are ordered by their position along their normal, never by name or number; `HU = slope x stored + intercept`, per slice.
 * Rows and columns may run along +-x and +-y of the patient (head or feet first, supine, prone, on a side) and are
 * flipped to LPS. A tilted gantry, oblique axes and slices of several spacings are resampled to an even axial grid, with a note; a
 * slice that is missing is refused.
 */

import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import { createGrid } from '../../geometry/grid.js';
import { createVolume, type Volume } from '../../geometry/volume.js';
import { checkReach } from '../reach.js';
import { type PatientAxis, patientAxis } from './axes.js';
import { isKnownCharacterSet } from './character-set.js';
import { axialGrid, resampleStack, type Stack } from './ct-resample.js';
import { chooseSeries, turned } from './ct-series.js';
import { cross, dot, type Point, readSlices, type Slice } from './ct-slices.js';
import { checkHounsfield, fillRow, type SliceValues, sliceReader } from './ct-values.js';
import { type DicomFile, needText, text } from './dataset.js';
import { isLossy } from './decode.js';
import { type GapRun, gapRuns } from './slice-gaps.js';

export interface CtOptions {
  /** Which series, where a folder holds several. */
  readonly seriesUid?: string | undefined;
}

export interface CtSeries {
  readonly hounsfield: Volume<'hounsfield'>;
  readonly frameOfReferenceUid: string;
  readonly seriesUid: string;
  /** HFS, HFP, FFS, ... */
  readonly position: string;
  readonly patientName: string;
  readonly patientId: string;
  readonly notes: readonly string[];
}

/**
 * @param files of one folder, in any order; what is no CT slice is passed over, with a note for each kind
 * @throws {InvalidInputError} if there is no CT, several series and no choice, or a slice is missing or doubled
 * @throws {UnsupportedError} for slices that are not axial or have no common lattice, or compressed ones that were not decoded
 * @throws {FormatError} naming the file that is truncated, corrupt or lacks an element
 */
export function readCt(files: readonly DicomFile[], options: CtOptions = {}): CtSeries {
  const notes: string[] = [];
  const slices = chooseSeries(readSlices(files, notes), options.seriesUid, notes);
  checkAlike(slices);
  const stack = stackOf(slices, notes);
  const first = stack.slices[0]!;
  const { elements } = first.dataset;
  const position = text(elements, '00185100');
  if (position === undefined) notes.push('CT: no PatientPosition; HFS is assumed. Check the beam angles.');
  noteText(first, notes);
  if (stack.slices.some(({ dataset }) => isLossy(dataset))) {
    notes.push(
      'CT: its images were compressed with loss (lossy JPEG), so that CT numbers are not those that were measured.',
    );
  }
  const hounsfield = toVolume(stack, notes);
  checkReach('CT', hounsfield.grid);
  return {
    hounsfield,
    frameOfReferenceUid: needText(first.dataset, '00200052', 'FrameOfReferenceUID'),
    seriesUid: first.seriesUid,
    position: position ?? 'HFS',
    patientName: text(elements, '00100010') ?? '',
    patientId: text(elements, '00100020') ?? '',
    notes,
  };
}

function noteText({ dataset }: Slice, notes: string[]): void {
  const charset = dataset.elements['00080005'] && (dataset.elements['00100010']?.charset ?? '');
  if (charset && !isKnownCharacterSet(charset)) {
    notes.push(`CT: SpecificCharacterSet ${charset.trim()} is not read; letters beyond ASCII in its texts are lost.`);
  }
}

/** @throws {UnsupportedError} unless all slices share size, axes, pixels and frame of reference */
function checkAlike(slices: readonly Slice[]): void {
  const first = slices[0]!;
  const frame = text(first.dataset.elements, '00200052');
  for (const slice of slices) {
    const isAlike =
      slice.rows === first.rows &&
      slice.columns === first.columns &&
      turned(slice, first) < 1e-3 &&
      Math.abs(slice.alongRow - first.alongRow) < 1e-4 &&
      Math.abs(slice.alongColumn - first.alongColumn) < 1e-4;
    if (!isAlike || text(slice.dataset.elements, '00200052') !== frame) throw different(slice, first);
  }
}

const different = (slice: Slice, first: Slice): UnsupportedError =>
  new UnsupportedError(
    `${slice.name}: its rows, columns, pixel spacing, position in the plane or frame of reference differ from ${first.name}. Resample the series to one lattice.`,
  );

/** The slices in order without byte-for-byte copies; each pixel above the one of the slice before it, or shifted evenly. */
function stackOf(slices: readonly Slice[], notes: string[]): Stack {
  const { row, column } = slices[0]!;
  const across = cross(row, column);
  const size = Math.hypot(...across) * Math.sign(across[2]);
  // Rounded cosines of an axial plane must not turn z.
  const isStraight = isAxisAligned(slices[0]!);
  const normal: Point = isStraight ? [0, 0, 1] : [across[0] / size, across[1] / size, across[2] / size];
  const place = (slice: Slice): number => dot(slice.origin, normal);
  const kept = dropCopies(
    [...slices].sort((a, b) => place(a) - place(b)),
    place,
    notes,
  );
  checkShift(kept, normal, isStraight);
  return { slices: kept, normal, places: kept.map(place) };
}

const isAxisAligned = ({ row, column }: Slice): boolean =>
  patientAxis(row) !== undefined && patientAxis(column) !== undefined;

/** @throws {UnsupportedError} where a slice lies beside the line on which the others follow each other */
function checkShift(slices: readonly Slice[], normal: Point, isStraight: boolean): void {
  const [first, last] = [slices[0]!, slices.at(-1)!];
  const depth = dot(last.origin, normal) - dot(first.origin, normal);
  for (const slice of slices) {
    const t = depth > 0 && !isStraight ? (dot(slice.origin, normal) - dot(first.origin, normal)) / depth : 0;
    const isOnLine = [first.row, first.column].every((axis) => {
      const [here, from, to] = [slice, first, last].map(({ origin }) => dot(origin, axis)) as [number, number, number];
      return Math.abs(here - (1 - t) * from - t * to) < (isStraight ? 0.05 : 0.1);
    });
    if (!isOnLine) throw different(slice, first);
  }
}

/** Slices in order without byte-for-byte copies; two different slices in one place are refused. */
function dropCopies(sorted: readonly Slice[], place: (slice: Slice) => number, notes: string[]): Slice[] {
  const kept: Slice[] = [];
  for (const slice of sorted) {
    const last = kept[kept.length - 1];
    if (last === undefined || place(slice) - place(last) > 0.01) {
      kept.push(slice);
    } else if (
      slice.frames === 1 &&
      last.bytes.length === slice.bytes.length &&
      last.bytes.every((b, i) => b === slice.bytes[i])
    ) {
      notes.push(`CT: ${slice.name} is a copy of ${last.name} and was passed over.`);
    } else {
      throw new InvalidInputError(
        `CT: ${last.name} and ${slice.name} both lie at z = ${slice.origin[2]} mm. Remove one of them.`,
      );
    }
  }
  return kept;
}

function toVolume(stack: Stack, notes: string[]): Volume<'hounsfield'> {
  const { slices, normal, places } = stack;
  const first = slices[0]!;
  const isStraight = isAxisAligned(first);
  const read = sliceReader(notes);
  if (slices.length === 1) {
    const { thickness, name } = first;
    if (thickness === undefined || !(thickness > 0)) {
      throw new InvalidInputError(
        'CT: a single slice without SliceThickness has no extent in z. Give the whole series.',
      );
    }
    if (!isStraight) throw new UnsupportedError(`${name}: a single slice that is tilted. Give the whole series.`);
    return assemble(slices, thickness, read, notes);
  }
  const { isEven, runs } = gapRuns(places);
  if (isEven && isStraight) return assemble(slices, runs[0]!.gap, read, notes);
  const grid = axialGrid(stack, runs);
  const { hounsfield, outside } = resampleStack(stack, grid, read);
  checkHounsfield(hounsfield, notes);
  const [sx, sy, sz] = grid.spacing.map((s) => toDecimals(s, 3));
  const to = `resampled to an even axial grid of ${sx} x ${sy} x ${sz} mm, linearly in HU`;
  if (!isEven) notes.push(`CT: slices ${told(runs)} were ${to}.`);
  if (!isStraight) {
    const tilt = toDecimals((Math.acos(Math.min(1, normal[2])) * 180) / Math.PI, 1);
    const empty =
      outside > 0.001 ? ` ${toDecimals(100 * outside, 1)} % of the grid lie outside the slices and are air.` : '';
    notes.push(`CT: slices tilted by ${tilt} degrees or turned in their plane were ${to}.${empty}`);
  }
  return hounsfield;
}

/** `6 mm apart from 0 to 30 mm and 3 mm from 30 to 60 mm`; of many runs the smallest and largest gap. */
function told(runs: readonly GapRun[]): string {
  const mm = (x: number): number => toDecimals(x, 2);
  if (runs.length > 3) {
    const gaps = runs.map(({ gap }) => gap);
    return `${mm(Math.min(...gaps))} to ${mm(Math.max(...gaps))} mm apart`;
  }
  return runs.map(({ from, to, gap }) => `${mm(gap)} mm apart from ${mm(from)} to ${mm(to)} mm`).join(' and ');
}

/** Stored values to HU, flipped and turned to LPS: of even axial slices, each pixel as it is. */
function assemble(
  slices: readonly Slice[],
  spacing: number,
  read: (slice: Slice) => SliceValues,
  notes: string[],
): Volume<'hounsfield'> {
  const first = slices[0]!;
  const { rows, columns, alongRow, alongColumn } = first;
  const [row, column] = [patientAxis(first.row), patientAxis(first.column)] as [PatientAxis, PatientAxis];
  const [x0, y0, z] = first.origin;
  const [nx, ny] = row.axis === 0 ? [columns, rows] : [rows, columns];
  const pixel = row.axis === 0 ? [alongRow, alongColumn] : [alongColumn, alongRow];
  const [xSign, ySign] = row.axis === 0 ? [row.sign, column.sign] : [column.sign, row.sign];
  const xFirst = xSign > 0 ? x0 : x0 - (nx - 1) * pixel[0]!;
  const yFirst = ySign > 0 ? y0 : y0 - (ny - 1) * pixel[1]!;
  const grid = createGrid([slices.length, ny, nx], [pixel[0]!, pixel[1]!, spacing], [xFirst, yFirst, z]);
  const volume = createVolume('hounsfield', grid);
  const xStep = xSign * 1;
  const yStep = ySign * nx;
  const start = (xSign > 0 ? 0 : nx - 1) + (ySign > 0 ? 0 : (ny - 1) * nx);
  const [rowStep, columnStep] = row.axis === 0 ? [xStep, yStep] : [yStep, xStep];
  let isOdd = false;
  slices.forEach((slice, k) => {
    const values = read(slice);
    const base = k * ny * nx + start;
    if (rowStep === 1 && columnStep === columns) {
      isOdd = fillRow(values, 0, rows * columns, volume.data, base, 1) || isOdd;
      return;
    }
    for (let r = 0; r < rows; r++) {
      isOdd = fillRow(values, r * columns, columns, volume.data, base + r * columnStep, rowStep) || isOdd;
    }
  });
  if (isOdd) checkHounsfield(volume, notes);
  return volume;
}

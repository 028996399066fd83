/**
 * A CT series as one volume in HU.
 *
 * Slices are ordered by their position along z, never by name or number; `HU = slope x stored + intercept`, per slice.
 * Rows and columns may run along +-x and +-y of the patient (head or feet first, supine, prone, on a side) and are
 * flipped to LPS; anything oblique, uneven or incomplete is refused rather than resampled in silence.
 */

import { FormatError, InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import { usualGap } from '../../geometry/contour.js';
import { createGrid } from '../../geometry/grid.js';
import { createVolume, type Volume } from '../../geometry/volume.js';
import { type PatientAxis, patientAxis } from './axes.js';
import {
  type Dataset,
  type DicomFile,
  isDicom,
  needNumbers,
  needText,
  number,
  readDataset,
  sopClassOf,
  text,
  texts,
} from './dataset.js';
import { readPixels } from './pixels.js';

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const enhancedCtStorage = '1.2.840.10008.5.1.4.1.1.2.1';

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
 * @param files of one folder, in any order; what is no CT slice is passed over and counted in the notes
 * @throws {InvalidInputError} if there is no CT, several series and no choice, or a slice is missing or doubled
 * @throws {UnsupportedError} for oblique, unevenly spaced, compressed or multi-frame CT
 * @throws {FormatError} naming the file that is truncated, corrupt or lacks an element
 */
export function readCt(files: readonly DicomFile[], options: CtOptions = {}): CtSeries {
  const notes: string[] = [];
  const slices = chooseSeries(readSlices(files, notes), options.seriesUid, notes);
  checkAlike(slices);
  slices.sort((a, b) => a.z - b.z);
  const kept = dropCopies(slices, notes);
  const spacing = sliceSpacing(kept);
  const first = kept[0]!;
  const position = text(first.dataset.elements, '00185100');
  if (position === undefined) notes.push('CT: no PatientPosition; HFS is assumed. Check the beam angles.');
  return {
    hounsfield: assemble(kept, spacing),
    frameOfReferenceUid: needText(first.dataset, '00200052', 'FrameOfReferenceUID'),
    seriesUid: first.seriesUid,
    position: position ?? 'HFS',
    patientName: text(first.dataset.elements, '00100010') ?? '',
    patientId: text(first.dataset.elements, '00100020') ?? '',
    notes,
  };
}

interface Slice {
  readonly dataset: Dataset;
  readonly bytes: Uint8Array;
  readonly seriesUid: string;
  /** mm, LPS */
  readonly z: number;
  /** Centre of the first pixel, mm. */
  readonly x0: number;
  readonly y0: number;
  /** Along which axis (0 x, 1 y) and which way a row and a column of the image run. */
  readonly row: PatientAxis;
  readonly column: PatientAxis;
  readonly rows: number;
  readonly columns: number;
  /** Along x and y of the patient, mm. */
  readonly pixel: readonly [number, number];
}

function readSlices(files: readonly DicomFile[], notes: string[]): { slices: Slice[]; others: number } {
  const slices: Slice[] = [];
  let foreign = 0;
  let others = 0;
  let scouts = 0;
  for (const file of files) {
    if (!isDicom(file)) {
      foreign++;
      continue;
    }
    const sopClass = sopClassOf(file);
    if (sopClass === enhancedCtStorage) {
      throw new UnsupportedError(
        `${file.name}: enhanced (multi-frame) CT is not read. Convert it to one file per slice.`,
      );
    }
    if (sopClass !== undefined && sopClass !== ctImageStorage) {
      others++;
      continue;
    }
    const dataset = readDataset(file);
    if (texts(dataset.elements, '00080008').includes('LOCALIZER')) {
      scouts++;
      continue;
    }
    slices.push(toSlice(dataset, file.bytes));
  }
  const passed = [
    foreign > 0 ? `${foreign} that are not DICOM` : '',
    others > 0 ? `${others} other DICOM objects` : '',
    scouts > 0 ? `${scouts} localizers` : '',
  ].filter((part) => part !== '');
  if (passed.length > 0) notes.push(`CT: files passed over: ${passed.join(', ')}.`);
  return { slices, others: foreign + others + scouts };
}

function toSlice(dataset: Dataset, bytes: Uint8Array): Slice {
  const { name } = dataset;
  const cosines = needNumbers(dataset, '00200037', 'ImageOrientationPatient', 6);
  const origin = needNumbers(dataset, '00200032', 'ImagePositionPatient', 3);
  const [alongColumn, alongRow] = needNumbers(dataset, '00280030', 'PixelSpacing', 2) as unknown as [number, number];
  if (!(alongColumn > 0 && alongRow > 0)) throw new FormatError('PixelSpacing must be > 0. Export it again.', name);
  if ((number(dataset.elements, '00280008') ?? 1) !== 1) {
    throw new UnsupportedError(`${name}: more than one frame in a CT slice. Convert it to one file per slice.`);
  }
  const row = patientAxis(cosines.subarray(0, 3));
  const column = patientAxis(cosines.subarray(3, 6));
  if (row === undefined || column === undefined || row.axis === column.axis || row.axis === 2 || column.axis === 2) {
    throw new UnsupportedError(
      `${name}: image axes (${cosines.join(', ')}) are not axial along the patient's x and y. Resample the CT to axial slices.`,
    );
  }
  return {
    dataset,
    bytes,
    seriesUid: needText(dataset, '0020000E', 'SeriesInstanceUID'),
    x0: origin[0]!,
    y0: origin[1]!,
    z: origin[2]!,
    row,
    column,
    rows: needNumbers(dataset, '00280010', 'Rows', 1)[0]!,
    columns: needNumbers(dataset, '00280011', 'Columns', 1)[0]!,
    pixel: row.axis === 0 ? [alongRow, alongColumn] : [alongColumn, alongRow],
  };
}

function chooseSeries(
  { slices, others }: { slices: Slice[]; others: number },
  uid: string | undefined,
  notes: string[],
): Slice[] {
  if (slices.length === 0) {
    throw new InvalidInputError(`CT: no CT slices among ${others} file(s). Give the folder that holds the CT series.`);
  }
  const series = new Map<string, Slice[]>();
  for (const slice of slices) series.set(slice.seriesUid, [...(series.get(slice.seriesUid) ?? []), slice]);
  const list = [...series].map(([id, members]) => `${id} (${members.length} slices)`).join(', ');
  if (uid !== undefined) {
    const chosen = series.get(uid);
    if (chosen === undefined)
      throw new InvalidInputError(`CT: no series ${uid} among ${list}. Name one of these as seriesUid.`);
    if (series.size > 1) notes.push(`CT: series ${uid} chosen of ${series.size}.`);
    return chosen;
  }
  if (series.size > 1) throw new InvalidInputError(`CT: ${series.size} series: ${list}. Choose one with seriesUid.`);
  return slices;
}

/** @throws {UnsupportedError} unless all slices share one lattice in their plane */
function checkAlike(slices: readonly Slice[]): void {
  const first = slices[0]!;
  const frame = text(first.dataset.elements, '00200052');
  for (const slice of slices) {
    const isAlike =
      slice.rows === first.rows &&
      slice.columns === first.columns &&
      slice.row.axis === first.row.axis &&
      slice.row.sign === first.row.sign &&
      slice.column.sign === first.column.sign &&
      [0, 1].every((a) => Math.abs(slice.pixel[a]! - first.pixel[a]!) < 1e-4) &&
      Math.abs(slice.x0 - first.x0) < 0.05 &&
      Math.abs(slice.y0 - first.y0) < 0.05;
    if (!isAlike || text(slice.dataset.elements, '00200052') !== frame) {
      throw new UnsupportedError(
        `${slice.dataset.name}: its rows, columns, pixel spacing, position in the plane or frame of reference differ from ${first.dataset.name}. Resample the series to one lattice.`,
      );
    }
  }
}

/** Slices sorted by z without byte-for-byte copies; two different slices in one place are refused. */
function dropCopies(sorted: readonly Slice[], notes: string[]): Slice[] {
  const kept: Slice[] = [];
  for (const slice of sorted) {
    const last = kept[kept.length - 1];
    if (last === undefined || slice.z - last.z > 0.01) {
      kept.push(slice);
    } else if (last.bytes.length === slice.bytes.length && last.bytes.every((b, i) => b === slice.bytes[i])) {
      notes.push(`CT: ${slice.dataset.name} is a copy of ${last.dataset.name} and was passed over.`);
    } else {
      throw new InvalidInputError(
        `CT: ${last.dataset.name} and ${slice.dataset.name} both lie at z = ${slice.z} mm. Remove one of them.`,
      );
    }
  }
  return kept;
}

/** Even distance of the slices, mm. */
function sliceSpacing(slices: readonly Slice[]): number {
  const z = slices.map((slice) => slice.z);
  const usual = usualGap(z);
  if (usual === undefined) {
    const thickness = number(slices[0]!.dataset.elements, '00180050');
    if (thickness === undefined || !(thickness > 0)) {
      throw new InvalidInputError(
        'CT: a single slice without SliceThickness has no extent in z. Give the whole series.',
      );
    }
    return thickness;
  }
  // Positions are rounded to 0.01 mm in some exports.
  const tolerance = Math.max(0.025, 0.01 * usual);
  for (let i = 1; i < z.length; i++) {
    const gap = z[i]! - z[i - 1]!;
    if (Math.abs(gap - usual) <= tolerance) continue;
    const missing = Math.round(gap / usual) - 1;
    if (missing >= 1 && Math.abs(gap - (missing + 1) * usual) <= (missing + 1) * tolerance) {
      throw new InvalidInputError(
        `CT: ${missing} slice(s) missing between z = ${z[i - 1]} and ${z[i]} mm (the others are ${toDecimals(usual, 3)} mm apart). Export the whole series.`,
      );
    }
    throw new UnsupportedError(
      `CT: slices at z = ${z[i - 1]} and ${z[i]} mm are ${toDecimals(gap, 3)} mm apart, the others ${toDecimals(usual, 3)} mm. Resample the series to even spacing.`,
    );
  }
  return (z[z.length - 1]! - z[0]!) / (z.length - 1);
}

/** Stored values to HU, flipped and turned to LPS. */
function assemble(slices: readonly Slice[], spacing: number): Volume<'hounsfield'> {
  const { row, column, rows, columns, pixel, x0, y0, z } = slices[0]!;
  const [nx, ny] = row.axis === 0 ? [columns, rows] : [rows, columns];
  const [xSign, ySign] = row.axis === 0 ? [row.sign, column.sign] : [column.sign, row.sign];
  const xFirst = xSign > 0 ? x0 : x0 - (nx - 1) * pixel[0];
  const yFirst = ySign > 0 ? y0 : y0 - (ny - 1) * pixel[1];
  const grid = createGrid([slices.length, ny, nx], [pixel[0], pixel[1], spacing], [xFirst, yFirst, z]);
  const volume = createVolume('hounsfield', grid);
  const xStep = xSign * 1;
  const yStep = ySign * nx;
  const start = (xSign > 0 ? 0 : nx - 1) + (ySign > 0 ? 0 : (ny - 1) * nx);
  const [rowStep, columnStep] = row.axis === 0 ? [xStep, yStep] : [yStep, xStep];
  slices.forEach(({ dataset }, k) => {
    const slope = needNumbers(dataset, '00281053', 'RescaleSlope', 1)[0]!;
    const intercept = needNumbers(dataset, '00281052', 'RescaleIntercept', 1)[0]!;
    if (slope === 0) {
      throw new FormatError('RescaleSlope is 0, which makes every pixel one CT number. Export it again.', dataset.name);
    }
    const stored = readPixels(dataset);
    const base = k * ny * nx + start;
    for (let r = 0; r < rows; r++) {
      const to = base + r * columnStep;
      for (let c = 0; c < columns; c++) volume.data[to + c * rowStep] = slope * stored[r * columns + c]! + intercept;
    }
  });
  return volume;
}

/** The images of a CT among the files of a folder: slices of their own, or frames of an enhanced CT. What is none is told. */
import { FormatError, InvalidInputError } from '../../core/errors.js';
import { FARTHEST } from '../reach.js';
import {
  type Dataset,
  type DicomFile,
  type Elements,
  isDicom,
  items,
  needNumbers,
  needText,
  number,
  readDataset,
  sopClassOf,
  text,
  texts,
} from './dataset.js';
import { convertedCt, ctImage, enhancedCt, kindOf } from './sop-class.js';

export type Point = readonly [number, number, number];

/** One image of a CT, and where it lies. LPS, mm. */
export interface Slice {
  readonly dataset: Dataset;
  /** Of the file, for messages: with its frame where it has several. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly frame: number;
  readonly frames: number;
  readonly seriesUid: string;
  readonly patient: string;
  /** Centre of the first pixel. */
  readonly origin: Point;
  /** Unit vectors along a row and a column of the image. */
  readonly row: Point;
  readonly column: Point;
  readonly rows: number;
  readonly columns: number;
  /** Between the pixels of a row and of a column. */
  readonly alongRow: number;
  readonly alongColumn: number;
  readonly slope: number;
  readonly intercept: number;
  readonly thickness: number | undefined;
}

/** Of a pixel, mm. */
const LARGEST = 100;

/**
 * @param notes one is added for each kind of file that is no CT slice
 * @throws {InvalidInputError} if nothing is a CT slice
 * @throws {FormatError} naming the file that is truncated, corrupt or lacks an element
 */
export function readSlices(files: readonly DicomFile[], notes: string[]): Slice[] {
  const slices: Slice[] = [];
  const others = new Map<string, string[]>();
  const pass = (kind: string, name: string): void => {
    const names = others.get(kind);
    if (names) names.push(name);
    else others.set(kind, [name]);
  };
  for (const file of files) {
    const found = slicesOf(file);
    if (typeof found === 'string') pass(found, file.name);
    else slices.push(...found);
  }
  for (const [kind, names] of others) notes.push(passedOver(kind, names));
  if (slices.length === 0) {
    const number = [...others.values()].reduce((sum, names) => sum + names.length, 0);
    const kinds = Array.from(others, ([kind, names]) => `${names.length} ${kind}`);
    const what = kinds.length === 0 ? '' : ` (${kinds.slice(0, 4).join(', ')}${kinds.length > 4 ? ', ...' : ''})`;
    throw new InvalidInputError(
      `CT: no CT slices among ${number} file(s)${what}. Give the folder that holds the CT series.`,
    );
  }
  return slices;
}

/** `CT: passed over 2 files of kind RT dose (RD.dcm, RD2.dcm).` */
export function passedOver(kind: string, names: readonly string[]): string {
  const told = names.length > 3 ? `${names[0]} to ${names.at(-1)}` : names.join(', ');
  return `CT: passed over ${names.length} file${names.length > 1 ? 's' : ''} of kind ${kind} (${told}).`;
}

/** The slices of a file, or what it is. */
function slicesOf(file: DicomFile): Slice[] | string {
  if (file.bytes.length === 0) return 'empty file';
  if (!isDicom(file)) return 'not DICOM';
  const sopClass = sopClassOf(file);
  const isEnhanced = sopClass === enhancedCt || sopClass === convertedCt;
  if (sopClass !== undefined && sopClass !== ctImage && !isEnhanced) return kindOf(sopClass);
  const dataset = readDataset(file);
  if (texts(dataset.elements, '00080008').includes('LOCALIZER')) return 'localizer';
  const frames = number(dataset.elements, '00280008') ?? 1;
  if (!isEnhanced && frames === 1)
    return [toSlice(dataset, file, 0, 1, (tag) => dataset.elements[tag] && dataset.elements)];
  if (!(frames >= 1 && Number.isInteger(frames))) {
    throw new FormatError(`NumberOfFrames is ${frames}. Export it again.`, file.name);
  }
  const slices = enhancedSlices(dataset, file, frames);
  return slices.length > 0 ? slices : 'localizer';
}

/** Where the elements lie that each frame has of its own: the sequence of PS3.3 C.7.6.16.2 that holds them. */
const MACROS: Readonly<Record<string, string>> = {
  '00200032': '00209113',
  '00200037': '00209116',
  '00280030': '00289110',
  '00180050': '00289110',
  '00281052': '00289145',
  '00281053': '00289145',
  '00089007': '00189329',
};

function enhancedSlices(dataset: Dataset, file: DicomFile, frames: number): Slice[] {
  const own = items(dataset.elements, '52009230');
  const [shared = {}] = items(dataset.elements, '52009229');
  if (own.length !== frames) {
    throw new FormatError(
      `PerFrameFunctionalGroupsSequence has ${own.length} items for ${frames} frames. Export it again.`,
      dataset.name,
    );
  }
  return own.flatMap((group, f) => {
    const find = (tag: string): Elements | undefined =>
      [group, shared].flatMap((level) => items(level, MACROS[tag]!)).find((item) => item[tag] !== undefined);
    const type = find('00089007');
    if (type && texts(type, '00089007').includes('LOCALIZER')) return [];
    return [toSlice(dataset, file, f, frames, find)];
  });
}

/** @param find the elements that hold an element */
function toSlice(
  dataset: Dataset,
  { bytes, name: file }: DicomFile,
  frame: number,
  frames: number,
  find: (tag: string) => Elements | undefined,
): Slice {
  const name = frames > 1 ? `${file}, frame ${frame + 1}` : file;
  const need = (tag: string, keyword: string, count: number): Float64Array =>
    needNumbers({ ...dataset, name, elements: find(tag) ?? {} }, tag, keyword, count);
  const cosines = need('00200037', 'ImageOrientationPatient', 6);
  const origin = toPoint(need('00200032', 'ImagePositionPatient', 3));
  const [alongColumn, alongRow] = need('00280030', 'PixelSpacing', 2) as unknown as [number, number];
  if (!(alongColumn > 0 && alongRow > 0)) throw new FormatError('PixelSpacing must be > 0. Export it again.', name);
  if (!(alongColumn <= LARGEST && alongRow <= LARGEST)) {
    throw new FormatError(
      `PixelSpacing is ${alongColumn} x ${alongRow} mm, more than ${LARGEST}. Export it again.`,
      name,
    );
  }
  if (origin.some((x) => Math.abs(x) > FARTHEST)) {
    throw new FormatError(
      `ImagePositionPatient is (${origin.join(', ')}) mm, more than 10 m away. Export it again.`,
      name,
    );
  }
  const [row, column] = [toPoint(cosines.subarray(0, 3)), toPoint(cosines.subarray(3, 6))];
  const isUnit = (v: Point): boolean => Math.abs(dot(v, v) - 1) < 0.01;
  if (!isUnit(row) || !isUnit(column) || Math.abs(dot(row, column)) > 0.01) {
    throw new FormatError(
      `ImageOrientationPatient is (${cosines.join(', ')}), which are no two unit vectors at right angles. Export it again.`,
      name,
    );
  }
  return {
    dataset,
    name,
    bytes,
    frame,
    frames,
    seriesUid: needText(dataset, '0020000E', 'SeriesInstanceUID'),
    patient: text(dataset.elements, '00100020') ?? text(dataset.elements, '00100010') ?? '',
    origin,
    row,
    column,
    rows: needNumbers(dataset, '00280010', 'Rows', 1)[0]!,
    columns: needNumbers(dataset, '00280011', 'Columns', 1)[0]!,
    alongRow,
    alongColumn,
    slope: need('00281053', 'RescaleSlope', 1)[0]!,
    intercept: need('00281052', 'RescaleIntercept', 1)[0]!,
    thickness: number(find('00180050') ?? {}, '00180050'),
  };
}

const toPoint = (v: Float64Array): Point => [v[0]!, v[1]!, v[2]!];
export const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/**
 * What one file is, from as few of its bytes as tell it: of an image the elements before its pixels, of structures, plans, doses and
 * registrations all. Nothing here refuses a file: what is wrong with it is part of what it is.
 */
import { isRespineError } from '../../core/errors.js';
import {
  type DicomFile,
  type Elements,
  isDicom,
  number,
  numbers,
  readHeader,
  sopClassOf,
  text,
  texts,
} from './dataset.js';
import {
  inspectDose,
  inspectPlan,
  inspectRegistration,
  inspectStructures,
  type RtObject,
  storage,
} from './inspect-rt.js';

/** Of whom and of which study an object is. */
export interface ObjectIdentity {
  readonly patientId: string;
  readonly patientName: string;
  readonly studyUid: string;
  readonly studyDescription: string;
  readonly instanceUid: string;
}

/** The header of an image. */
export interface ImageHead extends ObjectIdentity {
  readonly is: 'image';
  readonly file: string;
  readonly seriesUid: string;
  readonly seriesDescription: string;
  readonly modality: string;
  readonly frame: string | undefined;
  readonly isLocalizer: boolean;
  readonly frames: number;
  readonly rows: number | undefined;
  readonly columns: number | undefined;
  /** Between rows, between columns, mm. */
  readonly pixel: readonly [number, number] | undefined;
  /** Cosines of a row, then of a column. */
  readonly cosines: readonly number[] | undefined;
  /** Centre of the first pixel, LPS, mm. */
  readonly place: readonly number[] | undefined;
  readonly thickness: number | undefined;
  readonly slope: number | undefined;
  readonly intercept: number | undefined;
  readonly patientPosition: string | undefined;
  readonly transferSyntax: string;
  /** What is wrong with this file alone. */
  readonly problem: string | undefined;
}

/** A file that is neither an image nor of radiotherapy, or that cannot be read. */
export type ForeignFile =
  | { readonly is: 'other'; readonly file: string; readonly what: string }
  | { readonly is: 'broken'; readonly file: string; readonly problem: string };

export type InspectedFile = ImageHead | (RtObject & ObjectIdentity) | ForeignFile;

/** What more a file must show before it can be told what it is. */
export type MoreNeeded = 'longer head' | 'whole';

/** Images by what others call them; PS3.6 annex A. */
const IMAGES: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.2': 'CT',
  '1.2.840.10008.5.1.4.1.1.2.1': 'enhanced CT',
  '1.2.840.10008.5.1.4.1.1.4': 'MR',
  '1.2.840.10008.5.1.4.1.1.4.1': 'enhanced MR',
  '1.2.840.10008.5.1.4.1.1.128': 'PET',
  '1.2.840.10008.5.1.4.1.1.130': 'enhanced PET',
};
const OTHERS: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.3.10': 'DICOMDIR (the index of a medium, which is not needed)',
  '1.2.840.10008.5.1.4.1.1.7': 'secondary captures (screenshots)',
  '1.2.840.10008.5.1.4.1.1.481.1': 'RT images',
  '1.2.840.10008.5.1.4.1.1.481.4': 'RT treatment records',
  '1.2.840.10008.5.1.4.1.1.66.3': 'deformable registrations',
  '1.2.840.10008.5.1.4.1.1.66.4': 'DICOM segmentations',
  '1.2.840.10008.5.1.4.1.1.104.1': 'PDF documents',
};

/**
 * @param size bytes of the whole file, of which `file` may hold the first ones only
 */
export async function inspectFile(file: DicomFile, size: number): Promise<InspectedFile | MoreNeeded> {
  const { name } = file;
  if (size === 0) return { is: 'broken', file: name, problem: 'is empty (0 bytes)' };
  if (!isDicom(file)) return { is: 'other', file: name, what: `${endOf(name)} files that are not DICOM` };
  const isWhole = file.bytes.length >= size;
  const sopClass = sopClassOf(file);
  if (sopClass === undefined && !isWhole) return 'longer head';
  const isTreatment = sopClass !== undefined && Object.values(storage).flat().includes(sopClass);
  if (isTreatment && !isWhole) return 'whole';
  try {
    const { elements, transferSyntax } = readHeader(file);
    const identity = identityOf(elements);
    if (isTreatment) return { ...(await treatment(file, sopClass, elements)), ...identity };
    const image = IMAGES[sopClass ?? ''];
    if (image === undefined)
      return { is: 'other', file: name, what: OTHERS[sopClass ?? ''] ?? kindOf(sopClass, elements) };
    if (!isWhole && elements['7FE00010'] === undefined) return 'longer head';
    return imageOf(name, { elements, transferSyntax, size, image, begin: pixelsBegin(file, elements) }, identity);
  } catch (cause) {
    if (!isRespineError(cause)) throw cause;
    return isWhole ? { is: 'broken', file: name, problem: withoutName(cause.message, name) } : 'longer head';
  }
}

/** A message's sentence without the file's name before it. */
export const withoutName = (message: string, name: string): string =>
  message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;

function treatment(file: DicomFile, sopClass: string, elements: Elements): Promise<RtObject> | RtObject {
  if (storage.structures.includes(sopClass)) return inspectStructures(file, elements);
  if (storage.plan.includes(sopClass)) return inspectPlan(file, elements);
  if (storage.dose.includes(sopClass)) return inspectDose(file, elements);
  return inspectRegistration(file, elements);
}

/** Text that may be in a character set that is not read. */
function textOr(elements: Elements, tag: string, otherwise = ''): string {
  try {
    return text(elements, tag) ?? otherwise;
  } catch (cause) {
    if (!isRespineError(cause)) throw cause;
    return otherwise;
  }
}

const identityOf = (elements: Elements): ObjectIdentity => ({
  patientId: textOr(elements, '00100020'),
  patientName: textOr(elements, '00100010'),
  studyUid: textOr(elements, '0020000D'),
  studyDescription: textOr(elements, '00081030'),
  instanceUid: textOr(elements, '00080018'),
});

const kindOf = (sopClass: string | undefined, elements: Elements): string =>
  `DICOM objects of ${textOr(elements, '00080060', 'no modality')}, SOP class ${sopClass ?? 'none'}`;

const endOf = (name: string): string => /\.[a-z0-9]{1,8}$/i.exec(name)?.[0].toLowerCase() ?? 'nameless';

interface ImageBytes {
  readonly elements: Elements;
  readonly transferSyntax: string;
  readonly size: number;
  readonly image: string;
  /** Where the pixels begin, bytes from the beginning of the file. */
  readonly begin: number;
}

/** 0 where the elements are of a copy of the bytes. */
function pixelsBegin({ bytes }: DicomFile, elements: Elements): number {
  const value = elements['7FE00010']?.value;
  return value?.buffer === bytes.buffer ? value.byteOffset - bytes.byteOffset : 0;
}

function imageOf(
  file: string,
  { elements, transferSyntax, size, image, begin }: ImageBytes,
  identity: ObjectIdentity,
): ImageHead {
  const several = (tag: string, count: number): number[] | undefined => {
    const values = [...numbers(elements, tag)];
    return values.length === count && values.every(Number.isFinite) ? values : undefined;
  };
  const [rows, columns] = [number(elements, '00280010'), number(elements, '00280011')];
  const frames = number(elements, '00280008') ?? 1;
  const [between, along] = several('00280030', 2) ?? [];
  const bytes = (frames * (rows ?? 0) * (columns ?? 0) * (number(elements, '00280100') ?? 0)) / 8;
  const isNative = /^1\.2\.840\.10008\.1\.2(\.[12])?$/.test(transferSyntax);
  const problem =
    elements['7FE00010'] === undefined
      ? 'has no pixels'
      : isNative && size < begin + bytes
        ? `is cut off after ${size} of ${begin + bytes} bytes`
        : undefined;
  return {
    ...identity,
    is: 'image',
    file,
    seriesUid: textOr(elements, '0020000E'),
    seriesDescription: textOr(elements, '0008103E'),
    modality: textOr(elements, '00080060', image),
    frame: textOr(elements, '00200052') || undefined,
    isLocalizer: texts(elements, '00080008').includes('LOCALIZER'),
    frames,
    rows,
    columns,
    pixel: between !== undefined && between > 0 && along! > 0 ? [between, along!] : undefined,
    cosines: several('00200037', 6),
    place: several('00200032', 3),
    thickness: number(elements, '00180050'),
    slope: number(elements, '00281053'),
    intercept: number(elements, '00281052'),
    patientPosition: textOr(elements, '00185100') || undefined,
    transferSyntax,
    problem,
  };
}

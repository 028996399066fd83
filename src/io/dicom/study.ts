/**
 * Whose study an object belongs to: the identifiers that written objects carry over from what was read, or that they are given.
 *
 * Patient, study and frame of reference stay those of the CT, so that a dose loads beside the original images; series and instances
 * are new.
 */
import type { DicomStudy } from '../../geometry/patient.js';
import { type DicomFile, type Elements, isDicom, numbers, readIdentity, text, texts } from './dataset.js';
import type { Written } from './element-writer.js';

/** What an object says of its patient and study, by tag, and how it is written. All but the last four may be empty, not absent. */
const ATTRIBUTES: readonly (readonly [tag: number, vr: string, isOptional?: true])[] = [
  [0x00080020, 'DA'],
  [0x00080030, 'TM'],
  [0x00080050, 'SH'],
  [0x00080090, 'PN'],
  [0x00100010, 'PN'],
  [0x00100020, 'LO'],
  [0x00100030, 'DA'],
  [0x00100040, 'CS'],
  [0x00200010, 'SH'],
  [0x00081030, 'LO', true],
  [0x00100021, 'LO', true],
  [0x00120062, 'CS', true],
  [0x00120063, 'LO', true],
];

const keyOf = (tag: number): string => tag.toString(16).padStart(8, '0').toUpperCase();

/** The elements of patient and study. */
export function studyElements({ attributes, studyUid }: DicomStudy): Written[] {
  const said = ATTRIBUTES.flatMap(([tag, vr, isOptional]): Written[] => {
    const value = attributes[keyOf(tag)];
    return value === undefined && isOptional ? [] : [[tag, vr, value ?? '']];
  });
  return [...said, [0x0020000d, 'UI', studyUid]];
}

/** The study of any object, as an RTDOSE; undefined where it does not tell its study or frame of reference. */
export function studyOf(elements: Elements): DicomStudy | undefined {
  const [studyUid, frameOfReferenceUid] = [text(elements, '0020000D'), text(elements, '00200052')];
  if (studyUid === undefined || frameOfReferenceUid === undefined) return undefined;
  const attributes: Record<string, string> = {};
  for (const [tag] of ATTRIBUTES) {
    const key = keyOf(tag);
    if (elements[key] !== undefined) attributes[key] = texts(elements, key).join('\\');
  }
  return { attributes, studyUid, frameOfReferenceUid };
}

/**
 * The study of a CT with all its images; undefined where no image tells it.
 *
 * @param files what the CT was read from, among others
 */
export function studyOfCt(
  files: readonly DicomFile[],
  { seriesUid, frameOfReferenceUid }: { readonly seriesUid: string; readonly frameOfReferenceUid: string },
  structureSet?: DicomFile,
): DicomStudy | undefined {
  let study: DicomStudy | undefined;
  const images: { uid: string; sopClass: string; z: number }[] = [];
  for (const file of files) {
    const elements = isDicom(file) ? headerOf(file) : undefined;
    if (elements === undefined || text(elements, '0020000E') !== seriesUid) continue;
    if (text(elements, '00200052') !== frameOfReferenceUid) continue;
    const [uid, sopClass] = [text(elements, '00080018'), text(elements, '00080016')];
    const z = numbers(elements, '00200032')[2];
    // Of two copies of a slice the first counts, as for the CT.
    if (uid === undefined || sopClass === undefined || images.some((image) => image.uid === uid)) continue;
    study ??= studyOf(elements);
    if (z !== undefined && Number.isFinite(z)) images.push({ uid, sopClass, z });
  }
  if (study === undefined) return undefined;
  images.sort((a, b) => a.z - b.z);
  const structureSetUid = structureSet && text(headerOf(structureSet) ?? {}, '00080018');
  return { ...study, ct: { seriesUid, images }, ...(structureSetUid !== undefined && { structureSetUid }) };
}

/** What cannot be read was told of, or passed over, by who reads the CT. */
function headerOf(file: DicomFile): Elements | undefined {
  try {
    return readIdentity(file).elements;
  } catch {
    return undefined;
  }
}

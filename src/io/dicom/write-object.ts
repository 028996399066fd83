/**
 * What every object that respine writes has in common: patient and study, a series of its own, the equipment, the frame of reference,
 * a label that says what it is not for, and UIDs that are a hash of everything else it says.
 */
import type { DicomStudy } from '../../geometry/patient.js';
import type { DicomFile } from './dataset.js';
import { contentOf, encodeDicom, type Written } from './element-writer.js';
import { studyElements } from './study.js';
import { uidOf } from './uid.js';

/** Stands in the series description and in a comment of every object. */
export const RESEARCH_LABEL = 'RESEARCH ONLY - NOT FOR CLINICAL USE';

/** A written object: its file, and what others refer to it by. */
export interface WrittenObject {
  readonly file: DicomFile;
  readonly sopClass: string;
  readonly uid: string;
}

/** How objects are told apart. */
export interface ObjectKind {
  /** Of the file. */
  readonly name: string;
  readonly sopClass: string;
  /** `RTDOSE`, ... */
  readonly modality: string;
  /** A few words, as `dose imrt`. */
  readonly description: string;
}

/** What the writer says of itself. */
export interface WrittenBy {
  /** Version of the software; absent where it is not known. */
  readonly version?: string | undefined;
}

/** @param elements those of the object itself; the same ones always give the same UIDs */
export function writeObject(
  { name, sopClass, modality, description }: ObjectKind,
  study: DicomStudy,
  elements: readonly Written[],
  by: WrittenBy = {},
): WrittenObject {
  const all: Written[] = [...commonElements(study, sopClass, modality, description, by), ...elements];
  const uid = uidOf('instance', contentOf(all));
  const series = uidOf('series', uid);
  const bytes = encodeDicom(sopClass, uid, [...all, [0x00080018, 'UI', uid], [0x0020000e, 'UI', series]]);
  return { file: { name, bytes }, sopClass, uid };
}

/** All but the UIDs of series and instance. */
export function commonElements(
  study: DicomStudy,
  sopClass: string,
  modality: string,
  description: string,
  { version }: WrittenBy,
): Written[] {
  return [
    ...studyElements(study),
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080016, 'UI', sopClass],
    [0x00080060, 'CS', modality],
    [0x00080070, 'LO', 'respine'],
    [0x0008103e, 'LO', longText(`${description}; ${RESEARCH_LABEL}`)],
    [0x00081090, 'LO', 'respine'],
    ...(version === undefined ? [] : [[0x00181020, 'LO', longText(version)] as const]),
    [0x00200011, 'IS', '1'],
    [0x00200052, 'UI', study.frameOfReferenceUid],
    [0x00201040, 'LO', ''],
  ];
}

/** What a value of the representation LO may be: 64 characters, without the one that separates values. */
export const longText = (text: string): string => plain(text).slice(0, 64).trim();

/** The same of SH: 16 characters. */
export const shortText = (text: string): string => plain(text).slice(0, 16).trim();

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a text must not hold
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f]/g, ' ').replaceAll('\\', '/');

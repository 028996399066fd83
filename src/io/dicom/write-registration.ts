/**
 * A rigid transform between two frames of reference as Spatial Registration.
 *
 * Both frames are listed, the registered one with the identity, as most systems write it and expect it.
 *
 * @see DICOM PS3.3 A.39.1, C.20.2
 */
import type { DicomStudy } from '../../geometry/patient.js';
import { identityTransform, type RigidTransform } from '../../geometry/rigid-transform.js';
import { decimals, type Written } from './element-writer.js';
import { registrationStorage } from './registration.js';
import { longText, RESEARCH_LABEL, type WrittenBy, type WrittenObject, writeObject } from './write-object.js';

/** A transform with the frame that it leaves. */
export interface FrameTransform {
  /** Of the file. @default 'REG.dcm' */
  readonly name?: string;
  /** A few words, as `prior to plan`. @default 'registration' */
  readonly description?: string;
  /** Frame of reference that is taken into that of the study. */
  readonly sourceUid: string;
  readonly studyFromSource: RigidTransform;
}

/** ContentDate must not be empty; where the study has no date this stands for none. */
const NO_DATE = '19000101';

/** @param study its frame of reference is the registered one */
export function writeRegistration(
  { name = 'REG.dcm', description = 'registration', sourceUid, studyFromSource }: FrameTransform,
  study: DicomStudy,
  by: WrittenBy = {},
): WrittenObject {
  const elements: Written[] = [
    [0x00080023, 'DA', study.attributes['00080020'] || NO_DATE],
    [0x00080033, 'TM', study.attributes['00080030'] || '000000'],
    [0x00200013, 'IS', '1'],
    [0x00200060, 'CS', ''],
    [0x00700080, 'CS', 'RESEARCH_ONLY'],
    [0x00700081, 'LO', longText(`${description}; ${RESEARCH_LABEL}`)],
    [0x00700084, 'PN', ''],
    [
      0x00700308,
      'SQ',
      [frameItem(study.frameOfReferenceUid, identityTransform), frameItem(sourceUid, studyFromSource)],
    ],
  ];
  const kind = { name, sopClass: registrationStorage, modality: 'REG', description };
  return writeObject(kind, study, elements, by);
}

function frameItem(uid: string, { rotation: r, translation: t }: RigidTransform): Written[] {
  const rows = [0, 1, 2].flatMap((row) => [...r.slice(3 * row, 3 * row + 3), t[row]!]);
  const matrix: Written[] = [
    [0x0070030c, 'CS', 'RIGID'],
    [0x300600c6, 'DS', decimals([...rows, 0, 0, 0, 1])],
  ];
  const registration: Written[] = [
    [0x0070030a, 'SQ', [matrix]],
    [0x0070030d, 'SQ', []],
  ];
  return [
    [0x00200052, 'UI', uid],
    [0x00700309, 'SQ', [registration]],
  ];
}

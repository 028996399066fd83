/**
 * A dose as RT Dose: total over its course, in the patient frame, on its own grid.
 *
 *     stored = round(dose / DoseGridScaling)         DoseGridScaling = largest dose / (2^32 - 1), or / (2^16 - 1), rounded up
 *
 * so that a value is off by at most half a step, 1.2e-10 of the largest dose (16 bits: 8e-6). A physical dose has DoseType PHYSICAL.
 * EQD2 and BED are EFFECTIVE, and the comment says which one, by what alpha/beta and against which fractions: `readRtDose` takes that
 * word of respine's own files, and refuses an EFFECTIVE dose that does not say what it is.
 *
 * @see DICOM PS3.3 A.18.3, C.8.8.3
 */
import { InvalidInputError } from '../../core/errors.js';
import { coordinateAt, describePlace } from '../../geometry/grid.js';
import type { DicomStudy } from '../../geometry/patient.js';
import type { DoseMeaning, DoseVolume } from '../../geometry/volume.js';
import { effectComment, effectStatement } from './effect-comment.js';
import { decimal, decimals, type Written } from './element-writer.js';
import { longText, RESEARCH_LABEL, type WrittenBy, type WrittenObject, writeObject } from './write-object.js';

export const doseStorage = '1.2.840.10008.5.1.4.1.1.481.2';
export const planStorage = '1.2.840.10008.5.1.4.1.1.481.5';

/** What a dose file says besides its dose. */
export interface DoseFileOptions extends WrittenBy {
  /** Of the file. @default 'RD.dcm' */
  readonly name?: string;
  /** A few words, as `dose imrt`. @default 'dose' */
  readonly description?: string;
  /** SOP instances of the plans that it is the dose of: one, or those of all courses that it is the sum of. */
  readonly planUids: readonly string[];
  /** Of a stored value. @default 32 */
  readonly bits?: 16 | 32 | undefined;
}

/**
 * @param dose finite and >= 0 everywhere
 * @throws {InvalidInputError} for a value that is unknown (NaN), infinite or negative, with its place
 */
export function writeDose(dose: DoseVolume, study: DicomStudy, options: DoseFileOptions): WrittenObject {
  const { name = 'RD.dcm', description = 'dose', planUids, bits = 32 } = options;
  const { grid } = dose;
  const [nz, ny, nx] = grid.shape;
  const { text: scaling, pixels } = storedDose(dose, bits);
  const elements: Written[] = [
    [0x00180050, 'DS', decimal(grid.spacing[2])],
    [0x00200013, 'IS', '1'],
    [0x00200032, 'DS', decimals(grid.origin)],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00204000, 'LT', `${effectStatement(dose)} ${RESEARCH_LABEL}.`],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280008, 'IS', String(nz)],
    // GridFrameOffsetVector tells the place of each frame.
    [0x00280009, 'AT', [0x3004, 0x000c]],
    [0x00280010, 'US', [ny]],
    [0x00280011, 'US', [nx]],
    [0x00280030, 'DS', decimals([grid.spacing[1], grid.spacing[0]])],
    [0x00280100, 'US', [bits]],
    [0x00280101, 'US', [bits]],
    [0x00280102, 'US', [bits - 1]],
    [0x00280103, 'US', [0]],
    [0x00081070, 'PN', ''],
    [0x30040002, 'CS', 'GY'],
    [0x30040004, 'CS', dose.quantity === 'physical' ? 'PHYSICAL' : 'EFFECTIVE'],
    [0x30040006, 'LO', longText(effectComment(dose))],
    [0x3004000a, 'CS', planUids.length > 1 ? 'MULTI_PLAN' : 'PLAN'],
    [0x3004000c, 'DS', decimals(Array.from({ length: nz }, (_, k) => coordinateAt(grid, 2, k) - grid.origin[2]))],
    [0x3004000e, 'DS', scaling],
    [0x30040014, 'CS', 'IMAGE'],
    [
      0x300c0002,
      'SQ',
      planUids.map((uid): Written[] => [
        [0x00081150, 'UI', planStorage],
        [0x00081155, 'UI', uid],
      ]),
    ],
    [0x7fe00010, 'OW', pixels],
  ];
  const kind = { name, sopClass: doseStorage, modality: 'RTDOSE', description };
  return writeObject(kind, study, elements, options);
}

/** Whole numbers and what one stands for, as it is written. */
function storedDose(dose: DoseVolume, bits: 16 | 32): { readonly text: string; readonly pixels: Uint8Array } {
  const { data, grid } = dose;
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!(value >= 0 && value < Infinity)) throw unwritable(dose, describePlace(grid, i), value);
    if (value > largest) largest = value;
  }
  const highest = 2 ** bits - 1;
  const text = largest === 0 ? '1' : roundedUp(largest / highest);
  const scaling = Number(text);
  const pixels = new Uint8Array((data.length * bits) / 8);
  const view = new DataView(pixels.buffer);
  for (let i = 0; i < data.length; i++) {
    const stored = Math.min(highest, Math.round(data[i]! / scaling));
    if (bits === 32) view.setUint32(4 * i, stored, true);
    else view.setUint16(2 * i, stored, true);
  }
  return { text, pixels };
}

function unwritable({ quantity }: DoseMeaning, place: string, value: number): InvalidInputError {
  return new InvalidInputError(
    Number.isNaN(value)
      ? `RT dose: the ${quantity} dose is unknown at ${place}, but the file has a number for every voxel. Say what is beyond each course's grid (beyond: "zero"), or give a dose that covers it.`
      : `RT dose: the ${quantity} dose is ${value} Gy at ${place}, but must be finite and >= 0. Give a dose, no difference of doses.`,
  );
}

/** The next larger number that a DS can say, in sixteen characters: eleven digits, unless the exponent has three. */
function roundedUp(value: number): string {
  for (let digits = 10; ; digits--) {
    const text = (value * (1 + 10 ** -digits)).toExponential(digits).replace('e+', 'e');
    if (text.length <= 16) return text;
  }
}

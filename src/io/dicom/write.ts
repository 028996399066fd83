/**
 * A CT series as DICOM files.
 *
 * One file per slice, int16 with slope 1 and intercept 0, axial, explicit little endian. UIDs derive from the content:
 * the same volume is always the same series. Dates and times stay empty, as there was no scanner.
 */

import { InvalidInputError } from '../../core/errors.js';
import { coordinateAt, type Grid } from '../../geometry/grid.js';
import type { DicomStudy } from '../../geometry/patient.js';
import type { Volume } from '../../geometry/volume.js';
import type { DicomFile } from './dataset.js';
import { decimal, decimals, encodeDicom, type Written } from './element-writer.js';
import { uidOf } from './uid.js';
import { commonElements, RESEARCH_LABEL } from './write-object.js';

export { writeStructureSet } from './write-structure-set.js';

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';

export interface DicomIdentity {
  /** `FAMILY^GIVEN`. */
  readonly patientName: string;
  readonly patientId: string;
  /** @default 'HFS' */
  readonly position?: string;
  /** A few words. @default 'CT' */
  readonly seriesDescription?: string;
  /** Of the software that writes. */
  readonly version?: string | undefined;
}

/** A study with its CT, and the lattice of that. */
export interface CtReference extends DicomStudy {
  readonly ct: NonNullable<DicomStudy['ct']>;
  readonly grid: Grid;
}

/** The study, with all its UIDs, as which {@link writeCt} writes a volume. */
export function ctReference(hounsfield: Volume<'hounsfield'>, identity: DicomIdentity): CtReference {
  const { grid, data } = hounsfield;
  const content = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const seriesUid = uidOf('series', JSON.stringify([identity, grid, RESEARCH_LABEL]), content);
  const images = Array.from({ length: grid.shape[0] }, (_, k) => ({
    uid: uidOf('slice', seriesUid, String(k)),
    sopClass: ctImageStorage,
    z: coordinateAt(grid, 2, k),
  }));
  return {
    attributes: { '00100010': identity.patientName, '00100020': identity.patientId },
    studyUid: uidOf('study', seriesUid),
    frameOfReferenceUid: uidOf('frame', seriesUid),
    ct: { seriesUid, images },
    grid,
  };
}

/**
 * CT Image Storage, one file per slice, `CT_001.dcm` lowest in z.
 *
 * @param hounsfield rounded to whole HU, which must lie in -32768..32767
 * @throws {InvalidInputError} for a HU beyond that range or not finite
 */
export function writeCt(hounsfield: Volume<'hounsfield'>, identity: DicomIdentity): DicomFile[] {
  checkStorable(hounsfield);
  const reference = ctReference(hounsfield, identity);
  const [nz, ny, nx] = hounsfield.grid.shape;
  const [sx, sy, sz] = hounsfield.grid.spacing;
  const [ox, oy] = hounsfield.grid.origin;
  return Array.from({ length: nz }, (_, k) => {
    const { uid, z } = reference.ct.images[k]!;
    const elements: Written[] = [
      ...commonElements(reference, ctImageStorage, 'CT', identity.seriesDescription ?? 'CT', identity),
      [0x00080018, 'UI', uid],
      [0x0020000e, 'UI', reference.ct.seriesUid],
      [0x00080008, 'CS', 'DERIVED\\SECONDARY\\AXIAL'],
      [0x00180050, 'DS', decimal(sz)],
      [0x00180060, 'DS', ''],
      [0x00185100, 'CS', identity.position ?? 'HFS'],
      [0x00200012, 'IS', ''],
      [0x00200013, 'IS', String(k + 1)],
      [0x00200032, 'DS', decimals([ox, oy, z])],
      [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
      // Asked of every series whose body part may be paired; there is no side to it.
      [0x00200060, 'CS', ''],
      [0x00204000, 'LT', `A computed image. ${RESEARCH_LABEL}.`],
      [0x00280002, 'US', [1]],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x00280010, 'US', [ny]],
      [0x00280011, 'US', [nx]],
      [0x00280030, 'DS', decimals([sy, sx])],
      [0x00280100, 'US', [16]],
      [0x00280101, 'US', [16]],
      [0x00280102, 'US', [15]],
      [0x00280103, 'US', [1]],
      [0x00281052, 'DS', '0'],
      [0x00281053, 'DS', '1'],
      [0x00281054, 'LO', 'HU'],
      [0x7fe00010, 'OW', storedSlice(hounsfield, k)],
    ];
    return { name: `CT_${String(k + 1).padStart(3, '0')}.dcm`, bytes: encodeDicom(ctImageStorage, uid, elements) };
  });
}

/** @throws {InvalidInputError} for a HU that is not finite or does not fit in 16 bits, with its voxel */
export function checkStorable({ data }: Volume<'hounsfield'>): void {
  for (let i = 0; i < data.length; i++) {
    const value = Math.round(data[i]!);
    if (value >= -32768 && value <= 32767) continue;
    throw new InvalidInputError(
      `write CT: voxel ${i} is ${data[i]} HU, but DICOM holds -32768 to 32767. Clip it first.`,
    );
  }
}

function storedSlice({ grid, data }: Volume<'hounsfield'>, k: number): Uint8Array {
  const area = grid.shape[1] * grid.shape[2];
  const bytes = new Uint8Array(2 * area);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < area; i++) view.setInt16(2 * i, Math.round(data[k * area + i]!), true);
  return bytes;
}

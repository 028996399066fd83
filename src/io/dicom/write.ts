/**
 * A CT series and its structure set as DICOM files.
 *
 * One file per slice, int16 with slope 1 and intercept 0, axial, explicit little endian. UIDs derive from the content:
 * the same volume is always the same series. Dates and times stay empty, as there was no scanner.
 */

import { InvalidInputError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import { contoursOfStructure } from '../../geometry/contour-trace.js';
import { coordinateAt, type Grid } from '../../geometry/grid.js';
import type { Contours, Structure } from '../../geometry/structure.js';
import type { Volume } from '../../geometry/volume.js';
import type { DicomFile } from './dataset.js';
import { decimal, decimals, encodeDicom, type Written } from './element-writer.js';
import { uidOf } from './uid.js';

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const structureSetStorage = '1.2.840.10008.5.1.4.1.1.481.3';

export interface DicomIdentity {
  /** `FAMILY^GIVEN`. */
  readonly patientName: string;
  readonly patientId: string;
  /** @default 'HFS' */
  readonly position?: string;
  /** @default 'respine' */
  readonly seriesDescription?: string;
}

/** What other objects refer to a CT series by. */
export interface CtReference {
  readonly identity: DicomIdentity;
  readonly grid: Grid;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  /** SOP instance UID of every slice, by rising z. */
  readonly sliceUids: readonly string[];
}

/** The UIDs under which {@link writeCt} writes a volume. */
export function ctReference(hounsfield: Volume<'hounsfield'>, identity: DicomIdentity): CtReference {
  const { grid, data } = hounsfield;
  const content = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const who = [identity.patientName, identity.patientId, identity.position ?? 'HFS', JSON.stringify(grid)];
  const seriesUid = uidOf('series', ...who, content);
  return {
    identity,
    grid,
    seriesUid,
    studyUid: uidOf('study', seriesUid),
    frameOfReferenceUid: uidOf('frame', seriesUid),
    sliceUids: Array.from({ length: grid.shape[0] }, (_, k) => uidOf('slice', seriesUid, String(k))),
  };
}

/**
 * CT Image Storage, one file per slice, `CT_001.dcm` lowest in z.
 *
 * @param hounsfield rounded to whole HU, which must lie in -32768..32767
 * @throws {InvalidInputError} for a HU beyond that range or not finite
 */
export function writeCt(hounsfield: Volume<'hounsfield'>, identity: DicomIdentity): DicomFile[] {
  const reference = ctReference(hounsfield, identity);
  const [nz, ny, nx] = hounsfield.grid.shape;
  const [sx, sy, sz] = hounsfield.grid.spacing;
  const [ox, oy, oz] = hounsfield.grid.origin;
  return Array.from({ length: nz }, (_, k) => {
    const uid = reference.sliceUids[k]!;
    const elements: Written[] = [
      ...commonElements(reference, ctImageStorage, uid, 'CT', reference.seriesUid),
      [0x00080008, 'CS', 'DERIVED\\SECONDARY\\AXIAL'],
      [0x00180050, 'DS', decimal(sz)],
      [0x00180060, 'DS', ''],
      [0x00185100, 'CS', identity.position ?? 'HFS'],
      [0x00200012, 'IS', ''],
      [0x00200013, 'IS', String(k + 1)],
      [0x00200032, 'DS', decimals([ox, oy, oz + k * sz])],
      [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
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

function storedSlice({ grid, data }: Volume<'hounsfield'>, k: number): Uint8Array {
  const area = grid.shape[1] * grid.shape[2];
  const bytes = new Uint8Array(2 * area);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < area; i++) {
    const value = Math.round(data[k * area + i]!);
    if (!(value >= -32768 && value <= 32767)) {
      throw new InvalidInputError(
        `write CT: voxel ${k * area + i} is ${data[k * area + i]} HU, but DICOM holds -32768 to 32767. Clip it first.`,
      );
    }
    view.setInt16(2 * i, value, true);
  }
  return bytes;
}

/**
 * RT Structure Set Storage with the contours on the slices of its CT.
 *
 * Solids are traced at half a pixel; contours that lie on the slices are kept. Coordinates to 0.0001 mm.
 *
 * @param structures those that meet no slice are written without contours
 * @param reference of the CT, see {@link ctReference}
 */
export function writeStructureSet(structures: readonly Structure[], reference: CtReference): DicomFile {
  const drawn = structures.map((structure) => contoursOfStructure(structure, reference.grid));
  const content = drawn.map((contours) =>
    contours?.planes.map((p) => [p.z, ...p.polygons.map((q) => q.join())].join()).join(';'),
  );
  const label = structures.map((s) => `${s.name}/${s.role}/${s.color?.join() ?? ''}`).join('|');
  const uid = uidOf('structures', reference.seriesUid, label, content.join('|'));
  const elements: Written[] = [
    ...commonElements(reference, structureSetStorage, uid, 'RTSTRUCT', uidOf('series', uid)),
    [0x00081070, 'PN', ''],
    [0x30060002, 'SH', 'respine'],
    [0x30060008, 'DA', ''],
    [0x30060009, 'TM', ''],
    [0x30060010, 'SQ', [referencedFrame(reference)]],
    [
      0x30060020,
      'SQ',
      structures.map((structure, i): Written[] => [
        [0x30060022, 'IS', String(i + 1)],
        [0x30060024, 'UI', reference.frameOfReferenceUid],
        [0x30060026, 'LO', structure.name],
        [0x30060036, 'CS', ''],
      ]),
    ],
    [0x30060039, 'SQ', structures.map((structure, i) => roiContours(structure, i + 1, drawn[i], reference))],
    [
      0x30060080,
      'SQ',
      structures.map((structure, i): Written[] => [
        [0x30060082, 'IS', String(i + 1)],
        [0x30060084, 'IS', String(i + 1)],
        [0x300600a4, 'CS', interpretedType(structure)],
        [0x300600a6, 'PN', ''],
      ]),
    ],
  ];
  return { name: 'RS.dcm', bytes: encodeDicom(structureSetStorage, uid, elements) };
}

function referencedFrame(reference: CtReference): Written[] {
  const images = reference.sliceUids.map((uid): Written[] => [
    [0x00081150, 'UI', ctImageStorage],
    [0x00081155, 'UI', uid],
  ]);
  const series: Written[] = [
    [0x0020000e, 'UI', reference.seriesUid],
    [0x30060016, 'SQ', images],
  ];
  const study: Written[] = [
    [0x00081150, 'UI', '1.2.840.10008.3.1.2.3.1'],
    [0x00081155, 'UI', reference.studyUid],
    [0x30060014, 'SQ', [series]],
  ];
  return [
    [0x00200052, 'UI', reference.frameOfReferenceUid],
    [0x30060012, 'SQ', [study]],
  ];
}

function roiContours(
  structure: Structure,
  roi: number,
  contours: Contours | undefined,
  reference: CtReference,
): Written[] {
  const { grid, sliceUids } = reference;
  const drawn = (contours?.planes ?? []).flatMap((plane) => {
    const k = Math.round((plane.z - grid.origin[2]) / grid.spacing[2]);
    const z = decimal(toDecimals(coordinateAt(grid, 2, k), 4));
    const image: Written[] = [
      [0x00081150, 'UI', ctImageStorage],
      [0x00081155, 'UI', sliceUids[k]!],
    ];
    return plane.polygons.map((polygon): Written[] => {
      const coordinates: string[] = [];
      for (let i = 0; i < polygon.length; i += 2) {
        coordinates.push(decimal(toDecimals(polygon[i]!, 4)), decimal(toDecimals(polygon[i + 1]!, 4)), z);
      }
      return [
        [0x30060016, 'SQ', [image]],
        [0x30060042, 'CS', 'CLOSED_PLANAR'],
        [0x30060046, 'IS', String(polygon.length / 2)],
        [0x30060050, 'DS', coordinates.join('\\')],
      ];
    });
  });
  const item: Written[] = [[0x30060084, 'IS', String(roi)]];
  if (structure.color) item.push([0x3006002a, 'IS', structure.color.map(Math.round).join('\\')]);
  if (drawn.length > 0) item.push([0x30060040, 'SQ', drawn]);
  return item;
}

/** DICOM has no plain "target": one whose name says no more is written as a PTV. */
function interpretedType({ name, role }: Structure): string {
  if (role === 'target') return /^(GTV|CTV|PTV)/i.exec(name)?.[1]?.toUpperCase() ?? 'PTV';
  return { organ: 'ORGAN', external: 'EXTERNAL', bolus: 'BOLUS', support: 'SUPPORT' }[role];
}

/** Patient, study, series, equipment and frame of reference. */
function commonElements(
  reference: CtReference,
  sopClass: string,
  sopInstance: string,
  modality: string,
  seriesUid: string,
): Written[] {
  const { identity } = reference;
  return [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080016, 'UI', sopClass],
    [0x00080018, 'UI', sopInstance],
    [0x00080020, 'DA', ''],
    [0x00080030, 'TM', ''],
    [0x00080050, 'SH', ''],
    [0x00080060, 'CS', modality],
    [0x00080070, 'LO', 'respine'],
    [0x00080090, 'PN', ''],
    [0x0008103e, 'LO', identity.seriesDescription ?? 'respine'],
    [0x00100010, 'PN', identity.patientName],
    [0x00100020, 'LO', identity.patientId],
    [0x00100030, 'DA', ''],
    [0x00100040, 'CS', ''],
    [0x0020000d, 'UI', reference.studyUid],
    [0x0020000e, 'UI', seriesUid],
    [0x00200010, 'SH', ''],
    [0x00200011, 'IS', '1'],
    [0x00200052, 'UI', reference.frameOfReferenceUid],
    [0x00201040, 'LO', ''],
  ];
}

/**
 * Structures as an RT Structure Set: contours on the slices of their CT, each with the image that it lies on.
 *
 * Solids are traced at half a pixel; contours that lie on the slices are kept. Coordinates to 0.0001 mm.
 *
 * @see DICOM PS3.3 A.19.3, C.8.8.5, C.8.8.6, C.8.8.8
 */
import { toDecimals } from '../../core/rounding.js';
import { contoursVolume } from '../../geometry/contour.js';
import { contoursOfStructure } from '../../geometry/contour-trace.js';
import type { Grid } from '../../geometry/grid.js';
import type { DicomStudy } from '../../geometry/patient.js';
import type { Contours, Structure } from '../../geometry/structure.js';
import type { DicomFile } from './dataset.js';
import { decimal, type Written } from './element-writer.js';
import { structureSetStorage } from './structure-set.js';
import {
  longText,
  RESEARCH_LABEL,
  shortText,
  type WrittenBy,
  type WrittenObject,
  writeObject,
} from './write-object.js';

/** What a structure set says besides its structures. */
export interface StructureFileOptions extends WrittenBy {
  /** Of the file. @default 'RS.dcm' */
  readonly name?: string;
  /** A few words. @default 'structures' */
  readonly description?: string;
  /** RT ROI Interpreted Type of all of them. @default by role and name */
  readonly interpretedType?: string;
}

/** A written structure set with what its contours enclose. */
export interface WrittenStructures extends WrittenObject {
  /** In the order given: of the contours in the file, each counting for its slice; 0 where there is none. */
  readonly volumesCc: readonly number[];
}

type Reference = DicomStudy & { readonly grid: Grid };
type Images = NonNullable<DicomStudy['ct']>['images'];

/**
 * @param structures those that meet no slice are written without contours
 * @param reference study, and the lattice of its CT
 */
export function drawStructures(
  structures: readonly Structure[],
  reference: Reference,
  options: StructureFileOptions = {},
): WrittenStructures {
  const { name = 'RS.dcm', description = 'structures', interpretedType } = options;
  const drawn = structures.map((structure) => contoursOfStructure(structure, reference.grid));
  const items = (of: (structure: Structure, number: string, i: number) => Written[]): Written[][] =>
    structures.map((structure, i) => of(structure, String(i + 1), i));
  const elements: Written[] = [
    [0x00081070, 'PN', ''],
    [0x30060002, 'SH', shortText('RESEARCH ONLY')],
    [0x30060004, 'LO', longText(description)],
    [0x30060006, 'ST', `Structures as respine drew or read them. ${RESEARCH_LABEL}.`],
    [0x30060008, 'DA', ''],
    [0x30060009, 'TM', ''],
    [0x30060010, 'SQ', [referencedFrame(reference)]],
    [
      0x30060020,
      'SQ',
      items((structure, number) => [
        [0x30060022, 'IS', number],
        [0x30060024, 'UI', reference.frameOfReferenceUid],
        [0x30060026, 'LO', longText(structure.name)],
        [0x30060036, 'CS', ''],
      ]),
    ],
    [0x30060039, 'SQ', items((structure, number, i) => roiContours(structure, number, drawn[i], reference))],
    [
      0x30060080,
      'SQ',
      items((structure, number) => [
        [0x30060082, 'IS', number],
        [0x30060084, 'IS', number],
        [0x300600a4, 'CS', interpretedType ?? typeOf(structure)],
        [0x300600a6, 'PN', ''],
      ]),
    ],
    [0x300e0002, 'CS', 'UNAPPROVED'],
  ];
  const kind = { name, sopClass: structureSetStorage, modality: 'RTSTRUCT', description };
  const volumesCc = drawn.map((contours) => (contours === undefined ? 0 : contoursVolume(contours)));
  return { ...writeObject(kind, reference, elements, options), volumesCc };
}

/** The file alone. */
export function writeStructureSet(
  structures: readonly Structure[],
  reference: Reference,
  options: StructureFileOptions = {},
): DicomFile {
  return drawStructures(structures, reference, options).file;
}

/** The frame, and in it the study, the series and every image that contours may lie on. */
function referencedFrame({ frameOfReferenceUid, studyUid, ct }: Reference): Written[] {
  const frame: Written = [0x00200052, 'UI', frameOfReferenceUid];
  if (ct === undefined) return [frame];
  const series: Written[] = [
    [0x0020000e, 'UI', ct.seriesUid],
    [0x30060016, 'SQ', ct.images.map(referenceTo)],
  ];
  const study: Written[] = [
    [0x00081150, 'UI', '1.2.840.10008.3.1.2.3.1'],
    [0x00081155, 'UI', studyUid],
    [0x30060014, 'SQ', [series]],
  ];
  return [frame, [0x30060012, 'SQ', [study]]];
}

const referenceTo = ({ sopClass, uid }: Images[number]): Written[] => [
  [0x00081150, 'UI', sopClass],
  [0x00081155, 'UI', uid],
];

function roiContours(
  { color }: Structure,
  number: string,
  contours: Contours | undefined,
  { ct, grid }: Reference,
): Written[] {
  const drawn = (contours?.planes ?? []).flatMap((plane) => {
    const image = imageAt(ct?.images ?? [], plane.z, grid.spacing[2]);
    const z = decimal(toDecimals(plane.z, 4));
    return plane.polygons.map((polygon): Written[] => {
      const coordinates: string[] = [];
      for (let i = 0; i < polygon.length; i += 2) {
        coordinates.push(decimal(toDecimals(polygon[i]!, 4)), decimal(toDecimals(polygon[i + 1]!, 4)), z);
      }
      return [
        ...(image === undefined ? [] : [[0x30060016, 'SQ', [referenceTo(image)]] as const]),
        [0x30060042, 'CS', 'CLOSED_PLANAR'],
        [0x30060046, 'IS', String(polygon.length / 2)],
        [0x30060050, 'DS', coordinates.join('\\')],
      ];
    });
  });
  const item: Written[] = [[0x30060084, 'IS', number]];
  if (color) item.push([0x3006002a, 'IS', color.map(Math.round).join('\\')]);
  if (drawn.length > 0) item.push([0x30060040, 'SQ', drawn]);
  return item;
}

/** The image that a plane lies on: the nearest, within half the distance of slices. */
function imageAt(images: Images, z: number, spacing: number): Images[number] | undefined {
  let nearest: Images[number] | undefined;
  for (const image of images) {
    if (nearest === undefined || Math.abs(image.z - z) < Math.abs(nearest.z - z)) nearest = image;
  }
  return nearest !== undefined && Math.abs(nearest.z - z) <= spacing / 2 + 1e-6 ? nearest : undefined;
}

const TYPES: Readonly<Record<string, string>> = { external: 'EXTERNAL', bolus: 'BOLUS', support: 'SUPPORT' };

/** DICOM has no plain "target": one whose name says no more is written as a PTV. */
function typeOf({ name, role }: Structure): string {
  if (role === 'target') return /^(GTV|CTV|PTV)/i.exec(name)?.[1]?.toUpperCase() ?? 'PTV';
  if (role === 'organ' && /_PRV\d*/i.test(name)) return 'AVOIDANCE';
  return TYPES[role] ?? 'ORGAN';
}

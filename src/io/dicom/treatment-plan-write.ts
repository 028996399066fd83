/**
 * A treatment plan as an RTPLAN, of photons with jaws and leaves.
 *
 * Any number of control points; after the first each holds what changes. UIDs derive from the content. Dates and times stay empty. Every plan
 * is UNAPPROVED and for RESEARCH. What closed jaws and leaves let through has no place in DICOM and stands in private elements.
 *
 * @see DICOM PS3.3 A.20
 */
import { UnsupportedError } from '../../core/errors.js';
import type { DicomStudy } from '../../geometry/patient.js';
import { decimal, decimals, type Value, type Written } from './element-writer.js';
import { CREATOR, doubles, modifierElements, wedgePosition } from './treatment-modifiers.js';
import type { ControlPoint, FractionGroup, Prescription, TreatmentBeam, TreatmentPlan } from './treatment-plan.js';
import { RESEARCH_LABEL, shortText, type WrittenBy, type WrittenObject, writeObject } from './write-object.js';

const planStorage = '1.2.840.10008.5.1.4.1.1.481.5';
const structureSetStorage = '1.2.840.10008.5.1.4.1.1.481.3';
const doseStorage = '1.2.840.10008.5.1.4.1.1.481.2';

/** What is written of a plan, besides whose it is. */
export type WritablePlan = Omit<
  TreatmentPlan,
  'uid' | 'intent' | 'approval' | 'patientName' | 'patientId' | 'frameOfReferenceUid' | 'structureSetUid'
> & { readonly structureSetUid: string };

/** How a plan's file is called. */
export interface PlanFileOptions extends WrittenBy {
  /** Of the file. @default 'RP.dcm' */
  readonly name?: string;
  /** A few words. @default 'plan' */
  readonly description?: string;
}

/**
 * RT Plan Storage.
 *
 * @throws {UnsupportedError} for brachytherapy, other radiation than photons, or accessories
 */
export function encodeTreatmentPlan(
  plan: WritablePlan,
  study: DicomStudy,
  options: PlanFileOptions = {},
): WrittenObject {
  const odd = plan.beams.find(({ radiation, accessories }) => radiation !== 'PHOTON' || accessories.length > 0);
  if (odd !== undefined || plan.brachySetups > 0) {
    const what = odd ? `beam ${odd.number} (${[odd.radiation, ...odd.accessories].join(', ')})` : 'brachytherapy';
    throw new UnsupportedError(
      `write RTPLAN: ${what} is not written, only photons behind leaves, jaws, and wedges and blocks of respine's own. Leave it out.`,
    );
  }
  const { name = 'RP.dcm', description = 'plan' } = options;
  const positions = [...new Set(plan.beams.map(({ position }) => position ?? 'HFS'))];
  const elements: Written[] = [
    [0x00081070, 'PN', ''],
    [0x300a0002, 'SH', shortText(plan.label)],
    ...optional(0x300a0003, 'LO', plan.name, 64),
    [0x300a0004, 'ST', textOf(`${plan.description ?? ''} ${RESEARCH_LABEL}.`, 1024)],
    [0x300a0006, 'DA', ''],
    [0x300a0007, 'TM', ''],
    [0x300a000a, 'CS', 'RESEARCH'],
    [0x300a000c, 'CS', plan.geometry],
    ...optional(0x300a000e, 'ST', plan.prescriptionText, 1024),
    ...sequence(0x300a0010, plan.prescriptions.map(prescriptionItem)),
    [0x300a0070, 'SQ', plan.fractionGroups.map(groupItem)],
    [0x300a00b0, 'SQ', plan.beams.map((beam) => beamItem(beam, positions.indexOf(beam.position ?? 'HFS') + 1))],
    [
      0x300a0180,
      'SQ',
      positions.map((position, p): Written[] => [
        [0x00185100, 'CS', position],
        [0x300a0182, 'IS', String(p + 1)],
      ]),
    ],
    [0x300c0060, 'SQ', [reference(structureSetStorage, plan.structureSetUid)]],
    ...sequence(
      0x300c0080,
      plan.doseUids.map((dose) => reference(doseStorage, dose)),
    ),
    [0x300e0002, 'CS', 'UNAPPROVED'],
  ];
  return writeObject({ name, sopClass: planStorage, modality: 'RTPLAN', description }, study, elements, options);
}

const sequence = (tag: number, items: readonly (readonly Written[])[]): Written[] =>
  items.length === 0 ? [] : [[tag, 'SQ', items]];

/** Text as its representation may be: no backslash, which would part it, and not too long. */
const textOf = (value: string, longest: number): string => value.replaceAll('\\', '/').slice(0, longest).trim();

const optional = (tag: number, vr: string, value: string | undefined, longest: number): Written[] =>
  value === undefined || value === '' ? [] : [[tag, vr, textOf(value, longest)]];

const optionalNumber = (tag: number, value: number | undefined): Written[] =>
  value === undefined ? [] : [[tag, 'DS', decimal(value)]];

const reference = (sopClass: string, uid: string): Written[] => [
  [0x00081150, 'UI', sopClass],
  [0x00081155, 'UI', uid],
];

function prescriptionItem(one: Prescription): Written[] {
  return [
    [0x300a0012, 'IS', String(one.number)],
    ...(one.uid === undefined ? [] : [[0x300a0013, 'UI', one.uid] as const]),
    [0x300a0014, 'CS', one.structureType],
    ...optional(0x300a0016, 'LO', one.description, 64),
    ...(one.point ? [[0x300a0018, 'DS', decimals(one.point)] as const] : []),
    [0x300a0020, 'CS', one.type],
    ...optionalNumber(0x300a0026, one.targetDose),
    ...optionalNumber(0x300a0023, one.maximum),
    ...(one.roi === undefined ? [] : [[0x30060084, 'IS', String(one.roi)] as const]),
  ];
}

function groupItem(group: FractionGroup): Written[] {
  return [
    [0x300a0071, 'IS', String(group.number)],
    [0x300a0078, 'IS', group.fractions === undefined ? '' : String(group.fractions)],
    [0x300a0080, 'IS', String(group.beams.length)],
    [0x300a00a0, 'IS', '0'],
    [
      0x300c0004,
      'SQ',
      // The point of the dose is retired; it is the isocentre here.
      group.beams.map(({ beam, meterset, dose }): Written[] => [
        ...optionalNumber(0x300a0084, dose),
        ...optionalNumber(0x300a0086, meterset),
        [0x300c0006, 'IS', String(beam)],
      ]),
    ],
  ];
}

function beamItem(beam: TreatmentBeam, setup: number): Written[] {
  const { controlPoints, transmission } = beam;
  return [
    [0x300a00b2, 'SH', textOf(beam.machine, 16)],
    [0x300a00b3, 'CS', beam.unit],
    ...optionalNumber(0x300a00b4, beam.sad),
    [
      0x300a00b6,
      'SQ',
      beam.devices.map(({ type, pairs, distance, boundaries }): Written[] => [
        [0x300a00b8, 'CS', type],
        ...optionalNumber(0x300a00ba, distance),
        [0x300a00bc, 'IS', String(pairs)],
        ...(boundaries ? [[0x300a00be, 'DS', decimals(boundaries)] as const] : []),
      ]),
    ],
    [0x300a00c0, 'IS', String(beam.number)],
    [0x300a00c2, 'LO', textOf(beam.name, 64)],
    ...optional(0x300a00c3, 'ST', beam.description, 1024),
    [0x300a00c4, 'CS', beam.type],
    [0x300a00c6, 'CS', beam.radiation],
    [0x300a00ce, 'CS', beam.delivery],
    [0x300a00e0, 'IS', '0'],
    [0x300a00ed, 'IS', '0'],
    ...modifierElements(beam),
    ...optionalNumber(0x300a010e, beam.finalWeight),
    [0x300a0110, 'IS', String(controlPoints.length)],
    [
      0x300a0111,
      'SQ',
      controlPoints.map((point, p) => [
        ...pointItem(point, controlPoints[p - 1], p),
        ...(p === 0 ? wedgePosition(beam) : []),
      ]),
    ],
    [0x300c006a, 'IS', String(setup)],
    ...(transmission
      ? ([
          [0x30190010, 'LO', CREATOR],
          [0x30191001, 'FD', doubles(transmission.jaws)],
          [0x30191002, 'FD', doubles(transmission.leaves)],
        ] as const)
      : []),
  ];
}

/** [tag, representation, what it is of a control point] of what is written where it changes. */
const CHANGING: readonly (readonly [number, string, (point: ControlPoint) => Value | undefined])[] = [
  [0x300a0114, 'DS', ({ energy }) => (energy === undefined ? undefined : decimal(energy))],
  [0x300a011e, 'DS', ({ gantry }) => angle(gantry)],
  [0x300a011f, 'CS', ({ gantryTurn }) => gantryTurn],
  [0x300a0120, 'DS', ({ collimator }) => angle(collimator)],
  [0x300a0121, 'CS', ({ collimatorTurn }) => collimatorTurn],
  [0x300a0122, 'DS', ({ couch }) => angle(couch)],
  [0x300a0123, 'CS', ({ couchTurn }) => couchTurn],
  [0x300a0125, 'DS', ({ tilts }) => angle(tilts.eccentric)],
  [0x300a012c, 'DS', ({ isocenter }) => (isocenter ? decimals(isocenter) : undefined)],
  [0x300a0140, 'FL', ({ tilts }) => single(tilts.pitch)],
  [0x300a0144, 'FL', ({ tilts }) => single(tilts.roll)],
];

const angle = (degrees: number): string => decimal(((degrees % 360) + 360) % 360);

function single(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

function pointItem(point: ControlPoint, before: ControlPoint | undefined, index: number): Written[] {
  const changed = CHANGING.flatMap(([tag, vr, saidBy]): Written[] => {
    const value = saidBy(point);
    return value === undefined || (before && String(saidBy(before)) === String(value)) ? [] : [[tag, vr, value]];
  });
  const moved = [...point.positions].filter(([type, values]) => {
    const old = before?.positions.get(type);
    return old === undefined || (old !== values && decimals(old) !== decimals(values));
  });
  return [
    [0x300a0112, 'IS', String(index)],
    [0x300a0134, 'DS', decimal(point.weight)],
    ...changed,
    ...sequence(
      0x300a011a,
      moved.map(([type, values]): Written[] => [
        [0x300a00b8, 'CS', type],
        [0x300a011c, 'DS', decimals(values)],
      ]),
    ),
    // Where the table stands is not known, and an eccentric top does not turn.
    ...(before === undefined
      ? ([
          [0x300a0126, 'CS', 'NONE'],
          [0x300a0128, 'DS', ''],
          [0x300a0129, 'DS', ''],
          [0x300a012a, 'DS', ''],
          [0x300a0142, 'CS', 'NONE'],
          [0x300a0146, 'CS', 'NONE'],
        ] as const)
      : []),
  ];
}

/**
 * Wedges and blocks of an RTPLAN's beam, written and read.
 *
 * Of a wedge DICOM tells type, angle and orientation, but not what it lets through. A plan that respine wrote has that in private
 * elements; without them a wedge is named, and no more. A block is told whole: its outline in the isocentre plane and its transmission.
 *
 * @see DICOM PS3.3 C.8.8.14, Wedge Sequence and Block Sequence
 */
import type { Block } from '../../beam/block.js';
import { checkBlock } from '../../beam/block.js';
import type { BeamModifiers } from '../../beam/shaped-fluence.js';
import { checkWedge, type Wedge, type WedgeOrientation, type WedgeTransmission } from '../../beam/wedge.js';
import { isRespineError } from '../../core/errors.js';
import { type Elements, items, number, numbers, text } from './dataset.js';
import { decimal, decimals, type Written } from './element-writer.js';

/** Private elements of respine's own plans, which DICOM has no place for. */
export const CREATOR = 'RESPINE RTPLAN';

/** Doubles as the bytes of an FD. */
export function doubles(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setFloat64(8 * i, value, true);
  });
  return bytes;
}

/** The doubles of a private element, which an implicit file does not tell to be any; undefined where it is absent or none. */
export function doublesOf(item: Elements, tag: string): number[] | undefined {
  const element = item[tag];
  if (element === undefined || element.value.length === 0 || element.value.length % 8 !== 0) return undefined;
  const view = new DataView(element.value.buffer, element.value.byteOffset, element.value.byteLength);
  return Array.from({ length: element.value.length / 8 }, (_, i) => view.getFloat64(8 * i, element.isLittle));
}

/** The elements of a beam that tell its wedge and its block, with how many there are. */
export function modifierElements({ wedge, block }: BeamModifiers): Written[] {
  return [
    [0x300a00d0, 'IS', wedge ? '1' : '0'],
    ...(wedge ? ([[0x300a00d1, 'SQ', [wedgeItem(wedge)]]] as const) : []),
    [0x300a00f0, 'IS', block ? '1' : '0'],
    ...(block ? ([[0x300a00f4, 'SQ', [blockItem(block)]]] as const) : []),
  ];
}

/** Of the first control point: the wedge stands in the beam, there and in all that follow. */
export const wedgePosition = ({ wedge }: BeamModifiers): Written[] =>
  wedge
    ? [
        [
          0x300a0116,
          'SQ',
          [
            [
              [0x300a0118, 'CS', 'IN'],
              [0x300c00c0, 'IS', '1'],
            ],
          ],
        ],
      ]
    : [];

function wedgeItem({ name, angle, orientation, transmission }: Wedge): Written[] {
  return [
    [0x300a00d2, 'IS', '1'],
    [0x300a00d3, 'CS', transmission.kind === 'virtual' ? 'DYNAMIC' : 'STANDARD'],
    [0x300a00d4, 'SH', name],
    [0x300a00d5, 'IS', String(angle)],
    // What monitor units are worth behind it depends on the field.
    [0x300a00d6, 'DS', ''],
    [0x300a00d8, 'DS', decimal(orientation)],
    [0x30190010, 'LO', CREATOR],
    transmission.kind === 'virtual'
      ? [0x30191003, 'FD', doubles(transmission.attenuation)]
      : [0x30191004, 'FD', doubles(...transmission.profile.flat())],
  ];
}

function blockItem({ name, corners, transmission }: Block): Written[] {
  return [
    [0x300a00e1, 'SH', ''],
    [0x300a00f6, 'DS', ''],
    [0x300a00f8, 'CS', 'SHIELDING'],
    [0x300a00fa, 'CS', 'PRESENT'],
    [0x300a00fc, 'IS', '1'],
    [0x300a00fe, 'LO', name],
    [0x300a0102, 'DS', decimal(transmission)],
    [0x300a0104, 'IS', String(corners.length)],
    [0x300a0106, 'DS', decimals(corners.flat())],
  ];
}

/**
 * The one wedge of a beam, where respine wrote what it lets through.
 *
 * @param isIn whether it stands in the beam at every control point
 * @returns undefined where it cannot be computed
 */
export function wedgeOf(item: Elements, isIn: boolean): Wedge | undefined {
  const [first, ...more] = items(item, '300A00D1');
  if (first === undefined || more.length > 0 || !isIn || text(first, '30190010') !== CREATOR) return undefined;
  const attenuation = doublesOf(first, '30191003')?.[0];
  const places = doublesOf(first, '30191004');
  const transmission: WedgeTransmission | undefined =
    attenuation === undefined
      ? places && { kind: 'physical', profile: pairsOf(places) }
      : { kind: 'virtual', attenuation };
  if (transmission === undefined) return undefined;
  return checked(checkWedge, {
    name: text(first, '300A00D4') ?? '',
    angle: number(first, '300A00D5') ?? 0,
    orientation: (number(first, '300A00D8') ?? Number.NaN) as WedgeOrientation,
    transmission,
  });
}

/** The one block of a beam, where it shields what a ring of lines along x and y surrounds; undefined for all others. */
export function blockOf(item: Elements): Block | undefined {
  const [first, ...more] = items(item, '300A00F4');
  if (first === undefined || more.length > 0) return undefined;
  const isShield = text(first, '300A00F8') === 'SHIELDING' && text(first, '300A00FA') === 'PRESENT';
  const transmission = number(first, '300A0102');
  if (!isShield || transmission === undefined) return undefined;
  const corners = pairsOf(Array.from(numbers(first, '300A0106')));
  return checked(checkBlock, { name: text(first, '300A00FE') ?? '', corners, transmission });
}

const pairsOf = (values: readonly number[]): [number, number][] =>
  Array.from({ length: Math.ceil(values.length / 2) }, (_, i) => [values[2 * i]!, values[2 * i + 1] ?? Number.NaN]);

/** What a file tells wrong is named with what else cannot be computed. */
function checked<T>(check: (value: T) => T, value: T): T | undefined {
  try {
    return check(value);
  } catch (error) {
    if (isRespineError(error)) return undefined;
    throw error;
  }
}

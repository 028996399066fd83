/** Leaves and jaws of an RTPLAN's control points as apertures of ours, or one sentence why they are none. */

import type { JawField } from '../../beam/aperture.js';
import type { ApertureMotion } from '../../beam/moving-aperture.js';
import { type ApertureShape, isSameShape, movingFluence } from '../../beam/moving-aperture.js';
import type { PixelFluence } from '../../beam/pixel-fluence.js';
import { type BeamModifiers, modifiedFluence, pixelOptions } from '../../beam/shaped-fluence.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { type ControlPoint, isLeaves, type TreatmentBeam } from '../../io/dicom/treatment-plan.js';
import type { Machine } from '../../machine/machine.js';
import { createLeafBank, type LeafBank, leafBanks } from '../../machine/mlc.js';

/** What closed jaws and leaves let through; undefined: see {@link collimatorOf}. */
export interface GivenTransmission {
  readonly jaws?: number | undefined;
  readonly leaves?: number | undefined;
}

/** The collimators of one beam. */
export interface TreatedCollimator {
  readonly bank?: LeafBank;
  /** Leaves travel along Y: shapes are turned by a quarter, and so is their fluence in the end. */
  readonly isAlongY: boolean;
  readonly transmission: { readonly jaws: number; readonly leaves: number };
  readonly largestField: number;
  /** Where the transmission of the leaves is from. */
  readonly note?: string;
}

/** How far leaf ends may stand from the axis, mm: those of all usual machines, and what is off by a mistyped unit is not. */
const REACH = 300;
/** Leaves of a pair that cross by less stand on each other, mm: rounding of the file. */
const TOUCHING = 0.01;

/**
 * Leaf transmission is, in this order, what is given, what a plan of respine's own says, that of the one built-in bank with the same
 * boundaries, else 0, with a note.
 *
 * @throws {UnsupportedError} for a second layer of leaves
 * @throws {InvalidInputError} for a beam that nothing limits
 */
export function collimatorOf(beam: TreatmentBeam, machine: Machine, given: GivenTransmission): TreatedCollimator {
  const leaves = beam.devices.filter(({ type }) => isLeaves(type));
  const odd = leaves.find(({ type }) => type !== 'MLCX' && type !== 'MLCY');
  if (leaves.length > 1 || odd !== undefined) {
    throw new UnsupportedError(
      `its leaves are ${leaves.map(({ type }) => type).join(' and ')}, but respine computes one bank, MLCX or MLCY. Leave the beam out.`,
    );
  }
  if (beam.devices.length === 0) {
    throw new InvalidInputError(
      'it has neither jaws nor leaves, so that what is open is not told. Export the plan with its collimators.',
    );
  }
  const largestField = machine.range.fieldSide[1];
  const [device] = leaves;
  const jaws = given.jaws ?? beam.transmission?.jaws ?? 0;
  if (device === undefined) return { isAlongY: false, transmission: { jaws, leaves: 0 }, largestField };
  const { value, note } = leafTransmission(device.boundaries!, beam, given);
  const bank = createLeafBank(device.boundaries!, {
    name: `the plan's ${device.type}`,
    reach: REACH,
    transmission: value,
  });
  return {
    bank,
    isAlongY: device.type === 'MLCY',
    transmission: { jaws, leaves: value },
    largestField,
    ...(note === undefined ? {} : { note }),
  };
}

function leafTransmission(
  boundaries: readonly number[],
  { transmission }: TreatmentBeam,
  given: GivenTransmission,
): { value: number; note?: string } {
  if (given.leaves !== undefined) return { value: given.leaves };
  if (transmission !== undefined) return { value: transmission.leaves };
  const alike = Object.values(leafBanks).filter(
    (bank) =>
      bank.boundaries.length === boundaries.length &&
      bank.boundaries.every((y, n) => Math.abs(y - boundaries[n]!) < 1e-3),
  );
  const [only] = alike;
  if (alike.length === 1) {
    return {
      value: only!.transmission,
      note: `Leaf transmission ${100 * only!.transmission} % of ${only!.name}, whose leaf boundaries these are.`,
    };
  }
  const names = alike.map((bank) => `${bank.name} ${100 * bank.transmission} %`).join(', ');
  return {
    value: 0,
    note: `Leaf transmission 0: an RTPLAN does not tell it, and ${alike.length === 0 ? 'no built-in leaf bank has' : `several have (${names})`} these leaf boundaries. Give it with --leaf-transmission.`,
  };
}

/**
 * What stands open at a control point; with leaves along Y turned by a quarter, so that they travel along X.
 *
 * @throws {InvalidInputError} for a device without positions, jaws or leaves that cross
 */
export function shapeOf(point: ControlPoint, beam: TreatmentBeam, collimator: TreatedCollimator): ApertureShape {
  const { bank, isAlongY, largestField } = collimator;
  const missing = beam.devices.find(({ type }) => !point.positions.has(type));
  if (missing !== undefined) {
    throw new InvalidInputError(`${missing.type} has no LeafJawPositions. Export the plan again.`);
  }
  const half = largestField / 2;
  const x = jawsAlong('X', point);
  const y = jawsAlong('Y', point);
  const leaves = point.positions.get(isAlongY ? 'MLCY' : 'MLCX');
  const [along, across] = isAlongY ? [y, x] : [x, y];
  // Where no jaw closes, what the leaves cover and the machine's largest field do.
  const sides = bank ? [Math.max(-half, bank.boundaries[0]!), Math.min(half, bank.boundaries.at(-1)!)] : [-half, half];
  const jaws: JawField = {
    x1: along?.[0] ?? -half,
    x2: along?.[1] ?? half,
    y1: across?.[0] ?? sides[0]!,
    y2: across?.[1] ?? sides[1]!,
  };
  for (const [name, pair] of [
    ['X', x],
    ['Y', y],
  ] as const) {
    if (pair && !(pair[0] < pair[1])) {
      throw new InvalidInputError(
        `the ${name} jaws stand at ${pair[0]} and ${pair[1]} mm, but the first must be less than the second. Mend the plan.`,
      );
    }
  }
  if (bank === undefined || leaves === undefined) return { jaws };
  const pairs = leaves.length / 2;
  return {
    jaws,
    leaves: Array.from({ length: pairs }, (_, n): [number, number] => {
      const [a, b] = [leaves[n]!, leaves[n + pairs]!];
      if (a <= b) return [a, b];
      if (a - b <= TOUCHING) return [(a + b) / 2, (a + b) / 2];
      throw new InvalidInputError(
        `leaf pair ${n + 1} overlaps, its leaves stand at ${a} and ${b} mm. Export the plan again, or mend that pair.`,
      );
    }),
  };
}

function jawsAlong(axis: 'X' | 'Y', { positions }: ControlPoint): readonly [number, number] | undefined {
  const found = positions.get(`ASYM${axis}`) ?? positions.get(axis);
  return found && [found[0]!, found[1]!];
}

/**
 * Monitor units per pixel in the collimator's own axes, behind wedge and block.
 *
 * @throws {UnsupportedError} for a wedge in front of leaves or jaws that move
 */
export function treatedFluence(
  collimator: TreatedCollimator,
  motions: readonly ApertureMotion[],
  modifiers: BeamModifiers = {},
): PixelFluence {
  const { bank, isAlongY, transmission, largestField } = collimator;
  const options = { jawTransmission: transmission.jaws, leafTransmission: transmission.leaves, largestField };
  const fluence = movingFluence(bank, motions, pixelOptions(options, modifiers));
  const own = isAlongY ? turned(fluence) : fluence;
  if (modifiers.wedge === undefined && modifiers.block === undefined) return own;
  const { from } = motions[0]!;
  if (modifiers.wedge && !motions.every((m) => isSameShape(m.from, from) && isSameShape(m.to, from))) {
    throw new UnsupportedError(
      `wedge ${modifiers.wedge.name} stands in front of leaves or jaws that move, which respine does not compute. Leave the beam out with --beams.`,
    );
  }
  const { x1, x2, y1, y2 } = from.jaws!;
  return modifiedFluence(own, modifiers, isAlongY ? { x1: y1, x2: y2, y1: x1, y2: x2 } : from.jaws!);
}

/** x and y exchanged. */
function turned({ grid: { x, y }, weights }: PixelFluence): PixelFluence {
  const nx = x.length - 1;
  const ny = y.length - 1;
  return {
    grid: { x: y, y: x },
    weights: Float64Array.from({ length: nx * ny }, (_, c) => weights[Math.floor(c / ny) + nx * (c % ny)]!),
  };
}

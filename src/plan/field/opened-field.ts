/** Explicit fields as fluence: what jaws, leaves and maps of beamlets let through. */
import {
  apertureArea,
  apertureBounds,
  createAperture,
  type JawField,
  leavesOfRectangles,
} from '../../beam/aperture.js';
import { apertureFluence, beamletFluence, jawFluence } from '../../beam/collimated-fluence.js';
import type { PixelFluence } from '../../beam/pixel-fluence.js';
import { InvalidInputError } from '../../core/errors.js';
import type { Machine } from '../../machine/machine.js';
import { resolveLeafBank } from '../input/check-json.js';
import type { Fields } from '../input/fields-file.js';

/** One beam's fluence, and how large its opening is. */
export interface OpenedField {
  readonly kind: 'jaws' | 'leaves' | 'beamlets';
  /** Monitor units per pixel. */
  readonly fluence: PixelFluence;
  /** Of a map: the mean over the beamlets that carry weight. */
  readonly monitorUnits: number;
  /** Rectangle around what is open, mm in the isocentre plane; undefined where nothing is. */
  readonly bounds?: JawField;
  /** mm2 */
  readonly area: number;
  /** Fractions of the open fluence under what closes. */
  readonly transmission: { readonly jaws: number; readonly leaves: number };
}

/**
 * The fluences of all beams.
 *
 * @throws {InvalidInputError} naming the beam: crossing leaves, a field outside the leaves, edges in the wrong order
 */
export function openFields(fields: Fields, machine: Machine, path = 'fields'): OpenedField[] {
  return fields.beams.map((b, n) => {
    try {
      return openField(b, fields.transmission, machine);
    } catch (cause) {
      if (!(cause instanceof InvalidInputError)) throw cause;
      throw new InvalidInputError(`${path}: beams.${n}: ${cause.message}`);
    }
  });
}

function openField(
  { field, aperture: leaves, fluence, monitorUnits = 0 }: Fields['beams'][number],
  transmission: Fields['transmission'],
  machine: Machine,
): OpenedField {
  const jaws = transmission.jaws ?? 0;
  const options = { jawTransmission: jaws, largestField: machine.range.fieldSide[1] };
  const timesUnits = (open: PixelFluence): PixelFluence => ({
    grid: open.grid,
    weights: open.weights.map((w) => w * monitorUnits),
  });
  if (field) {
    const area = (field.x2 - field.x1) * (field.y2 - field.y1);
    const open = timesUnits(jawFluence(field, options));
    return { kind: 'jaws', fluence: open, monitorUnits, bounds: field, area, transmission: { jaws, leaves: 0 } };
  }
  if (leaves) {
    const bank = resolveLeafBank(leaves.bank);
    const made = createAperture(bank, leaves.leaves ?? leavesOfRectangles(bank, leaves.openings!), leaves.jaws);
    const leafTransmission = transmission.leaves ?? bank.transmission;
    const tolerances = apertureBounds(made);
    return {
      kind: 'leaves',
      fluence: timesUnits(apertureFluence(made, { ...options, leafTransmission })),
      monitorUnits,
      ...(tolerances ? { bounds: tolerances } : {}),
      area: apertureArea(made),
      transmission: { jaws, leaves: leafTransmission },
    };
  }
  const { spacing, beamlets } = fluence!;
  const shining = beamlets.filter(([, , weight]) => weight > 0);
  const half = spacing / 2;
  const squares = shining.map(([x, y]) => ({ x0: x - half, x1: x + half, y0: y - half, y1: y + half }));
  const tolerances = apertureBounds({ openings: squares });
  return {
    kind: 'beamlets',
    fluence: beamletFluence(spacing, beamlets),
    monitorUnits: shining.length === 0 ? 0 : shining.reduce((sum, [, , w]) => sum + w, 0) / shining.length,
    ...(tolerances ? { bounds: tolerances } : {}),
    area: shining.length * spacing * spacing,
    transmission: { jaws: 0, leaves: 0 },
  };
}

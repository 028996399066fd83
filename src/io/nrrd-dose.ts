/** What an NRRD file says about its dose, as respine writes it; files of others may say nothing. */
import { FormatError, InvalidInputError } from '../core/errors.js';
import { createDose, type DoseMeaning, type DoseMedium, type DoseVolume } from '../geometry/volume.js';
import { checkDoseValues } from './dose-values.js';
import type { NrrdVolume } from './nrrd.js';

const quantities: readonly string[] = ['physical', 'eqd2', 'bed'] satisfies DoseMeaning['quantity'][];
const media: readonly string[] = ['engine', 'medium', 'water'] satisfies DoseMedium[];

export interface NrrdDoseOptions {
  /** Whether an EQD2 or BED may be NaN where a course of its sum was unknown, as `accumulate` writes it. @default false */
  readonly mayBeUnknown?: boolean;
  /** Whether a dose may be NaN away from what {@link COMPUTED_AROUND} names, as `plan` writes it around target and cord. @default false */
  readonly mayBePartial?: boolean;
}

/** Field of the header: names of the structures around which the dose was computed; it is NaN elsewhere. */
export const COMPUTED_AROUND = 'computedAround';

/**
 * The volume as a dose: total over its course, Gy.
 *
 * A header that is silent about the quantity means physical dose; one that is silent about the fractions leaves them
 * unknown, unless the caller knows them.
 *
 * @param name file name for messages
 * @param fractions of a file that does not say
 * @throws {InvalidInputError} if the header says that the volume is no dose, or not in Gy; if a value is negative or not finite
 * @throws {FormatError} if quantity, fractions or alphaBeta of the header cannot be understood
 */
export function doseOfNrrd(
  volume: NrrdVolume,
  name = 'nrrd',
  fractions?: number,
  { mayBeUnknown = false, mayBePartial = false }: NrrdDoseOptions = {},
): DoseVolume {
  const { kind, fields } = volume;
  if (kind !== undefined && kind !== 'dose') {
    throw new InvalidInputError(`${name}: holds a volume of kind "${kind}", not a dose. Give a dose.`);
  }
  const { units, quantity = 'physical', alphaBeta, medium } = fields;
  if (units !== undefined && units.toLowerCase() !== 'gy') {
    throw new InvalidInputError(`${name}: its units are "${units}", but a dose is read in Gy. Convert it.`);
  }
  if (!quantities.includes(quantity)) {
    throw new FormatError(`quantity "${quantity}" is none of ${quantities.join(', ')}.`, name);
  }
  if (medium !== undefined && !media.includes(medium)) {
    throw new FormatError(`medium "${medium}" is none of ${media.join(', ')}.`, name);
  }
  const around = fields[COMPUTED_AROUND];
  if (around !== undefined && !mayBePartial) {
    throw new InvalidInputError(
      `${name}: holds the dose around ${around} alone. Give the whole one, which lies beside it without "_planning".`,
    );
  }
  const mayBeNaN = around !== undefined || (mayBeUnknown && quantity !== 'physical');
  const values = mayBeNaN ? volume.data.map((d) => (Number.isNaN(d) ? 0 : d)) : volume.data;
  checkDoseValues(name, volume.grid, values, quantity as DoseMeaning['quantity']);
  const given = fields['fractions'] === undefined ? fractions : Number(fields['fractions']);
  const meaning: DoseMeaning = {
    quantity: quantity as DoseMeaning['quantity'],
    ...(given === undefined ? {} : { fractions: given }),
    ...(alphaBeta === undefined ? {} : { alphaBeta: Number(alphaBeta) }),
    ...(medium === undefined ? {} : { medium: medium as DoseMedium }),
  };
  try {
    return createDose(volume.grid, meaning, volume.data);
  } catch (cause) {
    throw new FormatError(cause instanceof Error ? cause.message : String(cause), name);
  }
}

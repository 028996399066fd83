/** Target and cord in an imported dose: conformity indices, and the fall-off across the gap between them. */

import { InvalidInputError } from '../core/errors.js';
import { isSameGrid } from '../geometry/grid.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { type Conformity, conformity } from './conformity.js';
import { type DoseFallOff, doseFallOff } from './fall-off.js';
import type { AnyStructure, MaskedStructure } from './roi-dvh.js';
import { missingStructure } from './structure-name.js';

export interface TargetReportOptions {
  readonly target: string;
  /** Total Gy; without it there are no conformity indices. */
  readonly prescription?: number;
  /** Structure to which the dose must fall. */
  readonly cord?: string;
}

export interface TargetReport {
  readonly target: string;
  readonly conformity?: Conformity;
  readonly cord?: string;
  readonly fallOff?: DoseFallOff;
  readonly remarks: readonly string[];
}

/**
 * Isodose volumes are counted in the structure with the role external, or in the whole dose grid where there is none.
 *
 * @throws {InvalidInputError} for a name that is not there, or a mask on another grid than the dose
 */
export function targetReport(
  dose: DoseVolume,
  structures: readonly AnyStructure[],
  { target, prescription, cord }: TargetReportOptions,
): TargetReport {
  const remarks: string[] = [];
  const find = (name: string): Structure | MaskedStructure => {
    const found = structures.find((structure) => structure.name === name);
    if (found === undefined)
      throw new InvalidInputError(
        missingStructure(
          name,
          structures.map((s) => s.name),
        ),
      );
    if ('emptyBecause' in found)
      throw new InvalidInputError(`${name} is empty: ${found.emptyBecause}. Draw it, or name another.`);
    return found;
  };
  const goal = find(target);
  const organ = cord === undefined ? undefined : find(cord);
  const external = structures.find(
    (s): s is Structure | MaskedStructure => s.role === 'external' && !('emptyBecause' in s),
  );
  if (prescription === undefined) remarks.push('no conformity indices: they need the prescription');
  else if (external === undefined)
    remarks.push('isodose volumes are those of the whole dose grid: there is no external');
  const indices =
    prescription === undefined
      ? undefined
      : conformity(dose, maskOn(dose, goal), prescription, {
          ...(external === undefined ? {} : { region: maskOn(dose, external) }),
        });
  let fallOff: DoseFallOff | undefined;
  if (organ !== undefined) {
    if ('mask' in goal || 'mask' in organ)
      remarks.push('no fall-off: it is measured between contours, and these are masks');
    else fallOff = doseFallOff(dose, goal, organ);
  }
  return {
    target,
    ...(indices === undefined ? {} : { conformity: indices }),
    ...(cord === undefined ? {} : { cord }),
    ...(fallOff === undefined ? {} : { fallOff }),
    remarks,
  };
}

function maskOn(dose: DoseVolume, structure: Structure | MaskedStructure): Volume<'mask'> {
  if (!('mask' in structure)) return voxelizeStructure(structure, dose.grid);
  if (!isSameGrid(structure.mask.grid, dose.grid)) {
    throw new InvalidInputError(
      `${structure.name}: conformity needs the mask on the dose's grid. Save it there, or give contours.`,
    );
  }
  return structure.mask;
}

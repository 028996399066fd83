/** A dose with the structures drawn for it, as several commands read them. */
import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors.js';
import { missingStructure } from '../evaluate/structure-name.js';
import type { Structure } from '../geometry/structure.js';
import { type LoadDoseOptions, type LoadedDose, loadDose } from '../node/load-dose.js';
import { type LoadedStructures, loadStructures } from '../node/load-structures.js';
import type { MaskedStructure } from '../plan/structure-dvh.js';
import { addDoseFlags, type DoseFlags } from './dose-options.js';

export interface StructureFlags extends DoseFlags {
  readonly dose: string;
  readonly structures: readonly string[];
  readonly partial?: boolean;
  readonly prescription?: string;
}

/** Flags of every command that looks at structures in one dose. */
export function addStructureFlags(command: Command): Command {
  return addDoseFlags(command, { hasPlan: true })
    .requiredOption('--structures <files...>', 'RTSTRUCT, NRRD masks (mask_NAME.nrrd), or a folder of them')
    .requiredOption('--dose <file>', 'RTDOSE, or NRRD in Gy')
    .option('--prescription <gy>', 'prescribed total dose, for percent of dose')
    .option('--partial', 'evaluate also what lies only in part in the dose grid');
}

export interface DoseAndStructures {
  readonly dose: LoadedDose;
  readonly structures: LoadedStructures;
  readonly notes: readonly string[];
}

/** @throws {InvalidInputError | FormatError | UnsupportedError} one sentence; also where the frames of reference differ */
export async function loadDoseAndStructures(
  dosePath: string,
  paths: readonly string[],
  options: LoadDoseOptions,
): Promise<DoseAndStructures> {
  const structures = await loadStructures(paths);
  const { frameOfReferenceUid } = structures;
  const dose = await loadDose(dosePath, {
    ...options,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
  });
  return { dose, structures, notes: [...dose.notes, ...structures.notes] };
}

/** The structures named, in that order; all where none is. */
export function pickStructures(
  structures: readonly (Structure | MaskedStructure)[],
  names: readonly string[] | undefined,
): readonly (Structure | MaskedStructure)[] {
  if (names === undefined) return structures;
  return names.map((name) => {
    const found = structures.find((structure) => structure.name === name);
    if (found === undefined)
      throw new InvalidInputError(
        `--roi: ${missingStructure(
          name,
          structures.map((s) => s.name),
        )} Names are matched to the letter.`,
      );
    return found;
  });
}

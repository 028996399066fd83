/** A dose with the structures drawn for it, as several commands read them. */
import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors.js';
import type { AnyStructure } from '../evaluate/roi-dvh.js';
import { missingStructure } from '../evaluate/structure-name.js';
import type { EndRule } from '../geometry/structure.js';
import { type LoadDoseOptions, type LoadedDose, loadDose } from '../node/load-dose.js';
import { type LoadedStructures, loadStructures } from '../node/load-structures.js';
import { addDoseFlags, type DoseFlags, oneOf } from './dose-options.js';

export interface StructureFlags extends DoseFlags {
  readonly dose: string;
  readonly structures: readonly string[];
  readonly partial?: boolean;
  readonly endSlices?: string;
  readonly prescription?: string;
}

/** Flags of every command that looks at structures in one dose. */
export function addStructureFlags(command: Command): Command {
  command
    .requiredOption('--structures <files...>', 'RTSTRUCT, NRRD masks (mask_NAME.nrrd), or a folder of them')
    .requiredOption('--dose <file>', 'RTDOSE, or NRRD in Gy')
    .option('--prescription <gy>', 'prescribed total dose, for percent of dose')
    .option(
      '--end-slices <rule>',
      'where contours end beyond the first and last slice: half-slice or none',
      'half-slice',
    )
    .option('--partial', 'evaluate also what lies only in part in the dose grid');
  return addDoseFlags(command, { hasPlan: true });
}

export interface DoseAndStructures {
  readonly dose: LoadedDose;
  readonly structures: LoadedStructures;
  readonly notes: readonly string[];
}

/** @throws {InvalidInputError | FormatError | UnsupportedError} one sentence; also where the frames of reference differ */
export async function loadDoseAndStructures(
  { dose: dosePath, structures: paths, endSlices }: StructureFlags,
  options: LoadDoseOptions,
): Promise<DoseAndStructures> {
  const structures = await loadStructures(paths, { ends: endRuleOf(endSlices) });
  const { frameOfReferenceUid } = structures;
  const dose = await loadDose(dosePath, {
    ...options,
    mayBePartial: true,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
  });
  return { dose, structures, notes: [...dose.notes, ...structures.notes] };
}

/** @throws {InvalidInputError} for another word than half-slice and none */
export function endRuleOf(text = 'half-slice'): EndRule {
  return oneOf('--end-slices', text, ['half-slice', 'none'] as const);
}

/** What a rule means, for results. */
export function describeEndRule(rule: EndRule): string {
  return rule === 'none'
    ? 'Drawn structures end at their first and last slice (end rule none).'
    : 'Drawn structures reach half a slice spacing beyond their first and last slice (end rule half-slice).';
}

/** The structures named, in that order; all where none is. */
export function pickStructures(
  structures: readonly AnyStructure[],
  names: readonly string[] | undefined,
): readonly AnyStructure[] {
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

/** A dose with the structures drawn for it, as several commands read them. */
import type { Command } from 'commander';
import { checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { AnyStructure } from '../evaluate/roi-dvh.js';
import { missingStructure, whyUnfit } from '../evaluate/structure-name.js';
import type { EndRule } from '../geometry/structure.js';
import { type LoadDoseOptions, type LoadedDose, loadDose } from '../node/load-dose.js';
import { type LoadedStructures, loadStructures } from '../node/load-structures.js';
import { addDoseFlags, type DoseFlags, numberOf, oneOf } from './dose-options.js';

/** Of the option, as two kinds of command have it. */
export const sliceSpacingHelp = 'thickness of what is drawn on one slice only; otherwise as most of the set is spaced';

export interface StructureFlags extends DoseFlags {
  readonly dose: string;
  readonly structures: readonly string[];
  readonly partial?: boolean;
  readonly endSlices?: string;
  readonly sliceSpacing?: string;
  readonly prescription?: string;
}

/** Flags of every command that looks at structures in one dose. */
export function addStructureFlags(command: Command): Command {
  command
    .requiredOption('--structures <files...>', 'RTSTRUCT, NRRD masks (mask_NAME.nrrd, x.seg.nrrd), or a folder of them')
    .requiredOption('--dose <file>', 'RTDOSE, or NRRD in Gy')
    .option('--prescription <gy>', 'prescribed total dose, for percent of dose')
    .option(
      '--end-slices <rule>',
      'where contours end beyond the first and last slice: half-slice or none',
      'half-slice',
    )
    .option('--slice-spacing <mm>', sliceSpacingHelp)
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
  { dose: dosePath, structures: paths, ...drawn }: StructureFlags,
  options: LoadDoseOptions,
): Promise<DoseAndStructures> {
  const structures = await loadStructures(paths, drawnOptions(drawn));
  const { frameOfReferenceUid } = structures;
  const dose = await loadDose(dosePath, {
    ...options,
    mayBePartial: true,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
  });
  return { dose, structures, notes: [...dose.notes, ...structures.notes] };
}

/** How contours become structures, by the flags for it. */
export function drawnOptions({ endSlices, sliceSpacing }: Pick<StructureFlags, 'endSlices' | 'sliceSpacing'>): {
  ends: EndRule;
  sliceSpacing?: number;
} {
  const ends = endRuleOf(endSlices);
  if (sliceSpacing === undefined) return { ends };
  return { ends, sliceSpacing: checkRange('--slice-spacing', numberOf('--slice-spacing', sliceSpacing), 0.1, 100) };
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
  { structures, unfit }: Pick<LoadedStructures, 'structures' | 'unfit'>,
  names: readonly string[] | undefined,
): readonly AnyStructure[] {
  if (names === undefined) return structures;
  checkFit('--roi', names, unfit);
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

/** @throws {InvalidInputError} where one of the names is of a structure that cannot be used, with why */
export function checkFit(option: string, names: readonly string[], unfit: LoadedStructures['unfit']): void {
  for (const name of names) {
    const why = whyUnfit(name, unfit);
    if (why !== undefined) throw new InvalidInputError(`${option}: ${why}. Draw it anew, or leave it out.`);
  }
}

/**
 * Every comparison of the validation table, in the order of the README.
 */
import { validateArtiste } from './artiste.js';
import type { Comparison, ReferenceReader } from './comparison.js';
import { validateDvh } from './dvh-analytic.js';
import { validateClinicalDvh } from './dvh-clinical.js';
import { validateDepthDoses, validateProfiles } from './measured.js';
import { validatePeer } from './peer.js';
import { validateSlabs } from './slabs.js';
import { validateDivergentWater, validateThorax } from './thorax.js';

export interface ValidationSection {
  readonly title: string;
  /** Folder of the reference files that it needs. */
  readonly needs: string;
  readonly comparisons: readonly Comparison[];
}

/** A section that begins. */
export interface BegunSection {
  readonly title: string;
  /** Sections before it, of how many. */
  readonly done: number;
  readonly total: number;
  /** Of the time of all, what those before it take as a rule, 0 to 1. */
  readonly part: number;
}

type Run = (read: ReferenceReader) => Comparison[] | Promise<Comparison[]>;

/** Title, folder, what is compared, seconds on one core. */
const SECTIONS: readonly (readonly [string, string, Run, number])[] = [
  ['The built-in machine and its tables', 'machine/artiste', validateArtiste, 0.3],
  ['Other 6 MV machines', 'measured', (read) => [...validateDepthDoses(read), ...validateProfiles(read)], 2],
  ['Slabs, parallel beam', 'montecarlo/slabs', validateSlabs, 10],
  ['Water, divergent beam', 'montecarlo/water', validateDivergentWater, 2.5],
  ['Thoracic phantom', 'montecarlo/spine', validateThorax, 7],
  ['A peer and its machine', 'matrad', validatePeer, 3],
  ['DVHs with closed forms', 'dvh', validateDvh, 100],
  ['DVHs of treated patients', 'patients', validateClinicalDvh, 7],
];

/**
 * Runs all comparisons whose reference files are there; a section without its files is empty.
 *
 * @param onSection called before each section
 */
export async function validateAll(
  read: ReferenceReader,
  onSection: (begun: BegunSection) => void = () => undefined,
): Promise<ValidationSection[]> {
  const whole = SECTIONS.reduce((sum, [, , , seconds]) => sum + seconds, 0);
  const out: ValidationSection[] = [];
  let before = 0;
  for (const [title, needs, run, seconds] of SECTIONS) {
    onSection({ title, done: out.length, total: SECTIONS.length, part: before / whole });
    out.push({ title, needs, comparisons: await run(read) });
    before += seconds;
  }
  return out;
}

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

/**
 * Runs all comparisons whose reference files are there; a section without its files is empty.
 *
 * @param onSection called before each section
 */
export async function validateAll(
  read: ReferenceReader,
  onSection: (title: string) => void = () => undefined,
): Promise<ValidationSection[]> {
  const sections: [string, string, () => Comparison[] | Promise<Comparison[]>][] = [
    ['The built-in machine and its tables', 'machine/artiste', () => validateArtiste(read)],
    ['Other 6 MV machines', 'measured', () => [...validateDepthDoses(read), ...validateProfiles(read)]],
    ['Slabs, parallel beam', 'montecarlo/slabs', () => validateSlabs(read)],
    ['Water, divergent beam', 'montecarlo/water', () => validateDivergentWater(read)],
    ['Thoracic phantom', 'montecarlo/spine', () => validateThorax(read)],
    ['A peer and its machine', 'matrad', () => validatePeer(read)],
    ['DVHs with closed forms', 'dvh', () => validateDvh(read)],
    ['DVHs of treated patients', 'patients', () => validateClinicalDvh(read)],
  ];
  const out: ValidationSection[] = [];
  for (const [title, needs, run] of sections) {
    onSection(title);
    out.push({ title, needs, comparisons: await run() });
  }
  return out;
}

/**
 * What is drawn outside the body contour: a bolus, a couch, a mask frame.
 *
 * Left out, as is the default, it weakens no beam and scatters none, and that is said; included, its voxels count as the body's do.
 * Dose is told within the body contour either way.
 */
import { InvalidInputError } from '../core/errors.js';
import { toDigits } from '../core/rounding.js';
import { voxelVolume } from '../geometry/grid.js';
import type { Structure } from '../geometry/structure.js';
import type { Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';

/** The role of what lies beside the body, by its name, where nobody says. */
export function roleBesideBody(name: string): 'bolus' | 'support' | undefined {
  if (/bolus/i.test(name)) return 'bolus';
  return /^(couch|table ?top|treatment ?(couch|table))/i.test(name) ? 'support' : undefined;
}

/** Words for all structures of a role. */
const ofRole: Readonly<Record<string, Structure['role']>> = { BOLUS: 'bolus', SUPPORT: 'support' };

/** Less than this outside is a contour's own roughness, cc; and less dense than this, relative to water, is air. */
const LEAST = 0.1;
const DENSE = 0.05;

/**
 * The part of every voxel that counts for transport, 0 to 1: of the body, and of what is included.
 *
 * @param body    fractions of voxels; a new array comes back where anything is included
 * @param density of the whole CT, relative to water, overrides done
 * @param include names of structures, or BOLUS and SUPPORT for all of that role
 * @throws {InvalidInputError} where one of them is not there, or is the body
 */
export function transportMask(
  body: Volume<'mask'>,
  density: Volume<'density'>,
  structures: readonly Structure[],
  include: readonly string[],
  notes: string[],
): Float32Array {
  const included = new Set(include.flatMap((word) => namedBy(word, structures)));
  const external = structures.find(({ role }) => role === 'external')!.name;
  let data = body.data;
  for (const structure of structures) {
    const { name, role } = structure;
    const isIncluded = included.has(structure);
    if (!isIncluded && role !== 'bolus' && role !== 'support') continue;
    const mask = voxelizeStructure(structure, density.grid);
    const { volumeCc, mean } = outsideOf(mask, body.data, density);
    if (!isIncluded) {
      if (volumeCc < LEAST || (mean < DENSE && role !== 'bolus')) continue;
      const air = mean < DENSE ? ' (air in the CT: give it one by densityOverrides)' : '';
      notes.push(
        `"${name}" lies outside ${external} with ${toDigits(volumeCc, 3)} cc of density ${toDigits(mean, 2)}${air} and is left out: it weakens no beam. "include": ["${name}"] in patient counts it.`,
      );
      continue;
    }
    if (data === body.data) data = data.slice();
    // Beside the body, not over it: fractions of one voxel add up.
    for (let i = 0; i < data.length; i++) data[i] = Math.min(1, data[i]! + mask.data[i]!);
    notes.push(
      `"${name}" counts for transport beside ${external}: ${toDigits(volumeCc, 3)} cc of density ${toDigits(mean, 2)} outside it. Dose is told within ${external} only.`,
    );
  }
  return data;
}

function namedBy(word: string, structures: readonly Structure[]): readonly Structure[] {
  const named = structures.filter(({ name, role }) => name === word || role === ofRole[word]);
  if (named.some(({ role }) => role === 'external')) {
    throw new InvalidInputError(`include: "${word}" is the body itself, which counts anyway. Leave it out.`);
  }
  if (named.length > 0) return named;
  const known = structures.filter(({ role }) => role !== 'external').map(({ name }) => name);
  throw new InvalidInputError(
    `include: there is no structure "${word}"${word in ofRole ? ' nor one of that type' : ''}. Use BOLUS, SUPPORT or one of: ${known.join(', ') || 'none'}.`,
  );
}

/** Of a structure the part outside the body, cc, and its mean density. */
function outsideOf(
  mask: Volume<'mask'>,
  body: Float32Array,
  density: Volume<'density'>,
): { volumeCc: number; mean: number } {
  let volume = 0;
  let weight = 0;
  for (let i = 0; i < body.length; i++) {
    const part = Math.min(mask.data[i]!, 1 - body[i]!);
    if (!(part > 0)) continue;
    volume += part;
    weight += part * density.data[i]!;
  }
  return { volumeCc: volume * voxelVolume(density.grid), mean: volume > 0 ? weight / volume : 0 };
}

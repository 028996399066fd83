/**
 * Which dose: what the engine computes, dose to the medium, dose to water.
 *
 *   engine   dose to water that has the electron density of the voxel: what a pencil beam computes
 *   medium   dose to the tissue itself: engine x mass energy-absorption ratio of tissue to water
 *   water    dose to a little water in the tissue (Bragg-Gray): medium x stopping-power ratio of water to tissue
 *
 * In soft tissue and lung engine and water agree and medium is 1 % less. In bone the engine is about 5 % above dose to medium and
 * 5 % below dose to water: the stopping-power ratio never applies to the engine's dose itself.
 *
 * @see Siebers et al., Phys. Med. Biol. 45 (2000) 983, doi:10.1088/0031-9155/45/4/313 (medium to water)
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { checkSameGrid } from '../geometry/grid.js';
import type { DoseMedium, DoseVolume, Volume } from '../geometry/volume.js';

/** A tissue by its electron densities, and what a dose to it is to one to water. */
export interface Tissue {
  readonly name: string;
  /** Electron densities relative to water that count as this tissue: below this, and not below the one before. */
  readonly below: number;
  /** Mass energy-absorption coefficient, tissue to water. */
  readonly absorption: number;
  /** Mass collision stopping power, water to tissue. */
  readonly stopping: number;
}

/**
 * Tissues by electron density, as Monte Carlo engines assign them.
 *
 * Stopping-power ratios and those of absorption in lung and soft tissue are computed with our EGSnrc phantoms (6 MV); the
 * absorption ratio of bone, 0.95, is recalled, and found again within 0.01 in our bone slab and thoracic phantom.
 */
export const defaultTissues: readonly Tissue[] = [
  { name: 'lung', below: 0.6, absorption: 1 / 1.009, stopping: 1.009 },
  { name: 'soft tissue', below: 1.08, absorption: 1 / 1.01, stopping: 1.01 },
  { name: 'bone', below: Infinity, absorption: 0.95, stopping: 1.105 },
];

/**
 * Factor from engine dose to another kind, for a voxel of an electron density.
 *
 * @throws {InvalidInputError} if no tissue of the table holds the density
 */
export function doseFactor(density: number, to: DoseMedium, tissues: readonly Tissue[] = defaultTissues): number {
  if (to === 'engine') return 1;
  const tissue = tissues.find(({ below }) => density < below);
  if (tissue === undefined) {
    throw new InvalidInputError(
      `tissue table: no tissue holds an electron density of ${density}. Let the last one end at Infinity.`,
    );
  }
  return to === 'medium' ? tissue.absorption : tissue.absorption * tissue.stopping;
}

/**
 * The engine's dose as dose to medium or to water; the result says which.
 *
 * @param dose physical dose of the engine, Gy
 * @param density relative electron density on the same grid
 * @throws {InvalidInputError} if the grids differ, the dose is not the engine's or not physical, or the table is not in order
 */
export function convertDose(
  dose: DoseVolume,
  density: Volume<'density'>,
  to: DoseMedium,
  tissues: readonly Tissue[] = defaultTissues,
): DoseVolume {
  checkSameGrid('dose conversion: dose and density', dose.grid, density.grid);
  checkTissues(tissues);
  if (dose.medium !== 'engine' || dose.quantity !== 'physical') {
    throw new InvalidInputError(
      `dose conversion: the dose is ${dose.quantity}, ${dose.medium ?? 'of a medium that it does not name'}, but must be the engine's physical dose. Convert before anything else.`,
    );
  }
  const data = dose.data.map((d, i) => (d === 0 ? 0 : d * doseFactor(density.data[i]!, to, tissues)));
  return { ...dose, data, medium: to };
}

function checkTissues(tissues: readonly Tissue[]): void {
  tissues.forEach(({ name, below, absorption, stopping }, t) => {
    checkPositive(`tissue table: absorption of ${name}`, absorption);
    checkPositive(`tissue table: stopping of ${name}`, stopping);
    if (t > 0 && !(below > tissues[t - 1]!.below)) {
      throw new InvalidInputError(
        `tissue table: ${name} ends at ${below}, but ${tissues[t - 1]!.name} before it at ${tissues[t - 1]!.below}. Sort it by density.`,
      );
    }
  });
}

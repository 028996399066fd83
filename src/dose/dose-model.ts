/**
 * What a result says of the dose model that it rests on.
 */

import type { DoseMedium } from '../geometry/volume.js';
import { DENSITY_RANGE } from './kernel-domain.js';

export interface DoseModel {
  readonly heterogeneity: 'depth' | 'density';
  readonly medium: DoseMedium;
}

const media: Record<DoseMedium, string> = {
  engine: "water of the electron density of each voxel (the engine's own dose; 5 % above dose to bone in bone)",
  medium: 'the tissue of each voxel (by its electron density)',
  water: 'a little water in the tissue of each voxel (Bragg-Gray)',
};

/** The assumptions of a dose model, a sentence each. */
export function doseModelAssumptions({ heterogeneity, medium }: DoseModel): string[] {
  return [
    `Dose is to ${media[medium]}.`,
    heterogeneity === 'density'
      ? 'The dose engine scales depth and the lateral spread of electrons and scatter with the density along each ray: for fields of 30 mm or more within 2 % of Monte Carlo 10 mm from an interface and 3 % everywhere behind, 4 % for 20 mm, tested with the densities of lung (0.26) and bone (1.74) to which it was fitted.'
      : 'The dose engine scales depth alone by density along each ray; in and behind lung it is known to be wrong by 4 to 30 %.',
  ];
}

/** Of points whose surroundings are thinner or denser than the range that the model is limited to. */
export function densityWarning(points: number): string {
  const [low, high] = DENSITY_RANGE;
  return `${points} points have an effective density outside ${low} to ${high}, to which the model is limited: the nearest end was used (air cavities or metal)`;
}

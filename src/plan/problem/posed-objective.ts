/** One objective of a case on the rows of the optimiser. */
import { UnsupportedError } from '../../core/errors.js';
import { objectiveInBiologicalDose } from '../../optimize/objective/biological-dose.js';
import { maximumDvh, minimumDvh } from '../../optimize/objective/dose-volume.js';
import { squaredGeud } from '../../optimize/objective/generalised-eud.js';
import { smoothMaximum, smoothMinimum } from '../../optimize/objective/log-sum-exp.js';
import { meanDose } from '../../optimize/objective/mean-dose.js';
import type { Level, Objective, VoxelSet } from '../../optimize/objective/objective.js';
import { squaredDeviation } from '../../optimize/objective/squared-deviation.js';
import { squaredFallOff } from '../../optimize/objective/squared-fall-off.js';
import { squaredOverdose } from '../../optimize/objective/squared-overdose.js';
import { squaredUnderdose } from '../../optimize/objective/squared-underdose.js';
import { type AskedObjective, TISSUE } from '../asked/asked-objective.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlanningVoxels } from './planning-voxels.js';
import type { PriorAtRows } from './prior-at-rows.js';

/** What an objective is posed on. */
export interface ObjectiveSite {
  readonly voxels: PlanningVoxels;
  /** The target's rows, of one scenario. */
  readonly target: VoxelSet;
  readonly level: Level;
  readonly planCase: Pick<PlanCase, 'target' | 'prescription'>;
  readonly priorOf: PriorAtRows;
}

/** Any but smoothness, which is of beamlets: see `prepared-influence.ts`. */
export function poseObjective(asked: AskedObjective, site: ObjectiveSite): Objective {
  const { scale, courses, structure } = asked;
  const set = setOf(asked, site);
  const physical = onRows(asked, set, site);
  if (scale === undefined) return physical;
  const { fractions } = site.planCase.prescription;
  const prior = courses === 'all' ? { prior: site.priorOf(structure!, set.rows, scale) } : {};
  return objectiveInBiologicalDose(physical, { ...scale, fractions, ...prior });
}

function onRows(asked: AskedObjective, set: VoxelSet, site: ObjectiveSite): Objective {
  const { kind, name, dose, volume, temperature, ofLevel } = asked;
  const level = ofLevel === undefined ? { value: dose } : site.level;
  const fraction = ofLevel ?? 1;
  const weight = weightOf(asked, site);
  switch (kind) {
    case 'deviation':
      return squaredDeviation(name, set, level, weight, fraction);
    case 'underdose':
      return squaredUnderdose(name, set, level, fraction, weight);
    case 'overdose':
      return squaredOverdose(name, set, dose, weight);
    case 'mean':
      return meanDose(name, set, weight);
    case 'gEUD': {
      const a = asked.a!;
      return squaredGeud(name, set, level, { a, side: a >= 1 ? 'above' : 'below' }, weight);
    }
    case 'maximum-dvh':
      return maximumDvh(name, set, dose, volume!, weight);
    case 'minimum-dvh':
      return minimumDvh(name, set, dose, volume!, weight);
    case 'maximum':
      return smoothMaximum(name, set, temperature, weight);
    case 'minimum':
      return smoothMinimum(name, set, temperature, weight);
    default: {
      const from = { dose: fallOffDose(asked, site), ...asked.fall };
      return squaredFallOff(name, set, distanceOf(site, set), from, weight);
    }
  }
}

function setOf({ structure }: AskedObjective, { voxels, target, planCase }: ObjectiveSite): VoxelSet {
  if (structure === TISSUE) return voxels.tissue;
  const own = voxels.owned.get(structure!) ?? voxels.targets?.get(structure!);
  // The target has its rows whether it is named or not, and others in each scenario.
  return structure === planCase.target && (own === undefined || target !== voxels.target) ? target : own!;
}

/** Of what is asked of all targets each has its part: equal voxels count alike, whichever target they belong to. */
function weightOf({ structure, weight, isOfTargets }: AskedObjective, { voxels }: ObjectiveSite): number {
  if (isOfTargets === undefined || voxels.targets === undefined) return weight;
  let [own, all] = [0, 0];
  for (const [name, listed] of voxels.targets) {
    const { volumes } = voxels.owned.get(name) ?? listed;
    const volume = volumes.reduce((a, b) => a + b, 0);
    all += volume;
    if (name === structure) own = volume;
  }
  return (weight * own) / all;
}

/** Where a fall-off begins, Gy: outside several targets, given in percent, of what the nearest one is asked for. */
function fallOffDose(
  { dose, isPercent }: AskedObjective,
  { voxels: { tissue }, planCase }: ObjectiveSite,
): number | Float64Array {
  if (isPercent === undefined || tissue.dose === undefined) return dose;
  return tissue.dose.map((own) => (dose * own) / planCase.prescription.dose);
}

/** From the target, mm, one per row of the set. */
function distanceOf({ voxels }: ObjectiveSite, set: VoxelSet): Float64Array {
  if (set === voxels.tissue) return voxels.tissue.distance;
  throw new UnsupportedError(`objective fall-off: it is of ${TISSUE}. Leave structure out.`);
}

/**
 * The limits that bound the voxels of each structure: of the case, by number or by name; where it names none and there was a
 * prior course, HyTEC's on the cord. They are limits of a retreatment: a first course has none unless the case asks for it.
 */

import { hytecSource } from '../../biology/cord-tolerances.js';
import { namedTolerance } from '../../biology/named-tolerances.js';
import type { VoxelTolerance } from '../../biology/remaining-dose.js';
import type { SpineLevel } from '../../biology/risk.js';
import { toDecimals } from '../../core/rounding.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';

/** The case's `retreatment.bounds`. */
export type AskedBounds = NonNullable<PlanCase['retreatment']['bounds']>;

/** HyTEC's limits of a retreatment, on the cord: the bounds of a case that names none; none without a prior course. */
export function defaultTolerances(
  model: Pick<PatientModel, 'cord'>,
  plan: Pick<PlanCase, 'prior' | 'alphaBeta'>,
): AskedBounds {
  if (plan.prior === null) return [];
  const common = { structure: model.cord, alphaBeta: plan.alphaBeta.cord } as const;
  return [
    { ...common, courses: 'this', eqd2: 25, source: 'HyTEC, retreatment' },
    { ...common, courses: 'all', eqd2: 70, source: 'HyTEC, both courses' },
  ];
}

/**
 * @param asked     undefined where the case names none
 * @param defaults  what holds then
 * @param fractions of this course
 * @returns by structure, in the order of the case; a limit's `name` says structure, number and source
 * @throws {InvalidInputError} for a name that is no limit on single voxels, or is stated for another organ
 */
export function tolerancesByStructure(
  asked: AskedBounds | undefined,
  defaults: AskedBounds,
  fractions: number,
  level: SpineLevel,
): Map<string, VoxelTolerance[]> {
  const found = new Map<string, VoxelTolerance[]>();
  for (const bound of asked ?? defaults) {
    const { structure } = bound;
    const tissue = /cauda/i.test(structure) ? 'cauda' : 'cord';
    const limit =
      bound.limit === undefined
        ? ownTolerance(bound, asked === undefined)
        : namedTolerance(bound.limit, structure, { fractions, level, tissue });
    const cited = limit.source === undefined ? '' : ` (${bound.limit === undefined ? bound.source : limit.name})`;
    const name = `${structure} ${toDecimals(limit.eqd2, 2)} Gy EQD2/${limit.alphaBeta}, ${limit.courses === 'all' ? 'both courses' : 'this course'}${cited}`;
    found.set(structure, [...(found.get(structure) ?? []), { ...limit, name }]);
  }
  return found;
}

function ownTolerance({ courses, eqd2, alphaBeta, source }: AskedBounds[number], isDefault: boolean): VoxelTolerance {
  // The case's schema sees to it that a bound without a name has its numbers.
  const limit = { name: '', courses: courses!, eqd2: eqd2!, alphaBeta: alphaBeta! };
  if (isDefault) return { ...limit, source: hytecSource };
  if (source === undefined) return limit;
  return { ...limit, source: { citation: source, evidence: 'assumed', note: 'as the case says' } };
}

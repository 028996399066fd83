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
export type AskedTolerances = NonNullable<PlanCase['retreatment']['bounds']>;

/** HyTEC's limits of a retreatment, on the cord: the bounds of a case that names none; none without a prior course. */
export function defaultTolerances(
  model: Pick<PatientModel, 'cord'>,
  planCase: Pick<PlanCase, 'prior' | 'alphaBeta'>,
): AskedTolerances {
  if (planCase.prior === null) return [];
  const common = { structure: model.cord, alphaBeta: planCase.alphaBeta.cord } as const;
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
  asked: AskedTolerances | undefined,
  defaults: AskedTolerances,
  fractions: number,
  level: SpineLevel,
): Map<string, VoxelTolerance[]> {
  const found = new Map<string, VoxelTolerance[]>();
  for (const given of asked ?? defaults) {
    const { structure } = given;
    const tissue = /cauda/i.test(structure) ? 'cauda' : 'cord';
    const tolerance =
      given.limit === undefined
        ? ownTolerance(given, asked === undefined)
        : namedTolerance(given.limit, structure, { fractions, level, tissue });
    const cited =
      tolerance.source === undefined ? '' : ` (${given.limit === undefined ? given.source : tolerance.name})`;
    const name = `${structure} ${toDecimals(tolerance.eqd2, 2)} Gy EQD2/${tolerance.alphaBeta}, ${tolerance.courses === 'all' ? 'both courses' : 'this course'}${cited}`;
    found.set(structure, [...(found.get(structure) ?? []), { ...tolerance, name }]);
  }
  return found;
}

function ownTolerance(
  { courses, eqd2, alphaBeta, source }: AskedTolerances[number],
  isDefault: boolean,
): VoxelTolerance {
  // The case's schema sees to it that a bound without a name has its numbers.
  const tolerance = { name: '', courses: courses!, eqd2: eqd2!, alphaBeta: alphaBeta! };
  if (isDefault) return { ...tolerance, source: hytecSource };
  if (source === undefined) return tolerance;
  return { ...tolerance, source: { citation: source, evidence: 'assumed', note: 'as the case says' } };
}

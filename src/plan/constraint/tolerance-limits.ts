/**
 * The limits that bound the voxels of each structure: of the case, by number or by name; where it names none and there was a
 * prior course, HyTEC's on the cord. They are limits of a retreatment: a first course has none unless the case asks for it.
 */
import type { VoxelLimit } from '../../biology/allowance.js';
import { hytecSource } from '../../biology/limits.js';
import { namedVoxelLimit } from '../../biology/voxel-limits.js';
import type { PlanCase } from '../input/plan-case.js';
import { levelOf } from '../input/spine-level.js';
import type { PatientModel } from '../patient/patient-model.js';

/** HyTEC's limits of a retreatment, on the cord: the bounds of a case that names none; none without a prior course. */
export function defaultBounds(
  model: Pick<PatientModel, 'cord'>,
  plan: PlanCase,
): NonNullable<PlanCase['retreatment']['bounds']> {
  if (plan.prior === null) return [];
  const common = { structure: model.cord, alphaBeta: plan.alphaBeta.cord } as const;
  return [
    { ...common, courses: 'this', eqd2: 25, source: 'HyTEC, retreatment' },
    { ...common, courses: 'all', eqd2: 70, source: 'HyTEC, both courses' },
  ];
}

/**
 * @param defaults where the case names none
 * @returns by structure, in the order of the case; a limit's `name` says structure, number and source
 * @throws {InvalidInputError} for a name that is no limit on single voxels, or is stated for another organ
 */
export function limitsByStructure(
  model: PatientModel,
  plan: PlanCase,
  defaults = defaultBounds(model, plan),
): Map<string, VoxelLimit[]> {
  const found = new Map<string, VoxelLimit[]>();
  const { bounds } = plan.retreatment;
  for (const bound of bounds ?? defaults) {
    const { structure } = bound;
    const limit =
      bound.limit === undefined ? ownLimit(bound, bounds === undefined) : named(bound.limit, structure, plan);
    const cited = limit.source === undefined ? '' : ` (${bound.limit === undefined ? bound.source : limit.name})`;
    const name = `${structure} ${Number(limit.eqd2.toFixed(2))} Gy EQD2/${limit.alphaBeta}, ${limit.courses === 'all' ? 'both courses' : 'this course'}${cited}`;
    found.set(structure, [...(found.get(structure) ?? []), { ...limit, name }]);
  }
  return found;
}

function ownLimit(
  { courses, eqd2, alphaBeta, source }: NonNullable<PlanCase['retreatment']['bounds']>[number],
  isDefault: boolean,
): VoxelLimit {
  // The case's schema sees to it that a bound without a name has its numbers.
  const limit = { name: '', courses: courses!, eqd2: eqd2!, alphaBeta: alphaBeta! };
  if (isDefault) return { ...limit, source: hytecSource };
  if (source === undefined) return limit;
  return { ...limit, source: { citation: source, evidence: 'assumed', note: 'as the case says' } };
}

function named(name: string, structure: string, plan: PlanCase): VoxelLimit {
  const { fractions } = plan.prescription;
  const tissue = /cauda/i.test(structure) ? 'cauda' : 'cord';
  return namedVoxelLimit(name, structure, { fractions, level: levelOf(plan), tissue });
}

/**
 * Limits of the literature that may bound every voxel of a structure, by name.
 *
 * Only what is a maximum over voxels and was found in its source: a hard bound decides, so a recalled number cannot be one.
 * Of the cord those of `limits.ts`; of other organs a cumulative maximum was found for the oesophagus alone. What the
 * literature states for lungs, kidneys and liver are means and volumes, which are no bounds on single voxels.
 */
import { InvalidInputError } from '../core/errors.js';
import {
  type CordTolerance,
  cordToleranceNames,
  cordTolerances,
  type ToleranceContext,
  toleranceEqd2,
} from './cord-tolerances.js';
import type { VoxelTolerance } from './remaining-dose.js';

/** A limit with where its number comes from, and how far it is stretched. */
export interface SourcedTolerance extends VoxelTolerance {
  readonly source: NonNullable<VoxelTolerance['source']>;
  readonly warnings: readonly string[];
}

const oesophagus: CordTolerance = {
  name: 'rulach-oesophagus',
  title: 'Rulach 2026, 5 % of severe toxicity',
  structure: 'Esophagus',
  metric: 'Max',
  courses: 'all',
  quantity: 'eqd2',
  alphaBeta: 3,
  limit: 94.2,
  role: 'criterion',
  source: {
    citation: 'Rulach et al., Clin. Transl. Radiat. Oncol. (2026) 101108',
    doi: '10.1016/j.ctro.2026.101108',
    evidence: 'found',
    note: 'abstract read; logistic model of 21 series (505 patients) of thoracic re-irradiation: 5 % of grade 3 or worse without concurrent chemotherapy (95 % interval 79.6 to 142.8 Gy); with it at 43.0 Gy',
  },
};

const CHEMOTHERAPY = 'a fitted risk, without concurrent chemotherapy only: with it the same risk is at 43.0 Gy';

/** The structures that a limit may bound, besides the one that it is stated for. */
const family: Readonly<Record<string, RegExp>> = {
  cord: /cord|cauda|thecal|canal/i,
  ThecalSac: /cord|cauda|thecal|canal/i,
  Esophagus: /^o?esophagus/i,
};

/** Names that `namedVoxelLimit` takes, in any context. */
export function toleranceNames(): string[] {
  const all = allTolerances({ fractions: 1, level: 'thoracic', priorEqd2: 0 });
  return all.filter((limit) => refusalOf(limit) === undefined).map(({ name }) => name);
}

/**
 * A limit of the literature as a bound on every voxel of a structure, in EQD2.
 *
 * @param context of this course; `tissue` as the structure is
 * @throws {InvalidInputError} for a name that there is not, a limit that is recalled, no maximum over voxels, stated for
 *   another organ, or does not apply at this level
 */
export function namedTolerance(name: string, structure: string, context: ToleranceContext): SourcedTolerance {
  const prior = { ...context, priorEqd2: context.priorEqd2 ?? 0 };
  const tolerance = allTolerances(prior).find((candidate) => candidate.name === name);
  const refuse = (why: string): never => {
    throw new InvalidInputError(`limit "${name}" on every voxel of ${structure}: ${why}`);
  };
  if (tolerance === undefined) {
    return refuse(
      [...cordToleranceNames(), oesophagus.name].includes(name)
        ? 'it is not stated for this level or prior course. Give a number of your own.'
        : `there is none of this name. There are ${toleranceNames().join(', ')}.`,
    );
  }
  const why = refusalOf(tolerance);
  if (why !== undefined) refuse(why);
  if (!family[tolerance.structure]!.test(structure)) {
    refuse(`it is stated for ${tolerance.structure}, another organ. Give a number of your own with its source.`);
  }
  const { alphaBeta, source, courses, fractions, role, title } = tolerance;
  const own = name === oesophagus.name ? [CHEMOTHERAPY] : [];
  const isStated =
    structure === tolerance.structure || (tolerance.structure === 'cord' && /cord|cauda/i.test(structure));
  return {
    name: title,
    courses: courses === 'all' ? 'all' : 'this',
    eqd2: toleranceEqd2(tolerance)!,
    alphaBeta,
    source,
    warnings: [
      ...own,
      ...(isStated ? [] : [`stated for ${tolerance.structure}, applied to ${structure}: an extrapolation`]),
      ...(fractions === undefined || (context.fractions >= fractions[0] && context.fractions <= fractions[1])
        ? []
        : [
            `stated for ${fractions[0]} to ${fractions[1]} fractions, applied to ${context.fractions}: an extrapolation`,
          ]),
      ...(role === 'comparison' ? ['a comparison, not a criterion of retreatments'] : []),
    ],
  };
}

function allTolerances(context: ToleranceContext): CordTolerance[] {
  return [...cordTolerances(context), oesophagus];
}

/** Why a limit is no bound on single voxels. */
function refusalOf({ metric, courses, source }: CordTolerance): string | undefined {
  if (metric !== 'Max') {
    return `it is on ${metric}, which is no maximum over voxels. Bound Max by a number of your own, or leave it to the table of limits.`;
  }
  if (courses === 'share') return 'it is a share of all courses, not a dose. Leave it to the table of limits.';
  if (source.evidence === 'recalled') {
    return 'its number is recalled, not read in its source, and may not decide. Give it with a source of your own.';
  }
  return undefined;
}

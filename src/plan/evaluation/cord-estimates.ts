/**
 * What stands beside the limits of a retreatment, never in place of them: the cord's maximum as conventions of recovery count it, and
 * what published models make of its risk.
 */

import type { Source } from '../../biology/evidence.js';
import { bed, doseFromEqd2, eqd2 } from '../../biology/linear-quadratic.js';
import { noRecovery, recoveryConventions } from '../../biology/recovery.js';
import {
  lymanProbability,
  lymanSource,
  type NiederScore,
  niederAlphaBeta,
  niederScore,
  SCHULTHEISS_ALPHA_BETA,
  type SpineLevel,
  schultheissProbability,
  schultheissSource,
} from '../../biology/risk.js';
import type { DoseField } from '../../evaluate/dose-field.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { extremeDose } from '../../evaluate/extreme.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import { coordinateAt, type Grid, type Vec3 } from '../../geometry/grid.js';
import { valueAt } from '../../geometry/resample.js';
import type { DoseVolume } from '../../geometry/volume.js';
import type { PlanCase } from '../input/plan-case.js';
import { conventionOf } from '../input/recovery-convention.js';
import { courseTerm } from '../patient/course-term.js';
import type { PatientModel } from '../patient/patient-model.js';
import { priorsOnGrid } from '../patient/prior-around.js';
import { evenEffect, type largestEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import type { CumulativeDvhs } from './cumulative-dvhs.js';

/** A convention's view of the cord's maximum. */
export interface RecoveryRow {
  readonly name: string;
  readonly title: string;
  readonly source: Source;
  /** What still counts of the prior course where the sum is largest, EQD2, Gy. */
  readonly prior: number;
  /** That and this course, EQD2, Gy. */
  readonly cumulative: number;
  /** EQD2 against which it stands, Gy. */
  readonly tolerance: number;
  /** Physical Gy of this course that it allows at that voxel. */
  readonly allowed: number;
}

/** What published models of myelopathy make of the cord dose; estimates, never limits. */
export interface RiskEstimates {
  /** Probability by Schultheiss of this course alone, and of all without recovery; null where a prior EQD2 does not tell it. */
  readonly schultheiss: { readonly thisCourse: number; readonly cumulative: number | null; readonly source: Source };
  /** By Lyman from the gEUD (a = 20) of both courses: printed with its warning only. */
  readonly lyman: { readonly cumulative: number; readonly source: Source };
  /** null where a prior EQD2 does not tell it. */
  readonly nieder: (NiederScore & { readonly alphaBeta: number }) | null;
}

/** Beyond the outermost voxel centres the dose is that of the border. */
const withinCentres = (place: Vec3, grid: Grid): Vec3 =>
  place.map((c, axis) => {
    const last = coordinateAt(grid, axis, grid.shape[2 - axis]! - 1);
    return Math.min(Math.max(c, grid.origin[axis]!), last);
  }) as unknown as Vec3;

/** To how much of its value a maximum under a convention is searched. */
const RECOVERY_SHARE = 5e-4;

/** Every convention where in the cord it is closest to its tolerance. */
export function recoveryRows(
  model: PatientModel,
  planCase: Pick<PlanCase, 'prescription' | 'retreatment' | 'alphaBeta'>,
  prior: PriorExposure,
  now: DoseVolume,
  { cord, sum }: { readonly cord: Dvh; readonly sum: Dvh },
): RecoveryRow[] {
  const { fractions } = planCase.prescription;
  const { tolerance: first } = planCase.retreatment;
  const asked = conventionOf(planCase.retreatment.recovery);
  const known = recoveryConventions.includes(asked) ? recoveryConventions : [...recoveryConventions, asked];
  // They are defined for one prior course; an EQD2 that was read may be the sum of several.
  const isOne = prior.courses.length === 1 && prior.courses[0]!.dose.quantity === 'physical';
  const shown = known.filter(({ name }) => isOne || name === noRecovery.name);
  return shown.map(({ name, title, source, alphaBeta = planCase.alphaBeta.cord, after }) => {
    const counted = (effect: number) => after(Math.max(0, effect), prior.months, first);
    const even = evenEffect(prior, model, model.cord, 'eqd2', alphaBeta);
    const { there, value } =
      even === undefined
        ? largestUnder(counted, model, prior, now, alphaBeta, RECOVERY_SHARE * sum.max)
        : { there: counted(even), value: counted(even).prior + courseTerm(now, 'eqd2', alphaBeta).convert(cord.max) };
    const left = Math.max(0, there.tolerance - there.prior);
    const allowed = doseFromEqd2(left, fractions, alphaBeta);
    return { name, title, source, ...there, cumulative: name === 'none' ? sum.max : value, allowed };
  });
}

/** What a convention counts of a prior EQD2, and against which tolerance it stands, Gy. */
type Counted = (effect: number) => { readonly prior: number; readonly tolerance: number };

/** The largest EQD2 in the cord with what is counted of the prior courses, and what is counted there. */
function largestUnder(
  counted: Counted,
  model: PatientModel,
  prior: PriorExposure,
  now: DoseVolume,
  alphaBeta: number,
  tolerance: number,
): { readonly there: ReturnType<Counted>; readonly value: number } {
  const { grid } = now;
  const before = priorsOnGrid(prior, model, model.cord, grid);
  const terms = before.map((dose) => courseTerm(dose, 'eqd2', alphaBeta));
  // Of several courses nothing is credited, so that each may be counted by itself.
  const remaining = terms.map(({ data, convert }) => ({
    data,
    convert: (gray: number) => counted(convert(gray)).prior,
  }));
  const field: DoseField = {
    grid,
    quantity: 'eqd2',
    alphaBeta,
    terms: [...remaining, courseTerm(now, 'eqd2', alphaBeta)],
  };
  const solid = solidOfStructure(model.structures.get(model.cord)!);
  const { value, place } = extremeDose(field, solid, { extreme: 'max', tolerance, budget: 5000 });
  const at = place && withinCentres(place, grid);
  const effect =
    at === undefined ? 0 : before.reduce((all, dose, c) => all + terms[c]!.convert(valueAt(dose, ...at)!), 0);
  return { there: counted(effect), value };
}

interface RiskInput {
  readonly structure: string;
  /** Its DVH of this course. */
  readonly cord: Dvh;
  readonly both: CumulativeDvhs;
  readonly fractions: number;
  readonly level: SpineLevel;
  /** Of the cord, Gy. */
  readonly alphaBeta: number;
  readonly months: number;
}

export function riskOf({ structure, cord, both, fractions, level, alphaBeta: own, months }: RiskInput): RiskEstimates {
  const alphaBeta = niederAlphaBeta[level];
  const bySchultheiss = both.of(structure, 'eqd2', SCHULTHEISS_ALPHA_BETA);
  const byNieder = both.of(structure, 'bed', alphaBeta);
  const before = both.largestPrior(structure, 'bed', alphaBeta);
  const byLyman = both.of(structure, 'eqd2', own) as Dvh;
  return {
    schultheiss: {
      thisCourse: schultheissProbability(eqd2(cord.max, fractions, SCHULTHEISS_ALPHA_BETA)),
      cumulative: typeof bySchultheiss === 'string' ? null : schultheissProbability(bySchultheiss.max),
      source: schultheissSource,
    },
    lyman: {
      cumulative: lymanProbability(evaluateMetric(parseMetric('gEUD(a=20)'), byLyman).value),
      source: lymanSource,
    },
    nieder: niederOf(before, byNieder, bed(cord.max, fractions, alphaBeta), months, alphaBeta),
  };
}

function niederOf(
  before: ReturnType<typeof largestEffect>,
  both: Dvh | string,
  now: number,
  months: number,
  alphaBeta: number,
): RiskEstimates['nieder'] {
  if (typeof before === 'string' || typeof both === 'string') return null;
  return { ...niederScore({ courses: [...before.each, now], cumulative: both.max, months }), alphaBeta };
}

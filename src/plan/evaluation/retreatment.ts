/**
 * A plan judged as a retreatment: every limit of the literature against this course and against both, what it leaves, and
 * which one binds; conventions of recovery and estimates of risk beside them, never in place of them.
 *
 * Doses of both courses are converted point by point in the structures as they are drawn, and added there; the sum of the maxima,
 * which needs no registration, stands beside the maximum of the sum. Where the prior dose is uniform the two are one.
 */

import { type CordTolerance, cordToleranceNames, cordTolerances } from '../../biology/cord-tolerances.js';
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
import { InvalidInputError } from '../../core/errors.js';
import { convertDvh } from '../../evaluate/converted-dvh.js';
import type { DoseField } from '../../evaluate/dose-field.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { extremeDose } from '../../evaluate/extreme.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import { createStructureDvh, StructureDvhWorkspace } from '../../evaluate/structure-dvh.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import { coordinateAt, type Grid, type Vec3 } from '../../geometry/grid.js';
import { valueAt } from '../../geometry/resample.js';
import type { DoseVolume } from '../../geometry/volume.js';
import {
  type PriorExcess,
  type StructureTolerance,
  structureTolerances,
  type ToleranceCase,
} from '../constraint/structure-tolerance.js';
import type { PlanCase } from '../input/plan-case.js';
import { conventionOf } from '../input/recovery-convention.js';
import { levelOf } from '../input/spine-level.js';
import { courseTerm } from '../patient/course-term.js';
import type { PatientModel } from '../patient/patient-model.js';
import { priorsAtCord, priorsOnGrid } from '../patient/prior-around.js';
import { evenEffect, largestEffect, whyNoEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { type DoseIn, withCordMaximum } from '../technique/drawn-dvh.js';
import { type AssessmentRow, bindingRow, intervalRows, limitRows } from './tolerance-rows.js';

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

/** A plan judged as a retreatment: limits on both courses, what they leave, and what recovery and risk models say. */
export interface RetreatmentAssessment {
  readonly cord: string;
  readonly level: SpineLevel;
  readonly prior: PriorExposure;
  /** Largest dose of the cord: this course in physical Gy; the rest EQD2 with `alphaBeta`, no recovery, Gy. */
  readonly maximum: {
    readonly thisCourse: number;
    readonly alphaBeta: number;
    readonly thisEqd2: number;
    readonly priorEqd2: number;
    readonly cumulative: number;
    readonly sumOfMaxima: number;
  };
  /** D0.03cc of both courses, EQD2, no recovery, Gy. */
  readonly cumulativeNearMax: number;
  readonly rows: readonly AssessmentRow[];
  /** Of the criteria on the cord the one that leaves least. */
  readonly binding: AssessmentRow | undefined;
  /** Of the criteria on all structures. */
  readonly strictest: AssessmentRow | undefined;
  /** `none` first. */
  readonly recovery: readonly RecoveryRow[];
  readonly risk: RiskEstimates;
  /** Where the prior course alone is above a tolerance by voxel. */
  readonly exceeded: readonly PriorExcess[];
}

/** The dose of this course, as it is asked for. */
export interface CourseDose {
  /** By structure. */
  readonly doseIn: DoseIn;
  /** Physical. */
  readonly dvhs: ReadonlyMap<string, Dvh>;
  /** At the cord's points, Gy, as `planning-grid.ts` numbers them. */
  readonly doseOf?: (voxel: number) => number;
}

/**
 * @param tolerances of the case, where they are known already
 * @returns undefined where there was no prior course, or the cord lies outside the dose
 * @throws {InvalidInputError} if the prior dose is unknown in part of the cord
 */
export function assessRetreatment(
  model: PatientModel,
  planCase: ToleranceCase,
  prior: PriorExposure | undefined,
  { doseIn, dvhs, doseOf }: CourseDose,
  tolerances: readonly StructureTolerance[] = structureTolerances(model, planCase, prior),
): RetreatmentAssessment | undefined {
  const cord = dvhs.get(model.cord);
  if (prior === undefined || cord === undefined) return undefined;
  const both = new CumulativeDvhs(model, prior, doseIn, dvhs, doseOf);
  const alphaBeta = planCase.alphaBeta.cord;
  const sum = both.of(model.cord, 'eqd2', alphaBeta);
  if (typeof sum === 'string') throw new InvalidInputError(`retreatment: ${sum}.`);
  const level = levelOf(planCase);
  const { fractions } = planCase.prescription;
  const tissue = /cauda/i.test(model.cord) ? 'cauda' : 'cord';
  const before = both.largestPrior(model.cord, 'eqd2', 2);
  // Where it cannot be told, no row of a table by prior dose applies.
  const priorEqd2 = typeof before === 'string' ? Number.MAX_VALUE : before.all;
  const limits = [
    ...cordTolerances({ fractions, level, priorEqd2, tissue }).filter(
      ({ name }) => !planCase.retreatment.omit.includes(name),
    ),
    ...ownLimits(planCase, model),
  ];
  const rows = [
    ...limitRows(limits, { model, dvhs, both, fractions }),
    ...intervalRows(prior.months, level, fractions),
  ];
  const thisEqd2 = eqd2(cord.max, fractions, alphaBeta);
  // The courses were refused where they do not tell the cord's own alpha/beta.
  const { all: priorOwn } = both.largestPrior(model.cord, 'eqd2', alphaBeta) as { all: number };
  return {
    cord: model.cord,
    level,
    prior,
    maximum: {
      thisCourse: cord.max,
      alphaBeta,
      thisEqd2,
      priorEqd2: priorOwn,
      cumulative: sum.max,
      sumOfMaxima: priorOwn + thisEqd2,
    },
    cumulativeNearMax: evaluateMetric(parseMetric('D0.03cc'), sum).value,
    rows,
    binding: bindingRow(rows.filter(({ structure }) => structure === model.cord)),
    strictest: bindingRow(rows),
    recovery: recoveryRows(model, planCase, prior, doseIn(model.cord), { cord, sum }),
    risk: riskOf({ structure: model.cord, cord, both, fractions, level, alphaBeta, months: prior.months }),
    exceeded: tolerances.flatMap(({ exceeded }) => exceeded),
  };
}

/**
 * The limits that the case brings itself.
 *
 * @throws {InvalidInputError} for one on an unknown structure, or where it omits one that there is not
 */
export function ownLimits(
  planCase: Pick<PlanCase, 'retreatment'>,
  model: Pick<PatientModel, 'masks'>,
): CordTolerance[] {
  const known = cordToleranceNames();
  const typo = planCase.retreatment.omit.find((name) => !known.includes(name));
  if (typo !== undefined) {
    throw new InvalidInputError(
      `case: retreatment.omit names "${typo}", which is no limit. There are ${known.join(', ')}.`,
    );
  }
  return planCase.retreatment.limits.map((limit): CordTolerance => {
    if (!model.masks.has(limit.structure)) {
      throw new InvalidInputError(
        `case: retreatment.limits names "${limit.structure}", which is not a structure. There are ${[...model.masks.keys()].join(', ')}.`,
      );
    }
    const { fractions, source, ...rest } = limit;
    return { ...rest, title: limit.name, source: source as Source, ...(fractions === undefined ? {} : { fractions }) };
  });
}

/**
 * DVHs of both courses by structure, quantity and alpha/beta: each is made once. Where the prior course is even in the structure
 * they follow from the DVH of this one.
 */
export class CumulativeDvhs {
  private readonly found = new Map<string, Dvh | string>();
  private readonly workspace = new StructureDvhWorkspace();
  private readonly own: Map<string, Dvh>;

  /**
   * @param own DVHs of this course, physical, as far as there are. @default made where they are asked for
   * @param doseOf this course at the cord's points, Gy: then the cord's largest sum is of these points
   */
  constructor(
    private readonly model: PatientModel,
    private readonly prior: PriorExposure,
    private readonly doseIn: DoseIn,
    own: ReadonlyMap<string, Dvh> = new Map(),
    private readonly doseOf?: (voxel: number) => number,
  ) {
    this.own = new Map(own);
  }

  /** @returns the reason where the prior dose is unknown in part of the structure */
  of(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh | string {
    const key = `${structure} ${quantity} ${alphaBeta}`;
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const cells = this.model.cells.get(structure)!;
    const { data } = this.prior.dose;
    const untold = whyNoEffect(this.prior, alphaBeta);
    let unknown = 0;
    for (let v = 0; v < cells.voxels.length; v++) if (Number.isNaN(data[cells.voxels[v]!]!)) unknown++;
    const dvh =
      untold ??
      (unknown > 0
        ? `the prior dose is unknown in ${unknown} voxels of ${structure}, beyond its grid`
        : (this.beyondEven(structure, quantity, alphaBeta) ?? this.drawnSum(structure, quantity, alphaBeta)));
    this.found.set(key, dvh);
    return dvh;
  }

  /** Gy of the quantity, as {@link largestEffect}. */
  largestPrior(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): ReturnType<typeof largestEffect> {
    return largestEffect(this.prior, this.model, structure, quantity, alphaBeta);
  }

  /** This course's DVH, converted, on top of an even prior dose; undefined where that is not even. */
  private beyondEven(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh | undefined {
    const even = evenEffect(this.prior, this.model, structure, quantity, alphaBeta);
    if (even === undefined) return undefined;
    const now = this.doseIn(structure);
    const own = this.own.get(structure) ?? this.drawn(now, structure);
    this.own.set(structure, own);
    const { convert } = courseTerm(now, quantity, alphaBeta);
    return convertDvh(own, (gray) => even + convert(gray), { quantity, alphaBeta });
  }

  private drawnSum(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh {
    const { model, prior, doseOf } = this;
    const dvh = this.drawn(this.sum(structure, quantity, alphaBeta), structure);
    if (structure !== model.cord || doseOf === undefined) return dvh;
    const now = courseTerm(this.doseIn(structure), quantity, alphaBeta);
    const before = priorsAtCord(prior, model).map((at, c) => {
      const { convert } = courseTerm(prior.courses[c]!.dose, quantity, alphaBeta);
      return (voxel: number): number => convert(at(voxel));
    });
    return withCordMaximum(model, dvh, (voxel) =>
      before.reduce((sum, at) => sum + at(voxel), now.convert(doseOf(voxel))),
    );
  }

  private drawn(dose: DoseVolume | DoseField, structure: string): Dvh {
    const { model, workspace } = this;
    return createStructureDvh(dose, model.lines.get(structure)!, { partial: 'covered', workspace });
  }

  /** All courses, each interpolated and then converted. */
  private sum(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): DoseField {
    const now = this.doseIn(structure);
    const before = priorsOnGrid(this.prior, this.model, structure, now.grid);
    const terms = [
      ...before.map((dose) => courseTerm(dose, quantity, alphaBeta)),
      courseTerm(now, quantity, alphaBeta),
    ];
    return { grid: now.grid, quantity, alphaBeta, terms };
  }
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
function recoveryRows(
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

function riskOf({ structure, cord, both, fractions, level, alphaBeta: own, months }: RiskInput): RiskEstimates {
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

/**
 * The case's constraints from plan to plan: what the optimiser is held to, until the dose that is reported keeps them.
 *
 * Every plan's own dose is read in the structures as they are drawn. What misses a constraint by no more than {@link SLIGHT} from above is
 * scaled away with the maxima; anything else moves the optimiser's bound by as much as it was missed, and a little more.
 */
import type { Dvh } from '../../evaluate/dvh.js';
import { lowPlaces } from '../../evaluate/low-places.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import { type Vec3, voxelCount } from '../../geometry/grid.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import type { AskedConstraint } from '../asked/asked-constraint.js';
import { heldValue, isKept, missOf } from '../asked/asked-value.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase } from '../input/plan-case.js';
import { type PatientModel, targetNames } from '../patient/patient-model.js';
import {
  freeOf,
  type HeldConstraint,
  type HeldPlace,
  heldDose,
  heldRows,
  isMaximum,
  withAsked,
} from '../problem/held-constraint.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { placesBelow, type RowMaxima } from '../problem/row-maxima.js';
import { doseOfPlan, heldDvhs } from './drawn-dvh.js';
import { isProven } from './proof.js';
import type { SolvedPlan, TechniquePlan } from './technique-plan.js';

/** What is above its bound by less than this fraction is scaled away. */
const SLIGHT = 1e-3;
/** By how much more than it was missed a bound moves, fraction: twice as much every time that it is missed again. */
const MORE = 2.5e-4;
const MOST = 1e-2;
/** Part of the objective that room in a constraint must be worth before a plan is made again for it. */
const WORTH = 0.01;
/** A voxel is not held from below within this fraction of its maximum. */
const ROOM = 5e-3;
/** So often a volume that maxima hold below its dose may be missed: voxels at its edge belong to it in part, and dose is read between them. */
const PATIENCE = 2;
/** Places of a minimum that are held after one plan, at most. */
const MOST_PLACES = 200;
/** A scaled dose aims below its bound by this fraction: the goal's own tolerance, and what Float32 and reading a DVH backwards are off by. */
const AIM = 2e-6;

/**
 * The scale of a plan's dose, at most 1, that keeps the constraints from above which it misses slightly: what they are on falls with the
 * dose as it does, or faster, on a biological scale.
 */
export function heldScale(
  held: readonly HeldConstraint[],
  dvhOf: (structure: string) => Dvh,
  course: Pick<PlanCase, 'prescription'>,
): number {
  return held.reduce((scale, { asked }) => {
    const dvh = dvhOf(asked.structure);
    if (asked.sign < 0 || isKept(asked, dvh, course)) return scale;
    const value = heldValue(asked, dvh);
    return missOf(asked, value) <= SLIGHT ? Math.min(scale, (asked.dose / value) * (1 - AIM)) : scale;
  }, 1);
}

export class FollowedConstraints {
  private now: HeldConstraint[];
  /** How often each was missed. */
  private readonly misses = new Map<AskedConstraint, number>();
  /** Of volumes of which maxima hold too much below the dose: whose they are. */
  private readonly blocked = new Map<AskedConstraint, readonly string[]>();
  private wasRelaxed = false;

  constructor(
    private readonly asked: readonly AskedConstraint[],
    private readonly model: PatientModel,
    private readonly course: Pick<PlanCase, 'prescription'>,
  ) {
    this.now = asked.map((one) => ({ asked: one, factor: 1 }));
  }

  get held(): readonly HeldConstraint[] {
    return this.now;
  }

  /** Before goals in order: maxima are held so far below their bound that nothing is scaled away for them, which lists would have to make up for. */
  tighten(): void {
    this.now = this.now.map((one) => (isMaximum(one.asked) ? { ...one, factor: one.factor * (1 - SLIGHT) } : one));
  }

  /** The same without rows that a maximum holds below what they would be held at. */
  heldUnder(maxima: RowMaxima): readonly HeldConstraint[] {
    return this.now.map((one) => {
      if (one.rows === undefined || one.asked.sign > 0) return one;
      return { ...one, rows: one.rows.filter((row) => (maxima.get(row)?.bound ?? Infinity) >= heldDose(one)) };
    });
  }

  /** Rows of volumes by the numbers that they have among others. */
  renumber({ places: from }: PlanningVoxels, { places: to }: PlanningVoxels): void {
    const rowAt = new Map(Array.from(to, (place, row) => [place, row]));
    const moved = (rows: Int32Array): Int32Array => rows.map((row) => rowAt.get(from[row]!)!);
    this.now = this.now.map((one) => ({
      ...one,
      ...(one.rows && { rows: moved(one.rows) }),
      ...(one.places && { places: one.places.map((place) => ({ ...place, rows: moved(place.rows) })) }),
    }));
  }

  /** What the optimiser holds as the cord's maximum, Gy. @param given the case's cap */
  cordMaximum(given: number): number {
    return Math.min(given, ...this.maximaOn(this.model.cord));
  }

  /** The maxima of organs, with those that are asked for. @param given what the prior course leaves */
  organMaxima(given: readonly VoxelMaxima[]): VoxelMaxima[] {
    return withAsked(given, this.now, this.model);
  }

  private maximaOn(structure: string): number[] {
    return this.now.filter((one) => isMaximum(one.asked) && one.asked.structure === structure).map(heldDose);
  }

  /** A bound that the structure as drawn keeps with room, while its rows pay for it: once, it is moved out by that room. */
  private relaxed(one: HeldConstraint, value: number, { solution: { certificate } }: SolvedPlan): HeldConstraint {
    const { asked, factor } = one;
    const { form, dose, sign } = asked;
    const isOfRows = form.kind === 'mean' || form.kind === 'gEUD' || (form.kind === 'extreme' && sign < 0);
    if (!isOfRows || this.misses.has(asked) || !isProven(certificate) || !(value > 0 && dose > 0)) return one;
    const price = certificate.prices.find(({ limit }) => limit === asked.text)?.price ?? 0;
    const { value: objective } = certificate;
    if (!(price * Math.abs(value - dose) > WORTH * Math.abs(objective))) return one;
    this.misses.set(asked, 0);
    return { ...one, factor: (factor * dose) / value };
  }

  private chosenRows(
    one: HeldConstraint,
    dvh: Dvh,
    { solution: { dose } }: SolvedPlan,
    set: VoxelSet,
    maxima: RowMaxima,
  ): Int32Array {
    const { asked } = one;
    const { sign } = asked;
    const free = freeOf(asked, dvh.volumeCc);
    // A little above it, as the bound may have to move.
    const below = sign > 0 ? [] : placesBelow(set, heldDose(one) * (1 + ROOM), maxima);
    const forbidden = new Set(below.map((q) => set.rows[q]!));
    const total = set.volumes.reduce((a, b) => a + b, 0);
    if (below.reduce((sum, q) => sum + set.volumes[q]!, 0) > free * total) {
      const of = below.map((q) => maxima.get(set.rows[q]!)!.structure);
      this.blocked.set(asked, [...new Set(of)]);
    }
    return heldRows(set, { dose, free, sign, isForbidden: (row) => forbidden.has(row) });
  }

  /**
   * A constraint on a volume that is still missed, with the structures whose maxima hold more of that volume below the dose than may be: no plan
   * keeps both.
   */
  get conflict(): { readonly asked: AskedConstraint; readonly structures: readonly string[] } | undefined {
    for (const [asked, structures] of this.blocked)
      if ((this.misses.get(asked) ?? 0) >= PATIENCE) return { asked, structures };
    return undefined;
  }

  /** Constraints that a plan does not keep. */
  broken(plan: Pick<TechniquePlan, 'dose' | 'fineDose' | 'surfaceDose'>): AskedConstraint[] {
    const dvhOf = heldDvhs(this.model, plan);
    return this.asked.filter((one) => !isKept(one, dvhOf(one.structure), this.course));
  }

  /**
   * Moves the bounds of what a plan misses.
   *
   * @param maxima of the rows, which no minimum may exceed
   * @returns whether any moved: the plan must be made again
   */
  follow(plan: SolvedPlan, voxels: PlanningVoxels, maxima: RowMaxima): boolean {
    const { structures } = voxels;
    const dvhOf = heldDvhs(this.model, plan);
    let hasMoved = false;
    this.now = this.now.map((one): HeldConstraint => {
      const { asked, factor } = one;
      const { sign, dose } = asked;
      const dvh = dvhOf(asked.structure);
      if (isKept(asked, dvh, this.course)) {
        const relaxed = this.relaxed(one, heldValue(asked, dvh), plan);
        if (relaxed !== one) hasMoved = true;
        return relaxed;
      }
      hasMoved = true;
      if (asked.form.kind === 'volume' && one.rows === undefined)
        return { ...one, rows: this.chosenRows(one, dvh, plan, structures.get(asked.structure)!, maxima) };
      const misses = this.misses.get(asked) ?? 0;
      this.misses.set(asked, misses + 1);
      const value = heldValue(asked, dvh);
      const places = asked.form.kind === 'extreme' && sign < 0 ? this.placesOf(one, plan, voxels) : [];
      if (places.length > 0) {
        // What is missed by little may be what scaling takes.
        const more = value > (1 - SLIGHT) * dose ? Math.min(MOST, MORE * 2 ** misses) : MORE;
        return {
          ...one,
          factor: Math.max(factor, (1 + more) / plan.scale),
          places: [...(one.places ?? []), ...places],
        };
      }
      const nearer = value > 0 && dose > 0 ? dose / value : 1;
      // What reads as kept, but is judged as missed, is missed by rounding.
      const step = sign > 0 ? Math.min(1, nearer) : Math.max(1, nearer);
      return { ...one, factor: factor * step * (1 - sign * Math.min(MOST, MORE * 2 ** misses)) };
    });
    return hasMoved;
  }

  /**
   * After a plan that no bound could be kept in: minima of targets in voxels whose centre lies outside the target as it is drawn are no
   * longer held, which is more than was asked for, but at the places inside that the plan gives too little.
   *
   * @returns whether any was: the plan must be made again
   */
  loosen(plan: SolvedPlan, voxels: PlanningVoxels): boolean {
    let hasMoved = false;
    this.now = this.now.map((one): HeldConstraint => {
      const { form, sign, structure, text } = one.asked;
      const isConcerned = plan.conflict?.includes(text) ?? true;
      const isMinimum = form.kind === 'extreme' && sign < 0 && targetNames(this.model).includes(structure);
      if (!isMinimum || !isConcerned || one.rows !== undefined) return one;
      const solid = solidOfStructure(this.model.lines.get(structure)!.structure);
      const all = voxels.structures.get(structure)!.rows;
      const rows = all.filter((row) => {
        const [x, y, z] = voxels.points.subarray(3 * row, 3 * row + 3) as unknown as Vec3;
        return solid.distance(x, y, z) <= 0;
      });
      if (rows.length === all.length) return one;
      hasMoved = true;
      return { ...one, rows, places: [...(one.places ?? []), ...this.placesOf(one, plan, voxels)] };
    });
    return hasMoved;
  }

  /** Whether more is held than every plan keeps that keeps what is asked: then that none keeps it says nothing. */
  get isMoreThanAsked(): boolean {
    return this.now.some((one) => sureOf(one) !== one);
  }

  /**
   * For the verdict that no plan keeps all: once, only what every plan that does keeps is held.
   *
   * @returns whether that is less than was held: the plan must be made again
   */
  relax(): boolean {
    if (this.wasRelaxed || !this.isMoreThanAsked) return false;
    this.now = this.now.map(sureOf);
    this.wasRelaxed = true;
    return true;
  }

  /** Places of a target as it is drawn that a plan gives less than is asked for, between rows. */
  private placesOf({ asked }: HeldConstraint, plan: SolvedPlan, voxels: PlanningVoxels): HeldPlace[] {
    const { model } = this;
    if (!targetNames(model).includes(asked.structure)) return [];
    const dose = doseOfPlan(plan, model)(asked.structure);
    const { grid, fine, voxelOfPoint } = model;
    const from = fine === undefined ? 0 : voxelCount(grid);
    const rowOf = new Map(Array.from(voxels.places, (place, row) => [voxelOfPoint[place]! - from, row]));
    return lowPlaces(dose, model.lines.get(asked.structure)!, asked.dose, MOST_PLACES).map(({ voxels: own, parts }) => {
      const known = Array.from(own, (_, q) => q).filter((q) => rowOf.has(own[q]!));
      const rest = parts.reduce((sum, part, q) => (rowOf.has(own[q]!) ? sum : sum + part * dose.data[own[q]!]!), 0);
      return {
        rows: Int32Array.from(known, (q) => rowOf.get(own[q]!)!),
        parts: Float64Array.from(known, (q) => parts[q]!),
        rest,
      };
    });
  }
}

/**
 * A minimum at the dose asked for, in voxels and at places whose dose is of rows alone. A place beside voxels that are no rows is held as if
 * these kept what the last plan gave them.
 */
function sureOf(one: HeldConstraint): HeldConstraint {
  const { asked, factor, places = [] } = one;
  if (asked.form.kind !== 'extreme' || asked.sign > 0) return one;
  const sure = places.filter(({ rest }) => rest === 0);
  return factor <= 1 && sure.length === places.length ? one : { ...one, factor: Math.min(1, factor), places: sure };
}

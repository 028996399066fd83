/**
 * Segments instead of fluence: shapes of leaves and their weights, optimised for the objectives and constraints of the fluence.
 *
 * No more segments than allowed are made, in four steps:
 *
 * 1. The best fluence is rounded and sequenced, so that the first plan is a deliverable copy of it.
 * 2. All weights are made anew under the hard constraints, exactly: with the shapes given that is the convex problem of a plan.
 * 3. Its multipliers price every pixel, and of each field the shape that collects most joins in (column generation). When there
 *    are too many, those go that deliver least.
 * 4. Leaf ends leave the pixel edges: each shape is joined by one with moved ends, and both become one with ends in between. Shapes
 *    that deliver nothing any more make room for new ones. Between pixel edges an aperture is sharper than the sum of beamlets that
 *    stands for it, so where its own dose can be had, that is what further ends move from, and what weights are made for.
 *
 * The value of what is found is at least the lower bound of any fluence: what it is above is the price of delivery.
 */
import { checkInteger } from '../core/check.js';
import type { Problem } from '../optimize/problem.js';
import type { Solution } from '../optimize/solution.js';
import { between, checkFields, deliveringShapes, type FieldSegment, type LeafField, type Shape } from './leaf-field.js';
import { BEGINNING, type Weighed, Weighing, type WeighingOptions } from './weighing.js';

/** Segments with their weights, their dose, and the proof that no other weights of these shapes are better. */
export interface WeighedSegments {
  readonly segments: readonly FieldSegment[];
  /** Of the weights of these segments, in their order. */
  readonly solution: Solution;
  /** Of each segment per monitor unit, as the weights were made for it. */
  readonly doses: readonly Float64Array[];
  /** Values after each round, best first shape to last. */
  readonly values: readonly number[];
}

export interface WeighedSegmentsOptions extends WeighingOptions {
  /** Segments of all fields, at most. @default 100 */
  readonly allowed?: number;
  /** Rounds of column generation, at most. @default 20 */
  readonly rounds?: number;
  /** Ends as soon as the value is no more. @default -Infinity */
  readonly enough?: number;
  /** Looked at between rounds. @default never over */
  readonly isOver?: () => boolean;
  /** Before each round: further shapes, or their ends. */
  readonly onBegin?: (of: 'shapes' | 'ends') => void;
  readonly onRound?: (round: { readonly segments: number; readonly value: number }) => void;
}

/** Of the most segments, what joins in each round. */
const JOINING = 0.09;
/** Rounds that gain less than a fraction of the value in turn, after which shapes no longer join, and ends no longer move. */
const PATIENCE = 1;
const JOINED_GAIN = 0.02;
const REFINING_PATIENCE = 2;
const LEAST_GAIN = 3e-3;
/** Times that ends move until the doses of what is delivered are made anew. */
const MOVES = 2;

/**
 * The best segments that are found for a problem of beamlets.
 *
 * @param problem of the fluence, without prescription: its level stands where the fluence has it
 * @param fields  the beamlets of every field as leaf pairs see them
 * @param fluence weights of a good plan, monitor units per beamlet
 * @throws {InvalidInputError} for fewer segments than fields that shine, or a beamlet that is in no field or in two
 */
export function weighSegments(
  problem: Pick<Problem, 'operator' | 'objectives' | 'constraints'>,
  fields: readonly LeafField[],
  fluence: Float64Array,
  options: WeighedSegmentsOptions = {},
): WeighedSegments {
  const { allowed = 100, rounds = 20 } = options;
  checkInteger('segments: the number allowed', allowed, 1);
  checkInteger('segments: rounds', rounds, 0);
  checkFields(fields, problem.operator.columns);
  const work = new Weighing(problem, fields, options);
  const values: number[] = [];
  const all = { ...options, allowed, rounds, values };
  const { shapes, solution } = movedShapes(
    work,
    joinedShapes(work, work.weigh(work.begun(fluence, allowed)), all),
    all,
  );
  const segments = shapes.map(({ left, right, field }, n) => ({ left, right, field, weight: solution.weights[n]! }));
  return { segments, solution, doses: shapes.map(({ dose }) => dose), values };
}

interface Rounds extends WeighedSegmentsOptions {
  readonly allowed: number;
  readonly rounds: number;
  /** Gets the value of each round. */
  readonly values: number[];
}

/** Shapes on pixel edges: those that prices ask for join, until that gains little. */
function joinedShapes(work: Weighing, begun: Weighed, options: Rounds): Weighed {
  const { allowed, rounds, values, enough = -Infinity, isOver = () => false, onBegin, onRound } = options;
  let state = begun;
  let best = begun;
  values.push(begun.solution.objective);
  let idle = 0;
  for (let round = 0; round < rounds && idle < PATIENCE && !isOver(); round++) {
    if (costOf(best) <= enough) break;
    onBegin?.('shapes');
    const joining = work.priced(work.pricesOf(state), Math.max(1, Math.round(JOINING * allowed)));
    if (joining.length === 0) break;
    const kept = heaviest(state, allowed - joining.length);
    state = work.weigh([...kept.shapes, ...joining], kept.weights);
    const value = costOf(state);
    values.push(value);
    onRound?.({ segments: state.shapes.length, value });
    idle = value < (1 - JOINED_GAIN) * costOf(best) ? 0 : idle + 1;
    if (value < costOf(best)) best = state;
    // Shapes with which nothing keeps the constraints have no prices.
    if (value === Infinity && costOf(best) < Infinity) state = best;
  }
  return best;
}

/** Shapes with ends anywhere, as they are delivered. */
function movedShapes(work: Weighing, begun: Weighed, options: Rounds): Weighed {
  const { allowed, rounds, values, enough = -Infinity, isOver = () => false, onBegin, onRound } = options;
  let state = begun;
  // What beamlets stand for is no plan yet where the doses of apertures can be had.
  let best = work.isDelivered ? undefined : begun;
  let idle = 0;
  for (let round = 0; round < rounds && idle < REFINING_PATIENCE; round++) {
    if (best !== undefined && (costOf(best) <= enough || isOver())) break;
    onBegin?.('ends');
    for (let move = 0; move < MOVES && !isOver(); move++) state = refine(work, state, allowed);
    if (work.isDelivered) {
      const { shapes, weights } = heaviest(state, allowed);
      state = work.weigh(work.delivered(shapes), weights);
    }
    const value = costOf(state);
    values.push(value);
    onRound?.({ segments: state.shapes.length, value });
    idle = best === undefined || value < (1 - LEAST_GAIN) * costOf(best) ? 0 : idle + 1;
    if (best === undefined || value < costOf(best)) best = state;
    if (value === Infinity && costOf(best) < Infinity) state = best;
  }
  return best ?? begun;
}

/** Of the objectives; Infinity where no weights of the shapes keep the constraints. */
const costOf = ({ solution: { status, objective } }: Pick<Weighed, 'solution'>): number =>
  status === 'infeasible' || Number.isNaN(objective) ? Infinity : objective;

/** The shapes that deliver most, with their weights. */
function heaviest({ shapes, solution }: Weighed, count: number): { shapes: Shape[]; weights: number[] } {
  const { weights } = solution;
  const order = deliveringShapes(
    shapes.map(({ dose }) => dose),
    weights,
  )
    .sort((a, b) => weights[b]! * shapes[b]!.pixels - weights[a]! * shapes[a]!.pixels)
    .slice(0, count)
    .sort((a, b) => a - b);
  return { shapes: order.map((n) => shapes[n]!), weights: order.map((n) => weights[n]!) };
}

/**
 * No more segments, with ends between pixel edges. Each shape is joined by one whose ends have moved to the next edge where that lowers
 * the value; what both deliver together at their best weights, one shape with ends in between delivers alone: within a pixel its open
 * part is linear in the place of an end. Shapes that deliver nothing any more make room for new ones.
 */
function refine(work: Weighing, state: Weighed, allowed: number): Weighed {
  const { shapes, weights } = heaviest(state, allowed);
  const prices = work.pricesOf(state);
  const joined = work.moved(shapes, prices).flatMap((shape, of) => (shape === undefined ? [] : [{ shape, of }]));
  const fresh = work.priced(prices, allowed - shapes.length);
  const { solution, dual } = work.weigh(
    [...shapes, ...joined.map(({ shape }) => shape), ...fresh],
    [...weights, ...joined.map(({ of }) => BEGINNING * weights[of]!)],
  );
  // What nothing keeps the constraints with stays as it was.
  if (costOf({ solution }) === Infinity) return state;
  const found = solution.weights;
  const merged = shapes.slice();
  const sums = Array.from(found.subarray(0, shapes.length));
  joined.forEach(({ shape, of }, q) => {
    const other = found[shapes.length + q]!;
    if (!(other > 0)) return;
    sums[of]! += other;
    merged[of] = between(merged[of]!, shape, other / sums[of]!);
  });
  // Two shapes and the one between them deliver the same: what was solved is the solution of the merged ones too.
  const own = found.subarray(shapes.length + joined.length);
  return {
    shapes: [...merged, ...fresh],
    solution: { ...solution, weights: Float64Array.from([...sums, ...own]) },
    dual,
  };
}

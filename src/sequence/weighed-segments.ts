/**
 * Segments instead of fluence: shapes of leaves and their weights, optimised for the objectives and constraints of the fluence.
 *
 * A given number of segments is made in four ways, in turn:
 *
 * 1. The best fluence is rounded and sequenced, so that the first plan is a deliverable copy of it.
 * 2. All weights are made anew under the hard constraints, exactly: with the shapes given that is the convex problem of a plan.
 * 3. Its multipliers price every pixel, and of each field the shape that collects most joins in (column generation). When there
 *    are too many, those go that deliver least.
 * 4. Leaf ends leave the pixel edges: each shape is joined by one with moved ends, and both become one with ends in between.
 *
 * The value of what is found is at least the lower bound of any fluence: what it is above is the price of delivery.
 */
import { checkInteger } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { ColumnOperator } from '../influence/field-operator.js';
import { addForces, evaluateAll } from '../optimize/half-spaces.js';
import { NormalMatrix } from '../optimize/normal-matrix.js';
import type { Problem } from '../optimize/problem.js';
import type { Dual, Solution } from '../optimize/solution.js';
import { solve } from '../optimize/solver.js';
import { sampleVoxels } from '../optimize/voxel-sample.js';
import { bestShape, type ShapeRules } from './best-shape.js';
import { fewSegments } from './few-segments.js';
import { coverageOf, type LeafEnds, movedEnds, widenedEnds } from './leaf-ends.js';
import { leveledRows } from './leaf-rows.js';
import { leastSweep, sweepSegments } from './sweep.js';

/** The beamlets of one field as its leaves see them: one row of pixels per leaf pair. */
export interface LeafField {
  readonly rows: number;
  readonly columns: number;
  /** Column of the operator of each pixel, x-fastest; -1 where there is no beamlet: never opened. */
  readonly beamlets: Int32Array;
}

/** A segment of one of several fields. */
export interface FieldSegment extends LeafEnds {
  /** Index of the field. */
  readonly field: number;
  /** Monitor units, > 0. */
  readonly weight: number;
}

/** Segments with their weights, their dose, and the proof that no other weights of these shapes are better. */
export interface WeighedSegments {
  readonly segments: readonly FieldSegment[];
  /** Of the weights of these segments, in their order. */
  readonly solution: Solution;
  /** Values after each round, best first shape to last. */
  readonly values: readonly number[];
}

export interface WeighedSegmentsOptions extends ShapeRules {
  /** Segments of all fields, at most. @default 100 */
  readonly allowed?: number;
  /** Rounds of column generation, at most. @default 20 */
  readonly rounds?: number;
  /** Ends as soon as the value is no more. @default -Infinity */
  readonly enough?: number;
  /** Open area of a segment, at least, in pixels. @default 0 */
  readonly leastArea?: number;
  /** To which each set of weights is proven, fraction of the value. @default 0.003 */
  readonly gap?: number;
  /** Looked at between rounds. @default never over */
  readonly isOver?: () => boolean;
  readonly onRound?: (round: { readonly segments: number; readonly value: number }) => void;
}

/** Of the most segments, what sequencing takes at first and what joins in each round. */
const FIRST = 0.6;
const JOINING = 0.09;
/** Segments below this fraction of the heaviest are not delivered. */
const NEGLIGIBLE = 1e-3;
/** A new segment starts at this fraction of the heaviest: inside, but small. */
const BEGINNING = 0.02;
/** Errors of rounding that are tried until a sequence is short enough, fractions of the highest fluence. */
const ERRORS = [0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13, 0.17, 0.22, 0.28, 0.35, 0.45];
/** Rounds that gain less than a fraction of the value in turn, after which shapes no longer join, and ends no longer move. */
const PATIENCE = 1;
const JOINED_GAIN = 0.02;
const REFINING_PATIENCE = 2;
const LEAST_GAIN = 3e-3;
/** Of areas, pixels. */
const ROUNDING = 1e-9;
/** What no shape may open. */
const FORBIDDEN = -1e12;

/** A shape with its dose per unit. */
interface Shape extends Omit<FieldSegment, 'weight'> {
  /** Area that is open, in pixels. */
  readonly pixels: number;
  readonly dose: Float64Array;
}

/** What one set of shapes is worth at its best weights. */
interface Weighed {
  readonly shapes: readonly Shape[];
  readonly solution: Solution;
  readonly dual: Dual;
}

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
  const { allowed = 100, rounds = 20, enough = -Infinity, isOver = () => false, onRound } = options;
  checkInteger('segments: the number allowed', allowed, 1);
  checkInteger('segments: rounds', rounds, 0);
  checkFields(fields, problem.operator.columns);
  const work = new Weighing(problem, fields, options);
  let state = work.weigh(work.begun(fluence, allowed));
  let best = state;
  const values = [state.solution.objective];
  let idle = 0;
  for (let round = 0; round < rounds && idle < PATIENCE && !isOver(); round++) {
    if (best.solution.objective <= enough) break;
    const joining = work.priced(work.pricesOf(state), Math.max(1, Math.round(JOINING * allowed)));
    if (joining.length === 0) break;
    const kept = heaviest(state, allowed - joining.length);
    state = work.weigh([...kept.shapes, ...joining], kept.weights);
    const { objective } = state.solution;
    values.push(objective);
    onRound?.({ segments: state.shapes.length, value: objective });
    idle = objective < (1 - JOINED_GAIN) * best.solution.objective ? 0 : idle + 1;
    if (objective < best.solution.objective) best = state;
  }
  state = best;
  for (let round = idle = 0; round < rounds && idle < REFINING_PATIENCE && !isOver(); round++) {
    if (best.solution.objective <= enough) break;
    state = refine(work, state, allowed);
    const { objective } = state.solution;
    values.push(objective);
    onRound?.({ segments: state.shapes.length, value: objective });
    idle = objective < (1 - LEAST_GAIN) * best.solution.objective ? 0 : idle + 1;
    if (objective < best.solution.objective) best = state;
  }
  const { weights } = best.solution;
  const segments = best.shapes.map(({ left, right, field }, n) => ({ left, right, field, weight: weights[n]! }));
  return { segments, solution: best.solution, values };
}

/** @throws {InvalidInputError} unless every beamlet is a pixel of one field */
function checkFields(fields: readonly LeafField[], columns: number): void {
  const times = new Uint8Array(columns);
  fields.forEach(({ rows, columns: across, beamlets }, f) => {
    if (beamlets.length !== rows * across) {
      throw new InvalidInputError(
        `segments: field ${f + 1} has ${beamlets.length} pixels, but ${rows} rows of ${across}. Give -1 where there is no beamlet.`,
      );
    }
    for (const beamlet of beamlets) if (beamlet >= 0 && beamlet < columns) times[beamlet]!++;
  });
  const wrong = times.findIndex((count) => count !== 1);
  if (wrong < 0) return;
  throw new InvalidInputError(
    `segments: beamlet ${wrong} is a pixel of ${times[wrong]} fields, but must be one of exactly one. Check the fields.`,
  );
}

/** The shapes that deliver most, with their weights. */
function heaviest({ shapes, solution }: Weighed, count: number): { shapes: Shape[]; weights: number[] } {
  const { weights } = solution;
  const least = NEGLIGIBLE * weights.reduce((a, b) => Math.max(a, b), 0);
  const order = shapes
    .map((_, n) => n)
    .filter((n) => weights[n]! > least)
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

/** The shape a part of the way from one to another whose ends are nowhere more than a pixel away: its dose is as far between theirs. */
function between(from: Shape, to: Shape, part: number): Shape {
  const mix = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + part * (b[i]! - value));
  return {
    field: from.field,
    left: mix(from.left, to.left),
    right: mix(from.right, to.right),
    pixels: from.pixels + part * (to.pixels - from.pixels),
    dose: mix(from.dose, to.dose),
  };
}

class Weighing {
  constructor(
    private readonly problem: Pick<Problem, 'operator' | 'objectives' | 'constraints'>,
    private readonly fields: readonly LeafField[],
    private readonly options: WeighedSegmentsOptions,
  ) {}

  /**
   * Shapes to begin with: a sequence, or, where none of its shapes is large enough, fields as open as they can be.
   *
   * @throws {InvalidInputError} where these are too small as well
   */
  begun(fluence: Float64Array, allowed: number): Shape[] {
    const sequenced = this.sequenced(fluence, allowed);
    if (sequenced.length > 0) return sequenced;
    const open = this.fields.flatMap((_, field) => this.opened(field) ?? []).slice(0, allowed);
    if (open.length > 0) return open;
    throw new InvalidInputError(
      `segments: no field opens ${this.options.leastArea} pixels, the least area of a segment. Give a smaller one.`,
    );
  }

  /** A field as open as its beamlets are. */
  private opened(field: number): Shape | undefined {
    const { rows, beamlets } = this.fields[field]!;
    const prices = Float64Array.from(beamlets, (b) => (b < 0 ? FORBIDDEN : 1));
    const { left, right } = bestShape(prices, rows, this.options);
    return this.shapeOf(field, { left: Float64Array.from(left), right: Float64Array.from(right) });
  }

  /** Shapes that deliver the fluence, rounded as finely as their number allows. */
  private sequenced(fluence: Float64Array, allowed: number): Shape[] {
    const rowsOf = ({ rows, columns, beamlets }: LeafField): Float64Array[] =>
      Array.from({ length: rows }, (_, i) =>
        Float64Array.from(beamlets.subarray(i * columns, (i + 1) * columns), (b) => (b < 0 ? 0 : fluence[b]!)),
      );
    const all = this.fields.map(rowsOf);
    const highest = all.map((rows) => rows.reduce((high, row) => row.reduce((a, b) => Math.max(a, b), high), 0));
    const peak = highest.reduce((a, b) => Math.max(a, b), 0);
    const shining = highest.flatMap((high, f) => (high > NEGLIGIBLE * peak ? [f] : []));
    if (shining.length > allowed) {
      throw new InvalidInputError(
        `segments: ${allowed} segments are too few for ${shining.length} fields. Give at least one for each.`,
      );
    }
    for (const error of ERRORS) {
      const found = shining.map((field) =>
        // An error is one of the whole plan: weak fields are rounded as coarsely as strong ones.
        this.sequence(field, all[field]!, Math.min(0.5, (error * peak) / highest[field]!)),
      );
      const count = found.reduce((sum, segments) => sum + segments.length, 0);
      if (count > Math.max(FIRST * allowed, shining.length) && error !== ERRORS.at(-1)) continue;
      const kept = count > allowed ? found.map((segments) => segments.slice(0, 1)) : found;
      return kept.flatMap((segments, n) => segments.flatMap((ends) => this.shapeOf(shining[n]!, ends) ?? []));
    }
    return [];
  }

  private sequence(field: number, rows: readonly Float64Array[], error: number): LeafEnds[] {
    const { columns, beamlets } = this.fields[field]!;
    const mayOpen = (i: number, j: number): boolean => j >= 0 && j < columns && beamlets[i * columns + j]! >= 0;

    const { map } = leveledRows({ rows }, error);
    const segments = this.options.interleaf ? sweepSegments(leastSweep(map, true)) : fewSegments(map);
    return segments.map((segment) => widenedEnds(segment, this.options.least ?? 1, mayOpen));
  }

  /** The best weights of some shapes. */
  weigh(shapes: readonly Shape[], known: readonly number[] = []): Weighed {
    const { objectives, constraints } = this.problem;
    const operator = new ColumnOperator(shapes.map(({ dose }) => dose));
    const sample = sampleVoxels(operator);
    const preconditioner = new NormalMatrix(sample, operator.columns);
    const least = BEGINNING * known.reduce((a, b) => Math.max(a, b), 0);
    let dual: Dual | undefined;
    const solution = solve(
      { operator, objectives, ...(constraints && { constraints }), sample, preconditioner },
      {
        gap: this.options.gap ?? 0.003,
        ...(known.length > 0 && { start: Float64Array.from(shapes, (_, n) => Math.max(known[n] ?? 0, least)) }),
        onDual: (made) => {
          dual = made;
        },
      },
    );
    return { shapes, solution, dual: dual! };
  }

  /** Of the fields, the shapes that would lower the value most per unit, `count` of them at most. */
  priced(prices: Float64Array, count: number): Shape[] {
    return this.fields
      .map(({ rows, beamlets }, field) => ({
        field,
        shape: bestShape(
          Float64Array.from(beamlets, (b) => (b < 0 ? FORBIDDEN : prices[b]!)),
          rows,
          this.options,
        ),
      }))
      .filter(({ shape }) => shape.value > 0)
      .sort((a, b) => b.shape.value - a.shape.value)
      .slice(0, count)
      .flatMap(({ field, shape: { left, right } }) => {
        const ends = { left: Float64Array.from(left), right: Float64Array.from(right) };
        return this.shapeOf(field, ends) ?? [];
      });
  }

  /** Of some shapes those with ends at the next pixel edge where that lowers the value; undefined where none moves. */
  moved(shapes: readonly Shape[], prices: Float64Array): (Shape | undefined)[] {
    return shapes.map(({ field, ...ends }) => {
      const { columns, beamlets } = this.fields[field]!;
      const own = Float64Array.from(beamlets, (b) => (b < 0 ? FORBIDDEN : prices[b]!));
      const moved = movedEnds(ends, own, columns, this.options);
      return moved && this.shapeOf(field, moved);
    });
  }

  /** What every beamlet lowers the value by per unit. */
  pricesOf({ solution: { dose }, dual }: Weighed): Float64Array {
    const { operator, objectives } = this.problem;
    const slope = new Float64Array(operator.rows);
    evaluateAll(objectives, dose, slope);
    addForces(dual.halfSpaces, dual.multipliers, slope);
    return operator.applyTranspose(slope, new Float64Array(operator.columns)).map((value) => -value);
  }

  /** A shape with its dose; undefined where it opens no beamlet, or less than the least area. */
  shapeOf(field: number, ends: LeafEnds): Shape | undefined {
    const { operator } = this.problem;
    const { columns, beamlets } = this.fields[field]!;
    const weights = new Float64Array(operator.columns);
    let pixels = 0;
    coverageOf(ends, columns).forEach((open, at) => {
      const beamlet = beamlets[at]!;
      if (beamlet < 0 || open === 0) return;
      weights[beamlet] = open;
      pixels += open;
    });
    if (pixels === 0 || pixels < (this.options.leastArea ?? 0) - ROUNDING) return undefined;
    const { left, right } = ends;
    return { field, left, right, pixels, dose: operator.apply(weights, new Float64Array(operator.rows)) };
  }
}

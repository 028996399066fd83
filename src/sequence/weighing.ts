/** Shapes of leaves for a planning problem: where they come from, what they are worth, and the weights that are best for some of them. */
import { InvalidInputError } from '../core/errors.js';
import { ColumnOperator } from '../influence/field-operator.js';
import { addForces, evaluateAll } from '../optimize/half-spaces.js';
import { NormalMatrix } from '../optimize/normal-matrix.js';
import type { Problem } from '../optimize/problem.js';
import type { Dual, Solution } from '../optimize/solution.js';
import { solve } from '../optimize/solver.js';
import { sampleColumns } from '../optimize/voxel-sample.js';
import { bestShape, type ShapeRules } from './best-shape.js';
import { fewSegments } from './few-segments.js';
import { coverageOf, type LeafEnds, movedEnds, widenedEnds } from './leaf-ends.js';
import type { LeafField, Shape } from './leaf-field.js';
import { leveledRows } from './leaf-rows.js';
import { leastSweep, sweepSegments } from './sweep.js';

/** A new segment starts at this fraction of the heaviest: inside, but small. */
export const BEGINNING = 0.02;
/** Of the most segments, what sequencing takes at first. */
const FIRST = 0.6;
/** Fields below this fraction of the brightest do not shine. */
const NEGLIGIBLE = 1e-3;
/** Errors of rounding that are tried until a sequence is short enough, fractions of the highest fluence. */
const ERRORS = [0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13, 0.17, 0.22, 0.28, 0.35, 0.45];
/** Of areas, pixels. */
const ROUNDING = 1e-9;
/** What no shape may open. */
const FORBIDDEN = -1e12;

/** What one set of shapes is worth at its best weights. */
export interface Weighed {
  readonly shapes: readonly Shape[];
  readonly solution: Solution;
  readonly dual: Dual;
}

/** What shapes may be. */
export interface WeighingOptions extends ShapeRules {
  /** Open area of a segment, at least, in pixels. @default 0 */
  readonly leastArea?: number;
  /** The doses of apertures per unit, which are sharper than the sums of beamlets. @default not told: the sums are what is delivered */
  readonly delivered?: (shapes: readonly Shape[]) => readonly Float64Array[];
  /** To which each set of weights is proven, fraction of the value. @default 0.003 */
  readonly gap?: number;
}

export class Weighing {
  /** For the sample of the shapes that are weighed, which are those of one solve: new arrays for each costs more than filling it. */
  private memory = new Float32Array(0);

  constructor(
    private readonly problem: Pick<Problem, 'operator' | 'objectives' | 'constraints'>,
    private readonly fields: readonly LeafField[],
    private readonly options: WeighingOptions,
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
    const doses = shapes.map(({ dose }) => dose);
    const operator = new ColumnOperator(doses);
    const entries = doses.length * operator.rows;
    if (this.memory.length < entries) this.memory = new Float32Array(Math.ceil(1.5 * entries));
    const sample = sampleColumns(doses, this.memory);
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
    return shapes.map((shape) => {
      const { columns, beamlets } = this.fields[shape.field]!;
      const own = Float64Array.from(beamlets, (b) => (b < 0 ? FORBIDDEN : prices[b]!));
      const moved = movedEnds(shape, own, columns, this.options);
      return moved && this.shapeOf(shape.field, moved, shape);
    });
  }

  /** Whether the doses of apertures are told. */
  get isDelivered(): boolean {
    return this.options.delivered !== undefined;
  }

  /** Shapes with the doses of their apertures, where these are told. */
  delivered(shapes: readonly Shape[]): readonly Shape[] {
    const doses = this.options.delivered?.(shapes);
    return doses === undefined ? shapes : shapes.map((shape, n) => ({ ...shape, dose: doses[n]! }));
  }

  /** What every beamlet lowers the value by per unit. */
  pricesOf({ solution: { dose }, dual }: Weighed): Float64Array {
    const { operator, objectives } = this.problem;
    const slope = new Float64Array(operator.rows);
    evaluateAll(objectives, dose, slope);
    addForces(dual.halfSpaces, dual.multipliers, slope);
    return operator.applyTranspose(slope, new Float64Array(operator.columns)).map((value) => -value);
  }

  /**
   * A shape with its dose; undefined where it opens no beamlet, or less than the least area.
   *
   * @param from whose dose is known: that of the shape differs from it by what the beamlets give of which more or less is open
   */
  private shapeOf(field: number, ends: LeafEnds, from?: Shape): Shape | undefined {
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
    if (from !== undefined) {
      coverageOf(from, columns).forEach((open, at) => {
        const beamlet = beamlets[at]!;
        if (beamlet >= 0) weights[beamlet]! -= open;
      });
    }
    const dose = operator.apply(weights, new Float64Array(operator.rows));
    if (from !== undefined) for (let i = 0; i < dose.length; i++) dose[i]! += from.dose[i]!;
    const { left, right } = ends;
    return { field, left, right, pixels, dose };
  }
}

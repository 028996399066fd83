/**
 * Field-in-field: smaller fields within conformal ones, where the plan is worth most of them.
 *
 * The plan of the open fields has a price for every pixel: what a unit through it would lower the objectives by, constraints
 * included. Of each direction the shape that collects most within its conformal opening joins in, its dose is computed by the
 * engine, and all weights are made anew; where there are too many, the one that delivers least goes. What is found is proven
 * for these shapes: others may be better.
 */
import { apertureBounds, createAperture } from '../../beam/aperture.js';
import { apertureFluence, type CollimatedFluenceOptions } from '../../beam/collimated-fluence.js';
import type { TimeLeft } from '../../core/deadline.js';
import { DividedOperator } from '../../influence/divided-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import { addForces, evaluateAll } from '../../optimize/half-spaces.js';
import type { Dual } from '../../optimize/solution.js';
import { type Solution, type SolveOptions, solve } from '../../optimize/solver.js';
import { bestShape } from '../../sequence/best-shape.js';
import type { LeafField } from '../../sequence/weighed-segments.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { leastUnits } from './field-wedges.js';
import type { SegmentField } from './segment-fields.js';

/** Fields with their weights, as a solution of the problem on their own doses. */
export interface NestedFields {
  readonly fields: readonly SegmentField[];
  readonly operator: ColumnOperator;
  readonly solution: Solution;
}

/** Where and how smaller fields are looked for. */
export interface NestingOptions {
  /** Smaller fields of each direction, at most. */
  readonly count: number;
  readonly through: CollimatedFluenceOptions;
  /** What stands in the beam besides. */
  readonly behind: (open: SegmentField['open'], of: number) => SegmentField['open'];
  readonly timeLeft: TimeLeft;
  readonly solving: Pick<SolveOptions, 'onProgress'>;
}

/** Pixels along the leaves' travel, mm. */
const PIXEL = 5;
/** Least pixels between the ends of a pair that is open. */
const LEAST = 2;
/** Rounds in which shapes that deliver too little leave, at most. */
const LEAVING_ROUNDS = 5;
/** Rounds besides one for each smaller field. */
const FURTHER_ROUNDS = 3;
/** Rounds that gain less than this fraction of the value, after which no more are made. */
const LEAST_GAIN = 2e-3;
const PATIENCE = 2;
/** What no shape may open. */
const FORBIDDEN = -1e12;

/** The pixels of a conformal opening, row by leaf pair. */
interface NestField extends LeafField {
  readonly modulated: ModulatedBeam;
  /** First leaf pair of the rows. */
  readonly first: number;
}

/** Shapes with their doses at the rows of the problem. */
interface Column {
  readonly field: SegmentField;
  readonly dose: Float64Array;
}

/**
 * The best smaller fields that are found.
 *
 * @param open conformal fields, one for each direction
 */
export function nestFields(
  open: readonly SegmentField[],
  voxels: PlanningVoxels,
  problem: PlanningProblem,
  { doseModel, prescription }: Pick<PlanCase, 'doseModel' | 'prescription'>,
  model: PatientModel,
  { count, through, behind, timeLeft, solving }: NestingOptions,
): NestedFields {
  const columnsOf = (fields: readonly SegmentField[]): Column[] => {
    const doses = model.bodyDose.columnsAt(
      fields.map(({ beam, open: fluence }) => ({ beam, fluence })),
      voxels.places,
    );
    return fields.map((field, n) => ({ field, dose: doses[n]! }));
  };
  const weigh = (columns: readonly Column[], start?: Float64Array): Weighed => {
    const operator = new ColumnOperator(columns.map(({ dose }) => dose));
    let dual: Dual | undefined;
    const onDual = (made: Dual): void => {
      dual = made;
    };
    const own = { ...solving, gap: 0.003, timeLimit: timeLeft(), onDual, ...(start && { start }) };
    return { columns, operator, solution: solve({ ...problem, operator }, own), dual: dual! };
  };
  const nests = nestsOf(open);
  const influence = new DividedOperator(
    nests.map(({ modulated }) => modulated),
    model.patient.density,
    voxels.points,
    {
      executor: model.executor,
      ...doseModel,
      seen: model.bodyDose.pointsAt(
        open.map(({ beam }) => beam),
        voxels.places,
      ),
    },
  );
  try {
    let state = weigh(columnsOf(open));
    let best = state;
    let idle = 0;
    for (let round = 0; round < count + FURTHER_ROUNDS && idle < PATIENCE && timeLeft() > 0; round++) {
      const prices = pricesOf(state, problem, influence);
      const found = nests.flatMap((nest, of) => {
        const aperture = bestWithin(nest, open[of]!, prices);
        if (aperture === undefined) return [];
        return { beam: open[of]!.beam, of, aperture, open: behind(apertureFluence(aperture, through), of) };
      });
      if (found.length === 0) break;
      const kept = heaviest(state, count, new Set(found.map(({ of }) => of)));
      const high = kept.weights.reduce((a, b) => Math.max(a, b), 0);
      const start = Float64Array.from([
        ...kept.weights.map((w) => Math.max(w, 1e-3 * high)),
        ...found.map(() => 0.02 * high),
      ]);
      state = weigh([...kept.columns, ...columnsOf(found)], start);
      const { objective } = state.solution;
      idle = objective < (1 - LEAST_GAIN) * best.solution.objective ? 0 : idle + 1;
      if (objective < best.solution.objective) best = state;
    }
    for (let round = 0; round < LEAVING_ROUNDS; round++) {
      const { weights } = best.solution;
      const least = leastUnits(weights, prescription.fractions);
      const stay = best.columns.flatMap((column, n) => (weights[n]! >= least ? [{ column, weight: weights[n]! }] : []));
      if (stay.length === 0 || stay.length === best.columns.length) break;
      const from = Float64Array.from(stay, ({ weight }) => weight);
      best = weigh(
        stay.map(({ column }) => column),
        from,
      );
    }
    const { columns, operator, solution } = best;
    return { fields: columns.map(({ field }) => field), operator, solution };
  } finally {
    influence.close();
  }
}

/** What one set of shapes is worth at its best weights. */
interface Weighed {
  readonly columns: readonly Column[];
  readonly operator: ColumnOperator;
  readonly solution: Solution;
  readonly dual: Dual;
}

/** The conformal fields and, where one more joins in, the smaller ones that deliver most. */
function heaviest(
  { columns, solution: { weights } }: Weighed,
  count: number,
  joining: ReadonlySet<number>,
): { columns: Column[]; weights: number[] } {
  const isOpen = new Set<number>();
  const ranks = new Map<number, { n: number; units: number }[]>();
  columns.forEach(({ field: { of } }, n) => {
    if (!isOpen.has(of)) isOpen.add(of);
    else ranks.set(of, [...(ranks.get(of) ?? []), { n, units: weights[n]! }]);
  });
  const gone = new Set<number>();
  for (const [of, list] of ranks) {
    const stay = joining.has(of) ? count - 1 : count;
    for (const { n } of list.sort((a, b) => b.units - a.units).slice(stay)) gone.add(n);
  }
  const kept = columns.flatMap((column, n) => (gone.has(n) ? [] : [{ column, weight: weights[n]! }]));
  return { columns: kept.map(({ column }) => column), weights: kept.map(({ weight }) => weight) };
}

/** The pixels within each conformal opening: a row for each leaf pair, those that are at least half open. */
function nestsOf(open: readonly SegmentField[]): NestField[] {
  let beamletCount = 0;
  return open.map(({ beam, aperture }): NestField => {
    const { bank, leaves } = aperture;
    const bounds = apertureBounds(aperture)!;
    const first = bank.boundaries.findIndex((_, n) => bank.boundaries[n + 1]! > bounds.y1 + 1e-6);
    const end = bank.boundaries.findLastIndex((y) => y < bounds.y2 - 1e-6) + 1;
    const x = pixelEdges(bounds.x1, bounds.x2);
    const columns = x.length - 1;
    const beamlets = new Int32Array((end - first) * columns).fill(-1);
    const pixels: number[] = [];
    for (let n = first; n < end; n++) {
      const [x1, x2] = leaves[n]!;
      for (let i = 0; i < columns; i++) {
        const within = Math.min(x2, x[i + 1]!) - Math.max(x1, x[i]!);
        if (within < (x[i + 1]! - x[i]!) / 2) continue;
        const pixel = i + columns * (n - first);
        beamlets[pixel] = beamletCount++;
        pixels.push(pixel);
      }
    }
    const y = Float64Array.from(bank.boundaries.slice(first, end + 1));
    const modulated = { beam, beamlets: { grid: { x, y }, pixels: Int32Array.from(pixels) } };
    return { rows: end - first, columns, beamlets, modulated, first };
  });
}

/** Equal pixels of about {@link PIXEL}. */
function pixelEdges(from: number, to: number): Float64Array {
  const count = Math.max(1, Math.round((to - from) / PIXEL));
  return Float64Array.from({ length: count + 1 }, (_, i) => from + (i * (to - from)) / count);
}

/** The aperture that collects most within a conformal one; undefined where none collects anything. */
function bestWithin(
  { rows, columns, beamlets, modulated, first }: NestField,
  { aperture }: SegmentField,
  prices: Float64Array,
): SegmentField['aperture'] | undefined {
  const own = Float64Array.from(beamlets, (b) => (b < 0 ? FORBIDDEN : prices[b]!));
  const { left, right, value } = bestShape(own, rows, { interleaf: true, least: LEAST });
  if (!(value > 0)) return undefined;
  const { x } = modulated.beamlets.grid;
  const isBeamlet = (i: number, j: number): boolean => j >= 0 && j < columns && beamlets[i * columns + j]! >= 0;
  const leaves = aperture.leaves.map(([x1, x2], n): [number, number] => {
    const i = Math.min(Math.max(n - first, 0), rows - 1);
    const [l, r] = [left[i]!, right[i]!];
    if (i !== n - first || r === l) return [x[l]!, x[l]!];
    // The outermost pixels end where the conformal leaves stand.
    return [isBeamlet(i, l - 1) ? x[l]! : x1, isBeamlet(i, r) ? x[r]! : x2];
  });
  const bounds = apertureBounds(createAperture(aperture.bank, leaves));
  return bounds && createAperture(aperture.bank, leaves, bounds);
}

/** What every beamlet lowers the value by per unit. */
function pricesOf(
  { solution, operator, dual }: Weighed,
  problem: PlanningProblem,
  influence: DividedOperator,
): Float64Array {
  const { objectives } = settledProblem(problem, solution);
  const slope = new Float64Array(operator.rows);
  evaluateAll(objectives, solution.dose, slope);
  addForces(dual.halfSpaces, dual.multipliers, slope);
  return influence.applyTranspose(slope, new Float64Array(influence.columns)).map((value) => -value);
}

/**
 * The influence operator with its beams divided over the threads of an executor.
 *
 *   apply            in rounds of one beam a thread: the dose of its beam; then, for a range of the rows, the sum over the round's beams
 *   applyTranspose   each thread: the columns of its beams
 *
 * A beam's dose is an array of its own until it is summed, in the round after, and beams are summed in their order for every row: dose,
 * gradient, and so the plan, are the same to the last bit with any number of threads, and those of {@link InfluenceOperator} to rounding.
 */
import { beamletOffsets } from '../beam/fluence.js';
import { InvalidInputError } from '../core/errors.js';
import { type Executor, type JobGroup, type JobType, rangeOfThread, serialExecutor } from '../core/executor.js';
import type { LinearOperator } from '../core/linear-operator.js';
import { type PointSet, releaseRays } from '../dose/beam-points.js';
import type { Volume } from '../geometry/volume.js';
import { InfluenceOperator, type InfluenceOptions, type ModulatedBeam } from './operator.js';
import { type TailPools, tailPools } from './tail-pools.js';

export interface DividedOptions extends InfluenceOptions {
  /** @default serialExecutor */
  readonly executor?: Executor;
}

interface ThreadBeam {
  readonly beam: ModulatedBeam;
  /** Its points, where they have been traced. */
  readonly seen?: PointSet;
  /** Its columns: [from, to). */
  readonly from: number;
  readonly to: number;
  /** Among the beams of all. */
  readonly number: number;
  /** Its places of the slow part, pixels of its grid, and the first one's number. */
  readonly places: Int32Array;
  readonly firstPlace: number;
}

interface ThreadInput {
  readonly own: readonly ThreadBeam[];
  /** Beams in all, and threads: a round has one beam of each thread. */
  readonly beams: number;
  readonly threads: number;
  /** Doses of the beams of one round and of the next, in order. */
  readonly doses: readonly Float64Array[];
  /** Rows [from, to) that this thread sums. */
  readonly rows: readonly [from: number, to: number];
  readonly density: Volume<'density'>;
  readonly points: Float64Array;
  readonly options: InfluenceOptions;
  readonly buffers: Buffers;
}

interface Buffers {
  readonly weights: Float64Array;
  readonly dose: Float64Array;
  readonly rowValues: Float64Array;
  readonly gradient: Float64Array;
}

/** Rows to be read into a matrix that all threads see. */
interface ReadRows {
  readonly which: Int32Array;
  readonly matrix: Float32Array;
  readonly stride: number;
  /** Of the slow part at its places, so many of them, instead of whole rows. */
  readonly places?: number;
}

/** The doses of a round's beams, and the sum of the round before. */
interface ApplyRound {
  readonly round: number;
}

type ThreadCommand = 'transpose' | ApplyRound | ReadRows;

export const influenceJob: JobType<ThreadInput, ThreadCommand, void> = {
  name: 'influence',
  create({ own, beams, threads, doses, rows: [first, end], density, points, options, buffers }) {
    const { weights, dose, rowValues, gradient } = buffers;
    /** Two rounds have theirs side by side. */
    const doseOf = (beam: number): Float64Array => doses[beam % (2 * threads)]!;
    const sumRound = (round: number): void => {
      const last = Math.min(beams, threads * (round + 1));
      for (let beam = threads * round; beam < last; beam++) {
        const own = doseOf(beam);
        for (let r = first; r < end; r++) dose[r]! += own[r]!;
      }
    };
    const parts = own.map(({ beam, seen, from, to, number, places, firstPlace }) => ({
      operator: new InfluenceOperator([beam], density, points, { ...options, ...(seen && { seen: [seen] }) }),
      weights: weights.subarray(from, to),
      gradient: gradient.subarray(from, to),
      number,
      from,
      places,
      firstPlace,
    }));
    releaseRays();
    return (command) => {
      if (command === 'transpose') {
        for (const part of parts) part.operator.applyTranspose(rowValues, part.gradient);
      } else if ('round' in command) {
        const { round } = command;
        if (round === 0) dose.fill(0, first, end);
        else sumRound(round - 1);
        const part = parts.find(({ number }) => Math.floor(number / threads) === round);
        part?.operator.apply(part.weights, doseOf(part.number));
      } else {
        const { which, matrix, stride, places } = command;
        for (const { operator, from, ...part } of parts) {
          if (places === undefined) operator.readRows(which, matrix.subarray(from), stride);
          else operator.readTails(which, [part.places], matrix.subarray(part.firstPlace), places);
        }
      }
    };
  },
};

/** Float32 zeros that all threads see. */
export function allocateMatrix(executor: Executor, length: number): Float32Array {
  const { buffer, byteOffset } = executor.allocate(Math.ceil(length / 2));
  return new Float32Array(buffer, byteOffset, length);
}

export class DividedOperator implements LinearOperator {
  readonly rows: number;
  readonly columns: number;
  /** Where the slow part of the influence is told. @internal */
  readonly pools: TailPools;
  private readonly executor: Executor;
  private readonly rounds: number;
  private readonly buffers: Buffers;
  private readonly group: JobGroup<ThreadCommand, void>;

  /**
   * @param density relative electron density, zero outside the body; must not change afterwards
   * @param points  x, y, z triples in LPS, mm: the rows; must not change afterwards
   * @throws {InvalidInputError} without beams or points
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  constructor(
    beams: readonly ModulatedBeam[],
    density: Volume<'density'>,
    points: Float64Array,
    { executor = serialExecutor, seen, ...options }: DividedOptions = {},
  ) {
    const rows = points.length / 3;
    if (beams.length === 0) throw new InvalidInputError('influence: there are no beams. Give at least one.');
    const offsets = beamletOffsets(beams);
    const columns = offsets.at(-1)!;
    const pools = tailPools(beams);
    const parts = beams.map((beam, b): ThreadBeam => {
      const own = seen?.[b];
      return {
        beam,
        ...(own && { seen: own }),
        from: offsets[b]!,
        to: offsets[b + 1]!,
        number: b,
        places: pools.pixels[b]!,
        firstPlace: pools.offsets[b]!,
      };
    });
    const buffers = {
      weights: executor.allocate(columns),
      dose: executor.allocate(rows),
      rowValues: executor.allocate(rows),
      gradient: executor.allocate(columns),
    };
    const threads = Math.min(executor.threads, parts.length);
    const common = {
      beams: parts.length,
      threads,
      doses: Array.from({ length: Math.min(2 * threads, parts.length) }, () => executor.allocate(rows)),
      density: { ...density, data: executor.share(density.data) },
      points: executor.share(points),
      options,
      buffers,
    };
    const inputs = Array.from(
      { length: threads },
      (_, thread): ThreadInput => ({
        ...common,
        // From the last thread on: the first, the caller's own, gets the fewest.
        own: parts.filter((_, b) => threads - 1 - (b % threads) === thread),
        rows: rangeOfThread(thread, threads, rows),
      }),
    );
    this.group = executor.start(influenceJob, inputs);
    this.executor = executor;
    this.rounds = Math.ceil(parts.length / threads);
    this.rows = rows;
    this.columns = columns;
    this.pools = pools;
    this.buffers = buffers;
  }

  /** Gy at every point for monitor units per beamlet. */
  apply(weights: Float64Array, out: Float64Array): Float64Array {
    this.buffers.weights.set(weights);
    for (let round = 0; round <= this.rounds; round++) this.group.run({ round });
    out.set(this.buffers.dose);
    return out;
  }

  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array {
    this.buffers.rowValues.set(rowValues);
    this.group.run('transpose');
    out.set(this.buffers.gradient);
    return out;
  }

  /**
   * Rows as Float32 numbers, Gy per monitor unit, [row of `which`][column]; each thread reads the columns of its beams.
   *
   * @param into from where on in a matrix that all threads see, and from one row of it to the next. @default a matrix of its own
   * @throws {InvalidInputError} for a row that there is not
   */
  readRows(which: Int32Array, into?: { readonly matrix: Float32Array; readonly stride: number }): Float32Array {
    const { matrix, stride } = into ?? {
      matrix: allocateMatrix(this.executor, which.length * this.columns),
      stride: this.columns,
    };
    this.group.run({ which: this.executor.share(which), matrix, stride });
    return matrix;
  }

  /**
   * The slow part of rows at the places of `pools`, [row of `which`][place].
   *
   * @param into of `allocateRows`. @default memory of its own
   * @internal
   */
  readTails(which: Int32Array, into = this.allocateRows(which.length, this.pools.count)): Float32Array {
    const places = this.pools.count;
    this.group.run({ which: this.executor.share(which), matrix: into, stride: places, places });
    return into;
  }

  /** Memory for rows of so many numbers, which all threads see. @internal */
  allocateRows(count: number, width: number): Float32Array {
    return allocateMatrix(this.executor, count * width);
  }

  /** Frees what the threads hold; the operator cannot be used afterwards. */
  close(): void {
    this.group.close();
  }
}

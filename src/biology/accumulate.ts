/**
 * The dose of several courses in one volume, voxel by voxel.
 *
 *     EQD2(v) = sum_k  D_k(v) (D_k(v) / n_k + r) / (2 + r)         BED likewise
 *
 * Each course's *physical* dose is interpolated at the voxel's place in that course's own frame, and converted there: an
 * EQD2 is never interpolated, because the formula is not linear. Outside its grid a course has no value; the sum there has
 * none either (NaN), unless the caller says that the course gave nothing beyond its grid. Either way voxels are counted.
 *
 * The maximum of the sum is at most the sum of the maxima; that needs no registration, and both are reported.
 */
import { checkInteger, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Executor, type JobType, rangeOfThread, serialExecutor } from '../core/executor.js';
import { checkSameGrid, type Grid, voxelCount } from '../geometry/grid.js';
import { type RowLines, type RowValues, rowLines, sampleRow } from '../geometry/resample-rigid.js';
import { identityTransform, type RigidTransform } from '../geometry/rigid-transform.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import { quadraticOf } from './linear-quadratic.js';

/** One course: what it gave, and where its frame lies in that of the sum. */
export interface Course {
  readonly name: string;
  /** Physical, total over the course, with its fractions. */
  readonly dose: DoseVolume;
  /** Takes points of the course's frame into that of the sum. @default the frames are one */
  readonly sumFromCourse?: RigidTransform;
}

/** In which quantity courses are added, and what a course is beyond its grid. */
export interface AccumulateOptions {
  /** Gy; no default, because the choice decides the answer. */
  readonly alphaBeta: number;
  /** @default 'eqd2' */
  readonly quantity?: 'eqd2' | 'bed';
  /** Beyond its grid a course is `missing`, and so is the sum, or gave `zero`. @default 'missing' */
  readonly beyond?: 'missing' | 'zero';
  /** @default serialExecutor */
  readonly executor?: Executor;
}

/** The summed dose, and what each course brings to it. */
export interface Accumulated {
  /** Of the quantity and alpha/beta asked for; NaN where a course is missing. */
  readonly dose: DoseVolume;
  /** Voxels without a value. */
  readonly missing: number;
  /** By course: voxels of the grid beyond its own, and the largest value that it alone has on the grid, Gy of the quantity. */
  readonly courses: readonly { readonly name: string; readonly beyond: number; readonly max: number }[];
}

interface ThreadInput {
  readonly thread: number;
  readonly threads: number;
  readonly courses: readonly ThreadCourse[];
  readonly target: Grid;
  readonly isZeroBeyond: boolean;
  readonly out: Float32Array;
}

interface ThreadCourse {
  readonly data: Float32Array;
  readonly lines: RowLines;
  readonly linear: number;
  readonly quadratic: number;
}

interface ThreadTally {
  readonly missing: number;
  /** Per course: voxels within its grid, largest value. */
  readonly inside: number[];
  readonly max: number[];
}

export const accumulateJob: JobType<ThreadInput, 'run', ThreadTally> = {
  name: 'accumulate',
  create(input) {
    return () => accumulateSlices(input);
  },
};

/**
 * The sum of several courses on one grid, voxel by voxel, each converted to EQD2 or BED first.
 *
 * @param courses one or more; dose and fractions of each are its own
 * @param grid where the sum is wanted
 * @throws {InvalidInputError} for a course that is EQD2 or BED already, or does not tell its fractions; for alpha/beta
 *   <= 0
 */
export function accumulate(courses: readonly Course[], grid: Grid, options: AccumulateOptions): Accumulated {
  const { alphaBeta, quantity = 'eqd2', beyond = 'missing', executor = serialExecutor } = options;
  checkPositive('accumulate: alphaBeta', alphaBeta);
  if (courses.length === 0) throw new InvalidInputError('accumulate: there is no course. Give at least one.');
  for (const course of courses) checkCourse(course);
  const count = voxelCount(grid);
  const shared = executor.allocate(Math.ceil(count / 2));
  const out = new Float32Array(shared.buffer as ArrayBuffer, shared.byteOffset, count);
  const threadCourses = courses.map(({ dose, sumFromCourse = identityTransform }): ThreadCourse => {
    const lines = rowLines(dose.grid, grid, sumFromCourse);
    return { data: executor.share(dose.data), lines, ...quadraticOf(quantity, dose.fractions!, alphaBeta) };
  });
  const threads = Math.min(executor.threads, grid.shape[0]);
  const inputs = Array.from({ length: threads }, (_, thread): ThreadInput => {
    return { thread, threads, courses: threadCourses, target: grid, isZeroBeyond: beyond === 'zero', out };
  });
  const group = executor.start(accumulateJob, inputs);
  try {
    const tallies = group.run('run');
    const sum = (of: (tally: ThreadTally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
    return {
      dose: createDose(grid, { quantity, alphaBeta }, out),
      missing: sum(({ missing }) => missing),
      courses: courses.map(({ name }, c) => ({
        name,
        beyond: count - sum(({ inside }) => inside[c]!),
        max: tallies.reduce((largest, { max }) => Math.max(largest, max[c]!), 0),
      })),
    };
  } finally {
    group.close();
  }
}

/**
 * The same at some voxels of courses that lie on one grid in one frame, where nothing is interpolated; 0 in all others.
 *
 * O(voxels asked for): for a structure, to be asked for quantity after quantity.
 *
 * @param voxels flat indices
 * @throws {InvalidInputError} as {@link accumulate}, and for courses on different grids
 */
export function accumulateVoxels(
  courses: readonly Omit<Course, 'sumFromCourse'>[],
  voxels: ArrayLike<number>,
  { alphaBeta, quantity = 'eqd2' }: Pick<AccumulateOptions, 'alphaBeta' | 'quantity'>,
): DoseVolume {
  checkPositive('accumulate: alphaBeta', alphaBeta);
  if (courses.length === 0) throw new InvalidInputError('accumulate: there is no course. Give at least one.');
  const { grid } = courses[0]!.dose;
  for (const course of courses) {
    checkCourse(course);
    checkSameGrid(`accumulate: ${courses[0]!.name} and ${course.name}`, grid, course.dose.grid);
  }
  const terms = courses.map(({ dose: { data, fractions } }) => {
    return { data, ...quadraticOf(quantity, fractions!, alphaBeta) };
  });
  const total = createDose(grid, { quantity, alphaBeta });
  for (let v = 0; v < voxels.length; v++) {
    const voxel = voxels[v]!;
    let sum = 0;
    for (let c = 0; c < terms.length; c++) {
      const { data, linear, quadratic } = terms[c]!;
      const d = data[voxel]!;
      sum += d * (linear + quadratic * d);
    }
    total.data[voxel] = sum;
  }
  return total;
}

function checkCourse({ name, dose }: Course): void {
  const { quantity, alphaBeta, fractions } = dose;
  if (quantity !== 'physical') {
    throw new InvalidInputError(
      `accumulate: ${name} is ${quantity} already (alpha/beta ${alphaBeta} Gy), but physical doses are added up: biological ones can be neither interpolated nor converted again. Give its physical dose.`,
    );
  }
  if (fractions === undefined) {
    throw new InvalidInputError(
      `accumulate: ${name} does not tell its fractions, without which EQD2 and BED are undefined. Give the number of fractions.`,
    );
  }
  checkInteger(`accumulate: fractions of ${name}`, fractions, 1);
}

/** The slices of one thread. */
function accumulateSlices({ thread, threads, courses, target, isZeroBeyond, out }: ThreadInput): ThreadTally {
  const [nz, ny, nx] = target.shape;
  const [firstSlice, endSlice] = rangeOfThread(thread, threads, nz);
  const row: RowValues = { from: 0, to: 0, values: new Float64Array(nx) };
  const sum = new Float64Array(nx);
  const tallies = courses.map((): CourseTally => ({ inside: 0, max: 0 }));
  let missing = 0;
  for (let k = firstSlice; k < endSlice; k++) {
    for (let j = 0; j < ny; j++) {
      sum.fill(0);
      // What all courses cover so far.
      let from = 0;
      let to = nx;
      for (let c = 0; c < courses.length; c++) {
        const course = courses[c]!;
        sampleRow(course, course.lines, j, k, row);
        addConverted(row, course, sum, tallies[c]!);
        from = Math.max(from, row.from);
        to = Math.min(to, row.to);
      }
      const at = nx * (j + ny * k);
      if (isZeroBeyond) store(sum, 0, nx, out, at);
      else {
        if (to < from) to = from;
        store(sum, from, to, out, at);
        out.fill(Number.NaN, at, at + from);
        out.fill(Number.NaN, at + to, at + nx);
        missing += nx - (to - from);
      }
    }
  }
  return { missing, inside: tallies.map(({ inside }) => inside), max: tallies.map(({ max }) => max) };
}

interface CourseTally {
  inside: number;
  max: number;
}

/** Adds one course's share of a row, and counts it. */
function addConverted(
  { from, to, values }: RowValues,
  course: ThreadCourse,
  sum: Float64Array,
  tally: CourseTally,
): void {
  const { linear, quadratic } = course;
  let maximum = 0;
  for (let i = from; i < to; i++) {
    const d = values[i]!;
    if (d > maximum) maximum = d;
    sum[i] = sum[i]! + d * (linear + quadratic * d);
  }
  const largest = maximum * (linear + quadratic * maximum);
  if (largest > tally.max) tally.max = largest;
  tally.inside += to - from;
}

function store(sum: Float64Array, from: number, to: number, out: Float32Array, at: number): void {
  for (let i = from; i < to; i++) out[at + i] = sum[i]!;
}

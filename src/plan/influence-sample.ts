/**
 * Rows of the influence as numbers, for the optimiser's preconditioner: each lane reads the part of its beams.
 */
import { type Executor, type JobType, rangeOfLane } from '../core/executor.js';
import type { Volume } from '../geometry/volume.js';
import { InfluenceOperator, type InfluenceOptions, type ModulatedBeam } from '../influence/operator.js';
import type { RowSample } from '../optimize/normal-matrix.js';
import type { RowGroups } from './row-groups.js';

/** Maps on nodes this coarse, mm, are half a percent off, which is enough for a preconditioner. */
const NODES = 1.5;

interface SampleInput {
  readonly beams: readonly ModulatedBeam[];
  /** Column of the whole at which each beam's begin. */
  readonly offsets: readonly number[];
  readonly columns: number;
  readonly density: Volume<'density'>;
  readonly points: Float64Array;
  readonly options: InfluenceOptions;
  /** Rows by columns; every lane writes its beams' columns. */
  readonly matrix: Float32Array;
}

export const influenceSampleJob: JobType<SampleInput, 'read', void> = {
  name: 'influence sample',
  create({ beams, offsets, columns, density, points, options, matrix }) {
    return () => {
      beams.forEach((beam, b) => {
        const operator = new InfluenceOperator([beam], density, points, { ...options, step: NODES });
        const row = new Float64Array(operator.columns);
        for (let r = 0; r < operator.rows; r++) matrix.set(operator.row(r, row), r * columns + offsets[b]!);
      });
    };
  },
};

/**
 * @param groups  the rows that are read, and whom they stand for
 * @param options of the operator whose rows they are
 */
export function sampleInfluence(
  beams: readonly ModulatedBeam[],
  density: Volume<'density'>,
  { points, memberOf, shifted = [] }: RowGroups,
  executor: Executor,
  options: InfluenceOptions = {},
): RowSample {
  const offsets: number[] = [];
  let columns = 0;
  for (const { beamlets } of beams) {
    offsets.push(columns);
    columns += beamlets.cells.length;
  }
  const count = points.length / 3;
  // Of an allocation, not shared from an array: it is the largest of a plan, and would exist twice.
  const { buffer, byteOffset } = executor.allocate(Math.ceil((count * columns) / 2));
  const matrix = new Float32Array(buffer, byteOffset, count * columns);
  const lanes = Math.min(executor.lanes, beams.length);
  const common = {
    columns,
    density: { ...density, data: executor.share(density.data) },
    points: executor.share(points),
    options: { ...options, shifted },
    matrix,
  };
  const group = executor.start(
    influenceSampleJob,
    Array.from({ length: lanes }, (_, lane): SampleInput => {
      const [from, to] = rangeOfLane(lane, lanes, beams.length);
      return { ...common, beams: beams.slice(from, to), offsets: offsets.slice(from, to) };
    }),
  );
  try {
    group.run('read');
  } finally {
    group.close();
  }
  return { matrix, count, memberOf };
}

/** The courses of a COURSES.json added up, structure by structure, as JSON and as a table. */
import { type Accumulated, accumulate, type Course } from '../../biology/accumulate.js';
import { type Executor, serialExecutor } from '../../core/executor.js';
import { createDvh } from '../../evaluate/dvh.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import type { AnyStructure, MaskedStructure } from '../../evaluate/roi-dvh.js';
import { contoursVolume } from '../../geometry/contour.js';
import { type Grid, isSameGrid, voxelVolume } from '../../geometry/grid.js';
import { resample } from '../../geometry/resample.js';
import type { Structure } from '../../geometry/structure.js';
import type { DoseVolume, Volume } from '../../geometry/volume.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';
import type { Courses } from '../input/courses-file.js';

export interface AccumulatedStructure {
  readonly name: string;
  /** Of the whole structure, cc. */
  readonly volumeCc: number;
  /** Fraction of it where every course has a value. */
  readonly coverage: number;
  /** Largest value of each course by itself, Gy of the quantity; null where there is none. */
  readonly courses: Readonly<Record<string, number | null>>;
  /** Largest sum in a voxel, and the sum of the maxima. */
  readonly maximumOfSum: number | null;
  readonly sumOfMaxima: number | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly reason?: string;
}

export interface Accumulation {
  readonly courses: Courses;
  readonly doses: readonly Course[];
  readonly total: Accumulated;
  readonly structures: readonly AccumulatedStructure[];
}

export const metrics = ['Max', 'D0.03cc', 'D0.1cc', 'D1cc', 'Mean'];

/** Below this share a structure's values would be those of a part: none is given. */
const nearlyWhole = 0.99;

/**
 * @param doses the courses with their doses, in the order of the file
 * @param reference index of the one whose grid is that of the sum
 * @throws {InvalidInputError} as {@link accumulate}
 */
export function accumulateCourses(
  courses: Courses,
  doses: readonly Course[],
  reference: number,
  structures: readonly AnyStructure[],
  executor: Executor = serialExecutor,
): Accumulation {
  const { alphaBeta, quantity, beyond } = courses;
  const { grid } = doses[reference]!.dose;
  const options = { alphaBeta, quantity, beyond, executor };
  const total = accumulate(doses, grid, options);
  const alone = structures.length === 0 ? [] : doses.map((course) => accumulate([course], grid, options).dose);
  return {
    courses,
    doses,
    total,
    structures: structures.map((structure) => evaluateStructure(structure, total.dose, doses, alone)),
  };
}

function evaluateStructure(
  structure: AnyStructure,
  total: DoseVolume,
  doses: readonly Course[],
  alone: readonly DoseVolume[],
): AccumulatedStructure {
  const { name } = structure;
  const { grid, data } = total;
  const none = {
    name,
    courses: Object.fromEntries(doses.map((course) => [course.name, null])),
    maximumOfSum: null,
    sumOfMaxima: null,
    metrics: Object.fromEntries(metrics.map((text) => [text, null])),
  };
  if ('emptyBecause' in structure) return { ...none, volumeCc: 0, coverage: 0, reason: structure.emptyBecause };
  const mask = maskOn(structure, grid);
  const volumeCc = volumeOfStructure(structure, mask);
  const known = mask.data.map((fraction, i) => (Number.isNaN(data[i]!) ? 0 : fraction));
  const covered = known.reduce((a, b) => a + b, 0) * voxelVolume(grid);
  const coverage = volumeCc > 0 ? Math.min(1, covered / volumeCc) : 0;
  if (coverage < nearlyWhole) {
    const part = `only ${(100 * coverage).toFixed(1)} % of ${name} have a dose of every course`;
    const reason = `${part}: give larger doses, or say that beyond its grid a course gave nothing (beyond: "zero")`;
    return { ...none, volumeCc, coverage, reason };
  }
  const dose = { ...total, data: data.map((value) => (Number.isNaN(value) ? 0 : value)) };
  const dvh = createDvh(dose, { ...mask, data: known }, { name });
  const maxima = alone.map((course) => {
    let largest = 0;
    for (let i = 0; i < known.length; i++) if (known[i]! > 0 && course.data[i]! > largest) largest = course.data[i]!;
    return largest;
  });
  return {
    name,
    volumeCc,
    coverage,
    courses: Object.fromEntries(doses.map((course, c) => [course.name, maxima[c]!])),
    maximumOfSum: dvh.max,
    sumOfMaxima: maxima.reduce((a, b) => a + b, 0),
    metrics: Object.fromEntries(metrics.map((text) => [text, evaluateMetric(parseMetric(text), dvh).value])),
    ...(coverage < 0.9999
      ? {
          reason: `${(100 * (1 - coverage)).toFixed(1)} % of it have no dose of every course; all values are of the rest`,
        }
      : {}),
  };
}

function maskOn(structure: Structure | MaskedStructure, grid: Grid): Volume<'mask'> {
  if (!('mask' in structure)) return voxelizeStructure(structure, grid);
  return isSameGrid(structure.mask.grid, grid) ? structure.mask : resample(structure.mask, grid).volume;
}

function volumeOfStructure(structure: Structure | MaskedStructure, mask: Volume<'mask'>): number {
  if (!('mask' in structure) && structure.shape.kind === 'contours') return contoursVolume(structure.shape.contours);
  const whole = 'mask' in structure ? structure.mask : mask;
  return whole.data.reduce((a, b) => a + b, 0) * voxelVolume(whole.grid);
}

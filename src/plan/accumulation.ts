/** The courses of a COURSES.json added up, structure by structure, as JSON and as a table. */
import { type Accumulated, accumulate, type Course } from '../biology/accumulate.js';
import { type Executor, serialExecutor } from '../core/executor.js';
import { createDvh } from '../evaluate/dvh.js';
import { parseMetric } from '../evaluate/metric-parser.js';
import { evaluateMetric } from '../evaluate/metric-value.js';
import { contoursVolume } from '../geometry/contour.js';
import { describeGrid, type Grid, isSameGrid, voxelVolume } from '../geometry/grid.js';
import { resample } from '../geometry/resample.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import type { Courses } from './courses.js';
import type { AnyStructure, MaskedStructure } from './structure-dvh.js';
import { columns } from './table.js';

export interface AccumulatedStructure {
  readonly name: string;
  /** Of the whole structure, cc. */
  readonly volumeCc: number;
  /** Share of it where every course has a value. */
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

const metrics = ['Max', 'D0.03cc', 'D0.1cc', 'D1cc', 'Mean'];

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
    const share = `only ${(100 * coverage).toFixed(1)} % of ${name} have a dose of every course`;
    const reason = `${share}: give larger doses, or say that beyond its grid a course gave nothing (beyond: "zero")`;
    return { ...none, volumeCc, coverage, reason };
  }
  const dose = { ...total, data: data.map((value) => (Number.isNaN(value) ? 0 : value)) };
  const dvh = createDvh(dose, { ...mask, data: known }, { name });
  const maxima = alone.map((course) => {
    let most = 0;
    for (let i = 0; i < known.length; i++) if (known[i]! > 0 && course.data[i]! > most) most = course.data[i]!;
    return most;
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

/** The content of accumulate.json; figures to 1e-6. */
export function accumulationReport({ courses, doses, total, structures }: Accumulation): Record<string, unknown> {
  const { quantity, alphaBeta, beyond } = courses;
  return {
    notice: 'Research software, not for clinical use.',
    dose: { quantity, alphaBeta, grid: describeGrid(total.dose.grid), unit: 'Gy' },
    assumptions: [
      `Each course's physical dose is interpolated at the voxel, then converted to ${quantity.toUpperCase()} with alpha/beta ${alphaBeta} Gy and added: ${quantity.toUpperCase()} is never interpolated.`,
      `Beyond its grid a course ${beyond === 'zero' ? 'is taken to have given nothing' : 'has no value, and neither has the sum'}.`,
      'No recovery between the courses; incomplete repair between fractions is not modelled.',
    ],
    courses: doses.map(({ name, dose }, c) => ({
      name,
      fractions: dose.fractions ?? null,
      months: courses.courses[c]!.months ?? null,
      maximum: rounded(total.courses[c]!.max),
      voxelsBeyond: total.courses[c]!.beyond,
    })),
    maximumOfSum: rounded(largest(total.dose.data)),
    sumOfMaxima: rounded(total.courses.reduce((sum, { max }) => sum + max, 0)),
    voxels: total.dose.data.length,
    missing: total.missing,
    structures: structures.map(({ metrics: values, courses: each, ...rest }) => ({
      ...rest,
      volumeCc: rounded(rest.volumeCc),
      coverage: rounded(rest.coverage),
      maximumOfSum: rounded(rest.maximumOfSum),
      sumOfMaxima: rounded(rest.sumOfMaxima),
      courses: Object.fromEntries(Object.entries(each).map(([key, value]) => [key, rounded(value)])),
      metrics: Object.fromEntries(Object.entries(values).map(([key, value]) => [`${key}[Gy]`, rounded(value)])),
    })),
  };
}

/** For the terminal. */
export function accumulationSummary({ courses, doses, total, structures }: Accumulation): string {
  const { quantity, alphaBeta } = courses;
  const gy = (value: number | null): string => (value === null ? 'none' : value.toFixed(2));
  const lines = [
    `${quantity.toUpperCase()} of ${doses.length} courses, alpha/beta ${alphaBeta} Gy, no recovery, on ${describeGrid(total.dose.grid)}`,
    ...doses.map(
      ({ name, dose }, c) =>
        `  ${name}: ${dose.fractions} fractions, maximum ${gy(total.courses[c]!.max)} Gy; ${total.courses[c]!.beyond} voxels beyond its grid`,
    ),
    `Maximum of the sum ${gy(largest(total.dose.data))} Gy, sum of the maxima ${gy(total.courses.reduce((sum, { max }) => sum + max, 0))} Gy; ${total.missing} of ${total.dose.data.length} voxels without a value`,
  ];
  if (structures.length > 0) {
    const head = ['structure', 'Max', 'D0.03cc', 'sum of maxima', ...doses.map(({ name }) => `Max ${name}`), ''];
    const rows = structures.map((s) => [
      s.name,
      gy(s.maximumOfSum),
      gy(s.metrics['D0.03cc']!),
      gy(s.sumOfMaxima),
      ...doses.map(({ name }) => gy(s.courses[name]!)),
      s.reason ?? '',
    ]);
    lines.push('', columns([head, ...rows]).trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

function largest(data: Float32Array): number | null {
  let most: number | null = null;
  for (let i = 0; i < data.length; i++) if (data[i]! > (most ?? -1)) most = data[i]!;
  return most;
}

const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toFixed(6)));

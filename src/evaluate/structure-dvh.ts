/**
 * DVH straight from a structure, contours or solid, and a dose on any grid: no mask between them.
 *
 * Lines along x meet the structure's outlines exactly and carry trilinear dose (`line-sample.ts`). They are laid at three
 * spacings, each half of the one before, until the finest two agree; their differences say how far off the finest is, and
 * a fourth and fifth curve what the spacing of the dose grid may hide (`metric-bound.ts`). So a structure of a few cubic
 * millimetres costs as little as it needs, and a result says how good it is.
 */

import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDigits } from '../core/rounding.js';
import { solidOfStructure } from '../geometry/contour-solid.js';
import { describeGrid } from '../geometry/grid.js';
import type { ScanLines } from '../geometry/scan-lines.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume } from '../geometry/volume.js';
import { Cumulator, meanOf } from './cumulate.js';
import { type DoseField, fieldOf } from './dose-field.js';
import type { DoseSamples } from './dose-sample.js';
import { checkDoseMeaning, type Dvh, type DvhBounds, type DvhEstimators, doseAtVolume, negativeRemark } from './dvh.js';
import { type Reading, samplingBound } from './error-bound.js';
import { type Extreme, extremeDose } from './extreme.js';
import { LineSampler, type LineSamples } from './line-sample.js';
import { StructureLines } from './structure-lines.js';

/** How finely a drawn structure is sampled, and what becomes of a part beyond the dose grid. */
export interface StructureDvhOptions {
  /**
   * What the metrics may be off by sampling, as a fraction of the structure's span of dose: D99% to D1%, D0.03cc and the mean
   * are refined until they agree to this. @default 0.002
   */
  readonly tolerance?: number;
  /**
   * Pieces of line, each within one voxel, that the finest scan may hold; where they do not suffice for the tolerance, the
   * bounds are larger and say so. @default 1000000
   */
  readonly budget?: number;
  /**
   * What to do with a structure that is partly outside the dose grid: refuse, or take the part inside, whose fraction the
   * result carries as `coverage`. @default 'refuse'
   */
  readonly partial?: 'refuse' | 'covered';
  /**
   * Memory that many DVHs, one after the other, work in. @default its own
   *
   * @internal
   */
  readonly workspace?: StructureDvhWorkspace;
}

/** Memory to make DVHs of structures in: fresh memory for every structure of every plan costs as much as the DVHs. */
export class StructureDvhWorkspace {
  /** Three scans are held at once. */
  readonly samplers = [new LineSampler(), new LineSampler(), new LineSampler()] as const;
  readonly cumulator = new Cumulator();
  private ends = new Float32Array(0);
  private volume = new Float64Array(0);

  /** Memory for n intervals, to be cumulated. */
  intervals(n: number): DoseSamples {
    if (this.volume.length < n) {
      this.ends = new Float32Array(2 * n);
      this.volume = new Float64Array(n);
    }
    return { ends: this.ends.subarray(0, 2 * n), volume: this.volume.subarray(0, n) };
  }
}

/** Of a DVH made here; results state them. */
export const STRUCTURE_DVH_ESTIMATORS: DvhEstimators = {
  max: 'largest trilinear dose in the structure, surface included: the middle between a dose that is reached and one that is not exceeded',
  min: 'smallest trilinear dose in the structure, surface included, likewise',
  nearMax: 'DXcc and DX% read from V(D) of the trilinear dose on lines through the structure as drawn',
};

/** A structure counts as covered where no more than this fraction lies outside: coordinates are rounded. */
const coveredFrom = 1 - 1e-6;

/** Fraction of a solid's volume to which it must be known; that of contours is exact. */
const volumeFraction = 2e-3;

/** Fraction of the span of dose to which the extremes are searched. */
const extremeFraction = 2e-4;

/**
 * The DVH of one structure.
 *
 * O(pieces of line), at most a few times `budget`. The volume is that of the contours' polygons and slabs. Max, every DX, Mean
 * and Min stand in this order whatever the sampling: the curve keeps to the extremes.
 *
 * @param dose total dose of the course, Gy, shape [nz, ny, nx], any grid
 * @param structure as it is drawn, LPS, mm
 * @throws {InvalidInputError} if the structure is empty or, unless asked, reaches beyond the grid; the dose is not finite,
 *   negative, or does not say what quantity it is
 */
export function createStructureDvh(dose: DoseVolume, structure: Structure, options?: StructureDvhOptions): Dvh;
/**
 * The same of a sum of converted doses, or along lines that serve many doses, with their own budget.
 *
 * @internal
 */
export function createStructureDvh(
  dose: DoseVolume | DoseField,
  structure: Structure | StructureLines,
  options?: StructureDvhOptions,
): Dvh;
export function createStructureDvh(
  dose: DoseVolume | DoseField,
  structure: Structure | StructureLines,
  options: StructureDvhOptions = {},
): Dvh {
  const drawn = structure instanceof StructureLines ? structure.structure : structure;
  const { name } = drawn;
  checkDoseMeaning(name, dose);
  checkPositive(`DVH of ${name}: tolerance`, options.tolerance ?? 1);
  checkPositive(`DVH of ${name}: budget`, options.budget ?? 1);
  const { tolerance = 2e-3, budget = 1_000_000, partial = 'refuse', workspace = new StructureDvhWorkspace() } = options;
  const lines = structure instanceof StructureLines ? structure : new StructureLines(structure, dose.grid, budget);
  return sampledDvh(fieldOf(dose), lines, tolerance, partial, workspace);
}

function sampledDvh(
  dose: DoseField,
  all: StructureLines,
  tolerance: number,
  partial: 'refuse' | 'covered',
  workspace: StructureDvhWorkspace,
): Dvh {
  const { structure, budget, finest } = all;
  const { name } = structure;
  const [one, two, three] = workspace.samplers;
  const scan = (division: number, sampler: LineSampler): Scan => {
    const lines = all.at(division);
    return { lines, samples: sampler.sample(name, dose, lines, false) };
  };
  const first = scan(1, one);
  const second = scan(2, two);
  checkSamples(structure, dose, second.samples, partial);
  const third = scan(4, three);
  const range = searchExtremes(dose, structure, third.samples);
  const levelOf = ({ lines, samples }: Scan): Level => ({
    lines,
    pieces: samples.volume.length,
    dvh: dvhOf(name, dose, samples, range, workspace),
  });
  let coarser = levelOf(first);
  let coarse = levelOf(second);
  let fine = levelOf(third);
  for (let division = 8; division <= finest && 4 * fine.pieces <= budget; division *= 2) {
    if (isGoodEnough(fine.dvh, { coarse: coarse.dvh, coarser: coarser.dvh }, tolerance)) break;
    [coarser, coarse, fine] = [coarse, fine, levelOf(scan(division, one))];
  }
  const shifted = two.sample(name, dose, coarse.lines, true);
  const remark = negativeRemark(name, range.min.value, range.max.value);
  return {
    ...fine.dvh,
    ...(remark === undefined ? {} : { remarks: [remark] }),
    bounds: {
      coarse: coarse.dvh,
      coarser: coarser.dvh,
      lower: dvhOf(name, dose, shifted, range, workspace, shifted.below),
      upper: dvhOf(name, dose, shifted, range, workspace, shifted.above),
      withinMax: range.max.within,
      withinMin: range.min.within,
    },
  };
}

/** Division of the lines of {@link quickDoseAtFraction}: that of the coarsest DVH's finest scan. */
const quickDivision = 4;

/**
 * Dose that a fraction of a structure receives at least, Gy: what its DVH says within the sampling bound, without its bounds and
 * extremes, for those who ask many times.
 *
 * @param fraction 0 to 1
 * @param workspace of those questions
 */
export function quickDoseAtFraction(
  dose: DoseVolume,
  lines: StructureLines,
  fraction: number,
  { samplers: [sampler], cumulator }: StructureDvhWorkspace,
): number {
  const { name } = lines.structure;
  const samples = sampler.sample(name, fieldOf(dose), lines.at(quickDivision), false);
  const { coveredCc: volumeCc, largest, least } = samples;
  const curve = cumulator.cumulate(samples, volumeCc);
  const dvh: Dvh = { name, quantity: dose.quantity, volumeCc, mean: Number.NaN, max: largest, min: least, ...curve };
  return doseAtVolume(dvh, fraction * volumeCc).value;
}

function isGoodEnough(fine: Dvh, others: Pick<DvhBounds, 'coarse' | 'coarser'>, tolerance: number): boolean {
  // An even dose has no span, but Float32 to round it.
  const enough = tolerance * (fine.max - fine.min) + 1e-5 * Math.max(Math.abs(fine.max), Math.abs(fine.min));
  return (
    samplingBound(fine, others, [(d) => d.volumeCc]) <= volumeFraction * fine.volumeCc &&
    probes(fine).every((readings) => samplingBound(fine, others, readings) <= enough)
  );
}

interface Scan {
  readonly lines: ScanLines;
  readonly samples: LineSamples;
}

/** One scan and what came of it. */
interface Level {
  readonly lines: ScanLines;
  readonly pieces: number;
  readonly dvh: Dvh;
}

interface DoseRange {
  readonly max: Extreme;
  readonly min: Extreme;
}

/** What must agree between the scans: near both ends of the curve, in its middle, and the mean; each with its like nearby. */
function probes({ volumeCc }: Dvh): Reading[][] {
  const fraction =
    (p: number): Reading =>
    (d) =>
      doseAtVolume(d, p * d.volumeCc).value;
  const near = volumeCc > 0.03 ? [[(d: Dvh) => doseAtVolume(d, 0.03).value]] : [];
  return [[0.99, 0.98, 0.95].map(fraction), [fraction(0.5), (d) => d.mean], [0.05, 0.02, 0.01].map(fraction), ...near];
}

function searchExtremes(dose: DoseField, structure: Structure, { largest, least }: LineSamples): DoseRange {
  const solid = solidOfStructure(structure);
  const tolerance = Math.max(extremeFraction * (largest - least), 1e-6 * Math.abs(largest));
  return {
    max: extremeDose(dose, solid, { extreme: 'max', known: largest, tolerance }),
    // The smallest of a sum is found slowly, and decides nothing.
    min: extremeDose(dose, solid, {
      extreme: 'min',
      known: least,
      tolerance,
      ...(dose.terms.length > 1 ? { budget: 1000 } : {}),
    }),
  };
}

/**
 * @param range what the structure's dose keeps to: a widened interval at its surface would reach beyond
 * @param shift of each interval, Gy
 */
function dvhOf(
  name: string,
  dose: DoseField,
  samples: LineSamples,
  range: DoseRange,
  workspace: StructureDvhWorkspace,
  shift?: Float32Array,
): Dvh {
  const { coveredCc, volumeCc } = samples;
  const n = samples.volume.length;
  // The sweep overwrites them.
  const own = workspace.intervals(n);
  own.volume.set(samples.volume);
  // As Float32, as the ends are kept: no curve passes its extremes by a rounding.
  const high = Math.fround(range.max.value);
  const low = Math.fround(range.min.value);
  own.ends.set(samples.ends);
  let largest = high;
  let least = low;
  if (shift !== undefined) {
    addShift(own.ends, shift);
    largest = own.ends.subarray(0, n).reduce((a, b) => (b > a ? b : a), -Infinity);
    least = own.ends.subarray(n).reduce((a, b) => (b < a ? b : a), Infinity);
  }
  return {
    name,
    quantity: dose.quantity,
    ...(dose.fractions === undefined ? {} : { fractions: dose.fractions }),
    ...(dose.alphaBeta === undefined ? {} : { alphaBeta: dose.alphaBeta }),
    volumeCc: coveredCc,
    mean: Math.min(largest, Math.max(least, meanOf(samples, shift))),
    max: largest,
    min: least,
    ...within(workspace.cumulator.cumulate(own, coveredCc), least, largest),
    estimators: STRUCTURE_DVH_ESTIMATORS,
    ...(coveredCc < coveredFrom * volumeCc ? { coverage: coveredCc / volumeCc } : {}),
  };
}

/** The curve with its doses kept to the extremes: an interval that is widened at the surface reaches beyond them. */
function within<C extends { readonly dose: Float32Array | Float64Array }>(curve: C, least: number, largest: number): C {
  const { dose } = curve;
  for (let c = 0; c < dose.length; c++) dose[c] = Math.max(least, Math.min(largest, dose[c]!));
  return curve;
}

/** To both ends of every interval. */
function addShift(ends: Float32Array, shift: Float32Array): void {
  const n = shift.length;
  for (let i = 0; i < n; i++) {
    ends[i]! += shift[i]!;
    ends[n + i]! += shift[i]!;
  }
}

function checkSamples(
  structure: Structure,
  dose: DoseField,
  { volumeCc, coveredCc }: LineSamples,
  partial: 'refuse' | 'covered',
): void {
  const name = `DVH of ${structure.name}`;
  if (!(volumeCc > 0)) throw new InvalidInputError(`${name}: the structure is empty. Leave it out.`);
  const fraction = coveredCc / volumeCc;
  if (!(coveredCc > 0)) {
    throw new InvalidInputError(
      `${name}: the structure lies outside the dose grid ${describeGrid(dose.grid)}. Leave it out, or compute the dose there.`,
    );
  }
  if (fraction < coveredFrom && partial === 'refuse') {
    throw new InvalidInputError(
      `${name}: only ${toDigits(100 * fraction, 4)} % of the structure lies on the dose grid, so metrics of it are not those of the structure. Compute the dose there, or ask for the part inside with partial: 'covered'.`,
    );
  }
}

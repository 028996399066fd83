/**
 * Dose-volume histogram of a structure, without bins.
 *
 *     V(D) = volume of the structure that receives at least D
 *
 * Every occupied voxel contributes its exact volume (fraction x voxel volume) over the range of doses it holds
 * (`dose-sample.ts`), so V is piecewise linear between the sorted ends of those ranges, and is read exactly: V at any
 * dose and its inverse, with no bin width and no upper limit. Volume counts to the last partial voxel, so the volume is
 * that of the mask.
 *
 * Estimators, which results state: Max and Min are the largest and smallest *voxel-centre* dose over voxels of any
 * occupancy (conservative: a centre may lie up to half a voxel outside); D0.03cc and the like are read from V(D).
 */

import { checkFinite, checkInteger, checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDigits } from '../core/rounding.js';
import { checkSameGrid } from '../geometry/grid.js';
import type { DoseMeaning, DoseVolume, Volume } from '../geometry/volume.js';
import { Cumulator, meanOf } from './cumulate.js';
import { DoseSampler, type DoseSamples } from './dose-sample.js';
import { StructureCells } from './structure-cells.js';

/** Dose below zero is remarked on beyond this fraction of the largest: resampling with a cubic may leave less. */
const negativeFraction = 1e-3;

/** How the figures of a DVH were read off. */
export type DvhEstimators = NonNullable<Dvh['estimators']>;

/** The words that go into every result of {@link createDvh} beside its figures. */
export const DVH_ESTIMATORS: DvhEstimators = {
  max: 'largest voxel-centre dose over voxels of any occupancy',
  min: 'smallest voxel-centre dose over voxels of any occupancy',
  nearMax: 'DXcc and DX% read from the exact piecewise linear V(D) of the fractional mask',
};

/** Dose-volume histogram of a structure, as the corners of its curve, without bins. */
export interface Dvh extends DoseMeaning {
  /** Name of the structure, for messages and goals. */
  readonly name: string;
  /** Of the structure, cc. */
  readonly volumeCc: number;
  /** Gy */
  readonly mean: number;
  /** Gy; see {@link DVH_ESTIMATORS} */
  readonly max: number;
  /** Gy */
  readonly min: number;
  /** Corners of V(D): dose falling, Gy; two equal entries are a jump. */
  readonly dose: Float32Array | Float64Array;
  /** Corners of V(D): volume at or above `dose`, rising to `volumeCc`, cc. */
  readonly volume: Float64Array;
  /** How the figures were read off, in words. @default DVH_ESTIMATORS */
  readonly estimators?: { readonly max: string; readonly min: string; readonly nearMax: string } | undefined;
  /** Fraction of the structure's volume that lies on the dose grid, where it is known and less than 1: all else is of that part. */
  readonly coverage?: number | undefined;
  /** What is odd about the dose or the structure. */
  readonly remarks?: readonly string[] | undefined;
  /** @internal What error bounds are read from; see `metric-bound.ts`. */
  readonly bounds?: DvhBounds | undefined;
}

/** DVHs beside a DVH, from which `metric-bound.ts` reads how far off a metric may be. */
export interface DvhBounds {
  /** From lines twice and four times as far apart. */
  readonly coarse: Dvh;
  readonly coarser: Dvh;
  /** `coarse` with the dose lowered and raised, everywhere, by what the dose grid's interpolation may be off there. */
  readonly lower: Dvh;
  readonly upper: Dvh;
  /** How far the true extremes of the interpolated dose may lie from `max` and `min`, to either side, Gy. */
  readonly withinMax: number;
  readonly withinMin: number;
}

/** A read-off; `flag` says why the number is not what was asked for. */
export interface DvhReading {
  readonly value: number;
  readonly flag?: string;
}

/** A sampled curve, for plots and tables. */
export interface DvhCurve {
  /** Gy, rising */
  readonly dose: Float64Array;
  /** cc (cumulative), or cc per Gy (differential) */
  readonly volume: Float64Array;
  /** The same in percent of the structure, or percent per Gy. */
  readonly percent: Float64Array;
}

/** Options of {@link createDvh}. */
export interface DvhOptions {
  /** Name of the structure, for messages. @default 'structure' */
  readonly name?: string;
  /**
   * Memory that many DVHs, one after the other, work in. @default its own
   *
   * @internal
   */
  readonly workspace?: DvhWorkspace;
}

/** Memory to make DVHs in: fresh memory for every structure of every plan costs as much as the DVHs. */
export class DvhWorkspace {
  readonly sampler = new DoseSampler();
  readonly cumulator = new Cumulator();
}

/**
 * The DVH of one structure.
 *
 * O(voxels), of the grid and of the structure; of the structure alone where its cells are given. The dose keeps its meaning
 * (physical, EQD2, BED) in the result.
 *
 * @param dose total dose of the course, Gy, shape [nz, ny, nx], finite
 * @param structure fraction of each voxel in the structure, 0..1, same grid; or its cells, which serve many doses
 * @throws {InvalidInputError} if the grids differ, a value is not finite or a fraction not in [0, 1], the structure is
 *   empty on this grid, or the dose does not say what quantity it is
 */
export function createDvh(dose: DoseVolume, structure: Volume<'mask'> | StructureCells, options: DvhOptions = {}): Dvh {
  const { name = 'structure', workspace = new DvhWorkspace() } = options;
  const { volumeCc, least, largest, samples } = samplesOf(dose, structure, name, workspace);
  const remark = negativeRemark(name, least, largest);
  const mean = Math.min(largest, Math.max(least, meanOf(samples)));
  const corners = workspace.cumulator.cumulate(samples, volumeCc);
  return {
    name,
    quantity: dose.quantity,
    ...(dose.fractions === undefined ? {} : { fractions: dose.fractions }),
    ...(dose.alphaBeta === undefined ? {} : { alphaBeta: dose.alphaBeta }),
    volumeCc,
    mean,
    max: largest,
    min: least,
    ...corners,
    ...(remark === undefined ? {} : { remarks: [remark] }),
  };
}

/**
 * Volume of a structure that receives at least each of some doses, cc: what {@link volumeAtDose} reads from its DVH, to rounding,
 * without the sort of a whole curve.
 *
 * O(voxels x doses). Arguments and errors as {@link createDvh}.
 *
 * @param doses Gy
 */
export function volumesAtDoses(
  dose: DoseVolume,
  structure: Volume<'mask'> | StructureCells,
  doses: readonly number[],
  options: DvhOptions = {},
): number[] {
  const { name = 'structure', workspace = new DvhWorkspace() } = options;
  for (const gy of doses) checkFinite(`volume at dose of ${name}: dose`, gy);
  const { samples, volumeCc } = samplesOf(dose, structure, name, workspace);
  return doses.map((gy) => Math.min(volumeCc, volumeAbove(samples, gy)));
}

function volumeAbove({ ends, volume }: DoseSamples, gy: number): number {
  const n = volume.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const high = ends[i]!;
    const low = ends[n + i]!;
    if (low >= gy) sum += volume[i]!;
    else if (high > gy) sum += (volume[i]! * (high - gy)) / (high - low);
  }
  return sum;
}

/** Intervals of dose in a structure, in the workspace's memory, and the range of its voxels, Gy. */
function samplesOf(
  dose: DoseVolume,
  structure: Volume<'mask'> | StructureCells,
  name: string,
  { sampler }: DvhWorkspace,
): { readonly volumeCc: number; readonly least: number; readonly largest: number; readonly samples: DoseSamples } {
  const { grid } = structure instanceof StructureCells ? structure.mask : structure;
  checkSameGrid(`DVH of ${name}: dose and mask`, dose.grid, grid);
  checkDoseMeaning(name, dose);
  const cells = structure instanceof StructureCells ? structure : new StructureCells(structure, `DVH of ${name}`);
  const { voxels, volumeCc } = cells;
  if (voxels.length === 0) {
    throw new InvalidInputError(
      `DVH of ${name}: the structure holds no voxel of the dose grid. Check that it lies inside the grid, or leave it out.`,
    );
  }
  const { least, largest } = rangeIn(name, dose.data, voxels);
  return { volumeCc, least, largest, samples: sampler.sample(dose, cells, least, largest) };
}

function rangeIn(name: string, data: Float32Array, voxels: Uint32Array): { least: number; largest: number } {
  let least = Infinity;
  let largest = -Infinity;
  for (let v = 0; v < voxels.length; v++) {
    const d = data[voxels[v]!]!;
    if (!Number.isFinite(d)) {
      throw new InvalidInputError(
        `DVH of ${name}: the dose of voxel ${voxels[v]} is ${d}, but must be finite. Recompute the dose.`,
      );
    }
    if (d < least) least = d;
    if (d > largest) largest = d;
  }
  return { least, largest };
}

/** @throws {InvalidInputError} unless the dose says what quantity it is */
export function checkDoseMeaning(name: string, { quantity }: DoseMeaning): void {
  if (quantity !== 'physical' && quantity !== 'eqd2' && quantity !== 'bed') {
    throw new InvalidInputError(
      `DVH of ${name}: the dose quantity is ${String(quantity)}, but must be physical, eqd2 or bed. Make the dose with createDose.`,
    );
  }
}

/** What a result says of a dose below zero, beyond what resampling leaves; undefined where there is none. */
export function negativeRemark(name: string, least: number, largest: number): string | undefined {
  if (least >= -negativeFraction * Math.max(0, largest)) return undefined;
  return `the dose in ${name} falls to ${toDigits(least, 4)} Gy, below zero: is it a difference of doses?`;
}

/**
 * Dose that the hottest `cc` of the structure receive at least, Gy.
 *
 * @param cc >= 0; 0 gives the top of the curve. More than the structure holds gives its minimum dose, and says so.
 * @throws {InvalidInputError} if `cc` is negative or not finite
 */
export function doseAtVolume(dvh: Dvh, cc: number): DvhReading {
  checkNonNegative(`dose at volume of ${dvh.name}: volume`, cc);
  const { name, volumeCc, coverage } = dvh;
  const flags: string[] = [];
  const isTooMuch = cc > volumeCc * (1 + 1e-9);
  if (isTooMuch)
    flags.push(`${name} has only ${toDigits(volumeCc, 4)} cc, less than ${toDigits(cc, 4)} cc: minimum dose given`);
  if (coverage !== undefined) flags.push(`only ${toDigits(100 * coverage, 4)} % of ${name} lies on the dose grid`);
  const value = isTooMuch ? dvh.min : doseOnCurve(dvh, cc);
  return flags.length === 0 ? { value } : { value, flag: flags.join('; ') };
}

function doseOnCurve({ dose, volume }: Dvh, cc: number): number {
  // First corner with at least cc above it; the answer lies between it and the corner before.
  let low = 0;
  let high = volume.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (volume[middle]! >= cc) high = middle;
    else low = middle + 1;
  }
  if (low === 0 || volume[low] === volume[low - 1]) return dose[low]!;
  const t = Math.min(1, (cc - volume[low - 1]!) / (volume[low]! - volume[low - 1]!));
  return dose[low - 1]! + t * (dose[low]! - dose[low - 1]!);
}

/**
 * Volume that receives at least `gy`, cc.
 *
 * @throws {InvalidInputError} if `gy` is not finite
 */
export function volumeAtDose(dvh: Dvh, gy: number): number {
  checkFinite(`volume at dose of ${dvh.name}: dose`, gy);
  const { dose, volume } = dvh;
  // First corner strictly below gy; at a jump at gy itself the volume includes it.
  let low = 0;
  let high = dose.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (dose[middle]! < gy) high = middle;
    else low = middle + 1;
  }
  if (low === 0) return 0;
  if (low === dose.length) return dvh.volumeCc;
  const t = (dose[low - 1]! - gy) / (dose[low - 1]! - dose[low]!);
  return volume[low - 1]! + t * (volume[low]! - volume[low - 1]!);
}

/**
 * The cumulative curve at `n` evenly spaced doses from 0 to the maximum (just past it, so that the curve ends on zero).
 *
 * @param n >= 2
 * @throws {InvalidInputError} if `n` is not a whole number >= 2
 */
export function cumulativeCurve(dvh: Dvh, n = 201): DvhCurve {
  checkInteger('cumulative curve: n', n, 2);
  const dose = new Float64Array(n);
  const volume = new Float64Array(n);
  const percent = new Float64Array(n);
  const top = dvh.max > 0 ? dvh.max * (1 + 1e-6) : 1;
  for (let i = 0; i < n; i++) {
    dose[i] = (top * i) / (n - 1);
    volume[i] = volumeAtDose(dvh, dose[i]!);
    percent[i] = (100 * volume[i]!) / dvh.volumeCc;
  }
  return { dose, volume, percent };
}

/**
 * The differential curve: volume per Gy in `n` equal intervals from 0 to the maximum; `dose` holds their middles.
 *
 * Each value is an exact difference of V(D), so that the sum of value x width is the volume of the structure.
 *
 * @param n >= 1
 * @throws {InvalidInputError} if `n` is not a whole number >= 1
 */
export function differentialCurve(dvh: Dvh, n = 100): DvhCurve {
  checkInteger('differential curve: n', n, 1);
  const dose = new Float64Array(n);
  const volume = new Float64Array(n);
  const percent = new Float64Array(n);
  const width = (dvh.max > 0 ? dvh.max * (1 + 1e-6) : 1) / n;
  // Below zero there is no dose, but an interpolated dose may be there by rounding: the first interval takes it.
  let above = dvh.volumeCc;
  for (let i = 0; i < n; i++) {
    const next = i === n - 1 ? 0 : volumeAtDose(dvh, (i + 1) * width);
    dose[i] = (i + 0.5) * width;
    volume[i] = (above - next) / width;
    percent[i] = (100 * volume[i]!) / dvh.volumeCc;
    above = next;
  }
  return { dose, volume, percent };
}

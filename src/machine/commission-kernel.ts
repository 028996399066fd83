/**
 * Commissioning from a pencil kernel that was computed (Monte Carlo) instead of measured fields.
 *
 * The dose inside a circle of radius R about a pencil beam of a parallel beam is, by reciprocity, the dose on the axis of a
 * circular field of that radius. It is fitted with `sum_j A_j(d) (1 - exp(-R^2 / 2 w_j^2))`: the same Gaussians as those of
 * a measured machine, from a fraction of the electrons' millimetre to the scatter's decimetre. Electrons and scatter are
 * fitted together: their sum to all dose within each radius, scatter alone to its share (`kernel-split.ts`).
 */
import { InvalidInputError } from '../core/errors.js';
import { defaultCalibration } from './commission.js';
import { openFieldDose, squareField } from './field-integral.js';
import { fitGaussians } from './gaussian-fit.js';
import { scatterWithin } from './kernel-split.js';
import type { Machine } from './machine.js';

/** Mean dose per ring and depth bin of one pencil of unit fluence times area. */
export interface PencilKernelTable {
  /** Middle of each depth bin, mm, rising. */
  readonly depths: readonly number[];
  /** Outer radius of each ring, mm, rising; the first ring begins at 0. */
  readonly radii: readonly number[];
  /** [depth][ring], dose per mm^2 of fluence 1. */
  readonly values: readonly (readonly number[])[];
}

export interface KernelCommissionOptions {
  /** @default [0.2, 0.5, 1, 1.8, 3, 5, 9, 16, 32, 64, 128]: a computed kernel resolves the electrons, a measured one does not */
  readonly widths?: readonly number[];
  readonly calibration?: Machine['calibration'];
  /** @default a flat fluence of 400 mm radius */
  readonly primaryFluence?: Machine['primaryFluence'];
  /** Lets weights be negative, as other codes' kernels are here and there. @default false */
  readonly isSigned?: boolean;
  /** mm; far away for a parallel beam. @default 1000 */
  readonly sad?: number;
  readonly name: string;
  readonly source: string;
}

const DEFAULT_WIDTHS = [0.2, 0.5, 1, 1.8, 3, 5, 9, 16, 32, 64, 128];
/** Electrons of megavoltage photons have no wider Gaussian, mm of water. */
const ELECTRON_WIDEST = 10;
/** How much the fit minds scatter's share against the sum: the share is a convention, the sum is a measurement. */
const SHARE_WEIGHT = 0.1;
const SMOOTHNESS = 0.02;

/** @throws {InvalidInputError} if the table is ragged or has no dose */
export function commissionFromKernel(table: PencilKernelTable, options: KernelCommissionOptions): Machine {
  const { depths, radii, values } = table;
  const widths = options.widths ?? DEFAULT_WIDTHS;
  const calibration = options.calibration ?? defaultCalibration;
  const cumulative = values.map((row, i) => {
    if (row.length !== radii.length) {
      throw new InvalidInputError(
        `pencil kernel: depth ${depths[i]} mm has ${row.length} rings, but there are ${radii.length} radii.`,
      );
    }
    let sum = 0;
    return row.map((value, r) => {
      const inner = r === 0 ? 0 : radii[r - 1]!;
      sum += value * Math.PI * (radii[r]! ** 2 - inner ** 2);
      return sum;
    });
  });
  if (!cumulative.every((row) => row.every((value) => value > 0))) {
    throw new InvalidInputError('pencil kernel: the dose within a radius is zero somewhere. Check the table.');
  }
  const { electrons, scatter } = fitParts(table, cumulative, widths, options.isSigned ?? false);
  const amplitudes = electrons.map((row, i) => row.map((a, j) => a + scatter[i]![j]!));
  const machine: Machine = {
    name: options.name,
    energy: 6,
    source: options.source,
    sad: options.sad ?? 1000,
    penumbra: { sigma: [0, 0], collimator: [0, 0] },
    primaryFluence: options.primaryFluence ?? { radius: [0, 400], value: [1, 1] },
    calibration,
    range: { fieldSide: [10, 400], depth: [0, depths[depths.length - 1]!] },
    kernel: { depths, widths, amplitudes },
  };
  const scale =
    calibration.gyPerMu /
    openFieldDose(machine, squareField(calibration.fieldSide), calibration.ssd, calibration.depth);
  const scaled = (rows: readonly (readonly number[])[]): number[][] => rows.map((row) => row.map((a) => a * scale));
  return {
    ...machine,
    kernel: {
      depths,
      widths,
      amplitudes: scaled(amplitudes),
      ...(options.isSigned ? {} : { scatter: scaled(scatter) }),
    },
  };
}

/** Weights [depth][width] of both parts; a signed kernel has no parts, and all of it is counted as scatter. */
function fitParts(
  { depths, radii, values }: PencilKernelTable,
  cumulative: readonly (readonly number[])[],
  widths: readonly number[],
  isSigned: boolean,
): { electrons: number[][]; scatter: number[][] } {
  const within = radii.map((radius) => widths.map((width) => 1 - Math.exp((-radius * radius) / (2 * width * width))));
  const common = {
    depths,
    attenuation: cumulative.map((row) => row[row.length - 1]!),
    smoothness: depths.map(() => SMOOTHNESS),
    isSigned,
  };
  const nothing = widths.map(() => 0);
  if (isSigned) {
    const weights = cumulative.map((row) => row.map(() => 1));
    const all = fitGaussians({ ...common, design: depths.map(() => within), measured: cumulative, weights });
    return { electrons: depths.map(() => nothing), scatter: all.weights };
  }
  const narrow = widths.filter((width) => width < ELECTRON_WIDEST).length;
  const scatter = values.map((row) => scatterWithin(radii, row));
  const { weights: both } = fitGaussians({
    ...common,
    // Columns: electrons, scatter. Rows: all dose within each radius, then scatter's, relative to all dose there.
    design: depths.map(() => [
      ...within.map((row) => [...row.slice(0, narrow), ...row]),
      ...within.map((row) => [...nothing.slice(0, narrow), ...row]),
    ]),
    measured: cumulative.map((row, i) => [...row, ...scatter[i]!]),
    weights: cumulative.map((row, i) => [
      ...row.map(() => 1),
      ...row.map((all, r) => SHARE_WEIGHT * (scatter[i]![r]! / all) ** 2),
    ]),
  });
  return {
    electrons: both.map((row) => [...row.slice(0, narrow), ...nothing.slice(narrow)]),
    scatter: both.map((row) => row.slice(narrow)),
  };
}

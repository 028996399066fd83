/**
 * Commissioning from a pencil kernel that was computed (Monte Carlo) instead of measured fields.
 *
 * The dose inside a circle of radius R about a pencil beam of a parallel beam is, by reciprocity, the dose on the axis of a
 * circular field of that radius. It is fitted with `sum_j A_j(d) (1 - exp(-R^2 / 2 w_j^2))`: the same Gaussians as those of
 * a measured machine, from the electrons' millimetre to the scatter's decimetre.
 */
import { InvalidInputError } from '../core/errors.js';
import { defaultCalibration } from './commission.js';
import { openFieldDose, squareField } from './field-integral.js';
import { fitGaussians } from './gaussian-fit.js';
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
  /** @default [0.35, 0.8, 1.6, 2.8, 5, 9, 16, 32, 64, 128]: a computed kernel resolves the electrons, a measured one does not */
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

const DEFAULT_WIDTHS = [0.35, 0.8, 1.6, 2.8, 5, 9, 16, 32, 64, 128];
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
  const design = radii.map((radius) => widths.map((width) => 1 - Math.exp((-radius * radius) / (2 * width * width))));
  const machine: Machine = {
    name: options.name,
    energy: 6,
    source: options.source,
    sad: options.sad ?? 1000,
    penumbra: { sigma: [0, 0], collimator: [0, 0] },
    primaryFluence: options.primaryFluence ?? { radius: [0, 400], value: [1, 1] },
    calibration,
    range: { fieldSide: [10, 400], depth: [0, depths[depths.length - 1]!] },
    kernel: {
      depths,
      widths,
      amplitudes: fitGaussians({
        depths,
        design: depths.map(() => design),
        measured: cumulative,
        weights: depths.map(() => radii.map(() => 1)),
        attenuation: cumulative.map((row) => row[row.length - 1]!),
        smoothness: depths.map(() => SMOOTHNESS),
        isSigned: options.isSigned ?? false,
      }),
    },
  };
  const scale =
    calibration.gyPerMu /
    openFieldDose(machine, squareField(calibration.fieldSide), calibration.ssd, calibration.depth);
  const amplitudes = machine.kernel.amplitudes.map((row) => row.map((a) => a * scale));
  return { ...machine, kernel: { depths, widths, amplitudes } };
}

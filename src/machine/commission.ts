/**
 * Commissioning: measured tables in, pencil kernel out.
 *
 * On the axis of a field of side s, at distance L from the source and depth d, the model's dose is
 *
 *     T(d, s) = (SAD / L)^2 sum_j A_j(d) E_j(s, L),     E_j = integral of Psi(x, y) G(x; sx) G(y; sy) over the square
 *
 * with Psi the in-air fluence, s_x^2 = (w_j SAD / L)^2 + blur_x^2(L), w_j a fixed ladder of widths in patient millimetres
 * and blur the source's. The first, j = 0, stands for the electrons: not one Gaussian but the mixture that Monte Carlo gives
 * (`electron-kernel.ts`), which no measured table resolves; the others are scatter (`kernel-columns.ts`). The measurement of the same quantity is the depth-dose curve scaled to the output factor. The
 * weights A_j(d) >= 0 follow from least squares that are smooth in depth (`gaussian-fit.ts`), so the kernel is
 * non-negative at every radius and depth and smooth in radius by construction.
 *
 * Three detours of table-based commissioning are not taken. The square field enters as a square: no equivalent circle. The
 * source blur enters as what it is: no deconvolution of small-field output factors. And no column for a field of side zero
 * is extrapolated: the electrons' mixture knows what becomes of it.
 */
import { checkCount } from '../core/budget.js';
import { checkAllFinite, checkPositive, checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { checkRising } from '../core/interpolate.js';
import type { BeamData } from './beam-data.js';
import { checkBeamData } from './beam-data-check.js';
import { fluenceFromProfile } from './fluence-profile.js';
import type { Machine } from './machine.js';
import { type Commissioned, type FittedMachine, fitMachine } from './machine-fit.js';

export type { Commissioned, CommissionResidual } from './machine-fit.js';

/** How a machine is fitted to measured tables. */
export interface CommissionOptions {
  /**
   * Standard deviations of the Gaussians in patient mm; a first of 0 stands for the electrons' own mixture.
   * @default [0, 4, 7, 13, 24, 44, 80, 145]: a factor of 1.8 from the electron range to the largest field
   */
  readonly widths?: readonly number[];
  /** Gy per MU at `ssd`, `depth`, `fieldSide` (mm). @default that of the data, else 0.01 at SSD 900, depth 100, 100 x 100 mm */
  readonly calibration?: Machine['calibration'];
  /** Points of the depth-dose table that are known to be wrong and shall not be fitted. */
  readonly exclude?: readonly { readonly depth: number; readonly side: number }[];
  /** Free text that the machine carries as its origin. */
  readonly source?: string;
}

export const defaultWidths: readonly number[] = [0, 4, 7, 13, 24, 44, 80, 145];
export const defaultCalibration: Machine['calibration'] = { gyPerMu: 0.01, ssd: 900, depth: 100, fieldSide: 100 };

/** Percent: clean tables leave output factors within 0.5 % (docs/beam-data.md); at twice that the blur is put to the test. */
const DOUBTFUL = 1;

/**
 * Fits the pencil kernel of a machine to its measured tables.
 *
 * @returns the machine and, for every entry of the tables, what the model leaves over
 * @throws {InvalidInputError} if the tables cannot be a megavoltage beam in millimetres
 * @see Bortfeld, Schlegel and Rhein, Med. Phys. 20 (1993) 311, doi:10.1118/1.597070, for the separable form
 */
export function commission(data: BeamData, options: CommissionOptions = {}): Commissioned {
  checkBeamData(data);
  const widths = options.widths ?? defaultWidths;
  if (widths.length < 2 || !(widths[0]! >= 0)) {
    throw new InvalidInputError(
      `commission: widths are [${widths.join(', ')}], but at least two are needed, rising from >= 0 mm. The default is [${defaultWidths.join(', ')}].`,
    );
  }
  checkCount('commission: widths', widths.length, 40, 'Eight are usual.');
  for (const width of widths) checkRange('commission: a width in mm', width, 0, 1000);
  checkAllFinite('commission: widths', widths);
  checkRising('commission: widths', widths);
  const calibration = options.calibration ?? data.calibration ?? defaultCalibration;
  for (const key of ['gyPerMu', 'ssd', 'depth', 'fieldSide'] as const) {
    checkPositive(`commission: calibration ${key}`, calibration[key]);
  }
  const settings = { ...options, widths, calibration };
  let fluence = data.primaryFluence;
  if (data.profile) {
    let last: FittedMachine | undefined;
    fluence = fluenceFromProfile(data.profile, (known) => {
      last = fitMachine(data, known, settings, last?.carried);
      return last.commissioned.machine;
    });
  }
  const { commissioned } = fitMachine(data, fluence!, settings);
  const percent = largestFactorResidual(commissioned);
  if (percent < DOUBTFUL) return commissioned;
  // A blur that is too narrow the kernel takes up, one that is too wide nothing can: then a point source fits better.
  const sharp = { ...data, penumbra: { ...data.penumbra, sigma: [0, 0] as const } };
  const ofPointSource = largestFactorResidual(fitMachine(sharp, fluence!, settings).commissioned);
  return ofPointSource < percent / 2 ? { ...commissioned, blurDoubt: { percent, ofPointSource } } : commissioned;
}

const largestFactorResidual = ({ outputFactors }: Commissioned): number =>
  Math.max(...outputFactors.map(({ percent }) => Math.abs(percent)));

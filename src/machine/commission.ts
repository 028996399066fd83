/**
 * Commissioning: measured tables in, pencil kernel out.
 *
 * On the axis of a square field of side s, with the measuring point at the isocentre, the model's dose is
 *
 *     T(d, s) = sum_j A_j(d) E_j(s),     E_j(s) = integral over the square of Psi(r) G(r; sqrt(s_j^2 + sigma^2))
 *
 * with Psi the in-air fluence, G the normalised Gaussian, s_j a fixed ladder of widths and sigma the source blur. The
 * measurement of the same quantity is OF(s) TPR(d, s). For each depth the weights A_j(d) >= 0 follow from non-negative
 * least squares, so the kernel is non-negative at every radius and depth and smooth in radius by construction. The square
 * field enters as a square (no equivalent circle) and the source blur as what it is (no deconvolution of small fields).
 */
import { checkPositive } from '../core/check.js';
import { interpolateCubic, interpolateLinear, pchipSlopes } from '../core/interpolate.js';
import { nonNegativeLeastSquares } from '../core/linear-algebra.js';
import { type BeamData, checkBeamData } from './beam-data.js';
import type { Machine, PencilKernel } from './machine.js';

export interface CommissionOptions {
  /**
   * Standard deviations of the Gaussians in patient mm; the first must be 0.
   * @default [0, 4, 7, 12, 20, 35, 60, 100, 170]: a factor of about 1.7 from the electron range to the largest field
   */
  readonly widths?: readonly number[];
  /** Gy per MU at `ssd`, `depth`, `fieldSide` (mm). @default 0.01 at SSD 900, depth 100, 100 x 100 mm */
  readonly calibration?: Machine['calibration'];
  /** Free text that the machine carries as its origin. */
  readonly source?: string;
}

export interface CommissionResidual {
  readonly depth: number;
  readonly side: number;
  /** Model minus measurement, percent of the field's maximum. */
  readonly percent: number;
}

const DEFAULT_WIDTHS = [0, 4, 7, 12, 20, 35, 60, 100, 170];
const DEFAULT_CALIBRATION = { gyPerMu: 0.01, ssd: 900, depth: 100, fieldSide: 100 };

/**
 * Fits the pencil kernel of a machine to its measured tables.
 *
 * @param data tissue-phantom ratios (SAD set-up), output factors and in-air fluence; field side 0 (extrapolated by
 *   whoever made the table) is left out
 * @returns the machine and, for every table entry, what the model leaves over
 * @throws {InvalidInputError} if a table does not rise or is not positive
 * @see Bortfeld, Schlegel and Rhein, Med. Phys. 20 (1993) 311 for the separable form
 */
export function commission(
  data: BeamData,
  options: CommissionOptions = {},
): { machine: Machine; residuals: CommissionResidual[] } {
  checkBeamData(data);
  const widths = options.widths ?? DEFAULT_WIDTHS;
  const calibration = options.calibration ?? DEFAULT_CALIBRATION;
  checkPositive('commission: gyPerMu', calibration.gyPerMu);
  const sigma = data.penumbraFwhm / Math.sqrt(8 * Math.log(2));

  const used = data.tpr.sides.map((side, column) => ({ side, column })).filter((entry) => entry.side > 0);
  const factorSlopes = pchipSlopes(data.outputFactors.sides, data.outputFactors.values);
  const outputs = used.map((entry) =>
    interpolateCubic(data.outputFactors.sides, data.outputFactors.values, factorSlopes, entry.side),
  );
  const fluence = (radius: number): number =>
    interpolateLinear(data.primaryFluence.radius, data.primaryFluence.value, radius);
  const rows = used.length;
  const columns = widths.length;
  const design = new Float64Array(rows * columns);
  used.forEach(({ side }, r) => {
    widths.forEach((width, c) => {
      design[r * columns + c] = squareFieldIntegral(side, Math.hypot(width, sigma), fluence);
    });
  });

  const amplitudes = data.tpr.values.map((row) => {
    // Each field counts relative to its own dose, so that a 20 mm field is fitted as well as a 400 mm field.
    const weighted = new Float64Array(rows * columns);
    const target = new Float64Array(rows);
    used.forEach(({ column }, r) => {
      const dose = outputs[r]! * row[column]!;
      target[r] = 1;
      for (let c = 0; c < columns; c++) weighted[r * columns + c] = design[r * columns + c]! / dose;
    });
    return Array.from(nonNegativeLeastSquares(weighted, rows, columns, target));
  });

  const kernel: PencilKernel = { depths: data.tpr.depths, widths, amplitudes };
  const axisDose = (depth: number, side: number): number => {
    const E = widths.map((width) => squareFieldIntegral(side, Math.hypot(width, sigma), fluence));
    return interpolateLinear(
      kernel.depths,
      amplitudes.map((row) => row.reduce((sum, a, j) => sum + a * E[j]!, 0)),
      depth,
    );
  };
  const referenceDistance = calibration.ssd + calibration.depth;
  const inverseSquare = (data.sad / referenceDistance) ** 2;
  const scale =
    calibration.gyPerMu /
    (inverseSquare * axisDose(calibration.depth, (calibration.fieldSide * referenceDistance) / data.sad));

  const residuals: CommissionResidual[] = [];
  used.forEach(({ side, column }, r) => {
    const E = Array.from({ length: columns }, (_, c) => design[r * columns + c]!);
    const measured = data.tpr.values.map((row) => row[column]! * outputs[r]!);
    const largest = Math.max(...measured);
    data.tpr.depths.forEach((depth, i) => {
      const model = amplitudes[i]!.reduce((sum, a, j) => sum + a * E[j]!, 0);
      residuals.push({ depth, side, percent: (100 * (model - measured[i]!)) / largest });
    });
  });

  const machine: Machine = {
    name: data.name,
    energy: data.energy,
    source: options.source ?? 'commissioned from measured tables',
    sad: data.sad,
    penumbraSigma: sigma,
    primaryFluence: resampleFluence(data),
    kernel: {
      depths: [...data.tpr.depths],
      widths: [...widths],
      amplitudes: amplitudes.map((row) => row.map((a) => a * scale)),
    },
    calibration,
    range: {
      fieldSide: [used[0]!.side, used[rows - 1]!.side],
      depth: [data.tpr.depths[0]!, data.tpr.depths[data.tpr.depths.length - 1]!],
    },
  };
  return { machine, residuals };
}

/**
 * Integral of Psi(r) G(r; sigma) over a centred square: the circle of radius r lies inside it by the fraction
 * 1 - (4 / pi) acos(s / 2r) between s / 2 and s / sqrt 2. Midpoint rule in r, relative error below 1e-6.
 */
export function squareFieldIntegral(side: number, sigma: number, fluence: (radius: number) => number): number {
  const half = side / 2;
  const end = Math.min(side / Math.SQRT2, 8 * sigma);
  const n = 2000;
  const dr = end / n;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const r = (i + 0.5) * dr;
    const inside = r <= half ? 1 : 1 - (4 / Math.PI) * Math.acos(half / r);
    sum += inside * fluence(r) * r * Math.exp((-r * r) / (2 * sigma * sigma));
  }
  return (sum * dr) / (sigma * sigma);
}

/** The in-air fluence on even radii of 10 mm, 1 on the axis. */
function resampleFluence(data: BeamData): Machine['primaryFluence'] {
  const last = data.primaryFluence.radius[data.primaryFluence.radius.length - 1]!;
  const slopes = pchipSlopes(data.primaryFluence.radius, data.primaryFluence.value);
  const radius = Array.from({ length: Math.floor(last / 10) + 1 }, (_, i) => 10 * i);
  const centre = data.primaryFluence.value[0]!;
  const value = radius.map(
    (r) => interpolateCubic(data.primaryFluence.radius, data.primaryFluence.value, slopes, r) / centre,
  );
  return { radius, value };
}

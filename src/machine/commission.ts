/**
 * Commissioning: measured tables in, pencil kernel out.
 *
 * On the axis of a field of side s, at distance L from the source and depth d, the model's dose is
 *
 *     T(d, s) = (SAD / L)^2 sum_j A_j(d) E_j(s, L),     E_j = integral of Psi(x, y) G(x; sx) G(y; sy) over the square
 *
 * with Psi the in-air fluence, s_x^2 = (w_j SAD / L)^2 + blur_x^2(L), w_j a fixed ladder of widths in patient millimetres
 * and blur the source's. The first, j = 0, stands for the electrons: not one Gaussian but the mixture that Monte Carlo gives
 * (`electron-kernel.ts`), which no measured table resolves; the others are scatter. The measurement of the same quantity is the depth-dose curve scaled to the output factor. The
 * weights A_j(d) >= 0 follow from least squares that are smooth in depth (`gaussian-fit.ts`), so the kernel is
 * non-negative at every radius and depth and smooth in radius by construction.
 *
 * Three detours of table-based commissioning are not taken. The square field enters as a square: no equivalent circle. The
 * source blur enters as what it is: no deconvolution of small-field output factors. And no column for a field of side zero
 * is extrapolated: the electrons' mixture knows what becomes of it.
 */
import { checkAllFinite, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { checkRising, interpolateCubic, pchipSlopes } from '../core/interpolate.js';
import { type BeamData, depthDoseCurve, depthOfMaximum, type Fluence, hasSurfaceDose } from './beam-data.js';
import { checkBeamData } from './beam-data-check.js';
import { electronKernel, electronShares } from './electrons.js';
import { fieldIntegral, openFieldDose, squareField } from './field-integral.js';
import { fluenceFromProfile } from './fluence-profile.js';
import { fitGaussians } from './gaussian-fit.js';
import { blurVariance, type Machine, type PencilKernel } from './machine.js';

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

/** Model minus measurement. */
export interface CommissionResidual {
  /** mm */
  readonly depth: number;
  readonly side: number;
  /** Percent of the field's maximum. */
  readonly percent: number;
  readonly region: 'build-up' | 'beyond';
  /** Left out of the fit on request. */
  readonly isExcluded: boolean;
}

export interface Commissioned {
  readonly machine: Machine;
  readonly depthDose: readonly CommissionResidual[];
  /** Percent of the measured factor; one per side of the depth-dose table. */
  readonly outputFactors: readonly { readonly side: number; readonly percent: number }[];
}

export const defaultWidths: readonly number[] = [0, 4, 7, 13, 24, 44, 80, 145];
export const defaultCalibration: Machine['calibration'] = { gyPerMu: 0.01, ssd: 900, depth: 100, fieldSide: 100 };

/** Smoothness of the weights in depth, in the build-up and beyond: as strong as leaves the fit within its noise. */
const BUILD_UP_SMOOTHNESS = 0.02;
const SMOOTHNESS = 0.3;

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
  checkAllFinite('commission: widths', widths);
  checkRising('commission: widths', widths);
  const calibration = options.calibration ?? data.calibration ?? defaultCalibration;
  for (const key of ['gyPerMu', 'ssd', 'depth', 'fieldSide'] as const) {
    checkPositive(`commission: calibration ${key}`, calibration[key]);
  }
  const { profile } = data;
  const fluence = profile
    ? fluenceFromProfile(profile, (known) => fitMachine(data, known, widths, calibration, options).machine)
    : data.primaryFluence!;
  return fitMachine(data, fluence, widths, calibration, options);
}

function fitMachine(
  data: BeamData,
  fluence: Fluence,
  widths: readonly number[],
  calibration: Machine['calibration'],
  options: CommissionOptions,
): Commissioned {
  const { depthDose, sad } = data;
  const { depths } = depthDose;
  const fields = depthDose.sides
    .map((side, column) => ({ side, column, maximum: depthOfMaximum(depthDose, column) }))
    .filter((field) => field.side > 0);
  const shell = {
    name: data.name,
    energy: data.energy,
    source: options.source ?? 'commissioned from measured tables',
    sad,
    penumbra: data.penumbra,
    primaryFluence: resampleFluence(fluence),
    calibration,
    range: {
      fieldSide: [fields[0]!.side, fields[fields.length - 1]!.side],
      depth: [depths[0]!, depths[depths.length - 1]!],
    },
  } as const;
  const withKernel = (amplitudes: number[][]): Machine => ({ ...shell, kernel: kernelOf(depths, widths, amplitudes) });

  const distances = depths.map((depth) => (depthDose.kind === 'tpr' ? sad : depthDose.ssd! + depth));
  const design = designOf(shell, widths, depths, distances, fields);
  const isExcluded = (depth: number, side: number): boolean =>
    (options.exclude ?? []).some((point) => point.depth === depth && point.side === side) ||
    (depth === 0 && data.surface !== undefined && !hasSurfaceDose(data.surface, side));
  const curves = fields.map(({ column }) => depthDoseCurve(data, column));
  const middle = fields.map(({ maximum }) => maximum).sort((a, b) => a - b)[fields.length >> 1]!;

  // Scale of each curve: the output factor at its own depth and SSD. Where that is not the geometry of the curve, the
  // model itself carries it over; three rounds settle it, because only the change of scatter depends on the model.
  const { ssd, depth: referenceDepth } = data.outputFactors;
  const factors = outputFactorsAt(data, fields);
  const ownDistance = depthDose.kind === 'tpr' ? sad : depthDose.ssd! + referenceDepth;
  const isElsewhere = Math.abs(ownDistance - ssd - referenceDepth) > 0.5;
  const slopes = curves.map((curve) => pchipSlopes(depths, curve));
  let carried = fields.map(() => ((ssd + referenceDepth) / ownDistance) ** 2);
  let machine: Machine | undefined;
  let weights: number[][] = [];
  for (let round = 0; round < (isElsewhere ? 3 : 1); round++) {
    if (machine) {
      const known = machine;
      carried = fields.map(
        ({ side }) =>
          openFieldDose(known, squareField(side), ownDistance - referenceDepth, referenceDepth) /
          openFieldDose(known, squareField(side), ssd, referenceDepth),
      );
    }
    const scales = fields.map(
      (_, f) => (carried[f]! * factors[f]!) / interpolateCubic(depths, curves[f]!, slopes[f]!, referenceDepth),
    );
    const measured = depths.map((_, i) =>
      fields.map((__, f) => (scales[f]! * curves[f]![i]! * distances[i]! ** 2) / sad ** 2),
    );
    const reference = fields.reduce(
      (best, field, f) => (Math.abs(field.side - 100) < Math.abs(fields[best]!.side - 100) ? f : best),
      0 as number,
    ) as number;
    ({ weights } = fitGaussians({
      depths,
      design,
      measured,
      weights: depths.map((depth) => fields.map(({ side }) => (isExcluded(depth, side) ? 0 : 1))),
      attenuation: measured.map((row) => row[reference]!),
      smoothness: depths.map((depth) => (depth <= middle ? BUILD_UP_SMOOTHNESS : SMOOTHNESS)),
    }));
    machine = withKernel(weights);
  }
  const fitted = machine!;
  const scale =
    calibration.gyPerMu / openFieldDose(fitted, squareField(calibration.fieldSide), calibration.ssd, calibration.depth);
  if (!Number.isFinite(scale)) {
    throw new InvalidInputError(
      `commission: the model gives no dose at the reference point (SSD ${calibration.ssd} mm, depth ${calibration.depth} mm). Check the calibration conditions.`,
    );
  }

  const residuals: CommissionResidual[] = [];
  fields.forEach(({ side, maximum }, f) => {
    const model = depths.map((_, i) => {
      const E = design[i]![f]!;
      return (weights[i]!.reduce((sum, a, j) => sum + a * E[j]!, 0) * sad ** 2) / distances[i]! ** 2;
    });
    const at = (curve: readonly number[]): number =>
      interpolateCubic(depths, curve, pchipSlopes(depths, curve), referenceDepth);
    const toMeasured = (carried[f]! * factors[f]!) / at(curves[f]!);
    const largest = toMeasured * Math.max(...curves[f]!);
    depths.forEach((depth, i) => {
      residuals.push({
        depth,
        side,
        percent: (100 * (model[i]! - toMeasured * curves[f]![i]!)) / largest,
        region: depth < maximum ? 'build-up' : 'beyond',
        isExcluded: isExcluded(depth, side),
      });
    });
  });
  const reference = openFieldDose(fitted, squareField(100), ssd, referenceDepth);
  const hundred = factorAt(data, 100);
  return {
    machine: withKernel(weights.map((row) => row.map((a) => a * scale))),
    depthDose: residuals,
    outputFactors: fields.map(({ side }, f) => ({
      side,
      percent:
        100 *
        ((openFieldDose(fitted, squareField(side), ssd, referenceDepth) / reference) * (hundred / factors[f]!) - 1),
    })),
  };
}

/** E[depth][field][column]: of centred squares, for the electrons (a width of 0) and every Gaussian. */
function designOf(
  machine: Pick<Machine, 'sad' | 'penumbra' | 'primaryFluence'>,
  widths: readonly number[],
  depths: readonly number[],
  distances: readonly number[],
  fields: readonly { readonly side: number }[],
): number[][][] {
  const integrals = (toSource: number): { electrons: number[]; scatter: number[] }[] => {
    const blur = ([0, 1] as const).map((axis) => blurVariance(machine as Machine, axis, toSource));
    return fields.map(({ side }) => {
      const integral = (width: number): number => {
        const w2 = ((width * machine.sad) / toSource) ** 2;
        const [sx, sy] = [Math.sqrt(w2 + blur[0]!), Math.sqrt(w2 + blur[1]!)];
        return fieldIntegral(machine.primaryFluence, squareField(side), sx, sy);
      };
      return { electrons: electronKernel.widths.map(integral), scatter: widths.map(integral) };
    });
  };
  let known: ReturnType<typeof integrals> = [];
  return depths.map((depth, i) => {
    if (i === 0 || distances[i] !== distances[i - 1]) known = integrals(distances[i]!);
    if (widths[0] !== 0) return known.map(({ scatter }) => scatter);
    const shares = electronShares(depth);
    return known.map(({ electrons, scatter }) => [
      electrons.reduce((sum, e, c) => sum + shares[c]! * e, 0),
      ...scatter.slice(1),
    ]);
  });
}

/** The fitted columns as a kernel: the electrons' column spread over their own Gaussians, all others scatter. */
function kernelOf(depths: readonly number[], columns: readonly number[], weights: readonly number[][]): PencilKernel {
  if (columns[0] !== 0) return { depths, widths: columns, amplitudes: weights };
  const widths = [...new Set([...electronKernel.widths, ...columns.slice(1)])].sort((a, b) => a - b);
  const scatter = weights.map((row) => {
    const out = widths.map(() => 0);
    for (let j = 1; j < columns.length; j++) out[widths.indexOf(columns[j]!)]! += row[j]!;
    return out;
  });
  const amplitudes = weights.map((row, i) => {
    const out = [...scatter[i]!];
    electronShares(depths[i]!).forEach((share, c) => {
      out[widths.indexOf(electronKernel.widths[c]!)]! += share * row[0]!;
    });
    return out;
  });
  return { depths, widths, amplitudes, scatter };
}

function outputFactorsAt(data: BeamData, fields: readonly { readonly side: number }[]): number[] {
  return fields.map(({ side }) => factorAt(data, side));
}

function factorAt({ outputFactors: { sides, values } }: BeamData, side: number): number {
  return interpolateCubic(sides, values, pchipSlopes(sides, values), side);
}

/** The in-air fluence on even radii of 10 mm, 1 on the axis. */
export function resampleFluence({ radius, value }: Fluence): Fluence {
  const slopes = pchipSlopes(radius, value);
  const count = Math.floor(radius[radius.length - 1]! / 10) + 1;
  const even = Array.from({ length: count }, (_, i) => 10 * i);
  return { radius: even, value: even.map((r) => interpolateCubic(radius, value, slopes, r) / value[0]!) };
}

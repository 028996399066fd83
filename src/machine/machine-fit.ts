/**
 * One fit of a machine to its tables: curves scaled to output factors, weights by depth, residuals of both.
 */
import { InvalidInputError } from '../core/errors.js';
import { interpolateCubic, pchipSlopes } from '../core/interpolate.js';
import { type BeamData, depthDoseCurve, type Fluence, hasSurfaceDose } from './beam-data.js';
import { openFieldDose, squareField } from './field-integral.js';
import { fittedFields, leftOutSides, outputFactor } from './fitted-fields.js';
import { resampleFluence } from './fluence-profile.js';
import { fitGaussians, type GaussianFit } from './gaussian-fit.js';
import { designOf, kernelOf } from './kernel-columns.js';
import type { Machine } from './machine.js';

/** Model minus measurement. */
export interface CommissionResidual {
  /** mm */
  readonly depth: number;
  /** Side of the field in the isocentre plane, mm. */
  readonly side: number;
  /** Percent of the field's maximum. */
  readonly percent: number;
  readonly region: 'build-up' | 'beyond';
  /** Left out of the fit on request. */
  readonly isExcluded: boolean;
}

/** A fitted machine, and how far it is from the tables. */
export interface Commissioned {
  readonly machine: Machine;
  readonly depthDose: readonly CommissionResidual[];
  /** Percent of the measured factor; one per side of the depth-dose table. */
  readonly outputFactors: readonly { readonly side: number; readonly percent: number }[];
  /** How near the fit is to its optimum, as {@link GaussianFit}: a bound in percent of dose, and the steps it took. */
  readonly fit: { readonly optimality: number; readonly steps: number };
  /** Sides of the depth-dose table, mm, that have no output factor: not fitted. */
  readonly leftOut: readonly number[];
  /** Only where the residuals point to the blur of the source: the largest output factor residual as it is, and with a point source, percent. */
  readonly blurDoubt?: { readonly percent: number; readonly ofPointSource: number };
}

export interface FitSettings {
  readonly widths: readonly number[];
  readonly calibration: Machine['calibration'];
  readonly exclude?: readonly { readonly depth: number; readonly side: number }[];
  readonly source?: string;
}

/** Smoothness of the weights in depth, in the build-up and beyond: as strong as leaves the fit within its noise. */
const BUILD_UP_SMOOTHNESS = 0.02;
const SMOOTHNESS = 0.3;
/** Relative change of a carried output factor that counts as none: a hundredth of what residuals are printed to, 0.01 %. */
const SETTLED = 1e-6;
/** Five or six are usual. */
const ROUNDS = 20;

/** The answer, and what the next fit of the same tables may start from. */
export interface FittedMachine {
  readonly commissioned: Commissioned;
  readonly carried: readonly number[];
}

/**
 * Fits the kernel with the in-air fluence known.
 *
 * @param data checked tables
 * @param start `carried` of an earlier fit of nearly the same tables; saves rounds
 * @throws {InvalidInputError} if the fit or the rounds do not come to their end, or the calibration point has no dose
 */
export function fitMachine(
  data: BeamData,
  fluence: Fluence,
  settings: FitSettings,
  start?: readonly number[],
): FittedMachine {
  const { widths, calibration } = settings;
  const { depthDose, sad } = data;
  const { depths } = depthDose;
  const fields = fittedFields(data);
  const shell = {
    name: data.name,
    energy: data.energy,
    source: settings.source ?? 'commissioned from measured tables',
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
    (settings.exclude ?? []).some((point) => point.depth === depth && point.side === side) ||
    (depth === 0 && data.surface !== undefined && !hasSurfaceDose(data.surface, side));
  const curves = fields.map(({ column }) => depthDoseCurve(data, column));
  const middle = fields.map(({ maximum }) => maximum).sort((a, b) => a - b)[fields.length >> 1]!;
  const reference = fields.reduce(
    (best, field, f) => (Math.abs(field.side - 100) < Math.abs(fields[best]!.side - 100) ? f : best),
    0 as number,
  ) as number;

  // Scale of each curve: the output factor at its own depth and SSD. Where that is not the geometry of the curve, the
  // model itself carries it over, in rounds: only the change of scatter depends on the model, so each leaves a tenth.
  const { ssd, depth: referenceDepth } = data.outputFactors;
  const ownDistance = depthDose.kind === 'tpr' ? sad : depthDose.ssd! + referenceDepth;
  const isElsewhere = Math.abs(ownDistance - ssd - referenceDepth) > 0.5;
  const atReference = curves.map((curve) =>
    interpolateCubic(depths, curve, pchipSlopes(depths, curve), referenceDepth),
  );
  const fitCarried = (carried: readonly number[]): GaussianFit => {
    const measured = depths.map((_, i) =>
      fields.map(
        ({ factor }, f) =>
          (((carried[f]! * factor) / atReference[f]!) * curves[f]![i]! * distances[i]! ** 2) / sad ** 2,
      ),
    );
    return fitGaussians({
      depths,
      design,
      measured,
      weights: depths.map((depth) => fields.map(({ side }) => (isExcluded(depth, side) ? 0 : 1))),
      attenuation: measured.map((row) => row[reference]!),
      smoothness: depths.map((depth) => (depth <= middle ? BUILD_UP_SMOOTHNESS : SMOOTHNESS)),
    });
  };
  const carriedBy = (machine: Machine): number[] =>
    fields.map(
      ({ side }) =>
        openFieldDose(machine, squareField(side), ownDistance - referenceDepth, referenceDepth) /
        openFieldDose(machine, squareField(side), ssd, referenceDepth),
    );
  let carried = start ?? fields.map(() => ((ssd + referenceDepth) / ownDistance) ** 2);
  let fit = fitCarried(carried);
  let fitted = withKernel(fit.weights);
  for (let round = 0; isElsewhere; round++) {
    const next = carriedBy(fitted);
    const change = Math.max(...next.map((value, f) => Math.abs(value / carried[f]! - 1)));
    if (change < SETTLED) break;
    if (round === ROUNDS) {
      throw new InvalidInputError(
        `commission: the output factors of SSD ${ssd} mm, carried to the distance of the ${depthDose.kind} table by the model, still change by ${(100 * change).toPrecision(2)} % after ${ROUNDS} rounds. Check the distances in params.dat, or measure them at that distance.`,
      );
    }
    carried = next;
    fit = fitCarried(carried);
    fitted = withKernel(fit.weights);
  }

  const { weights } = fit;
  const scale =
    calibration.gyPerMu / openFieldDose(fitted, squareField(calibration.fieldSide), calibration.ssd, calibration.depth);
  if (!Number.isFinite(scale)) {
    throw new InvalidInputError(
      `commission: the model gives no dose at the reference point (SSD ${calibration.ssd} mm, depth ${calibration.depth} mm). Check the calibration conditions.`,
    );
  }

  const residuals: CommissionResidual[] = [];
  fields.forEach(({ side, maximum, factor }, f) => {
    const model = depths.map((_, i) => {
      const E = design[i]![f]!;
      return (weights[i]!.reduce((sum, a, j) => sum + a * E[j]!, 0) * sad ** 2) / distances[i]! ** 2;
    });
    const toMeasured = (carried[f]! * factor) / atReference[f]!;
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
  const atHundred = openFieldDose(fitted, squareField(100), ssd, referenceDepth) / outputFactor(data, 100);
  const commissioned: Commissioned = {
    machine: withKernel(weights.map((row) => row.map((a) => a * scale))),
    depthDose: residuals,
    outputFactors: fields.map(({ side, factor }) => ({
      side,
      percent: 100 * (openFieldDose(fitted, squareField(side), ssd, referenceDepth) / atHundred / factor - 1),
    })),
    fit: { optimality: fit.optimality, steps: fit.steps },
    leftOut: leftOutSides(data),
  };
  return { commissioned, carried };
}

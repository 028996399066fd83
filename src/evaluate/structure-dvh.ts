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
import { solidOfStructure } from '../geometry/contour-solid.js';
import { describeGrid } from '../geometry/grid.js';
import { coarsestStep, type ScanLines, scanStructure } from '../geometry/scan.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume } from '../geometry/volume.js';
import { cumulate, meanOf } from './cumulate.js';
import { checkDoseMeaning, type Dvh, type DvhEstimators, doseAtVolume, negativeRemark } from './dvh.js';
import { type Reading, samplingBound } from './error-bound.js';
import { extremeDose } from './extreme.js';
import { type LineSamples, sampleLines } from './line-sample.js';

export interface StructureDvhOptions {
  /**
   * What the metrics may be off by sampling, as a share of the structure's span of dose: D99% to D1%, D0.03cc and the mean
   * are refined until they agree to this. @default 0.002
   */
  readonly tolerance?: number;
  /**
   * Pieces of line, each within one voxel, that the finest scan may hold; where they do not suffice for the tolerance, the
   * bounds are larger and say so. @default 500000
   */
  readonly budget?: number;
  /**
   * What to do with a structure that is partly outside the dose grid: refuse, or take the part inside, whose share the
   * result carries as `coverage`. @default 'refuse'
   */
  readonly partial?: 'refuse' | 'covered';
}

/** Of a DVH made here; results state them. */
export const STRUCTURE_DVH_ESTIMATORS: DvhEstimators = {
  max: 'largest trilinear dose in the structure, surface included',
  min: 'smallest trilinear dose in the structure, surface included',
  nearMax: 'DXcc and DX% read from V(D) of the trilinear dose on lines through the structure as drawn',
};

/** A structure counts as covered where no more than this share lies outside: coordinates are rounded. */
const coveredFrom = 1 - 1e-6;

/** Lines of the coarsest scan, at most. */
const coarseLines = 1024;

/** Share of a solid's volume to which it must be known; that of contours is exact. */
const volumeShare = 2e-3;

/** Share of the span of dose to which the extremes are searched. */
const extremeShare = 1e-3;

/**
 * The DVH of one structure.
 *
 * O(pieces of line), at most a few times `budget`. The volume is that of the contours' polygons and slabs.
 *
 * @param dose total dose of the course, Gy, shape [nz, ny, nx], any grid
 * @param structure LPS, mm
 * @throws {InvalidInputError} if the structure is empty or, unless asked, reaches beyond the grid; the dose is not finite,
 *   negative, or does not say what quantity it is
 */
export function createStructureDvh(dose: DoseVolume, structure: Structure, options: StructureDvhOptions = {}): Dvh {
  const { tolerance = 2e-3, budget = 500_000, partial = 'refuse' } = options;
  const { name } = structure;
  checkDoseMeaning(name, dose);
  checkPositive(`DVH of ${name}: tolerance`, tolerance);
  checkPositive(`DVH of ${name}: budget`, budget);
  // Two halvings of the step make 16 times the lines of the coarsest scan.
  const { box } = solidOfStructure(structure);
  const piecesPerLine = 2 + (box.max[0] - box.min[0]) / dose.grid.spacing[0];
  const step = coarsestStep(structure, Math.min(coarseLines, Math.max(1, budget / 16 / piecesPerLine)));
  const levelAt = (division: number): Level => {
    const lines = scanStructure(structure, step, division);
    const samples = sampleLines(name, dose, lines, false);
    return { lines, samples, dvh: dvhOf(name, dose, samples) };
  };
  let coarser = levelAt(1);
  checkSamples(structure, dose, coarser.samples, partial);
  let coarse = levelAt(2);
  let fine = levelAt(4);
  for (let division = 8; 4 * fine.samples.volume.length <= budget; division *= 2) {
    const span = fine.dvh.max - fine.dvh.min;
    const bounds = { coarse: coarse.dvh, coarser: coarser.dvh };
    const isVolumeFine = samplingBound(fine.dvh, bounds, [(d) => d.volumeCc]) <= volumeShare * fine.dvh.volumeCc;
    if (
      isVolumeFine &&
      probes(fine.dvh).every((readings) => samplingBound(fine.dvh, bounds, readings) <= tolerance * span)
    ) {
      break;
    }
    [coarser, coarse, fine] = [coarse, fine, levelAt(division)];
  }
  return withBounds(dose, structure, { coarser, coarse, fine });
}

/** One scan and what came of it. */
interface Level {
  readonly lines: ScanLines;
  readonly samples: LineSamples;
  readonly dvh: Dvh;
}

/** What must agree between the scans: near both ends of the curve, in its middle, and the mean; each with its like nearby. */
function probes({ volumeCc }: Dvh): Reading[][] {
  const share =
    (p: number): Reading =>
    (d) =>
      doseAtVolume(d, p * d.volumeCc).value;
  const near = volumeCc > 0.03 ? [[(d: Dvh) => doseAtVolume(d, 0.03).value]] : [];
  return [[0.99, 0.98, 0.95].map(share), [share(0.5), (d) => d.mean], [0.05, 0.02, 0.01].map(share), ...near];
}

/** The finest DVH, its extremes searched for, with its companions. */
function withBounds(
  dose: DoseVolume,
  structure: Structure,
  { coarser, coarse, fine }: Record<'coarser' | 'coarse' | 'fine', Level>,
): Dvh {
  const { most, least } = fine.samples;
  const solid = solidOfStructure(structure);
  const tolerance = Math.max(extremeShare * (most - least), 1e-6 * Math.abs(most));
  const max = extremeDose(dose, solid, { extreme: 'max', known: most, tolerance });
  const min = extremeDose(dose, solid, { extreme: 'min', known: least, tolerance });
  const shifted = sampleLines(structure.name, dose, coarse.lines, true);
  const remark = negativeRemark(structure.name, min.value, max.value);
  return {
    ...fine.dvh,
    max: max.value,
    min: min.value,
    ...(remark === undefined ? {} : { remarks: [remark] }),
    bounds: {
      coarse: coarse.dvh,
      coarser: coarser.dvh,
      lower: shiftedDvh(structure.name, dose, shifted, shifted.below),
      upper: shiftedDvh(structure.name, dose, shifted, shifted.above),
      beyondMax: max.beyond,
      beyondMin: min.beyond,
    },
  };
}

function shiftedDvh(name: string, dose: DoseVolume, samples: LineSamples, shift: Float32Array): Dvh {
  const n = shift.length;
  const ends = samples.ends.slice();
  let most = -Infinity;
  let least = Infinity;
  for (let i = 0; i < n; i++) {
    ends[i]! += shift[i]!;
    ends[n + i]! += shift[i]!;
    if (ends[i]! > most) most = ends[i]!;
    if (ends[n + i]! < least) least = ends[n + i]!;
  }
  return dvhOf(name, dose, { ...samples, ends, most, least });
}

function dvhOf(name: string, dose: DoseVolume, samples: LineSamples): Dvh {
  const { coveredCc, volumeCc, most, least, ends } = samples;
  return {
    name,
    quantity: dose.quantity,
    ...(dose.fractions === undefined ? {} : { fractions: dose.fractions }),
    ...(dose.alphaBeta === undefined ? {} : { alphaBeta: dose.alphaBeta }),
    volumeCc: coveredCc,
    mean: Math.min(most, Math.max(least, meanOf(samples))),
    max: most,
    min: least,
    // The sweep overwrites the volumes.
    ...cumulate({ ends, volume: samples.volume.slice() }, coveredCc),
    estimators: STRUCTURE_DVH_ESTIMATORS,
    ...(coveredCc < coveredFrom * volumeCc ? { coverage: coveredCc / volumeCc } : {}),
  };
}

function checkSamples(
  structure: Structure,
  dose: DoseVolume,
  { volumeCc, coveredCc }: LineSamples,
  partial: 'refuse' | 'covered',
): void {
  const name = `DVH of ${structure.name}`;
  if (!(volumeCc > 0)) throw new InvalidInputError(`${name}: the structure is empty. Leave it out.`);
  const share = coveredCc / volumeCc;
  if (!(coveredCc > 0)) {
    throw new InvalidInputError(
      `${name}: the structure lies outside the dose grid ${describeGrid(dose.grid)}. Leave it out, or compute the dose there.`,
    );
  }
  if (share < coveredFrom && partial === 'refuse') {
    throw new InvalidInputError(
      `${name}: only ${Number((100 * share).toPrecision(4))} % of the structure lies on the dose grid, so metrics of it are not those of the structure. Compute the dose there, or ask for the part inside with partial: 'covered'.`,
    );
  }
}

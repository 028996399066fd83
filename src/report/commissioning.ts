/**
 * What `commission` prints: residuals by field, the beam's own numbers, and how few terms the engine needs for it.
 */
import { toDecimals, toDigits } from '../core/rounding.js';
import { createBeamKernel } from '../dose/beam-kernel.js';
import type { BeamData } from '../machine/beam-data.js';
import { beamQuality } from '../machine/beam-quality.js';
import type { Commissioned } from '../machine/commission.js';
import type { Machine } from '../machine/machine.js';
import { type ResidualSummary, residualTable } from '../machine/residual-table.js';
import type { Provenance } from './plan-report.js';

/** The separable form that the engine keeps for one tolerance. */
export interface KernelTerms {
  /** Fraction of a field's maximum, asked of each band. */
  readonly tolerance: number;
  /** Number of terms of the narrow and of the wide Gaussians. */
  readonly terms: readonly number[];
  /** Largest error over open squares of 2.5 to 400 mm and all depths, fraction of each square's maximum. */
  readonly residual: number;
}

const COLUMN = { depth: 300, ssd: 900 } as const;
/** 0.001 is what the engine asks for; the others show what more or fewer terms would bring. */
const TOLERANCES = [0.01, 0.001, 0.0001];

/** Separable terms of a machine in 300 mm of water at SSD 900. */
export function separableTerms(machine: Machine): KernelTerms[] {
  const column = { nearest: COLUMN.ssd, farthest: COLUMN.ssd + COLUMN.depth };
  return TOLERANCES.map((tolerance) => {
    const { bands, residual } = createBeamKernel(machine, column, { tolerance });
    return { tolerance, terms: bands.map(({ terms }) => terms), residual };
  });
}

/** The JSON of a commissioning. */
export function commissionReport(
  data: BeamData,
  commissioned: Commissioned,
  provenance: Provenance,
): Record<string, unknown> {
  const { machine } = commissioned;
  const { sides, total } = residualTable(commissioned);
  const quality = beamQuality(machine);
  return {
    software: `respine ${provenance.version}`,
    notice: 'Research software, not for clinical use.',
    inputs: provenance.inputs,
    machine: { name: machine.name, energy: machine.energy, sad: machine.sad, range: machine.range },
    widths: machine.kernel.widths,
    calibration: machine.calibration,
    depthDose: data.depthDose.kind,
    residuals: sides.map((s) => ({ side: s.side, ...summaryReport(s) })),
    totals: summaryReport(total),
    fit: fitReport(commissioned),
    quality: {
      'PDD10[%]': quality.pdd10 === null ? null : toDecimals(quality.pdd10, 2),
      'dmax[mm]': toDecimals(quality.maximumDepth, 1),
      TPR2010: quality.tpr2010 === null ? null : toDecimals(quality.tpr2010, 4),
    },
    separableTerms: separableTerms(machine).map((t) => ({ ...t, residual: toDigits(t.residual, 3) })),
    notes: notes(data, commissioned, total.excluded),
  };
}

function summaryReport({ beyond, buildUp, outputFactor, excluded }: ResidualSummary): Record<string, unknown> {
  return {
    'beyondMax[%]': toDecimals(beyond.max, 3),
    beyondMaxDepth: beyond.depth,
    'beyondRms[%]': toDecimals(beyond.rms, 3),
    'buildUpMax[%]': buildUp === null ? null : toDecimals(buildUp.max, 3),
    buildUpMaxDepth: buildUp === null ? null : buildUp.depth,
    'outputFactor[%]': toDecimals(outputFactor, 3),
    excluded,
  };
}

/** How near the optimum the kernel is, as the report and machine.json hold it. */
export function fitReport({ fit }: Commissioned): Record<string, number> {
  return { 'optimality[%]': toDigits(fit.optimality, 2), steps: fit.steps };
}

/** What the numbers rest on. */
function notes(data: BeamData, commissioned: Commissioned, excluded: number): string[] {
  const { surface, profile, depthDose, outputFactors } = data;
  const { ssd, depth } = outputFactors;
  const out = [
    surface
      ? `Readings at depth 0 are replaced by the surface doses for sides of ${surface.sides[0]} to ${surface.sides[surface.sides.length - 1]} mm and left out for others.`
      : 'Readings at depth 0 are fitted as they stand: a thimble chamber reads too much there. Give surface.dat for a true entrance dose.',
  ];
  const own = depthDose.kind === 'tpr' ? `TPR at the isocentre` : `PDD at SSD ${depthDose.ssd} mm`;
  out.push(`Depth doses: ${own}. Output factors: SSD ${ssd} mm, depth ${depth} mm.`);
  const { leftOut, blurDoubt } = commissioned;
  if (leftOut.length > 0) {
    const { sides } = outputFactors;
    out.push(
      `Not fitted: the depth dose${leftOut.length === 1 ? '' : 's'} of side ${leftOut.join(', ')} mm, which ${leftOut.length === 1 ? 'has' : 'have'} no output factor (${sides[0]} to ${sides[sides.length - 1]} mm). Add it to of.dat to use ${leftOut.length === 1 ? 'that column' : 'those columns'}.`,
    );
  }
  if (excluded > 0) out.push(`${excluded} reading${excluded === 1 ? ' is' : 's are'} left out of the fit.`);
  const gap = buildUpGap(data, commissioned);
  if (gap > FINE_GAP) {
    out.push(
      `Rows above the maximum are up to ${gap} mm apart: between them the dose is interpolated, which no residual shows (5 mm cost up to 6 % of the maximum, 10 mm 20 %). Measure every 2 mm there.`,
    );
  }
  if (blurDoubt) out.push(blurNote(data, blurDoubt));
  if (profile) {
    out.push(
      `In-air fluence from the profile of the ${profile.side} mm field at depth ${profile.depth} mm; constant within 20 mm of its edge and beyond.`,
    );
  }
  return out;
}

/** Rows this near to each other cost 0.3 % at most between them, mm. */
const FINE_GAP = 3;

/** Largest distance between rows that begins above the maximum of the 100 mm field, mm. */
function buildUpGap({ depthDose: { depths } }: BeamData, { machine }: Commissioned): number {
  const { maximumDepth } = beamQuality(machine);
  return depths.reduce((largest, depth, i) => {
    const before = i === 0 ? depth : depths[i - 1]!;
    return before < maximumDepth ? Math.max(largest, toDigits(depth - before, 6)) : largest;
  }, 0);
}

/** The convention of the blur, where the residuals say that it was not met. */
function blurNote({ penumbra, sad }: BeamData, doubt: NonNullable<Commissioned['blurDoubt']>): string {
  const sigma = Math.max(...penumbra.sigma);
  const collimator = penumbra.collimator[penumbra.sigma.indexOf(sigma)]!;
  const fwhm = sigma * Math.sqrt(8 * Math.log(2));
  return `The source blur is too wide for these tables: output factors miss by up to ${doubt.percent.toFixed(1)} %, with a point source by ${doubt.ofPointSource.toFixed(1)} %. fwhm_gauss (here ${fwhm.toFixed(1)} mm, a standard deviation of ${sigma.toFixed(1)} mm) is the full width at half maximum as seen in the isocentre plane: 2.355 standard deviations, or the width of the spot at the source times ${((sad - collimator) / collimator).toFixed(2)} (the distances from collimator to isocentre and to source).`;
}

/** A table for the terminal. */
export function commissionSummary(data: BeamData, commissioned: Commissioned): string {
  const { machine } = commissioned;
  const { sides, total } = residualTable(commissioned);
  const quality = beamQuality(machine);
  const { optimality, steps } = commissioned.fit;
  const lines = [
    `${machine.name}: ${data.depthDose.kind.toUpperCase()}, model minus measurement in % of each field's maximum`,
    ...aligned([HEAD, ...sides.map((s) => residualCells(`${s.side} mm`, s)), residualCells('all', total)]),
    `fit: every dose within ${percent(optimality / 100)} of the optimum's (bound; ${steps} steps)`,
    `100 mm field: PDD(10 cm) ${known(quality.pdd10, 1, ' %')}, dmax ${quality.maximumDepth.toFixed(1)} mm (SSD ${machine.sad} mm); TPR20/10 ${known(quality.tpr2010, 3, '')}`,
    `separable terms in ${COLUMN.depth} mm of water, SSD ${COLUMN.ssd} mm:`,
    ...separableTerms(machine).map(
      ({ tolerance, terms, residual }) =>
        `  asked ${percent(tolerance)}: K = ${terms.join(' + ')}, residual ${percent(residual)}${tolerance === 0.001 ? '   (what the engine keeps)' : ''}`,
    ),
    ...notes(data, commissioned, total.excluded),
    'Research software, not for clinical use.',
  ];
  return lines.join('\n');
}

const HEAD = ['field side', 'beyond dmax: max', 'at', 'rms', 'build-up: max', 'at', 'output factor', ''];

function residualCells(name: string, { beyond, buildUp, outputFactor, excluded }: ResidualSummary): string[] {
  const at = (depth: number): string => `${toDigits(depth, 6)} mm`;
  return [
    name,
    beyond.max.toFixed(2),
    at(beyond.depth),
    beyond.rms.toFixed(2),
    ...(buildUp === null ? ['-', ''] : [buildUp.max.toFixed(2), at(buildUp.depth)]),
    `${outputFactor.toFixed(2)} %`,
    excluded > 0 ? `${excluded} left out` : '',
  ];
}

/** The first column to the left, all others to the right, three spaces apart whatever they hold. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('   ')
      .trimEnd(),
  );
}

const known = (value: number | null, digits: number, unit: string): string =>
  value === null ? 'beyond the tables' : value.toFixed(digits) + unit;
const percent = (fraction: number): string => `${plain(100 * fraction)} %`;
/** Two digits, never as 1e-7. */
const plain = (value: number): string => {
  const digits = value > 0 ? Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(value)))) : 0;
  return String(toDigits(value, 2)).includes('e') ? value.toFixed(digits) : String(toDigits(value, 2));
};

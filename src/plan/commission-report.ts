/**
 * What `commission` prints: residuals by field, the beam's own numbers, and how few terms the engine needs for it.
 */
import { createBeamKernel } from '../dose/beam-kernel.js';
import type { BeamData } from '../machine/beam-data.js';
import { beamQuality } from '../machine/beam-quality.js';
import type { Commissioned } from '../machine/commission.js';
import type { Machine } from '../machine/machine.js';
import { type ResidualSummary, residualTable } from '../machine/residual-table.js';
import type { Provenance } from './result.js';

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

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

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
    quality: {
      'PDD10[%]': quality.pdd10 === null ? null : round(quality.pdd10, 2),
      'dmax[mm]': round(quality.maximumDepth, 1),
      TPR2010: quality.tpr2010 === null ? null : round(quality.tpr2010, 4),
    },
    separableTerms: separableTerms(machine).map((t) => ({ ...t, residual: Number(t.residual.toPrecision(3)) })),
    notes: notes(data, total.excluded),
  };
}

function summaryReport({ beyond, buildUp, outputFactor, excluded }: ResidualSummary): Record<string, unknown> {
  return {
    'beyondMax[%]': round(beyond.max, 3),
    beyondMaxDepth: beyond.depth,
    'beyondRms[%]': round(beyond.rms, 3),
    'buildUpMax[%]': buildUp === null ? null : round(buildUp.max, 3),
    buildUpMaxDepth: buildUp === null ? null : buildUp.depth,
    'outputFactor[%]': round(outputFactor, 3),
    excluded,
  };
}

/** What the numbers rest on. */
function notes({ surface, profile, depthDose, outputFactors }: BeamData, excluded: number): string[] {
  const { ssd, depth } = outputFactors;
  const out = [
    surface
      ? `Readings at depth 0 are replaced by the surface doses for sides of ${surface.sides[0]} to ${surface.sides[surface.sides.length - 1]} mm and left out for others.`
      : 'Readings at depth 0 are fitted as they stand: a thimble chamber reads too much there. Give surface.dat for a true entrance dose.',
  ];
  const own = depthDose.kind === 'tpr' ? `TPR at the isocentre` : `PDD at SSD ${depthDose.ssd} mm`;
  out.push(`Depth doses: ${own}. Output factors: SSD ${ssd} mm, depth ${depth} mm.`);
  if (excluded > 0) out.push(`${excluded} reading${excluded === 1 ? ' is' : 's are'} left out of the fit.`);
  if (profile) {
    out.push(
      `In-air fluence from the profile of the ${profile.side} mm field at depth ${profile.depth} mm; constant within 20 mm of its edge and beyond.`,
    );
  }
  return out;
}

/** A table for the terminal. */
export function commissionSummary(data: BeamData, commissioned: Commissioned): string {
  const { machine } = commissioned;
  const { sides, total } = residualTable(commissioned);
  const quality = beamQuality(machine);
  const lines = [
    `${machine.name}: ${data.depthDose.kind.toUpperCase()}, model minus measurement in % of each field's maximum`,
    `${'field side'.padEnd(12)}${'beyond dmax: max'.padStart(18)}${'at'.padStart(9)}${'rms'.padStart(8)}${'build-up: max'.padStart(16)}${'at'.padStart(9)}${'output factor'.padStart(16)}`,
    ...sides.map((s) => residualLine(`${s.side} mm`, s)),
    residualLine('all', total),
    `100 mm field: PDD(10 cm) ${known(quality.pdd10, 1, ' %')}, dmax ${quality.maximumDepth.toFixed(1)} mm (SSD ${machine.sad} mm); TPR20/10 ${known(quality.tpr2010, 3, '')}`,
    `separable terms in ${COLUMN.depth} mm of water, SSD ${COLUMN.ssd} mm:`,
    ...separableTerms(machine).map(
      ({ tolerance, terms, residual }) =>
        `  asked ${percent(tolerance)}: K = ${terms.join(' + ')}, residual ${percent(residual)}${tolerance === 0.001 ? '   (what the engine keeps)' : ''}`,
    ),
    ...notes(data, total.excluded),
    'Research software, not for clinical use.',
  ];
  return lines.join('\n');
}

function residualLine(name: string, { beyond, buildUp, outputFactor, excluded }: ResidualSummary): string {
  const at = (depth: number): string => `${depth} mm`.padStart(9);
  const early =
    buildUp === null ? '-'.padStart(16) + ''.padStart(9) : buildUp.max.toFixed(2).padStart(16) + at(buildUp.depth);
  const note = excluded > 0 ? `   ${excluded} left out` : '';
  return `${name.padEnd(12)}${beyond.max.toFixed(2).padStart(18)}${at(beyond.depth)}${beyond.rms.toFixed(2).padStart(8)}${early}${`${outputFactor.toFixed(2)} %`.padStart(16)}${note}`;
}

const known = (value: number | null, digits: number, unit: string): string =>
  value === null ? 'beyond the tables' : value.toFixed(digits) + unit;
const percent = (fraction: number): string => `${Number((100 * fraction).toPrecision(2))} %`;

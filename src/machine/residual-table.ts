/**
 * What commissioning leaves over, one line per field side: the numbers by which a physicist accepts a beam model.
 */
import type { Commissioned, CommissionResidual } from './commission.js';

export interface ResidualSummary {
  /** Percent of the field's maximum, with the depth of the largest, mm. */
  readonly beyond: { readonly max: number; readonly depth: number; readonly rms: number };
  /** Null where the table has no entry before the maximum. */
  readonly buildUp: { readonly max: number; readonly depth: number } | null;
  /** Percent of the measured factor; signed for one field, the largest size for all. */
  readonly outputFactor: number;
  /** Number of readings that were left out. */
  readonly excluded: number;
}

export interface SideResidual extends ResidualSummary {
  /** mm */
  readonly side: number;
}

export interface ResidualTable {
  readonly sides: readonly SideResidual[];
  readonly total: ResidualSummary;
}

/** Maximum and root mean square by field side and over all; readings left out of the fit do not count. */
export function residualTable({ depthDose, outputFactors }: Commissioned): ResidualTable {
  return {
    sides: outputFactors.map(({ side, percent }) => ({
      side,
      ...summarize(
        depthDose.filter((r) => r.side === side),
        percent,
      ),
    })),
    total: summarize(
      depthDose,
      outputFactors.reduce((largest, { percent }) => Math.max(largest, Math.abs(percent)), 0),
    ),
  };
}

function summarize(residuals: readonly CommissionResidual[], outputFactor: number): ResidualSummary {
  const used = residuals.filter((r) => !r.isExcluded);
  const beyond = used.filter((r) => r.region === 'beyond');
  const buildUp = largest(used.filter((r) => r.region === 'build-up'));
  const sum = beyond.reduce((total, r) => total + r.percent ** 2, 0);
  return {
    beyond: { ...(largest(beyond) ?? { max: 0, depth: 0 }), rms: Math.sqrt(sum / Math.max(1, beyond.length)) },
    buildUp,
    outputFactor,
    excluded: residuals.length - used.length,
  };
}

function largest(residuals: readonly CommissionResidual[]): { max: number; depth: number } | null {
  let at: CommissionResidual | undefined;
  for (const r of residuals) if (at === undefined || Math.abs(r.percent) > Math.abs(at.percent)) at = r;
  return at === undefined ? null : { max: Math.abs(at.percent), depth: at.depth };
}

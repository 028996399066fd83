/**
 * Measured and modelled depth doses in percent of each field's maximum: what a picture of the commissioning shows.
 */
import { type BeamData, depthDoseCurve } from './beam-data.js';
import type { Commissioned } from './commission.js';
import { openFieldDose, squareField } from './field-integral.js';

export interface DepthDoseCurves {
  /** mm */
  readonly side: number;
  readonly points: readonly {
    readonly depth: number;
    /** Percent of the field's measured maximum. */
    readonly measured: number;
    /** Model minus measurement, percent of the field's maximum. */
    readonly residual: number;
    readonly isExcluded: boolean;
  }[];
  readonly model: { readonly depths: readonly number[]; readonly percent: readonly number[] };
}

/** Model lines run every millimetre in the build-up, every 5 mm below 40 mm. */
export function depthDoseCurves(data: BeamData, { machine, depthDose }: Commissioned): DepthDoseCurves[] {
  const { kind, depths, sides, ssd } = data.depthDose;
  const fine: number[] = [];
  for (let depth = 0; depth <= depths[depths.length - 1]!; depth += depth < 40 ? 1 : 5) fine.push(depth);
  return sides
    .map((side, column) => ({ side, column }))
    .filter(({ side }) => depthDose.some((r) => r.side === side))
    .map(({ side, column }) => {
      const curve = depthDoseCurve(data, column);
      const maximum = Math.max(...curve);
      const residuals = depthDose.filter((r) => r.side === side);
      const points = depths.map((depth, i) => ({
        depth,
        measured: (100 * curve[i]!) / maximum,
        residual: residuals[i]!.percent,
        isExcluded: residuals[i]!.isExcluded,
      }));
      const model = (depth: number): number =>
        openFieldDose(machine, squareField(side), kind === 'tpr' ? data.sad - depth : ssd!, depth);
      // The residuals know how the measured scale and the model's stand to each other; take it where dose is high.
      const top = points.reduce(
        (best, p, i) => (p.measured > points[best]!.measured ? i : best),
        0 as number,
      ) as number;
      const toPercent = (points[top]!.measured + points[top]!.residual) / model(depths[top]!);
      return { side, points, model: { depths: fine, percent: fine.map((depth) => toPercent * model(depth)) } };
    });
}

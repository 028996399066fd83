/** Doses of a DVH in a biological scale: a rising function of the dose, so it may be taken where V(D) has been read. */
import { bed, doseFromBed, doseFromEqd2, eqd2 } from '../biology/linear-quadratic.js';
import type { Dvh } from './dvh.js';
import type { DoseScale } from './metric.js';

export interface ScaleMap {
  /** Dose of the DVH to that of the scale, Gy. */
  to(dose: number): number;
  from(scaled: number): number;
}

/** The map from a DVH's doses to a scale, or the reason why there is none. */
export function scaleMap(dvh: Dvh, scale: DoseScale | undefined): ScaleMap | string {
  if (scale === undefined) return { to: (dose) => dose, from: (dose) => dose };
  const { alphaBeta } = scale;
  const { fractions, quantity } = dvh;
  const name = `${scale.quantity.toUpperCase()}/${alphaBeta}`;
  if (quantity !== 'physical') {
    if (dvh.alphaBeta !== alphaBeta)
      return `the dose is ${quantity} with alpha/beta ${dvh.alphaBeta} Gy, from which ${name} does not follow`;
    const perBed = 1 + 2 / alphaBeta;
    const factor = quantity === scale.quantity ? 1 : scale.quantity === 'bed' ? perBed : 1 / perBed;
    return { to: (dose) => dose * factor, from: (scaled) => scaled / factor };
  }
  if (fractions === undefined) return `${name} needs the number of fractions, which the dose does not tell: give it`;
  const [to, from] = scale.quantity === 'eqd2' ? [eqd2, doseFromEqd2] : [bed, doseFromBed];
  return {
    // Interpolation and rounding may undercut 0 by a trace, for which the model has no formula.
    to: (dose) => (dose <= 0 ? dose : to(dose, fractions, alphaBeta)),
    from: (scaled) => from(scaled, fractions, alphaBeta),
  };
}

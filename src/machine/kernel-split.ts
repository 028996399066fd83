/**
 * A pencil kernel in two parts: the electrons that a photon sets in motion where it first interacts, and scattered photons.
 *
 * In matter of another density both keep their size in mass, not in millimetres, but over different ranges: electrons feel
 * the last millimetres, scatter the last centimetres. Scattered photons give a kernel near B exp(-b r) / r, which rules alone
 * beyond the electrons' range. Fitted there and carried inwards, it is the scatter; what is above it is the electrons.
 */

import { InvalidInputError } from '../core/errors.js';
import { ringMeanRadius } from './ring.js';

/** Radii between which only scatter is left, mm of water. */
const FIT_FROM = 20;
const FIT_TO = 80;

/**
 * Dose of scatter within each radius, from mean doses per ring of one depth.
 *
 * @param radii outer radius of each ring, mm, rising; the first ring begins at 0
 * @param values mean dose of each ring, any unit
 * @returns integral of the scatter part up to each radius, unit times mm^2
 * @throws {InvalidInputError} if fewer than three rings lie between 20 and 80 mm
 */
export function scatterWithin(radii: readonly number[], values: readonly number[]): number[] {
  const { amplitude, decay } = fitScatter(radii, values);
  let sum = 0;
  return values.map((value, i) => {
    const inner = i === 0 ? 0 : radii[i - 1]!;
    const outer = radii[i]!;
    const area = Math.PI * (outer * outer - inner * inner);
    const fitted = (2 * Math.PI * amplitude * (Math.exp(-decay * inner) - Math.exp(-decay * outer))) / decay;
    sum += ringMeanRadius(inner, outer) < FIT_FROM ? Math.min(value * area, fitted) : value * area;
    return sum;
  });
}

/** B and b of B exp(-b r) / r by a line through ln(k r). */
function fitScatter(radii: readonly number[], values: readonly number[]): { amplitude: number; decay: number } {
  const points = radii
    .map((outer, i) => [ringMeanRadius(i === 0 ? 0 : radii[i - 1]!, outer), values[i]!] as const)
    .filter(([r, value]) => r > FIT_FROM && r < FIT_TO && value > 0)
    .map(([r, value]) => [r, Math.log(value * r)] as const);
  if (points.length < 3) {
    throw new InvalidInputError(
      `pencil kernel: only ${points.length} rings with dose lie between ${FIT_FROM} and ${FIT_TO} mm, but scatter is told from electrons by at least 3. Give a kernel with more rings.`,
    );
  }
  const meanR = points.reduce((sum, [r]) => sum + r, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const slope =
    points.reduce((sum, [r, y]) => sum + (r - meanR) * (y - meanY), 0) /
    points.reduce((sum, [r]) => sum + (r - meanR) ** 2, 0);
  // A kernel that does not fall faster than 1 / r has no decay to speak of.
  const decay = Math.max(1e-6, -slope);
  return { amplitude: Math.exp(meanY + decay * meanR), decay };
}

/** Leaves that move while the beam is on: what a machine may do, where leaves stand at control points, how long it takes. */
import type { Aperture } from '../../beam/aperture.js';
import { type ApertureMotion, movingFluence } from '../../beam/moving-aperture.js';
import type { PixelFluence } from '../../beam/pixel-fluence.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import type { LeafBank } from '../../machine/mlc.js';
import { leafTravel } from '../../sequence/segment-order.js';
import type { PlanCase } from '../input/plan-case.js';
import { type Delivered, notNominal, throughOf } from './leaf-settings.js';

/** What the leaves of a machine may do, whatever turns meanwhile. */
export interface LeafSettings {
  readonly bank: LeafBank;
  /** mm/s in the isocentre plane. */
  readonly leafSpeed: number;
  /** Least distance of the ends of a pair, mm. */
  readonly gap: number;
  readonly interleaf: boolean;
  readonly transmission: PlanCase['fcrt']['transmission'];
}

/** Where leaves and jaws stand when so many units of the whole course have been given. */
export interface LeafPoint {
  readonly aperture: Aperture;
  readonly monitorUnits: number;
}

/** Even moves from each control point to the next. */
export const motionsOf = (points: readonly LeafPoint[]): ApertureMotion[] =>
  points.slice(1).map(({ aperture: to, monitorUnits }, p) => {
    const { aperture: from, monitorUnits: before } = points[p]!;
    return { from, to, monitorUnits: monitorUnits - before };
  });

/** Monitor units per pixel of leaves that move from point to point, as their RTPLAN gives them. */
export const fluenceOfPoints = (
  points: readonly LeafPoint[],
  settings: Pick<LeafSettings, 'bank' | 'transmission'>,
  machine: Machine,
): PixelFluence => movingFluence(settings.bank, motionsOf(points), throughOf(settings, machine));

/**
 * Beam-on time of one fraction, s: each interval takes as long as its units at the full dose rate, or its leaves at full speed, whichever is
 * longer, at a lower dose rate then.
 */
export function windowSeconds(
  points: readonly LeafPoint[],
  { leafSpeed, doseRate }: { readonly leafSpeed: number; readonly doseRate: number },
  fractions: number,
): number {
  return motionsOf(points).reduce((sum, { monitorUnits }, p) => {
    const travel = leafTravel(points[p]!.aperture, points[p + 1]!.aperture);
    return sum + Math.max((60 * monitorUnits) / fractions / doseRate, travel / leafSpeed);
  }, 0);
}

/**
 * Whether leaves that move can deliver what a case asks for.
 *
 * @throws {UnsupportedError} for what they are not optimised for
 * @throws {InvalidInputError} where a field is wider than the leaves reach, or the gap wider than a beamlet
 */
export function checkLeaves(
  { imrt, objectives, priorities }: Delivered,
  beams: readonly ModulatedBeam[],
  { bank, gap }: LeafSettings,
): void {
  const other = notNominal({ imrt, objectives, priorities });
  if (other !== undefined) {
    throw new UnsupportedError(
      `case: imrt.delivery: moving leaves are optimised for the objectives and constraints of a nominal plan, but the case asks for ${other}. Leave that out, or let delivery be "fluence".`,
    );
  }
  if (gap > imrt.beamlet) {
    throw new InvalidInputError(
      `case: imrt.delivery: leafGap is ${gap} mm, but beamlets are ${imrt.beamlet} mm wide: no fluence is left to shape. Give a gap of at most a beamlet.`,
    );
  }
  const reach = Math.min(bank.reach, bank.overtravel ?? Infinity);
  for (const { beam, beamlets } of beams) {
    const { x } = beamlets.grid;
    const farthest = Math.max(-x[0]!, x.at(-1)!) + gap;
    if (farthest <= reach + 1e-6) continue;
    throw new InvalidInputError(
      `case: imrt.delivery: beamlets of ${beam.name} with the gap beside them end ${farthest} mm from the axis, but both leaves of a pair of ${bank.name} must cross the field and get ${reach} mm far. Use other leaves (imrt.delivery.mlc) or another isocentre.`,
    );
  }
}

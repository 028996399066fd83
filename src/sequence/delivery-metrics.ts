/**
 * What a deliverable field takes and how intricate it is: monitor units, segments, area, modulation complexity, time.
 *
 * A field is a row of steps: an aperture that stands still (a segment), or one that moves evenly into another while the beam is on (between
 * two control points of a sliding window or an arc). A step lasts as long as the slowest of beam, leaves and gantry; between two steps
 * the beam is off and the leaves travel. What is open is what leaves and jaws leave open in the isocentre plane.
 *
 * Modulation complexity score (McNiven, Sharpe, Purdie, Med Phys 37:505-15, 2010, doi:10.1118/1.3276775), 1 for an open rectangle and
 * less the more intricate: of every segment the product
 *
 *     LSV = product over both banks of  sum over the N - 1 neighbours of (d - |p_n - p_(n+1)|) / ((N - 1) d),   d = max p_n - min p_n
 *     AAV = area / area of what the segments of the field open together, each pair from its lowest left to its highest right end
 *
 * over its N open pairs, weighted by monitor units over segments and fields. The differences are absolute and N - 1 of them, as Masi et al.
 * have it (Med Phys 40:071718, 2013, doi:10.1118/1.4810969): with signs the score would change as the field is turned about. A bank
 * in one line (d = 0) has LSV 1, and a field of one segment AAV 1. Between control points both are the mean of the two, as there.
 */
import type { Aperture } from '../beam/aperture.js';
import { checkNonNegative, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { travelBetween } from './segment-order.js';

/** An aperture, what it becomes meanwhile, and the monitor units that are given through it. */
export interface DeliveryStep {
  readonly from: Aperture;
  /** The same as `from` where nothing moves. */
  readonly to: Aperture;
  readonly monitorUnits: number;
  /** What the gantry turns meanwhile, degrees; negative is the other way. @default 0 */
  readonly turn?: number;
}

/** The steps of one field and where it begins. */
export interface DeliveredField {
  /** Degrees, IEC 61217. */
  readonly pose: { readonly gantry: number; readonly collimator: number; readonly couch: number };
  readonly steps: readonly DeliveryStep[];
}

/** A shape of the leaves on the way, with the monitor units that have been given until then. */
export interface DeliveryPoint {
  readonly aperture: Aperture;
  readonly monitorUnits: number;
  /** Degrees; of an arc. @default where the field stands */
  readonly gantry?: number;
}

/** How fast a machine delivers. */
export interface DeliverySpeeds {
  /** Monitor units per minute. */
  readonly doseRate: number;
  /** Of leaf ends and jaws in the isocentre plane, mm/s. */
  readonly leafSpeed: number;
  /** Of gantry, collimator and couch, degrees/s. */
  readonly gantrySpeed: number;
  /** What passes between two fields besides their turn, s. */
  readonly betweenFields: number;
}

/** Figures of one field or of all. */
export interface DeliveryFigures {
  readonly monitorUnits: number;
  /** Steps with monitor units. */
  readonly segments: number;
  /** Weighted by monitor units, cm^2; null where there are none. */
  readonly meanArea: number | null;
  /** Modulation complexity score, 0 to 1; null where there are no monitor units. */
  readonly complexity: number | null;
  /** s of beam. */
  readonly beamOn: number;
  /** s from the end of the field before to the end of this one, beam included. */
  readonly time: number;
}

/** Figures of every field, in their order, and of all. */
export interface DeliveryMetrics {
  readonly fields: readonly DeliveryFigures[];
  readonly all: DeliveryFigures;
}

/** An open pair of an aperture: its number from -Y upward, and what of it is open, mm. */
interface OpenPair {
  readonly n: number;
  readonly x0: number;
  readonly x1: number;
  readonly height: number;
}

/**
 * The figures of a plan's fields, in the order in which they are delivered.
 *
 * @param fields with the monitor units of one sitting
 * @throws {InvalidInputError} for monitor units that are negative or not finite, and speeds that are not positive
 */
export function deliveryMetrics(fields: readonly DeliveredField[], speeds: DeliverySpeeds): DeliveryMetrics {
  for (const key of ['doseRate', 'leafSpeed', 'gantrySpeed'] as const) checkPositive(`delivery: ${key}`, speeds[key]);
  checkNonNegative('delivery: betweenFields', speeds.betweenFields);
  let before: DeliveredField | undefined;
  const figures = fields.map((field, f): DeliveryFigures => {
    const { steps } = field;
    const monitorUnits = checkedUnits(field, f);
    const given = steps.filter((step) => step.monitorUnits > 0);
    if (given.length === 0) {
      return { monitorUnits: 0, segments: 0, meanArea: null, complexity: null, beamOn: 0, time: 0 };
    }
    const approach = before === undefined ? 0 : wayBetween(before, field, speeds);
    before = field;
    const seconds = (of: readonly DeliveryStep[]): number => of.reduce((sum, step) => sum + secondsOf(step, speeds), 0);
    const moves = steps
      .slice(1)
      .reduce((sum, { from }, s) => sum + travelBetween(steps[s]!.to, from) / speeds.leafSpeed, 0);
    return {
      monitorUnits,
      segments: given.length,
      ...shapeFigures(given),
      beamOn: seconds(given),
      time: approach + seconds(steps) + moves,
    };
  });
  return { fields: figures, all: totalOf(figures) };
}

/** The steps between control points; the beam is on between any two of which the later has more monitor units. */
export function stepsBetween(points: readonly DeliveryPoint[]): DeliveryStep[] {
  return points.slice(1).map(({ aperture, monitorUnits, gantry }, p): DeliveryStep => {
    const last = points[p]!;
    const turn = gantry === undefined || last.gantry === undefined ? 0 : shorterTurn(last.gantry, gantry);
    return { from: last.aperture, to: aperture, monitorUnits: monitorUnits - last.monitorUnits, turn };
  });
}

/** The monitor units of a field. */
function checkedUnits({ steps }: DeliveredField, f: number): number {
  return steps.reduce((sum, { monitorUnits }) => {
    if (Number.isFinite(monitorUnits) && monitorUnits >= 0) return sum + monitorUnits;
    throw new InvalidInputError(
      `delivery: a step of field ${f + 1} has ${monitorUnits} MU, but must have a finite number >= 0. Mend the field.`,
    );
  }, 0);
}

function totalOf(figures: readonly DeliveryFigures[]): DeliveryFigures {
  const sum = (of: (own: DeliveryFigures) => number): number => figures.reduce((total, own) => total + of(own), 0);
  const monitorUnits = sum((own) => own.monitorUnits);
  const mean = (of: (own: DeliveryFigures) => number | null): number | null =>
    monitorUnits > 0 ? sum((own) => own.monitorUnits * (of(own) ?? 0)) / monitorUnits : null;
  return {
    monitorUnits,
    segments: sum((own) => own.segments),
    meanArea: mean((own) => own.meanArea),
    complexity: mean((own) => own.complexity),
    beamOn: sum((own) => own.beamOn),
    time: sum((own) => own.time),
  };
}

/** Mean area and modulation complexity of a field's steps. */
function shapeFigures(steps: readonly DeliveryStep[]): Pick<DeliveryFigures, 'meanArea' | 'complexity'> {
  const opened = steps.map(({ from, to }) => {
    const first = openPairs(from);
    return [first, from === to ? first : openPairs(to)] as const;
  });
  const together = areaTogether(opened.flat());
  let [units, area, score] = [0, 0, 0];
  steps.forEach(({ monitorUnits }, s) => {
    const [first, last] = opened[s]!;
    const own = (areaOf(first) + areaOf(last)) / 2;
    units += monitorUnits;
    area += monitorUnits * own;
    const variability = (leafVariability(first) + leafVariability(last)) / 2;
    if (together > 0) score += (monitorUnits * variability * own) / together;
  });
  return { meanArea: area / units / 100, complexity: score / units };
}

function openPairs({ bank: { boundaries }, openings: open }: Aperture): OpenPair[] {
  let n = 0;
  return open.map(({ x0, x1, y0, y1 }): OpenPair => {
    while (n + 2 < boundaries.length && boundaries[n + 1]! <= y0) n++;
    return { n, x0, x1, height: y1 - y0 };
  });
}

/** mm^2 */
const areaOf = (pairs: readonly OpenPair[]): number =>
  pairs.reduce((sum, { x0, x1, height }) => sum + (x1 - x0) * height, 0);

/** Of every pair from its lowest left to its highest right end, mm^2. */
function areaTogether(shapes: readonly (readonly OpenPair[])[]): number {
  const widest = new Map<number, OpenPair>();
  for (const pair of shapes.flat()) {
    const { n, x0, x1, height } = widest.get(pair.n) ?? pair;
    widest.set(n, {
      n,
      x0: Math.min(x0, pair.x0),
      x1: Math.max(x1, pair.x1),
      height: Math.max(height, pair.height),
    });
  }
  return areaOf([...widest.values()]);
}

/** LSV of one shape: of both banks, multiplied. */
const leafVariability = (pairs: readonly OpenPair[]): number =>
  bankVariability(pairs.map(({ x0 }) => x0)) * bankVariability(pairs.map(({ x1 }) => x1));

function bankVariability(ends: readonly number[]): number {
  const [low, high] = ends.reduce(([a, b], end) => [Math.min(a, end), Math.max(b, end)], [Infinity, -Infinity]);
  const reach = high - low;
  if (ends.length < 2 || !(reach > 0)) return 1;
  const steps = ends.slice(1).reduce((sum, end, n) => sum + Math.abs(end - ends[n]!), 0);
  return 1 - steps / ((ends.length - 1) * reach);
}

/** s of a step: the slowest of beam, leaves and gantry. */
function secondsOf(
  { from, to, monitorUnits, turn = 0 }: DeliveryStep,
  { doseRate, leafSpeed, gantrySpeed }: DeliverySpeeds,
): number {
  return Math.max((60 * monitorUnits) / doseRate, travelBetween(from, to) / leafSpeed, Math.abs(turn) / gantrySpeed);
}

/** s from one field to the next: everything moves at once. */
function wayBetween(last: DeliveredField, next: DeliveredField, speeds: DeliverySpeeds): number {
  const turned = last.steps.reduce((sum, { turn = 0 }) => sum + turn, 0);
  const turn = Math.max(
    Math.abs(shorterTurn(last.pose.gantry + turned, next.pose.gantry)),
    Math.abs(shorterTurn(last.pose.collimator, next.pose.collimator)),
    Math.abs(shorterTurn(last.pose.couch, next.pose.couch)),
  );
  const leaves = travelBetween(last.steps.at(-1)!.to, next.steps[0]!.from);
  return Math.max(turn / speeds.gantrySpeed, leaves / speeds.leafSpeed) + speeds.betweenFields;
}

/** Degrees from one angle to another the shorter way, above -180 and up to 180. */
function shorterTurn(from: number, to: number): number {
  const turn = (((to - from) % 360) + 360) % 360;
  return turn > 180 ? turn - 360 : turn;
}

/**
 * An arc's leaves: in each part of it they cross the field once, to and fro, so that the fluence of its middle is delivered on the way.
 *
 * What a file of these control points is computed as is what is computed here: the static beams that `treated-poses.ts` makes of it.
 */
import { type Aperture, createAperture, type JawField } from '../../beam/aperture.js';
import { type Beam, createBeam } from '../../beam/beam.js';
import { movingFluence } from '../../beam/moving-aperture.js';
import { InvalidInputError } from '../../core/errors.js';
import type { FluenceField } from '../../dose/beam-view.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { ControlPoint } from '../../io/dicom/treatment-plan.js';
import type { Machine } from '../../machine/machine.js';
import { leafTravel } from '../../sequence/segment-order.js';
import { slidingWindow, type WindowPoint, windowPoints } from '../../sequence/sliding-window.js';
import { ARC_STEP, PoseGroups } from '../field/treated-poses.js';
import { arcSchema, arcSectors } from '../input/check-json.js';
import type { PlanCase } from '../input/plan-case.js';
import { leavesOf, throughOf } from './leaf-settings.js';
import { type LeafSettings, motionsOf } from './moving-leaves.js';
import { jawsAround, type LitRows, leavesAt, litRowsOf } from './window-fields.js';

/** How a case's IMRT is delivered by an arc. */
export interface ArcSettings extends LeafSettings {
  /** Degrees; the angle rises. */
  readonly start: number;
  readonly sectors: number;
  /** Between control points, in each sector. */
  readonly intervals: number;
  /** Degrees of each. */
  readonly turn: number;
  /** Degrees/s at most. */
  readonly gantrySpeed: number;
  /** MU/min. */
  readonly doseRate: readonly [least: number, largest: number];
  /** Of a leaf in an interval at most, mm. */
  readonly travel: number;
}

/** Where gantry and leaves stand when so many units of the whole course have been given. */
export interface ArcPoint {
  readonly gantry: number;
  readonly aperture: Aperture;
  readonly monitorUnits: number;
}

/** @returns undefined where the case asks for another delivery */
export function arcSettings({
  delivery,
  beamlet,
  onAxis,
}: Pick<PlanCase['imrt'], 'delivery' | 'beamlet' | 'onAxis'>): ArcSettings | undefined {
  const asked = delivery === 'arc' ? arcSchema.parse({ kind: delivery }) : delivery;
  if (typeof asked !== 'object' || asked.kind !== 'arc') return undefined;
  const { mlc, leafGap, start, leafTravel, leafSpeed, gantrySpeed, doseRate, interleaf, transmission } = asked;
  const parts = arcSectors(asked);
  return {
    ...parts,
    start,
    travel: leafTravel * parts.turn,
    gap: leafGap,
    bank: leavesOf({ beamlet, onAxis, mlc }),
    leafSpeed,
    gantrySpeed,
    doseRate,
    interleaf,
    transmission,
  };
}

/** Least time of one fraction's interval, whatever is given in it, s. */
export const leastSeconds = (
  from: Pick<Aperture, 'leaves'>,
  to: Pick<Aperture, 'leaves'>,
  { turn, gantrySpeed, leafSpeed }: ArcSettings,
): number => Math.max(turn / gantrySpeed, leafTravel(from, to) / leafSpeed);

/** Beam-on time of one fraction: gantry and dose rate slow down for whichever of gantry, leaves and units takes longest, s. */
export function arcSeconds(points: readonly ArcPoint[], settings: ArcSettings, fractions: number): number {
  return motionsOf(points).reduce((sum, { monitorUnits }, p) => {
    const least = leastSeconds(points[p]!.aperture, points[p + 1]!.aperture, settings);
    return sum + Math.max(least, (60 * monitorUnits) / fractions / settings.doseRate[1]);
  }, 0);
}

/**
 * Leaves at every control point of an arc; each interval of a sector gets the same units.
 *
 * @param beams   the middle of each sector
 * @param weights monitor units of every beamlet
 * @throws {InvalidInputError} for a field that leaves cannot cross in a sector, or an arc that is dark
 */
export function arcPoints(beams: readonly ModulatedBeam[], weights: Float64Array, settings: ArcSettings): ArcPoint[] {
  const { bank, start, intervals, turn } = settings;
  const lit = litRowsOf(beams, bank, weights);
  const jaws = unionOf(lit.flatMap((rows) => (rows === undefined ? [] : [jawsAround(rows)])));
  const points: ArcPoint[] = [];
  let last: [number, number][] | undefined;
  let given = 0;
  lit.forEach((rows, s) => {
    const way = rows && wayAcross(rows, settings, s % 2 === 1);
    const units = way === undefined ? 0 : way.at(-1)!.units / intervals;
    for (let k = s === 0 ? 0 : 1; k <= intervals; k++) {
      if (k > 0) given += units;
      const wanted = way && leavesAt(way[k]!, rows, bank, settings.gap);
      const leaves = within(wanted ?? last ?? closedAt(jaws.x1, settings), last, settings.travel);
      last = leaves;
      const gantry = start + (s * intervals + k) * turn;
      points.push({ gantry, aperture: createAperture(bank, leaves, jaws), monitorUnits: given });
    }
  });
  return points;
}

/** Every second sector is crossed from the right, as its mirror image is from the left. */
function wayAcross({ rows, edges }: LitRows, settings: ArcSettings, isFromRight: boolean): WindowPoint[] {
  const { intervals, gap, interleaf } = settings;
  const own = isFromRight ? rows.map((row) => row.slice().reverse()) : rows;
  const across = isFromRight ? edges.map((_, j) => -edges[edges.length - 1 - j]!) : edges;
  const schedule = slidingWindow(own, across, { rate: rateOf({ rows, edges }, settings), gap, interleaf });
  const way = windowPoints(schedule, intervals + 1);
  if (!isFromRight) return way;
  return way.map(({ units, left, right }) => ({ units, left: right.map((x) => -x), right: left.map((x) => -x) }));
}

/** The units per mm at which no leaf travels farther in an interval than it may: a way of all units takes as many intervals as there are. */
function rateOf({ rows, edges }: Pick<LitRows, 'rows' | 'edges'>, settings: ArcSettings): number {
  const rises = rows.map((row) => row.reduce((sum, x, j) => sum + Math.max(0, x - (j === 0 ? 0 : row[j - 1]!)), 0));
  const width = edges.at(-1)! - edges[0]! + settings.gap;
  return rises.reduce((a, b) => Math.max(a, b), 0) / (settings.intervals * settings.travel - width);
}

/**
 * Whether leaves can cross every field in its sector.
 *
 * @throws {InvalidInputError} naming the beam whose field is too wide
 */
export function checkCrossing(beams: readonly ModulatedBeam[], { intervals, travel, gap }: ArcSettings): void {
  for (const { beam, beamlets } of beams) {
    const { x } = beamlets.grid;
    const width = x.at(-1)! - x[0]! + gap;
    // Half of the way is left for waiting.
    if (1.5 * width <= intervals * travel) continue;
    throw new InvalidInputError(
      `case: imrt.delivery: the field of ${beam.name} is ${width} mm wide, but leaves travel ${(intervals * travel).toFixed(0)} mm in its part of the arc and must wait on the way. Give a leafTravel of at least ${Math.ceil((1.5 * width * 10) / (intervals * travel)) / 10} times what it is, or a larger "every".`,
    );
  }
}

/** Leaves no farther from where they stood than they may travel; what keeps gap and neighbours in both, keeps them. */
export function within(
  wanted: readonly (readonly [number, number])[],
  last: readonly (readonly [number, number])[] | undefined,
  travel: number,
): [number, number][] {
  return wanted.map(([x1, x2], n) => {
    if (last === undefined) return [x1, x2];
    const [y1, y2] = last[n]!;
    const clamp = (x: number, y: number): number => Math.max(y - travel, Math.min(y + travel, x));
    return [clamp(x1, y1), clamp(x2, y2)];
  });
}

const closedAt = (x: number, { bank, gap }: ArcSettings): [number, number][] =>
  bank.boundaries.slice(1).map(() => [x - gap, x]);

function unionOf(all: readonly JawField[]): JawField {
  if (all.length === 0) throw new InvalidInputError('arc: every beamlet is 0 MU. There is nothing to deliver.');
  return all.reduce((a, b) => ({
    x1: Math.min(a.x1, b.x1),
    x2: Math.max(a.x2, b.x2),
    y1: Math.min(a.y1, b.y1),
    y2: Math.max(a.y2, b.y2),
  }));
}

/** A static beam that stands for part of an arc. */
export interface ArcField {
  readonly beam: Beam;
  readonly monitorUnits: number;
  readonly fluence: FluenceField;
}

/** A control point of an arc as a file has it, but for what is open. */
export const poseOf = (
  { gantry }: Pick<ArcPoint, 'gantry'>,
  isocenter: Vec3,
): Omit<ControlPoint, 'weight' | 'positions'> => ({
  gantry: ((gantry % 360) + 360) % 360,
  gantryTurn: 'CW',
  collimator: 0,
  collimatorTurn: 'NONE',
  couch: 0,
  couchTurn: 'NONE',
  tilts: { eccentric: 0, pitch: 0, roll: 0, gantry: 0 },
  isocenter,
});

/**
 * The static beams of every interval; of one without units none.
 *
 * @param where isocentre and position of the patient
 */
export function arcFields(
  points: readonly ArcPoint[],
  settings: ArcSettings,
  machine: Machine,
  where: { readonly isocenter: Vec3; readonly position: Beam['pose']['position'] },
): ArcField[][] {
  const through = throughOf(settings, machine);
  return motionsOf(points).map((motion, p) => {
    if (!(motion.monitorUnits > 0)) return [];
    const poses = new PoseGroups(ARC_STEP);
    const [a, b] = [points[p]!, points[p + 1]!].map((point): ControlPoint => {
      return { ...poseOf(point, where.isocenter), weight: 0, positions: new Map() };
    }) as [ControlPoint, ControlPoint];
    poses.add(0, [a, b], motion);
    return poses.all().map(({ pose, motions }): ArcField => {
      const { position } = where;
      return {
        beam: createBeam(machine, { ...pose, ...(position && { position }) }, `G${pose.gantry.toFixed(1)}`),
        monitorUnits: motions.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0),
        fluence: movingFluence(settings.bank, motions, through),
      };
    });
  });
}

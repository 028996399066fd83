/**
 * Where a beam stands while it is given: one pose where it stands still, several static ones where it turns.
 *
 * An interval between control points that turns by more than a step is parted into equal parts, each at its middle with what the leaves
 * let through in it. Intervals that turn by less are taken together up to a step, at the mean of their angles weighted by monitor units:
 * how many static beams stand for an arc depends on its angle, not on its control points.
 */
import { type ApertureMotion, shapeAt } from '../../beam/moving-aperture.js';
import { InvalidInputError } from '../../core/errors.js';
import type { BeamPose } from '../../geometry/frame.js';
import type { ControlPoint, Turn } from '../../io/dicom/treatment-plan.js';

/** Degrees that one static beam of an arc stands for, and mm of a moving isocentre. */
export const ARC_STEP = 2;
/** Angles and places nearer than this are one, degrees and mm: rounding of a file. */
export const SAME = 1e-3;

type Pose = Omit<BeamPose, 'position'>;

/** All that is given at one pose. */
export interface PoseMotions {
  readonly pose: Pose;
  readonly motions: readonly ApertureMotion[];
}

/** Gantry, collimator, couch in degrees, and the isocentre in mm. */
type Place = readonly number[];

/** Intervals that turn by little, taken together. */
interface Group {
  readonly start: Place;
  /** Interval that would go on from here. */
  next: number;
  /** From the start to the end so far. */
  way: number[];
  /** Of the middles of the intervals, by monitor units. */
  sum: number[];
  units: number;
  farthest: number;
  readonly motions: ApertureMotion[];
}

/** Collects intervals in their order. */
export class PoseGroups {
  /** Whether anything turns while the beam is on. */
  isArc = false;
  private readonly known = new Map<string, { pose: Pose; motions: ApertureMotion[] }>();
  private group: Group | undefined;

  /** @param step largest turn of a static beam, degrees */
  constructor(private readonly step: number) {}

  /**
   * @param index of the interval, which is that of its first control point
   * @throws {InvalidInputError} for angles that differ without a sense of rotation
   */
  add(index: number, [a, b]: readonly [ControlPoint, ControlPoint], motion: ApertureMotion): void {
    const start = placeOf(a);
    const way = wayOf(a, b);
    const farthest = Math.max(...way.slice(0, 3).map(Math.abs), Math.hypot(...way.slice(3)));
    const parts = Math.max(1, Math.ceil(farthest / this.step - 1e-9));
    if (farthest > 0) this.isArc = true;
    if (farthest > 0 && parts === 1) {
      this.gather(index, start, { way, farthest, motion });
      return;
    }
    this.flush();
    for (let part = 0; part < parts; part++) {
      const t = (part + 0.5) / parts;
      const units = motion.monitorUnits / parts;
      const [from, to] = [shapeAt(motion, part / parts), shapeAt(motion, (part + 1) / parts)];
      this.put(
        start.map((c, i) => c + t * way[i]!),
        [{ from, to, monitorUnits: units }],
      );
    }
  }

  /** In the order in which their poses came first. */
  all(): PoseMotions[] {
    this.flush();
    return [...this.known.values()];
  }

  private gather(
    index: number,
    start: Place,
    { way, farthest, motion }: { readonly way: Place; readonly farthest: number; readonly motion: ApertureMotion },
  ): void {
    const fits = this.group?.next === index && this.group.farthest + farthest <= this.step + 1e-9;
    if (!fits) {
      this.flush();
      const zero = start.map(() => 0);
      this.group = { start, next: index, way: zero, sum: zero, units: 0, farthest: 0, motions: [] };
    }
    const group = this.group!;
    const units = motion.monitorUnits;
    group.sum = group.sum.map((s, i) => s + units * (group.way[i]! + way[i]! / 2));
    group.way = group.way.map((w, i) => w + way[i]!);
    group.units += units;
    group.farthest += farthest;
    group.next = index + 1;
    group.motions.push(motion);
  }

  private flush(): void {
    const { group } = this;
    if (group === undefined) return;
    this.group = undefined;
    this.put(
      group.start.map((c, i) => c + group.sum[i]! / group.units),
      group.motions,
    );
  }

  private put(place: Place, motions: readonly ApertureMotion[]): void {
    const [gantry, collimator, couch, x, y, z] = place;
    const pose = {
      isocenter: [x!, y!, z!],
      gantry: wrapped(gantry!),
      collimator: wrapped(collimator!),
      couch: wrapped(couch!),
    } as const;
    const key = JSON.stringify(pose);
    const known = this.known.get(key);
    if (known === undefined) this.known.set(key, { pose, motions: [...motions] });
    else known.motions.push(...motions);
  }
}

const placeOf = ({ gantry, collimator, couch, isocenter }: ControlPoint): Place => [
  gantry,
  collimator,
  couch,
  ...isocenter!,
];

/** From one control point to the next; 0 where both are one. */
function wayOf(a: ControlPoint, b: ControlPoint): Place {
  // Seen from in front of the gantry it turns clockwise with rising angle; table and collimator, seen from above or from the source, against it.
  const turns = [
    turnOf('gantry', a.gantry, b.gantry, a.gantryTurn, 1),
    turnOf('collimator', a.collimator, b.collimator, a.collimatorTurn, -1),
    turnOf('couch', a.couch, b.couch, a.couchTurn, -1),
  ];
  const shift = a.isocenter!.map((c, i) => b.isocenter![i]! - c);
  return [...turns, ...(Math.hypot(...shift) < SAME ? [0, 0, 0] : shift)];
}

/** Degrees from one angle to the next, in the sense that the plan says. */
function turnOf(what: string, from: number, to: number, turn: Turn, clockwise: 1 | -1): number {
  const rise = (((to - from) % 360) + 360) % 360;
  if (Math.min(rise, 360 - rise) < SAME) return 0;
  if (turn === 'NONE') {
    throw new InvalidInputError(
      `the ${what} goes from ${from} to ${to} degrees while the beam is on, but its rotation direction is NONE. Export the plan again.`,
    );
  }
  return (turn === 'CW') === (clockwise === 1) ? rise : rise - 360;
}

/** Angles as they are where they are within a turn. */
const wrapped = (angle: number): number => (Math.abs(angle) <= 360 ? angle : angle - 360 * Math.trunc(angle / 360));

/**
 * The beams of an RTPLAN as fields that the dose engine computes.
 *
 * Between two control points the monitor units of their weights are given while leaves, jaws and angles move evenly. Where the beam
 * stands still, as in a conformal field, step-and-shoot or a sliding window, all of its control points are one fluence. Where it
 * turns, static beams stand for it.
 */
import { createBeam } from '../../beam/beam.js';
import { InvalidInputError, isRespineError, UnsupportedError } from '../../core/errors.js';
import type { DoseField } from '../../dose/forward-dose.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { ControlPoint, TreatmentBeam } from '../../io/dicom/treatment-plan.js';
import type { Machine } from '../../machine/machine.js';
import {
  collimatorOf,
  type GivenTransmission,
  shapeOf,
  type TreatedCollimator,
  treatedFluence,
} from './treated-aperture.js';
import { ARC_STEP, PoseGroups, SAME } from './treated-poses.js';

/** How far an isocentre may move within a beam, mm. */
const FARTHEST_MOVE = 500;
/** How far the machine's source-axis distance may be from the plan's, mm. */
const SAME_SAD = 1;

export interface TreatedOptions {
  readonly transmission?: GivenTransmission | undefined;
  /** Largest angle that one static beam of an arc stands for, degrees. @default 2 */
  readonly arcStep?: number | undefined;
  /** Of the patient on the table, where the plan does not say it. */
  readonly position: string;
}

/** One beam of the plan as fields of ours. */
export interface TreatedBeam {
  readonly beam: TreatmentBeam;
  /** Total over the course. */
  readonly monitorUnits: number;
  readonly fields: readonly DoseField[];
  readonly isocenter: Vec3;
  /** How it came to its fields: one fluence, or static beams along an arc. */
  readonly kind: 'static' | 'arc';
  readonly collimator: TreatedCollimator;
  readonly notes: readonly string[];
}

/**
 * The fields of one beam.
 *
 * @param monitorUnits total over the course
 * @throws {UnsupportedError} for what a recomputation would get wrong: other radiation than photons, wedges of others, bolus, ...
 * @throws {InvalidInputError} naming beam and control point of what does not fit
 */
export function treatBeam(
  beam: TreatmentBeam,
  monitorUnits: number,
  machine: Machine,
  options: TreatedOptions,
): TreatedBeam {
  const { arcStep = ARC_STEP } = options;
  return named(`beam ${beam.number} (${beam.name})`, () => {
    checkComputable(beam, machine);
    const collimator = collimatorOf(beam, machine, options.transmission ?? {});
    const position = beam.position ?? options.position;
    const shapes = beam.controlPoints.map((point, p) =>
      named(`control point ${p}`, () => shapeOf(point, beam, collimator)),
    );
    const poses = new PoseGroups(arcStep);
    forIntervals(beam, monitorUnits, (from, units) => {
      const [a, b] = [beam.controlPoints[from]!, beam.controlPoints[from + 1]!];
      const motion = { from: shapes[from]!, to: shapes[from + 1]!, monitorUnits: units };
      named(`control point ${from}`, () => poses.add(from, [a, b], motion));
    });
    const fields = poses.all().map(({ pose, motions }): DoseField => {
      const made = createBeam(machine, { ...pose, position }, beam.name);
      return { beam: made, fluence: treatedFluence(collimator, motions, beam) };
    });
    return {
      beam,
      monitorUnits,
      fields,
      isocenter: beam.controlPoints[0]!.isocenter!,
      kind: poses.isArc ? 'arc' : 'static',
      collimator,
      notes: notesOf(beam, machine, collimator),
    };
  });
}

/** Runs something and puts what it is of before the message of what it throws. */
function named<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!isRespineError(cause)) throw cause;
    const message = `${what}: ${cause.message}`;
    throw cause instanceof UnsupportedError ? new UnsupportedError(message) : new InvalidInputError(message);
  }
}

function checkComputable(beam: TreatmentBeam, machine: Machine): void {
  const { radiation, accessories, unit, sad, controlPoints, finalWeight } = beam;
  if (radiation !== 'PHOTON') {
    throw new UnsupportedError(
      `it is of radiation ${radiation || '(none named)'}, but respine computes photons. Leave it out with --beams.`,
    );
  }
  if (accessories.length > 0) {
    throw new UnsupportedError(
      `${accessories.join(', ')} in the beam, which respine does not compute: the dose would be wrong. Leave the beam out with --beams.`,
    );
  }
  if (unit !== 'MU')
    throw new UnsupportedError(
      `its meterset is in ${unit}, but must be monitor units. Leave the beam out with --beams.`,
    );
  if (sad !== undefined && Math.abs(sad - machine.sad) > SAME_SAD) {
    throw new UnsupportedError(
      `its source-axis distance is ${sad} mm, but that of machine ${machine.name} is ${machine.sad} mm. Give a machine of that distance with --machine.`,
    );
  }
  if (controlPoints.length < 2) {
    throw new InvalidInputError(
      `it has ${controlPoints.length} control points, but a beam needs at least 2. Export the plan again.`,
    );
  }
  if (controlPoints[0]!.isocenter === undefined) {
    throw new InvalidInputError('its first control point has no IsocenterPosition. Export the plan again.');
  }
  const [first, second] = controlPoints as [ControlPoint, ControlPoint];
  if (controlPoints.length === 2 && first.gantryTurn !== 'NONE' && first.gantry === second.gantry) {
    throw new UnsupportedError(
      `its gantry turns ${first.gantryTurn} from ${first.gantry} to ${second.gantry} degrees, which is a whole turn or none. Export the arc with more control points.`,
    );
  }
  const last = controlPoints[controlPoints.length - 1]!.weight;
  const whole = finalWeight ?? last;
  if (!(whole > 0) || controlPoints[0]!.weight !== 0 || Math.abs(last - whole) > 1e-3 * whole) {
    throw new InvalidInputError(
      `its cumulative meterset weights run from ${controlPoints[0]!.weight} to ${last}, but must run from 0 to FinalCumulativeMetersetWeight, ${finalWeight ?? 'missing'}, which is > 0. Export the plan again.`,
    );
  }
  for (const [p, { tilts, isocenter }] of controlPoints.entries()) {
    const away = Math.hypot(...isocenter!.map((c, i) => c - first.isocenter![i]!));
    if (!(away <= FARTHEST_MOVE)) {
      throw new InvalidInputError(
        `control point ${p}: its isocentre lies ${away.toPrecision(4)} mm from that of the first, more than ${FARTHEST_MOVE} mm. Export the plan again.`,
      );
    }
    const tilt = (Object.keys(tilts) as (keyof typeof tilts)[]).find(
      (key) => Math.abs(((tilts[key] + 540) % 360) - 180) > SAME,
    );
    if (tilt !== undefined) {
      const what = {
        eccentric: 'table top eccentric angle',
        pitch: 'table top pitch',
        roll: 'table top roll',
        gantry: 'gantry pitch',
      }[tilt];
      throw new UnsupportedError(
        `control point ${p}: a ${what} of ${tilts[tilt]} degrees is not computed. Leave the beam out with --beams.`,
      );
    }
  }
}

/** Calls with every interval in which monitor units are given. */
function forIntervals(
  { controlPoints }: TreatmentBeam,
  monitorUnits: number,
  use: (from: number, units: number) => void,
): void {
  const whole = controlPoints[controlPoints.length - 1]!.weight;
  for (let p = 0; p + 1 < controlPoints.length; p++) {
    const weight = controlPoints[p + 1]!.weight - controlPoints[p]!.weight;
    if (weight > 0) use(p, (monitorUnits * weight) / whole);
  }
}

function notesOf(beam: TreatmentBeam, machine: Machine, { note }: TreatedCollimator): string[] {
  const energies = new Set(beam.controlPoints.flatMap(({ energy }) => energy ?? []));
  const other = [...energies].filter((energy) => energy !== machine.energy);
  return [
    ...(other.length === 0 && energies.size > 0
      ? []
      : [
          `it is of ${other.join(', ') || 'an unnamed number of'} MV and is computed as ${machine.energy} MV of ${machine.name}: its depth doses and penumbrae are others.`,
        ]),
    ...(beam.fluenceMode !== undefined && beam.fluenceMode !== 'STANDARD'
      ? [
          `its fluence mode is ${beam.fluenceMode}, but it is computed with the primary fluence of ${machine.name}: its profile is another.`,
        ]
      : []),
    ...(note === undefined ? [] : [note]),
  ];
}

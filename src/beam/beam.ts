/**
 * Beam: a machine looking at the patient from one direction.
 */
import { InvalidInputError } from '../core/errors.js';
import { type BeamFrame, type BeamPose, createBeamFrame } from '../geometry/frame.js';
import type { Machine } from '../machine/machine.js';

/** A machine, where it stands, and the frame that follows from it. */
export interface Beam {
  readonly name: string;
  readonly machine: Machine;
  readonly pose: BeamPose;
  readonly frame: BeamFrame;
}

/**
 * A beam of a machine at an isocentre.
 *
 * @param pose isocentre in LPS (mm) and IEC 61217 angles (degrees)
 * @throws {InvalidInputError} if an angle lies outside [-360, 360]
 */
export function createBeam(machine: Machine, pose: BeamPose, name?: string): Beam {
  for (const key of ['gantry', 'collimator', 'couch'] as const) {
    if (!(Math.abs(pose[key]) <= 360)) {
      throw new InvalidInputError(
        `beam: ${key} is ${pose[key]} degrees, but must lie within -360 to 360. Radians are not accepted.`,
      );
    }
  }
  const couch = pose.couch === 0 ? '' : ` C${pose.couch}`;
  return { name: name ?? `G${pose.gantry}${couch}`, machine, pose, frame: createBeamFrame(pose, machine.sad) };
}

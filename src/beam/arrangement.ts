/**
 * Field arrangements by name: the angles that planners of the spine start from (IEC gantry, HFS: 180 is posterior).
 * They are of the patient's body: on a prone patient they turn by 180 degrees.
 *
 * The posterior sets are common practice, not the angles of a particular paper; every case may list its own.
 */
import { InvalidInputError } from '../core/errors.js';
import { own } from '../core/own.js';
import { posteriorGantry } from '../geometry/frame.js';

/** Angles of a beam, IEC 61217, degrees. */
export interface BeamAngles {
  /** 180 is posterior of a patient HFS. */
  readonly gantry: number;
  /** @default 0 */
  readonly collimator?: number | undefined;
  /** @default 0 */
  readonly couch?: number | undefined;
}

const gantries = (...angles: number[]): BeamAngles[] => angles.map((gantry) => ({ gantry }));
const equispaced = (n: number): BeamAngles[] =>
  Array.from({ length: n }, (_, i) => ({ gantry: Math.round((36000 * i) / n) / 100 }));

/** Angles by name; `posterior-N` fans from 80 degrees left to 80 degrees right of posterior. */
export const arrangements: Readonly<Record<string, readonly BeamAngles[]>> = {
  'posterior-1': gantries(180),
  'posterior-2': gantries(135, 225),
  'posterior-3': gantries(120, 180, 240),
  'posterior-4': gantries(110, 150, 210, 250),
  'posterior-5': gantries(100, 140, 180, 220, 260),
  'posterior-6': gantries(100, 130, 160, 200, 230, 260),
  'posterior-7': gantries(110, 135, 157, 180, 203, 225, 250),
  'posterior-8': gantries(100, 123, 146, 169, 191, 214, 237, 260),
  'posterior-9': gantries(100, 120, 140, 160, 180, 200, 220, 240, 260),
  'posterior-3-anterior': gantries(0, 120, 180, 240),
  'ap-pa': gantries(0, 180),
  'equispaced-5': equispaced(5),
  'equispaced-7': equispaced(7),
  'equispaced-9': equispaced(9),
  'non-coplanar-7': [...gantries(110, 140, 180, 220, 250), { gantry: 215, couch: 30 }, { gantry: 145, couch: 330 }],
};

/**
 * The angles of an arrangement on a patient: a name is of what lies where in the patient, and turns with a patient who is
 * not supine; angles that are given stay.
 *
 * @param position as DICOM (0018,5100)
 * @throws {InvalidInputError} for an unknown name, or one with couch angles on a patient who lies on a side
 */
export function anglesOnPatient(named: string | readonly BeamAngles[], position: string): readonly BeamAngles[] {
  if (typeof named !== 'string') return named;
  const angles = arrangementAngles(named);
  const turn = posteriorGantry(position) - 180;
  if (turn === 0) return angles;
  return angles.map(({ gantry, couch = 0, ...rest }) => {
    if (couch !== 0 && turn !== -180) {
      throw new InvalidInputError(
        `arrangement "${named}" turns the couch, which is not worked out for a patient ${position}. List the beams' angles.`,
      );
    }
    // A half turn about the long axis takes couch c to -c.
    return { ...rest, gantry: (gantry + turn + 360) % 360, ...(couch !== 0 && { couch: 360 - couch }) };
  });
}

/** @throws {InvalidInputError} for an unknown name; the message lists those there are */
export function arrangementAngles(name: string): readonly BeamAngles[] {
  const angles = own(arrangements, name);
  if (angles === undefined) {
    throw new InvalidInputError(
      `arrangement "${name}" is unknown. Use one of ${Object.keys(arrangements).join(', ')}, or list the beams' angles.`,
    );
  }
  return angles;
}

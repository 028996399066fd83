/**
 * IEC 61217 frames: from the patient (DICOM LPS) to a beam and back.
 *
 *   p_support = M_position (p_patient - isocentre)
 *   p_fixed   = Rz(+couch) p_support
 *   p_gantry  = Ry(-gantry) p_fixed
 *   p_beam    = Rz(-collimator) p_gantry
 *
 * All frames are right-handed with column vectors. The beam frame has its origin at the isocentre, +z towards the
 * source, which sits at (0, 0, SAD). A point's beam's-eye view is its central projection on the isocentre plane:
 * `(x_beam, y_beam) SAD / (SAD - z_beam)`. This file holds every `aFromB` of the project.
 */

import { mat4, vec3 } from 'gl-matrix';
import { checkFinite, checkPositive } from '../core/check.js';
import { UnsupportedError } from '../core/errors.js';
import { own } from '../core/own.js';
import type { Vec3 } from './grid.js';

/** gl-matrix types do not name Float64Array, its functions take it. */
type Mat4 = Float64Array & mat4;
type MutableVec3 = Float64Array & vec3;

const createMat4 = (): Mat4 => new Float64Array(16) as unknown as Mat4;
const createVec3 = (): MutableVec3 => new Float64Array(3) as unknown as MutableVec3;

/** Rows of M_position: support axes (x towards the patient support's right-hand IEC x, y along the couch, z up) in LPS. */
const SUPPORT_FROM_PATIENT: Record<string, readonly number[]> = {
  HFS: [1, 0, 0, 0, 0, 1, 0, -1, 0],
  HFP: [-1, 0, 0, 0, 0, 1, 0, 1, 0],
  FFS: [-1, 0, 0, 0, 0, -1, 0, -1, 0],
  FFP: [1, 0, 0, 0, 0, -1, 0, 1, 0],
  HFDL: [0, -1, 0, 0, 0, 1, -1, 0, 0],
  HFDR: [0, 1, 0, 0, 0, 1, 1, 0, 0],
  FFDL: [0, 1, 0, 0, 0, -1, -1, 0, 0],
  FFDR: [0, -1, 0, 0, 0, -1, 1, 0, 0],
};

/** DICOM patient positions that {@link createBeamFrame} knows. */
export const patientPositions: readonly string[] = Object.keys(SUPPORT_FROM_PATIENT);

/** Where a beam stands: isocentre and angles. */
export interface BeamPose {
  /** LPS, mm */
  readonly isocenter: Vec3;
  /** Degrees, IEC 61217. */
  readonly gantry: number;
  /** Degrees, IEC 61217. */
  readonly collimator: number;
  /** Degrees, IEC 61217. */
  readonly couch: number;
  /** DICOM (0018,5100); default HFS. */
  readonly position?: string;
}

/** A beam's frame: IEC 61217, origin at the isocentre, +z towards the source. */
export interface BeamFrame {
  /** Source-axis distance, mm. */
  readonly sad: number;
  /** Column-major 4 x 4 rigid transforms (gl-matrix order). */
  readonly beamFromPatient: Float64Array;
  /** Its inverse, laid out likewise. */
  readonly patientFromBeam: Float64Array;
  /** Source in LPS, mm. */
  readonly source: Vec3;
}

/** @throws {UnsupportedError} for a position that is none of DICOM's eight */
function supportAxesOf(position: string): readonly number[] {
  const rows = own(SUPPORT_FROM_PATIENT, position);
  if (rows === undefined) {
    throw new UnsupportedError(
      `beam frame: patient position "${position}" is not one of ${patientPositions.join(', ')}.`,
    );
  }
  return rows;
}

/**
 * The gantry angle, degrees in [0, 360), from which a beam enters the back of the patient: 180 of HFS, 0 of HFP.
 *
 * @throws {UnsupportedError} for a position that is none of DICOM's eight
 */
export function posteriorGantry(position: string): number {
  const rows = supportAxesOf(position);
  return ((Math.atan2(rows[1]!, rows[7]!) * 180) / Math.PI + 360) % 360;
}

/**
 * The rigid transform of one beam.
 *
 * @param pose isocentre (LPS, mm) and angles (degrees)
 * @param sad source-axis distance, mm
 * @throws {InvalidInputError} if an angle is not finite or sad not positive
 * @throws {UnsupportedError} for a patient position outside {@link patientPositions}
 * @see IEC 61217:2011
 */
export function createBeamFrame(pose: BeamPose, sad: number): BeamFrame {
  checkPositive('beam frame: sad', sad);
  for (const c of pose.isocenter) checkFinite('beam frame: isocenter', c);
  const rows = supportAxesOf(pose.position ?? 'HFS');
  const radians = (name: string, degrees: number): number =>
    (checkFinite(`beam frame: ${name}`, degrees) * Math.PI) / 180;

  const beamFromPatient = createMat4();
  mat4.fromZRotation(beamFromPatient, -radians('collimator', pose.collimator));
  mat4.rotateY(beamFromPatient, beamFromPatient, -radians('gantry', pose.gantry));
  mat4.rotateZ(beamFromPatient, beamFromPatient, radians('couch', pose.couch));
  const supportFromPatient = createMat4();
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) supportFromPatient[4 * column + row] = rows[3 * row + column]!;
  }
  supportFromPatient[15] = 1;
  mat4.multiply(beamFromPatient, beamFromPatient, supportFromPatient);
  const [ix, iy, iz] = pose.isocenter;
  mat4.translate(beamFromPatient, beamFromPatient, [-ix, -iy, -iz]);

  const patientFromBeam = createMat4();
  mat4.invert(patientFromBeam, beamFromPatient);
  const source = createVec3();
  vec3.transformMat4(source, [0, 0, sad], patientFromBeam);
  return { sad, beamFromPatient, patientFromBeam, source: [source[0]!, source[1]!, source[2]!] };
}

/** Point in LPS -> beam frame, mm. */
export function toBeam(frame: BeamFrame, point: Vec3): Vec3 {
  const out = createVec3();
  vec3.transformMat4(out, point as vec3, frame.beamFromPatient as unknown as mat4);
  return [out[0]!, out[1]!, out[2]!];
}

/** Point in the beam frame -> LPS, mm. */
export function toPatient(frame: BeamFrame, point: Vec3): Vec3 {
  const out = createVec3();
  vec3.transformMat4(out, point as vec3, frame.patientFromBeam as unknown as mat4);
  return [out[0]!, out[1]!, out[2]!];
}

/** Central projection of an LPS point on the isocentre plane, mm. */
export function projectToIsocentrePlane(frame: BeamFrame, point: Vec3): readonly [number, number] {
  const [x, y, z] = toBeam(frame, point);
  const scale = frame.sad / (frame.sad - z);
  return [x * scale, y * scale];
}

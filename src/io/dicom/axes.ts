/** Axes of an image against those of the patient. */

/** Largest sine of an axis away from the patient's: 0.1 mm over 500 mm. */
const straight = 2e-4;

export interface PatientAxis {
  /** 0 x, 1 y, 2 z (DICOM LPS). */
  readonly axis: 0 | 1 | 2;
  readonly sign: number;
}

/** The patient axis along which a unit vector runs; undefined where it is oblique. */
export function patientAxis(v: ArrayLike<number>): PatientAxis | undefined {
  const along = Array.from(v, Math.abs);
  const axis = along.findIndex((c) => c > 0.5);
  if (axis < 0 || Math.abs(along[axis]! - 1) > straight) return undefined;
  if (along.some((c, a) => a !== axis && c > straight)) return undefined;
  return { axis: axis as 0 | 1 | 2, sign: Math.sign(v[axis]!) };
}

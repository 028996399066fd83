/** Prior courses on a plan's dose grid: what everything that asks about them reads. */
import type { RigidTransform } from '../../geometry/rigid-transform.js';
import type { DoseVolume } from '../../geometry/volume.js';

/** One prior course on a plan's dose grid. */
export interface PriorCourseExposure {
  readonly origin: 'uniform' | 'simulated' | 'imported';
  /** On the plan's grid; NaN where it is unknown. Physical total with its fractions, or EQD2 with its alpha/beta. */
  readonly dose: DoseVolume;
  /** Since its end. */
  readonly months: number;
  /** One sentence for the reader of a result. */
  readonly description: string;
  /** Voxels of the body beyond its grid. */
  readonly beyond: number;
  /** Of a dose from DICOM: its own frame, and the way into that of the plan. */
  readonly source?: { readonly frameOfReferenceUid: string; readonly planFromCourse: RigidTransform };
  readonly notes: readonly string[];
}

/** All prior courses of a case. */
export interface PriorExposure {
  readonly origin: PriorCourseExposure['origin'] | 'several';
  readonly courses: readonly PriorCourseExposure[];
  /**
   * Physical total on the plan's grid, with its fractions; NaN where it is unknown. Of several courses, or of an EQD2: the dose in
   * `fractions` that has the EQD2 of all of them at the cord's alpha/beta, for what moves them as a whole.
   */
  readonly dose: DoseVolume;
  readonly fractions: number;
  /** Since the end of the last one. */
  readonly months: number;
  /** For the reader of a result. */
  readonly description: string;
  /** Voxels of the body beyond the grid of any. */
  readonly beyond: number;
  readonly notes: readonly string[];
}

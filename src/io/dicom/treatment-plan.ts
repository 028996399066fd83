/**
 * Treatment plan: what an RTPLAN says, as plain data.
 *
 * Angles are IEC 61217 in degrees, lengths millimetres, positions of leaves and jaws in the isocentre plane along the
 * collimator's axes, points DICOM LPS. Monitor units are per fraction, as DICOM has them. What a control point does not say it
 * has from the one before, so that each is whole here.
 *
 * @see DICOM PS3.3 C.8.8.9 to C.8.8.16
 */
import type { BeamModifiers } from '../../beam/shaped-fluence.js';
import type { Vec3 } from '../../geometry/grid.js';

/** Which way something turns until the next control point, as DICOM sees it: CW, CC, or NONE. */
export type Turn = 'NONE' | 'CW' | 'CC';

export interface TreatmentPlan {
  /** SOP instance UID. */
  readonly uid: string;
  readonly label: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** PATIENT: isocentres are points of a patient. TREATMENT_DEVICE: they are not. */
  readonly geometry: string;
  readonly intent?: string | undefined;
  readonly approval?: string | undefined;
  readonly patientName: string;
  readonly patientId: string;
  /** Old plans do not name it. */
  readonly frameOfReferenceUid?: string | undefined;
  readonly structureSetUid?: string | undefined;
  readonly doseUids: readonly string[];
  /** What is asked for, in the planner's words. */
  readonly prescriptionText?: string | undefined;
  readonly prescriptions: readonly Prescription[];
  readonly fractionGroups: readonly FractionGroup[];
  readonly beams: readonly TreatmentBeam[];
  /** Of brachytherapy: how many application setups. */
  readonly brachySetups: number;
}

/** A dose that is asked for or bounded. */
export interface Prescription {
  readonly number: number;
  readonly uid?: string | undefined;
  /** POINT, VOLUME, COORDINATES or SITE. */
  readonly structureType: string;
  readonly description?: string | undefined;
  /** Number of the region of interest in the structure set. */
  readonly roi?: number | undefined;
  readonly point?: Vec3 | undefined;
  /** TARGET or ORGAN_AT_RISK. */
  readonly type: string;
  /** Of the course, Gy. */
  readonly targetDose?: number | undefined;
  /** Of the course, Gy. */
  readonly maximum?: number | undefined;
}

/** Fractions that are alike. */
export interface FractionGroup {
  readonly number: number;
  readonly fractions?: number | undefined;
  readonly beams: readonly FractionBeam[];
  readonly brachySetups: number;
}

/** What one beam gives in each fraction of a group. */
export interface FractionBeam {
  readonly beam: number;
  /** Monitor units per fraction. */
  readonly meterset?: number | undefined;
  /** Gy per fraction, at `point`. */
  readonly dose?: number | undefined;
  readonly point?: Vec3 | undefined;
}

/** Jaws or leaves. */
export interface LimitingDevice {
  /** X, Y, ASYMX, ASYMY, MLCX, MLCY. */
  readonly type: string;
  readonly pairs: number;
  /** From the source, mm. */
  readonly distance?: number | undefined;
  /** Sides of leaf pairs, mm, rising. */
  readonly boundaries?: readonly number[] | undefined;
}

/** With the wedge and the block in it, where it is known what they let through. */
export interface TreatmentBeam extends BeamModifiers {
  readonly number: number;
  readonly name: string;
  readonly description?: string | undefined;
  readonly machine: string;
  /** PHOTON, ELECTRON, ... */
  readonly radiation: string;
  /** STATIC or DYNAMIC. */
  readonly type: string;
  /** TREATMENT, SETUP, OPEN_PORTFILM, ... */
  readonly delivery: string;
  /** MU or MINUTE. */
  readonly unit: string;
  /** Source-axis distance, mm. */
  readonly sad?: number | undefined;
  /** STANDARD, or the mode of a flattening filter. */
  readonly fluenceMode?: string | undefined;
  /** Of the patient on the table, as (0018,5100). */
  readonly position?: string | undefined;
  readonly devices: readonly LimitingDevice[];
  /** What else stands in the beam, each as a few words that name it: other wedges and blocks, compensators, bolus, applicators. */
  readonly accessories: readonly string[];
  /** Cumulative meterset weight at the last control point. */
  readonly finalWeight?: number | undefined;
  readonly controlPoints: readonly ControlPoint[];
  /** Of a plan that respine wrote: what its closed jaws and leaves let through. */
  readonly transmission?: BeamTransmission | undefined;
}

/** Fractions of the open fluence under what closes. */
export interface BeamTransmission {
  readonly jaws: number;
  readonly leaves: number;
}

export interface ControlPoint {
  /** In the beam's own units, of which the whole is its `finalWeight`. */
  readonly weight: number;
  /** MV */
  readonly energy?: number | undefined;
  readonly gantry: number;
  readonly gantryTurn: Turn;
  readonly collimator: number;
  readonly collimatorTurn: Turn;
  readonly couch: number;
  readonly couchTurn: Turn;
  /** Angles that a plan usually leaves at 0: eccentric table top, its pitch and roll, pitch of the gantry. */
  readonly tilts: {
    readonly eccentric: number;
    readonly pitch: number;
    readonly roll: number;
    readonly gantry: number;
  };
  readonly isocenter?: Vec3 | undefined;
  /** By type of device: two numbers of jaws; of leaves all of the first side, then all of the second. */
  readonly positions: ReadonlyMap<string, readonly number[]>;
  /** Wedges that are in the beam here, by their numbers; undefined where nothing is said of wedges. */
  readonly wedgesIn?: readonly number[] | undefined;
}

/** Leaves travel along X or along Y; a second letter or number is a second layer of them. */
export const isLeaves = (type: string): boolean => type.startsWith('MLC');

/** Is this beam given, or only looked at? */
export const isSetup = ({ delivery }: Pick<TreatmentBeam, 'delivery'>): boolean =>
  delivery !== 'TREATMENT' && delivery !== 'CONTINUATION';

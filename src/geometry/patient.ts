/**
 * Patient: what planning starts from, be it a phantom or a CT with structures.
 */
import type { Structure } from './structure.js';
import type { Volume } from './volume.js';

/** Whose study DICOM objects belong to: what those that are written have in common with what was read, so that they load beside it. */
export interface DicomStudy {
  /** Text of the attributes of patient and study, by tag of eight hexadecimal digits: `{ '00100010': 'DOE^JANE' }`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly studyUid: string;
  readonly frameOfReferenceUid: string;
  /** The CT that contours refer to. */
  readonly ct?: {
    readonly seriesUid: string;
    /** By rising z, mm. */
    readonly images: readonly { readonly uid: string; readonly sopClass: string; readonly z: number }[];
  };
  /** SOP instance of the structure set that was drawn on it. */
  readonly structureSetUid?: string;
}

/** What planning starts from: a CT as HU and as electron density, on one grid, with its structures. */
export interface Patient {
  readonly name: string;
  /** DICOM patient position; phantoms are HFS. */
  readonly position: string;
  /** Of a DICOM CT; a phantom has none. */
  readonly frameOfReferenceUid?: string;
  /** Of a DICOM CT: the study that it belongs to. */
  readonly study?: DicomStudy;
  /** Of a phantom; a CT has none. */
  readonly origin?: {
    /** The name that its file gives it. */
    readonly phantom: string;
    /** Everything that may be asked of a phantom, its defaults filled in. */
    readonly options: Readonly<Record<string, unknown>>;
  };
  /** CT in HU, or for a phantom the same thing by construction. */
  readonly hounsfield: Volume<'hounsfield'>;
  /** Electron density relative to water, on the grid of `hounsfield`; zero outside the external structure. */
  readonly density: Volume<'density'>;
  readonly structures: readonly Structure[];
  /** Why others of the file, by name, cannot be used: not axial, or in another frame of reference. */
  readonly unfit?: Readonly<Record<string, string>>;
  /** Notes that a reader of the results must see (what was found, overridden, assumed). */
  readonly notes: readonly string[];
}

/** What a phantom was built as. Two phantoms of one origin are the same, as far as a name tells one file from another. */
export type PhantomOrigin = NonNullable<Patient['origin']>;

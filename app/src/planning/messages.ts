/** What the page and its workers say to each other: plain data. */
import type { ProgressEvent } from '../../../dist/core/job-progress.js';
import type { DicomCodecs } from '../../../dist/dicom.js';
import type { PlanCaseInput, Technique, Vec3 } from '../../../dist/index.js';
import type { PanelOptions } from '../../../dist/report.js';

export type Plane = PanelOptions['plane'];

/** A file that was chosen or dropped, with its path below what was dropped. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

/** What was chosen or dropped: a file, or a file or folder that is listed only where it is read. */
export type Given = GivenFile | FileSystemHandle;

/** A phantom with what is changed of it; `spacing` is that of the dose grid too, mm. */
export interface PhantomChoice {
  readonly phantom: string;
  readonly target?: 'body' | 'body-pedicle' | 'horseshoe' | 'ring' | undefined;
  readonly side?: 'left' | 'right' | undefined;
  readonly spacing: Vec3;
  readonly parameters?: Readonly<Record<string, number>> | undefined;
}

/** A structure as the page lists it. */
export interface ListedStructure {
  readonly name: string;
  readonly role: string;
  /** #rrggbb */
  readonly color: string;
}

/** A patient as the page shows it before there is a plan. */
export interface PatientView {
  readonly name: string;
  readonly structures: readonly ListedStructure[];
  /** Corners of the CT, LPS, mm. */
  readonly box: { readonly min: Vec3; readonly max: Vec3 };
  readonly spacing: Vec3;
  /** Voxels along x, y, z. */
  readonly count: Vec3;
  /** The middle of the target, or of the CT. */
  readonly point: Vec3;
  /** The structures that the form proposes. */
  readonly target?: string | undefined;
  readonly cord?: string | undefined;
  /** Of a CT: what the case says of where it lies. */
  readonly source?: { readonly ct: string; readonly structures: string } | undefined;
  /** Of an RTDOSE among the files: its name, largest dose and, where it tells them, fractions. */
  readonly prior?: { readonly file: string; readonly max: number; readonly fractions?: number | undefined } | undefined;
  readonly notes: readonly string[];
}

/** What a picture shows. */
export interface SliceRequest {
  readonly plane: Plane;
  /** LPS, mm */
  readonly point: Vec3;
  readonly structures: readonly string[];
  /** Of which plan the dose is; none: the CT alone. */
  readonly technique?: Technique | undefined;
  /** Gy */
  readonly prescription: number;
  /** Half as wide as the picture is, mm, around the point's target; none: the whole CT. */
  readonly around?: { readonly middle: Vec3; readonly reach: number } | undefined;
  /** Largest size, px. */
  readonly room: { readonly width: number; readonly height: number };
}

/** A picture: pixels, and SVG elements over them. */
export interface SlicePicture {
  readonly plane: Plane;
  readonly image: ImageData;
  readonly vectors: string;
  /** px of the SVG */
  readonly width: number;
  readonly height: number;
  /** px per mm, and the coordinates of the upper left corner across and down, mm. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** A decoder of compressed CT. */
export type DecoderName = keyof DicomCodecs;

/** Its script, and its WebAssembly in base64. */
export interface DecoderFile {
  readonly script: string;
  readonly wasm: string;
}

/** To the worker that holds the patient. */
export type ReaderRequest =
  | { readonly kind: 'phantom'; readonly choice: PhantomChoice }
  /** Some of what was given; then that these were all. */
  | { readonly kind: 'take'; readonly files: readonly Given[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'slice'; readonly request: SliceRequest }
  /** A decoder that was wanted; undefined where it cannot be loaded. */
  | { readonly kind: 'decoder'; readonly name: DecoderName; readonly file: DecoderFile | undefined }
  /** Gives the patient of files to a planner, and takes its doses. */
  | { readonly kind: 'meet'; readonly port: MessagePort };

export interface PlanRequest {
  readonly case: PlanCaseInput;
  readonly techniques: readonly Technique[];
  readonly phantom?: PhantomChoice | undefined;
}

/** To the worker that plans. */
export type PlannerRequest =
  | { readonly kind: 'plan'; readonly request: PlanRequest }
  | { readonly kind: 'files'; readonly of: ExportKind };

export type ExportKind = 'plan.json' | 'report' | 'everything' | 'doses' | 'dicom' | 'pictures' | 'case';

/** A file to save. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** A line of a table: a label, and a cell of each technique. */
export interface GoalLine {
  readonly goal: string;
  readonly value: string;
  readonly result: 'pass' | 'variation' | 'fail' | 'not evaluable';
}

export interface DvhLine {
  readonly name: string;
  readonly color: string;
  /** Gy, ascending from 0 in even steps. */
  readonly dose: Float64Array;
  /** Percent of the volume. */
  readonly percent: Float64Array;
}

/** A plan as the page tells of it. */
export interface PlanView {
  readonly technique: Technique;
  readonly verdict: string;
  readonly isGood: boolean;
  readonly sentence: string;
  readonly certificate: string;
  readonly goals: readonly GoalLine[];
  readonly dvh: readonly DvhLine[];
}

export interface ResultView {
  readonly plans: readonly PlanView[];
  /** Label and a value of each plan, units included. */
  readonly figures: readonly (readonly [label: string, ...cells: string[]])[];
  /** The screen that the command line prints. */
  readonly summary: string;
  readonly prescription: number;
  readonly fractions: number;
  readonly target: string;
  readonly isocenter: Vec3;
  readonly seconds: number;
  readonly threads: number;
}

/** Where planning is. */
export type Progress = Pick<ProgressEvent, 'event' | 'stage' | 'fraction' | 'secondsLeft' | 'note'>;

/** What a worker says unasked. */
export type Told =
  | { readonly told: 'ready' }
  | { readonly told: 'progress'; readonly progress: Progress }
  | { readonly told: 'wants'; readonly decoder: DecoderName };

/** What a worker answers. */
export type Answer<T> =
  | { readonly id: number; readonly value: T }
  | { readonly id: number; readonly error: string; readonly isBug: boolean };

/** What a worker is to be: the first message that it gets. */
export type Role =
  | { readonly role: 'reader' }
  | { readonly role: 'planner'; readonly threads: readonly ThreadLink[]; readonly port: MessagePort }
  | { readonly role: 'thread'; readonly link: ThreadLink };

/** Between the planner and one of its threads. */
export interface ThreadLink {
  readonly port: MessagePort;
  /** Shared: how many requests are answered, and how many bytes the last answer has. */
  readonly state: Int32Array;
  /** Shared: the last answer, JSON in UTF-8. */
  readonly answer: Uint8Array;
}

/** What a page is given to draw, as the one who writes it and its script both know it. */
import type { Grid, Vec3 } from '../../geometry/grid.js';

/** Where the axes lie in the figure, px, and where they end. */
export interface DvhFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Gy, percent */
  readonly maxDose: number;
  readonly maxPercent: number;
}

/** A volume whose bytes stand in the element of this id. */
export interface PackedVolume {
  readonly id: string;
  readonly grid: Grid;
}

/** Rows of dvh.csv of one structure. */
export interface ViewedCurve {
  readonly technique: string;
  readonly structure: string;
  readonly color: string;
  /** Gy, cc, percent */
  readonly dose: readonly number[];
  readonly volume: readonly number[];
  readonly percent: readonly number[];
}

/** The JSON of the page. */
export interface ViewData {
  /** Gy */
  readonly prescription: number;
  readonly doseUnits: string;
  /** LPS, mm: where the planes are at first. */
  readonly point: Vec3;
  /** Percent of the prescription. */
  readonly levels: readonly number[];
  readonly ct: PackedVolume & { readonly hounsfield: readonly number[] };
  /** Gy of one step. */
  readonly doses: readonly (PackedVolume & { readonly technique: string; readonly step: number })[];
  readonly structures: readonly (PackedVolume & {
    readonly name: string;
    readonly color: string;
    /** As in SVG: what tells it from others where colours do not. */
    readonly dash: string;
  })[];
  readonly curves: readonly ViewedCurve[];
  readonly frame: DvhFrame;
}

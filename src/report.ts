// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/** Figures as SVG, and the table of a trade-off. */

// Dose on CT.
export { doseFigure, type DoseFigureOptions } from './render/dose-figure.js';
export type { PanelOptions, FigureStructure } from './render/panel-view.js';
export type { Color } from './render/colour.js';

// Dose-volume histograms.
export { dvhFigure, type DvhFigureOptions, type DvhFigureCurve, type DvhMarker } from './render/dvh-plot.js';

// Coverage under each cap of the cord.
export { tradeOffFigure, tradeOffTable } from './report/trade-off.js';

// SVG to PNG: `loadRasterizer` of `respine/node` makes the rasterizer, `encodePng` of `respine` the file.
export type { Rasterizer } from './render/rasterize.js';
export type { RasterImage, PngOptions } from './render/png.js';
export type { PlacedImage } from './render/drawing.js';

// What a plan's evaluation holds: what became of all that was asked for.
export type { ListedConstraint } from './plan/evaluation/constraint-list.js';
export type { AskedOutcome } from './plan/evaluation/asked-outcome.js';
export type { PriorityOutcome, PriorityGoal } from './plan/evaluation/priority-outcome.js';
export type { ConstraintOutcome } from './plan/evaluation/constraint-outcome.js';
export type { RetreatmentAssessment } from './plan/evaluation/retreatment.js';
export type { PositionReport } from './plan/evaluation/setup-uncertainty.js';
export type { RobustReport } from './plan/evaluation/robustness.js';
export type { StructureReport } from './plan/evaluation/evaluate-plan.js';
export type { PlannedPriority } from './plan/technique/technique-plan.js';

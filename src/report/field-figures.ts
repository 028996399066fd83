/** Beam's-eye views of a plan's fields: leaves of conformal fields, fluence, segments with their sum. */
import type { Aperture } from '../beam/aperture.js';
import { evenPixels } from '../beam/pixel-fluence.js';
import { projectSilhouette, type Silhouette } from '../beam/projection.js';
import { tracePixels } from '../geometry/contour-trace.js';
import { sidesOfView } from '../geometry/orientation.js';
import { targetNames } from '../plan/patient/patient-model.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { PlannedField } from '../plan/technique/technique-plan.js';
import { type BeamsEyeFluence, type BeamsEyeOutline, beamsEyeFigure } from '../render/beams-eye.js';
import { structureColor } from '../render/colour.js';

/** Views of the static beams that stand for an arc, at most. */
const ARC_VIEWS = 12;

type FieldOutlines = readonly BeamsEyeOutline[];

/** A view of every field of every technique, by file name. */
export function fieldPictures(result: PlanningResult): [name: string, svg: string][] {
  // Techniques often share beams, and so the shadows in their views.
  const shadows = new Map<string, FieldOutlines>();
  return result.plans.flatMap(({ plan }) => {
    const maps = plan.fields.map((field) => (field.aperture === undefined ? pictured(field) : undefined));
    const largest = maps.reduce(
      (high, map) => (map?.values as Float64Array | undefined)?.reduce((a, b) => Math.max(a, b), high) ?? high,
      1e-6,
    );
    const every = plan.delivery?.kind === 'arc' ? Math.ceil(plan.fields.length / ARC_VIEWS) : 1;
    return plan.fields.flatMap((field, i): [string, string][] => {
      if (i % every !== 0) return [];
      const pose = JSON.stringify([field.beam.machine.name, field.beam.pose]);
      const outlines = shadows.get(pose) ?? fieldOutlines(result, field);
      shadows.set(pose, outlines);
      const title = `${result.model.patient.name}: ${plan.technique.toUpperCase()} field ${i + 1} of ${plan.fields.length}`;
      const svg = fieldView(field, { title, outlines, map: maps[i], largest }, result.case.prescription.fractions);
      return [[`field_${plan.technique}_${String(i + 1).padStart(2, '0')}`, svg]];
    });
  });
}

/** Targets and cord as the field sees them. */
function fieldOutlines({ model }: PlanningResult, { beam }: PlannedField): FieldOutlines {
  return [...targetNames(model), model.cord].map((name) => ({
    name,
    color: model.structures.get(name)!.color ?? structureColor(name),
    // Voxel centres lie half a voxel inside the outline; a little more closes the gaps between their projections.
    polygons: silhouetteOutline(
      projectSilhouette(beam.frame, model.masks.get(name)!, 0.7 * Math.max(...model.grid.spacing)),
    ),
  }));
}

/** mm of a pixel in which segments are drawn. */
const PICTURED = 1;

const isEven = (edges: Float64Array): boolean =>
  edges.every((edge, n) => n < 2 || Math.abs(edge - 2 * edges[n - 1]! + edges[n - 2]!) < 1e-6);

/** A field's fluence on even pixels: that of leaves has an edge wherever one of them stands. */
function pictured({ fluence, segments }: PlannedField): BeamsEyeFluence {
  const { x, y } = fluence.grid;
  const isPlain = segments === undefined && isEven(x) && isEven(y) && Math.abs(x[1]! - x[0]! - y[1]! + y[0]!) < 1e-6;
  const { grid, weights } = isPlain ? fluence : evenPixels(fluence, PICTURED);
  const spacing = grid.x[1]! - grid.x[0]!;
  return {
    x0: grid.x[0]! + spacing / 2,
    y0: grid.y[0]! + spacing / 2,
    spacing,
    nx: grid.x.length - 1,
    ny: grid.y.length - 1,
    values: weights,
  };
}

interface ShownField {
  readonly title: string;
  readonly outlines: FieldOutlines;
  /** Of a modulated field. */
  readonly map: BeamsEyeFluence | undefined;
  /** Monitor units of the brightest pixel of the plan. */
  readonly largest: number;
}

/** Of leaves that move: where they stand on the way. */
type ViewedField = PlannedField & { readonly controlPoints?: readonly { readonly aperture: Aperture }[] };

function fieldView(
  { beam, aperture, segments, controlPoints, fluence: { grid }, monitorUnits }: ViewedField,
  { title, outlines, map, largest }: ShownField,
  fractions: number,
): string {
  const open = aperture?.openings ?? (segments ?? controlPoints)?.flatMap((own) => own.aperture.openings);
  const edges = open
    ? open.flatMap((o) => [o.x0, o.x1, o.y0, o.y1])
    : [grid.x[0]!, grid.x[grid.x.length - 1]!, grid.y[0]!, grid.y[grid.y.length - 1]!];
  return beamsEyeFigure({
    title,
    gantry: beam.pose.gantry,
    collimator: beam.pose.collimator ?? 0,
    couch: beam.pose.couch ?? 0,
    sides: sidesOfView(beam.frame),
    monitorUnits,
    monitorUnitsAre: [whatUnitsAre(segments, (aperture ?? controlPoints) !== undefined), ofFractions(fractions)],
    extent: 1.1 * edges.reduce((far, mm) => Math.max(far, Math.abs(mm)), 0),
    outlines,
    ...(map === undefined ? { leaves: aperture! } : { fluence: map, maxMonitorUnits: largest }),
    ...(segments && { segments }),
  });
}

function whatUnitsAre(segments: PlannedField['segments'], isShaped: boolean): string {
  if (segments === undefined) return isShaped ? 'of the field' : 'mean over open beamlets';
  return `sum of ${segments.length} segment${segments.length === 1 ? '' : 's'}`;
}

const ofFractions = (fractions: number): string =>
  fractions === 1 ? 'one fraction' : `all ${fractions} fractions together`;

/** Pixel edges of a silhouette, mm in the isocentre plane. */
function silhouetteOutline({ x0, y0, spacing, nx, ny, pixels: cells }: Silhouette): Float64Array[] {
  return tracePixels(cells, { shape: [1, ny, nx], spacing: [spacing, spacing, 1], origin: [x0, y0, 0] });
}

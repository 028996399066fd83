/** Beam's-eye views of a plan's fields: leaves of conformal fields, fluence, segments with their sum. */
import { evenPixels } from '../beam/pixel-fluence.js';
import { projectSilhouette, type Silhouette } from '../beam/projection.js';
import { tracePixels } from '../geometry/contour-trace.js';
import { sidesOfView } from '../geometry/orientation.js';
import { targetNames } from '../plan/patient/patient-model.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { PlannedField, TechniquePlan } from '../plan/technique/technique-plan.js';
import { type BeamsEyeFluence, type BeamsEyeOutline, beamsEyeFigure } from '../render/beams-eye.js';
import { structureColor } from '../render/colour.js';

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
    return plan.fields.map((field, i): [string, string] => {
      const pose = JSON.stringify([field.beam.machine.name, field.beam.pose]);
      const outlines = shadows.get(pose) ?? fieldOutlines(result, field);
      shadows.set(pose, outlines);
      const title = `${result.model.patient.name}: ${plan.technique.toUpperCase()} field ${i + 1} of ${plan.fields.length}`;
      const svg = fieldView(field, { title, outlines, map: maps[i], largest }, result.case.prescription.fractions);
      return [`field_${plan.technique}_${String(i + 1).padStart(2, '0')}`, svg];
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

/** A field's fluence on even pixels: that of segments has an edge wherever a leaf stands. */
function pictured({ fluence, segments }: PlannedField): BeamsEyeFluence {
  const { grid, weights } = segments === undefined ? fluence : evenPixels(fluence, PICTURED);
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

function fieldView(
  { beam, aperture, segments, fluence: { grid }, monitorUnits }: PlannedField,
  { title, outlines, map, largest }: ShownField,
  fractions: number,
): string {
  const open = aperture?.openings ?? segments?.flatMap((own) => own.aperture.openings);
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
    monitorUnitsAre: unitsInWords({ ...(aperture && { aperture }), ...(segments && { segments }) }, fractions),
    extent: 1.1 * edges.reduce((far, mm) => Math.max(far, Math.abs(mm)), 0),
    outlines,
    ...(map === undefined ? { leaves: aperture! } : { fluence: map, maxMonitorUnits: largest }),
    ...(segments && { segments }),
  });
}

/** What the monitor units of a field are, of all fractions. */
function unitsInWords(
  { aperture, segments }: Pick<TechniquePlan['fields'][number], 'aperture' | 'segments'>,
  fractions: number,
): string[] {
  const of =
    segments !== undefined
      ? `sum of ${segments.length} segment${segments.length === 1 ? '' : 's'}`
      : aperture !== undefined
        ? 'of the aperture'
        : 'mean over open beamlets';
  return [of, fractions === 1 ? 'one fraction' : `all ${fractions} fractions together`];
}

/** Pixel edges of a silhouette, mm in the isocentre plane. */
function silhouetteOutline({ x0, y0, spacing, nx, ny, pixels: cells }: Silhouette): Float64Array[] {
  return tracePixels(cells, { shape: [1, ny, nx], spacing: [spacing, spacing, 1], origin: [x0, y0, 0] });
}

/**
 * The dose of a plan's techniques along the line from the cord through the target, in the axial plane of the isocentre: how steeply it
 * falls between the two, Gy/mm.
 */
import { toDecimals } from '../core/rounding.js';
import { coordinateAt, type Vec3 } from '../geometry/grid.js';
import { valueAt } from '../geometry/resample.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import { targetMaskOf, targetNames } from '../plan/patient/patient-model.js';
import type { PlanningResult } from '../plan/run-plan.js';
import { type Color, structureColor } from '../render/colour.js';
import { doseUnits } from '../render/dose-legend.js';
import { type ProfileSpan, profileFigure } from '../render/profile-figure.js';

/** Between samples, mm. */
const STEP = 0.5;
/** The line begins so far behind the middle of the cord, and ends so far ahead of it, mm. */
const [BEHIND, AHEAD] = [30, 80];
/** The fall is taken over so many samples: 2 mm, so that no single cell of the dose grid is read as a slope. */
const OVER = 4;

/** SVG; undefined where the plane of the isocentre has no cord or no target. */
export function doseProfileFigure(
  { model, plans, case: planCase }: PlanningResult,
  subtitle: string,
): string | undefined {
  const cordMask = model.masks.get(model.cord);
  const cord = cordMask && middleInPlane(cordMask, model.isocenter[2]);
  const target = middleInPlane(targetMaskOf(model), model.isocenter[2]);
  if (cord === undefined || target === undefined) return undefined;
  const away = [target[0] - cord[0], target[1] - cord[1]] as const;
  const length = Math.hypot(...away);
  if (length < 1) return undefined;
  const places = Array.from({ length: (BEHIND + AHEAD) / STEP + 1 }, (_, i) => STEP * i - BEHIND);
  const at = (mm: number): Vec3 => [cord[0] + (mm * away[0]) / length, cord[1] + (mm * away[1]) / length, cord[2]];
  const colorOf = (name: string): Color | string => model.structures.get(name)!.color ?? structureColor(name);
  const spans = [...targetNames(model), model.cord].flatMap((name) =>
    spansOf(model.masks.get(name)!, places, at).map(([from, to]) => ({ name, from, to, color: colorOf(name) })),
  );
  const curves = plans.map(({ plan: { technique, dose } }, i) => {
    const points = profileOf(dose, places, at);
    const fall = steepest(points, spans, model.cord);
    return {
      label: technique.toUpperCase(),
      points,
      ...(i < plans.length - 1 && { dash: '7 4' }),
      ...(fall !== undefined && { note: `falls ${toDecimals(fall, 1)} Gy/mm` }),
    };
  });
  if (curves.some(({ points }) => points.length < 2)) return undefined;
  return profileFigure({
    title: `${model.patient.name}: dose from the cord through the target`,
    subtitle: `${subtitle}; steepest fall over 2 mm between the middle of ${model.cord} and ${model.target}`,
    along: `Distance from the middle of ${model.cord} towards ${model.target} [mm], z = ${toDecimals(cord[2], 1)} mm`,
    curves,
    spans: spans.sort((a, b) => a.from - b.from),
    prescription: planCase.prescription.dose,
    doseUnits: doseUnits(plans[0]!.plan.dose),
  });
}

/** Middle of a mask in the layer of its grid next to z; undefined where it has none there. */
function middleInPlane({ grid, data }: Volume<'mask'>, z: number): Vec3 | undefined {
  const [nz, ny, nx] = grid.shape;
  const k = Math.min(nz - 1, Math.max(0, Math.round((z - grid.origin[2]) / grid.spacing[2])));
  let [x, y, total] = [0, 0, 0];
  for (let j = 0, voxel = k * nx * ny; j < ny; j++)
    for (let i = 0; i < nx; i++, voxel++) {
      x += data[voxel]! * i;
      y += data[voxel]! * j;
      total += data[voxel]!;
    }
  if (total === 0) return undefined;
  return [coordinateAt(grid, 0, x / total), coordinateAt(grid, 1, y / total), coordinateAt(grid, 2, k)];
}

const profileOf = (
  dose: DoseVolume,
  places: readonly number[],
  at: (mm: number) => Vec3,
): (readonly [number, number])[] =>
  places.flatMap((mm) => {
    const gray = valueAt(dose, ...at(mm));
    return gray === undefined ? [] : [[mm, gray] as const];
  });

/** Where the line is inside a mask. */
function spansOf(mask: Volume<'mask'>, places: readonly number[], at: (mm: number) => Vec3): [number, number][] {
  const out: [number, number][] = [];
  let open: [number, number] | undefined;
  for (const mm of places) {
    const isInside = (valueAt(mask, ...at(mm)) ?? 0) >= 0.5;
    if (!isInside) open = undefined;
    else if (open) open[1] = mm;
    else {
      open = [mm, mm];
      out.push(open);
    }
  }
  return out.filter(([from, to]) => to > from);
}

/** Gy/mm from the middle of the cord to the far end of the first target span ahead of it; undefined where there is none. */
function steepest(
  points: readonly (readonly [number, number])[],
  spans: readonly ProfileSpan[],
  cord: string,
): number | undefined {
  const ahead = spans.filter(({ name, to }) => name !== cord && to > 0).sort((a, b) => a.from - b.from)[0];
  if (ahead === undefined) return undefined;
  const near = points.filter(([mm]) => mm >= 0 && mm <= Math.min(ahead.to, Math.max(0, ahead.from) + 5));
  let largest: number | undefined;
  for (let i = OVER; i < near.length; i++) {
    const slope = (near[i]![1] - near[i - OVER]![1]) / (near[i]![0] - near[i - OVER]![0]);
    if (largest === undefined || slope > largest) largest = slope;
  }
  return largest;
}

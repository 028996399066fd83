/**
 * The pictures of a job by file name: dose in three planes per technique, both side by side, DVHs, beam's-eye views.
 */

import { toDecimals } from '../core/rounding.js';
import { cumulativeCurve, type Dvh, volumeAtDose } from '../evaluate/dvh.js';
import { dvhBand } from '../evaluate/dvh-band.js';
import { aroundCurve, type ShiftBand } from '../evaluate/shift-band.js';
import { gridBox } from '../geometry/grid.js';
import { occupiedFrom } from '../geometry/volume.js';
import { targetMaskOf, targetNames } from '../plan/patient/patient-model.js';
import type { PlanningResult } from '../plan/run-plan.js';
import { structureColor } from '../render/colour.js';
import { compareDrawing } from '../render/compare-figure.js';
import { doseDrawings } from '../render/dose-figure.js';
import { doseUnits } from '../render/dose-legend.js';
import { DEFAULT_LEVELS } from '../render/dose-panel.js';
import type { Drawing } from '../render/drawing.js';
import { type DvhGoal, dvhFigure } from '../render/dvh-plot.js';
import type { FigureStructure, PanelOptions } from '../render/panel-view.js';
import { cropAround } from './crop.js';
import { cumulativePictures } from './cumulative-figures.js';
import { doseProfileFigure } from './dose-profile.js';
import { goalPoint } from './dvh-goals.js';
import { fieldPictures } from './field-figures.js';
import { shiftSize } from './numbers.js';

const planes = ['axial', 'sagittal', 'coronal'] as const;

/**
 * The pictures of a plan by file name without extension: drawings, or SVG where there are no images.
 *
 * @param options.colors of dose: the rainbow of clinics, or one with equal steps. @default 'rainbow'
 */
export function planPictures(
  result: PlanningResult,
  options: { readonly colors?: 'rainbow' | 'even' } = {},
): Map<string, string | Drawing> {
  const { model, plans, case: planCase } = result;
  const out = new Map<string, string | Drawing>();
  const shown = structuresShown(result);
  const { dose, fractions, to } = planCase.prescription;
  const prescribed = `${dose} Gy in ${fractions} fractions, ${to === 'isocenter' ? 'isocentre' : `${to} of ${model.target}`}${furtherOf(model)}`;
  const look = { ...options, hounsfield: model.patient.hounsfield, structures: shown, point: model.isocenter };
  const common = {
    ...look,
    prescription: dose,
    ...(model.several && { levels: levelsOfTargets(model.several.all) }),
  };
  const near = cropAround(targetMaskOf(model), gridBox(model.patient.hounsfield.grid), 45);
  const titled = plans.map(({ plan: { technique, dose: volume, fields } }) => ({
    dose: volume,
    beams: axesOf(fields),
    title: `${model.patient.name}: ${technique.toUpperCase()}, ${fields.length} fields`,
  }));
  for (const plane of planes) {
    // The cord is small where it is cut across.
    const inset = plane === 'axial' ? { structure: model.cord } : undefined;
    const drawings = doseDrawings({ ...common, plane, subtitle: prescribed, ...(inset && { inset }) }, titled);
    drawings.forEach((drawing, i) => {
      out.set(`${plane}_${plans[i]!.plan.technique}`, drawing);
    });
  }
  if (plans.length > 1) {
    for (const plane of ['axial', 'sagittal'] as const) {
      out.set(
        `compare_${plane}`,
        compareDrawing({
          ...common,
          plane,
          crop: near,
          plans: plans.map(({ plan: p }) => ({ label: p.technique.toUpperCase(), dose: p.dose })),
          title: `${model.patient.name}: ${plans.map(({ plan: p }) => p.technique.toUpperCase()).join(' and ')}`,
          subtitle: prescribed,
        }),
      );
    }
  }
  for (const [name, drawing] of cumulativePictures(result, planes, look)) out.set(name, drawing);
  out.set('dvh', dvhOf(result, shown, prescribed));
  const profile = doseProfileFigure(result, prescribed);
  if (profile !== undefined) out.set('profile', profile);
  for (const [name, svg] of fieldPictures(result)) out.set(name, svg);
  return out;
}

/** More axes than that hide the plan: those of an arc. */
const MOST_AXES = 15;

/** Of the fields, by their gantry angles. */
function axesOf(fields: PlanningResult['plans'][number]['plan']['fields']): NonNullable<PanelOptions['beams']> {
  if (fields.length > MOST_AXES) return [];
  return fields.map(({ beam: { frame, pose } }) => ({ label: `${toDecimals(pose.gantry, 1)}°`, source: frame.source }));
}

/** Targets besides that of the prescription, for a subtitle. */
const furtherOf = ({ several }: PlanningResult['model']): string =>
  (several?.all.slice(1) ?? []).map(({ name, dose }) => `; ${name} ${dose} Gy`).join('');

/**
 * Isodoses of several targets, percent of the prescription: of each its 95 %, of the highest dose the hot spot.
 *
 * @internal
 */
export function levelsOfTargets(all: NonNullable<PlanningResult['model']['several']>['all']): number[] {
  const percents = all.map(({ dose }) => dose / all[0]!.dose);
  const highest = Math.max(...percents);
  const wanted = [107 * highest, ...percents.map((own) => 95 * own), ...DEFAULT_LEVELS.filter((level) => level < 95)];
  return [...new Set(wanted.map((level) => toDecimals(level, 1)))];
}

/** Targets, what carries a goal or limits the plan, the external, and organs that get more than a tenth of the dose. */
export function structuresShown({ model, plans, case: planCase }: PlanningResult): FigureStructure[] {
  const wanted = new Set([...targetNames(model), 'CTV', 'GTV', model.cord, 'ThecalSac', model.external]);
  for (const { goals, dvhs } of plans) {
    for (const goal of goals) wanted.add(goal.structure);
    const organs = [...dvhs.values()]
      .filter((d) => model.structures.get(d.name)!.role === 'organ' && !/^(z|VB_|SpinalCanal)|PRV/.test(d.name))
      .filter((d) => d.max > 0.1 * planCase.prescription.dose)
      .sort((a, b) => b.max - a.max);
    for (const organ of organs.slice(0, 6)) wanted.add(organ.name);
  }
  return [...model.masks]
    .filter(([name, mask]) => wanted.has(name) && occupiedFrom(mask) > 0)
    .map(([name, mask]) => ({ name, color: model.structures.get(name)!.color ?? structureColor(name), mask }));
}

/** Goals of all plans on structures that are shown; one is met where no plan misses it. */
function goalsOf(
  { plans, case: planCase }: PlanningResult,
  colors: ReadonlyMap<string, FigureStructure['color']>,
): DvhGoal[] {
  const points = new Map<string, DvhGoal>();
  for (const { goals, dvhs } of plans) {
    for (const goal of goals) {
      const color = colors.get(goal.structure);
      const point = goalPoint(goal, dvhs.get(goal.structure), planCase.prescription.dose);
      if (color === undefined || point === undefined) continue;
      const key = `${point.structure} ${point.dose} ${point.volume}`;
      points.set(key, { ...point, color, isMet: point.isMet && (points.get(key)?.isMet ?? true) });
    }
  }
  return [...points.values()];
}

/** What the set-up may make of a curve. */
const underShifts = (dvh: Dvh, band: ShiftBand) =>
  aroundCurve(band, (dose) => (100 * volumeAtDose(dvh, dose)) / dvh.volumeCc);

function dvhOf(result: PlanningResult, shown: readonly FigureStructure[], subtitle: string): string {
  const { plans, model, case: planCase } = result;
  const colors = new Map(shown.map((s) => [s.name, s.color]));
  const shifted = plans.find(({ position }) => position !== undefined)?.position;
  return dvhFigure({
    title: `${model.patient.name}: dose-volume histograms`,
    subtitle,
    // The last technique is drawn solid.
    plans: plans.map(({ plan: p }, i) => ({
      label: p.technique.toUpperCase(),
      ...(i < plans.length - 1 ? { dash: '7 4' } : {}),
    })),
    curves: plans.flatMap(({ dvhs, position }, p) =>
      [...dvhs.values()]
        .filter((dvh) => colors.has(dvh.name) && dvh.name !== model.external)
        .map((dvh) => ({
          structure: dvh.name,
          color: colors.get(dvh.name)!,
          plan: p,
          points: cumulativeCurve(dvh, 161),
          ...(dvh.bounds && { band: dvhBand([dvh, dvh.bounds.lower, dvh.bounds.upper], 161) }),
          ...(position?.structure === dvh.name && { shifts: underShifts(dvh, position.band) }),
        })),
    ),
    bandLabel: 'how far off at most',
    ...(shifted && { shiftsLabel: `${shifted.band.count} shifts of ${shiftSize(shifted.search)}` }),
    goals: goalsOf(result, colors),
    prescription: planCase.prescription.dose,
    limits: [
      ...(model.several?.all.slice(1) ?? []).map(({ name, dose }) => ({
        label: `${name} ${dose} Gy`,
        dose,
        color: colors.get(name)!,
      })),
      { label: `${model.cord} Max <= ${planCase.cordCap} Gy`, dose: planCase.cordCap, color: colors.get(model.cord)! },
    ],
    doseUnits: doseUnits(plans[0]!.plan.dose),
  });
}

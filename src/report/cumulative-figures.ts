/**
 * Pictures of both courses together: EQD2 of every prior course and of this plan, voxel by voxel, without recovery.
 */
import { eqd2 } from '../biology/linear-quadratic.js';
import type { DoseVolume } from '../geometry/volume.js';
import { cumulativeEqd2 } from '../plan/evaluation/cumulative-dose.js';
import type { PlanningResult } from '../plan/run-plan.js';
import { doseDrawings } from '../render/dose-figure.js';
import type { Drawing } from '../render/drawing.js';
import { extractSlice, type Plane } from '../render/slice.js';

type Look = Omit<Parameters<typeof doseDrawings>[0], 'plane' | 'prescription' | 'levels' | 'subtitle' | 'beams'>;

/** Lines, at most; they stand at whole tens of Gy, or twenties. */
const MOST_LINES = 8;

/**
 * The three planes of every plan by file name; none without a prior course, and no plane all over which its dose is not known.
 *
 * @param planes in their order
 * @param look what all pictures of the plan have in common
 */
export function cumulativePictures(
  { model, plans, prior, case: planCase }: PlanningResult,
  planes: readonly Plane[],
  look: Look,
): Map<string, Drawing> {
  const out = new Map<string, Drawing>();
  if (prior === undefined) return out;
  const alphaBeta = planCase.alphaBeta.cord;
  const { dose, fractions } = planCase.prescription;
  const sums = plans.flatMap(({ plan }) => {
    const sum = cumulativeEqd2(model, prior, plan.dose, fractions, alphaBeta);
    return typeof sum === 'string' ? [] : [{ technique: plan.technique, sum }];
  });
  const known = planes.filter((plane) => sums.every(({ sum }) => isKnown(sum, plane, look)));
  if (sums.length === 0 || known.length === 0) return out;
  const largest = Math.max(...sums.map(({ sum }) => largestIn(sum)));
  const least = Math.min(...sums.map(({ sum }) => leastIn(sum, model.body.index)));
  // The colours end near the largest sum that one would expect in the target.
  const reference = eqd2(largestIn(prior.dose), prior.fractions, alphaBeta) + eqd2(dose, fractions, alphaBeta);
  const step = largest > 10 * (MOST_LINES + 2) ? 20 : 10;
  const levels = Array.from({ length: Math.floor(largest / step) }, (_, i) => step * (i + 1))
    // What the whole body is above would be a line along its surface.
    .filter((gray) => gray >= 0.2 * reference && gray > least)
    .map((gray) => (100 * gray) / reference);
  for (const plane of known) {
    const drawings = doseDrawings(
      {
        ...look,
        plane,
        prescription: reference,
        levels,
        numbers: 'gray',
        // The cord is small where it is cut across.
        ...(plane === 'axial' && { inset: { structure: model.cord } }),
        subtitle: `EQD2 of all courses, alpha/beta ${alphaBeta} Gy, no recovery. ${prior.description}`,
      },
      sums.map(({ technique, sum }) => ({
        dose: sum,
        title: `${model.patient.name}: ${technique.toUpperCase()} and the prior course together`,
      })),
    );
    drawings.forEach((drawing, i) => {
      out.set(`cumulative_${plane}_${sums[i]!.technique}`, drawing);
    });
  }
  return out;
}

/** Of the voxels that have a number. */
const largestIn = ({ data }: DoseVolume): number => data.reduce((top, gray) => (gray > top ? gray : top), 0);

const leastIn = ({ data }: DoseVolume, voxels: Int32Array): number =>
  voxels.reduce((least, voxel) => (data[voxel]! < least ? data[voxel]! : least), Number.POSITIVE_INFINITY);

/** Whether every voxel of the plane has a number. */
const isKnown = (sum: DoseVolume, plane: Plane, { point }: Look): boolean =>
  extractSlice(sum, plane, point).data.every(Number.isFinite);

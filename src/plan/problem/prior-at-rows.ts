/** What the prior courses did at the rows of the optimiser: for objectives on the dose of all courses. */
import { InvalidInputError } from '../../core/errors.js';
import type { DoseScale } from '../../evaluate/metric.js';
import type { PatientModel } from '../patient/patient-model.js';
import { voxelAt } from '../patient/planning-grid.js';
import { effectAt, whyNoEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';

/** Gy on the scale, one per row of a structure. */
export type PriorAtRows = (structure: string, rows: Int32Array, scale: DoseScale) => Float64Array;

/**
 * @param points of the rows, x, y, z triples in LPS, mm
 * @throws {InvalidInputError} where the effect is not known in all rows
 */
export function priorAtRows(
  { grid }: Pick<PatientModel, 'grid'>,
  prior: Pick<PriorExposure, 'courses'>,
  points: Float64Array,
): PriorAtRows {
  return (structure, rows, { quantity, alphaBeta }) => {
    const reason = whyNoEffect(prior, alphaBeta);
    if (reason !== undefined) return refuse(structure, reason, 'Give the scale of the prior dose.');
    const effect = Float64Array.from(rows, (row) =>
      effectAt(prior, voxelAt(grid, points.subarray(3 * row, 3 * row + 3)), quantity, alphaBeta),
    );
    const unknown = effect.reduce((sum, gy) => sum + (Number.isNaN(gy) ? 1 : 0), 0);
    if (unknown > 0) {
      return refuse(
        structure,
        `the prior dose is unknown in ${unknown} of its ${rows.length} rows`,
        'Say that the course gave nothing there (prior.beyond: "zero"), or let courses be "this".',
      );
    }
    return effect;
  };
}

/** Where there was no prior course. @throws {InvalidInputError} */
export const noPrior: PriorAtRows = (structure) =>
  refuse(structure, 'there was no prior course', 'Let its courses be "this", or give "prior".');

function refuse(structure: string, why: string, remedy: string): never {
  throw new InvalidInputError(
    `case: objectives: an objective on ${structure} is of all courses, but ${why}. ${remedy}`,
  );
}

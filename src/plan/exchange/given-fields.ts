/** Weights and fluence maps of others as fields of a plan, checked before anything is computed of them. */
import type { BeamAngles } from '../../beam/arrangement.js';
import { createBeam } from '../../beam/beam.js';
import { pixelCount } from '../../beam/fluence.js';
import { checkCount } from '../../core/budget.js';
import { checkFinite } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import type { FluenceField } from '../../dose/beam-view.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlannedField } from '../technique/technique-plan.js';

/** Fields, and pixels of one: what a plan can have of them. */
const MOST_FIELDS = 360;
const MOST_PIXELS = 1e6;

/**
 * @param of what the weights are of, for the message: `weights of w.npy`
 * @throws {InvalidInputError} naming the first weight that is not a finite number >= 0
 */
export function checkWeights(of: string, weights: ArrayLike<number>): void {
  if (typeof weights?.length !== 'number') {
    throw new InvalidInputError(`plan: ${of} are no list of numbers. Give one weight in monitor units per beamlet.`);
  }
  for (let c = 0; c < weights.length; c++) {
    const weight = weights[c];
    if (typeof weight === 'number' && Number.isFinite(weight) && weight >= 0) continue;
    throw new InvalidInputError(
      `plan: ${of}: number ${c} is ${String(weight)}, but a weight is monitor units, finite and >= 0. Solve with w >= 0, or set it to 0.`,
    );
  }
}

/** @throws {InvalidInputError} unless there is one weight per beamlet */
export function checkWeightCount(of: string, count: number, beams: readonly ModulatedBeam[]): void {
  const each = beams.map(({ beamlets }) => beamlets.pixels.length);
  const columns = each.reduce((a, b) => a + b, 0);
  if (count === columns) return;
  throw new InvalidInputError(
    `plan: ${of}: there are ${count}, but the case's ${beams.length} beams have ${columns} beamlets (${each.slice(0, 12).join(' + ')}${each.length > 12 ? ' + ...' : ''}). Give one weight per beamlet, in the order of beamlets.csv.`,
  );
}

/** A fluence on the pixels of its own, and the beam that it is given with. */
export type GivenMap = BeamAngles & { readonly fluence: FluenceField };

/**
 * @throws {InvalidInputError} naming the map that is none: angles that are not finite, edges that do not rise, a weight per pixel that
 *   is missing or negative
 */
export function checkMaps(maps: readonly GivenMap[]): void {
  if (!Array.isArray(maps) || maps.length === 0) {
    throw new InvalidInputError('plan: there are no fluence maps. Give a list with one { gantry, fluence } per beam.');
  }
  checkCount('plan: fluence maps', maps.length, MOST_FIELDS, 'Give fewer beams.');
  maps.forEach(({ gantry, collimator = 0, couch = 0, fluence }, m) => {
    const name = `plan: fluence map ${m}`;
    checkFinite(`${name}: gantry`, gantry);
    checkFinite(`${name}: collimator`, collimator);
    checkFinite(`${name}: couch`, couch);
    const { grid, weights } = fluence ?? {};
    for (const axis of ['x', 'y'] as const) checkEdges(`${name}: grid.${axis}`, grid?.[axis]);
    const pixels = pixelCount(grid);
    checkCount(`${name}: pixels`, pixels, MOST_PIXELS, 'Give coarser ones: edges are in mm.');
    if (weights?.length !== pixels) {
      throw new InvalidInputError(
        `${name}: ${weights?.length ?? 'no'} weights for ${pixels} pixels. Give one for each.`,
      );
    }
    checkWeights(`weights of fluence map ${m}`, weights);
  });
}

function checkEdges(name: string, edges: ArrayLike<number> | undefined): void {
  const values = Array.from(edges ?? []);
  if (values.length >= 2 && values.every((v, i) => Number.isFinite(v) && (i === 0 || v > values[i - 1]!))) return;
  throw new InvalidInputError(`${name} are no edges of pixels: give two or more numbers in mm that rise.`);
}

/** The fields of checked maps on a patient. */
export function fieldsOfMaps(maps: readonly GivenMap[], model: PatientModel, machine: Machine): PlannedField[] {
  const { isocenter, patient } = model;
  return maps.map(({ gantry, collimator = 0, couch = 0, fluence: { grid, weights } }): PlannedField => {
    const beam = createBeam(machine, { isocenter, gantry, collimator, couch, position: patient.position });
    const shining = weights.filter((w) => w > 0);
    const monitorUnits = shining.length === 0 ? 0 : shining.reduce((a, b) => a + b, 0) / shining.length;
    return { beam, monitorUnits, fluence: { grid, weights } };
  });
}

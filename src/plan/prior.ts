/**
 * The prior course as a physical dose on the plan's grid: uniform in a region, computed from simple fields by the same
 * engine on the same patient, or read from a file and carried over by a rigid transform.
 */

import { arrangementAngles } from '../beam/arrangement.js';
import { createBeam } from '../beam/beam.js';
import { jawFluence } from '../beam/opening.js';
import { InvalidInputError } from '../core/errors.js';
import { ForwardDose } from '../dose/forward-dose.js';
import { extremeDose } from '../evaluate/extreme.js';
import { solidOfStructure } from '../geometry/contour-solid.js';
import { voxelCount } from '../geometry/grid.js';
import { resampleRigid } from '../geometry/resample-rigid.js';
import { describeRigid, type RigidTransform } from '../geometry/rigid-transform.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import type { Machine } from '../machine/machine.js';
import type { PlanCase } from './case.js';
import type { PatientModel } from './patient-model.js';

/** A prior dose as it was read: on its own grid, in its own frame. */
export interface ImportedDose {
  readonly dose: DoseVolume;
  readonly planFromCourse: RigidTransform;
  readonly notes: readonly string[];
}

export interface PriorExposure {
  readonly origin: 'uniform' | 'simulated' | 'imported';
  /** Physical total on the plan's grid, with its fractions; NaN where it is unknown. */
  readonly dose: DoseVolume;
  readonly fractions: number;
  /** Since its end. */
  readonly months: number;
  /** One sentence for the reader of a result. */
  readonly description: string;
  /** Voxels of the body beyond its grid. */
  readonly beyond: number;
  readonly notes: readonly string[];
}

/**
 * @param imported the dose of `prior.file`, read
 * @returns undefined where the case has no prior course
 * @throws {InvalidInputError} for a region that is no structure, a reference point without dose, unknown fractions
 * @throws {UnsupportedError} where a simulated beam misses the patient
 */
export function exposeToPrior(
  model: PatientModel,
  plan: PlanCase,
  machine: Machine,
  imported?: ImportedDose,
): PriorExposure | undefined {
  const { prior } = plan;
  if (prior === null) return undefined;
  if (prior.file !== undefined) return importPrior(model, plan, imported);
  return prior.fields === undefined ? uniformPrior(model, plan) : simulatePrior(model, plan, machine);
}

/** Largest dose of the prior course in a structure as it is drawn, physical Gy; where it is unknown it counts as what is next to it. */
export function priorMaximum(prior: PriorExposure, model: PatientModel, structure: string): number {
  const { voxels } = model.cells.get(structure)!;
  const dose = priorAround(prior, model, structure);
  let least = Infinity;
  let most = 0;
  for (let v = 0; v < voxels.length; v++) {
    const here = dose.data[voxels[v]!]!;
    if (Number.isNaN(here)) continue;
    if (here > most) most = here;
    if (here < least) least = here;
  }
  // Nothing to look for where it is even, as a uniform course is.
  if (!(most > least)) return most;
  const data = dose.data.map((gray) => (Number.isNaN(gray) ? 0 : gray));
  const solid = solidOfStructure(model.structures.get(structure)!);
  return Math.max(0, extremeDose({ ...dose, data }, solid, { extreme: 'max', tolerance: 2e-4 * most }).value);
}

/**
 * The prior dose as it is read in one structure: by interpolation, which takes in the voxels beside it. Where those have none, as
 * beyond the file's grid or outside the region of a uniform course, they count as the most of the structure's own next to them.
 */
export function priorAround(prior: PriorExposure, model: PatientModel, structure: string): DoseVolume {
  const { voxels, mask } = model.cells.get(structure)!;
  const { dose } = prior;
  const data = dose.data.slice();
  const [nz, ny, nx] = dose.grid.shape;
  for (let v = 0; v < voxels.length; v++) {
    const voxel = voxels[v]!;
    const here = dose.data[voxel]!;
    if (Number.isNaN(here)) continue;
    const [i, j, k] = [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
    for (let c = 0; c < 27; c++) {
      const [x, y, z] = [i + (c % 3) - 1, j + (Math.floor(c / 3) % 3) - 1, k + Math.floor(c / 9) - 1];
      if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
      const beside = x + nx * (y + ny * z);
      if (mask.data[beside]! > 0) continue;
      const isMissing = prior.origin === 'uniform' || Number.isNaN(dose.data[beside]!);
      if (isMissing && !(data[beside]! >= here)) data[beside] = here;
    }
  }
  return { ...dose, data };
}

type Prior = NonNullable<PlanCase['prior']>;

function uniformPrior(model: PatientModel, plan: PlanCase): PriorExposure {
  const { dose: total, fractions, months, region } = plan.prior as Prior & { dose: number; fractions: number };
  const dose = createDose(model.grid, { quantity: 'physical', fractions });
  if (region === undefined) for (const voxel of model.body.index) dose.data[voxel] = total;
  else {
    const mask = model.masks.get(region);
    if (mask === undefined) {
      throw new InvalidInputError(
        `case: prior.region "${region}" is not a structure. There are ${[...model.masks.keys()].join(', ')}.`,
      );
    }
    for (let i = 0; i < dose.data.length; i++) if (mask.data[i]! > 0) dose.data[i] = total;
  }
  const where = region === undefined ? 'every structure' : `${region} and nothing else`;
  const description = `Prior course: ${total} Gy in ${fractions} fractions ${months} months ago, uniform in ${where}.`;
  return { origin: 'uniform', dose, fractions, months, description, beyond: 0, notes: [] };
}

function simulatePrior(model: PatientModel, plan: PlanCase, machine: Machine): PriorExposure {
  const { dose: total, fractions, months, fields } = plan.prior as Prior & { dose: number; fractions: number };
  const { beams: named, width, length, isocenter = model.isocenter, reference = isocenter } = fields!;
  const angles = typeof named === 'string' ? arrangementAngles(named) : named;
  const { points: voxels, index } = model.body;
  const count = index.length;
  // The reference point is one point more, so that its dose is exact.
  const points = new Float64Array(3 * count + 3);
  points.set(voxels);
  points.set(reference, 3 * count);
  const fluence = jawFluence({ x1: -width / 2, x2: width / 2, y1: -length / 2, y2: length / 2 });
  const forward = new ForwardDose(model.patient.density, points, { executor: model.executor, ...plan.doseModel });
  const dose = createDose(model.grid, { quantity: 'physical', fractions, medium: plan.doseModel.medium });
  try {
    const perUnit = forward.columns(
      angles.map(({ gantry, collimator = 0, couch = 0 }) => ({
        beam: createBeam(machine, { isocenter, gantry, collimator, couch, position: model.patient.position }),
        fluence,
      })),
    );
    const sum = new Float64Array(count);
    for (const column of perUnit) {
      const there = column[count]!;
      if (!(there > 0.01 * column.reduce((a, b) => Math.max(a, b), 0))) {
        throw new InvalidInputError(
          `case: prior.fields: the reference point (${reference.map((c) => c.toFixed(1)).join(', ')}) mm gets no dose worth the name from a beam. Give a point within every field.`,
        );
      }
      const units = total / (angles.length * there);
      for (let p = 0; p < count; p++) sum[p]! += units * column[p]!;
    }
    for (let p = 0; p < count; p++) dose.data[index[p]!] = Math.max(0, sum[p]!);
  } finally {
    forward.close();
  }
  const fieldsInWords = `gantry ${angles.map(({ gantry }) => gantry).join(', ')}, fields ${width} x ${length} mm`;
  const description = `Prior course, simulated on this patient: ${total} Gy in ${fractions} fractions ${months} months ago to (${reference.map((c) => c.toFixed(1)).join(', ')}) mm, ${fieldsInWords}.`;
  return { origin: 'simulated', dose, fractions, months, description, beyond: 0, notes: [] };
}

function importPrior(model: PatientModel, plan: PlanCase, imported: ImportedDose | undefined): PriorExposure {
  const { file, months, beyond = 'missing', fractions: given } = plan.prior!;
  if (imported === undefined) {
    throw new InvalidInputError(
      `case: prior.file "${file}" was not read. Give its dose as the option prior of runPlan.`,
    );
  }
  const { dose: read, planFromCourse, notes } = imported;
  if (read.quantity !== 'physical') {
    throw new InvalidInputError(
      `${file}: the prior dose is ${read.quantity}, but a physical dose is needed: a biological one can be neither interpolated nor converted again. Give the physical dose.`,
    );
  }
  const fractions = given ?? read.fractions;
  if (fractions === undefined) {
    throw new InvalidInputError(
      `${file}: the number of fractions of the prior course is unknown, without which its EQD2 is undefined. Give prior.fractions or prior.plan.`,
    );
  }
  const { volume, isInside } = resampleRigid(read, model.grid, planFromCourse, beyond === 'zero' ? 0 : Number.NaN);
  const outside = model.body.index.reduce((sum, voxel) => sum + (isInside[voxel] ? 0 : 1), 0);
  const cord = model.masks.get(model.cord)!.data;
  const unknown = cord.reduce((sum, f, voxel) => sum + (f > 0 && Number.isNaN(volume.data[voxel]!) ? 1 : 0), 0);
  if (unknown > 0) {
    throw new InvalidInputError(
      `${file}: the prior dose is unknown in ${unknown} voxels of ${model.cord}, beyond its grid${describeRigid(planFromCourse) === 'no transform' ? '' : ` (${describeRigid(planFromCourse)})`}. Check the transform, or say that the course gave nothing there (prior.beyond: "zero").`,
    );
  }
  // Outside the body nothing is asked for.
  const data = new Float32Array(voxelCount(model.grid));
  for (const voxel of model.body.index) data[voxel] = volume.data[voxel]!;
  const dose = createDose(model.grid, { quantity: 'physical', fractions }, data);
  const missing =
    outside === 0
      ? ''
      : ` ${outside} of ${model.body.index.length} body voxels lie beyond its grid, where ${beyond === 'zero' ? 'it is taken to have given nothing' : 'it is unknown'}.`;
  const description = `Prior course, from a file: ${fractions} fractions ${months} months ago, ${describeRigid(planFromCourse)}.${missing}`;
  return { origin: 'imported', dose, fractions, months, description, beyond: outside, notes };
}

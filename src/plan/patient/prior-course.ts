/**
 * The prior courses on the plan's grid: each uniform in a region, computed from simple fields by the same engine on the same
 * patient, or read from a file and carried over by a rigid transform. A file may hold an EQD2 or BED instead of a physical dose,
 * as `accumulate` writes it: that is taken as what it is, and never converted to another alpha/beta.
 */

import { anglesOnPatient } from '../../beam/arrangement.js';
import { createBeam } from '../../beam/beam.js';
import { jawFluence } from '../../beam/collimated-fluence.js';
import { doseFromEqd2, eqd2FromBed } from '../../biology/linear-quadratic.js';
import { InvalidInputError } from '../../core/errors.js';
import { ForwardDose } from '../../dose/forward-dose.js';
import { voxelCount } from '../../geometry/grid.js';
import { resampleRigid } from '../../geometry/resample-rigid.js';
import { describeRigid, type RigidTransform } from '../../geometry/rigid-transform.js';
import { createDose, type DoseMeaning, type DoseVolume, scatterDose } from '../../geometry/volume.js';
import type { Machine } from '../../machine/machine.js';
import { type PlanCase, type PriorCourseCase, priorsOf } from '../input/plan-case.js';
import { conventionOf } from '../input/recovery-convention.js';
import type { PatientModel } from './patient-model.js';
import { effectAt } from './prior-effect.js';
import type { PriorCourseExposure, PriorExposure } from './prior-exposure.js';

/** A prior dose as it was read: on its own grid, in its own frame. */
export interface ImportedDose {
  readonly dose: DoseVolume;
  readonly planFromCourse: RigidTransform;
  /** DICOM frame of reference that it leaves, where it is known. */
  readonly frameOfReferenceUid?: string;
  /** DICOM frame of reference that `planFromCourse` leads into, where it is known. */
  readonly planFrameOfReferenceUid?: string;
  readonly notes: readonly string[];
}

/** The prior courses of a case, and what turns their doses into one another's. */
export type PriorCase = Pick<PlanCase, 'prior' | 'retreatment' | 'alphaBeta' | 'doseModel'>;

/** The doses of the case's prior files: of the only course, or one entry per course, empty where it has no file. */
export type ImportedDoses = ImportedDose | readonly (ImportedDose | undefined)[];

/**
 * @param imported the doses of the prior files, read
 * @returns undefined where the case has no prior course
 * @throws {InvalidInputError} for a region that is no structure, a reference point without dose, unknown fractions, an EQD2 of
 *   another alpha/beta than the cord's, a recovery that is credited to several courses
 * @throws {UnsupportedError} where a simulated beam misses the patient
 */
export function exposeToPrior(
  model: PatientModel,
  planCase: PriorCase,
  machine: Machine,
  imported?: ImportedDoses,
): PriorExposure | undefined {
  const given = priorsOf(planCase);
  if (given.length === 0) return undefined;
  const { recovery } = planCase.retreatment;
  const doses = imported === undefined ? [] : 'dose' in imported ? [imported] : imported;
  const courses = given.map((prior, c): PriorCourseExposure => {
    if (prior.file !== undefined) return importPrior(model, prior, doses[c], planCase.alphaBeta.cord);
    return prior.fields === undefined
      ? uniformPrior(model, prior)
      : simulatePrior(model, prior, machine, planCase.doseModel);
  });
  const [first] = courses as [PriorCourseExposure, ...PriorCourseExposure[]];
  const { quantity, fractions } = first.dose;
  if (courses.length === 1 && quantity === 'physical') return { ...first, fractions: fractions!, courses };
  if (recovery !== 'none') {
    const found = courses.length > 1 ? `there are ${courses.length}` : 'an EQD2 may be the sum of several';
    throw new InvalidInputError(
      `case: retreatment.recovery credits ${conventionOf(recovery).name}, which is defined for one prior course, but ${found}. Credit none.`,
    );
  }
  return together(courses, model, planCase.alphaBeta.cord);
}

/** Several courses, or an EQD2, as one. @param alphaBeta of the cord, Gy */
function together(courses: readonly PriorCourseExposure[], model: PatientModel, alphaBeta: number): PriorExposure {
  const { grid, body } = model;
  const sum = new Float64Array(voxelCount(grid));
  let largest = 0;
  for (const voxel of body.index) {
    sum[voxel] = effectAt({ courses }, voxel, 'eqd2', alphaBeta);
    if (sum[voxel]! > largest) largest = sum[voxel]!;
  }
  // The fractions that the courses had; of an EQD2 those of its definition.
  const inTwo = (dose: DoseVolume): number => dose.fractions ?? Math.max(1, Math.round(largest / 2 / courses.length));
  const fractions = courses.reduce((total, { dose }) => total + inTwo(dose), 0);
  const dose = createDose(grid, { quantity: 'physical', fractions });
  for (const voxel of body.index) {
    const effect = sum[voxel]!;
    dose.data[voxel] = Number.isNaN(effect) ? effect : doseFromEqd2(effect, fractions, alphaBeta);
  }
  const isOne = courses.length === 1;
  return {
    origin: isOne ? courses[0]!.origin : 'several',
    courses,
    dose,
    fractions,
    months: Math.min(...courses.map(({ months }) => months)),
    description: isOne
      ? courses[0]!.description
      : `${courses.length} prior courses, added as EQD2 point by point. ${courses.map(({ description }, c) => `${c + 1}: ${description}`).join(' ')}`,
    beyond: Math.max(...courses.map(({ beyond }) => beyond)),
    notes: [
      ...courses.flatMap(({ notes }) => notes),
      ...(isOne ? [] : ['Under shifts all prior courses move together, as one.']),
    ],
  };
}

type Timed = PriorCourseCase & { dose: number; fractions: number };

function uniformPrior(model: PatientModel, prior: PriorCourseCase): PriorCourseExposure {
  const { dose: total, fractions, months, region } = prior as Timed;
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
  return { origin: 'uniform', dose, months, description, beyond: 0, notes: [] };
}

function simulatePrior(
  model: PatientModel,
  prior: PriorCourseCase,
  machine: Machine,
  doseModel: PlanCase['doseModel'],
): PriorCourseExposure {
  const { dose: total, fractions, months, fields } = prior as Timed;
  const {
    beams: named,
    width,
    length,
    isocenter: planned = model.isocenter,
    reference: asked = planned,
    shift,
  } = fields!;
  const moved = (point: readonly [number, number, number]): [number, number, number] =>
    shift === undefined ? [...point] : [point[0] + shift[0], point[1] + shift[1], point[2] + shift[2]];
  const [isocenter, reference] = [moved(planned), moved(asked)];
  const angles = anglesOnPatient(named, model.patient.position);
  const { points: voxels, index } = model.body;
  const count = index.length;
  // The reference point is one point more, so that its dose is exact.
  const points = new Float64Array(3 * count + 3);
  points.set(voxels);
  points.set(reference, 3 * count);
  const fluence = jawFluence({ x1: -width / 2, x2: width / 2, y1: -length / 2, y2: length / 2 });
  const forward = new ForwardDose(model.patient.density, points, { executor: model.executor, ...doseModel });
  const dose = createDose(model.grid, { quantity: 'physical', fractions, medium: doseModel.medium });
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
    scatterDose(dose.data, index, sum);
  } finally {
    forward.close();
  }
  const fieldsInWords = `gantry ${angles.map(({ gantry }) => gantry).join(', ')}, fields ${width} x ${length} mm`;
  const description = `Prior course, simulated on this patient: ${total} Gy in ${fractions} fractions ${months} months ago to (${reference.map((c) => c.toFixed(1)).join(', ')}) mm, ${fieldsInWords}.`;
  return { origin: 'simulated', dose, months, description, beyond: 0, notes: [] };
}

function importPrior(
  model: PatientModel,
  { file, months, beyond = 'missing', fractions: given }: PriorCourseCase,
  imported: ImportedDose | undefined,
  cordAlphaBeta: number,
): PriorCourseExposure {
  if (imported === undefined) {
    throw new InvalidInputError(`case: prior.file "${file}" was not read. Give its dose as the job's prior.`);
  }
  const { dose: read, planFromCourse, frameOfReferenceUid, notes } = imported;
  const source = frameOfReferenceUid === undefined ? {} : { source: { frameOfReferenceUid, planFromCourse } };
  const meaning = meaningOf(read, file!, given, cordAlphaBeta);
  const { volume, isInside } = resampleRigid(read, model.grid, planFromCourse, beyond === 'zero' ? 0 : Number.NaN);
  const outside = model.body.index.reduce((sum, voxel) => {
    return sum + (isInside[voxel] && !Number.isNaN(volume.data[voxel]!) ? 0 : 1);
  }, 0);
  const cord = model.masks.get(model.cord)!.data;
  const unknown = cord.reduce((sum, f, voxel) => sum + (f > 0 && Number.isNaN(volume.data[voxel]!) ? 1 : 0), 0);
  if (unknown > 0) {
    throw new InvalidInputError(
      `${file}: the prior dose is unknown in ${unknown} voxels of ${model.cord}, beyond its grid${describeRigid(planFromCourse) === 'no transform' ? '' : ` (${describeRigid(planFromCourse)})`}. Check the transform, or say that the course gave nothing there (prior.beyond: "zero").`,
    );
  }
  // Outside the body nothing is asked for.
  const data = new Float32Array(voxelCount(model.grid));
  // A BED is the EQD2 of the same alpha/beta times a constant.
  const scale = read.quantity === 'bed' ? eqd2FromBed(1, read.alphaBeta!) : 1;
  for (const voxel of model.body.index) data[voxel] = scale * volume.data[voxel]!;
  const dose = createDose(model.grid, meaning, data);
  const missing =
    outside === 0
      ? ''
      : ` ${outside} of ${model.body.index.length} body voxels lie beyond its grid, where ${beyond === 'zero' ? 'it is taken to have given nothing' : 'it is unknown'}.`;
  const what =
    meaning.quantity === 'physical'
      ? `${meaning.fractions} fractions`
      : `EQD2 with alpha/beta ${meaning.alphaBeta} Gy, ended`;
  const description = `Prior course, from a file: ${what} ${months} months ago, ${describeRigid(planFromCourse)}.${missing}`;
  const said = meaning.quantity === 'physical' ? notes : [...notes, INTERPOLATED];
  return { origin: 'imported', dose, months, description, beyond: outside, notes: said, ...source };
}

const INTERPOLATED =
  'An EQD2 that is read is interpolated where grids differ: the mean of EQD2 is never below the EQD2 of the mean dose, so this is on the safe side. It counts for its own alpha/beta only.';

/** @throws {InvalidInputError} for unknown fractions of a physical dose, or an EQD2 or BED of another alpha/beta than the cord's */
function meaningOf(
  { quantity, alphaBeta, fractions: known }: DoseVolume,
  file: string,
  given: number | undefined,
  cord: number,
): DoseMeaning {
  if (quantity === 'physical') {
    const fractions = given ?? known;
    if (fractions !== undefined) return { quantity, fractions };
    throw new InvalidInputError(
      `${file}: the number of fractions of the prior course is unknown, without which its EQD2 is undefined. Give prior.fractions or prior.plan.`,
    );
  }
  if (given !== undefined) {
    throw new InvalidInputError(
      `${file}: the prior dose is ${quantity}, in which its fractions are contained already. Leave prior.fractions out.`,
    );
  }
  if (alphaBeta !== cord) {
    throw new InvalidInputError(
      `${file}: the prior dose is ${quantity} with alpha/beta ${alphaBeta} Gy, but the cord's is ${cord} Gy, and it cannot be converted. Give the physical dose, or set alphaBeta.cord.`,
    );
  }
  return { quantity: 'eqd2', alphaBeta };
}

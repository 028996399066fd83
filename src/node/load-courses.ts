/** Doses of other courses and the way from their frames into that of the plan or sum. */

import { dirname, resolve } from 'node:path';
import type { Course } from '../biology/accumulate.js';
import { InvalidInputError } from '../core/errors.js';
import { emptyRecord } from '../core/own.js';
import type { AnyStructure } from '../evaluate/roi-dvh.js';
import type { DicomStudy } from '../geometry/patient.js';
import { describeRigid, identityTransform, type RigidTransform } from '../geometry/rigid-transform.js';
import { createDose } from '../geometry/volume.js';
import { readRegistration, rigidBetween } from '../io/dicom/registration.js';
import { type TransformInput, transformOf } from '../plan/input/course.js';
import { type Courses, parseCourses } from '../plan/input/courses-file.js';
import { readBytes, readJson } from './files.js';
import { type LoadedDose, loadDose } from './load-dose.js';
import { loadStructures } from './load-structures.js';
import { sha256 } from './sha256.js';

/** What a course's entry in CASE.json or COURSES.json says of its file. */
export interface CourseFile {
  readonly file: string;
  readonly fractions?: number | undefined;
  readonly plan?: string | undefined;
  readonly extent?: 'course' | 'fraction' | undefined;
  readonly gyPerUnit?: number | undefined;
  readonly transform?: TransformInput | undefined;
}

export type LoadedCourseDose = LoadedDose;

/** Reads the dose of a course; paths are made absolute by `from`. */
export async function loadCourseDose(course: CourseFile, from: (name: string) => string): Promise<LoadedCourseDose> {
  const { file, fractions, plan, extent, gyPerUnit } = course;
  const loaded = await loadDose(from(file), {
    mayBeUnknown: true,
    ...(fractions === undefined ? {} : { fractions }),
    ...(plan === undefined ? {} : { plan: from(plan) }),
    ...(extent === undefined ? {} : { extent }),
    ...(gyPerUnit === undefined ? {} : { gyPerUnit }),
  });
  if (fractions !== undefined && loaded.dose.fractions !== fractions) {
    throw new InvalidInputError(
      `${file}: ${fractions} fractions are given, but the file says ${loaded.dose.fractions}. Leave one of them out.`,
    );
  }
  return loaded;
}

export interface LoadedTransform {
  readonly sumFromCourse: RigidTransform;
  readonly notes: readonly string[];
  /** SHA-256 of a registration file. */
  readonly hash?: string;
}

/**
 * The transform of a course, given or from a registration; none where both lie in one frame of reference.
 *
 * @param courseUid frame of reference of the course, sumUid of the plan or sum; undefined where a file does not tell
 * @throws {InvalidInputError} if the frames differ and there is no transform, or a registration does not hold them
 */
export async function loadTransform(
  name: string,
  transform: TransformInput | undefined,
  from: (name: string) => string,
  courseUid: string | undefined,
  sumUid: string | undefined,
): Promise<LoadedTransform> {
  const isSame = courseUid !== undefined && courseUid === sumUid;
  if (transform === undefined) {
    if (isSame) return { sumFromCourse: identityTransform, notes: [] };
    if (courseUid !== undefined && sumUid !== undefined) {
      throw new InvalidInputError(
        `${name}: its dose lies in frame of reference ${courseUid}, not in ${sumUid}. Give the transform between them: a DICOM registration, or rotation and translation.`,
      );
    }
    return {
      sumFromCourse: identityTransform,
      notes: [`${name}: no frame of reference is told by one of the files; both are taken to lie in one.`],
    };
  }
  const given = transformOf(transform, name);
  if (given !== undefined) return { sumFromCourse: given, notes: [`${name}: ${describeRigid(given)}.`] };
  const path = transform as string;
  const bytes = await readBytes(from(path));
  const registration = readRegistration({ name: path, bytes });
  if (courseUid === undefined) {
    throw new InvalidInputError(
      `${name}: a registration needs the dose's frame of reference, which its file does not tell. Give rotation and translation, or a matrix.`,
    );
  }
  const into = sumUid ?? registration.registeredUid;
  const sumFromCourse = rigidBetween(registration, courseUid, into);
  const notes = [
    `${name}: ${describeRigid(sumFromCourse)}, by ${path}.`,
    ...(sumUid === undefined ? [`${name}: the registered frame ${into} is taken as that of the sum.`] : []),
  ];
  return { sumFromCourse, notes, hash: sha256(bytes) };
}

type LoadedCourse = Course & Pick<LoadedDose, 'frameOfReferenceUid' | 'planUids'> & { readonly months?: number };

export interface LoadedCourses {
  readonly courses: Courses;
  /** In the order of the file; of those from DICOM their frame and the plans that they are of. */
  readonly doses: readonly LoadedCourse[];
  /** Of the course whose frame is that of the sum, where it is from DICOM. */
  readonly study?: DicomStudy;
  /** Index of the course whose frame and grid are those of the sum. */
  readonly reference: number;
  readonly structures: readonly AnyStructure[];
  readonly notes: readonly string[];
  /** SHA-256 by role. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Reads a COURSES.json and what it points to; paths in it are relative to its file.
 *
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the field or file
 */
export async function loadCourses(path: string): Promise<LoadedCourses> {
  const courses = parseCourses(await readJson(path), path);
  const from = (name: string): string => resolve(dirname(path), name);
  const inputs = emptyRecord<string>();
  inputs['courses'] = sha256(JSON.stringify(courses));
  const notes: string[] = [];
  const reference = courses.courses.findIndex(({ name }) => name === courses.reference);
  const read: (LoadedCourseDose | undefined)[] = [];
  for (const course of courses.courses) {
    if (typeof course.dose === 'number') read.push(undefined);
    else {
      const loaded = await loadCourseDose({ ...course, file: course.dose }, from);
      inputs[course.name] = loaded.hash;
      notes.push(...loaded.notes.map((note) => `${course.name}: ${note}`));
      read.push(loaded);
    }
  }
  const { dose: onto, frameOfReferenceUid: sumUid, study } = read[reference]!;
  const doses: LoadedCourse[] = [];
  for (const [c, course] of courses.courses.entries()) {
    const { name, months } = course;
    const loaded = read[c];
    const known = months === undefined ? {} : { months };
    if (loaded === undefined) {
      const dose = createDose(onto.grid, { quantity: 'physical', fractions: course.fractions! });
      dose.data.fill(course.dose as number);
      doses.push({ name, dose, ...known });
      continue;
    }
    const placed =
      c === reference
        ? { sumFromCourse: identityTransform, notes: [] }
        : await loadTransform(name, course.transform, from, loaded.frameOfReferenceUid, sumUid);
    notes.push(...placed.notes);
    if ('hash' in placed && placed.hash !== undefined) inputs[`${name}: registration`] = placed.hash;
    const { dose, planUids, frameOfReferenceUid } = loaded;
    doses.push({
      name,
      dose,
      sumFromCourse: placed.sumFromCourse,
      ...known,
      ...(planUids && { planUids }),
      ...(frameOfReferenceUid !== undefined && { frameOfReferenceUid }),
    });
  }
  const { sliceSpacing } = courses;
  const drawn =
    courses.structures === undefined
      ? undefined
      : await loadStructures(courses.structures.map(from), sliceSpacing === undefined ? {} : { sliceSpacing });
  if (drawn !== undefined) {
    inputs['structures'] = drawn.hash;
    notes.push(...drawn.notes);
    const { frameOfReferenceUid: drawnOn } = drawn;
    if (drawnOn !== undefined && sumUid !== undefined && drawnOn !== sumUid) {
      throw new InvalidInputError(
        `structures: they lie in frame of reference ${drawnOn}, but the sum in ${sumUid}, that of ${courses.reference}. Give the structures of that course, or another "reference".`,
      );
    }
  }
  return {
    courses,
    doses,
    reference,
    structures: drawn?.structures ?? [],
    notes,
    inputs,
    ...(study && { study }),
  };
}

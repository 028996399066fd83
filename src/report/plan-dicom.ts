/** A planning result as DICOM: the dose of each technique, of the prior courses, and of both together as EQD2. */
import type { DicomStudy } from '../geometry/patient.js';
import type { DoseVolume } from '../geometry/volume.js';
import { uidOf } from '../io/dicom/uid.js';
import { writeRegistration } from '../io/dicom/write-registration.js';
import { cumulativeEqd2 } from '../plan/evaluation/cumulative-dose.js';
import type { PriorCourseExposure } from '../plan/patient/prior-exposure.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { TechniquePlan } from '../plan/technique/technique-plan.js';
import {
  bytesOf,
  type DicomExport,
  type DicomOptions,
  filesOfPatient,
  type NamedDose,
  studyOfPatient,
} from './dicom-export.js';

/**
 * The doses of a planning result as the files of a DICOM study, which load beside its CT.
 *
 * `RD_imrt.dcm` of each technique and `RD_prior.dcm` are physical, total of the course; `RD_cumulative_eqd2_imrt.dcm` is the EQD2 of all
 * courses at the cord's alpha/beta, without recovery. All lie on the plan's dose grid. A phantom's CT and structures come with them. What
 * is unknown somewhere in the body, as a prior dose beyond its file's grid, is left out with a note.
 *
 * @param options isodoses are drawn in the dose of each technique, Gy
 * @throws {InvalidInputError} as {@link patientToDicom}
 */
export function planToDicom(result: PlanningResult, options: DicomOptions = {}): DicomExport {
  const { case: planCase, model, plans, prior } = result;
  const { patient } = model;
  const { version } = options;
  const study = studyOfPatient(patient, options);
  const notes: string[] = [];
  const courses = prior?.courses ?? [];
  const priorUids = courses.map(({ dose }) => uidOf('prior plan', study.studyUid, bytesOf(dose)));
  const techniques = plans.map(({ plan }): NamedDose => {
    const { technique, dose } = plan;
    return { name: technique, description: `dose ${technique}`, dose, planUids: [planUid(study, plan)] };
  });
  const others: NamedDose[] = courses.map(({ dose }, c) => {
    const name = courses.length === 1 ? 'prior' : `prior_${c + 1}`;
    return { name, description: `dose ${name}`, dose, planUids: [priorUids[c]!] };
  });
  for (const { plan } of prior === undefined ? [] : plans) {
    const { technique } = plan;
    const name = `cumulative_eqd2_${technique}`;
    const { fractions } = planCase.prescription;
    const dose = cumulativeEqd2(model, prior!, plan.dose, fractions, planCase.alphaBeta.cord);
    if (typeof dose === 'string') notes.push(`RD_${name}.dcm is not written: ${dose}.`);
    else
      others.push({ name, description: `EQD2 sum ${technique}`, dose, planUids: [...priorUids, planUid(study, plan)] });
  }
  const known = others.filter(({ name, dose }) => {
    const unknown = unknownVoxels(dose);
    if (unknown > 0) notes.push(`RD_${name}.dcm is not written: its dose is unknown in ${unknown} voxels of the body.`);
    return unknown === 0;
  });
  const own = filesOfPatient(patient, study, techniques, options);
  const further = filesOfPatient({ ...patient, study }, study, known, { ...options, isodoses: undefined });
  return {
    files: [...own.files, ...further.files, ...registrations(courses, study, version)],
    structures: own.structures,
    notes: [...own.notes, ...notes],
  };
}

/** SOP instance of the plan of a technique: what its doses refer to. */
export function planUid({ studyUid }: DicomStudy, { technique, dose }: TechniquePlan): string {
  return uidOf('plan', studyUid, technique, bytesOf(dose));
}

const unknownVoxels = ({ data }: DoseVolume): number =>
  data.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);

/** The ways from the frames of prior doses into that of the plan, where they are not one. */
function registrations(
  courses: readonly PriorCourseExposure[],
  study: DicomStudy,
  version: string | undefined,
): DicomExport['files'] {
  return courses.flatMap(({ source }, c) => {
    if (source === undefined || source.frameOfReferenceUid === study.frameOfReferenceUid) return [];
    const name = courses.length === 1 ? 'prior' : `prior_${c + 1}`;
    const transform = { sourceUid: source.frameOfReferenceUid, studyFromSource: source.planFromCourse };
    const text = { name: `REG_${name}.dcm`, description: `${name} to plan` };
    return [writeRegistration({ ...text, ...transform }, study, { version }).file];
  });
}

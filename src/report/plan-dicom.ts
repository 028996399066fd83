/** A planning result as DICOM: the dose of each technique, of the prior courses, and of both together as EQD2. */
import type { DicomStudy } from '../geometry/patient.js';
import type { DoseVolume } from '../geometry/volume.js';
import { encodeTreatmentPlan } from '../io/dicom/treatment-plan-write.js';
import { uidOf } from '../io/dicom/uid.js';
import { writeRegistration } from '../io/dicom/write-registration.js';
import { cumulativeEqd2 } from '../plan/evaluation/cumulative-dose.js';
import { treatmentPlanOf, whyNoTreatmentPlan } from '../plan/exchange/written-plan.js';
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
 * `RP_fcrt.dcm` is the plan of jaws and leaves, `RP_imrt.dcm` of IMRT that is delivered in segments; of a fluence there is none. `RD_imrt.dcm` of each technique and `RD_prior.dcm` are physical, total of the course; `RD_cumulative_eqd2_imrt.dcm` is the EQD2 of all
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
  // CT and structures, which a plan refers to.
  const own = filesOfPatient(patient, study, [], { ...options, isodoses: undefined });
  const written = writtenPlans(result, study, own.structureSetUid ?? study.structureSetUid, version);
  const notes: string[] = [...written.notes];
  const courses = prior?.courses ?? [];
  const priorUids = courses.map(({ dose }) => uidOf('prior plan', study.studyUid, bytesOf(dose)));
  const uidOfPlan = (plan: TechniquePlan): string => written.uids.get(plan) ?? planUid(study, plan);
  const techniques = plans.map(({ plan }): NamedDose => {
    const { technique, dose } = plan;
    return { name: technique, description: `dose ${technique}`, dose, planUids: [uidOfPlan(plan)] };
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
    else others.push({ name, description: `EQD2 sum ${technique}`, dose, planUids: [...priorUids, uidOfPlan(plan)] });
  }
  const known = others.filter(({ name, dose }) => {
    const unknown = unknownVoxels(dose);
    if (unknown > 0) notes.push(`RD_${name}.dcm is not written: its dose is unknown in ${unknown} voxels of the body.`);
    return unknown === 0;
  });
  const given = filesOfPatient({ ...patient, study }, study, techniques, options);
  const further = filesOfPatient({ ...patient, study }, study, known, { ...options, isodoses: undefined });
  return {
    files: [
      ...own.files,
      ...written.files,
      ...given.files,
      ...further.files,
      ...registrations(courses, study, version),
    ],
    structures: own.structures,
    notes: [...own.notes, ...given.notes, ...notes],
  };
}

/** The plans that an RTPLAN can hold, their UIDs, and of the others why not. */
function writtenPlans(
  { case: planCase, model, machine, plans }: PlanningResult,
  study: DicomStudy,
  structureSetUid: string | undefined,
  version: string | undefined,
): { files: DicomExport['files']; uids: Map<TechniquePlan, string>; notes: string[] } {
  const uids = new Map<TechniquePlan, string>();
  const notes: string[] = [];
  const { patient, target } = model;
  // Where respine writes the structures too, their numbers are known.
  const roi = patient.study === undefined ? patient.structures.findIndex(({ name }) => name === target) + 1 : 0;
  const files = plans.flatMap(({ plan }) => {
    const { technique } = plan;
    const reason =
      structureSetUid === undefined
        ? `${technique}: there is no structure set that an RTPLAN could refer to`
        : whyNoTreatmentPlan(plan);
    if (structureSetUid === undefined || reason !== undefined) {
      notes.push(`${reason}.`);
      return [];
    }
    const references = { structureSetUid, ...(roi > 0 && { targetRoi: roi }) };
    const content = treatmentPlanOf({ case: planCase, model, machine }, plan, references);
    const { file, uid } = encodeTreatmentPlan(content, study, {
      name: `RP_${technique}.dcm`,
      description: `plan ${technique}`,
      version,
    });
    uids.set(plan, uid);
    return [file];
  });
  return { files, uids, notes };
}

/** SOP instance of the plan of a technique that no RTPLAN holds: what its doses refer to. */
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

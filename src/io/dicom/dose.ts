/**
 * An RT dose as a dose volume: Gy, total over its course, in the patient frame.
 *
 *     dose = DoseGridScaling x stored value
 *
 * Frames lie at GridFrameOffsetVector along the normal of the image, or, where its first entry is the z of
 * ImagePositionPatient, at these z themselves; either may fall. What the values mean is never guessed: units that are not
 * Gy, the dose of a part of a course and a dose corrected for biological effect are refused until the caller says what
 * they are, and the number of fractions stays open until a plan or the caller gives it. The files of respine itself say both
 * in their DoseComment, and are taken at their word.
 *
 * @see DICOM PS3.3 C.8.8.3, RT Dose Module
 */
import { checkInteger, checkPositive } from '../../core/check.js';
import { FormatError, InvalidInputError } from '../../core/errors.js';
import type { DicomStudy } from '../../geometry/patient.js';
import { createDose, type DoseMeaning, type DoseVolume } from '../../geometry/volume.js';
import { checkDoseValues } from '../dose-values.js';
import { checkReach } from '../reach.js';
import {
  type Dataset,
  type DicomFile,
  type Elements,
  items,
  needNumbers,
  needText,
  readDataset,
  text,
} from './dataset.js';
import { doseLattice, fillLattice } from './dose-lattice.js';
import { meaningOfComment } from './effect-comment.js';
import { readPixels } from './pixels.js';
import { readPlanFractions } from './plan-fractions.js';
import { studyOf } from './study.js';

const doseStorage = '1.2.840.10008.5.1.4.1.1.481.2';

/** What the caller knows of a dose that its file leaves open. */
export interface RtDoseOptions {
  /** Of the course. @default what `plan` says; unknown without one */
  readonly fractions?: number;
  /** The RTPLAN of this dose. */
  readonly plan?: DicomFile;
  /** What the values are the dose of. @default the course, where DoseSummationType is PLAN or MULTI_PLAN; else refused */
  readonly extent?: 'course' | 'fraction';
  /** Gy per unit of a dose in relative units; without it these are refused. */
  readonly gyPerUnit?: number;
  /** What a dose of type EFFECTIVE is; without it that is refused, unless respine wrote it and says so. @default 'physical' for type PHYSICAL */
  readonly quantity?: DoseMeaning['quantity'];
  /** Of that quantity, Gy. */
  readonly alphaBeta?: number;
  /** Frame of reference of the structures: a dose in another one is refused. */
  readonly frameOfReferenceUid?: string;
}

/** What an RTDOSE holds. */
export interface RtDose {
  readonly dose: DoseVolume;
  readonly frameOfReferenceUid: string;
  /** PLAN, FRACTION, BEAM, ... */
  readonly summation: string;
  /** SOP instance UIDs of the plans that it refers to. */
  readonly planUids: readonly string[];
  /** The study that it belongs to, where it tells. */
  readonly study?: DicomStudy;
  /** What was taken on the caller's word. */
  readonly notes: readonly string[];
}

/**
 * The dose of an RTDOSE: Gy, total over its course, in the patient frame.
 *
 * @param file RTDOSE, native or run-length coded, 16 or 32 bit; axes along those of the patient, in any order and sense
 * @throws {InvalidInputError} if the file is no RT dose; if units, extent or type need a word of the caller's, the
 *   plan is
 *   not its plan, the frame of reference another, or a dose is negative
 * @throws {UnsupportedError} for oblique or unevenly spaced frames, or compression other than RLE
 * @throws {FormatError} if the file is truncated, corrupt or lacks an element
 */
export function readRtDose(file: DicomFile, options: RtDoseOptions = {}): RtDose {
  const dataset = readDataset(file);
  const { name, elements } = dataset;
  const sopClass = text(elements, '00080016') ?? '(none)';
  if (sopClass !== doseStorage) {
    throw new InvalidInputError(`${name}: SOP class ${sopClass} is no RT dose. Give an RTDOSE file.`);
  }
  const frameOfReferenceUid = needText(dataset, '00200052', 'FrameOfReferenceUID');
  if (options.frameOfReferenceUid !== undefined && options.frameOfReferenceUid !== frameOfReferenceUid) {
    throw new InvalidInputError(
      `${name}: frame of reference ${frameOfReferenceUid} is not that of the structures, ${options.frameOfReferenceUid}. Give the dose of this patient model.`,
    );
  }
  const notes: string[] = [];
  const summation = text(elements, '3004000A') ?? '(missing)';
  const planUids = items(elements, '300C0002').flatMap((item) => text(item, '00081155') ?? []);
  const said = ownWord(elements);
  const fractions = fractionsOf(name, summation, planUids, options, said);
  const { quantity, alphaBeta } = meaningOf(dataset, options, said, notes);
  const perUnit = gyPerUnit(dataset, options, notes) * courseFactor(name, summation, fractions, options, notes);
  if (options.extent === 'fraction' && quantity !== 'physical') {
    throw new InvalidInputError(
      `${name}: ${quantity} of one fraction times their number is not that of the course. Export the course.`,
    );
  }
  const lattice = doseLattice(dataset);
  const stored = readPixels(dataset, lattice.frames);
  const data = new Float32Array(stored.length);
  fillLattice(lattice, stored, scaling(dataset) * perUnit, data);
  checkReach(name, lattice.grid);
  checkDoseValues(name, lattice.grid, data, quantity);
  const meaning = {
    quantity,
    ...(fractions === undefined ? {} : { fractions }),
    ...(alphaBeta === undefined || quantity === 'physical' ? {} : { alphaBeta }),
  };
  const study = studyOf(elements);
  return {
    dose: createDose(lattice.grid, meaning, data),
    frameOfReferenceUid,
    summation,
    planUids,
    notes,
    ...(study && { study }),
  };
}

function scaling(dataset: Dataset): number {
  const value = needNumbers(dataset, '3004000E', 'DoseGridScaling', 1)[0]!;
  if (!(value > 0)) {
    throw new FormatError(`DoseGridScaling is ${value}, but must be > 0. Export the file again.`, dataset.name);
  }
  return value;
}

/** What a file of respine's own says of its dose. */
function ownWord(elements: Elements): DoseMeaning | undefined {
  if (text(elements, '00080070') !== 'respine') return undefined;
  return meaningOfComment(text(elements, '30040006') ?? '');
}

/** Fractions of the course, as far as they are known. */
function fractionsOf(
  name: string,
  summation: string,
  planUids: readonly string[],
  { fractions, plan }: RtDoseOptions,
  said: DoseMeaning | undefined,
): number | undefined {
  if (fractions !== undefined) checkInteger(`${name}: fractions`, fractions, 1);
  if (plan === undefined) {
    if (fractions !== undefined && said?.fractions !== undefined && said.fractions !== fractions) {
      throw new InvalidInputError(
        `${name}: ${fractions} fractions are given, but the file says ${said.fractions}. Leave them out.`,
      );
    }
    return fractions ?? said?.fractions;
  }
  const planned = readPlanFractions(plan);
  if (planUids.length > 0 && !planUids.includes(planned.uid)) {
    throw new InvalidInputError(
      `${plan.name}: plan ${planned.uid} is not the one of ${name}, which refers to ${planUids.join(', ')}. Give that plan, or the number of fractions.`,
    );
  }
  if (summation === 'MULTI_PLAN') {
    throw new InvalidInputError(
      `${name}: the dose of several plans has not the fractions of one of them. Leave the plan out.`,
    );
  }
  if (fractions !== undefined && fractions !== planned.fractions) {
    throw new InvalidInputError(
      `${name}: ${fractions} fractions are given, but ${plan.name} plans ${planned.fractions}. Leave one of them out.`,
    );
  }
  return planned.fractions;
}

type Quantity = Pick<DoseMeaning, 'quantity' | 'alphaBeta'>;

function meaningOf(
  { elements, name }: Dataset,
  options: RtDoseOptions,
  said: DoseMeaning | undefined,
  notes: string[],
): Quantity {
  const type = text(elements, '30040004') ?? '(missing)';
  const { quantity, alphaBeta } = options;
  if (type === 'EFFECTIVE' && said !== undefined && said.quantity !== 'physical') {
    const isOther = (quantity ?? said.quantity) !== said.quantity || (alphaBeta ?? said.alphaBeta) !== said.alphaBeta;
    if (!isOther) return said;
    throw new InvalidInputError(
      `${name}: it holds ${said.quantity.toUpperCase()} with alpha/beta ${said.alphaBeta} Gy, not ${quantity ?? said.quantity}${alphaBeta === undefined ? '' : ` with alpha/beta ${alphaBeta} Gy`}. Leave quantity and alphaBeta out, or give the dose that you mean.`,
    );
  }
  if (quantity !== undefined) {
    if (type !== 'PHYSICAL' || quantity !== 'physical') notes.push(`Dose of type ${type} read as ${quantity} dose.`);
    return { quantity, alphaBeta };
  }
  if (type === 'PHYSICAL') return { quantity: 'physical' };
  if (type === 'EFFECTIVE') {
    throw new InvalidInputError(
      `${name}: DoseType is EFFECTIVE, corrected for a biological effect that the file does not name. Say what it is with quantity "physical", "eqd2" or "bed" (these with alphaBeta).`,
    );
  }
  throw new InvalidInputError(
    `${name}: DoseType is ${type}, but must be PHYSICAL or EFFECTIVE. Give a dose, no difference of doses.`,
  );
}

/** Gy per scaled value. */
function gyPerUnit({ elements, name }: Dataset, options: RtDoseOptions, notes: string[]): number {
  const units = text(elements, '30040002') ?? '(missing)';
  if (options.gyPerUnit !== undefined) {
    if (units === 'GY') {
      throw new InvalidInputError(`${name}: the dose is in Gy already. Leave gyPerUnit out.`);
    }
    notes.push(`Dose in units ${units} times ${options.gyPerUnit} Gy.`);
    return checkPositive(`${name}: gyPerUnit`, options.gyPerUnit);
  }
  if (units === 'GY') return 1;
  throw new InvalidInputError(
    `${name}: DoseUnits is ${units}, not GY, so its values are relative to an unknown dose. Export it in Gy, or say with gyPerUnit what 1 stands for.`,
  );
}

/** What turns the values into the total of the course. */
function courseFactor(
  name: string,
  summation: string,
  fractions: number | undefined,
  { extent }: RtDoseOptions,
  notes: string[],
): number {
  const isCourse = summation === 'PLAN' || summation === 'MULTI_PLAN';
  if (extent === undefined) {
    if (isCourse) return 1;
    throw new InvalidInputError(
      `${name}: DoseSummationType is ${summation}, perhaps one fraction or a part of the plan, but a dose is the total of its course. Say what its values are with extent "course" or "fraction" (then they are multiplied by the fractions).`,
    );
  }
  if (extent === 'course') {
    if (!isCourse) notes.push(`Dose of summation type ${summation} read as the total of the course.`);
    return 1;
  }
  if (fractions === undefined) {
    throw new InvalidInputError(
      `${name}: the dose of one fraction needs their number to become that of the course. Give fractions or the plan.`,
    );
  }
  notes.push(`Dose of one fraction times ${fractions}.`);
  return fractions;
}

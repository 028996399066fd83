/**
 * An RTPLAN as a treatment plan: everything that it says of beams, whether respine can compute it or not.
 *
 * @see DICOM PS3.3 A.20, RT Plan IOD
 */
import { checkCount } from '../../core/budget.js';
import { FormatError, InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { Vec3 } from '../../geometry/grid.js';
import {
  type Dataset,
  type DicomFile,
  type Elements,
  items,
  needText,
  number,
  numbers,
  readDataset,
  text,
} from './dataset.js';
import { type BeamContext, beamOf } from './treatment-beam-read.js';
import type { FractionBeam, FractionGroup, Prescription, TreatmentPlan } from './treatment-plan.js';

const planStorage = '1.2.840.10008.5.1.4.1.1.481.5';
const ionPlanStorage = '1.2.840.10008.5.1.4.1.1.481.8';

/** No plan has more. */
const MOST_BEAMS = 1000;

/**
 * The plan of an RTPLAN.
 *
 * Whether it can be computed is not asked here: electrons, wedges and the like are read and named.
 *
 * @throws {InvalidInputError} if the file is no RTPLAN or has no beam
 * @throws {UnsupportedError} for a plan of ions
 * @throws {FormatError} naming the beam and the element that is missing, no number or does not fit
 */
export function readTreatmentPlan(file: DicomFile): TreatmentPlan {
  const dataset = readDataset(file);
  const { elements, name } = dataset;
  const sopClass = text(elements, '00080016') ?? '(none)';
  if (sopClass === ionPlanStorage) {
    throw new UnsupportedError(
      `${name}: it is a plan of protons or ions, but respine computes photons. Give a photon plan.`,
    );
  }
  if (sopClass !== planStorage) {
    throw new InvalidInputError(`${name}: SOP class ${sopClass} is no RT plan. Give an RTPLAN file.`);
  }
  const positions = new Map(
    items(elements, '300A0180').map((setup) => [number(setup, '300A0182') ?? 0, text(setup, '00185100')]),
  );
  const context: BeamContext = { file: name, positions };
  const beams = items(elements, '300A00B0');
  checkCount(`${name}: beams`, beams.length, MOST_BEAMS, 'Give a plan for one patient.');
  const brachySetups = items(elements, '300A0230').length;
  if (beams.length === 0 && brachySetups === 0) {
    throw new InvalidInputError(`${name}: the plan has no beam. Export the plan with its beams.`);
  }
  const read = beams.map((beam, b) => beamOf(beam, b, context));
  checkNumbers(
    read.map((beam) => beam.number),
    name,
  );
  return {
    uid: needText(dataset, '00080018', 'SOPInstanceUID'),
    label: text(elements, '300A0002') ?? '',
    name: text(elements, '300A0003'),
    description: text(elements, '300A0004'),
    geometry: text(elements, '300A000C') ?? 'PATIENT',
    intent: text(elements, '300A000A'),
    approval: text(elements, '300E0002'),
    patientName: text(elements, '00100010') ?? '',
    patientId: text(elements, '00100020') ?? '',
    frameOfReferenceUid: text(elements, '00200052'),
    structureSetUid: text(items(elements, '300C0060')[0] ?? {}, '00081155'),
    doseUids: items(elements, '300C0080').flatMap((dose) => text(dose, '00081155') ?? []),
    prescriptionText: text(elements, '300A000E'),
    prescriptions: items(elements, '300A0010').map(prescriptionOf),
    fractionGroups: items(elements, '300A0070').map((group, g) => fractionGroupOf(group, g, dataset)),
    beams: read,
    brachySetups,
  };
}

function checkNumbers(all: readonly number[], name: string): void {
  const twice = all.find((n, i) => all.indexOf(n) !== i);
  if (twice !== undefined) {
    throw new FormatError(
      `two beams have the number ${twice}, so that their monitor units cannot be told apart. Export the plan again.`,
      name,
    );
  }
}

function prescriptionOf(item: Elements, index: number): Prescription {
  return {
    number: number(item, '300A0012') ?? index + 1,
    uid: text(item, '300A0013'),
    structureType: text(item, '300A0014') ?? '',
    description: text(item, '300A0016'),
    roi: number(item, '30060084'),
    point: pointOf(item, '300A0018'),
    type: text(item, '300A0020') ?? '',
    targetDose: number(item, '300A0026'),
    maximum: number(item, '300A0023') ?? number(item, '300A002C'),
  };
}

function fractionGroupOf(item: Elements, index: number, { name }: Dataset): FractionGroup {
  const fractions = number(item, '300A0078');
  return {
    number: number(item, '300A0071') ?? index + 1,
    fractions,
    brachySetups: number(item, '300A00A0') ?? 0,
    beams: items(item, '300C0004').map((beam): FractionBeam => {
      const of = number(beam, '300C0006');
      if (of === undefined) {
        throw new FormatError(
          `fraction group ${index + 1} refers to a beam without a number. Export the plan again.`,
          name,
        );
      }
      return {
        beam: of,
        meterset: finite(beam, '300A0086', `BeamMeterset of beam ${of}`, name),
        dose: number(beam, '300A0084'),
        point: pointOf(beam, '300A0082'),
      };
    }),
  };
}

/** Undefined where it is absent or empty; a value that is no number is an error. */
function finite(elements: Elements, tag: string, what: string, name: string): number | undefined {
  if (text(elements, tag) === undefined) return undefined;
  const value = numbers(elements, tag)[0];
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new FormatError(`${what} is "${text(elements, tag)}", but must be a number. Export the plan again.`, name);
}

/** Undefined unless it is three finite numbers. */
export function pointOf(elements: Elements, tag: string): Vec3 | undefined {
  const [x, y, z] = numbers(elements, tag);
  return [x, y, z].every(Number.isFinite) ? [x!, y!, z!] : undefined;
}

/** The number of fractions of an RT plan: what turns a dose per fraction into that of its course, and into EQD2. */
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { type DicomFile, items, needText, number, readDataset, text } from './dataset.js';

const planStorage = ['1.2.840.10008.5.1.4.1.1.481.5', '1.2.840.10008.5.1.4.1.1.481.8'];

export interface PlanFractions {
  /** SOP instance UID, by which a dose refers to its plan. */
  readonly uid: string;
  readonly fractions: number;
}

/**
 * @throws {InvalidInputError} if the file is no RT plan, or does not say how many fractions are planned
 * @throws {UnsupportedError} for several fraction groups, whose fractions do not all give the same dose
 * @throws {FormatError} if the file is truncated or corrupt
 */
export function readPlanFractions(file: DicomFile): PlanFractions {
  const dataset = readDataset(file);
  const sopClass = text(dataset.elements, '00080016') ?? '(none)';
  if (!planStorage.includes(sopClass)) {
    throw new InvalidInputError(`${file.name}: SOP class ${sopClass} is no RT plan. Give an RTPLAN file.`);
  }
  const groups = items(dataset.elements, '300A0070');
  if (groups.length > 1) {
    throw new UnsupportedError(
      `${file.name}: the plan has ${groups.length} fraction groups, whose doses per fraction may differ. Give the number of fractions yourself.`,
    );
  }
  const fractions = number(groups[0] ?? {}, '300A0078');
  if (fractions === undefined || !Number.isInteger(fractions) || fractions < 1) {
    throw new InvalidInputError(
      `${file.name}: NumberOfFractionsPlanned is ${fractions ?? 'missing'}. Give the number of fractions yourself.`,
    );
  }
  return { uid: needText(dataset, '00080018', 'SOPInstanceUID'), fractions };
}

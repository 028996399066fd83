/** What radiotherapy objects hold and refer to: structures with volumes and remarks, plans, doses, registrations. */
import { isRespineError } from '../../core/errors.js';
import { toDecimals, toDigits } from '../../core/rounding.js';
import { contoursVolume } from '../../geometry/contour.js';
import { inspectContours } from '../../geometry/contour-check.js';
import type { Structure } from '../../geometry/structure.js';
import type { InspectedDose, InspectedPlan, InspectedRegistration, InspectedStructureSet } from '../inspection.js';
import { type DicomFile, type Elements, items, number, text, texts } from './dataset.js';
import { readRtDose } from './dose.js';
import { readRegistration, registrationStorage } from './registration.js';
import { readStructureSet, structureSetStorage } from './structure-set.js';

/** SOP classes of what is looked into. */
export const storage = {
  structures: [structureSetStorage],
  plan: ['1.2.840.10008.5.1.4.1.1.481.5', '1.2.840.10008.5.1.4.1.1.481.8'],
  dose: ['1.2.840.10008.5.1.4.1.1.481.2'],
  registration: [registrationStorage],
} as const satisfies Readonly<Record<string, readonly string[]>> as Readonly<
  Record<'structures' | 'plan' | 'dose' | 'registration', readonly string[]>
>;

/** What an object refers to. */
export interface Reference {
  readonly means: string;
  readonly uid: string;
  /** Of a series, not of one object. */
  readonly isSeries?: true;
}

interface Referring {
  readonly references: readonly Reference[];
}

/** Without what only the whole folder tells: patient and frame by number. */
export type RtObject =
  | ({ readonly is: 'structures'; readonly frame: string | undefined; readonly images: readonly string[] } & Referring &
      Omit<InspectedStructureSet, 'patient' | 'frame'>)
  | ({ readonly is: 'plan' } & Referring & Omit<InspectedPlan, 'patient'>)
  | ({ readonly is: 'dose'; readonly frame: string | undefined } & Referring & Omit<InspectedDose, 'patient' | 'frame'>)
  | ({
      readonly is: 'registration';
      readonly frames: { readonly to: string | undefined; readonly from: readonly string[] };
    } & Referring &
      Omit<InspectedRegistration, 'patient' | 'to' | 'from'>);

/** Remarks of one structure that are told one by one. */
const TOLD = 5;

/** What `read` gives, or the sentence in which it refuses. */
async function orProblem<T>(
  name: string,
  read: () => T | Promise<T>,
): Promise<{ readonly found?: T; readonly problems: string[] }> {
  try {
    return { found: await read(), problems: [] };
  } catch (cause) {
    if (!isRespineError(cause)) throw cause;
    return { problems: [cause.message.startsWith(`${name}: `) ? cause.message.slice(name.length + 2) : cause.message] };
  }
}

/** Text that may be in a character set that is not read. */
function saidOr(elements: Elements, tag: string, otherwise: string): string {
  try {
    return text(elements, tag) ?? otherwise;
  } catch (cause) {
    if (!isRespineError(cause)) throw cause;
    return otherwise;
  }
}

const uidsIn = (elements: Elements, sequence: string): string[] =>
  items(elements, sequence).flatMap((item) => text(item, '00081155') ?? []);

const refersTo = (means: string, uids: readonly string[]): Reference[] =>
  [...new Set(uids)].map((uid) => ({ means, uid }));

export async function inspectStructures(file: DicomFile, elements: Elements): Promise<RtObject> {
  const studies = items(elements, '30060010').flatMap((item) => items(item, '30060012'));
  const series = studies.flatMap((item) => items(item, '30060014'));
  const { found, problems } = await orProblem(file.name, () => readStructureSet(file));
  const frame =
    found?.frameOfReferenceUid ??
    items(elements, '30060010').flatMap((item) => text(item, '00200052') ?? [])[0] ??
    text(elements, '00200052');
  const named = items(elements, '30060020').map((item, n) => saidOr(item, '30060026', `ROI ${n + 1}`));
  const empty = (name: string, remarks: string[] = []): InspectedStructureSet['structures'][number] => ({
    name,
    role: null,
    volumeCc: null,
    slices: 0,
    remarks,
  });
  return {
    is: 'structures',
    file: file.name,
    label: saidOr(elements, '30060002', ''),
    frame,
    structures:
      found === undefined
        ? named.map((name) => empty(name))
        : [...found.structures.map(structureOf), ...found.empty.map((one) => empty(one.name, [one.emptyBecause]))],
    notes: [...(found?.notes ?? [])],
    problems,
    images: series.flatMap((item) => uidsIn(item, '30060016')),
    references: series.flatMap((item) => {
      const uid = text(item, '0020000E');
      return uid === undefined ? [] : [{ means: 'drawn on', uid, isSeries: true } as const];
    }),
  };
}

function structureOf({ name, role, shape }: Structure): InspectedStructureSet['structures'][number] {
  if (shape.kind !== 'contours') return { name, role, volumeCc: null, slices: 0, remarks: [] };
  const { contours } = shape;
  const all = inspectContours(contours).map(({ text: said }) => said);
  const remarks = all.length > TOLD ? [...all.slice(0, TOLD), `and ${all.length - TOLD} more`] : all;
  return { name, role, volumeCc: toDigits(contoursVolume(contours), 5), slices: contours.planes.length, remarks };
}

export function inspectPlan(file: DicomFile, elements: Elements): RtObject {
  const beams = [...items(elements, '300A00B0'), ...items(elements, '300A03A2')];
  const treating = beams.filter((beam) => !['SETUP', 'VERIFICATION'].includes(text(beam, '300A00CE') ?? 'TREATMENT'));
  const groups = items(elements, '300A0070');
  const fractions = groups.length === 1 ? number(groups[0]!, '300A0078') : undefined;
  const doses = items(elements, '300A0010').flatMap((item) => number(item, '300A0026') ?? []);
  const problems = [
    ...(groups.length > 1
      ? [`has ${groups.length} fraction groups, so the number of fractions must be given by hand`]
      : []),
    ...(groups.length === 1 && fractions === undefined ? ['does not say how many fractions are planned'] : []),
    ...(groups.length === 0 ? ['has no fraction group'] : []),
  ];
  return {
    is: 'plan',
    file: file.name,
    label: saidOr(elements, '300A0002', ''),
    fields: treating.length,
    radiation: [...new Set(treating.flatMap((beam) => texts(beam, '300A00C6')))],
    fractions: fractions ?? null,
    dose: doses.length === 0 ? null : Math.max(...doses),
    problems,
    references: [
      ...refersTo('planned on', uidsIn(elements, '300C0060')),
      ...refersTo('has the dose', uidsIn(elements, '300C0080')),
    ],
  };
}

export async function inspectDose(file: DicomFile, elements: Elements): Promise<RtObject> {
  const [units, type, summation] = ['30040002', '30040004', '3004000A'].map((tag) => text(elements, tag) ?? null) as [
    string | null,
    string | null,
    string | null,
  ];
  // What a reader must be told is told in its fields; here its values are looked at as they are.
  const word = { extent: 'course', quantity: 'physical', ...(units === 'RELATIVE' && { gyPerUnit: 1 }) } as const;
  const { found, problems } = await orProblem(file.name, () => readRtDose(file, word));
  const { grid, data } = found?.dose ?? {};
  const maximum = data?.reduce((largest, value) => Math.max(largest, value), 0);
  return {
    is: 'dose',
    file: file.name,
    frame: text(elements, '00200052'),
    grid:
      grid === undefined
        ? null
        : {
            shape: [...grid.shape],
            spacing: [toDecimals(grid.spacing[0], 4), toDecimals(grid.spacing[1], 4), toDecimals(grid.spacing[2], 4)],
            origin: [...grid.origin],
          },
    units,
    type,
    summation,
    maximum: maximum === undefined ? null : toDigits(maximum, 5),
    problems,
    references: [
      ...refersTo('dose of', uidsIn(elements, '300C0002')),
      ...refersTo('computed on', uidsIn(elements, '300C0060')),
    ],
  };
}

export async function inspectRegistration(file: DicomFile, elements: Elements): Promise<RtObject> {
  const { found, problems } = await orProblem(file.name, () => readRegistration(file));
  return {
    is: 'registration',
    file: file.name,
    frames: { to: found?.registeredUid ?? text(elements, '00200052'), from: [...(found?.sources.keys() ?? [])] },
    problems,
    references: [],
  };
}

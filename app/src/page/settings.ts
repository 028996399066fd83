/** What the form holds, and the case that it makes. */
import type { PlanCaseInput, Technique } from '../../../dist/index.js';
import type { PatientView, PhantomChoice } from '../planning/messages.js';

export interface Settings {
  readonly source: 'phantom' | 'files';
  readonly phantom: string;
  readonly vertebra: 'body' | 'body-pedicle' | 'horseshoe' | 'ring';
  readonly side: 'left' | 'right';
  /** Changed measures of the phantom, by name. */
  readonly measures: Readonly<Record<string, number>>;
  /** Of the dose grid, mm. */
  readonly spacing: number;
  readonly target: string;
  readonly cord: string;
  /** Gy */
  readonly dose: number;
  readonly fractions: number;
  readonly to: 'D50' | 'D95' | 'isocenter';
  readonly prior: 'none' | 'uniform' | 'file';
  /** Gy */
  readonly priorDose: number;
  readonly priorFractions: number;
  readonly months: number;
  /** Gy */
  readonly cordCap: number;
  /** One a line. */
  readonly constraints: string;
  readonly imrt: boolean;
  readonly fcrt: boolean;
  readonly imrtBeams: string;
  readonly fcrtBeams: string;
  readonly delivery: 'step-and-shoot' | 'fluence';
}

/** The reference case of the README, on a grid that is planned in a minute. */
export const FIRST: Settings = {
  source: 'phantom',
  phantom: 'spine-t8',
  vertebra: 'horseshoe',
  side: 'left',
  measures: {},
  spacing: 3,
  target: 'PTV_3960',
  cord: 'SpinalCord',
  dose: 39.6,
  fractions: 22,
  to: 'D50',
  prior: 'uniform',
  priorDose: 38,
  priorFractions: 19,
  months: 17.7,
  cordCap: 29.8,
  constraints: '',
  imrt: true,
  fcrt: true,
  imrtBeams: 'posterior-9',
  fcrtBeams: 'posterior-9',
  delivery: 'step-and-shoot',
};

export const PHANTOMS: readonly (readonly [name: string, title: string])[] = [
  ['spine-c5', 'Cervical spine, C5'],
  ['spine-t4', 'Thoracic spine, T4'],
  ['spine-t8', 'Thoracic spine, T8'],
  ['spine-t12', 'Thoracic spine, T12'],
  ['spine-l3', 'Lumbar spine, L3'],
];

export const ARRANGEMENTS = [
  'posterior-3',
  'posterior-5',
  'posterior-7',
  'posterior-9',
  'posterior-3-anterior',
  'equispaced-5',
  'equispaced-7',
  'equispaced-9',
  'non-coplanar-7',
] as const;

export const techniquesOf = ({ fcrt, imrt }: Settings): Technique[] => [
  ...(fcrt ? (['fcrt'] as const) : []),
  ...(imrt ? (['imrt'] as const) : []),
];

/** What is asked for, in two short lines. */
export function askedOf(settings: Settings): readonly [string, string] {
  const { dose, fractions, target, spacing } = settings;
  const techniques = techniquesOf(settings).map((technique) => technique.toUpperCase());
  if (techniques.length === 0) return ['No plan is asked for', 'tick IMRT, FCRT or both'];
  if ([dose, fractions, spacing].some((value) => !Number.isFinite(value))) return ['A number is missing above', ''];
  return [
    `${techniques.join(' and ')} on a grid of ${spacing} mm`,
    `${dose} Gy in ${fractions} fractions to ${target}`,
  ];
}

export function choiceOf({ phantom, vertebra, side, measures, spacing }: Settings): PhantomChoice {
  const parameters = Object.keys(measures).length > 0 ? { parameters: measures } : {};
  return { phantom, target: vertebra, side, spacing: [spacing, spacing, spacing], ...parameters };
}

/** CASE.json of the form. @param patient that is shown, whose files it names */
export function caseOf(settings: Settings, patient: PatientView | undefined): PlanCaseInput {
  const { spacing, target, cord, dose, fractions, to, months, cordCap, imrtBeams, fcrtBeams, delivery } = settings;
  const { spacing: _, ...choice } = choiceOf(settings);
  const constraints = settings.constraints
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return {
    patient: settings.source === 'phantom' ? choice : (patient?.source ?? { ct: 'CT', structures: 'RS.dcm' }),
    target,
    cord,
    prescription: { dose, fractions, to },
    prior: priorOf(settings, patient, months),
    cordCap,
    ...(constraints.length > 0 && { constraints }),
    doseGrid: { spacing: [spacing, spacing, spacing] },
    fcrt: { beams: fcrtBeams },
    imrt: { beams: imrtBeams, delivery },
  } as PlanCaseInput;
}

function priorOf(
  { prior, priorDose, priorFractions }: Settings,
  patient: PatientView | undefined,
  months: number,
): PlanCaseInput['prior'] {
  if (prior === 'none') return null;
  if (prior === 'uniform') return { dose: priorDose, fractions: priorFractions, months };
  return { file: patient?.prior?.file ?? 'RD.dcm', fractions: patient?.prior?.fractions ?? priorFractions, months };
}

/**
 * Objectives as CASE.json asks for them: what a plan should have, each at its price.
 *
 * A list of the case's own, or the template `spine-default`, which is what every case asks for that says nothing; both together
 * where the template's name stands in the list. Doses are total Gy of the course, or percent of the prescription.
 */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { InvalidInputError } from '../../core/errors.js';
import { nearNames } from '../../core/near-names.js';
import { prescribedIn, TARGETS, type TargetsCase, targetsOf } from './asked-target.js';

/** What objectives call all of the body outside the targets. */
export const TISSUE = 'Tissue';
/** The template's name. */
export const SPINE_DEFAULT = 'spine-default';

/** What each kind of objective needs, and what it may have besides its weight. */
const kinds = {
  deviation: { needs: ['structure', 'dose'], may: ['isLevel'] },
  underdose: { needs: ['structure', 'dose'], may: ['isLevel'] },
  overdose: { needs: ['structure', 'dose'], may: ['scale', 'courses'] },
  mean: { needs: ['structure'], may: ['scale', 'courses'] },
  gEUD: { needs: ['structure', 'a', 'dose'], may: ['scale', 'courses'] },
  'maximum-dvh': { needs: ['structure', 'dose', 'volume'], may: [] },
  'minimum-dvh': { needs: ['structure', 'dose', 'volume'], may: [] },
  maximum: { needs: ['structure'], may: ['temperature', 'scale', 'courses'] },
  minimum: { needs: ['structure'], may: ['temperature'] },
  'fall-off': { needs: [], may: ['structure', 'dose', 'perMillimetre', 'least', 'from'] },
  smoothness: { needs: [], may: [] },
} as const;

export type ObjectiveKind = keyof typeof kinds;

const PERCENT = /^\s*(\d+\.?\d*|\.\d+)\s*%\s*$/;
const said = (value: unknown): string => (value === undefined ? 'is missing, but' : `is ${JSON.stringify(value)}, but`);
const DOSE = 'must be total Gy of the course from 0 to 1000, or percent of what is prescribed as "95%"';
const dose = z.union(
  [
    z.number().check(z.nonnegative(), z.maximum(1000)),
    z.string().check(z.regex(PERCENT, { error: ({ input }) => `${said(input)} ${DOSE}` })),
  ],
  { error: ({ input }) => (typeof input === 'number' ? undefined : `${said(input)} ${DOSE}`) },
);
const percent = z.string({ error: ({ input }) => `${said(input)} must be percent, as "45%"` }).check(
  z.regex(PERCENT, { error: ({ input }) => `${said(input)} must be percent, as "45%"` }),
  z.refine((text) => !PERCENT.test(text) || (Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100), {
    error: ({ input }) => `${said(input)} must be above 0 % and at most 100 %`,
  }),
);
const weight = z
  .number({
    error: ({ input }) =>
      `${input === undefined || typeof input === 'string' ? said(input) : `is ${String(input)}, but`} must be a finite number > 0`,
  })
  .check(
    z.refine((w) => w > 0 && w <= 1e9, {
      error: (issue) => `is ${String(issue.input)}, but must be > 0 and at most 1e9: leave out what shall not count`,
    }),
  );
const names = Object.keys(kinds) as [ObjectiveKind];
const kind = z.enum(names, {
  error: ({ input }) => {
    if (typeof input !== 'string') return `${said(input)} must be one of ${names.join(', ')}`;
    const near = nearNames(input, names).map((own) => `"${own}"`);
    const meant = near.length > 0 ? ` (did you mean ${near.join(' or ')}?)` : '';
    return `is "${input}", but must be one of ${names.join(', ')}${meant}`;
  },
});
const SCALE = /^(EQD2|BED)\/(\d+\.?\d*|\.\d+)$/;

const objective = z
  .strictObject({
    kind: described('What is asked for: docs/optimisation.md#objectives.', kind),
    structure: described(
      'By name; `Tissue` is the body outside the targets, `Targets` all of them, each voxel asked for the dose of its own. Not for `smoothness`.',
      z.optional(z.string().check(z.maxLength(1000))),
    ),
    weight: described('Importance relative to the others, > 0.', weight),
    dose: described(
      'Total Gy of the course, in `scale`, or percent as `"95%"`: of a target of its own dose, else of the prescription.',
      z.optional(dose),
    ),
    isLevel: described(
      'Whether `dose` moves with the others that do until the prescription is met: what a target is asked for.',
      z.optional(z.boolean()),
    ),
    a: described('Exponent of `gEUD`: >= 1 asks for less than `dose`, < 1 (not 0) for more.', z.optional(z.number())),
    volume: described('Of a `-dvh` objective: percent of the structure, as `"20%"`.', z.optional(percent)),
    temperature: described(
      'Of the smooth `maximum` and `minimum`, Gy: the smaller, the nearer to the extreme. By default 1.',
      z.optional(z.number().check(z.minimum(0.01), z.maximum(100))),
    ),
    perMillimetre: described(
      'How much a `fall-off` falls per mm of distance. By default `"6%"` of `dose`.',
      z.optional(percent),
    ),
    least: described('Where a `fall-off` ends. By default `"45%"` of `dose`.', z.optional(percent)),
    from: described(
      'Distance over which a `fall-off` does not fall yet, mm. By default 1.',
      z.optional(z.number().check(z.nonnegative(), z.maximum(100))),
    ),
    scale: described(
      '`EQD2/2`, `BED/10`: the dose is turned into that before anything else. Only where that is convex.',
      z.optional(
        z.string().check(
          z.regex(SCALE, {
            error: ({ input }) => `${said(input)} must be a scale with its alpha/beta in Gy, as "EQD2/2" or "BED/10"`,
          }),
          z.refine((given) => !SCALE.test(given) || !(Number(given.split('/')[1]) < 0.1), {
            error: ({ input }) => `${said(input)} its alpha/beta must be at least 0.1 Gy`,
          }),
        ),
      ),
    ),
    courses: described(
      'Of this course, or, on a biological scale, of all. By default `this`.',
      z.optional(z.enum(['this', 'all'])),
    ),
  })
  .check(
    z.superRefine((given, context) => {
      const say = (message: string, key: string): void => context.addIssue({ code: 'custom', message, path: [key] });
      const { needs, may } = kinds[given.kind] as { needs: readonly string[]; may: readonly string[] };
      for (const key of needs)
        if (given[key as keyof typeof given] === undefined)
          say(`is missing: ${given.kind} needs ${needs.join(', ')}`, key);
      const known = ['kind', 'weight', ...needs, ...may];
      for (const key of Object.keys(given)) {
        if (given[key as keyof typeof given] === undefined || known.includes(key)) continue;
        const why =
          key === 'scale'
            ? ': on a biological scale it is not convex. Give the physical dose'
            : ` (it has ${known.join(', ')})`;
        say(`does not go with ${given.kind}${why}`, key);
      }
      if (given.courses === 'all' && given.scale === undefined)
        say(
          'is "all", which needs a scale such as "EQD2/2": physical doses of different fractions do not add',
          'courses',
        );
      if (given.a !== undefined && !(given.a >= 1 || (given.a < 1 && given.a !== 0)))
        say(`is ${given.a}, but must be >= 1, or < 1 and not 0`, 'a');
      if (given.a !== undefined && given.a < 1 && given.scale !== undefined)
        say(
          'does not go with gEUD from below: on a biological scale it is not convex. Give the physical dose',
          'scale',
        );
      if (given.isLevel === true && typeof given.dose === 'number')
        say('needs dose in percent of the prescription, as "100%"', 'isLevel');
      if (given.kind === 'fall-off' && given.structure !== undefined && given.structure !== TISSUE)
        say(`is "${given.structure}", but a fall-off is of ${TISSUE}: leave it out`, 'structure');
      if (given.kind === 'fall-off' && given.dose === 0)
        say('is 0, but must be > 0: from there the dose falls', 'dose');
      if (given.temperature !== undefined && !(given.temperature > 0)) say('must be > 0 Gy', 'temperature');
    }),
  );

const LISTED = `must be an objective { "kind", "structure", "weight", ... }, or "${SPINE_DEFAULT}"`;
const listed = z.union([z.literal(SPINE_DEFAULT), objective], {
  error: ({ input }) => (typeof input === 'object' && input !== null ? undefined : `${said(input)} ${LISTED}`),
});

/** `objectives` of CASE.json. */
export const askedObjectives = z.union(
  [
    z.literal(SPINE_DEFAULT),
    z.array(listed).check(
      z.minLength(1, { error: 'is an empty list: give an objective, or "spine-default"' }),
      z.maxLength(500),
      z.refine((list) => list.filter((one) => one === SPINE_DEFAULT).length <= 1, {
        error: 'names "spine-default" twice: once is enough',
      }),
    ),
  ],
  {
    error: ({ input }) =>
      Array.isArray(input)
        ? undefined
        : `${typeof input === 'string' ? said(input) : 'is no list, but'} must be "${SPINE_DEFAULT}", or a list of objectives in which that may stand`,
  },
);

/** As it is written. */
export type ObjectiveInput = z.input<typeof objective>;
export type ObjectivesInput = z.output<typeof askedObjectives>;

/** One objective with its doses in Gy. */
export interface AskedObjective {
  /** What it is called in the formula of the result. */
  readonly name: string;
  readonly kind: ObjectiveKind;
  readonly structure?: string;
  readonly weight: number;
  /** Gy of this course, in `scale`; of what follows the level, at the prescribed dose. */
  readonly dose: number;
  /** Fraction of the level, where it follows it. */
  readonly ofLevel?: number;
  /** Whether the weight is that of all targets, of which each has as much as it has of their volume. */
  readonly isOfTargets?: true;
  /** Whether `dose` was given in percent: of what lies outside the targets, of the dose of the nearest one. */
  readonly isPercent?: true;
  readonly a?: number;
  /** Fraction of the structure. */
  readonly volume?: number;
  /** Gy */
  readonly temperature: number;
  /** Fractions of `dose`; mm. */
  readonly fall: { readonly perMillimetre: number; readonly least: number; readonly from: number };
  readonly scale?: { readonly quantity: 'eqd2' | 'bed'; readonly alphaBeta: number };
  readonly courses: 'this' | 'all';
}

/**
 * The template `spine-default`: the prescribed dose in the target, in each of several its own, a fall-off of 6 % of it per mm around the target down to 45 %, and
 * little dose elsewhere. The weights are ours.
 *
 * @param target   its name, or `Targets` where there are several
 * @param isShaped whether beamlets shape the dose: whole fields can hardly, and outside must not cost the target its homogeneity
 */
export function spineDefault(target: string, isShaped: boolean): ObjectiveInput[] {
  return [
    { structure: target, kind: 'deviation', dose: '100%', isLevel: true, weight: 100 },
    { structure: target, kind: 'underdose', dose: '97%', isLevel: true, weight: 100 },
    {
      structure: TISSUE,
      kind: 'fall-off',
      dose: '100%',
      perMillimetre: '6%',
      least: '45%',
      from: 1,
      weight: isShaped ? 60 : 6,
    },
    { structure: TISSUE, kind: 'mean', weight: 2 },
  ];
}

/** The list with the template written out, as CASE.json would have it. */
export function objectivesInFull(given: ObjectivesInput, planCase: TargetsCase, isShaped: boolean): ObjectiveInput[] {
  const list = typeof given === 'string' ? [given] : given;
  return list.flatMap((one) => (one === SPINE_DEFAULT ? spineDefault(targetOf(planCase), isShaped) : [one]));
}

/** What the template asks for the prescribed dose. */
const targetOf = (planCase: TargetsCase): string => (targetsOf(planCase).length > 1 ? TARGETS : planCase.target);

/**
 * The objectives of a case, read: the template's, where it is asked for, under its own names.
 *
 * @throws {InvalidInputError} for what the schema would not let pass
 */
export function readObjectives(given: ObjectivesInput, planCase: TargetsCase, isShaped: boolean): AskedObjective[] {
  const list = typeof given === 'string' ? [given] : given;
  return list.flatMap((one): AskedObjective[] => {
    if (one !== SPINE_DEFAULT) return readInTargets(one, planCase, one.structure ?? one.kind);
    const names = ['target', 'target', 'tissue around the target', 'tissue'];
    return spineDefault(targetOf(planCase), isShaped).flatMap((own, i) => readInTargets(own, planCase, names[i]!));
  });
}

/** What is asked of all targets is asked of each. */
function readInTargets(given: ObjectiveInput, planCase: TargetsCase, name: string): AskedObjective[] {
  if (given.structure !== TARGETS) return [readObjective(given, planCase, name)];
  const targets = targetsOf(planCase);
  return targets.map(({ name: structure }): AskedObjective => {
    const own = readObjective({ ...given, structure }, planCase, targets.length === 1 ? name : structure);
    return { ...own, isOfTargets: true };
  });
}

/** The weight of fluence smoothness, where it is asked for: of several, their sum. */
export function smoothnessOf(given: ObjectivesInput): number | undefined {
  const list = typeof given === 'string' ? [] : given;
  const weights = list.flatMap((one) => (one !== SPINE_DEFAULT && one.kind === 'smoothness' ? [one.weight] : []));
  return weights.length === 0 ? undefined : weights.reduce((a, b) => a + b, 0);
}

function readObjective(given: ObjectiveInput, planCase: TargetsCase, name: string): AskedObjective {
  const {
    kind,
    structure,
    weight,
    dose: asked = '100%',
    isLevel = false,
    a,
    volume,
    temperature = 1,
    scale,
    courses = 'this',
  } = given;
  const { perMillimetre = '6%', least = '45%', from = 1 } = given;
  const of = typeof asked === 'string' ? fractionOf(asked) : undefined;
  const prescribed = prescribedIn(planCase)(structure ?? TISSUE);
  return {
    name,
    kind,
    weight,
    dose: of === undefined ? (asked as number) : of * prescribed,
    temperature,
    courses,
    fall: { perMillimetre: fractionOf(perMillimetre), least: fractionOf(least), from },
    ...(kind === 'smoothness' ? {} : { structure: structure ?? TISSUE }),
    ...(isLevel && { ofLevel: of! * (prescribed / planCase.prescription.dose) }),
    ...(of !== undefined && { isPercent: true }),
    ...(a !== undefined && { a }),
    ...(volume !== undefined && { volume: fractionOf(volume) }),
    ...(scale !== undefined && { scale: scaleOf(scale) }),
  };
}

/** `"45%"` is 0.45, to the last bit the number that is written so. */
function fractionOf(text: string): number {
  const found = PERCENT.exec(text);
  if (found === null) throw new InvalidInputError(`objective: "${text}" is no percentage. Write it as "45%".`);
  return Number(`${found[1]}e-2`);
}

function scaleOf(text: string): NonNullable<AskedObjective['scale']> {
  const [, quantity, alphaBeta] = SCALE.exec(text)!;
  return { quantity: quantity === 'EQD2' ? 'eqd2' : 'bed', alphaBeta: Number(alphaBeta) };
}

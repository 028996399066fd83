/**
 * CASE.json: what one planning job is, checked before anything is computed.
 *
 * Defaults are the reference case of the README: 39.6 Gy in 22 fractions to the median of the target, after 38 Gy in 19,
 * with the cord capped at 29.8 Gy. Every assumption is a field that a case may change.
 */
import * as z from 'zod/mini';
import { described, editorSchema, jsonSchema } from '../../core/described.js';
import { askedConstraints } from '../asked/asked-constraint.js';
import { askedObjectives } from '../asked/asked-objective.js';
import { askedPriorities } from '../asked/asked-priority.js';
import { furtherTargets } from '../asked/asked-target.js';
import { cordBlockSchema, wedgesSchema } from '../asked/asked-wedge.js';
import { dicomPatient, edge, margin, maskedPatient, phantomPatient } from './case-patient.js';
import { prior } from './case-prior.js';
import { alphaBetaValue, retreatment } from './case-retreatment.js';
import {
  arcAngles,
  arcSchema,
  beams,
  doseModelSchema,
  leafBankSchema,
  slidingWindowSchema,
  text,
  transmissionSchema,
} from './check-json.js';
import { dose, fractions, vector } from './course.js';
import { goalList } from './goal-list.js';

/** What gives way where the cap and the prescription cannot both be met. */
const hold = z.enum(['cord', 'prescription']);

/** A shift beyond this is no set-up error, mm. */
const FARTHEST_SHIFT = 20;
const shiftCoordinate = z
  .number({ error: (issue) => `is ${String(issue.input)}, but must be a finite number of mm` })
  .check(
    z.refine((s) => Math.abs(s) <= FARTHEST_SHIFT, {
      error: (issue) => `is ${String(issue.input)} mm, but a shift is at most ${FARTHEST_SHIFT} mm; give it in mm`,
    }),
  );
const shiftDistance = shiftCoordinate.check(
  z.refine((d) => d > 0, { error: (issue) => `is ${String(issue.input)} mm, but must be > 0` }),
);
const shifts = z.array(z.tuple([shiftCoordinate, shiftCoordinate, shiftCoordinate])).check(
  z.minLength(1, { error: 'is an empty list: give at least one [x, y, z] in mm, or leave robust out' }),
  z.maxLength(100),
  z.refine((list) => list.some((shift) => shift.some((s) => s !== 0)), {
    error: 'holds nothing but [0, 0, 0], which is the nominal plan: give a shift, or leave robust out',
  }),
);

/** Rigid shifts of the patient against the beams under which the cord's cap holds; the nominal place always counts. */
const robust = z
  .strictObject({
    distance: described('Every shift of up to this, mm, at most 20. Or `shifts`.', z.optional(shiftDistance)),
    // The beams are those of an isocentre that lies off by the opposite.
    shifts: described('Stated ones, LPS, mm.', z.optional(shifts)),
    target: described(
      'Where coverage counts: at the nominal place, in the mean of all scenarios, in the worst of them.',
      z._default(z.enum(['nominal', 'expected', 'worst']), 'nominal'),
    ),
  })
  .check(
    z.refine((given) => (given.distance === undefined) !== (given.shifts === undefined), {
      error: 'must have either "distance" in mm or "shifts", a list of [x, y, z] in mm',
    }),
  );

const prescription = z.strictObject({
  dose: described('Total of the course, Gy.', z._default(dose, 39.6)),
  fractions: described('Number of fractions.', z._default(fractions, 22)),
  to: described('What the dose is the value of.', z._default(z.enum(['D50', 'D95', 'isocenter']), 'D50')),
});

const alphaBeta = z.strictObject({
  cord: described('Of cord, sac and cauda equina.', z._default(alphaBetaValue, 2)),
  target: described('Only asked for where fractionations are compared; no default.', z.optional(alphaBetaValue)),
});

const doseGrid = z.strictObject({
  spacing: described('x, y, z, mm.', z.tuple([edge, edge, edge])),
  planning: described(
    'How far apart planning points in target and cord may lie, mm: a coarser dose grid gets a finer one for the two.',
    z._default(edge, 2),
  ),
});

const millimetres = z.number().check(z.minimum(1), z.maximum(100));
const fcrt = z.strictObject({
  beams: described('Name of an arrangement, or a list of angles.', z._default(beams, 'posterior-5')),
  margin: described('From the target to the leaf ends, mm.', z._default(margin, 6)),
  leafWidth: described('Of uniform leaves, mm; `mlc` takes its place.', z._default(millimetres, 5)),
  mlc: described('Name of a leaf bank, or one of your own: see docs/case.md#collimators.', z.optional(leafBankSchema)),
  conform: described(
    'Where leaf ends stand: nothing of target and margin is covered (`outside`), half is (`midway`), nothing outside is open (`touching`).',
    z._default(z.enum(['outside', 'midway', 'touching']), 'outside'),
  ),
  transmission: transmissionSchema,
  cordShield: described('Closes the leaves over the cord.', z._default(z.boolean(), false)),
  collimator: described(
    'Where a beam names no angle: 0, the default, or `fit`, the angle that leaves least open beside the target.',
    z.optional(z.literal('fit', { error: 'must be "fit", or be left out; angles stand in fcrt.beams' })),
  ),
  wedges: described(
    'Wedges that there are: each direction gets its open field and the one wedge that serves best: docs/fcrt.md#wedges.',
    z.optional(wedgesSchema),
  ),
  fieldInField: described(
    'Smaller fields within each, at most: docs/fcrt.md#field-in-field. None by default.',
    z.optional(z.int().check(z.minimum(1), z.maximum(20))),
  ),
  cordBlock: described(
    "A block over the cord's shadow: docs/fcrt.md#blocks. None by default.",
    z.optional(cordBlockSchema),
  ),
  hold: described('What stands firm where cap and prescription cannot both be met.', z._default(hold, 'prescription')),
});

const gap = z.string({ error: 'must be percent, as "0.1%"' }).check(
  z.regex(/^\d+(\.\d+)?%$/, { error: 'must be percent, as "0.1%"' }),
  z.refine((text) => Number.parseFloat(text) >= 0.01 && Number.parseFloat(text) <= 50, {
    error: (issue) => `is "${String(issue.input)}", but must be from "0.01%" to "50%"`,
  }),
);

const segmented = z.strictObject({
  kind: described('Segments one after the other, the beam off between them.', z.literal('step-and-shoot')),
  segments: described('Of all fields, at most.', z._default(z.int().check(z.minimum(1), z.maximum(1000)), 100)),
  mlc: described(
    'Name of a leaf bank, or one of your own: see docs/case.md#collimators. By default leaves as wide as a beamlet.',
    z.optional(leafBankSchema),
  ),
  leastArea: described(
    'Open area of a segment, at least, cm^2 in the isocentre plane.',
    z._default(z.number().check(z.minimum(0), z.maximum(1600)), 1),
  ),
  leastUnits: described(
    'Monitor units of a segment in each fraction, at least.',
    z._default(z.number().check(z.minimum(0), z.maximum(1000)), 1),
  ),
  leafGap: described(
    'Between the ends of a pair that is open, at least, mm; rounded up to whole beamlets where a shape is new.',
    z._default(z.number().check(z.minimum(0), z.maximum(100)), 0),
  ),
  interleaf: described('Whether opposing ends of neighbouring pairs must not overlap.', z._default(z.boolean(), false)),
  transmission: transmissionSchema,
});
const moving = z.discriminatedUnion('kind', [segmented, slidingWindowSchema, arcSchema]);
const delivery = z.union([z.enum(['fluence', 'step-and-shoot', 'sliding-window', 'arc']), moving], {
  error:
    'must be "fluence", "step-and-shoot", "sliding-window", "arc", or one with its settings: { "kind": "sliding-window", "leafSpeed": 25, ... }',
});

const imrt = z.strictObject({
  beams: described('Name of an arrangement, or a list of angles.', z._default(beams, 'posterior-9')),
  beamlet: described('Edge of the square beamlets in the isocentre plane, mm.', z._default(millimetres, 5)),
  margin: described('From the target to the outermost beamlets, mm.', z._default(margin, 5)),
  onAxis: described(
    "What of the beamlets lies on the beam's axis: the `corner` of four, the default, or the `middle` of one.",
    z.optional(z.enum(['corner', 'middle'])),
  ),
  hold: described('As of `fcrt`.', z._default(hold, 'cord')),
  gap: described(
    'How far above the best plan the optimiser may end, from `"0.01%"` to `"50%"`. By default `"0.8%"`.',
    z.optional(gap),
  ),
  delivery: described(
    'What a plan is delivered by: `step-and-shoot` segments, a `sliding-window`, an `arc`, or its `fluence` as it is: docs/delivery.md. By default segments, and the fluence where `robust`, `priorities` or smoothness is asked for, and in all commands that compare many plans.',
    z.optional(delivery),
  ),
  robust: described("Shifts under which the cord's cap holds: docs/retreatment.md#robust-plans.", z.optional(robust)),
});

const patient = z.union([phantomPatient, dicomPatient, maskedPatient], {
  error:
    'must be { "phantom": NAME, ... }, { "ct": DIRECTORY, "structures": RTSTRUCT FILE, ... } or { "ct": NRRD, "masks": { NAME: NRRD }, ... }',
});
const priors = z.union([
  prior,
  z.array(prior).check(z.minLength(1, { error: 'is an empty list: give null for no prior course' })),
]);

const overlap = z.array(text).check(
  z.minLength(2, { error: 'must name two structures or more: one alone shares nothing' }),
  z.maxLength(200),
  z.superRefine((names, context) => {
    const twice = names.findIndex((name, i) => names.indexOf(name) < i);
    if (twice < 0) return;
    context.addIssue({ code: 'custom', path: [twice], message: `names "${names[twice]}" twice: once is enough` });
  }),
);

const delivered = z.strictObject(
  {
    doseRate: described(
      'Monitor units per minute.',
      z._default(z.number().check(z.minimum(1), z.maximum(10_000)), 600),
    ),
    leafSpeed: described(
      'Of leaf ends and jaws in the isocentre plane, mm/s.',
      z._default(z.number().check(z.minimum(0.1), z.maximum(1000)), 25),
    ),
    gantrySpeed: described(
      'Of gantry, collimator and couch, degrees/s.',
      z._default(z.number().check(z.minimum(0.01), z.maximum(100)), 6),
    ),
    betweenFields: described(
      'What passes between two fields besides their turn, s.',
      z._default(z.number().check(z.minimum(0), z.maximum(3600)), 0),
    ),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'must be an object of speeds, as { "doseRate": 600 }; what a plan is delivered by stands in imrt.delivery'
        : undefined,
  },
);

const fields = z.strictObject({
  name: described('For titles and tables.', z.optional(text)),
  $schema: editorSchema(text),
  patient: described('A phantom, or a CT with its structures or masks. Paths are relative to the file.', patient),
  target: described('Structure by name.', z._default(text, 'PTV_3960')),
  targets: described(
    'Further targets, each with a dose of its own, as a boost inside `target` or another vertebra: docs/optimisation.md#several-targets.',
    z.optional(furtherTargets),
  ),
  cord: described('Structure by name. By default `SpinalCord`, else `CaudaEquina`.', z.optional(text)),
  prescription: described('What the target gets.', z._default(prescription, { dose: 39.6, fractions: 22, to: 'D50' })),
  prior: described(
    'One course or a list of them; `null` for none: docs/retreatment.md.',
    z._default(z.nullable(priors), { dose: 38, fractions: 19, months: 17.7 }),
  ),
  retreatment: described('How it is judged and limited: docs/retreatment.md.', z.prefault(retreatment, {})),
  alphaBeta: described('Gy.', z._default(alphaBeta, { cord: 2 })),
  cordCap: described(
    'Gy of this course, on every voxel of the cord and on points of its surface. By default 29.8; the result lists every constraint in force with its origin.',
    z.optional(dose),
  ),
  machine: described('Built in, or a machine .json that `commission` wrote.', z._default(text, 'artiste-6mv')),
  doseModel: doseModelSchema,
  isocenter: described('LPS, mm. By default the centre of mass of the target, to 0.1 mm.', z.optional(vector)),
  doseGrid: described(
    'What is computed, exported and drawn: docs/grids.md.',
    z._default(doseGrid, { spacing: [2, 2, 2], planning: 2 }),
  ),
  fcrt: described(
    'Conformal fields, one weight each.',
    z._default(fcrt, {
      beams: 'posterior-5',
      margin: 6,
      leafWidth: 5,
      conform: 'outside',
      transmission: {},
      cordShield: false,
      hold: 'prescription',
    }),
  ),
  imrt: described(
    'Beamlets, one weight each.',
    z._default(imrt, { beams: 'posterior-9', beamlet: 5, margin: 5, hold: 'cord' }),
  ),
  delivery: described(
    'How fast the machine delivers, for the time that a fraction takes; the defaults are recalled: docs/delivery.md#monitor-units-time-and-complexity.',
    z.optional(delivered),
  ),
  constraints: described(
    'What IMRT, and whatever else holds the cord, keeps whatever it costs, in the notation of goals: `"Kidney_L Mean <= 12Gy"`. Beside `cordCap` and `retreatment.bounds`: docs/optimisation.md#constraints.',
    z._default(askedConstraints, []),
  ),
  objectives: described(
    'What a plan should have, each at its price: the template `spine-default`, or a list in which its name may stand: docs/optimisation.md#objectives.',
    z._default(askedObjectives, 'spine-default'),
  ),
  priorities: described(
    'Lists of goals, the most important first: each is met as far as the lists before it leave room, and kept from there on; objectives get what is left: docs/optimisation.md#priorities.',
    z._default(askedPriorities, []),
  ),
  overlap: described(
    'Structures in the order in which they own what they have in common: of a structure listed, objectives see what no earlier one holds. By default all count everywhere.',
    z.optional(overlap),
  ),
  goals: described(
    'Mayo notation, or as in GOALS.json: docs/evaluate.md#goals-and-protocols. By default the cord cap, coverage and hot spot.',
    z.optional(goalList),
  ),
});

/** The cap of a case that names none: 25 Gy EQD2 (alpha/beta 2 Gy) in 22 fractions, HyTEC's maximum of a retreatment, Gy. */
export const DEFAULT_CORD_CAP = 29.8;

/** An arc has its own beams. */
function withArcBeams(asked: z.output<typeof imrt>): z.output<typeof imrt> {
  const { delivery: by } = asked;
  if (by !== 'arc' && !(typeof by === 'object' && by.kind === 'arc')) return asked;
  return { ...asked, beams: arcAngles(by === 'arc' ? arcSchema.parse({ kind: by }) : by) };
}

/** Who set the cap is kept: a number that a case gives is its own, whatever the default rests on. */
export const schema = z.pipe(
  fields,
  z.transform(({ cordCap, ...rest }: z.output<typeof fields>) => ({
    ...rest,
    imrt: withArcBeams(rest.imrt),
    cordCap: cordCap ?? DEFAULT_CORD_CAP,
    cordCapOrigin: cordCap === undefined ? ('default' as const) : ('case' as const),
  })),
);

/** A case as it is planned: CASE.json with every default filled in. */
export type PlanCase = z.output<typeof schema>;
/** One prior course of a case. */
export type PriorCourseCase = z.output<typeof prior>;

/** The prior courses of a case, in its order. */
export function priorsOf({ prior: given }: Pick<PlanCase, 'prior'>): readonly PriorCourseCase[] {
  if (given === null) return [];
  return Array.isArray(given) ? given : [given];
}

/** A case as it is written: CASE.json, in which all but `patient` may be left out. */
export type PlanCaseInput = z.input<typeof schema>;

/** The JSON Schema of CASE.json, for editors. */
export const caseSchema = (): Readonly<Record<string, unknown>> => ({ ...jsonSchema(fields, 'CASE.json of respine') });

/** How a plan is made: `fcrt`, few shaped fields with weights; `imrt`, a fluence per beamlet. */
export type Technique = 'fcrt' | 'imrt';

/** What stands firm where caps and prescription cannot both be met. */
export type Hold = 'cord' | 'prescription';

/**
 * FIELDS.json: explicit fields on a patient, checked. No planning, no optimisation.
 *
 * Each beam is a rectangle of jaws, an aperture of leaves, or a map of beamlets. Monitor units, like dose, are the total
 * over the course. Dose outside the external contour is zero by definition.
 */
import * as z from 'zod/mini';
import { described, editorSchema, type JsonSchema, jsonSchema } from '../../core/described.js';
import { patientPositions } from '../../geometry/frame.js';
import { dicomPatient, hounsfieldTable, phantomPatient } from './case-patient.js';
import { checkJson, doseModelSchema, leafBankSchema, transmissionSchema } from './check-json.js';
import { fractions, vector } from './course.js';

/** Monitor units of one beam beyond which a number is not meant so: 100 fractions of 1000. */
const MOST_UNITS = 100_000;

const mm = z.number({ error: (issue) => `${JSON.stringify(issue.input) ?? 'nothing'} is not a number of mm` });
const edge = mm.check(
  z.minimum(0.1, { error: ({ input }) => `is ${String(input)} mm, but must be >= 0.1. Spacing is in mm` }),
  z.maximum(100, { error: ({ input }) => `is ${String(input)} mm, but must be <= 100` }),
);
const angle = z.number().check(z.minimum(-360), z.maximum(360));
const rectangle = z.strictObject({
  x1: described('mm in the isocentre plane.', mm),
  x2: described('mm.', mm),
  y1: described('mm.', mm),
  y2: described('mm.', mm),
});
const units = z
  .number({ error: (issue) => `${JSON.stringify(issue.input)} is not a number of monitor units` })
  .check(
    z.nonnegative({ error: (issue) => `is ${String(issue.input)} MU, but must be >= 0` }),
    z.maximum(MOST_UNITS, { error: (issue) => `is ${String(issue.input)} MU, more than ${MOST_UNITS}` }),
  );

const aperture = z
  .strictObject({
    bank: described('Name of a leaf bank, or one of your own.', leafBankSchema),
    leaves: described(
      '[x1, x2] of every pair from -Y upward, mm. Or `openings`.',
      z.optional(z.array(z.tuple([mm, mm]))),
    ),
    openings: described(
      'Rectangles between leaf boundaries; all other pairs are closed.',
      z.optional(z.array(rectangle)),
    ),
    jaws: described('A rectangle; without it leaves alone.', z.optional(rectangle)),
  })
  .check(
    z.refine((a) => (a.leaves === undefined) !== (a.openings === undefined), {
      error: 'needs either "leaves" or "openings"',
    }),
  );

const fluence = z.strictObject({
  spacing: described('Edge of a beamlet, mm.', z.number().check(z.positive())),
  beamlets: described(
    '[x, y, weight]: centre in mm, monitor units of open primary fluence.',
    z.array(z.tuple([mm, mm, units])).check(z.minLength(1)),
  ),
});

const beam = z
  .strictObject({
    name: described('For tables.', z.optional(z.string())),
    gantry: described('Degrees, IEC 61217; 180 is posterior of a patient HFS.', angle),
    collimator: described('Degrees.', z._default(angle, 0)),
    couch: described('Degrees.', z._default(angle, 0)),
    monitorUnits: described('Total of the course; with `field` and `aperture`.', z.optional(units)),
    field: described('A rectangle of jaws.', z.optional(rectangle)),
    aperture: described('Leaves and jaws: see docs/case.md#collimators.', z.optional(aperture)),
    fluence: described('A map of beamlets.', z.optional(fluence)),
  })
  .check(
    z.superRefine((b, context) => {
      const given = (['field', 'aperture', 'fluence'] as const).filter((key) => b[key] !== undefined);
      const say = (message: string): void => context.addIssue({ code: 'custom', message });
      if (given.length !== 1) {
        say(`needs exactly one of "field", "aperture" and "fluence", but has ${given.join(' and ') || 'none'}`);
      } else if (given[0] === 'fluence' && b.monitorUnits !== undefined) {
        say('has "monitorUnits" beside "fluence", whose weights are monitor units already: leave them out');
      } else if (given[0] !== 'fluence' && b.monitorUnits === undefined) {
        say('needs "monitorUnits"');
      }
    }),
  );

/** Of patients whose volume is one NRRD file. */
const nrrdFields = {
  external: described('NRRD mask of the body on the same grid.', z.optional(z.string())),
  position: described(
    'Of the patient on the table, in DICOM terms: decides what the gantry angles mean. By default HFS.',
    z.optional(z.enum(patientPositions as [string, ...string[]])),
  ),
};
const patient = z.union(
  [
    phantomPatient,
    z.strictObject({
      density: described('NRRD of electron densities relative to water.', z.string()),
      ...nrrdFields,
    }),
    z.strictObject({
      hounsfield: described('NRRD of CT numbers, HU.', z.string()),
      ...nrrdFields,
      hounsfieldTable: described('Pairs of HU and electron density relative to water.', z.optional(hounsfieldTable)),
    }),
    z.extend(dicomPatient, { structures: described('RTSTRUCT file.', z.optional(z.string())) }),
  ],
  {
    error:
      'must be { "phantom": NAME, ... }, { "density": NRRD, "external" }, { "hounsfield": NRRD, "external", "hounsfieldTable" } or { "ct": DIRECTORY, ... }',
  },
);

const schema = z.strictObject({
  $schema: editorSchema(z.string()),
  name: described('For titles and tables.', z.optional(z.string())),
  patient: described(
    'A phantom or a CT with the options of CASE.json (`structures` may be left out), `{ density: NRRD, external, position }`, or `{ hounsfield: NRRD, external, position, hounsfieldTable }`.',
    patient,
  ),
  machine: described('Built in, or a machine .json.', z._default(z.string(), 'artiste-6mv')),
  doseModel: doseModelSchema,
  grid: described(
    'By default the own grid of the patient.',
    z.optional(z.strictObject({ spacing: described('x, y, z, mm.', z.tuple([edge, edge, edge])) })),
  ),
  isocenter: described('LPS, mm.', vector),
  fractions: described('Of the course that dose and monitor units are the total of.', z._default(fractions, 1)),
  transmission: transmissionSchema,
  beams: described(
    'Each has one of `field`, `aperture` and `fluence`.',
    z.array(beam, { error: 'must be a list of at least one beam' }).check(z.minLength(1), z.maxLength(1000)),
  ),
});

/** Explicit fields as they are computed: FIELDS.json with every default filled in. */
export type Fields = z.output<typeof schema>;
export type FieldsInput = z.input<typeof schema>;

/**
 * Explicit fields of a FIELDS.json, checked, with every default filled in.
 *
 * @param json parsed FIELDS.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function parseFields(json: unknown, path = 'fields'): Fields {
  return checkJson(schema, json, path, 'The fields are described in docs/case.md under FIELDS.json.');
}

/** The JSON Schema of FIELDS.json, for editors. */
export const fieldsSchema = (): JsonSchema => jsonSchema(schema, 'FIELDS.json of respine');

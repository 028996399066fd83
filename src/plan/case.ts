/**
 * CASE.json: what one planning job is, checked before anything is computed.
 *
 * Defaults are the reference case of the README: 39.6 Gy in 22 fractions to the median of the target, after 38 Gy in 19,
 * with the cord capped at 29.8 Gy. Every assumption is a field that a case may change.
 */
import { z } from 'zod';
import { goalList } from './goal-schema.js';
import { checkJson, doseModelSchema, leafBankSchema, transmissionSchema } from './json-check.js';

/** Above this a total dose in Gy is not radiotherapy but centigray. */
const HIGHEST_DOSE = 200;

export const dose = z
  .number({ error: (issue) => `${say(issue.input)} is not a dose in Gy` })
  .positive({ error: (issue) => `is ${String(issue.input)} Gy, but must be > 0` })
  .max(HIGHEST_DOSE, {
    error: (issue) =>
      `is ${String(issue.input)} Gy, more than ${HIGHEST_DOSE}: was it meant in cGy? Give it in Gy (${Number(issue.input) / 100})`,
  });
export const fractions = z
  .number({ error: (issue) => `${say(issue.input)} is not a number of fractions` })
  .int({ error: (issue) => `is ${String(issue.input)}, but must be a whole number` })
  .min(1, { error: (issue) => `is ${String(issue.input)}, but must be at least 1` });
const finite = z.number();
const positive = z.number().positive();
const vector = z.tuple([finite, finite, finite]);
const angles = z.strictObject({
  gantry: z.number().min(-360).max(360),
  collimator: z.number().min(-360).max(360).optional(),
  couch: z.number().min(-360).max(360).optional(),
});
const beams = z.union([z.string(), z.array(angles).min(1)], {
  error: 'must be the name of an arrangement such as "posterior-9", or a list of at least one { "gantry": degrees }',
});
/** What gives way where the cap and the prescription cannot both be met. */
const hold = z.enum(['cord', 'prescription']);

/** A phantom, with what may be changed of it. */
export const phantomPatient = z.strictObject({
  phantom: z.string(),
  target: z.enum(['body', 'body-pedicle', 'horseshoe', 'ring']).optional(),
  side: z.enum(['left', 'right']).optional(),
  spacing: z.tuple([positive, positive, positive]).optional(),
  ptvMargin: z.number().nonnegative().optional(),
  cordCrop: z.number().nonnegative().optional(),
  parameters: z.record(z.string(), finite).optional(),
  noise: z.strictObject({ sd: positive, seed: z.number().int() }).optional(),
});
/** Pairs of HU and electron density relative to water. */
export const hounsfieldTable = z.array(z.tuple([finite, z.number().nonnegative()])).min(2);
/** A CT with its structures. */
export const dicomPatient = z.strictObject({
  ct: z.string(),
  structures: z.string(),
  seriesUid: z.string().optional(),
  rename: z.record(z.string(), z.string()).optional(),
  roles: z.record(z.string(), z.enum(['target', 'organ', 'external', 'support'])).optional(),
  densityOverrides: z.record(z.string(), z.number().nonnegative().max(8)).optional(),
  hounsfieldTable: hounsfieldTable.optional(),
  findExternal: z.boolean().optional(),
  externalThreshold: finite.optional(),
});

const schema = z.strictObject({
  name: z.string().optional(),
  /** For editors; not read. */
  $schema: z.string().optional(),
  patient: z.union([phantomPatient, dicomPatient], {
    error: 'must be { "phantom": NAME, ... } or { "ct": DIRECTORY, "structures": RTSTRUCT FILE, ... }',
  }),
  target: z.string().default('PTV_3960'),
  cord: z.string().optional(),
  prescription: z
    .strictObject({
      dose: dose.default(39.6),
      fractions: fractions.default(22),
      to: z.enum(['D50', 'D95', 'isocenter']).default('D50'),
    })
    .default({ dose: 39.6, fractions: 22, to: 'D50' }),
  prior: z
    .strictObject({ dose, fractions, months: z.number().nonnegative() })
    .nullable()
    .default({ dose: 38, fractions: 19, months: 17.7 }),
  alphaBeta: z.strictObject({ cord: positive.default(2) }).default({ cord: 2 }),
  cordCap: dose.default(29.8),
  machine: z.string().default('artiste-6mv'),
  doseModel: doseModelSchema.default({ heterogeneity: 'density', medium: 'engine' }),
  isocenter: vector.optional(),
  doseGrid: z.strictObject({ spacing: z.tuple([positive, positive, positive]) }).default({ spacing: [2, 2, 2] }),
  fcrt: z
    .strictObject({
      beams: beams.default('posterior-5'),
      margin: z.number().nonnegative().default(6),
      /** Width of uniform leaves, mm; `mlc` takes its place. */
      leafWidth: positive.default(5),
      /** Name of a leaf bank, or its boundaries. */
      mlc: leafBankSchema.optional(),
      /** Where the leaf ends stand against the contour of target and margin. */
      conform: z.enum(['outside', 'midway', 'touching']).default('outside'),
      /** Under leaves: that of `mlc`, none for uniform leaves; under jaws none. */
      transmission: transmissionSchema.default({}),
      cordShield: z.boolean().default(false),
      hold: hold.default('prescription'),
    })
    .default({
      beams: 'posterior-5',
      margin: 6,
      leafWidth: 5,
      conform: 'outside',
      transmission: {},
      cordShield: false,
      hold: 'prescription',
    }),
  imrt: z
    .strictObject({
      beams: beams.default('posterior-9'),
      beamlet: positive.default(5),
      margin: z.number().nonnegative().default(5),
      hold: hold.default('cord'),
    })
    .default({ beams: 'posterior-9', beamlet: 5, margin: 5, hold: 'cord' }),
  goals: goalList.optional(),
});

export type PlanCase = z.output<typeof schema>;
export type PlanCaseInput = z.input<typeof schema>;

/**
 * Checks a case and fills in its defaults.
 *
 * @param json parsed CASE.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function parseCase(json: unknown, path = 'case'): PlanCase {
  return checkJson(schema, json, path, 'The fields are described in the README under CASE.json.');
}

/** The JSON Schema of CASE.json, for editors. */
export function caseSchema(): unknown {
  return z.toJSONSchema(schema, { io: 'input' });
}

function say(input: unknown): string {
  return input === undefined ? 'is missing, or' : JSON.stringify(input);
}

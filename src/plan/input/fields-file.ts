/**
 * FIELDS.json: explicit fields on a patient, checked and turned into dose. No planning, no optimisation.
 *
 * Each beam is a rectangle of jaws, an aperture of leaves, or a map of beamlets. Monitor units, like dose, are the total
 * over the course. Dose outside the external contour is zero by definition.
 */
import { z } from 'zod';
import {
  apertureArea,
  apertureBounds,
  createAperture,
  type JawField,
  leavesOfRectangles,
} from '../../beam/aperture.js';
import type { CellFluence } from '../../beam/cells.js';
import { apertureFluence, beamletFluence, jawFluence } from '../../beam/opening.js';
import { InvalidInputError } from '../../core/errors.js';
import { patientPositions } from '../../geometry/frame.js';
import type { Machine } from '../../machine/machine.js';
import { checkJson, doseModelSchema, leafBankSchema, resolveLeafBank, transmissionSchema } from './check-json.js';
import { fractions, vector } from './course.js';
import { dicomPatient, hounsfieldTable, phantomPatient } from './plan-case.js';

/** Monitor units of one beam beyond which a number is not meant so: 100 fractions of 1000. */
const MOST_UNITS = 100_000;

const mm = z.number({ error: (issue) => `${JSON.stringify(issue.input) ?? 'nothing'} is not a number of mm` });
const edge = mm
  .min(0.1, { error: ({ input }) => `is ${String(input)} mm, but must be >= 0.1. Spacing is in mm` })
  .max(100, { error: ({ input }) => `is ${String(input)} mm, but must be <= 100` });
const angle = z.number().min(-360).max(360);
const rectangle = z.strictObject({ x1: mm, x2: mm, y1: mm, y2: mm });
const position = z.enum(patientPositions as [string, ...string[]]).optional();
const units = z
  .number({ error: (issue) => `${JSON.stringify(issue.input)} is not a number of monitor units` })
  .nonnegative({ error: (issue) => `is ${String(issue.input)} MU, but must be >= 0` })
  .max(MOST_UNITS, { error: (issue) => `is ${String(issue.input)} MU, more than ${MOST_UNITS}` });

const aperture = z
  .strictObject({
    bank: leafBankSchema,
    /** [x1, x2] of every pair from -Y upward. */
    leaves: z.array(z.tuple([mm, mm])).optional(),
    /** Or rectangles between leaf boundaries; all other pairs are closed. */
    openings: z.array(rectangle).optional(),
    jaws: rectangle.optional(),
  })
  .refine((a) => (a.leaves === undefined) !== (a.openings === undefined), {
    error: 'needs either "leaves" or "openings"',
  });

const beam = z
  .strictObject({
    name: z.string().optional(),
    gantry: angle,
    collimator: angle.default(0),
    couch: angle.default(0),
    monitorUnits: units.optional(),
    field: rectangle.optional(),
    aperture: aperture.optional(),
    fluence: z
      .strictObject({
        spacing: z.number().positive(),
        /** [x, y, weight]: centre in mm, monitor units of open primary fluence. */
        beamlets: z.array(z.tuple([mm, mm, units])).min(1),
      })
      .optional(),
  })
  .superRefine((b, context) => {
    const given = (['field', 'aperture', 'fluence'] as const).filter((key) => b[key] !== undefined);
    const say = (message: string): void => context.addIssue({ code: 'custom', message });
    if (given.length !== 1) {
      say(`needs exactly one of "field", "aperture" and "fluence", but has ${given.join(' and ') || 'none'}`);
    } else if (given[0] === 'fluence' && b.monitorUnits !== undefined) {
      say('has "monitorUnits" beside "fluence", whose weights are monitor units already: leave them out');
    } else if (given[0] !== 'fluence' && b.monitorUnits === undefined) {
      say('needs "monitorUnits"');
    }
  });

const schema = z.strictObject({
  /** For editors; not read. */
  $schema: z.string().optional(),
  name: z.string().optional(),
  patient: z.union(
    [
      phantomPatient,
      z.strictObject({ density: z.string(), external: z.string().optional(), position }),
      z.strictObject({
        hounsfield: z.string(),
        external: z.string().optional(),
        position,
        hounsfieldTable: hounsfieldTable.optional(),
      }),
      dicomPatient.extend({ structures: z.string().optional() }),
    ],
    {
      error:
        'must be { "phantom": NAME, ... }, { "density": NRRD, "external" }, { "hounsfield": NRRD, "external", "hounsfieldTable" } or { "ct": DIRECTORY, ... }',
    },
  ),
  machine: z.string().default('artiste-6mv'),
  doseModel: doseModelSchema.default({ heterogeneity: 'density', medium: 'engine' }),
  grid: z.strictObject({ spacing: z.tuple([edge, edge, edge]) }).optional(),
  isocenter: vector,
  /** Of the course that this is the total of. */
  fractions: fractions.default(1),
  /** Fractions of the open fluence: of jaws, by default 0; of leaves, by default the leaf bank's. */
  transmission: transmissionSchema.default({}),
  beams: z.array(beam, { error: 'must be a list of at least one beam' }).min(1).max(1000),
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
export function fieldsSchema(): unknown {
  return z.toJSONSchema(schema, { io: 'input' });
}

/** One beam's fluence, and how large its opening is. */
export interface OpenedField {
  readonly kind: 'jaws' | 'leaves' | 'beamlets';
  /** Monitor units per cell. */
  readonly fluence: CellFluence;
  /** Of a map: the mean over the beamlets that carry weight. */
  readonly monitorUnits: number;
  /** Rectangle around what is open, mm in the isocentre plane; undefined where nothing is. */
  readonly bounds?: JawField;
  /** mm2 */
  readonly area: number;
  /** Fractions of the open fluence under what closes. */
  readonly transmission: { readonly jaws: number; readonly leaves: number };
}

/**
 * The fluences of all beams.
 *
 * @throws {InvalidInputError} naming the beam: crossing leaves, a field outside the leaves, edges in the wrong order
 */
export function openFields(fields: Fields, machine: Machine, path = 'fields'): OpenedField[] {
  return fields.beams.map((b, n) => {
    try {
      return openField(b, fields.transmission, machine);
    } catch (cause) {
      if (!(cause instanceof InvalidInputError)) throw cause;
      throw new InvalidInputError(`${path}: beams.${n}: ${cause.message}`);
    }
  });
}

function openField(
  { field, aperture: leaves, fluence, monitorUnits = 0 }: Fields['beams'][number],
  transmission: Fields['transmission'],
  machine: Machine,
): OpenedField {
  const jaws = transmission.jaws ?? 0;
  const options = { jawTransmission: jaws, largestField: machine.range.fieldSide[1] };
  const timesUnits = (open: CellFluence): CellFluence => ({
    grid: open.grid,
    weights: open.weights.map((w) => w * monitorUnits),
  });
  if (field) {
    const area = (field.x2 - field.x1) * (field.y2 - field.y1);
    const open = timesUnits(jawFluence(field, options));
    return { kind: 'jaws', fluence: open, monitorUnits, bounds: field, area, transmission: { jaws, leaves: 0 } };
  }
  if (leaves) {
    const bank = resolveLeafBank(leaves.bank);
    const made = createAperture(bank, leaves.leaves ?? leavesOfRectangles(bank, leaves.openings!), leaves.jaws);
    const leafTransmission = transmission.leaves ?? bank.transmission;
    const bounds = apertureBounds(made);
    return {
      kind: 'leaves',
      fluence: timesUnits(apertureFluence(made, { ...options, leafTransmission })),
      monitorUnits,
      ...(bounds ? { bounds } : {}),
      area: apertureArea(made),
      transmission: { jaws, leaves: leafTransmission },
    };
  }
  const { spacing, beamlets } = fluence!;
  const shining = beamlets.filter(([, , weight]) => weight > 0);
  const half = spacing / 2;
  const squares = shining.map(([x, y]) => ({ x0: x - half, x1: x + half, y0: y - half, y1: y + half }));
  const bounds = apertureBounds({ openings: squares });
  return {
    kind: 'beamlets',
    fluence: beamletFluence(spacing, beamlets),
    monitorUnits: shining.length === 0 ? 0 : shining.reduce((sum, [, , w]) => sum + w, 0) / shining.length,
    ...(bounds ? { bounds } : {}),
    area: shining.length * spacing * spacing,
    transmission: { jaws: 0, leaves: 0 },
  };
}

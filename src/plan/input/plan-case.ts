/**
 * CASE.json: what one planning job is, checked before anything is computed.
 *
 * Defaults are the reference case of the README: 39.6 Gy in 22 fractions to the median of the target, after 38 Gy in 19,
 * with the cord capped at 29.8 Gy. Every assumption is a field that a case may change.
 */
import { z } from 'zod';
import { doseModelSchema, leafBankSchema, transmissionSchema } from './check-json.js';
import { dose, doseFileFields, fractions, months, vector } from './course.js';
import { goalList } from './goal-list.js';
import { voxelBound } from './voxel-constraint.js';

const finite = z.number();
const positive = z.number().positive();
const nonNegative = z.number().nonnegative();
/** No voxel of a plan is smaller or larger, mm. */
const edge = z.number().min(0.1).max(100);
/** No margin of a target is larger, mm. */
const margin = z.number().min(0).max(100);
/** Names and paths. */
const text = z.string().max(1000);
/** No arrangement has more beams. */
const MOST_BEAMS = 360;
const alphaBetaValue = z.number().min(0.1).max(100);
/** Semi-axes and standard deviations of shifts, mm. */
const shiftExtent = nonNegative.max(50);
const extent = z.tuple([shiftExtent, shiftExtent, shiftExtent]);
const angles = z.strictObject({
  gantry: z.number().min(-360).max(360),
  collimator: z.number().min(-360).max(360).optional(),
  couch: z.number().min(-360).max(360).optional(),
});
const beams = z.union([text, z.array(angles).min(1).max(MOST_BEAMS)], {
  error: 'must be the name of an arrangement such as "posterior-9", or a list of 1 to 360 { "gantry": degrees }',
});
/** What gives way where the cap and the prescription cannot both be met. */
const hold = z.enum(['cord', 'prescription']);

/** A phantom, with what may be changed of it. */
export const phantomPatient = z.strictObject({
  phantom: text,
  target: z.enum(['body', 'body-pedicle', 'horseshoe', 'ring']).optional(),
  side: z.enum(['left', 'right']).optional(),
  spacing: z.tuple([edge, edge, edge]).optional(),
  ptvMargin: margin.optional(),
  cordCrop: margin.optional(),
  parameters: z.record(text, finite).optional(),
  noise: z.strictObject({ sd: positive.max(1000), seed: z.number().int() }).optional(),
});
/** Pairs of HU and electron density relative to water. */
export const hounsfieldTable = z
  .array(z.tuple([finite, z.number().min(0).max(20)]))
  .min(2)
  .max(1000);
/** A CT with its structures. */
export const dicomPatient = z.strictObject({
  ct: text,
  structures: text,
  seriesUid: text.optional(),
  rename: z.record(text, text).optional(),
  roles: z.record(text, z.enum(['target', 'organ', 'external', 'support'])).optional(),
  densityOverrides: z.record(text, z.number().nonnegative().max(8)).optional(),
  hounsfieldTable: hounsfieldTable.optional(),
  findExternal: z.boolean().optional(),
  externalThreshold: finite.optional(),
});

/** Fields of a prior course that is computed by the engine on the same patient. */
const priorFields = z.strictObject({
  /** `ap-pa`, `posterior-1`, `posterior-2`, or a list of angles. */
  beams: beams.default('ap-pa'),
  /** Size of every field at the isocentre, mm: across, and along the spine. */
  width: positive.max(600).default(80),
  length: positive.max(600).default(100),
  /** @default the isocentre of this plan */
  isocenter: vector.optional(),
  /** Point that received `dose`, every beam the same. @default the isocentre of these fields */
  reference: vector.optional(),
});

/** A prior course: uniform in a region, computed from simple fields, or read from a dose file. */
const prior = z
  .strictObject({
    /** Total Gy: of the region, or of the reference point of `fields`. */
    dose: dose.optional(),
    fractions: fractions.optional(),
    months,
    /** Structure that received it, and nothing else did. @default every structure */
    region: text.optional(),
    fields: priorFields.optional(),
    /** RTDOSE or NRRD. */
    file: text.optional(),
    /** Beyond the file's grid the dose is unknown, or there was none. @default 'missing' */
    beyond: z.enum(['missing', 'zero']).optional(),
    ...doseFileFields,
  })
  .superRefine((p, context) => {
    const say = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
    const clash = (keys: readonly (keyof typeof p)[], why: string): void => {
      for (const key of keys) if (p[key] !== undefined) say(`does not go with ${why}`, key);
    };
    if (p.file !== undefined) {
      clash(['dose', 'region', 'fields'], '"file", whose dose it is');
      return;
    }
    if (p.dose === undefined) say('is missing: give the total dose in Gy, or a "file"', 'dose');
    if (p.fractions === undefined) {
      say('is missing: the EQD2 of a course in an unknown number of fractions is undefined', 'fractions');
    }
    if (p.fields !== undefined) clash(['region'], '"fields", which say where the dose went');
    clash(['plan', 'extent', 'gyPerUnit', 'transform', 'beyond'], 'a course without "file"');
  });

/** A limit of the case's own, in EQD2 or BED, or this course's share of all in percent; means and volumes are `goals`. */
const ownLimit = z
  .strictObject({
    name: z.string(),
    structure: z.string(),
    metric: z.enum(['Max', 'D0.03cc', 'D0.035cc', 'D0.1cc', 'D0.35cc', 'D1cc']).default('Max'),
    courses: z.enum(['this', 'all', 'each', 'share']),
    quantity: z.enum(['eqd2', 'bed']).default('eqd2'),
    alphaBeta: alphaBetaValue,
    limit: dose,
    /** Fractions that its source states it for. */
    fractions: z.tuple([fractions, fractions]).optional(),
    role: z.enum(['criterion', 'comparison']).default('criterion'),
    source: z.strictObject({
      citation: z.string().min(1),
      doi: text.optional(),
      evidence: z.enum(['found', 'recalled', 'computed', 'assumed']),
      note: text.optional(),
    }),
  })
  .refine(({ courses, limit }) => courses !== 'share' || limit < 100, {
    path: ['limit'],
    error: 'is a share of all courses in percent, and must be below 100',
  });

/** How a retreatment is judged and bounded. */
const retreatment = z.strictObject({
  /** Decides alpha/beta in Nieder's score and which limits apply. @default that of the phantom, or thoracic */
  level: z.enum(['cervical', 'thoracic', 'lumbar']).optional(),
  /** EQD2 that the cord tolerates without a prior course, for recovery conventions, Gy. */
  tolerance: dose.default(50),
  /** Convention that the voxelwise bounds credit; any but `none` is said beside every result. */
  recovery: z
    .union([
      z.string(),
      z.strictObject({
        convention: z.enum(['discount-prior', 'scale-tolerance', 'ang']),
        /** [months, share forgotten or factor]. */
        table: z
          .array(z.tuple([finite, finite]))
          .min(1)
          .max(100),
      }),
    ])
    .default('none'),
  /** Limits of the built-in table that are left out, by name. */
  omit: z.array(text).max(200).default([]),
  /** Further limits, judged as the built-in ones are. */
  limits: z.array(ownLimit).max(200).default([]),
  /** Voxelwise bounds; an empty list means none. @default HyTEC's 25 and 70 Gy on the cord after a prior course, else none */
  bounds: z.array(voxelBound).max(200).optional(),
  /** Rigid shifts under which the cumulative maximum is told; null for none. */
  position: z
    .strictObject({
      /** Semi-axes of the ellipsoid that is searched, mm. */
      search: extent.default([3, 3, 3]),
      /** Systematic set-up error of prior and new course, standard deviations, mm. */
      priorSd: extent.default([2.3, 2.3, 2.3]),
      sd: extent.default([0.2, 0.2, 0.2]),
    })
    .nullable()
    .default({ search: [3, 3, 3], priorSd: [2.3, 2.3, 2.3], sd: [0.2, 0.2, 0.2] }),
  /** For the report: histology, intent, priorTechnique, priorTarget, priorToxicity, imageGuidance, followUp, ... */
  clinical: z.record(text, text).default({}),
});

/** A shift beyond this is no set-up error, mm. */
const FARTHEST_SHIFT = 20;
const shiftCoordinate = z
  .number({ error: (issue) => `is ${String(issue.input)}, but must be a finite number of mm` })
  .refine((s) => Math.abs(s) <= FARTHEST_SHIFT, {
    error: (issue) => `is ${String(issue.input)} mm, but a shift is at most ${FARTHEST_SHIFT} mm; give it in mm`,
  });

/** Rigid shifts of the patient against the beams under which the cord's cap holds; the nominal place always counts. */
const robust = z
  .strictObject({
    /** To either side along x, y and z, mm: six shifts. */
    distance: shiftCoordinate
      .refine((d) => d > 0, { error: (issue) => `is ${String(issue.input)} mm, but must be > 0` })
      .optional(),
    /** LPS, mm; the beams are those of an isocentre that lies off by the opposite. */
    shifts: z
      .array(z.tuple([shiftCoordinate, shiftCoordinate, shiftCoordinate]))
      .min(1, { error: 'is an empty list: give at least one [x, y, z] in mm, or leave robust out' })
      .max(100)
      .refine((list) => list.some((shift) => shift.some((s) => s !== 0)), {
        error: 'holds nothing but [0, 0, 0], which is the nominal plan: give a shift, or leave robust out',
      })
      .optional(),
    /** Where the target's coverage counts: at the nominal place, in the mean of all scenarios, or in the worst of them. */
    target: z.enum(['nominal', 'expected', 'worst']).default('nominal'),
  })
  .refine(({ distance, shifts }) => (distance === undefined) !== (shifts === undefined), {
    error: 'must have either "distance" in mm or "shifts", a list of [x, y, z] in mm',
  });

const fields = z.strictObject({
  name: text.optional(),
  /** For editors; not read. */
  $schema: text.optional(),
  patient: z.union([phantomPatient, dicomPatient], {
    error: 'must be { "phantom": NAME, ... } or { "ct": DIRECTORY, "structures": RTSTRUCT FILE, ... }',
  }),
  target: text.default('PTV_3960'),
  cord: text.optional(),
  prescription: z
    .strictObject({
      dose: dose.default(39.6),
      fractions: fractions.default(22),
      to: z.enum(['D50', 'D95', 'isocenter']).default('D50'),
    })
    .default({ dose: 39.6, fractions: 22, to: 'D50' }),
  /** One course, or a list of them. */
  prior: z
    .union([prior, z.array(prior).min(1, { error: 'is an empty list: give null for no prior course' })])
    .nullable()
    .default({ dose: 38, fractions: 19, months: 17.7 }),
  retreatment: retreatment.prefault({}),
  /** Gy; that of the target has no default, and is only asked for where fractionations are compared. */
  alphaBeta: z
    .strictObject({ cord: alphaBetaValue.default(2), target: alphaBetaValue.optional() })
    .default({ cord: 2 }),
  /** On every voxel of the cord, Gy. @default 29.8 */
  cordCap: dose.optional(),
  machine: text.default('artiste-6mv'),
  doseModel: doseModelSchema.default({ heterogeneity: 'density', medium: 'engine' }),
  isocenter: vector.optional(),
  doseGrid: z
    .strictObject({
      spacing: z.tuple([edge, edge, edge]),
      /** How far apart planning points in target and cord may lie, mm: a coarser dose grid gets a finer one for the two. */
      planning: edge.default(2),
    })
    .default({ spacing: [2, 2, 2], planning: 2 }),
  fcrt: z
    .strictObject({
      beams: beams.default('posterior-5'),
      margin: margin.default(6),
      /** Width of uniform leaves, mm; `mlc` takes its place. */
      leafWidth: z.number().min(1).max(100).default(5),
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
      beamlet: z.number().min(1).max(100).default(5),
      margin: margin.default(5),
      hold: hold.default('cord'),
      robust: robust.optional(),
    })
    .default({ beams: 'posterior-9', beamlet: 5, margin: 5, hold: 'cord' }),
  goals: goalList.optional(),
});

/** The cap of a case that names none: 25 Gy EQD2 (alpha/beta 2 Gy) in 22 fractions, HyTEC's maximum of a retreatment, Gy. */
export const DEFAULT_CORD_CAP = 29.8;

/** Who set the cap is kept: a number that a case gives is its own, whatever the default rests on. */
export const schema = fields.transform(({ cordCap, ...rest }) => ({
  ...rest,
  cordCap: cordCap ?? DEFAULT_CORD_CAP,
  cordCapOrigin: cordCap === undefined ? ('default' as const) : ('case' as const),
}));

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
export function caseSchema(): unknown {
  return z.toJSONSchema(fields, { io: 'input' });
}

/** How a plan is made: `fcrt`, few shaped fields with weights; `imrt`, a fluence per beamlet. */
export type Technique = 'fcrt' | 'imrt';

/** What stands firm where caps and prescription cannot both be met. */
export type Hold = 'cord' | 'prescription';

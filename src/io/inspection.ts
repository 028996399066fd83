/**
 * What `respine inspect` tells of a folder, as its JSON has it: patients, studies, series, structures, plans, doses, what refers to
 * what, what is wrong, and what to do with it.
 */
import * as z from 'zod/mini';
import { described, type JsonSchema, jsonSchema } from '../core/described.js';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const patient = described('Which of `patients`, from 1.', z.number());
const file = described('Path as seen from where the command was run.', z.string());
const frame = described('Which frame of reference, from 1: what has the same lies in the same space.', z.number());
const grid = z.strictObject({
  shape: described('Voxels along z, y, x.', triple),
  spacing: described('Along x, y, z, mm.', triple),
  origin: described('Centre of the first voxel, LPS, mm.', triple),
});
const problems = described('A sentence each.', z.array(z.string()));

const series = z.strictObject({
  patient,
  study: described('Which of `studies`, from 1.', z.number()),
  uid: described('SeriesInstanceUID, which `seriesUid` of a case takes.', z.string()),
  modality: z.string(),
  description: z.string(),
  folders: described('Folders that its files lie in.', z.array(z.string())),
  files: z.number(),
  frame: z.optional(frame),
  orientation: described('Of its planes.', z.enum(['axial', 'sagittal', 'coronal', 'oblique', 'mixed', 'unknown'])),
  shape: described('Slices, rows and columns of a slice; of slices that differ, of the first.', triple),
  spacing: described(
    'Between columns, rows and slices, mm; null between slices of uneven or unknown distance.',
    z.tuple([z.nullable(z.number()), z.nullable(z.number()), z.nullable(z.number())]),
  ),
  extent: described(
    'Outermost voxel centres, LPS, mm; null where slices do not say where they lie.',
    z.nullable(z.strictObject({ min: triple, max: triple })),
  ),
  position: described('PatientPosition, as HFS.', z.nullable(z.string())),
  transferSyntax: described('UIDs of how its pixels are stored.', z.array(z.string())),
  hounsfield: described(
    'Least and largest CT number of its middle slice, HU; null where it is no CT or cannot be read.',
    z.nullable(z.tuple([z.number(), z.number()])),
  ),
  problems,
});

const structureSet = z.strictObject({
  patient,
  file,
  label: z.string(),
  frame: z.optional(frame),
  structures: z.array(
    z.strictObject({
      name: z.string(),
      role: described('As `target`; null where its contours cannot be read.', z.nullable(z.string())),
      volumeCc: described('Of the contours as they are drawn, cc.', z.nullable(z.number())),
      slices: described('Planes with contours.', z.number()),
      remarks: described('What is odd about its contours.', z.array(z.string())),
    }),
  ),
  notes: described('What was passed over on reading it.', z.array(z.string())),
  problems,
});

const plan = z.strictObject({
  patient,
  file,
  label: z.string(),
  fields: described('Beams that treat.', z.number()),
  radiation: described('As PHOTON.', z.array(z.string())),
  fractions: described('Planned; null where it does not say, or in several groups.', z.nullable(z.number())),
  dose: described('Prescribed to its targets at most, Gy.', z.nullable(z.number())),
  problems,
});

const dose = z.strictObject({
  patient,
  file,
  frame: z.optional(frame),
  grid: z.nullable(grid),
  units: described('GY or RELATIVE.', z.nullable(z.string())),
  type: described('PHYSICAL, EFFECTIVE or ERROR.', z.nullable(z.string())),
  summation: described('PLAN, FRACTION, BEAM, ...', z.nullable(z.string())),
  maximum: described('In its units; null where its values cannot be read.', z.nullable(z.number())),
  problems,
});

const registration = z.strictObject({
  patient,
  file,
  to: described('Frame into which the others are taken.', z.optional(frame)),
  from: z.array(z.number()),
  problems,
});

const nrrd = z.strictObject({
  file,
  kind: described(
    'As respine writes it, `segmentation` of 3D Slicer; null where it does not say.',
    z.nullable(z.string()),
  ),
  units: z.nullable(z.string()),
  grid: z.nullable(grid),
  layers: z.number(),
  segments: described('Names in a segmentation.', z.array(z.string())),
  problems,
});

/** What `Inspection` is, to check one by. */
export const inspection = z.strictObject({
  path: described('What was looked at.', z.string()),
  files: described('All of them.', z.number()),
  patients: z.array(
    z.strictObject({
      number: z.number(),
      objects: described('DICOM objects of this patient.', z.number()),
      name: described('With `--names` only.', z.optional(z.string())),
      id: described('With `--names` only.', z.optional(z.string())),
    }),
  ),
  studies: z.array(z.strictObject({ number: z.number(), patient, uid: z.string(), description: z.string() })),
  series: z.array(series),
  structureSets: z.array(structureSet),
  plans: z.array(plan),
  doses: z.array(dose),
  registrations: z.array(registration),
  nrrd: z.array(nrrd),
  links: described(
    'What refers to what.',
    z.array(
      z.strictObject({
        from: file,
        means: described('As `drawn on`.', z.string()),
        to: described('File or series; of what is not there, its UID.', z.string()),
        isThere: z.boolean(),
      }),
    ),
  ),
  others: described(
    'What is there and not looked into.',
    z.array(z.strictObject({ what: z.string(), files: z.number(), example: z.string() })),
  ),
  problems: described(
    'Of single files, and of all together.',
    z.array(z.strictObject({ file: z.optional(z.string()), text: z.string() })),
  ),
  uses: described(
    'What to do with it.',
    z.array(
      z.strictObject({
        what: z.string(),
        command: described('As a shell takes it, from where this one was run.', z.string()),
        case: described('What CASE.json needs for it.', z.optional(z.record(z.string(), z.unknown()))),
      }),
    ),
  ),
});

/** What is in a folder: the JSON of `respine inspect --json`. */
export type Inspection = z.output<typeof inspection>;
export type InspectedSeries = z.output<typeof series>;
export type InspectedStructureSet = z.output<typeof structureSet>;
export type InspectedPlan = z.output<typeof plan>;
export type InspectedDose = z.output<typeof dose>;
export type InspectedRegistration = z.output<typeof registration>;
export type InspectedNrrd = z.output<typeof nrrd>;
export type InspectedGrid = z.output<typeof grid>;

/** JSON Schema of what `respine inspect --json` prints. */
export const inspectionSchema = (): JsonSchema => jsonSchema(inspection, 'respine inspect --json');

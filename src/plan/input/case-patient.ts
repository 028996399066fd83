/** What CASE.json and FIELDS.json say of the patient: a phantom, or a CT with structures or masks. */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { patientPositions } from '../../geometry/frame.js';
import { text } from './check-json.js';

const finite = z.number();
/** No voxel of a plan is smaller or larger, mm. */
export const edge = z.number().check(z.minimum(0.1), z.maximum(100));
/** No margin of a target is larger, mm. */
export const margin = z.number().check(z.minimum(0), z.maximum(100));

const noise = z.strictObject({
  sd: described('HU.', z.number().check(z.positive(), z.maximum(1000))),
  seed: described('The same seed gives the same noise.', z.number().check(z.int())),
});

/** A phantom, with what may be changed of it. */
export const phantomPatient = z.strictObject({
  phantom: described('Name of a built-in phantom (phantoms/README.md), or a .json file.', text),
  target: described(
    'Sectors of the vertebra that are the CTV. By default `horseshoe`.',
    z.optional(z.enum(['body', 'body-pedicle', 'horseshoe', 'ring'])),
  ),
  side: described('Of the lesion. By default `left`.', z.optional(z.enum(['left', 'right']))),
  spacing: described(
    'x, y, z of the voxels, mm. By default that of `doseGrid`; 2 mm in FIELDS.json.',
    z.optional(z.tuple([edge, edge, edge])),
  ),
  ptvMargin: described('PTV = CTV + this, mm. By default 3.', z.optional(margin)),
  cordCrop: described('Taken off the PTV: cord + this, mm. By default 2.', z.optional(margin)),
  parameters: described('Changed measures of the phantom, by dotted path.', z.optional(z.record(text, finite))),
  noise: described('Gaussian noise on the CT numbers; the densities stay exact.', z.optional(noise)),
});

/** Pairs of HU and electron density relative to water. */
export const hounsfieldTable = z
  .array(z.tuple([finite, z.number().check(z.minimum(0), z.maximum(20))]))
  .check(z.minLength(2), z.maxLength(1000));

const rename = described(
  'Names as drawn to names as used: `{ "Myelon": "SpinalCord" }`.',
  z.optional(z.record(text, text)),
);
const roles = described(
  'Role by structure, in place of the one in the file.',
  z.optional(z.record(text, z.enum(['target', 'organ', 'external', 'bolus', 'support']))),
);
const densities = {
  include: described(
    'What counts for transport beside the body contour, by name, or `BOLUS` and `SUPPORT` for all of that type. By default nothing: the air around the body is emptied.',
    z.optional(z.array(text)),
  ),
  densityOverrides: described(
    'Electron density relative to water, by structure.',
    z.optional(z.record(text, z.number().check(z.nonnegative(), z.maximum(8)))),
  ),
  hounsfieldTable: described('Pairs of HU and electron density relative to water.', z.optional(hounsfieldTable)),
  findExternal: described(
    'Find the body where no external contour is drawn: the largest object denser than air, its holes filled.',
    z.optional(z.boolean()),
  ),
  externalThreshold: described('From which value on that is body, HU.', z.optional(finite)),
};

/** A CT with its structures. */
export const dicomPatient = z.strictObject({
  ct: described('Folder with the CT slices; beside `masks` one NRRD of HU.', text),
  structures: described('RTSTRUCT file.', text),
  seriesUid: described('Which CT, where the folder holds several.', z.optional(text)),
  rename,
  roles,
  ...densities,
});

/** A CT with masks, NRRD each. */
export const maskedPatient = z.strictObject({
  ct: described('NRRD of CT numbers, HU.', text),
  masks: described(
    'NRRD masks by structure, `{ "PTV": "mask_PTV.nrrd" }`, on any grid; or a `.seg.nrrd` of 3D Slicer, or a folder of `mask_NAME.nrrd`: docs/case.md#patients-from-nrrd.',
    z.union(
      [
        text,
        z
          .record(text.check(z.minLength(1)), text)
          .check(z.refine((given) => Object.keys(given).length > 0, { error: 'is empty: name one mask at least' })),
      ],
      { error: 'must be { STRUCTURE: NRRD FILE, ... }, or one segmentation or folder' },
    ),
  ),
  position: described(
    'Of the patient on the table, in DICOM terms: decides what the gantry angles mean. By default HFS.',
    z.optional(z.enum(patientPositions as [string, ...string[]])),
  ),
  rename,
  roles,
  ...densities,
});

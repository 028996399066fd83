/** `respine phantom NAME`: a built-in phantom as NRRD volumes or as DICOM CT and structure set. */

import { checkRange, checkSeed } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import type { Vec3 } from '../geometry/grid.js';
import type { Patient } from '../geometry/patient.js';
import type { DoseVolume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeAll } from '../node/files.js';
import { loadDose } from '../node/load-dose.js';
import { loadFields } from '../node/load-fields.js';
import { readPhantom } from '../node/phantoms.js';
import { version } from '../node/version.js';
import { buildPhantom } from '../phantom/build.js';
import type { Side, TargetName } from '../phantom/spine.js';
import { computeFields } from '../plan/field/field-dose.js';
import { maskVolume } from '../plan/patient/patient-model.js';
import { checkLevels, type DicomExport, patientToDicom } from '../report/dicom-export.js';
import { isodosesOf, listOf, numberOf } from './dose-options.js';
import { print } from './output.js';

export interface PhantomCommandOptions {
  readonly out: string;
  readonly format: string;
  readonly spacing: string;
  readonly target?: string;
  readonly side?: string;
  readonly noise?: string;
  readonly seed: string;
  /** With DICOM: NRRD of a dose, or FIELDS.json. */
  readonly dose?: string;
  /** Levels of it, Gy, with commas. */
  readonly isodoses?: string;
  readonly json?: boolean;
}

const targets = ['body', 'body-pedicle', 'horseshoe', 'ring'];

export async function phantomCommand(name: string, options: PhantomCommandOptions): Promise<number> {
  const { format } = options;
  if (format !== 'nrrd' && format !== 'dicom')
    throw new InvalidInputError(`--format is "${format}". Use nrrd or dicom.`);
  if (options.target !== undefined && !targets.includes(options.target)) {
    throw new InvalidInputError(`--target is "${options.target}". Use ${targets.join(', ')}.`);
  }
  if (options.side !== undefined && options.side !== 'left' && options.side !== 'right') {
    throw new InvalidInputError(`--side is "${options.side}". Use left or right.`);
  }
  const isodoses = checkDoseOptions(options);
  const spec = await readPhantom(name);
  const patient = buildPhantom(spec, {
    spacing: spacingOf(options.spacing),
    ...(options.target ? { target: options.target as TargetName } : {}),
    ...(options.side ? { side: options.side as Side } : {}),
    ...(options.noise !== undefined
      ? {
          noise: {
            sd: checkRange('--noise', numberOf('--noise', options.noise), 0, 1000),
            seed: checkSeed(numberOf('--seed', options.seed)),
          },
        }
      : {}),
  });
  const grid = patient.hounsfield.grid;
  const masks = patient.structures.map((s) => voxelizeStructure(s, grid));
  const files = new Map<string, Uint8Array | string>();
  let written: DicomExport | undefined;
  if (format === 'dicom') {
    const doses = options.dose === undefined ? [] : [await doseOf(options.dose, patient)];
    written = patientToDicom(patient, doses, { version, isodoses });
    for (const { name: file, bytes } of written.files) files.set(file, bytes);
  } else {
    files.set('hounsfield.nrrd', await encodeNrrd(patient.hounsfield, { gzip: true }));
    files.set('density.nrrd', await encodeNrrd(patient.density, { gzip: true }));
    for (const [i, mask] of masks.entries()) {
      files.set(`mask_${patient.structures[i]!.name}.nrrd`, await encodeNrrd(mask, { gzip: true }));
    }
  }
  await writeAll(options.out, files, {
    ours: /^(CT\/CT_\d+\.dcm|R[SD](_isodoses)?\.dcm|(hounsfield|density|mask_[^/]*)\.nrrd)$/,
  });
  const structures = patient.structures.map(({ name: of, role }, i) => {
    const solidCc = toDecimals(maskVolume(masks[i]!), 4);
    // Contours on slices are not the solid: who reads the files finds what they enclose.
    return {
      name: of,
      role,
      ...(written ? { volumeCc: written.structures[i]!.volumeCc, solidCc } : { volumeCc: solidCc }),
    };
  });
  const notes = written?.notes ?? [];
  if (options.json) print(`${JSON.stringify({ phantom: spec.name, grid, structures, notes }, null, 2)}\n`);
  else {
    if (written) print(`${' '.repeat(30)}     in the files   as a solid\n`);
    for (const s of structures) {
      const solid = 'solidCc' in s ? `${(s.solidCc as number).toFixed(2).padStart(10)} cc` : '';
      print(`${s.name.padEnd(20)} ${s.role.padEnd(9)} ${s.volumeCc.toFixed(2).padStart(9)} cc${solid}\n`);
    }
    for (const note of notes) print(`${note}\n`);
    print(`${files.size} files in ${options.out}\n`);
  }
  return 0;
}

/** @returns the levels @throws {InvalidInputError} where they, or a dose, stand with what has none */
function checkDoseOptions({ format, dose, isodoses }: PhantomCommandOptions): number[] | undefined {
  if (dose !== undefined && format !== 'dicom') {
    throw new InvalidInputError('--dose is written as RTDOSE. Give --format dicom too, or leave it out.');
  }
  if (isodoses !== undefined && dose === undefined) {
    throw new InvalidInputError('--isodoses are lines of --dose. Give that too, or leave them out.');
  }
  const levels = isodosesOf(isodoses);
  checkLevels(levels ?? []);
  return levels;
}

/** A dose of the phantom: of a file, or of fields that are computed on it. */
async function doseOf(path: string, patient: Patient): Promise<DoseVolume> {
  if (!path.endsWith('.json')) return (await loadDose(path)).dose;
  const { fields, machine } = await loadFields(path);
  const { patient: source } = fields;
  const name = patient.origin?.phantom;
  if (!('phantom' in source) || source.phantom !== name) {
    throw new InvalidInputError(
      `${path}: its fields are of another patient than the phantom ${name}. Give fields of that phantom, or an NRRD dose.`,
    );
  }
  return computeFields(patient, fields, machine).dose;
}

function spacingOf(text: string): Vec3 {
  const values = listOf('--spacing', text).map((part) => numberOf('--spacing', part));
  const [x, y, z] = values.length === 1 ? [values[0]!, values[0]!, values[0]!] : values;
  if ((values.length !== 1 && values.length !== 3) || !values.every((v) => v >= 0.5 && v <= 20)) {
    throw new InvalidInputError(
      `--spacing is "${text}", but must be one or three numbers from 0.5 to 20 mm. Use for example 2 or 1,1,3.`,
    );
  }
  return [x!, y!, z!];
}

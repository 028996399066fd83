/** `respine phantom NAME`: a built-in phantom as NRRD volumes or as DICOM CT and structure set. */

import { checkRange, checkSeed } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import type { Vec3 } from '../geometry/grid.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { ctReference, writeCt, writeStructureSet } from '../io/dicom/write.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeAll } from '../node/files.js';
import { readPhantom } from '../node/phantoms.js';
import { buildPhantom } from '../phantom/build.js';
import type { Side, TargetName } from '../phantom/spine.js';
import { maskVolume } from '../plan/patient/patient-model.js';
import { listOf, numberOf } from './dose-options.js';
import { print } from './output.js';

export interface PhantomCommandOptions {
  readonly out: string;
  readonly format: string;
  readonly spacing: string;
  readonly target?: string;
  readonly side?: string;
  readonly noise?: string;
  readonly seed: string;
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
  if (format === 'dicom') {
    const identity = { patientName: `RESPINE^${spec.name.toUpperCase()}`, patientId: spec.name };
    for (const file of writeCt(patient.hounsfield, identity)) files.set(`CT/${file.name}`, file.bytes);
    const set = writeStructureSet(patient.structures, ctReference(patient.hounsfield, identity));
    files.set(set.name, set.bytes);
  } else {
    files.set('hounsfield.nrrd', await encodeNrrd(patient.hounsfield, { gzip: true }));
    files.set('density.nrrd', await encodeNrrd(patient.density, { gzip: true }));
    for (const [i, mask] of masks.entries()) {
      files.set(`mask_${patient.structures[i]!.name}.nrrd`, await encodeNrrd(mask, { gzip: true }));
    }
  }
  await writeAll(options.out, files, { ours: /^(CT\/CT_\d+\.dcm|RS\.dcm|(hounsfield|density|mask_[^/]*)\.nrrd)$/ });
  const structures = patient.structures.map((s, i) => ({
    name: s.name,
    role: s.role,
    volumeCc: toDecimals(maskVolume(masks[i]!), 4),
  }));
  if (options.json) print(`${JSON.stringify({ phantom: spec.name, grid, structures }, null, 2)}\n`);
  else {
    for (const s of structures)
      print(`${s.name.padEnd(20)} ${s.role.padEnd(9)} ${s.volumeCc.toFixed(2).padStart(9)} cc\n`);
    print(`${files.size} files in ${options.out}\n`);
  }
  return 0;
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

/**
 * A FIELDS.json and what it points to: the patient, from a phantom, NRRD volumes or DICOM, the machine, input hashes.
 */
import { dirname, resolve } from 'node:path';
import type { Patient } from '../geometry/patient.js';
import { decodeDicom } from '../io/dicom/decode.js';
import { patientFromDicom } from '../io/dicom/patient.js';
import { decodeNrrd, type NrrdVolume } from '../io/nrrd.js';
import { denserThanAir, patientFromNrrd } from '../io/nrrd-patient.js';
import type { Machine } from '../machine/machine.js';
import { buildPhantom } from '../phantom/build.js';
import { openFields } from '../plan/field/opened-field.js';
import { type Fields, parseFields } from '../plan/input/fields-file.js';
import { dicomCodecs } from './dicom-codecs.js';
import { readBytes, readFolder, readJson } from './files.js';
import { readMachine } from './machines.js';
import { readPhantom } from './phantoms.js';
import { sha256 } from './sha256.js';

export interface LoadedFields {
  readonly fields: Fields;
  readonly patient: Patient;
  readonly machine: Machine;
  /** SHA-256 by role. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Reads and checks a FIELDS.json; paths in it are relative to its file. Beams are checked before the patient is read.
 *
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the field or file
 */
export async function loadFields(path: string): Promise<LoadedFields> {
  const fields = parseFields(await readJson(path), path);
  const from = (name: string): string => resolve(dirname(path), name);
  const isFile = fields.machine.endsWith('.json');
  const machine = await readMachine(isFile ? from(fields.machine) : fields.machine);
  openFields(fields, machine, path);
  const inputs: Record<string, string> = {
    fields: sha256(JSON.stringify(fields)),
    ...(isFile ? { machine: sha256(JSON.stringify(machine)) } : {}),
  };
  const patient = await readPatient(fields.patient, from, inputs);
  return { fields, patient: fields.name === undefined ? patient : { ...patient, name: fields.name }, machine, inputs };
}

async function readPatient(
  source: Fields['patient'],
  from: (name: string) => string,
  inputs: Record<string, string>,
): Promise<Patient> {
  if ('phantom' in source) {
    const { phantom, ...options } = source;
    const spec = await readPhantom(phantom.endsWith('.json') ? from(phantom) : phantom);
    inputs['phantom'] = sha256(JSON.stringify(spec));
    return buildPhantom(spec, options);
  }
  if ('ct' in source) {
    const { ct, structures, ...options } = source;
    const slices = await decodeDicom(await readFolder(from(ct)), dicomCodecs, options.seriesUid);
    inputs['ct'] = sha256(...slices.map((slice) => slice.bytes));
    const drawn = structures === undefined ? undefined : { name: structures, bytes: await readBytes(from(structures)) };
    if (drawn) inputs['structures'] = sha256(drawn.bytes);
    // A phantom may have lung from side to side, so all that is denser than air counts unless the file says otherwise.
    return patientFromDicom(slices, drawn, { findExternal: true, externalThreshold: denserThanAir, ...options });
  }
  const read = async (role: string, name: string): Promise<NrrdVolume> => {
    const bytes = await readBytes(from(name));
    inputs[role] = sha256(bytes);
    return decodeNrrd(bytes, name);
  };
  const kind = 'density' in source ? 'density' : 'hounsfield';
  const name = 'density' in source ? source.density : source.hounsfield;
  const volume = await read(kind, name);
  const external = source.external === undefined ? undefined : await read('external', source.external);
  return patientFromNrrd(volume, kind, {
    name,
    ...(external ? { external } : {}),
    ...(source.position === undefined ? {} : { position: source.position }),
    ...('hounsfieldTable' in source && source.hounsfieldTable ? { hounsfieldTable: source.hounsfieldTable } : {}),
  });
}

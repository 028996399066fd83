/** The patient of a case whose CT and masks are NRRD files. */
import { stat } from 'node:fs/promises';
import { InvalidInputError } from '../core/errors.js';
import type { Patient } from '../geometry/patient.js';
import { patientFromMasks } from '../io/masked-patient.js';
import { decodeNrrd } from '../io/nrrd.js';
import { decodeMask, decodeSegmentation, type NamedMask } from '../io/nrrd-masks.js';
import type { PlanCase } from '../plan/input/plan-case.js';
import { type NamedBytes, readBytes, readFolder } from './files.js';
import { structureOfFile } from './load-structures.js';
import { sha256 } from './sha256.js';

type MaskedSource = Extract<PlanCase['patient'], { masks: unknown }>;

/**
 * @param from   the path of a name in the case
 * @param inputs hashes are added to
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the file or structure
 */
export async function loadMaskedPatient(
  { ct, masks, ...options }: MaskedSource,
  from: (name: string) => string,
  inputs: Record<string, string>,
): Promise<Patient> {
  const volume = await readBytes(from(ct));
  inputs['ct'] = sha256(volume);
  const { named, notes, bytes } = typeof masks === 'string' ? await masksAt(masks, from) : await masksBy(masks, from);
  inputs['structures'] = sha256(...bytes);
  return patientFromMasks(await decodeNrrd(volume, ct), named, { name: ct, ...options }, notes);
}

interface Masks {
  readonly named: readonly NamedMask[];
  readonly notes: readonly string[];
  readonly bytes: readonly Uint8Array[];
}

async function masksBy(masks: Readonly<Record<string, string>>, from: (name: string) => string): Promise<Masks> {
  const named: NamedMask[] = [];
  const bytes: Uint8Array[] = [];
  for (const [name, file] of Object.entries(masks)) {
    const own = await readBytes(from(file));
    bytes.push(own);
    named.push({ name, mask: await decodeMask(own, file) });
  }
  return { named, notes: [], bytes };
}

/** A segmentation, or a folder of masks. */
async function masksAt(place: string, from: (name: string) => string): Promise<Masks> {
  const path = from(place);
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) {
    const bytes = await readBytes(path);
    const { segments, empty } = await decodeSegmentation(bytes, place);
    const notes = empty.map((name) => `${name}: nothing is drawn in this segment.`);
    return { named: segments, notes, bytes: [bytes] };
  }
  const files: NamedBytes[] = (await readFolder(path)).filter(({ name }) => /^mask_.+\.nrrd$/.test(name));
  if (files.length === 0) {
    throw new InvalidInputError(
      `${place}: holds no mask_NAME.nrrd. Name the masks one by one, { "NAME": FILE }, or put them there.`,
    );
  }
  const named: NamedMask[] = [];
  for (const { name, bytes } of files) named.push({ name: structureOfFile(name), mask: await decodeMask(bytes, name) });
  const isEmpty = ({ mask }: NamedMask): boolean => !mask.data.some((value) => value > 0);
  return {
    named: named.filter((own) => !isEmpty(own)),
    notes: named.filter(isEmpty).map(({ name }) => `${name}: its mask is empty.`),
    bytes: files.map(({ bytes }) => bytes),
  };
}

/**
 * A spine phantom that tests plan on: its CT whole, of its structures those that the tests speak of. Every plan voxelises all
 * structures that it is given and takes the DVH of each; lungs, heart and aorta cost more than the plan itself. A test that needs no
 * more of the spine than its fields see gives `parameters: { length: 90 }`, which is 120 mm otherwise.
 */
import { readFileSync } from 'node:fs';
import type { Vec3 } from '../../src/geometry/grid.js';
import type { Patient } from '../../src/geometry/patient.js';
import { buildPhantom, type PhantomOptions } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';

export interface SpineOptions extends Omit<PhantomOptions, 'spacing'> {
  /** mm, of the CT; one number for all axes. */
  readonly spacing: number | Vec3;
  /** @default 'spine-t8' */
  readonly phantom?: string;
  /** Structures besides those that every plan reads. */
  readonly and?: readonly string[] | 'all';
}

/** What plans read without being told to: target, cord and the organs of the limits of a retreatment. */
const READ = ['External', 'PTV_3960', 'SpinalCord', 'SpinalCord_PRV02', 'ThecalSac', 'Esophagus'];

/** Built once for all files of a process: nothing changes a patient. */
const built = new Map<string, Patient>();

export function spine({ spacing, phantom = 'spine-t8', and = [], ...options }: SpineOptions): Patient {
  const size: Vec3 = typeof spacing === 'number' ? [spacing, spacing, spacing] : spacing;
  const key = JSON.stringify([phantom, size, options]);
  let patient = built.get(key);
  if (patient === undefined) {
    const file = new URL(`../../phantoms/${phantom}.json`, import.meta.url);
    patient = buildPhantom(parsePhantom(JSON.parse(readFileSync(file, 'utf8'))), { ...options, spacing: size });
    built.set(key, patient);
  }
  if (and === 'all') return patient;
  return { ...patient, structures: patient.structures.filter(({ name }) => READ.includes(name) || and.includes(name)) };
}

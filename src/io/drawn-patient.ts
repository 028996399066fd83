/**
 * A patient from a CT in HU and what was drawn on it: names and roles given, HU turned to density, the air around the body emptied.
 *
 *   density = external * ((1 - f) RED(HU) + f override)
 *
 * with the fractional masks of the external structure and, override by override, of the structure concerned.
 */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { findExternal } from '../geometry/external.js';
import type { Patient } from '../geometry/patient.js';
import type { Structure, StructureRole } from '../geometry/structure.js';
import type { Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { densityOfHounsfield, type HounsfieldTable } from '../machine/hounsfield.js';

/** What the caller knows better than the files: names, roles, densities. */
export interface PatientOptions {
  /** Which CT series, where the files hold several. */
  readonly seriesUid?: string | undefined;
  /** New names by the names of the structure set, as { Myelon: 'SpinalCord' }. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Roles by (new) name, where the structure set says otherwise or nothing. */
  readonly roles?: Readonly<Record<string, StructureRole>> | undefined;
  /** Relative electron density by (new) name: metal, contrast agent, artefacts. Applied in this order. */
  readonly densityOverrides?: Readonly<Record<string, number>> | undefined;
  /** @default the table of `defaultHounsfieldTable` */
  readonly hounsfieldTable?: HounsfieldTable | undefined;
  /** Find the body in the CT where no structure has the role `external`. @default false */
  readonly findExternal?: boolean | undefined;
  /** HU above which a voxel may be body, for `findExternal`. @default -250, between lung and fat */
  readonly externalThreshold?: number | undefined;
}

/** The same where there is one CT. */
export type DrawnOptions = Omit<PatientOptions, 'seriesUid'>;

/**
 * @param ct    the CT, and whose it is
 * @param drawn on it, or beside it
 * @param notes of what came before; more is added
 * @throws {InvalidInputError} if a rename, role or override names no structure, or a rename an existing one, there are two externals, or the HU are no tissue
 */
export function completePatient(
  ct: Pick<Patient, 'name' | 'position' | 'frameOfReferenceUid' | 'study' | 'hounsfield'>,
  drawn: readonly Structure[],
  options: DrawnOptions,
  notes: string[],
): Patient {
  const { hounsfield } = ct;
  let structures = assignRoles(renameStructures(drawn, options.rename ?? {}, notes), options.roles ?? {});
  if (options.findExternal && !structures.some((s) => s.role === 'external')) {
    if (structures.some((s) => s.name === 'External')) {
      throw new InvalidInputError(
        'patient: "External" is there but has another role. Give it with roles: { External: "external" }.',
      );
    }
    const threshold = options.externalThreshold ?? -250;
    structures = [...structures, findExternal(hounsfield, { threshold })];
    notes.push(
      `External: found in the CT (largest object above ${threshold} HU, holes filled). Look at it before use.`,
    );
  }
  const density = patientDensity(hounsfield, structures, options, notes);
  return { ...ct, density, structures, notes };
}

function patientDensity(
  hounsfield: Volume<'hounsfield'>,
  structures: readonly Structure[],
  options: DrawnOptions,
  notes: string[],
): Volume<'density'> {
  const density = densityOfHounsfield(hounsfield, options.hounsfieldTable);
  const { data } = density;
  for (const [name, value] of Object.entries(options.densityOverrides ?? {})) {
    checkNonNegative(`density override of "${name}"`, value);
    const mask = voxelizeStructure(knownStructure(structures, name, 'density override'), density.grid).data;
    for (let i = 0; i < data.length; i++) if (mask[i] !== 0) data[i]! += mask[i]! * (value - data[i]!);
    notes.push(`Density of "${name}" set to ${value} relative to water.`);
  }
  const external = structures.filter((s) => s.role === 'external');
  if (external.length > 1) {
    throw new InvalidInputError(
      `patient: ${external.length} structures have the role external (${external.map((s) => s.name).join(', ')}). Keep one by giving the others another role.`,
    );
  }
  if (external.length === 0) {
    notes.push('No external structure: the whole CT counts, couch and air included.');
    return density;
  }
  const body = voxelizeStructure(external[0]!, density.grid).data;
  if (options.hounsfieldTable === undefined) checkTissue(hounsfield, body);
  for (let i = 0; i < data.length; i++) data[i]! *= body[i]!;
  return density;
}

/** HU that more than half of a body does not exceed, whatever it is made of: an intercept that is lost adds 1000 or so. */
const tissueLimit = 500;

/** @throws {InvalidInputError} where most of the body has the numbers of dense bone, as where the rescale intercept is lost */
function checkTissue(hounsfield: Volume<'hounsfield'>, body: Float32Array): void {
  let inside = 0;
  let dense = 0;
  for (let i = 0; i < body.length; i++) {
    if (!(body[i]! > 0.5)) continue;
    inside++;
    if (hounsfield.data[i]! > tissueLimit) dense++;
  }
  if (2 * dense <= inside) return;
  throw new InvalidInputError(
    `CT: ${Math.round((100 * dense) / inside)} % of the body lies above ${tissueLimit} HU, as where RescaleIntercept is lost (tissue at 1024). Export the CT again, or give the hounsfieldTable that these numbers are meant for.`,
  );
}

function renameStructures(
  structures: readonly Structure[],
  rename: Readonly<Record<string, string>>,
  notes: string[],
): readonly Structure[] {
  for (const from of Object.keys(rename)) knownStructure(structures, from, 'rename');
  const renamed = structures.map((s) => (Object.hasOwn(rename, s.name) ? { ...s, name: rename[s.name]! } : s));
  const seen = new Set<string>();
  for (const { name } of renamed) {
    if (seen.has(name)) {
      throw new InvalidInputError(
        `rename: "${name}" would be there twice. Choose another name or rename the other structure too.`,
      );
    }
    if (name.trim() === '') throw new InvalidInputError('rename: a new name is empty. Give a name.');
    seen.add(name);
  }
  for (const [from, to] of Object.entries(rename)) notes.push(`Structure "${from}" is called "${to}".`);
  // A new name may say what the old one did not: GTV_1 is a target.
  return renamed.map((s, i) =>
    s !== structures[i] && s.role === 'organ' && /^(GTV|CTV|PTV)/i.test(s.name) ? { ...s, role: 'target' } : s,
  );
}

function assignRoles(
  structures: readonly Structure[],
  roles: Readonly<Record<string, StructureRole>>,
): readonly Structure[] {
  for (const name of Object.keys(roles)) knownStructure(structures, name, 'role');
  return structures.map((s) => (Object.hasOwn(roles, s.name) ? { ...s, role: roles[s.name]! } : s));
}

/** @throws {InvalidInputError} where there is none of that name, with those that there are */
export function knownStructure(structures: readonly Structure[], name: string, what: string): Structure {
  const found = structures.find((s) => s.name === name);
  if (found === undefined) {
    const names = structures.map((s) => s.name).join(', ') || 'none';
    throw new InvalidInputError(`${what}: no structure "${name}". Use one of: ${names}.`);
  }
  return found;
}

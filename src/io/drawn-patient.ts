/**
 * A patient from a CT in HU and what was drawn on it: names and roles given, HU turned to density, the air around the body emptied.
 *
 *   density = external * ((1 - f) RED(HU) + f override)
 *
 * with the fractional masks of the external structure and, override by override, of the structure concerned.
 */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { whyUnfit } from '../evaluate/structure-name.js';
import { findExternal } from '../geometry/external.js';
import type { Patient } from '../geometry/patient.js';
import type { Structure, StructureRole } from '../geometry/structure.js';
import type { Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { densityOfHounsfield, type HounsfieldTable } from '../machine/hounsfield.js';
import { transportMask } from './outside-body.js';

/** What the caller knows better than the files: names, roles, densities. */
export interface PatientOptions {
  /** Which CT series, where the files hold several. */
  readonly seriesUid?: string | undefined;
  /** New names by the names of the structure set, as { Myelon: 'SpinalCord' }. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Roles by (new) name, where the structure set says otherwise or nothing. */
  readonly roles?: Readonly<Record<string, StructureRole>> | undefined;
  /** What counts for transport beside the body: (new) names, or BOLUS and SUPPORT for all of that role. @default none */
  readonly include?: readonly string[] | undefined;
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
  ct: Pick<Patient, 'name' | 'position' | 'frameOfReferenceUid' | 'study' | 'hounsfield' | 'unfit'>,
  drawn: readonly Structure[],
  options: DrawnOptions,
  notes: string[],
): Patient {
  const { hounsfield } = ct;
  let structures = assignRoles(
    renameStructures(drawn, options.rename ?? {}, notes, ct.unfit),
    options.roles ?? {},
    ct.unfit,
  );
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
  const density = patientDensity(ct, structures, options, notes);
  return { ...ct, density, structures, notes };
}

function patientDensity(
  { hounsfield, unfit }: Pick<Patient, 'hounsfield' | 'unfit'>,
  structures: readonly Structure[],
  options: DrawnOptions,
  notes: string[],
): Volume<'density'> {
  const density = densityOfHounsfield(hounsfield, options.hounsfieldTable);
  const { data } = density;
  for (const [name, value] of Object.entries(options.densityOverrides ?? {})) {
    checkNonNegative(`density override of "${name}"`, value);
    const mask = voxelizeStructure(knownStructure(structures, name, 'density override', unfit), density.grid).data;
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
    if (options.include?.length) {
      throw new InvalidInputError(
        'include: there is no external structure, so the whole CT counts anyway. Leave it out, or set findExternal.',
      );
    }
    notes.push('No external structure: the whole CT counts, couch and air included.');
    return density;
  }
  const body = voxelizeStructure(external[0]!, density.grid);
  if (options.hounsfieldTable === undefined) checkTissue(hounsfield, body.data, notes);
  const counted = transportMask(body, density, structures, options.include ?? [], notes);
  for (let i = 0; i < data.length; i++) data[i]! *= counted[i]!;
  return density;
}

/** HU between which more than half of a body lies, whatever it is made of: an intercept that is lost adds 1000 or so. */
const tissueLimits = [-950, 500] as const;
/** Between fat and muscle, and a good deal beyond: a body of which half is lung is told. */
const usualTissue = [-300, 300] as const;

/** @throws {InvalidInputError} where most of the body has the numbers of dense bone or of air, as where the rescale intercept is lost or doubled */
function checkTissue(hounsfield: Volume<'hounsfield'>, body: Float32Array, notes: string[]): void {
  const counts = { inside: 0, air: 0, thin: 0, firm: 0, dense: 0 };
  for (let i = 0; i < body.length; i++) {
    if (!(body[i]! > 0.5)) continue;
    const hu = hounsfield.data[i]!;
    counts.inside++;
    if (hu < tissueLimits[0]) counts.air++;
    if (hu < usualTissue[0]) counts.thin++;
    if (hu > usualTissue[1]) counts.firm++;
    if (hu > tissueLimits[1]) counts.dense++;
  }
  const percent = (count: number): number => Math.round((100 * count) / counts.inside);
  if (2 * counts.dense > counts.inside) {
    throw new InvalidInputError(
      `CT: ${percent(counts.dense)} % of the body lies above ${tissueLimits[1]} HU, as where RescaleIntercept is lost (tissue at 1024). Export the CT again, or give the hounsfieldTable that these numbers are meant for.`,
    );
  }
  if (2 * counts.air > counts.inside) {
    throw new InvalidInputError(
      `CT: ${percent(counts.air)} % of the body lies below ${tissueLimits[0]} HU, which is air: the body is drawn beside the patient, or RescaleIntercept was subtracted twice. Export both again, or give the hounsfieldTable that these numbers are meant for.`,
    );
  }
  const [count, where] =
    counts.thin > counts.firm ? [counts.thin, `below ${usualTissue[0]}`] : [counts.firm, `above ${usualTissue[1]}`];
  if (2 * count > counts.inside) {
    notes.push(
      `CT: ${percent(count)} % of the body lies ${where} HU, which soft tissue does not. Look at the CT numbers.`,
    );
  }
}

function renameStructures(
  structures: readonly Structure[],
  rename: Readonly<Record<string, string>>,
  notes: string[],
  unfit: Patient['unfit'],
): readonly Structure[] {
  for (const from of Object.keys(rename)) knownStructure(structures, from, 'rename', unfit);
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
  unfit: Patient['unfit'],
): readonly Structure[] {
  for (const name of Object.keys(roles)) knownStructure(structures, name, 'role', unfit);
  return structures.map((s) => (Object.hasOwn(roles, s.name) ? { ...s, role: roles[s.name]! } : s));
}

/** @throws {InvalidInputError} where there is none of that name, with those that there are */
export function knownStructure(
  structures: readonly Structure[],
  name: string,
  what: string,
  unfit?: Patient['unfit'],
): Structure {
  const found = structures.find((s) => s.name === name);
  if (found === undefined) {
    const why = whyUnfit(name, unfit);
    if (why !== undefined) throw new InvalidInputError(`${what}: ${why}. Leave it out, or draw it anew.`);
    const names = structures.map((s) => s.name).join(', ') || 'none';
    throw new InvalidInputError(`${what}: no structure "${name}". Use one of: ${names}.`);
  }
  return found;
}

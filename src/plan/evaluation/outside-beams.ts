/** Structures that objectives, constraints or priorities name and that no field of a plan meets: what is asked of them hardly moves. */
import { toDigits } from '../../core/rounding.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { placeOf } from '../../geometry/grid.js';
import type { Volume } from '../../geometry/volume.js';
import { type AskedFields, structuresNamed } from '../asked/asked-structures.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlannedField, TechniquePlan } from '../technique/technique-plan.js';

/** What is asked of structures, by the field that names them. */
const ASKED = ['constraints', 'objectives', 'priorities'];

/** @internal One sentence per structure, in the order in which the case names them. */
export function outsideBeamsNotes(
  { technique, solved }: Pick<TechniquePlan, 'technique' | 'solved'>,
  { masks }: Pick<PatientModel, 'masks'>,
  asked: AskedFields,
  dvhs: ReadonlyMap<string, Dvh>,
): string[] {
  const fieldsOf = new Map<string, Set<string>>();
  for (const [field, name] of structuresNamed(asked)) {
    if (ASKED.includes(field)) fieldsOf.set(name, (fieldsOf.get(name) ?? new Set()).add(field));
  }
  return Array.from(fieldsOf).flatMap(([name, fields]) => {
    const mask = masks.get(name);
    if (mask === undefined || solved.some((field) => isMet(mask, field))) return [];
    const dvh = dvhs.get(name);
    const dose = dvh === undefined ? 'scattered dose alone' : `at most ${toDigits(dvh.max, 2)} Gy, all of it scattered`;
    return [
      `${technique.toUpperCase()}: no beam meets ${name}, which ${[...fields].join(' and ')} name: it gets ${dose}, and what is asked of it hardly changes the plan. Add beams that meet it, or take it out.`,
    ];
  });
}

/** Does any voxel with some of the mask lie in the cone over the field's pixels? */
function isMet({ grid, data }: Volume<'mask'>, { beam: { frame }, fluence }: PlannedField): boolean {
  const { x: columns, y: rows } = fluence.grid;
  const m = frame.beamFromPatient;
  const reach = Math.hypot(...grid.spacing) / 2;
  for (let voxel = 0; voxel < data.length; voxel++) {
    if (!(data[voxel]! > 0)) continue;
    const [x, y, z] = placeOf(grid, voxel);
    const toPlane = frame.sad / (frame.sad - (m[2]! * x + m[6]! * y + m[10]! * z + m[14]!));
    const u = (m[0]! * x + m[4]! * y + m[8]! * z + m[12]!) * toPlane;
    const v = (m[1]! * x + m[5]! * y + m[9]! * z + m[13]!) * toPlane;
    const margin = reach * toPlane;
    if (u < columns[0]! - margin || u > columns.at(-1)! + margin) continue;
    if (v >= rows[0]! - margin && v <= rows.at(-1)! + margin) return true;
  }
  return false;
}

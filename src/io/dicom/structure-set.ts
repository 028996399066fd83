/**
 * An RT structure set as structures in the patient frame.
 *
 * Contours stay as drawn: inner contours are holes by the even-odd rule, keyholes need nothing. What is not a closed
 * region (points, open lines) or the second copy of one is passed over with a note, as is a structure with contours that leave the
 * axial plane or in another frame of reference; contours that overlap in part are united, with a note.
 */

import { FormatError, InvalidInputError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import type { EmptyStructure } from '../../evaluate/roi-dvh.js';
import { createContours } from '../../geometry/contour.js';
import { describeRemarks } from '../../geometry/contour-check.js';
import { nextSlice, samePlane, usualGap } from '../../geometry/contour-slabs.js';
import type { ContourPlane, Contours, EndRule, Structure, StructureRole } from '../../geometry/structure.js';
import { roleBesideBody } from '../outside-body.js';
import {
  type Dataset,
  type DicomFile,
  type Elements,
  items,
  needText,
  number,
  numbers,
  readDataset,
  text,
} from './dataset.js';
import { readPlanes } from './drawn-planes.js';

export const structureSetStorage = '1.2.840.10008.5.1.4.1.1.481.3';

/** How drawn structures are read. */
export interface StructureSetOptions {
  /** Frame of reference of the CT: structures in another one are passed over. @default that of most structures */
  readonly frameOfReferenceUid?: string;
  /** Distance of the CT slices, mm; the thickness of structures drawn on one slice only. @default the usual gap of the set */
  readonly sliceSpacing?: number;
  /** Where structures end beyond their first and last slice. @default 'half-slice' */
  readonly ends?: EndRule;
}

/** A structure without a volume. */
export type EmptyRegion = StructureSet['empty'][number];

/** What an RTSTRUCT holds. */
export interface StructureSet {
  readonly structures: readonly Structure[];
  /** Those that are named but have no closed contour, or no thickness. */
  readonly empty: readonly EmptyStructure[];
  /** Why others, by name, are none that can be used: not axial, or in another frame of reference. */
  readonly unfit: Readonly<Record<string, string>>;
  readonly frameOfReferenceUid: string;
  readonly notes: readonly string[];
}

/**
 * The structures of an RTSTRUCT.
 *
 * @throws {InvalidInputError} if the file is no structure set, or none of it lies in the frame of reference asked for; if all of it
 *   is on one slice and `sliceSpacing` is not given
 * @throws {FormatError} if the file is truncated or corrupt, or a contour's coordinates are
 */
export function readStructureSet(file: DicomFile, options: StructureSetOptions = {}): StructureSet {
  const dataset = readDataset(file);
  const sopClass = text(dataset.elements, '00080016');
  if (sopClass !== structureSetStorage) {
    throw new InvalidInputError(
      `${file.name}: SOP class ${sopClass ?? '(none)'} is no RT structure set. Give an RTSTRUCT file.`,
    );
  }
  const { ends = 'half-slice' } = options;
  const regions = readRegions(dataset);
  const frameOfReferenceUid = frameOf(dataset, regions, options.frameOfReferenceUid);
  const drawn = regions.map((region) => {
    if (region.contours.length > 0 && (region.frame ?? frameOfReferenceUid) !== frameOfReferenceUid) {
      const unfitBecause = `it lies in another frame of reference, ${region.frame}`;
      return { region, planes: [], remarks: [], unfitBecause };
    }
    return { region, ...readPlanes(region.contours, region.name, dataset.name) };
  });
  const sliceSpacing = options.sliceSpacing ?? usualSpacing(drawn.map(({ planes }) => planes));
  const notes: string[] = [];
  const structures: Structure[] = [];
  const empty: EmptyRegion[] = [];
  const unfit: Record<string, string> = {};
  const used = new Set<string>();
  for (const { region, remarks } of drawn) notes.push(...remarks.map((remark) => noteOf(region.name, remark)));
  for (const { region, planes, unfitBecause } of drawn) {
    const role = roleOf(region.name, region.interpretedType);
    if (unfitBecause !== undefined) {
      unfit[region.name] = unfitBecause;
      notes.push(`Structure "${region.name}" was passed over: ${unfitBecause}.`);
      continue;
    }
    if (planes.length === 0) {
      empty.push({ name: region.name, role, emptyBecause: 'it has no closed contour' });
      continue;
    }
    const name = uniqueName(region.name, used, notes);
    const thickness = planes.length > 1 ? undefined : sliceSpacing;
    if (planes.length === 1 && thickness === undefined) {
      throw new InvalidInputError(
        `${file.name}: "${name}" is drawn on one slice only, as all of the set, so its thickness is unknown. Give how far the slices lie apart: --slice-spacing, sliceSpacing in a program.`,
      );
    }
    if (planes.length === 1 && ends === 'none') {
      empty.push({
        name,
        role,
        emptyBecause: 'it is drawn on one slice, which has no thickness under the end rule none',
      });
      continue;
    }
    const contours = createContours(planes, thickness, { ends });
    notes.push(...spacingNotes(name, contours, options.sliceSpacing));
    structures.push({
      name,
      role,
      shape: { kind: 'contours', contours },
      ...(region.color ? { color: region.color } : {}),
    });
  }
  return { structures, empty, unfit, frameOfReferenceUid, notes };
}

const noteOf = (name: string, remark: string): string =>
  `Structure "${name}"${remark.startsWith('has ') ? '' : ':'} ${remark}`;

/** What a reader must know of how a structure was drawn. */
function spacingNotes(name: string, contours: Contours, slices: number | undefined): string[] {
  const notes = describeRemarks(contours).map((remark) => noteOf(name, remark));
  if (slices !== undefined && contours.spacing > nextSlice * slices) {
    const own = toDecimals(contours.spacing, 3);
    notes.push(
      `Structure "${name}" is drawn every ${own} mm on slices ${toDecimals(slices, 3)} mm apart; each contour counts for ${own} mm.`,
    );
  }
  return notes;
}

interface Region {
  readonly name: string;
  readonly frame: string | undefined;
  readonly interpretedType: string;
  readonly color: readonly [number, number, number] | undefined;
  readonly contours: readonly Elements[];
}

/** The three sequences of a structure set joined by ROI number. */
function readRegions(dataset: Dataset): Region[] {
  const byNumber = (tag: string): Map<number | undefined, Elements> =>
    new Map(items(dataset.elements, tag).map((item) => [number(item, '30060084'), item]));
  const contours = byNumber('30060039');
  const observations = byNumber('30060080');
  const names = new Map<number, string>();
  const regions = items(dataset.elements, '30060020').map((item, i): Region => {
    const roi = number(item, '30060022');
    if (roi === undefined) throw new FormatError(`ROI ${i + 1} has no number. Export the file again.`, dataset.name);
    const name = text(item, '30060026') ?? `ROI ${roi}`;
    const twin = names.get(roi);
    if (twin !== undefined) {
      throw new FormatError(
        `ROI number ${roi} is that of "${twin}" and of "${name}", so whose contours are whose is unknown. Number them anew.`,
        dataset.name,
      );
    }
    names.set(roi, name);
    const drawn = contours.get(roi) ?? {};
    const color = numbers(drawn, '3006002A');
    return {
      name,
      frame: text(item, '30060024'),
      interpretedType: (text(observations.get(roi) ?? {}, '300600A4') ?? '').toUpperCase(),
      color: color.length === 3 && color.every(Number.isFinite) ? [color[0]!, color[1]!, color[2]!] : undefined,
      contours: items(drawn, '30060040'),
    };
  });
  const count = items(dataset.elements, '30060039').length;
  if (contours.size < count) {
    throw new FormatError(
      `${count} items of contours are of ${contours.size} ROI numbers, so which belong together is unknown. Export the file again.`,
      dataset.name,
    );
  }
  return regions;
}

/**
 * The frame of reference that the set is read in: the one asked for, or that of most regions.
 *
 * @throws {InvalidInputError} if nothing is drawn in the one asked for
 */
function frameOf(dataset: Dataset, regions: readonly Region[], wanted: string | undefined): string {
  const referenced = items(dataset.elements, '30060010').flatMap((item) => text(item, '00200052') ?? []);
  const frames = new Map<string, number>();
  for (const { frame, contours } of regions) {
    if (frame !== undefined && contours.length > 0) frames.set(frame, (frames.get(frame) ?? 0) + 1);
  }
  if (frames.size === 0) frames.set(referenced[0] ?? needText(dataset, '00200052', 'FrameOfReferenceUID'), 0);
  const usual = [...frames].reduce((best, own) => (own[1] > best[1] ? own : best))[0];
  if (wanted === undefined || frames.has(wanted)) return wanted ?? usual;
  throw new InvalidInputError(
    `${dataset.name}: frame of reference ${usual} is not that of the CT, ${wanted}. Give the structure set that was drawn on this CT.`,
  );
}

/** The usual gap of all planes of a set. */
function usualSpacing(sets: readonly (readonly ContourPlane[])[]): number | undefined {
  const z = sets.flatMap((planes) => planes.map((plane) => plane.z)).sort((a, b) => a - b);
  return usualGap(z.filter((value, i) => i === 0 || value - z[i - 1]! > samePlane));
}

function uniqueName(name: string, used: Set<string>, notes: string[]): string {
  let unique = name;
  for (let n = 2; used.has(unique); n++) unique = `${name} (${n})`;
  if (unique !== name) notes.push(`Structure "${name}" is there twice; the second is called "${unique}".`);
  used.add(unique);
  return unique;
}

function roleOf(name: string, type: string): StructureRole {
  if (/^(GTV|CTV|PTV)$/.test(type) || /^(GTV|CTV|PTV)/i.test(name)) return 'target';
  if (type === 'EXTERNAL') return 'external';
  if (type === 'BOLUS' || type === 'SUPPORT') return type === 'BOLUS' ? 'bolus' : 'support';
  return roleBesideBody(name) ?? 'organ';
}

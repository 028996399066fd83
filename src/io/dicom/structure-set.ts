/**
 * An RT structure set as structures in the patient frame.
 *
 * Contours stay as drawn: inner contours are holes by the even-odd rule, keyholes need nothing. What is not a closed
 * region (points, open lines) or the second copy of one is passed over with a note; contours that leave the axial plane are refused.
 */

import { FormatError, InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import type { EmptyStructure } from '../../evaluate/roi-dvh.js';
import { createContours, usualGap } from '../../geometry/contour.js';
import type { ContourPlane, EndRule, Structure, StructureRole } from '../../geometry/structure.js';
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

export const structureSetStorage = '1.2.840.10008.5.1.4.1.1.481.3';

/** Contour coordinates are rounded to 0.01 mm by many systems. */
const flat = 0.05;

/** How drawn structures are read. */
export interface StructureSetOptions {
  /** Frame of reference of the CT: structures in another one are refused. */
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
  readonly frameOfReferenceUid: string;
  readonly notes: readonly string[];
}

/**
 * The structures of an RTSTRUCT.
 *
 * @throws {InvalidInputError} if the file is no structure set, or lies in another frame of reference than asked for
 * @throws {UnsupportedError} for contours that are not axial
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
  const notes: string[] = [];
  const regions = readRegions(dataset);
  const frameOfReferenceUid = commonFrame(dataset, regions, options.frameOfReferenceUid);
  const drawn = regions.map((region) => ({ region, planes: readPlanes(dataset, region, notes) }));
  const sliceSpacing = options.sliceSpacing ?? usualSpacing(drawn.map(({ planes }) => planes));
  const structures: Structure[] = [];
  const empty: EmptyRegion[] = [];
  const { ends = 'half-slice' } = options;
  const used = new Set<string>();
  for (const { region, planes } of drawn) {
    if (planes.length === 0) {
      const role = roleOf(region.name, region.interpretedType);
      empty.push({ name: region.name, role, emptyBecause: 'it has no closed contour' });
      continue;
    }
    const name = uniqueName(region.name, used, notes);
    const levels = new Set(planes.map((plane) => Math.round(plane.z / flat)));
    if (levels.size === 1 && sliceSpacing === undefined) {
      throw new InvalidInputError(
        `${file.name}: "${name}" is drawn on one slice only, of unknown thickness. Give sliceSpacing.`,
      );
    }
    if (levels.size === 1 && ends === 'none') {
      const emptyBecause = 'it is drawn on one slice, which has no thickness under the end rule none';
      empty.push({ name, role: roleOf(name, region.interpretedType), emptyBecause });
      continue;
    }
    const contours = createContours(planes, levels.size === 1 ? sliceSpacing : undefined, { ends });
    if (options.sliceSpacing !== undefined && contours.spacing > 1.5 * options.sliceSpacing) {
      notes.push(
        `Structure "${name}" is drawn every ${toDecimals(contours.spacing, 3)} mm on slices ${toDecimals(options.sliceSpacing, 3)} mm apart; each contour counts for ${toDecimals(contours.spacing, 3)} mm.`,
      );
    }
    structures.push({
      name,
      role: roleOf(name, region.interpretedType),
      shape: { kind: 'contours', contours },
      ...(region.color ? { color: region.color } : {}),
    });
  }
  return { structures, empty, frameOfReferenceUid, notes };
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

function commonFrame(dataset: Dataset, regions: readonly Region[], wanted: string | undefined): string {
  const referenced = items(dataset.elements, '30060010').flatMap((item) => text(item, '00200052') ?? []);
  const frames = new Set(regions.filter((r) => r.contours.length > 0).flatMap((region) => region.frame ?? []));
  if (frames.size === 0) frames.add(referenced[0] ?? needText(dataset, '00200052', 'FrameOfReferenceUID'));
  if (frames.size > 1) {
    throw new InvalidInputError(
      `${dataset.name}: structures in ${frames.size} frames of reference (${[...frames].join(', ')}). Export one structure set per frame.`,
    );
  }
  const [frame] = frames;
  if (wanted !== undefined && frame !== wanted) {
    throw new InvalidInputError(
      `${dataset.name}: frame of reference ${frame} is not that of the CT, ${wanted}. Give the structure set that was drawn on this CT.`,
    );
  }
  return frame!;
}

function readPlanes(dataset: Dataset, region: Region, notes: string[]): ContourPlane[] {
  const planes: ContourPlane[] = [];
  const passed = new Map<string, number>();
  const rings = new Map<string, ContourPlane[]>();
  const pass = (what: string): void => void passed.set(what, (passed.get(what) ?? 0) + 1);
  for (const contour of region.contours) {
    const type = text(contour, '30060042') ?? 'CLOSED_PLANAR';
    const data = numbers(contour, '30060050');
    const count = number(contour, '30060046');
    if (data.length % 3 !== 0 || (count !== undefined && data.length !== 3 * count) || !data.every(Number.isFinite)) {
      throw new FormatError(
        `a contour of "${region.name}" holds ${data.length} coordinates for ${count ?? '?'} points. Export the file again.`,
        dataset.name,
      );
    }
    if (type !== 'CLOSED_PLANAR' && type !== 'CLOSEDPLANAR_XOR') pass(type);
    else if (data.length < 9) pass('closed with fewer than 3 points');
    else {
      const plane = toPlane(dataset, region.name, data);
      if (type === 'CLOSED_PLANAR' && isTwin(plane, rings)) pass('drawn twice');
      else planes.push(plane);
    }
  }
  for (const [what, n] of passed) notes.push(`Structure "${region.name}": ${n} contour(s) passed over (${what}).`);
  if (planes.length === 0 && passed.size === 0)
    notes.push(`Structure "${region.name}" has no contours and was passed over.`);
  return planes;
}

function toPlane(dataset: Dataset, name: string, data: Float64Array): ContourPlane {
  const polygon = new Float64Array((data.length / 3) * 2);
  let low = Infinity;
  let high = -Infinity;
  for (let p = 0; 3 * p < data.length; p++) {
    polygon[2 * p] = data[3 * p]!;
    polygon[2 * p + 1] = data[3 * p + 1]!;
    low = Math.min(low, data[3 * p + 2]!);
    high = Math.max(high, data[3 * p + 2]!);
  }
  if (high - low > flat) {
    throw new UnsupportedError(
      `${dataset.name}: a contour of "${name}" spans z = ${low} to ${high} mm and is not axial. Redraw it on axial slices.`,
    );
  }
  return { z: data[2]!, polygons: [polygon] };
}

/** Is the ring among those before it? Twice the same one would be a hole in itself by the even-odd rule. */
function isTwin(plane: ContourPlane, before: Map<string, ContourPlane[]>): boolean {
  const polygon = plane.polygons[0]!;
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let p = 0; p < polygon.length; p += 2) {
    for (let a = 0; a < 2; a++) {
      box[a] = Math.min(box[a]!, polygon[p + a]!);
      box[2 + a] = Math.max(box[2 + a]!, polygon[p + a]!);
    }
  }
  const where = [Math.round(plane.z / flat), ...box].join(' ');
  const near = before.get(where) ?? [];
  before.set(where, [...near, plane]);
  return near.length > 0 && near.some((other) => ringText(other) === ringText(plane));
}

/** The same text for one ring, wherever it starts, whichever way round it runs, closed in words or not. */
function ringText({ polygons }: ContourPlane): string {
  const polygon = polygons[0]!;
  const points = Array.from({ length: polygon.length / 2 }, (_, p) => `${polygon[2 * p]},${polygon[2 * p + 1]}`);
  const ring = points.filter((point, p) => point !== points[(p + 1) % points.length]);
  const first = ring.reduce((best, point, p) => (point < ring[best]! ? p : best), 0);
  const there = [...ring.slice(first), ...ring.slice(0, first)];
  const back = [...there.slice(0, 1), ...there.slice(1).reverse()];
  return [there.join(' '), back.join(' ')].sort()[0]!;
}

/** The usual gap of all planes of a set. */
function usualSpacing(sets: readonly (readonly ContourPlane[])[]): number | undefined {
  const z = sets.flatMap((planes) => planes.map((plane) => plane.z)).sort((a, b) => a - b);
  return usualGap(z.filter((value, i) => i === 0 || value - z[i - 1]! > flat));
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
  return type === 'SUPPORT' ? 'support' : 'organ';
}

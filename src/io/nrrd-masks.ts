/** Masks of NRRD files: one structure to a file, or the segments of a 3D Slicer segmentation. */
import { InvalidInputError } from '../core/errors.js';
import type { StructureRole } from '../geometry/structure.js';
import { createVolume, type Volume } from '../geometry/volume.js';
import { decodeNrrd, decodeNrrdLayers } from './nrrd.js';
import { roleBesideBody } from './outside-body.js';

/** A mask under the name of what it is a mask of. */
export interface NamedMask {
  readonly name: string;
  readonly mask: Volume<'mask'>;
  /** Display colour, 0..255 each. */
  readonly color?: readonly [number, number, number];
}

/** What a structure is by its name, where nobody says. */
export function roleOfName(name: string): StructureRole {
  if (/^(GTV|CTV|PTV)/i.test(name)) return 'target';
  return /^(external|body|skin)$/i.test(name) ? 'external' : (roleBesideBody(name) ?? 'organ');
}

/**
 * The mask in a file.
 *
 * @param bytes of an NRRD with fractions of voxels, 0 to 1
 * @param file  its name, for messages
 * @throws {InvalidInputError | FormatError | UnsupportedError} for what is none, a label map for one
 */
export async function decodeMask(bytes: Uint8Array, file: string): Promise<Volume<'mask'>> {
  const { kind, grid, data } = await decodeNrrd(bytes, file);
  if (kind !== undefined && kind !== 'mask') {
    throw new InvalidInputError(`${file}: holds a volume of kind "${kind}", not a mask. Give a mask.`);
  }
  const largest = data.reduce((a, b) => (b > a ? b : a), 0);
  const odd = data.findIndex((value) => !(value >= -1e-6 && value <= 1 + 1e-6));
  if (odd >= 0) {
    const isLabels = Number.isFinite(largest) && data.every(Number.isInteger);
    throw new InvalidInputError(
      `${file}: the mask holds ${data[odd]}, but must be 0 to 1. ${isLabels ? `Is it a label map up to ${largest}? Save each structure by itself.` : 'Save it as fractions of voxels.'}`,
    );
  }
  return createVolume('mask', grid, data);
}

/** Whether an NRRD names segments in its header, as a segmentation of 3D Slicer does. */
export function isSegmentation(bytes: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, LONGEST_HEADER));
  const end = text.search(/\r?\n\r?\n/);
  return /^NRRD\d/.test(text) && /^Segment\d+_(ID|Name):=/m.test(end < 0 ? text : text.slice(0, end));
}

/** Bytes of a header that are looked at. */
const LONGEST_HEADER = 1_000_000;

/** Segments of a segmentation, and the names of those in which nothing is drawn. */
export interface Segmentation {
  readonly segments: readonly NamedMask[];
  readonly empty: readonly string[];
}

/**
 * The segments of a 3D Slicer segmentation (`.seg.nrrd`): label maps, in one or several layers, with the segments' names in the header.
 *
 * @see https://apidocs.slicer.org/main/classvtkMRMLSegmentationStorageNode.html (`SegmentN_Name`, `_LabelValue`, `_Layer`, `_Color`)
 * @throws {InvalidInputError | FormatError | UnsupportedError} where there are no segments, two have one name, or labels are no labels
 */
export async function decodeSegmentation(bytes: Uint8Array, file: string): Promise<Segmentation> {
  const { grid, layers, fields } = await decodeNrrdLayers(bytes, file);
  const numbers = Object.keys(fields)
    .flatMap((key) => /^Segment(\d+)_ID$/.exec(key)?.[1] ?? /^Segment(\d+)_Name$/.exec(key)?.[1] ?? [])
    .map(Number);
  const segments: NamedMask[] = [];
  const empty: string[] = [];
  if (numbers.length === 0) {
    throw new InvalidInputError(
      `${file}: the header names no segments (Segment0_Name). Save it as a segmentation of 3D Slicer, or give each structure its own mask: { "NAME": FILE }.`,
    );
  }
  for (const n of [...new Set(numbers)].sort((a, b) => a - b)) {
    const name = (fields[`Segment${n}_Name`] ?? fields[`Segment${n}_ID`]!).trim();
    const label = Number(fields[`Segment${n}_LabelValue`] ?? 1);
    const at = Number(fields[`Segment${n}_Layer`] ?? (layers.length === 1 ? 0 : n));
    const layer = layers[at];
    if (layer === undefined || !Number.isInteger(label) || label < 1) {
      throw new InvalidInputError(
        `${file}: segment "${name}" has label ${label} in layer ${at} of ${layers.length}, which is no place for it. Save the segmentation anew.`,
      );
    }
    if (segments.some((other) => other.name === name) || empty.includes(name)) {
      throw new InvalidInputError(`${file}: two segments are called "${name}". Rename one.`);
    }
    const data = Float32Array.from(layer, (value) => (value === label ? 1 : 0));
    const color = colorOf(fields[`Segment${n}_Color`]);
    if (!data.includes(1)) empty.push(name);
    else segments.push({ name, mask: createVolume('mask', grid, data), ...(color && { color }) });
  }
  return { segments, empty };
}

/** `0.5 0.68 0.5` as 0..255 each. */
function colorOf(text = ''): [number, number, number] | undefined {
  const [r, g, b] = text
    .trim()
    .split(/\s+/)
    .map((part) => Math.round(255 * Number(part)));
  const isByte = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= 255;
  return isByte(r) && isByte(g) && isByte(b) ? [r, g, b] : undefined;
}

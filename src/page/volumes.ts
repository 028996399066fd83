/** The volumes of a report, unpacked: what `src/report/html/view-data.ts` packs. */
import type { Grid, Vec3 } from '../geometry/grid.js';
import type { Volume, VolumeKind } from '../geometry/volume.js';
import type { PackedVolume, ViewData } from '../report/html/view-types.js';

/** A structure whose mask is 0 to 255. */
export interface ViewedStructure {
  readonly name: string;
  readonly color: string;
  /** px, as a canvas has it. */
  readonly dash: readonly number[];
  readonly mask: Volume<'mask'>;
}

export interface Volumes {
  readonly ct: Volume<'hounsfield'>;
  /** Gy, by the order of the techniques. */
  readonly doses: readonly (Volume<'dose'> & { readonly technique: string })[];
  readonly structures: readonly ViewedStructure[];
}

export async function unpackVolumes({ ct, doses, structures }: ViewData): Promise<Volumes> {
  const hounsfield = Float32Array.from(await bytesOf(ct), (level) => ct.hounsfield[level]!);
  const unpacked = [];
  for (const own of doses) {
    const data = dosesOf(await bytesOf(own), own.grid, own.step);
    unpacked.push({ ...volumeOf('dose', own, data), technique: own.technique });
  }
  const masks = [];
  for (const own of structures) {
    // Bytes serve as they are: whoever cuts a slice of them divides by 255.
    const data = (await bytesOf(own)) as unknown as Float32Array;
    // A canvas has more pixels than the figure that the dash is made for.
    const dash = own.dash === '' ? [] : own.dash.split(/[ ,]+/).map((length) => 1.3 * Number(length));
    masks.push({ name: own.name, color: own.color, dash, mask: volumeOf('mask', own, data) });
  }
  return { ct: volumeOf('hounsfield', ct, hounsfield), doses: unpacked, structures: masks };
}

const volumeOf = <K extends VolumeKind>(kind: K, { grid }: PackedVolume, data: Float32Array): Volume<K> => ({
  kind,
  grid,
  data,
});

async function bytesOf({ id }: PackedVolume): Promise<Uint8Array> {
  const characters = atob(document.getElementById(id)!.textContent!.trim());
  const packed = new Uint8Array(characters.length);
  for (let i = 0; i < packed.length; i++) packed[i] = characters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Differences along x, low bytes first, to Gy. */
function dosesOf(bytes: Uint8Array, { shape: [, , columns] }: Grid, step: number): Float32Array {
  const doses = new Float32Array(bytes.length / 2);
  for (let at = 0, level = 0; at < doses.length; at++) {
    const difference = bytes[at]! | (bytes[doses.length + at]! << 8);
    level = at % columns === 0 ? difference : (level + difference) & 0xffff;
    doses[at] = level * step;
  }
  return doses;
}

export const element = <E extends Element = HTMLElement>(id: string): E => document.getElementById(id) as unknown as E;

/** A place with one coordinate changed. */
export const movedTo = (point: Vec3, axis: number, mm: number): Vec3 =>
  [0, 1, 2].map((a) => (a === axis ? mm : point[a]!)) as unknown as Vec3;

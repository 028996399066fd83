/**
 * Structure: a named region of the patient with a role, kept as it was drawn.
 *
 * Names follow AAPM TG-263. A structure is either planar contours (DICOM) or a solid (phantom); `voxelizeStructure`
 * turns both into a fractional mask on any grid.
 */
import type { Solid } from './solid.js';

export type StructureRole = 'target' | 'organ' | 'external' | 'support';

/** Closed polygons of one plane; a point is inside where an odd number of them contain it (holes, keyholes). */
export interface ContourPlane {
  /** mm, LPS */
  readonly z: number;
  /** Each [x0, y0, x1, y1, ...] in mm; closed implicitly. */
  readonly polygons: readonly Float64Array[];
}

/**
 * Where a structure ends beyond its first and last plane: `half-slice`, half a spacing further, so that every plane counts
 * in full and the volume is the sum of area x spacing; `none`, at these planes.
 */
export type EndRule = 'half-slice' | 'none';

export interface Contours {
  /** Sorted by z, one entry per plane. */
  readonly planes: readonly ContourPlane[];
  /** Distance between planes, mm; each plane stands for the slab half way to its neighbours. */
  readonly spacing: number;
  /** @default 'half-slice' */
  readonly ends?: EndRule;
}

export type StructureShape =
  | { readonly kind: 'contours'; readonly contours: Contours }
  | { readonly kind: 'solid'; readonly solid: Solid };

export interface Structure {
  readonly name: string;
  readonly role: StructureRole;
  readonly shape: StructureShape;
  /** Display colour, 0..255 each. */
  readonly color?: readonly [number, number, number];
}

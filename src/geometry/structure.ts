/**
 * Structure: a named region of the patient with a role, kept as it was drawn.
 *
 * Names follow AAPM TG-263. A structure is either planar contours (DICOM) or a solid (phantom); `voxelizeStructure`
 * turns both into a fractional mask on any grid.
 */
import type { Solid } from './solid.js';

/** What a structure is to a plan; `external` is the outline of the body, `bolus` and `support` what lies on and under it. */
export type StructureRole = 'target' | 'organ' | 'external' | 'bolus' | 'support';

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

/** Closed curves on parallel axial planes. */
export interface Contours {
  /** Sorted by z, one entry per plane. */
  readonly planes: readonly ContourPlane[];
  /** Usual distance between planes, mm; each plane stands for the slab half way to its neighbours. */
  readonly spacing: number;
  /**
   * Whether slices may have been left out between planes, as by hand: then only what is several times as far as planes lie apart
   * around it is a gap, else every slice without a plane. @default false
   */
  readonly isSparse?: boolean;
  /** @default 'half-slice' */
  readonly ends?: EndRule;
}

export type StructureShape = Structure['shape'];

/** A named region with a role, as it was drawn: contours, or a solid. */
export interface Structure {
  readonly name: string;
  readonly role: StructureRole;
  /** As it was drawn, or as a formula. */
  readonly shape:
    | { readonly kind: 'contours'; readonly contours: Contours }
    | { readonly kind: 'solid'; readonly solid: Solid };
  /** Display colour, 0..255 each. */
  readonly color?: readonly [number, number, number];
}

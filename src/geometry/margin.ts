/**
 * Structures from structures: margins, rings, crops, unions, intersections and differences, in three dimensions.
 *
 * All by Euclidean distance to the surface as it is drawn, so that 3 mm are 3 mm in every direction, between slices too, and
 * no voxel is ever counted. The results are solids: they go wherever a structure goes. Distances stay exact, or are made so
 * again (`surface-points.ts`) where a margin needs them.
 */
import { checkFinite, checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { solidOfStructure } from './contour-solid.js';
import type { Vec3 } from './grid.js';
import { difference, intersection, union } from './shape.js';
import type { Solid } from './solid.js';
import type { Structure } from './structure.js';
import { redistance } from './surface-points.js';

/** Points for exact distances lie this far apart, mm, or closer for small margins: errors stay under 1/70 of the margin. */
const pointDistance = 0.5;
const pointFraction = 1 / 3;

/**
 * A structure grown, or with a negative distance shrunk, by the same distance everywhere.
 *
 * @param distance mm
 * @param name     @default that of the structure and the margin in mm, as in `SpinalCord+3`
 * @throws {InvalidInputError} if nothing is left of it
 */
export function margin(structure: Structure, distance: number, name?: string): Structure {
  checkFinite('margin: distance', distance);
  const solid = offset(structure.name, solidOfStructure(structure), distance);
  return derived(structure, name ?? `${structure.name}${distance < 0 ? '' : '+'}${distance}`, solid);
}

/** The union of structures: all that lies in at least one. */
export function uniteStructures(structures: readonly Structure[], name: string): Structure {
  if (structures.length === 0) throw new InvalidInputError('union: there are no structures. Give at least one.');
  return derived(structures[0]!, name, union(...structures.map(solidOfStructure)));
}

/**
 * The intersection of two structures: what lies in both.
 *
 * @throws {InvalidInputError} if they do not meet
 */
export function intersectStructures(a: Structure, b: Structure, name: string): Structure {
  const [sa, sb] = [solidOfStructure(a), solidOfStructure(b)];
  if ([0, 1, 2].some((i) => sa.box.max[i]! <= sb.box.min[i]! || sb.box.max[i]! <= sa.box.min[i]!)) {
    throw new InvalidInputError(`intersection: ${a.name} and ${b.name} do not meet. Leave it out.`);
  }
  return derived(a, name, intersection(sa, sb));
}

/** The difference of two structures: what lies in `a` but not in `b`. */
export function subtractStructure(a: Structure, b: Structure, name: string): Structure {
  return derived(a, name, difference(solidOfStructure(a), solidOfStructure(b)));
}

/**
 * A structure without what lies within `distance` of another: a target cropped from the skin, an organ minus the target.
 *
 * @param distance mm, >= 0
 */
export function crop(structure: Structure, from: Structure, distance: number, name = structure.name): Structure {
  checkNonNegative('crop: distance', distance);
  const keepOut = offset(from.name, solidOfStructure(from), distance);
  return derived(structure, name, difference(solidOfStructure(structure), keepOut));
}

/**
 * The shell between two distances from the surface of a structure.
 *
 * @param inner from the surface, mm, outward; negative is inward
 * @param outer likewise, mm; inner < outer
 */
export function ring(structure: Structure, inner: number, outer: number, name = `${structure.name}_ring`): Structure {
  checkFinite('ring: inner', inner);
  checkFinite('ring: outer', outer);
  if (!(inner < outer)) {
    throw new InvalidInputError(`ring: inner is ${inner} mm and outer ${outer} mm, but inner must be less. Swap them.`);
  }
  const solid = solidOfStructure(structure);
  return derived(
    structure,
    name,
    difference(offset(structure.name, solid, outer), offset(structure.name, solid, inner)),
  );
}

function derived({ role, color }: Structure, name: string, solid: Solid): Structure {
  return { name, role, shape: { kind: 'solid', solid }, ...(color ? { color } : {}) };
}

/** The region within `r` of the solid (r > 0), or further than -r from its outside (r < 0). */
function offset(name: string, solid: Solid, r: number): Solid {
  if (r === 0) return solid;
  const isExact = r > 0 ? solid.isExact : (solid.isExactInside ?? false);
  const exact = isExact ? solid : redistance(solid, Math.min(pointDistance, Math.abs(r) * pointFraction));
  const min = exact.box.min.map((c) => c - r) as unknown as Vec3;
  const max = exact.box.max.map((c) => c + r) as unknown as Vec3;
  if ([0, 1, 2].some((a) => !(max[a]! > min[a]!))) {
    throw new InvalidInputError(`margin: nothing is left of ${name} after ${r} mm. Use a smaller margin.`);
  }
  return {
    distance: (x, y, z, reach = Infinity) => exact.distance(x, y, z, reach + Math.abs(r)) - r,
    box: { min, max },
    // Outside a grown solid the distance is exact again; inside a shrunk one likewise.
    isExact: r > 0,
    isExactInside: r < 0,
  };
}

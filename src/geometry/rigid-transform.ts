/**
 * Rigid transforms between two patient frames: a rotation and a translation, no scaling, no shear.
 *
 *     p_to = R p_from + t
 *
 * Names read `toFromFrom`, as everywhere: `planFromPrior` takes a point of the prior course's frame into that of the plan.
 */
import { checkFinite } from '../core/check.js';
import { InvalidInputError, UnsupportedError } from '../core/errors.js';
import type { Vec3 } from './grid.js';

/** A rotation and a translation: `p_to = R p_from + t`. */
export interface RigidTransform {
  /** R by rows: nine numbers, orthonormal, determinant 1. */
  readonly rotation: readonly number[];
  /** t, mm. */
  readonly translation: Vec3;
}

export const identityTransform: RigidTransform = { rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], translation: [0, 0, 0] };

/** Matrices of other systems are written with six digits. */
const ROUNDING = 1e-4;

/** A rigid transform as it is written: a turn about a point, then a move. */
export interface RigidInput {
  /** mm. @default none */
  readonly translation?: Vec3 | undefined;
  /** About x, then y, then z, degrees, right-handed. @default none */
  readonly rotation?: Vec3 | undefined;
  /** Point about which it turns, in the frame that is left, mm. @default the origin */
  readonly center?: Vec3 | undefined;
}

/**
 * A turn about a point, then a move: `p_to = Rz Ry Rx (p_from - center) + center + translation`.
 *
 * @throws {InvalidInputError} if a number is not finite
 */
export function createRigidTransform(input: RigidInput): RigidTransform {
  const { translation = [0, 0, 0], rotation = [0, 0, 0], center = [0, 0, 0] } = input;
  for (const n of [...translation, ...rotation, ...center]) checkFinite('rigid transform', n);
  const [a, b, c] = rotation.map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
  const [ca, sa, cb, sb, cc, sc] = [a, b, c].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]) as number[];
  const rows = [
    cc! * cb!,
    cc! * sb! * sa! - sc! * ca!,
    cc! * sb! * ca! + sc! * sa!,
    sc! * cb!,
    sc! * sb! * sa! + cc! * ca!,
    sc! * sb! * ca! - cc! * sa!,
    -sb!,
    cb! * sa!,
    cb! * ca!,
  ];
  const turned = rotate(rows, center);
  const shift = [0, 1, 2].map((axis) => center[axis]! + translation[axis]! - turned[axis]!);
  return { rotation: rows, translation: [shift[0]!, shift[1]!, shift[2]!] };
}

/**
 * From a homogeneous 4 x 4 matrix by rows, as DICOM and other systems write it.
 *
 * The rotation is made orthonormal to the last digit where it is so to 1e-4.
 *
 * @throws {InvalidInputError} unless it is sixteen finite numbers with the last row 0 0 0 1
 * @throws {UnsupportedError} for scaling, shear or a mirror image
 */
export function rigidFromMatrix(matrix: ArrayLike<number>, name = 'rigid transform'): RigidTransform {
  const m = Array.from(matrix);
  if (m.length !== 16 || !m.every(Number.isFinite)) {
    throw new InvalidInputError(
      `${name}: a 4 x 4 matrix is sixteen finite numbers by rows, but got [${m.join(', ')}].`,
    );
  }
  if (![0, 0, 0, 1].every((n, i) => Math.abs(m[12 + i]! - n) < ROUNDING)) {
    throw new InvalidInputError(
      `${name}: the last row is ${m.slice(12).join(' ')}, but must be 0 0 0 1. Give it by rows.`,
    );
  }
  const x = [m[0]!, m[1]!, m[2]!] as const;
  const y = [m[4]!, m[5]!, m[6]!] as const;
  const z = [m[8]!, m[9]!, m[10]!] as const;
  const far = [dot(x, x) - 1, dot(y, y) - 1, dot(z, z) - 1, dot(x, y), dot(x, z), dot(y, z)];
  const worst = Math.max(...far.map(Math.abs));
  if (worst > 2 * ROUNDING || dot(cross(x, y), z) < 0) {
    throw new UnsupportedError(
      `${name}: the matrix is not rigid (its axes are off by ${worst.toExponential(1)}${dot(cross(x, y), z) < 0 ? ', and it mirrors' : ''}). Give a rotation and a translation only.`,
    );
  }
  const first = normalized(x);
  const third = normalized(cross(first, y));
  const second = cross(third, first);
  return { rotation: [...first, ...second, ...third], translation: [m[3]!, m[7]!, m[11]!] };
}

/** From -> to, mm. */
export function transformPoint({ rotation, translation }: RigidTransform, point: Vec3): Vec3 {
  const [x, y, z] = rotate(rotation, point);
  return [x + translation[0], y + translation[1], z + translation[2]];
}

/** `fromTo` of a `toFrom`. */
export function invertRigid({ rotation: r, translation }: RigidTransform): RigidTransform {
  const transposed = [r[0]!, r[3]!, r[6]!, r[1]!, r[4]!, r[7]!, r[2]!, r[5]!, r[8]!];
  const [x, y, z] = rotate(transposed, translation);
  return { rotation: transposed, translation: [-x, -y, -z] };
}

/** `cFromB`, `bFromA` -> `cFromA`. */
export function composeRigid(outer: RigidTransform, inner: RigidTransform): RigidTransform {
  const columns = [0, 1, 2].map((c) =>
    rotate(outer.rotation, [0, 1, 2].map((r) => inner.rotation[3 * r + c]!) as never),
  );
  const rotation = [0, 1, 2].flatMap((r) => columns.map((column) => column[r]!));
  return { rotation, translation: transformPoint(outer, inner.translation) };
}

/** Does it leave every point where it is, to 1e-9? */
export function isIdentity({ rotation, translation }: RigidTransform): boolean {
  const same = (n: number, i: number): boolean => Math.abs(n - identityTransform.rotation[i]!) < 1e-9;
  return rotation.every(same) && translation.every((t) => Math.abs(t) < 1e-9);
}

/** `turned by 3.2 degrees, origin moved by (1, 2, 3) mm`: for notes. */
export function describeRigid(transform: RigidTransform): string {
  if (isIdentity(transform)) return 'no transform';
  const { rotation: r, translation } = transform;
  const cosine = Math.min(1, Math.max(-1, (r[0]! + r[4]! + r[8]! - 1) / 2));
  const degrees = (Math.acos(cosine) * 180) / Math.PI;
  return `turned by ${degrees.toFixed(2)} degrees, origin moved by (${translation.map((t) => t.toFixed(1)).join(', ')}) mm`;
}

function rotate(r: readonly number[], [x, y, z]: Vec3): [number, number, number] {
  return [r[0]! * x + r[1]! * y + r[2]! * z, r[3]! * x + r[4]! * y + r[5]! * z, r[6]! * x + r[7]! * y + r[8]! * z];
}

const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const normalized = (a: Vec3): Vec3 => {
  const length = Math.sqrt(dot(a, a));
  return [a[0] / length, a[1] / length, a[2] / length];
};

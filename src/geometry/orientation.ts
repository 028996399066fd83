/** Sides of the patient: the letters at the edges of pictures. */
import type { BeamFrame } from './frame.js';
import type { Vec3 } from './grid.js';

/** Towards +x, +y, +z and -x, -y, -z of LPS: left, posterior, superior; right, anterior, inferior. */
const TOWARDS = ['L', 'P', 'S'] as const;
const AWAY = ['R', 'A', 'I'] as const;
/** A direction halfway between two axes has both letters: each reaches 22.5 degrees to either side of that. */
const LEAST = Math.sin(Math.PI / 8) - 1e-9;

/** The letters of the side that a direction points to, the nearest first: `L`, or `LA` between left and anterior. */
export function sideOf(direction: Vec3): string {
  const length = Math.hypot(...direction);
  return direction
    .map((part, axis) => ({ part: Math.abs(part) / length, letter: (part > 0 ? TOWARDS : AWAY)[axis]! }))
    .filter(({ part }) => part >= LEAST)
    .sort((a, b) => (Math.abs(b.part - a.part) < 1e-9 ? 0 : b.part - a.part))
    .map(({ letter }) => letter)
    .join('');
}

/** What sides of the patient the edges of a beam's-eye view are: seen from the source, +X to the right, +Y up. */
export function sidesOfView({ patientFromBeam: m }: BeamFrame): {
  left: string;
  right: string;
  top: string;
  bottom: string;
} {
  const along = (column: number, sign: 1 | -1): string =>
    sideOf([sign * m[4 * column]!, sign * m[4 * column + 1]!, sign * m[4 * column + 2]!]);
  return { left: along(0, -1), right: along(0, 1), top: along(1, 1), bottom: along(1, -1) };
}

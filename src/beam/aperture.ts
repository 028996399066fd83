/**
 * Aperture: the leaf positions of one multileaf collimator setting, and the jaws behind it.
 *
 * What is open is one rectangle per leaf pair, cut by the jaws. Leaf ends are flat, leaf sides straight: tongue and
 * groove, rounded tips and the gap between closed leaves are not modelled. Coordinates are those of the collimator in
 * the isocentre plane (IEC 61217), so a collimator angle turns leaves and jaws together.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { LeafBank } from '../machine/mlc.js';
import { type FluenceGrid, uniformFluenceGrid } from './fluence.js';

/** A rectangle in the isocentre plane, mm, named as DICOM names jaws: x1 < x2, y1 < y2. */
export interface JawField {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}

/** What one leaf pair leaves open in the isocentre plane, mm; y0 < y1, x0 < x1. */
export interface LeafOpening {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

/** Leaves, and jaws where any close, with what they leave open. */
export interface Aperture {
  readonly bank: LeafBank;
  /** Ends of the left (x1) and right (x2) leaf of each pair, from -Y upward, mm; equal where the pair is closed. */
  readonly leaves: readonly (readonly [number, number])[];
  readonly jaws?: JawField;
  /** What leaves and jaws leave open, one rectangle per open pair. */
  readonly openings: readonly LeafOpening[];
}

/** No linear accelerator opens further than this from the axis, mm: beyond, a length is in the wrong unit. */
const FARTHEST = 300;

/** @throws {InvalidInputError} unless x1 < x2, y1 < y2 and every edge lies within 300 mm of the axis */
export function checkJaws(what: string, jaws: JawField): JawField {
  for (const [low, high] of [
    ['x1', 'x2'],
    ['y1', 'y2'],
  ] as const) {
    if (!(jaws[low] < jaws[high])) {
      throw new InvalidInputError(
        `${what}: ${low} is ${jaws[low]} mm and ${high} is ${jaws[high]} mm, but ${low} must be less than ${high}. Swap or mend them.`,
      );
    }
    for (const key of [low, high]) {
      if (!(Math.abs(jaws[key]) <= FARTHEST)) {
        throw new InvalidInputError(
          `${what}: ${key} is ${jaws[key]} mm, but no field reaches beyond ${FARTHEST} mm from the axis. Give millimetres in the isocentre plane.`,
        );
      }
    }
  }
  return jaws;
}

/**
 * @param leaves [x1, x2] of every pair from -Y upward, mm in the isocentre plane; x1 = x2 closes a pair
 * @param jaws   undefined: none close, the leaves alone shape the field
 * @throws {InvalidInputError} for a wrong number of pairs, leaves that cross, a leaf or jaw outside the bank
 */
export function createAperture(
  bank: LeafBank,
  leaves: readonly (readonly [number, number])[],
  jaws?: JawField,
): Aperture {
  const { boundaries, reach, overtravel = Infinity } = bank;
  const pairs = boundaries.length - 1;
  if (leaves.length !== pairs) {
    throw new InvalidInputError(
      `aperture: ${leaves.length} leaf pairs, but ${bank.name} has ${pairs}. Give [x1, x2] for each pair from -Y upward.`,
    );
  }
  leaves.forEach(([x1, x2], n) => {
    const pair = `aperture: leaf pair ${n + 1} of ${bank.name}`;
    if (!(x1 <= x2)) {
      throw new InvalidInputError(
        `${pair}: the leaves cross, x1 is ${x1} mm and x2 is ${x2} mm. Set x1 <= x2, equal for a closed pair.`,
      );
    }
    if (!(Math.abs(x1) <= reach + 1e-6 && Math.abs(x2) <= reach + 1e-6)) {
      throw new InvalidInputError(
        `${pair} stands at ${x1} to ${x2} mm, but the leaves reach ${reach} mm from the axis. Use another leaf bank or isocentre.`,
      );
    }
    if (x1 > overtravel + 1e-6 || x2 < -overtravel - 1e-6) {
      throw new InvalidInputError(
        `${pair} stands at ${x1} to ${x2} mm, but its leaves cross the axis by at most ${overtravel} mm. Use another leaf bank or isocentre.`,
      );
    }
  });
  const field = jaws && checkJaws('jaws', jaws);
  if (field && (field.y1 < boundaries[0]! - 1e-6 || field.y2 > boundaries[pairs]! + 1e-6)) {
    throw new InvalidInputError(
      `jaws: y runs from ${field.y1} to ${field.y2} mm, but the leaves of ${bank.name} cover only ${boundaries[0]} to ${boundaries[pairs]} mm. Close the jaws to that.`,
    );
  }
  const openings: LeafOpening[] = [];
  leaves.forEach(([x1, x2], n) => {
    const x0 = Math.max(x1, field?.x1 ?? -Infinity);
    const end = Math.min(x2, field?.x2 ?? Infinity);
    const y0 = Math.max(boundaries[n]!, field?.y1 ?? -Infinity);
    const y1 = Math.min(boundaries[n + 1]!, field?.y2 ?? Infinity);
    if (end > x0 && y1 > y0) openings.push({ y0, y1, x0, x1: end });
  });
  return { bank, leaves, openings, ...(field ? { jaws: field } : {}) };
}

/**
 * Leaf positions that open given rectangles; all other pairs are closed.
 *
 * @param rectangles y1 and y2 must be leaf boundaries; no two may share a leaf pair
 * @throws {InvalidInputError} for an edge between boundaries, or a pair that is to open twice
 */
export function leavesOfRectangles(bank: LeafBank, rectangles: readonly JawField[]): [number, number][] {
  const { boundaries } = bank;
  const leaves = Array.from({ length: boundaries.length - 1 }, (): [number, number] => [0, 0]);
  const taken = new Set<number>();
  const pairAt = (y: number): number => {
    const n = boundaries.findIndex((boundary) => Math.abs(boundary - y) < 1e-6);
    if (n >= 0) return n;
    const near = [...boundaries].sort((a, b) => Math.abs(a - y) - Math.abs(b - y)).slice(0, 2);
    throw new InvalidInputError(
      `opening: ${y} mm is no leaf boundary of ${bank.name}; the nearest are ${near.sort((a, b) => a - b).join(' and ')} mm. Use one, or cut it with jaws.`,
    );
  };
  for (const r of rectangles) {
    checkJaws('opening', r);
    for (let n = pairAt(r.y1); n < pairAt(r.y2); n++) {
      if (taken.has(n)) {
        throw new InvalidInputError(
          `opening: leaf pair ${n + 1} of ${bank.name} would open twice, but a pair has one opening. Use two apertures.`,
        );
      }
      taken.add(n);
      leaves[n] = [r.x1, r.x2];
    }
  }
  return leaves;
}

/** Open area in the isocentre plane, mm2. */
export function apertureArea(aperture: Aperture): number {
  return aperture.openings.reduce((sum, o) => sum + (o.x1 - o.x0) * (o.y1 - o.y0), 0);
}

/** The rectangle around all openings; undefined where every pair is closed. */
export function apertureBounds({ openings }: Pick<Aperture, 'openings'>): JawField | undefined {
  if (openings.length === 0) return undefined;
  return {
    x1: openings.reduce((low, o) => Math.min(low, o.x0), Infinity),
    x2: openings.reduce((high, o) => Math.max(high, o.x1), -Infinity),
    y1: openings.reduce((low, o) => Math.min(low, o.y0), Infinity),
    y2: openings.reduce((high, o) => Math.max(high, o.y1), -Infinity),
  };
}

/**
 * Open fraction of every cell of a uniform grid: exact area of the openings within each cell, so the total area stays.
 *
 * For dose take `apertureFluence`, whose edges are the leaves' own; this is for pictures and for codes that need equal cells.
 *
 * @param size cell side, mm. @default 1
 * @throws {InvalidInputError} if nothing is open
 */
export function rasterizeAperture(
  aperture: Pick<Aperture, 'openings'>,
  size = 1,
): { grid: FluenceGrid; open: Float64Array } {
  checkPositive('rasterize: size', size);
  const bounds = apertureBounds(aperture);
  if (bounds === undefined) throw new InvalidInputError('rasterize: every leaf pair is closed. Give an open aperture.');
  const i0 = Math.floor(bounds.x1 / size);
  const j0 = Math.floor(bounds.y1 / size);
  const nx = Math.ceil(bounds.x2 / size) - i0;
  const ny = Math.ceil(bounds.y2 / size) - j0;
  const grid = uniformFluenceGrid(i0 * size, j0 * size, size, nx, ny);
  const open = new Float64Array(nx * ny);
  const overlap = (a0: number, a1: number, b0: number, b1: number): number =>
    Math.max(0, Math.min(a1, b1) - Math.max(a0, b0));
  for (const o of aperture.openings) {
    for (let j = Math.floor(o.y0 / size) - j0; j < Math.ceil(o.y1 / size) - j0; j++) {
      const height = overlap(o.y0, o.y1, (j + j0) * size, (j + j0 + 1) * size) / size;
      for (let i = Math.floor(o.x0 / size) - i0; i < Math.ceil(o.x1 / size) - i0; i++) {
        open[i + nx * j]! += (height * overlap(o.x0, o.x1, (i + i0) * size, (i + i0 + 1) * size)) / size;
      }
    }
  }
  return { grid, open };
}

/**
 * Segments of a case's IMRT: which leaves shape them, what their apertures let through, and how many there are.
 */
import type { Aperture } from '../../beam/aperture.js';
import { createAperture } from '../../beam/aperture.js';
import type { Beam } from '../../beam/beam.js';
import { apertureFluence } from '../../beam/collimated-fluence.js';
import { beamletOffsets } from '../../beam/fluence.js';
import { movingFluence } from '../../beam/moving-aperture.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { FluenceField } from '../../dose/beam-view.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import type { LeafBank } from '../../machine/mlc.js';
import type { LeafField, LeafShape } from '../../sequence/leaf-field.js';
import type { PlanCase } from '../input/plan-case.js';
import { type Delivered, leavesOf, notNominal, throughOf } from './leaf-settings.js';

/** How a case's IMRT is delivered in segments. */
export interface SegmentSettings {
  /** Of all fields, at most. */
  readonly segments: number;
  readonly bank: LeafBank;
  readonly interleaf: boolean;
  /** cm^2 that a segment opens, at least. */
  readonly leastArea: number;
  /** Monitor units of a segment in each fraction, at least. */
  readonly leastUnits: number;
  /** mm between the ends of an open pair, at least. */
  readonly leafGap: number;
  readonly transmission: PlanCase['fcrt']['transmission'];
}

/** What a segment is before it has a weight. */
export interface SegmentField {
  readonly beam: Beam;
  /** Index of its beam. */
  readonly of: number;
  readonly aperture: Aperture;
  /** Of the open aperture, per monitor unit. */
  readonly open: FluenceField;
}

/** Two edges closer than this are one, mm. */
const SAME = 1e-3;

/** What `"step-and-shoot"` stands for. */
const DEFAULTS = { segments: 100, leastArea: 1, leastUnits: 1, leafGap: 0, interleaf: false, transmission: {} };

/** @returns undefined where the fluence itself is the plan */
export function segmentSettings({
  delivery,
  beamlet,
  onAxis,
}: Pick<PlanCase['imrt'], 'delivery' | 'beamlet' | 'onAxis'>): SegmentSettings | undefined {
  if (delivery === 'step-and-shoot') return { ...DEFAULTS, bank: leavesOf({ beamlet, onAxis }) };
  if (typeof delivery !== 'object' || delivery.kind !== 'step-and-shoot') return undefined;
  const { kind: _, mlc, ...asked } = delivery;
  return { ...asked, bank: leavesOf({ beamlet, onAxis, mlc }) };
}

/** How a case that says nothing of it is delivered: in segments, unless it asks for what these are not made for. */
export const usualDelivery = (planCase: Delivered): 'step-and-shoot' | 'fluence' =>
  notNominal(planCase) === undefined ? 'step-and-shoot' : 'fluence';

/**
 * Whether a case can be delivered as it asks, before anything is optimised.
 *
 * @throws {InvalidInputError} where leaves do not fit the beamlets, or there are fewer segments than beams
 * @throws {UnsupportedError} for what segments are not optimised for
 */
export function checkDelivery({ imrt, objectives, priorities }: Delivered, beams: readonly ModulatedBeam[]): void {
  const settings = segmentSettings(imrt);
  if (settings === undefined) return;
  const other = notNominal({ imrt, objectives, priorities });
  if (other !== undefined) {
    throw new UnsupportedError(
      `case: imrt.delivery: segments are optimised for the objectives and constraints of a nominal plan, but the case asks for ${other}. Leave that out, or let delivery be "fluence".`,
    );
  }
  if (settings.segments < beams.length) {
    throw new InvalidInputError(
      `case: imrt.delivery: ${settings.segments} segments are too few for ${beams.length} beams. Give at least one for each.`,
    );
  }
  const fields = leafFieldsOf(beams, settings.bank);
  beams.forEach(({ beam, beamlets: { grid } }, b) => {
    checkWithinTravel(beam.name, grid.x, settings.bank);
    const open = fields.reduce(
      (sum, { of, beamlets }) => sum + (of === b ? beamlets.filter((n) => n >= 0).length : 0),
      0,
    );
    const area = open * pixelArea(grid);
    if (settings.leastArea > area + 1e-9) {
      throw new InvalidInputError(
        `case: imrt.delivery: leastArea is ${settings.leastArea} cm^2, but ${beam.name} opens ${area.toFixed(2)} cm^2 as a whole. Give a smaller area.`,
      );
    }
    const width = grid.x.at(-1)! - grid.x[0]!;
    if (settings.leafGap > width) {
      throw new InvalidInputError(
        `case: imrt.delivery: leafGap is ${settings.leafGap} mm, but ${beam.name} is ${width} mm wide. Give a smaller gap.`,
      );
    }
  });
}

/** cm^2 of a pixel of a uniform grid. */
export const pixelArea = ({ x, y }: ModulatedBeam['beamlets']['grid']): number =>
  ((x[1]! - x[0]!) * (y[1]! - y[0]!)) / 100;

/** @throws {InvalidInputError} where a leaf that closes a beamlet would stand beyond its reach or overtravel */
function checkWithinTravel(beam: string, x: Float64Array, { name, reach, overtravel = Infinity }: LeafBank): void {
  const [low, high] = [x[0]!, x.at(-1)!];
  // Either leaf of a pair may have to stand at either side of the field.
  if (Math.max(-low, high) <= Math.min(reach, overtravel) + SAME) return;
  const stands = overtravel < reach ? `cross the axis by at most ${overtravel} mm` : `reach ${reach} mm from the axis`;
  throw new InvalidInputError(
    `case: imrt.delivery: ${beam} runs from x = ${low} to ${high} mm, but the leaves of ${name} ${stands}. Turn the collimator, or use other leaves (imrt.delivery.mlc).`,
  );
}

/** A field of leaves that is a beam, or the part of one that a carriage reaches without moving. */
export interface CarriageField extends LeafField {
  /** Index of its beam. */
  readonly of: number;
  /** Column of the beam's grid at which it begins. */
  readonly first: number;
}

/**
 * The beamlets of all beams as leaf pairs see them: one field for each, or several side by side where carriages do not span it.
 *
 * @throws {InvalidInputError} where a row of beamlets ends between two boundaries of the leaves
 */
export function leafFieldsOf(
  beams: readonly ModulatedBeam[],
  { name, boundaries, span = Infinity }: LeafBank,
): CarriageField[] {
  const offsets = beamletOffsets(beams);
  return beams.flatMap(({ beam, beamlets: { grid, pixels } }, b): CarriageField[] => {
    const [columns, rows] = [grid.x.length - 1, grid.y.length - 1];
    const off = grid.y.find((edge) => !boundaries.some((boundary) => Math.abs(boundary - edge) < SAME));
    if (off !== undefined) {
      const near = boundaries.reduce((a, c) => (Math.abs(c - off) < Math.abs(a - off) ? c : a));
      throw new InvalidInputError(
        `case: imrt.delivery: a row of beamlets of ${beam.name} ends at y = ${off} mm, but no leaf of ${name} does: the nearest boundary is ${near} mm. Use beamlets as wide as the leaves (imrt.beamlet, imrt.onAxis), or other leaves (imrt.delivery.mlc).`,
      );
    }
    const beamlets = new Int32Array(rows * columns).fill(-1);
    pixels.forEach((pixel, n) => {
      beamlets[pixel] = offsets[b]! + n;
    });
    const parts = Math.ceil((grid.x[columns]! - grid.x[0]!) / span - SAME) || 1;
    return Array.from({ length: parts }, (_, n): CarriageField => {
      const [first, end] = [n, n + 1].map((part) => Math.round((part * columns) / parts)) as [number, number];
      const own = Array.from({ length: rows }, (_, i) => beamlets.subarray(i * columns + first, i * columns + end));
      return { of: b, first, rows, columns: end - first, beamlets: Int32Array.from(own.flatMap((row) => [...row])) };
    }).filter(({ beamlets: own }) => own.some((beamlet) => beamlet >= 0));
  });
}

/** The apertures of segments: pairs beside the beamlets are closed where the nearest pair stands, and jaws follow what is open. */
export function segmentFieldsOf(
  segments: readonly LeafShape[],
  leafFields: readonly CarriageField[],
  beams: readonly ModulatedBeam[],
  { bank, transmission }: SegmentSettings,
  machine: Machine,
): SegmentField[] {
  const through = throughOf({ bank, transmission }, machine);
  return segments.map(({ field, left, right }): SegmentField => {
    const { of, first, columns } = leafFields[field]!;
    const { beam, beamlets } = beams[of]!;
    const { y } = beamlets.grid;
    const x = beamlets.grid.x.subarray(first, first + columns + 1);
    const leaves = bank.boundaries.slice(1).map((top, n): [number, number] => {
      const middle = (top + bank.boundaries[n]!) / 2;
      const row = y.findLastIndex((edge) => edge <= middle);
      const nearest = Math.min(Math.max(row, 0), left.length - 1);
      const [x1, x2] = [placeAt(x, left[nearest]!), placeAt(x, right[nearest]!)];
      return row === nearest ? [x1, x2] : [x1, x1];
    });
    const open = leaves.flatMap(([x1, x2], n) => (x2 > x1 ? [{ x1, x2, n }] : []));
    const jaws = {
      x1: open.reduce((low, { x1 }) => Math.min(low, x1), Infinity),
      x2: open.reduce((high, { x2 }) => Math.max(high, x2), -Infinity),
      y1: bank.boundaries[open[0]!.n]!,
      y2: bank.boundaries[open.at(-1)!.n + 1]!,
    };
    const aperture = createAperture(bank, leaves, jaws);
    return { beam, of, aperture, open: apertureFluence(aperture, through) };
  });
}

/** Monitor units per pixel of the segments of one beam, as their RTPLAN gives them. */
export function fluenceOfSegments(
  segments: readonly { readonly aperture: Aperture; readonly monitorUnits: number }[],
  { bank, transmission }: Pick<SegmentSettings, 'bank' | 'transmission'>,
  machine: Machine,
): FluenceField {
  const motions = segments.map(({ aperture, monitorUnits }) => ({ from: aperture, to: aperture, monitorUnits }));
  return movingFluence(bank, motions, throughOf({ bank, transmission }, machine));
}

/** mm of a place in pixels. */
function placeAt(edges: Float64Array, pixels: number): number {
  const pixel = Math.min(Math.floor(pixels), edges.length - 2);
  return edges[pixel]! + (pixels - pixel) * (edges[pixel + 1]! - edges[pixel]!);
}

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
import { type LeafBank, uniformLeaves } from '../../machine/mlc.js';
import type { FieldSegment, LeafField } from '../../sequence/weighed-segments.js';
import { smoothnessOf } from '../asked/asked-objective.js';
import { resolveLeafBank } from '../input/check-json.js';
import type { PlanCase } from '../input/plan-case.js';

/** How a case's IMRT is delivered in segments. */
export interface SegmentSettings {
  /** Of all fields, at most. */
  readonly segments: number;
  readonly bank: LeafBank;
  readonly interleaf: boolean;
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

/** @returns undefined where the fluence itself is the plan */
export function segmentSettings({
  delivery,
  beamlet,
}: Pick<PlanCase['imrt'], 'delivery' | 'beamlet'>): SegmentSettings | undefined {
  if (delivery === undefined || (typeof delivery === 'string' && delivery !== 'step-and-shoot')) return undefined;
  if (typeof delivery === 'object' && delivery.kind !== 'step-and-shoot') return undefined;
  const asked = delivery === 'step-and-shoot' ? { segments: 100, interleaf: false, transmission: {} } : delivery;
  const mlc = typeof delivery === 'string' ? undefined : delivery.mlc;
  const bank = mlc === undefined ? uniformLeaves(beamlet) : resolveLeafBank(mlc);
  const { segments, interleaf, transmission } = asked;
  return { segments, interleaf, transmission, bank };
}

/**
 * Whether a case can be delivered as it asks, before anything is optimised.
 *
 * @throws {InvalidInputError} where leaves do not fit the beamlets, or there are fewer segments than beams
 * @throws {UnsupportedError} for what segments are not optimised for
 */
export function checkDelivery(
  { imrt, objectives, priorities }: Pick<PlanCase, 'imrt' | 'objectives' | 'priorities'>,
  beams: readonly ModulatedBeam[],
): void {
  const settings = segmentSettings(imrt);
  if (settings === undefined) return;
  const other =
    imrt.robust !== undefined
      ? 'imrt.robust'
      : priorities.length > 0
        ? 'priorities'
        : smoothnessOf(objectives) === undefined
          ? undefined
          : 'smoothness';
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
  leafFieldsOf(beams, settings.bank);
}

/**
 * The beamlets of all beams as leaf pairs see them.
 *
 * @throws {InvalidInputError} where a row of beamlets ends between two boundaries of the leaves
 */
export function leafFieldsOf(beams: readonly ModulatedBeam[], { name, boundaries }: LeafBank): LeafField[] {
  const offsets = beamletOffsets(beams);
  return beams.map(({ beam, beamlets: { grid, pixels } }, b): LeafField => {
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
    return { rows, columns, beamlets };
  });
}

/** The apertures of segments: pairs beside the beamlets are closed where the nearest pair stands, and jaws follow what is open. */
export function segmentFieldsOf(
  segments: readonly FieldSegment[],
  beams: readonly ModulatedBeam[],
  { bank, transmission }: SegmentSettings,
  machine: Machine,
): SegmentField[] {
  const through = throughOf(transmission, machine);
  return segments.map(({ field, left, right }): SegmentField => {
    const { beam, beamlets } = beams[field]!;
    const { x, y } = beamlets.grid;
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
    return { beam, of: field, aperture, open: apertureFluence(aperture, through) };
  });
}

const throughOf = ({ jaws, leaves }: SegmentSettings['transmission'], machine: Machine) => ({
  jawTransmission: jaws,
  leafTransmission: leaves,
  largestField: machine.range.fieldSide[1],
});

/** Monitor units per pixel of the segments of one beam, as their RTPLAN gives them. */
export function fluenceOfSegments(
  segments: readonly { readonly aperture: Aperture; readonly monitorUnits: number }[],
  { bank, transmission }: SegmentSettings,
  machine: Machine,
): FluenceField {
  const motions = segments.map(({ aperture, monitorUnits }) => ({ from: aperture, to: aperture, monitorUnits }));
  return movingFluence(bank, motions, throughOf(transmission, machine));
}

/** mm of a place in pixels. */
function placeAt(edges: Float64Array, pixels: number): number {
  const pixel = Math.min(Math.floor(pixels), edges.length - 2);
  return edges[pixel]! + (pixels - pixel) * (edges[pixel + 1]! - edges[pixel]!);
}

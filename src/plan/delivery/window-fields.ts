/** Sliding windows of a case's IMRT: the leaves' way over each field, and what they let through on it. */
import { createAperture, type JawField } from '../../beam/aperture.js';
import type { Beam } from '../../beam/beam.js';
import type { FluenceField } from '../../dose/beam-view.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import type { LeafBank } from '../../machine/mlc.js';
import type { LeafField } from '../../sequence/leaf-field.js';
import { slidingWindow, type WindowPoint, type WindowRules, windowPoints } from '../../sequence/sliding-window.js';
import { slidingWindowSchema } from '../input/check-json.js';
import type { PlanCase } from '../input/plan-case.js';
import { leavesOf } from './leaf-settings.js';
import { fluenceOfPoints, type LeafPoint, type LeafSettings } from './moving-leaves.js';
import { leafFieldsOf } from './segment-fields.js';

/** How a case's IMRT is delivered by sliding windows. */
export interface WindowSettings extends LeafSettings {
  /** MU/min. */
  readonly doseRate: number;
  /** Control points of each field. */
  readonly points: number;
}

/** A field of a sliding window with what it gives. */
export interface WindowField {
  readonly beam: Beam;
  readonly points: readonly LeafPoint[];
  readonly fluence: FluenceField;
}

/** Pixels below this fraction of the highest of all fields are dark. */
const DARK = 1e-3;

/** @returns undefined where the case asks for another delivery */
export function windowSettings({
  delivery,
  beamlet,
  onAxis,
}: Pick<PlanCase['imrt'], 'delivery' | 'beamlet' | 'onAxis'>): WindowSettings | undefined {
  const asked = delivery === 'sliding-window' ? slidingWindowSchema.parse({ kind: delivery }) : delivery;
  if (typeof asked !== 'object' || asked.kind !== 'sliding-window') return undefined;
  const { mlc, leafGap, kind: _, ...own } = asked;
  return { ...own, gap: leafGap, bank: leavesOf({ beamlet, onAxis, mlc }) };
}

/** The rows of a field between its outermost pixels with fluence. */
export interface LitRows {
  readonly firstRow: number;
  readonly rows: readonly Float64Array[];
  /** Edges of the columns, mm. */
  readonly edges: Float64Array;
  /** Edges of the rows, mm. */
  readonly sides: Float64Array;
}

/**
 * What each beam's pairs should deliver; undefined for a beam that is dark.
 *
 * @param weights monitor units of every beamlet
 */
export function litRowsOf(
  beams: readonly ModulatedBeam[],
  bank: LeafBank,
  weights: Float64Array,
): (LitRows | undefined)[] {
  const dark = DARK * weights.reduce((a, b) => Math.max(a, b), 0);
  return leafFieldsOf(beams, bank).map((field, b) => litRows(field, beams[b]!, weights, dark));
}

function litRows(
  { rows, columns, beamlets }: LeafField,
  { beamlets: { grid } }: ModulatedBeam,
  weights: Float64Array,
  dark: number,
): LitRows | undefined {
  const all = Array.from({ length: rows }, (_, i) =>
    Float64Array.from(beamlets.subarray(i * columns, (i + 1) * columns), (b) =>
      b < 0 || weights[b]! <= dark ? 0 : weights[b]!,
    ),
  );
  const isLit = all.map((row) => row.some((units) => units > 0));
  const firstRow = isLit.indexOf(true);
  if (firstRow < 0) return undefined;
  const end = isLit.lastIndexOf(true) + 1;
  return { firstRow, rows: all.slice(firstRow, end), edges: grid.x, sides: grid.y.slice(firstRow, end + 1) };
}

/**
 * Every field's way: from what its beamlets should get to control points whose even moves give it.
 *
 * @param fractions over which the units are spread: leaves cross the field in each
 */
export function windowFields(
  beams: readonly ModulatedBeam[],
  weights: Float64Array,
  settings: WindowSettings,
  machine: Machine,
  fractions: number,
): WindowField[] {
  const { bank, leafSpeed, doseRate, gap, interleaf, points: count } = settings;
  const rules: WindowRules = { rate: (fractions * doseRate) / 60 / leafSpeed, gap, interleaf };
  return litRowsOf(beams, bank, weights).flatMap((lit, b): WindowField[] => {
    if (lit === undefined) return [];
    const way = windowPoints(slidingWindow(lit.rows, lit.edges, rules), count);
    const jaws = jawsAround(lit);
    const points = way.map((point) => {
      return { aperture: createAperture(bank, leavesAt(point, lit, bank, gap), jaws), monitorUnits: point.units };
    });
    const { beam } = beams[b]!;
    return [{ beam, points, fluence: fluenceOfPoints(points, settings, machine) }];
  });
}

/** Leaves of all pairs: those beside the rows are closed to the gap where the nearest row's left end stands. */
export function leavesAt(
  { left, right }: Pick<WindowPoint, 'left' | 'right'>,
  { rows, sides }: Pick<LitRows, 'rows' | 'sides'>,
  bank: LeafBank,
  gap: number,
): [number, number][] {
  return bank.boundaries.slice(1).map((top, n): [number, number] => {
    const middle = (top + bank.boundaries[n]!) / 2;
    const row = sides.findLastIndex((side) => side <= middle);
    const nearest = Math.min(Math.max(row, 0), rows.length - 1);
    const x1 = left[nearest]!;
    return row === nearest ? [x1, Math.max(x1, right[nearest]!)] : [x1, x1 + gap];
  });
}

/** The rectangle of all pixels with fluence. */
export function jawsAround({ rows, edges, sides }: LitRows): JawField {
  const lit = Array.from(edges.subarray(1), (_, j) => j).filter((j) => rows.some((row) => row[j]! > 0));
  return { x1: edges[lit[0]!]!, x2: edges[lit.at(-1)! + 1]!, y1: sides[0]!, y2: sides.at(-1)! };
}

/** The units of a field are those given up to its last point. */
export const unitsOf = ({ points }: Pick<WindowField, 'points'>): number => points.at(-1)!.monitorUnits;

/** The tables beside an exported influence: what its columns and rows are, and the planning problem over them as numbers. */

import type { FluenceGrid } from '../beam/fluence.js';
import { toDigits } from '../core/rounding.js';
import { voxelVolume } from '../geometry/grid.js';
import type { Constraint } from '../optimize/constraint.js';
import type { Objective } from '../optimize/objective/objective.js';
import type { InfluenceData } from '../plan/exchange/influence-data.js';
import type { PlanCase } from '../plan/input/plan-case.js';
import { csvLine } from './table.js';

/** Columns of beamlets.csv, and what an importer adds. */
export const BEAMLET_COLUMNS = [
  'column',
  'beam',
  'gantry_deg',
  'collimator_deg',
  'couch_deg',
  'x_mm',
  'y_mm',
  'edge_x_mm',
  'edge_y_mm',
] as const;

/** A row of beamlets.csv: the centre of a beamlet in the isocentre plane, turned with the collimator, and its edges. */
export type BeamletRow = readonly number[];

/** One row per beamlet, in the order of the columns. */
export function beamletRows(beams: InfluenceData['beams']): BeamletRow[] {
  let column = 0;
  return beams.flatMap(({ beam, beamlets: { grid, pixels } }, b) => {
    const { gantry, collimator, couch } = beam.pose;
    return Array.from(pixels, (pixel): BeamletRow => {
      const { x, y, edges } = placeOf(grid, pixel);
      return [column++, b, gantry, collimator, couch, x, y, ...edges];
    });
  });
}

/** A micrometre is more than any leaf is placed to. */
const micrometres = (mm: number): number => Math.round(1e3 * mm) / 1e3;

function placeOf({ x, y }: FluenceGrid, pixel: number): { x: number; y: number; edges: [number, number] } {
  const nx = x.length - 1;
  const i = pixel % nx;
  const j = (pixel - i) / nx;
  const middle = (edges: Float64Array, q: number): number => micrometres((edges[q]! + edges[q + 1]!) / 2);
  const width = (edges: Float64Array, q: number): number => micrometres(edges[q + 1]! - edges[q]!);
  return { x: middle(x, i), y: middle(y, j), edges: [width(x, i), width(y, j)] };
}

/** The text of beamlets.csv. */
export const beamletTable = (beams: InfluenceData['beams']): string =>
  [BEAMLET_COLUMNS, ...beamletRows(beams)].map((row) => `${row.join(',')}\n`).join('');

/** Rows of a part of the text. */
const AT_ONCE = 20_000;

/** The text of voxels.csv, part by part. */
export function* voxelTable({ rows, matrix, referenceWeight, model }: InfluenceData): Generator<Uint8Array> {
  const { points, fractions } = rows;
  const names = [...fractions.keys()];
  const encoder = new TextEncoder();
  const head = ['row', 'x_mm', 'y_mm', 'z_mm', 'grid', 'voxel', 'volume_cc', 'cut_Gy_per_MU', 'cut_reference_Gy'];
  const volumeOf = {
    dose: voxelVolume(model.grid),
    planning: model.fine === undefined ? 0 : voxelVolume(model.fine.grid),
    surface: 0,
    isocenter: 0,
  };
  const of = [...fractions.values()];
  const count = points.length / 3;
  let lines = [csvLine([...head, ...names])];
  for (let row = 0; row < count; row++) {
    const grid = rows.gridOf(row);
    const cut = matrix.leftOut[row]!;
    const cells: (number | string)[] = [
      row,
      micrometres(points[3 * row]!),
      micrometres(points[3 * row + 1]!),
      micrometres(points[3 * row + 2]!),
      grid,
      rows.voxelOf(row),
      toDigits(volumeOf[grid], 6),
      upwards(cut),
      referenceWeight === undefined ? '' : upwards(cut * referenceWeight),
      ...of.map((fraction) => (Number.isNaN(fraction[row]!) ? '' : toDigits(fraction[row]!, 6))),
    ];
    lines.push(`${cells.join(',')}\n`);
    if (lines.length < AT_ONCE) continue;
    yield encoder.encode(lines.join(''));
    lines = [];
  }
  if (lines.length > 0) yield encoder.encode(lines.join(''));
}

/** Five digits of a bound, never below it. */
const upwards = (value: number): number => toDigits(value * (1 + 1e-5), 6);

/** The content of problem.json: objectives, constraints and prescription over the rows of the matrix. */
export function problemReport(
  { problem }: Pick<InfluenceData, 'problem'>,
  { prescription, imrt }: Pick<PlanCase, 'prescription' | 'imrt'>,
  target: string,
): Record<string, unknown> | undefined {
  if (problem === undefined) return undefined;
  const { objectives, constraints, prescription: asked, level, isocenterRow } = problem;
  return {
    meaning:
      'Minimise the sum over objectives of sum_q factors[q] f(d[rows[q]] - doses[q]), d = A w, w >= 0, under the constraints. f(x): deviation x^2, overdose max(0, x)^2, underdose max(0, -x)^2, linear x. Doses in Gy; rows count from 0. Where ofLevel is given, doses are that fraction of the level, which is moved until the prescription is met.',
    hold: imrt.hold,
    prescription: {
      ...prescription,
      structure: target,
      // Absent where no objective follows its level.
      ...(asked && {
        fraction: asked.fraction,
        rows: Array.from(asked.rows),
        volumes: Array.from(asked.volumes, (v) => toDigits(v, 9)),
      }),
    },
    level: level.value,
    isocenterRow,
    objectives: objectives.map(objectiveReport),
    constraints: constraints.map(constraintReport),
  };
}

function objectiveReport(objective: Objective): Record<string, unknown> {
  const { name, weight, isConvex } = objective;
  const head = { name, weight, isConvex, formula: objective.describe() };
  const terms = objective.terms?.();
  if (terms === undefined) return { ...head, form: null, note: 'not a sum over rows: only its formula is told' };
  const { form, rows, factors, doses, ofLevel } = terms;
  return {
    ...head,
    form,
    ...(ofLevel !== undefined && { ofLevel }),
    doses: typeof doses === 'number' ? doses : Array.from(doses, (d) => toDigits(d, 9)),
    rows: Array.from(rows),
    factors: Array.from(factors, (f) => toDigits(f, 9)),
  };
}

function constraintReport(constraint: Constraint): Record<string, unknown> {
  const { name, rows } = constraint;
  const head = { name, rows: Array.from(rows) };
  if (constraint.kind === 'voxels') {
    const { sign, bounds } = constraint;
    return { ...head, kind: sign > 0 ? 'maximum' : 'minimum', doses: Array.from(bounds) };
  }
  const { bound } = constraint;
  if (constraint.kind === 'linear') {
    return {
      ...head,
      kind: 'linear',
      meaning: 'sum coefficients d <= bound',
      coefficients: Array.from(constraint.coefficients),
      bound,
    };
  }
  return { ...head, kind: 'convex', note: 'not a sum over rows: only its bound is told', bound };
}

/**
 * The trade-off curve: the best target coverage under each cap of the cord, every point proven.
 *
 * What a prior course leaves holds at every point: a voxel of the cord gets the cap or its bound, whichever is less, and
 * bounded organs their bounds. Only the default limit of this course alone on the cord gives way: the caps stand for it.
 * Operator and preconditioner are made once, or anew where a bounded organ needs more rows; caps are taken from high to low, each plan starting from the one before. Doses
 * are those of the optimiser, within 0.1 % of the engine's.
 */
import { fluenceOfBeamlets } from '../beam/fluence.js';
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { Executor } from '../core/executor.js';
import { weightedUpperQuantile } from '../core/quantile.js';
import type { Patient } from '../geometry/patient.js';
import type { ModulatedBeam } from '../influence/operator.js';
import type { Machine } from '../machine/machine.js';
import { type Solution, solve } from '../optimize/solver.js';
import { createAxes } from '../render/axis.js';
import { FOOT, HEAD, line, MARGIN, page, path, polylinePath, text } from '../render/figure.js';
import { defaultBounds } from './bound-limits.js';
import type { PlanCase } from './case.js';
import { boundConstraints, type Constraint } from './constraint-list.js';
import { OrganRows, onGrid } from './organ-rows.js';
import { modelPatient, type PatientModel } from './patient-model.js';
import { type PlanningVoxels, posePlanningProblem } from './planning-voxels.js';
import { type PreparedInfluence, prepareInfluence } from './prepared-influence.js';
import { exposeToPrior, type ImportedDoses, type PriorExposure } from './prior.js';
import { refuseRobust } from './scenario.js';
import { cappedRows, checkBoundsLeaveDose, cordCaps, organCaps } from './structure-caps.js';
import { csvLine } from './table.js';
import { modulatedBeams } from './technique.js';
import { type VoxelBounds, voxelBounds } from './voxel-bounds.js';

export interface TradeOffPoint {
  /** Gy */
  readonly cap: number;
  readonly status: Solution['status'];
  readonly objective: number;
  readonly lowerBound: number | null;
  /** Of the target, Gy */
  readonly d95: number;
  readonly d98: number;
  /** Volume that receives 95 % of the prescription, percent of the target */
  readonly v95: number;
  readonly prescriptionDose: number;
  /** Gy */
  readonly cordMaximum: number;
  /** Objective gained per Gy more on the cord. */
  readonly price: number;
  /** Voxels of the cord whose bound is below the cap: what the prior course leaves there holds instead. */
  readonly bounded: number;
  /** Bounded structures besides the cord: largest dose of the rows in Gy, objective gained per Gy more on all of their bounds. */
  readonly organs: readonly {
    readonly structure: string;
    readonly maximum: number;
    readonly price: number;
  }[];
  readonly evaluations: number;
}

export interface TradeOffOptions {
  /** @default serialExecutor */
  readonly executor?: Executor;
  /** The doses of the case's prior files. */
  readonly prior?: ImportedDoses;
  /** Told what holds besides the caps, before the first plan. */
  readonly onConstraints?: (constraints: readonly Constraint[]) => void;
  readonly onPoint?: (point: TradeOffPoint) => void;
  /** Looked at between steps; the points so far are returned. */
  readonly signal?: { readonly aborted: boolean };
}

/**
 * IMRT plans of a case under several caps, by falling cap.
 *
 * @param caps Gy, each > 0
 * @throws {InvalidInputError} without caps, where the case does not fit the patient, or where the prior course alone
 *   exceeds a bound
 * @throws {UnsupportedError} for a robust case
 */
export function tradeOff(
  patient: Patient,
  plan: PlanCase,
  machine: Machine,
  caps: readonly number[],
  { executor, prior, onConstraints, onPoint, signal }: TradeOffOptions = {},
): TradeOffPoint[] {
  if (caps.length === 0) throw new InvalidInputError('trade-off: there are no caps. Give at least one in Gy.');
  for (const cap of caps) checkPositive('trade-off: cap in Gy', cap);
  refuseRobust('trade-off', plan);
  const model = modelPatient(patient, plan, executor);
  const points: TradeOffPoint[] = [];
  let rig: Rig | undefined;
  try {
    const bounds = boundsBesideCaps(model, plan, exposeToPrior(model, plan, machine, prior));
    checkBoundsLeaveDose(bounds);
    onConstraints?.(boundConstraints(bounds, model, 'hard'));
    const rows = new OrganRows(model, plan, machine, organCaps(bounds, model), ['imrt']);
    let start: Float64Array | undefined;
    const falling = [...caps].sort((a, b) => b - a);
    for (let c = 0; c < falling.length; ) {
      rig ??= createRig(model, plan, machine, rows.choose());
      const cap = falling[c]!;
      const { voxels, beams } = rig;
      const cord = cordCaps(bounds, model, cap, voxels.cord.voxels);
      const [, ...others] = cappedRows(voxels, cord, rows.organs).map((set) => set.caps);
      const solution = solve(
        { ...rig, ...posePlanningProblem(voxels, plan, 'cord', cord, others) },
        { ...(start ? { start } : {}), ...(signal ? { signal } : {}) },
      );
      if (solution.status === 'stopped') break;
      start = solution.weights;
      const isPermitted = rows.organs.length === 0 || !rows.extend(engineDose(beams, start, model));
      if (isPermitted) {
        const isBounded = cord.reduce((sum, own) => sum + (own < cap ? 1 : 0), 0);
        const point = { ...pointOf(cap, solution, voxels, plan.prescription.dose), bounded: isBounded };
        points.push(point);
        onPoint?.(point);
        c++;
      } else {
        rig.close();
        rig = undefined;
      }
    }
  } finally {
    rig?.close();
    model.bodyDose.close();
  }
  return points;
}

/** What is made once for many problems. */
interface Rig extends PreparedInfluence {
  readonly beams: readonly ModulatedBeam[];
  readonly voxels: PlanningVoxels;
}

function createRig(model: PatientModel, plan: PlanCase, machine: Machine, voxels: PlanningVoxels): Rig {
  const beams = modulatedBeams(model, plan, machine);
  return { beams, voxels, ...prepareInfluence(beams, model, voxels, plan) };
}

/** The case's bounds, or of the default ones that on both courses: the caps of the curve are limits of this course. */
function boundsBesideCaps(model: PatientModel, plan: PlanCase, prior: PriorExposure | undefined): VoxelBounds[] {
  const ofAll = defaultBounds(model, plan).filter(({ courses }) => courses === 'all');
  return voxelBounds(model, plan, prior, ofAll);
}

/** Gy, one per voxel of the grid. */
function engineDose(beams: readonly ModulatedBeam[], weights: Float64Array, model: PatientModel): Float64Array {
  let offset = 0;
  const fields = beams.map(({ beam, beamlets }) => {
    const fluence = { grid: beamlets.grid, weights: fluenceOfBeamlets(beamlets, weights, offset) };
    offset += beamlets.cells.length;
    return { beam, fluence };
  });
  return onGrid(model.bodyDose.total(fields).dose, model);
}

function pointOf(
  cap: number,
  solution: Solution,
  { target: { rows, volumes }, cord, organs }: PlanningVoxels,
  prescription: number,
): Omit<TradeOffPoint, 'bounded'> {
  const dose = Float64Array.from(rows, (row) => solution.dose[row]!);
  const total = volumes.reduce((a, b) => a + b, 0);
  const covered = dose.reduce((sum, d, q) => sum + (d >= 0.95 * prescription ? volumes[q]! : 0), 0);
  const { certificate } = solution;
  return {
    cap,
    status: solution.status,
    objective: certificate.value,
    lowerBound: certificate.lowerBound,
    d95: weightedUpperQuantile(dose, volumes, 0.95),
    d98: weightedUpperQuantile(dose, volumes, 0.98),
    v95: (100 * covered) / total,
    prescriptionDose: solution.prescriptionDose,
    cordMaximum: cord.rows.reduce((most, row) => Math.max(most, solution.dose[row]!), 0),
    price: certificate.prices.find(({ limit }) => limit === 'cord')?.price ?? 0,
    organs: organs.map(({ name, rows: own }) => ({
      structure: name,
      maximum: own.reduce((most, row) => Math.max(most, solution.dose[row]!), 0),
      price: certificate.prices.find(({ limit }) => limit === name)?.price ?? 0,
    })),
    evaluations: solution.evaluations,
  };
}

const COLUMNS = [
  'cap',
  'status',
  'objective',
  'lowerBound',
  'd95',
  'd98',
  'v95',
  'prescriptionDose',
  'cordMaximum',
  'price',
  'bounded',
  'evaluations',
] as const;

/** One line per point; doses in Gy. Bounded organs add columns `maximum_` and `price_` with their names. */
export function tradeOffTable(points: readonly TradeOffPoint[]): string {
  const names = (points[0]?.organs ?? []).map(({ structure }) => structure);
  const organKeys = ['maximum', 'price'] as const;
  const cell = (value: string | number | null): string =>
    value === null ? '' : typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
  const head = [...COLUMNS, ...names.flatMap((name) => organKeys.map((key) => `${key}_${name}`))];
  const lines = points.map((p) => [
    ...COLUMNS.map((c) => cell(p[c])),
    ...names.flatMap((name) => {
      const own = p.organs.find(({ structure }) => structure === name);
      return organKeys.map((key) => cell(own?.[key] ?? null));
    }),
  ]);
  return [head, ...lines].map(csvLine).join('');
}

/**
 * D95 and D98 of the target over the cap of the cord, as SVG.
 *
 * @throws {InvalidInputError} for fewer than two points
 */
export function tradeOffFigure(points: readonly TradeOffPoint[], title: string, prescription: number): string {
  if (points.length < 2) {
    throw new InvalidInputError(`trade-off figure: ${points.length} points make no curve. Give at least two caps.`);
  }
  const [width, height] = [920, 600];
  const frame = {
    left: MARGIN + 56,
    top: HEAD + 10,
    width: width - 2 * MARGIN - 56 - 110,
    height: height - HEAD - FOOT - 64,
  };
  const sorted = [...points].sort((a, b) => a.cap - b.cap);
  const percent = (gray: number): number => (100 * gray) / prescription;
  const lowest = Math.min(...sorted.map((p) => percent(p.d98)));
  const [first, last] = [sorted[0]!, sorted[sorted.length - 1]!];
  const axes = createAxes(
    frame,
    { min: first.cap, max: last.cap, name: 'Cap on every voxel of the cord [Gy]' },
    { min: Math.floor(lowest - 1), max: 101, name: 'Dose of the target [% of prescription]' },
  );
  const curve = (key: 'd95' | 'd98', label: string, color: string): string => {
    const at = sorted.flatMap((p) => [axes.x(p.cap), axes.y(percent(p[key]))]);
    const dots = sorted.map((p) => {
      const [x, y] = [axes.x(p.cap), axes.y(percent(p[key]))];
      return line(x - 3, y, x + 3, y, { stroke: color, width: 6 });
    });
    const y = axes.y(percent(last[key]));
    const name = text(frame.left + frame.width + 10, y + 4, label, { size: 13, fill: color });
    return path(polylinePath([at]), { stroke: color, width: 2 }) + dots.join('') + name;
  };
  const gaps = sorted.map((p) => (p.lowerBound === null ? 100 : (100 * (p.objective - p.lowerBound)) / p.objective));
  return page(
    width,
    height,
    { title, subtitle: `every plan at most ${Math.max(...gaps).toFixed(1)} % above the best possible objective` },
    axes.grid + curve('d95', 'D95', '#1f5fa8') + curve('d98', 'D98', '#b35c00') + axes.svg,
  );
}

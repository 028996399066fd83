/**
 * The trade-off curve: the best target coverage under each cap of the cord, every point proven.
 *
 * Operator and preconditioner are made once; caps are taken from high to low, each plan starting from the one before. Doses
 * are those of the optimiser, within 0.1 % of the engine's.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError, UnsupportedError } from '../core/errors.js';
import type { Executor } from '../core/executor.js';
import { weightedUpperQuantile } from '../core/quantile.js';
import type { Patient } from '../geometry/patient.js';
import { DividedOperator } from '../influence/divided-operator.js';
import type { Machine } from '../machine/machine.js';
import { NormalMatrix } from '../optimize/normal-matrix.js';
import type { RowSet } from '../optimize/objective/objective.js';
import { type Solution, solve } from '../optimize/solver.js';
import { createAxes } from '../render/axis.js';
import { FOOT, HEAD, line, MARGIN, page, path, polylinePath, text } from '../render/figure.js';
import type { PlanCase } from './case.js';
import { coverageGains } from './certificate-report.js';
import { sampleInfluence } from './influence-sample.js';
import { modelPatient } from './patient-model.js';
import { choosePlanningVoxels, posePlanningProblem } from './planning-voxels.js';
import { groupRows } from './row-groups.js';
import { modulatedBeams } from './technique.js';

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
  /** D95 gained per Gy more on the cord, Gy: the slope of the curve; null where it could not be had. */
  readonly d95PerGy: number | null;
  readonly evaluations: number;
}

export interface TradeOffOptions {
  /** @default serialExecutor */
  readonly executor?: Executor;
  readonly onPoint?: (point: TradeOffPoint) => void;
  /** Looked at between steps; the points so far are returned. */
  readonly signal?: { readonly aborted: boolean };
}

/**
 * IMRT plans of a case under several caps, by falling cap.
 *
 * @param caps Gy, each > 0
 * @throws {InvalidInputError} without caps, or where the case does not fit the patient
 * @throws {UnsupportedError} for a robust case
 */
export function tradeOff(
  patient: Patient,
  plan: PlanCase,
  machine: Machine,
  caps: readonly number[],
  { executor, onPoint, signal }: TradeOffOptions = {},
): TradeOffPoint[] {
  if (caps.length === 0) throw new InvalidInputError('trade-off: there are no caps. Give at least one in Gy.');
  for (const cap of caps) checkPositive('trade-off: cap in Gy', cap);
  if (plan.imrt.robust) {
    throw new UnsupportedError(
      'trade-off: the curve is that of nominal plans, but the case has imrt.robust. Leave it out, or plan the case under each cordCap, e.g. as a study.',
    );
  }
  const model = modelPatient(patient, plan, executor);
  const voxels = choosePlanningVoxels(model);
  const beams = modulatedBeams(model, plan, machine);
  const options = { executor: model.executor, ...plan.doseModel };
  const operator = new DividedOperator(beams, patient.density, voxels.points, options);
  const points: TradeOffPoint[] = [];
  try {
    const groups = groupRows(voxels.points, voxels.zones, voxels.spacing, operator.columns);
    const sample = sampleInfluence(beams, patient.density, groups, model.executor, plan.doseModel);
    const preconditioner = new NormalMatrix(sample, operator.columns);
    let start: Float64Array | undefined;
    for (const cap of [...caps].sort((a, b) => b - a)) {
      const posed = posePlanningProblem(voxels, plan, 'cord', cap);
      const solution = solve(
        { operator, sample, preconditioner, ...posed },
        { responses: true, ...(start ? { start } : {}), ...(signal ? { signal } : {}) },
      );
      if (solution.status === 'stopped') break;
      start = solution.weights;
      const point = pointOf(cap, solution, voxels.target, voxels.cord.rows, plan.prescription.dose);
      points.push(point);
      onPoint?.(point);
    }
  } finally {
    operator.close();
    model.bodyDose.close();
  }
  return points;
}

function pointOf(
  cap: number,
  solution: Solution,
  { rows, volumes }: RowSet,
  cord: Int32Array,
  prescription: number,
): TradeOffPoint {
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
    cordMaximum: cord.reduce((most, row) => Math.max(most, solution.dose[row]!), 0),
    price: certificate.prices[0]?.price ?? 0,
    d95PerGy: coverageGains(solution, { rows, volumes }, prescription)[0]?.d95 ?? null,
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
  'd95PerGy',
  'evaluations',
] as const;

/** One line per point; doses in Gy. */
export function tradeOffTable(points: readonly TradeOffPoint[]): string {
  const cell = (value: string | number | null): string =>
    value === null ? '' : typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
  return `${[COLUMNS.join(','), ...points.map((p) => COLUMNS.map((c) => cell(p[c])).join(','))].join('\n')}\n`;
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

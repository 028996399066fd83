/**
 * What the plan's grid hides: the same fluence computed anew on a finer grid around target and cord, and read there.
 *
 * A reported metric is of the trilinear dose between the grid's points. Its error bound says what their spacing may hide; this
 * says what it does hide, of one plan, with nothing but more points of the same engine.
 */
import { checkPositive } from '../../core/check.js';
import { type Executor, serialExecutor } from '../../core/executor.js';
import { ForwardDose } from '../../dose/forward-dose.js';
import { formatMetric } from '../../evaluate/metric.js';
import { metricBound } from '../../evaluate/metric-bound.js';
import { parseMetric } from '../../evaluate/metric-parser.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import { createStructureDvh } from '../../evaluate/structure-dvh.js';
import { createDose, scatterDose } from '../../geometry/volume.js';
import { prescribedIn } from '../asked/asked-target.js';
import type { PlanEvaluation } from '../evaluation/evaluate-plan.js';
import type { Technique } from '../input/plan-case.js';
import { linesOf } from '../patient/drawn-share.js';
import { targetNames } from '../patient/patient-model.js';
import { gridAround } from '../patient/planning-grid.js';
import type { PlanningResult } from '../run-plan.js';

export interface GridCheckRow {
  readonly structure: string;
  readonly metric: string;
  /** As the plan reports it, with its error bound to either side. */
  readonly planned: number;
  readonly errorBound: number;
  /** On the finer grid. */
  readonly recomputed: number;
}

export interface GridCheck {
  readonly technique: Technique;
  /** Of the finer grid, mm. */
  readonly spacing: number;
  readonly points: number;
  readonly rows: readonly GridCheckRow[];
}

/** Of the grid of a check, mm. */
export const CHECK_SPACING = 1;

const CORD_METRICS = ['Max', 'D0.03cc'];
const TARGET_METRICS = ['D98%', 'D95%', 'V95%', 'D2%'];

/**
 * The metrics of target and cord of a finished plan, from its fluence computed anew on a finer grid.
 *
 * @param spacing of that grid, mm, > 0; along an axis where the dose grid is finer, that of the dose grid
 * @param executor who does the work of beams
 * @throws {InvalidInputError} where the grid would need more memory than there is
 */
export function gridCheck(
  { model, case: planCase }: Pick<PlanningResult, 'model' | 'case'>,
  { plan: technique, dvhs }: Pick<PlanEvaluation, 'plan' | 'dvhs'>,
  executor: Executor = serialExecutor,
  spacing = CHECK_SPACING,
): GridCheck {
  checkPositive('grid check: spacing in mm', spacing);
  const { target, cord, external, structures, patient, several } = model;
  const of = (name: string) => structures.get(name)!;
  const fine = gridAround(
    model.grid,
    { target: several?.union ?? of(target), cord: of(cord), external: of(external) },
    spacing,
  );
  const forward = new ForwardDose(patient.density, fine.points, { executor, ...planCase.doseModel });
  const { quantity, fractions, medium } = technique.dose;
  const dose = createDose(fine.grid, { quantity, fractions, medium });
  try {
    const { dose: total } = forward.total(technique.fields);
    scatterDose(dose.data, fine.voxels, total);
  } finally {
    forward.close();
  }
  const rowsOf = (structure: string, metrics: readonly string[]): GridCheckRow[] => {
    const context = { prescription: prescribedIn(planCase)(structure) };
    const reported = dvhs.get(structure);
    if (reported === undefined) return [];
    const anew = createStructureDvh(dose, linesOf(of(structure), fine.grid), { partial: 'covered' });
    return metrics.map(parseMetric).map((metric) => ({
      structure,
      metric: formatMetric(metric),
      planned: evaluateMetric(metric, reported, context).value,
      errorBound: metricBound(metric, reported, context)!.total,
      recomputed: evaluateMetric(metric, anew, context).value,
    }));
  };
  return {
    technique: technique.technique,
    spacing,
    points: fine.voxels.length,
    rows: [...rowsOf(cord, CORD_METRICS), ...targetNames(model).flatMap((name) => rowsOf(name, TARGET_METRICS))],
  };
}

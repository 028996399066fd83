/**
 * The influence of a case's IMRT as numbers that others can compute with: beamlets by voxels as compressed columns, which is what, and the
 * planning problem over the rows. What is left out of the matrix is summed row by row, so that the dose of any weights has a bound.
 */
import { checkCount } from '../../core/budget.js';
import { checkInteger } from '../../core/check.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { weightedUpperQuantile } from '../../core/quantile.js';
import { type ColumnParts, compressColumns } from '../../influence/column-parts.js';
import type { ColumnSource } from '../../influence/matrix.js';
import { InfluenceOperator, type ModulatedBeam } from '../../influence/operator.js';
import { structureTolerances } from '../constraint/structure-tolerance.js';
import { modelPatient, type PatientModel } from '../patient/patient-model.js';
import { checkJob, type PlanJob } from '../patient/plan-job.js';
import { exposeToPrior } from '../patient/prior-course.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import { modulatedBeams } from '../technique/imrt.js';
import { type ExportedRows, rowsOfPlanning, rowsOfStructures } from './exported-rows.js';
import { planningRows, poseRows } from './posed-case.js';

/** What of a job's influence is exported, and how. */
export interface InfluenceExportOptions {
  /** `npz`, compressed columns as SciPy saves them; or `mtx`, Matrix Market, text of three times the size. @default 'npz' */
  readonly format?: 'npz' | 'mtx';
  /**
   * Which rows: those of the optimiser, `planning`; every voxel of the dose grid within the body, `body`; or those that hold any of the
   * structures named. @default 'planning'
   */
  readonly voxels?: 'planning' | 'body' | readonly string[];
  /** Entries below this fraction of their column's largest are left out, >= 0 and < 1. @default 0: nothing is */
  readonly cut?: number;
  /** Of the entries. @default 'float32', to which the dose engine is exact */
  readonly precision?: 'float32' | 'float64';
  /** Entries, at most; each takes 8 bytes as Float32, 12 as Float64. @default 125e6 */
  readonly maxEntries?: number;
  /** Told what begins. */
  readonly onStage?: ((stage: string) => void) | undefined;
}

export interface InfluenceData {
  readonly model: PatientModel;
  readonly beams: readonly ModulatedBeam[];
  readonly rows: ExportedRows;
  readonly matrix: ColumnParts;
  /** The case's problem over the rows, where they are the optimiser's. */
  readonly problem?: PlanningProblem & { readonly isocenterRow: number };
  /** Monitor units of each beamlet when all are alike and the target's median is as prescribed; absent where no row is of the target. */
  readonly referenceWeight?: number;
}

/** Entries of a table that NumPy and SciPy index with 32 bits. */
const MOST_ENTRIES = 2 ** 31 - 1;

/**
 * Computes the influence of a job, beam by beam.
 *
 * @throws {InvalidInputError} for an option that cannot be, an unknown structure, or more entries than `maxEntries`
 * @throws {UnsupportedError} where a beam misses the patient
 */
export function influenceData(job: PlanJob, options: Omit<InfluenceExportOptions, 'format'> = {}): InfluenceData {
  const { voxels = 'planning', cut = 0, precision = 'float32', maxEntries = 125e6, onStage } = options;
  checkOptions(voxels, cut, precision);
  checkInteger('influence: maxEntries', maxEntries, 1);
  checkJob(job);
  const { case: planCase, patient, machine } = job;
  if (planCase.imrt.robust !== undefined) {
    throw new UnsupportedError(
      'influence: its rows are where the patient lies, but the case has imrt.robust, whose rows are of shifts too. Leave that out of the case.',
    );
  }
  const model = modelPatient(patient, planCase, undefined, onStage);
  try {
    const beams = modulatedBeams(model, planCase.imrt, machine);
    const { rows, problem } = voxels === 'planning' ? planning(job, model) : { rows: rowsOfStructures(model, voxels) };
    const count = rows.points.length / 3;
    const columns = beams.reduce((sum, { beamlets }) => sum + beamlets.pixels.length, 0);
    const largest = Math.min(maxEntries, MOST_ENTRIES);
    if (cut === 0) {
      checkCount(
        `influence: ${count} voxels x ${columns} beamlets with nothing cut: entries`,
        count * columns,
        largest,
        'Cut small ones (1e-2 leaves a tenth), export fewer voxels, or raise maxEntries.',
      );
    }
    model.onStage('influence, beam by beam');
    const operators = (function* (): Generator<ColumnSource> {
      for (const beam of beams) {
        yield new InfluenceOperator([beam], patient.density, rows.points, planCase.doseModel);
      }
    })();
    const matrix = compressColumns(operators, count, { threshold: cut, precision, maxEntries: largest });
    const reference = referenceWeight(rows.fractions.get(model.target)!, matrix.sums, planCase.prescription.dose);
    return {
      model,
      beams,
      rows,
      matrix,
      ...(problem && { problem }),
      ...(reference !== undefined && { referenceWeight: reference }),
    };
  } finally {
    model.bodyDose.close();
  }
}

function checkOptions(voxels: unknown, cut: number, precision: string): void {
  if (!(typeof cut === 'number' && cut >= 0 && cut < 1)) {
    throw new InvalidInputError(
      `influence: cut is ${String(cut)}, but must be a fraction from 0 to below 1. Use 0 to cut nothing.`,
    );
  }
  if (precision !== 'float32' && precision !== 'float64') {
    throw new InvalidInputError(`influence: precision is "${String(precision)}". Use "float32" or "float64".`);
  }
  const isList = Array.isArray(voxels) && voxels.length > 0 && voxels.every((name) => typeof name === 'string');
  if (voxels === 'planning' || voxels === 'body' || isList) return;
  throw new InvalidInputError(
    `influence: voxels is ${JSON.stringify(voxels)}. Use "planning", "body", or a list of names of structures.`,
  );
}

/** The optimiser's rows of a job, and what is asked of them. */
function planning(
  { case: planCase, machine, prior: given }: PlanJob,
  model: PatientModel,
): { rows: ExportedRows; problem: NonNullable<InfluenceData['problem']> } {
  model.onStage('prior course, tolerances');
  const prior = exposeToPrior(model, planCase, machine, given);
  const tolerances = structureTolerances(model, planCase, prior);
  const chosen = planningRows(model, planCase, machine, tolerances);
  const { voxels, problem } = poseRows(model, planCase, tolerances, chosen, chosen.choose());
  return { rows: rowsOfPlanning(model, voxels), problem: { ...problem, isocenterRow: voxels.isocenterRow } };
}

/** Of equal weights whose dose has the prescribed median over the rows of the target. */
function referenceWeight(target: Float32Array, sums: Float64Array, prescribed: number): number | undefined {
  const volumes = Float64Array.from(target, (fraction) => (fraction > 0 ? fraction : 0));
  if (!volumes.some((volume) => volume > 0)) return undefined;
  const median = weightedUpperQuantile(sums, volumes, 0.5);
  return median > 0 ? prescribed / median : undefined;
}

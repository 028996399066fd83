/** `respine plan CASE.json`: the main job. */

import { InvalidInputError } from '../core/errors.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeAll } from '../node/files.js';
import { gzipFast } from '../node/gzip.js';
import { loadJob } from '../node/load-job.js';
import { renderPictures } from '../node/pictures.js';
import { Stopwatch, timingReport, timingTable } from '../node/stopwatch.js';
import { version } from '../node/version.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { allowanceVolume } from '../plan/constraint/voxel-tolerance.js';
import { whyNoPlan } from '../plan/evaluation/evaluate-plan.js';
import type { Technique } from '../plan/input/plan-case.js';
import { type PlanningResult, runPlan } from '../plan/run-plan.js';
import { type ModelSensitivity, modelSensitivity } from '../plan/sweep/dose-model-sensitivity.js';
import { type GridCheck, gridCheck } from '../plan/sweep/grid-check.js';
import { planningDose } from '../plan/technique/finish-plan.js';
import { whyUnproven } from '../report/certificate.js';
import { sensitivityFigure, sensitivitySummary } from '../report/dose-model-sensitivity.js';
import { gridCheckSummary } from '../report/grid-check.js';
import { planPictures } from '../report/plan-figures.js';
import { dvhTable, planReport, summary } from '../report/plan-report.js';
import { secondsOf } from './dose-options.js';
import { print } from './output.js';
import { progressLine } from './progress.js';

export interface PlanOptions {
  readonly technique: string;
  readonly out: string;
  readonly json?: boolean;
  readonly strict?: boolean;
  readonly pictures: boolean;
  /** The plan under uniform water, depth scaling and density scaling. */
  readonly sensitivity?: boolean;
  /** Target and cord computed anew on a grid of 1 mm. */
  readonly gridCheck?: boolean;
  /** Where every second went. */
  readonly timing?: boolean;
  /** Seconds of planning, at most. */
  readonly timeLimit?: string;
}

/** @returns the exit code: 1 where a goal fails, there is no plan, or one is not proven, under `--strict` */
export async function planCommand(path: string, options: PlanOptions): Promise<number> {
  const techniques = techniquesOf(options.technique);
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const progress = progressLine();
  const watch = new Stopwatch('start, case, patient');
  progress.say('reading the case');
  const job = await loadJob(path);
  progress.say('structures and voxels');
  watch.start('threads');
  const executor = await startWorkerPool();
  let result: PlanningResult;
  let sensitivities: ModelSensitivity[] = [];
  let gridChecks: GridCheck[] = [];
  try {
    result = runPlan(job, {
      techniques,
      executor,
      onStage: (stage) => watch.start(stage),
      ...(timeLimit === undefined ? {} : { timeLimit }),
      onProgress: (technique, { step, prescriptionDose, gap }) =>
        progress.say(
          `${technique} step ${step}: prescription dose ${prescriptionDose.toFixed(2)} Gy${Number.isFinite(gap) ? `, within ${(100 * gap).toFixed(1)} % of the best` : ''}`,
        ),
    });
    if (options.sensitivity) {
      progress.say('the same plans under other dose models');
      watch.start('other dose models');
      sensitivities = result.plans.map((evaluation) => modelSensitivity(result, evaluation, executor));
    }
    if (options.gridCheck) {
      progress.say('the same plans on a finer grid');
      watch.start('finer grid');
      gridChecks = result.plans.map((evaluation) => gridCheck(result, evaluation, executor));
    }
  } finally {
    await executor.close();
  }
  watch.start('tables, packed doses');
  const report = planReport(result, { version, inputs: job.inputs }, sensitivities, gridChecks);
  const files = new Map<string, Uint8Array | string>();
  files.set('dvh.csv', dvhTable(result));
  for (const { plan } of result.plans) {
    files.set(
      `dose_${plan.technique}.nrrd`,
      await encodeNrrd(plan.dose, { gzip: gzipFast, fields: { software: `respine ${version}` } }),
    );
    const between = planningDose(result.model, plan);
    if (between !== undefined) {
      files.set(
        `dose_${plan.technique}_planning.nrrd`,
        await encodeNrrd(between, { gzip: gzipFast, fields: { software: `respine ${version}` } }),
      );
    }
  }
  if (result.bounds.length > 0 && result.prior) {
    const allowance = allowanceVolume(result.bounds, result.model, result.case);
    files.set(
      'allowance.nrrd',
      await encodeNrrd(allowance, { gzip: gzipFast, fields: { software: `respine ${version}` } }),
    );
  }
  if (options.pictures) {
    watch.start('pictures');
    const pictures = planPictures(result);
    for (const s of sensitivities) pictures.set(`sensitivity_${s.technique}`, sensitivityFigure(result, s));
    const drawn = await renderPictures(pictures, (name) => progress.say(`picture ${name}`));
    for (const [name, png] of drawn) files.set(`${name}.png`, png);
  }
  const timing = options.timing ? watch.stop() : undefined;
  if (timing) report['timing'] = timingReport(timing);
  report['files'] = [...files.keys(), 'plan.json'];
  files.set('plan.json', `${JSON.stringify(report, null, 2)}\n`);
  await writeAll(options.out, files, { record: 'plan.json' });
  progress.end();
  print(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : `${[summary(result), ...sensitivities.map((s) => sensitivitySummary(result, s)), ...gridChecks.map((check) => `${gridCheckSummary(check)}\n`), ...(timing ? [timingTable(timing)] : [])].join('\n')}\n${files.size} files in ${options.out}\n`,
  );
  const isMissed = result.plans.some(
    ({ goals, plan }) =>
      whyNoPlan(plan, result.case.prescription.dose) !== undefined ||
      whyUnproven(plan.solution) !== undefined ||
      goals.some(({ result: r }) => r === 'fail' || r === 'not evaluable'),
  );
  return options.strict && isMissed ? 1 : 0;
}

/** @throws {InvalidInputError} unless it is fcrt, imrt or both */
export function techniquesOf(name: string): Technique[] {
  if (name === 'both') return ['fcrt', 'imrt'];
  if (name === 'fcrt' || name === 'imrt') return [name];
  throw new InvalidInputError(`--technique is "${name}". Use fcrt, imrt or both.`);
}
